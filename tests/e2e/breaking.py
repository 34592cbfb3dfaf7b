"""What the tests of broken stores share: traffic whose every byte is counted, and faults on demand.

The faults come from store_faults.cpp, preloaded into the program: see there for the words.
"""

import contextlib
import json
import os
import threading

from support import SANITIZED, Case, Wire, clean_environment, in_thread, wait_until
from upstreams import TcpUpstream, read_head

BODY = b"0123456789abcdef" * 512  # 8 KiB
LOUD = "RECORDING HAS STOPPED"
THOROUGH = os.environ.get("UNDERSTUDY_THOROUGH") == "1"  # tests/run.sh --all


class BreakingCase(Case):
    def setUp(self):
        super().setUp()
        self.faults = self.folder / "faults"
        self.addCleanup(self.set_fault, None)  # a writer that waits could not be ended
        self.upstream = TcpUpstream(self, self.answer)
        self.asked, self.asked_bytes = 0, 0
        self._lock = threading.Lock()

    @staticmethod
    def answer(connection, reader):
        while read_head(reader):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)

    def start(self, *arguments, **options):
        """A recorder with the faults at hand; its summary will be JSON."""
        more = {"LD_PRELOAD": os.environ["UNDERSTUDY_FAULT_LIBRARY"], "UNDERSTUDY_FAULTS": str(self.faults)}
        if SANITIZED:
            more["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        options.setdefault("env", clean_environment(**more))
        return self.record("--forward", self.upstream.http_rule, "--json", *arguments, **options)

    def set_fault(self, words):
        """From now on writing to the store does as `words` say; None: it works again."""
        if words is None:
            with contextlib.suppress(FileNotFoundError):
                self.faults.unlink()
            return
        new = self.folder / "faults.new"
        new.write_text(words)
        new.rename(self.faults)

    def ask(self, recorder, count):
        """So many requests on one connection; each must be answered in full."""
        with Wire(recorder.port) as wire:
            for _ in range(count):
                self.ask_once(wire)

    def ask_once(self, wire):
        request = b"GET /item HTTP/1.1\r\nHost: localhost\r\n\r\n"
        wire.send(request)
        head = wire.line()
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        while not head.endswith(b"\r\n\r\n"):
            line = wire.line()
            self.assertTrue(line, "the connection ended within a head")
            head += line
        self.assertEqual(wire.read(len(BODY)), BODY)
        with self._lock:
            self.asked += 1
            self.asked_bytes += len(request) + len(head) + len(BODY)

    def wait_for_stop_message(self, recorder):
        wait_until(lambda: LOUD in recorder.output(), "the loud message")

    def ask_until_it_stops(self, recorder):
        """Traffic while the store breaks; recording has stopped after it, forwarding has not."""
        self.ask(recorder, 10)
        self.wait_for_stop_message(recorder)
        self.ask(recorder, 10)

    def stop_broken(self, recorder):
        """Stops a recorder whose store broke, checks what it says, and returns its summary."""
        recorder.stop(code=4)
        summary = self.summary(recorder)
        output = recorder.output()
        self.assertEqual(output.count(LOUD), 1, output)
        self.assertIn(str(self.store), output)
        self.assertIn(str(self.store), summary["problem"])
        self.assert_adds_up(summary)
        self.assertGreater(summary["lost_exchanges"], 0)
        self.assertIn("NOT STORED", output)
        return summary

    def summary(self, recorder):
        lines = [line for line in recorder.output().splitlines() if line.startswith("{")]
        self.assertEqual(len(lines), 1, recorder.output())
        return json.loads(lines[0])

    def assert_adds_up(self, summary):
        """Stored and lost together are what the clients saw."""
        self.assertEqual(summary["exchanges"] + summary["lost_exchanges"], self.asked, summary)
        self.assertEqual(summary["bytes"] + summary["lost_bytes"], self.asked_bytes, summary)

    def assert_stored(self, summary, store=None):
        """The file holds what the summary says, and what it says of the rest."""
        stored = self.rows("select count(*), sum(request_size + reply_size), sum(length(request) + length(reply))"
                           " + (select coalesce(sum(length(bytes)), 0) from segment) from exchange", store=store)[0]
        self.assertEqual(stored, (summary["exchanges"], summary["bytes"], summary["bytes"]))
        self.assertEqual(self.rows("select exchanges, lost_rows, lost_bytes, ended_at is not null from recordings",
                                   store=store),
                         [(summary["exchanges"], summary["lost_rows"], summary["lost_bytes"], 1)])
        self.assertEqual(self.rows("pragma integrity_check", store=store), [("ok",)])

    def assert_usable(self, exchanges):
        """What the other commands make of the store afterwards."""
        self.assertIn(f" {exchanges}\n", self.output_of("list", self.store))
        self.output_of("show", self.store, "1")
        replayer = self.replay()
        with Wire(replayer.port) as wire:
            self.ask_once(wire)
        replayer.stop()
        recorder = self.record("--forward", self.upstream.http_rule, "--name", "after")
        self.ask(recorder, 2)
        recorder.stop()
        self.assertEqual(self.rows("select exchanges from recordings where name = 'after'"), [(2,)])
        self.assert_store_whole()


class Clients:
    """Connections that ask as fast as they may, each so many times."""

    def __init__(self, case, recorder, connections, requests):
        self.errors = []
        self._before = case.asked

        def run():
            try:
                case.ask(recorder, requests)
            except Exception as error:  # shown by join()
                self.errors.append(repr(error))

        self._case = case
        self._threads = [in_thread(run) for _ in range(connections)]

    @property
    def answered(self):
        return self._case.asked - self._before

    @property
    def running(self):
        return any(thread.is_alive() for thread in self._threads)

    def join(self):
        wait_until(lambda: not self.running, "the clients to be served")
        self._case.assertEqual(self.errors, [])
