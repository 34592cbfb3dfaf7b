"""The process ends at any moment; the file stays whole, and what it held stays there."""

import signal
import threading

from support import Case, Wire, get, in_thread, main, wait_until
from upstreams import HttpUpstream, TcpUpstream, read_head


class Killed(Case):
    def test_while_recording(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule, "--name", "killed")
        for number in range(50):
            get(recorder.port, f"/{number}")
        self.wait_for_exchanges(50)  # the last beat
        recorder.kill()
        self.assert_store_whole()
        self.assertEqual(self.value("select count(*) from http where status = 200"), 50)
        # Opened again: replayed, listed, appended to.
        replayer = self.replay()
        self.assertEqual(get(replayer.port, "/49")[0], 200)
        replayer.stop()
        recorder = self.record("--forward", upstream.rule, "--name", "after")
        get(recorder.port, "/after")
        recorder.stop()
        self.assertEqual(self.rows("select name, exchanges from recordings order by id"), [("killed", 50), ("after", 1)])
        self.assert_store_whole()

    def test_in_the_middle_of_traffic(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        answered = []

        def ask():
            try:
                while True:
                    answered.append(get(recorder.port)[0])
            except Exception:  # the end of the recorder ends this, however it shows
                pass

        clients = [in_thread(ask) for _ in range(4)]
        self.wait_for_exchanges(200)
        recorder.kill()
        for client in clients:
            client.join()
        self.assert_store_whole()
        self.assertGreaterEqual(self.value("select count(*) from exchanges"), 200)
        self.output_of("list", self.store)

    def test_in_the_middle_of_a_long_download(self):
        part = b"0123456789abcdef" * 65536  # 1 MiB
        parts, hold = 8, threading.Event()

        def talk(connection, reader):
            read_head(reader)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(part) * 1000))
            for _ in range(parts):
                connection.sendall(part)
            hold.wait(60)

        upstream = TcpUpstream(self, talk)
        self.addCleanup(hold.set)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
            while wire.line().strip():
                pass
            self.assertEqual(wire.read(parts * len(part)), part * parts)
            wait_until(lambda: (self.value("select max(reply_size) from exchanges") or 0) > parts * len(part),
                       "the download in the store")
            recorder.kill()
        self.assert_store_whole()
        self.assertEqual(self.rows("select ending, method, resource, status from exchanges"),
                         [("open", "GET", "/long", 200)])
        self.output_of("show", self.store, "1")
        stored = self.value("select reply from exchange") + b"".join(
            row[0] for row in self.rows("select bytes from segment where sender = 1 order by offset"))
        self.assertTrue(stored.endswith(part * parts))


class Ended(Case):
    def test_by_a_signal_leaves_one_whole_file(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            upstream = HttpUpstream(self)
            recorder = self.record("--forward", upstream.rule)
            get(recorder.port)
            recorder.stop(how)
            beside = sorted(path.name for path in self.folder.glob("run.db*"))
            self.assertEqual(beside, ["run.db"])
        self.assertEqual(self.value("select count(*) from http"), 2)

    def test_with_a_request_on_its_way(self):
        answer = threading.Event()
        upstream = HttpUpstream(self, lambda request: (answer.wait(20), (200, {}, b"late"))[1])
        recorder = self.record("--forward", upstream.rule)
        replies = []
        client = in_thread(lambda: replies.append(get(recorder.port)))
        wait_until(lambda: upstream.requests, "the request to arrive")
        recorder.process.send_signal(signal.SIGTERM)
        answer.set()
        recorder.wait()
        client.join()
        self.assertEqual([reply[2] for reply in replies], [b"late"])
        self.assertEqual(self.rows("select status from http"), [(200,)])


if __name__ == "__main__":
    main()
