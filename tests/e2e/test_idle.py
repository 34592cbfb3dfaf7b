"""What connections cost that do nothing: memory for each, and ten thousand at once."""

import re

from busy import BusyUpstream, allow_descriptors
from crowd import REQUEST, Crowd, Facts
from support import SANITIZED, Case, get, main, wait_until

GOAL_KIB = 8  # for an idle client connection
MANY = 10_000
SPARE = 100  # descriptors that the program and this client hold for other things


class Idle(Case):
    COUNT = 500 if SANITIZED else 4000
    WAVES = 5  # the first beside COUNT

    def cost(self, program, what, ask=None):
        """KiB of resident memory for each of COUNT connections; they are closed again after it.

        A first wave is not counted: with it come the caches of the store and of the allocator,
        which are there once, however many connections follow.
        """
        facts = Facts(program.process)
        descriptors = facts.descriptors
        crowds, resident = [], []
        for wave in range(1, self.WAVES + 1):
            crowds.append(Crowd(self, program.port, self.COUNT // (self.WAVES - 1)))
            connected = sum(len(crowd.sockets) for crowd in crowds)
            wait_until(lambda: facts.descriptors >= descriptors + connected, "all to be accepted")
            if ask:
                ask(crowds[-1])
            resident.append(facts.settled_kib())
        each = (resident[-1] - resident[0]) / self.COUNT
        print(f"{what}: {each:.2f} KiB for each of {self.COUNT}")
        facts.say(what)
        for crowd in crowds:
            crowd.close()
        facts.wait_descriptors(descriptors)
        return each

    def assert_cheap(self, each):
        if not SANITIZED:
            self.assertLess(each, GOAL_KIB)

    def test_before_the_first_request(self):
        recorder = self.record("--forward", BusyUpstream(self).rule)
        self.assert_cheap(self.cost(recorder, "recording, before the first request"))
        self.assertEqual(get(recorder.port, "/page")[0], 200)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from sessions where closed_at is null"), 0)

    def test_after_a_request(self):
        """The connection to its upstream stays open as well, and is in the figure."""
        recorder = self.record("--forward", BusyUpstream(self).rule)
        facts = Facts(recorder.process)
        descriptors = facts.descriptors
        reply = get(recorder.port, "/page")[2]
        facts.wait_descriptors(descriptors)  # gone before connections are counted
        head = len(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n")
        self.assert_cheap(self.cost(recorder, "recording, kept alive after a request",
                                    lambda crowd: crowd.ask(REQUEST % b"/page", head + len(reply))))
        recorder.stop()
        self.assertEqual(self.value("select count(*) from http where status = 200"), 
                         1 + self.COUNT // (self.WAVES - 1) * self.WAVES)

    def test_after_a_longer_reply(self):
        recorder = self.record("--forward", BusyUpstream(self).rule)
        self.assert_cheap(self.cost(recorder, "recording, kept alive after 12 KiB",
                                    lambda crowd: crowd.ask(REQUEST % b"/bytes/12000", 12_000)))
        recorder.stop()

    def test_raw_tcp(self):
        """The upstream is connected from the start, and is in the figure."""
        recorder = self.record("--forward", BusyUpstream(self).rule.replace("http:", "tcp:"))
        self.assert_cheap(self.cost(recorder, "recording raw TCP"))
        recorder.stop()

    def test_replay(self):
        upstream = BusyUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        reply = get(recorder.port, "/page")[2]
        recorder.stop()
        replayer = self.replay()
        self.assert_cheap(self.cost(replayer, "replaying, before the first request"))
        self.assert_cheap(self.cost(replayer, "replaying, kept alive after a request",
                                    lambda crowd: crowd.ask(REQUEST % b"/page", len(reply))))
        replayer.stop()


class TenThousand(Case):
    def test_idle_at_once(self):
        limit = allow_descriptors()
        if limit < MANY + SPARE:
            self.skipTest(f"the hard descriptor limit is {limit}, {MANY + SPARE} are needed")
        # Started with the usual soft limit: the program raises it itself, and says so.
        wrapper = ["prlimit", "--nofile=1024:"]
        recorder = self.record("--forward", BusyUpstream(self).rule, "--max-connections", MANY + 1, wrapper=wrapper)
        said = re.search(r"up to (\d+) connections at a time \(descriptor limit (\d+)\)", recorder.output())
        self.assertEqual((int(said[1]), int(said[2])), (MANY + 1, limit))
        facts = Facts(recorder.process)
        facts.say("before")
        start = facts.descriptors
        crowd = Crowd(self, recorder.port, MANY)
        wait_until(lambda: facts.descriptors >= start + MANY, "all to be accepted")
        facts.say(f"{MANY} idle connections")
        self.assertEqual(get(recorder.port, "/page")[0], 200)
        crowd.close()
        facts.wait_descriptors(start)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from sessions where closed_at is not null"), MANY + 1)
        self.assertNotIn("refused", recorder.output())


if __name__ == "__main__":
    main()
