"""Resident memory while recording stays below one bound, whatever the connections do.

What a recorder holds is its own: the bound must not grow with time, with connections up to a
thousand, or with the size of bodies.
"""

import threading

from busy import BusyUpstream
from crowd import REQUEST, Crowd, Facts, wrk
from support import LONG, SANITIZED, Case, get, main, wait_until
from upstreams import Nginx

LIMIT_MIB = 64
MIB = 1024 * 1024
CONNECTIONS = 1000
TRANSFERS = 64
SIZE = (64 if LONG else 6) * MIB  # of each of the transfers
STALLED_BODY = 100 * MIB


class Memory(Case):
    def start(self, rule):
        recorder = self.record("--forward", rule)
        self.facts = Facts(recorder.process)
        self.facts.say("at the start")
        return recorder

    def assert_bounded(self, what):
        self.facts.say(what)
        if not SANITIZED:
            self.assertLess(self.facts.peak_mib, LIMIT_MIB, what)

    def assert_nothing_lost(self):
        self.assertEqual(self.value("select sum(lost_rows) + sum(lost_bytes) from recordings"), 0)
        self.assertEqual(self.value("select count(*) from exchange where ending = 0"), 0)

    def test_small_requests_on_many_connections(self):
        nginx = Nginx(self, f'location /page {{ return 200 "{"x" * 1024}"; }}')
        recorder = self.start(nginx.rule)
        counted = wrk(self, recorder.port, CONNECTIONS, 60 if LONG else 5)
        self.assert_bounded(f"{counted} requests on {CONNECTIONS} connections")
        recorder.stop()
        self.assertGreaterEqual(self.value("select count(*) from exchanges where ending = 'complete'"), counted)
        self.assert_nothing_lost()

    def test_downloads(self):
        recorder = self.start(BusyUpstream(self).rule)
        Crowd(self, recorder.port, TRANSFERS).ask(REQUEST % b"/bytes/%d" % SIZE, SIZE)
        self.assert_bounded(f"{TRANSFERS} downloads of {SIZE // MIB} MiB")
        recorder.stop()
        self.assertEqual(self.value("select count(*) from exchanges where reply_size > ?", SIZE), TRANSFERS)
        self.assert_nothing_lost()

    def test_uploads(self):
        recorder = self.start(BusyUpstream(self).rule)
        crowd = Crowd(self, recorder.port, TRANSFERS)
        crowd.send(b"PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % SIZE)
        crowd.pour(SIZE)
        crowd.read(len(b"HTTP/1.1 200 OK\r\n"))
        self.assert_bounded(f"{TRANSFERS} uploads of {SIZE // MIB} MiB")
        recorder.stop()
        self.assertEqual(self.value("select count(*) from exchanges where request_size > ? and status = 200", SIZE),
                         TRANSFERS)
        self.assert_nothing_lost()

    def test_clients_that_stop_reading(self):
        upstream = BusyUpstream(self)
        recorder = self.start(upstream.rule)
        descriptors = self.facts.descriptors
        crowd = Crowd(self, recorder.port, CONNECTIONS, receive_bytes=4096)
        crowd.send(REQUEST % b"/bytes/%d" % STALLED_BODY)
        sent = self.wait_stalled(upstream)
        print(f"sent of each body before all stood still: {sent // CONNECTIONS} bytes")
        self.assertLess(sent / CONNECTIONS, STALLED_BODY / 10)
        self.assert_bounded(f"{CONNECTIONS} clients that stopped reading")
        self.assertEqual(get(recorder.port, "/page")[0], 200)
        self.leave_all_but(crowd, 2)
        crowd.read(STALLED_BODY)
        self.assert_bounded("two of them went on to the end")
        crowd.close()
        self.facts.wait_descriptors(descriptors)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from exchanges where reply_size > ?", STALLED_BODY), 2)
        self.assert_nothing_lost()

    def wait_stalled(self, upstream):
        """Bytes that the upstream got rid of, once that stands still."""
        before = -1

        def stands_still():
            nonlocal before
            threading.Event().wait(0.5)  # between two looks
            before, same = int(get(upstream.port, "/sent")[2]), before
            return before > 0 and before == same

        wait_until(stands_still, "the upstream to be held back", 60)
        return before

    def leave_all_but(self, crowd, count):
        for sock in crowd.sockets[count:]:
            sock.close()
        crowd.sockets = crowd.sockets[:count]


if __name__ == "__main__":
    main()
