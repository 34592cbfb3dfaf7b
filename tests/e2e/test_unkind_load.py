"""Load that is not kind: newcomers by the thousand, trickled heads, a dying upstream, a full house.

What was answered is in the store, what is held returns to what it was, the next client is served."""

import re
import time

from busy import BusyUpstream, allow_descriptors
from crowd import Crowd, Facts, Newcomers
from support import LONG, SANITIZED, Wire, get, in_thread, main, wait_until
from unkind import Unkind
from upstreams import Nginx


class Load(Unkind):
    def stop_and_check(self, recorder, sessions=None):
        """Summary and store agree as well."""
        self.facts.say("at the end")
        super().stop_and_check(recorder, sessions)
        said = re.search(r": (\d+) exchanges? in (\d+) sessions?,", recorder.output())
        self.assertEqual((int(said[1]), int(said[2])),
                         (self.value("select count(*) from exchange"), self.value("select count(*) from session")))

    def complete_paths(self):
        return {path for path, in self.rows("select resource from exchanges where ending = 'complete' and status = 200")}


class NewConnections(Load):
    RATE = 5000  # a second; short of that where the cores give no more
    SECONDS = 10 if LONG else 3

    def test_one_request_each(self):
        allow_descriptors()
        nginx = Nginx(self, 'location /n/ { return 200 "new"; }')
        recorder = self.start(nginx.rule)
        count = self.RATE * self.SECONDS
        newcomers = Newcomers(recorder.port, self.SECONDS, self.RATE)
        print(f"{len(newcomers.answered)} of {count} new connections in {newcomers.took:.1f} s: "
              f"{len(newcomers.answered) / newcomers.took:.0f} a second, {newcomers.failed} failed")
        self.assertEqual(newcomers.failed, 0)
        self.assertGreater(len(newcomers.answered), 300 * self.SECONDS)
        if not SANITIZED:
            self.assertLess(self.facts.peak_mib, 64)
        self.stop_and_check(recorder)
        self.assertEqual(newcomers.answered - self.complete_paths(), set())
        self.assertEqual(self.value("select count(*) from session"), newcomers.begun)
        self.assertEqual(self.value("select count(*) from exchange"), newcomers.begun)


class TrickledHeads(Load):
    COUNT = 300

    def test_are_cut_off_while_others_are_served(self):
        upstream = BusyUpstream(self)
        recorder = self.start(upstream.rule, "--head-timeout", "2s")
        crowd = Crowd(self, recorder.port, self.COUNT)
        crowd.send(b"GET /slow HTTP/1.1\r\nX-Trickle: ")
        began = time.monotonic()
        slowest = served = 0
        answered = set()
        while len(answered) < self.COUNT and time.monotonic() - began < 20:
            for sock in crowd.sockets:  # a byte each, and whoever was answered falls silent
                if sock not in answered:
                    answered |= self.trickle(sock)
            asked = time.monotonic()
            self.assertEqual(get(recorder.port, "/page")[0], 200)
            served += 1
            slowest = max(slowest, time.monotonic() - asked)
        took = time.monotonic() - began
        print(f"{self.COUNT} trickled heads cut off after {took:.1f} s; {served} requests beside them, "
              f"the slowest took {slowest * 1000:.0f} ms")
        self.assertEqual(len(answered), self.COUNT)
        self.assertGreaterEqual(took, 1.7)
        self.assertLess(took, 10)
        if not SANITIZED:
            self.assertLess(slowest, 1)
        crowd.close()
        self.stop_and_check(recorder)
        self.assertEqual(self.rows("select status, origin, count(*) from exchanges group by 1, 2 order by 1"),
                         [(200, "upstream", served), (408, "understudy", self.COUNT)])

    def trickle(self, sock):
        try:
            sock.setblocking(False)
            got = sock.recv(4096)
        except BlockingIOError:
            sock.send(b"x")
            return set()
        self.assertTrue(got.startswith(b"HTTP/1.1 408 "), got)
        return {sock}


class DyingUpstream(Load):
    def test_is_used_again_when_it_is_back(self):
        upstream = BusyUpstream(self)
        recorder = self.start(upstream.rule)
        statuses = []
        going = True

        def traffic():
            while going:
                try:
                    statuses.append(get(recorder.port, "/page")[0])
                except OSError:
                    statuses.append(None)  # cut in the middle: as the upstream did

        threads = [in_thread(traffic) for _ in range(8)]
        with Wire(recorder.port) as kept:
            kept.send(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(kept.reply()[0], 200)
            for _ in range(3):
                done = len(statuses)
                wait_until(lambda: 200 in statuses[done:], "good answers")
                upstream.kill()
                done = len(statuses)
                wait_until(lambda: statuses[done:].count(502) >= 20, "the upstream to be missed")
                upstream.start()
                done = len(statuses)
                wait_until(lambda: statuses[done:].count(200) >= 20, "the upstream to be back")
            self.assertEqual(kept.read_to_end(), b"")  # closed with its upstream
        going = False
        for thread in threads:
            thread.join()
        self.stop_and_check(recorder)
        counted = {status: statuses.count(status) for status in set(statuses)}
        print(f"statuses over three deaths: {counted}")
        self.assertEqual(set(counted) - {None}, {200, 502})
        recorded = {(status, origin): count for status, origin, count in
                    self.rows("select status, origin, count(*) from http group by 1, 2")}
        self.assertEqual(recorded[502, "understudy"], counted[502])
        self.assertEqual(self.value("select count(*) from exchanges where ending = 'complete' and status = 200"),
                         counted[200] + 1)
        self.assertNotIn((502, "upstream"), recorded)


class FullHouse(Load):
    CAP = 50

    def test_record(self):
        recorder = self.start(BusyUpstream(self).rule, "--max-connections", self.CAP)
        self.assertIn(f"up to {self.CAP} connections at a time", recorder.output())
        refused = self.overfill(recorder)
        self.assertEqual(get(recorder.port, "/page")[0], 200)
        self.stop_and_check(recorder)
        self.assertEqual(self.value("select count(*) from session"), 2 * self.CAP + 1)
        self.assertIn(f"{refused} connections refused: more than --max-connections were open", recorder.output())

    def test_replay(self):
        recorder = self.start(BusyUpstream(self).rule)
        get(recorder.port, "/page")
        recorder.stop()
        replayer = self.replay("--max-connections", self.CAP)
        self.facts = Facts(replayer.process)
        self.descriptors = self.facts.descriptors
        self.overfill(replayer)
        self.assertEqual(get(replayer.port, "/page")[0], 200)
        replayer.stop()

    def overfill(self, program):
        """Twice: all places taken, more come and are closed at once, those inside are served on."""
        refused = 0
        for _ in range(2):
            inside = Crowd(self, program.port, self.CAP)
            wait_until(lambda: self.facts.descriptors >= self.descriptors + self.CAP, "all to be accepted")
            for _ in range(20):
                self.assertEqual(self.answer(program.port), b"")
                refused += 1
            inside.ask(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n", 1024)
            inside.close()
            self.facts.wait_descriptors(self.descriptors)
        return refused

    def answer(self, port):
        try:
            with Wire(port) as wire:
                wire.send(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
                return wire.read_to_end()
        except (ConnectionResetError, BrokenPipeError):
            return b""


if __name__ == "__main__":
    main()
