"""The disk fills, fails or falls silent while we record: forwarding goes on, and what is lost is said."""

import contextlib
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from breaking import LOUD, THOROUGH, BreakingCase, Clients
from support import get, main, wait_until

STALL = 10 if THOROUGH else 3  # seconds that the disk stands still


class Fails(BreakingCase):
    def breaks(self, fault, *words):
        """The disk fails for a while and then works again."""
        recorder = self.start("--name", "broken")
        self.ask(recorder, 20)
        self.wait_for_exchanges(20)
        self.set_fault(fault)
        self.ask_until_it_stops(recorder)
        self.set_fault(None)
        self.ask(recorder, 10)  # room again: recording does not resume behind the user's back
        summary = self.stop_broken(recorder)
        for word in (*words, "another path"):
            self.assertIn(word, summary["problem"])
        self.assertEqual(summary["exchanges"], 20)
        self.assert_stored(summary)
        self.assert_usable(20)

    def test_a_full_disk(self):
        self.breaks("enospc", "free some space")

    def test_a_failing_disk(self):
        self.breaks("eio", "Input/output error")

    def test_a_file_too_large_for_its_file_system(self):
        self.breaks("efbig", "File too large")

    def test_still_full_at_the_stop(self):
        recorder = self.start()
        self.ask(recorder, 20)
        self.wait_for_exchanges(20)
        self.set_fault("enospc")
        self.ask_until_it_stops(recorder)
        summary = self.stop_broken(recorder)
        self.set_fault(None)
        self.assertEqual(summary["exchanges"], 20)
        self.assertEqual(self.value("select count(*) from exchange"), 20)
        self.assert_store_whole()
        self.assert_usable(20)

    def test_only_the_checkpoint_at_the_stop(self):
        recorder = self.start()
        self.ask(recorder, 20)
        self.wait_for_exchanges(20)
        self.set_fault("enospc run.db")  # the log can be written, the store cannot
        recorder.stop(code=4)
        self.set_fault(None)
        summary = self.summary(recorder)
        self.assertEqual((summary["exchanges"], summary["lost_exchanges"]), (20, 0))
        self.assertIn("run.db-wal", summary["problem"])
        self.assertNotIn("NOT STORED", recorder.output())
        self.assert_stored(summary)
        self.assert_usable(20)

    def test_ends_where_it_was_told_to(self):
        recorder = self.start("--on-store-error", "stop")
        self.ask(recorder, 5)
        self.wait_for_exchanges(5)
        self.set_fault("eio")
        self.ask(recorder, 1)
        recorder.wait(4)
        self.assertEqual(recorder.output().count(LOUD), 1)

    def test_the_codes_of_a_command(self):
        for code, expected in ((0, 4), (7, 7)):
            self.set_fault("enospc")
            script = f"curl -s --noproxy '*' http://$UNDERSTUDY_SHOP/ >answer; exit {code}"
            config = self.folder / "registration.xml"
            config.write_text(f'<registration><forward name="shop" bind="127.0.0.1:0" type="http" '
                              f'destination="127.0.0.1:{self.upstream.port}"/></registration>')
            self.set_fault(None)
            recorder = self.start("--config", config, "--", "sh", "-c",
                                  f"echo enospc >{self.faults}; {script}", ready=False)
            recorder.wait(expected)
            self.set_fault(None)
            self.assertIn("NOT STORED", recorder.output())
            self.assertTrue((self.folder / "answer").read_bytes())

    def test_the_status_page_says_so(self):
        recorder = self.start(ui="127.0.0.1:0")
        port = int(recorder.ready["ui"].rstrip("/").rpartition(":")[2])
        self.assertIsNone(json.loads(get(port, "/api/v1/info")[2])["problem"])
        self.ask(recorder, 5)
        self.set_fault("enospc")
        self.ask_until_it_stops(recorder)
        info = json.loads(get(port, "/api/v1/info")[2])
        self.assertIn(str(self.store), info["problem"])
        self.assertIn("free some space", info["problem"])
        page = get(port, "/")[2].decode()
        self.assertIn("Recording has stopped", page)
        self.assertIn(str(self.store), page)
        self.stop_broken(recorder)


class ReallyFull(BreakingCase):
    def test_a_file_size_limit(self):
        """As `ulimit -f` sets it: the kernel sends SIGXFSZ, which must not end us."""
        if not shutil.which("prlimit"):
            raise unittest.SkipTest("prlimit is missing")
        recorder = self.start(wrapper=("prlimit", "--fsize=1000000"))
        self.ask(recorder, 10)
        self.wait_for_exchanges(10)
        while LOUD not in recorder.output() and self.asked < 2000:
            self.ask(recorder, 10)
        self.ask(recorder, 10)
        summary = self.stop_broken(recorder)
        self.assertIn("File too large", summary["problem"])
        self.assertGreaterEqual(summary["exchanges"], 10)
        self.assertEqual(self.value("select count(*) from exchange"), summary["exchanges"])
        self.assert_usable(summary["exchanges"])

    def test_a_small_file_system(self):
        """A tmpfs of 2 MiB: its pages are also those of the mapped index beside the store."""
        space = self.folder / "space"
        space.mkdir()
        holder = subprocess.Popen(["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o size=2m none {space} && echo up && cat"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        if holder.stdout.readline() != b"up\n":
            raise unittest.SkipTest("no mount namespace of our own here")
        inside = ("nsenter", "-t", str(holder.pid), "-m")
        self.store = space / "run.db"

        def stored():
            copy = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
            for name in ("run.db", "run.db-wal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copy(f"/proc/{holder.pid}/root{space}/{name}", copy)
            return self.rows("select count(*) from exchange", store=copy / "run.db")[0][0]

        recorder = self.start(wrapper=inside)
        self.ask(recorder, 10)
        wait_until(lambda: stored() == 10, "the first exchanges")
        while LOUD not in recorder.output() and self.asked < 2000:
            self.ask(recorder, 10)
        self.ask(recorder, 10)
        summary = self.stop_broken(recorder)
        self.assertIn("free some space", summary["problem"])
        self.assertGreaterEqual(summary["exchanges"], 10)
        # Nothing can be moved out of the log on a full disk; every row in it still counts.
        self.assertEqual(stored(), summary["exchanges"])
        subprocess.run([*inside, "mount", "-o", "remount,size=8m", space], check=True)
        again = self.record("--forward", self.upstream.http_rule, wrapper=inside)
        self.ask(again, 2)
        again.stop()
        self.assertEqual(stored(), summary["exchanges"] + 2)


class FallsSilent(BreakingCase):
    def stall(self, recorder, clients):
        """Waits until the store's writer stands still and the clients with it."""
        wait_until(lambda: self.stands_still(clients), "the clients to wait")

    @staticmethod
    def stands_still(clients):
        before = clients.answered
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            if clients.answered != before:
                return False
            time.sleep(0.01)
        return clients.running

    def test_clients_wait_and_nothing_is_lost(self):
        recorder = self.start("--queue-mib", "1")
        self.ask(recorder, 5)
        self.wait_for_exchanges(5)
        self.set_fault("block")
        began = time.monotonic()
        clients = Clients(self, recorder, 4, 100)
        self.stall(recorder, clients)
        self.assertLess(clients.answered, 400)
        wait_until(lambda: time.monotonic() - began > STALL, "the stall to last", STALL + 5)
        self.set_fault(None)
        clients.join()
        recorder.stop()
        summary = self.summary(recorder)
        self.assertEqual((summary["exchanges"], summary["lost_rows"], summary["problem"]), (405, 0, None))
        self.assert_adds_up(summary)
        self.assert_stored(summary)

    def test_drop_forwards_at_full_speed_and_counts(self):
        recorder = self.start("--queue-mib", "1", "--overload", "drop")
        self.ask(recorder, 5)
        self.wait_for_exchanges(5)
        self.set_fault("block")
        clients = Clients(self, recorder, 4, 150)
        clients.join()  # nobody waited for the disk
        self.set_fault(None)
        recorder.stop()
        summary = self.summary(recorder)
        self.assertIsNone(summary["problem"])
        self.assertGreater(summary["lost_exchanges"], 0)
        self.assertGreater(summary["exchanges"], 50)
        self.assert_adds_up(summary)
        self.assert_stored(summary)
        self.assertEqual(self.value("select sum(dropped_bytes) from sessions"), summary["dropped_bytes"])
        self.assertIn("NOT STORED", recorder.output())
        self.assertNotIn(LOUD, recorder.output())

    def test_a_stop_waits_for_the_disk(self):
        recorder = self.start("--queue-mib", "1")
        self.set_fault("block")
        clients = Clients(self, recorder, 4, 100)
        self.stall(recorder, clients)
        recorder.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not clients.running, "the connections to end")
        self.set_fault(None)
        recorder.wait()
        summary = self.summary(recorder)
        self.assertEqual(summary["lost_rows"], 0)
        # What a client had no answer to by then was cut; what it had is stored.
        self.assertGreaterEqual(summary["exchanges"], self.asked)
        self.assertEqual(self.value("select count(*) from exchange"), summary["exchanges"])
        self.assertEqual(self.value("select count(*) from session where closed_at is null"), 0)


if __name__ == "__main__":
    main()
