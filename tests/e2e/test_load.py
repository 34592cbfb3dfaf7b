"""wrk with 64 connections in front of a real nginx: every exchange that it counted is in the store."""

from crowd import wrk
from support import Case, main
from upstreams import Nginx

CONNECTIONS = 64


class Load(Case):
    def test_nothing_is_lost(self):
        body = "x" * 1024
        nginx = Nginx(self, f'location /page {{ return 200 "{body}"; }}')
        recorder = self.record("--forward", nginx.rule)
        counted = wrk(self, recorder.port, CONNECTIONS, 3)
        recorder.stop()
        complete = self.value("select count(*) from exchanges where ending = 'complete'")
        everything = self.value("select count(*) from exchanges")
        self.assertGreaterEqual(complete, counted)
        # wrk leaves with a request under way on each connection.
        self.assertLessEqual(everything, counted + 2 * CONNECTIONS)
        self.assertEqual(self.rows("select distinct reply_size, status from exchanges where ending = 'complete'")[0][1], 200)
        # On a busy machine some outlive a beat: the rest of their reply is in segments then.
        self.assertEqual(self.value("select count(*) from exchange e where ending = 1 and reply_size <> length(reply)"
                                    " + (select coalesce(sum(size), 0) from segment where exchange = e.id and sender = 1)"),
                         0)
        self.assertEqual(self.value("select coalesce(sum(dropped_bytes), 0) from sessions"), 0)
        self.assertEqual(self.value("select sum(lost_rows) + sum(lost_bytes) from recordings"), 0)
        self.assert_store_whole()
        nginx.stop()
        replayer = self.replay()
        self.assertGreater(wrk(self, replayer.port, CONNECTIONS, 3), 0)
        replayer.stop()


if __name__ == "__main__":
    main()
