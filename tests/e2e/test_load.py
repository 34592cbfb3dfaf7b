"""wrk with 64 connections in front of a real nginx: every exchange that it counted is in the store."""

import re
import shutil
import subprocess

from support import Case, main
from upstreams import Nginx

CONNECTIONS = 64


class Load(Case):
    def wrk(self, port):
        if not shutil.which("wrk"):
            self.skipTest("wrk is missing")
        done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", "-d3s", f"http://127.0.0.1:{port}/page"],
                              capture_output=True, text=True, timeout=60, check=True)
        self.assertNotIn("Socket errors", done.stdout)
        self.assertNotIn("Non-2xx", done.stdout)
        return int(re.search(r"(\d+) requests in", done.stdout).group(1))

    def test_nothing_is_lost(self):
        body = "x" * 1024
        nginx = Nginx(self, f'location /page {{ return 200 "{body}"; }}')
        recorder = self.record("--forward", nginx.rule)
        counted = self.wrk(recorder.port)
        recorder.stop()
        complete = self.value("select count(*) from exchanges where ending = 'complete'")
        everything = self.value("select count(*) from exchanges")
        self.assertGreaterEqual(complete, counted)
        # wrk leaves with a request under way on each connection.
        self.assertLessEqual(everything, counted + 2 * CONNECTIONS)
        self.assertEqual(self.rows("select distinct reply_size, status from exchanges where ending = 'complete'")[0][1], 200)
        self.assertEqual(self.value("select count(*) from exchange where ending = 1 and length(reply) <> reply_size"), 0)
        self.assertEqual(self.value("select coalesce(sum(dropped_bytes), 0) from sessions"), 0)
        self.assertEqual(self.value("select sum(lost_rows) + sum(lost_bytes) from recordings"), 0)
        self.assert_store_whole()
        nginx.stop()
        replayer = self.replay()
        self.assertGreater(self.wrk(replayer.port), 0)
        replayer.stop()


if __name__ == "__main__":
    main()
