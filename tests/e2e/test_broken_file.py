"""Somebody deletes, moves, replaces or locks the store while we record into it."""

import contextlib
import signal
import sqlite3

from breaking import LOUD, BreakingCase
from support import main


class Taken(BreakingCase):
    def recorded(self, count=20, **options):
        recorder = self.start(**options)
        self.ask(recorder, count)
        self.wait_for_exchanges(count)
        return recorder

    def test_deleted(self):
        recorder = self.recorded()
        self.store.unlink()
        self.ask_until_it_stops(recorder)
        summary = self.stop_broken(recorder)
        self.assertIn("deleted", summary["problem"])
        self.assertIn("20 exchanges", summary["problem"])
        self.assertNotIn("are kept", recorder.output())
        self.assertEqual(summary["exchanges"], 0)  # they went with the file
        self.assertFalse(self.store.exists())
        self.assertEqual(self.run_program("list", self.store).returncode, 4)

    def test_deleted_with_its_log(self):
        recorder = self.recorded()
        for path in self.folder.glob("run.db*"):
            path.unlink()
        self.ask_until_it_stops(recorder)
        self.assertIn("deleted", self.stop_broken(recorder)["problem"])

    def test_deleted_while_nothing_happens(self):
        recorder = self.recorded()
        self.store.unlink()
        recorder.stop(code=4)
        self.assertIn("deleted", self.summary(recorder)["problem"])
        self.assertFalse(self.store.exists())

    def test_moved(self):
        recorder = self.recorded()
        kept = self.folder / "kept.db"
        self.store.rename(kept)
        self.ask_until_it_stops(recorder)
        # Nothing that belongs to it stays behind: the file is whole by its new name, and free.
        self.assertEqual(self.rows("select count(*) from exchange", store=f"{kept}"), [(20,)])
        with contextlib.closing(sqlite3.connect(kept)) as db:
            self.assertEqual(db.execute("select exchanges, ended_at is not null from recordings").fetchall(), [(20, 1)])
        summary = self.stop_broken(recorder)
        self.assertEqual(summary["exchanges"], 20)
        self.assertIn("moved", summary["problem"])
        self.assertEqual(self.rows("pragma integrity_check", store=kept), [("ok",)])
        self.assertEqual(self.rows("select count(*) from http", store=kept), [(20,)])

    def test_replaced(self):
        recorder = self.recorded()
        other = self.folder / "other.db"
        with contextlib.closing(sqlite3.connect(other)) as db:
            db.execute("create table theirs (x)")
            db.execute("insert into theirs values ('keep me')")
            db.commit()
        theirs = other.read_bytes()
        other.rename(self.store)
        self.ask_until_it_stops(recorder)
        self.stop_broken(recorder)
        self.assertEqual(self.store.read_bytes(), theirs)
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            self.assertEqual(db.execute("select * from theirs").fetchall(), [("keep me",)])
            self.assertEqual(db.execute("pragma integrity_check").fetchall(), [("ok",)])

    def test_recorded_anew_beside_the_one_that_lost_it(self):
        first = self.recorded()
        self.store.unlink()
        self.ask_until_it_stops(first)
        second = self.record("--forward", self.upstream.http_rule, "--name", "second")
        self.ask(second, 5)
        self.wait_for_exchanges(5)
        first.stop(code=4)
        self.ask(second, 5)
        self.wait_for_exchanges(10)
        second.kill()  # the log that the first one must not have touched is all there is
        self.assertEqual(self.rows("select name, exchanges from recordings"), [("second", 10)])
        self.assert_store_whole()

    def its_companion_is_deleted(self, name):
        recorder = self.recorded()
        (self.folder / name).unlink()
        self.ask_until_it_stops(recorder)
        summary = self.stop_broken(recorder)
        self.assertIn(name, summary["problem"])
        self.assertEqual(summary["exchanges"], 20)
        self.assert_stored(summary)
        self.assert_usable(20)

    def test_its_log_is_deleted(self):
        self.its_companion_is_deleted("run.db-wal")

    def test_the_index_of_its_log_is_deleted(self):
        """Others would make a new one, and two indexes on one log end in a corrupt store."""
        self.its_companion_is_deleted("run.db-shm")

    def test_reached_by_a_link(self):
        """The log lies beside the file, not beside the link."""
        (self.folder / "elsewhere").mkdir()
        self.store.symlink_to("elsewhere/real.db")
        recorder = self.recorded()
        self.ask(recorder, 10)
        recorder.stop()
        self.assertEqual(self.summary(recorder)["exchanges"], 30)
        self.assertEqual([path.name for path in (self.folder / "elsewhere").iterdir()], ["real.db"])

    def test_a_permission_that_is_taken_away_changes_nothing(self):
        recorder = self.recorded()
        for path in self.folder.glob("run.db*"):
            path.chmod(0)
        self.ask(recorder, 20)
        recorder.stop()
        self.store.chmod(0o600)
        summary = self.summary(recorder)
        self.assertEqual((summary["exchanges"], summary["lost_rows"]), (40, 0))
        self.assert_stored(summary)


class Locked(BreakingCase):
    @contextlib.contextmanager
    def somebody_writes(self):
        with contextlib.closing(sqlite3.connect(self.store, isolation_level=None)) as db:
            db.execute("begin exclusive")
            yield db

    def test_for_a_moment_only_slows_the_clients(self):
        recorder = self.start("--queue-mib", "1")
        self.ask(recorder, 20)
        self.wait_for_exchanges(20)
        with self.somebody_writes():
            self.ask(recorder, 40)
        self.ask(recorder, 10)
        recorder.stop()
        summary = self.summary(recorder)
        self.assertEqual((summary["exchanges"], summary["lost_rows"]), (70, 0))
        self.assert_stored(summary)

    def test_for_longer_than_we_wait(self):
        recorder = self.start("--queue-mib", "1")
        self.ask(recorder, 20)
        self.wait_for_exchanges(20)
        with self.somebody_writes():
            self.ask(recorder, 200)  # more than the queue takes: these wait until recording stops
            self.assertIn(LOUD, recorder.output())
            self.ask(recorder, 10)
        summary = self.stop_broken(recorder)
        self.assertIn("another program", summary["problem"])
        self.assert_stored(summary)
        self.assert_usable(20)

    def test_for_ever(self):
        recorder = self.start()
        self.ask(recorder, 20)
        self.wait_for_exchanges(20)
        with self.somebody_writes():
            self.ask(recorder, 1)
            recorder.process.send_signal(signal.SIGINT)
            recorder.wait(4)
            summary = self.summary(recorder)
            self.assert_adds_up(summary)
            self.assertEqual(summary["lost_exchanges"], 1)
            self.assertEqual(recorder.output().count(LOUD), 1)
        self.assertEqual(self.value("select count(*) from exchange"), 20)
        self.assert_store_whole()


if __name__ == "__main__":
    main()
