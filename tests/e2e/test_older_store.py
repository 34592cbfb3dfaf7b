"""A store of version 1 of the format: every command brings it up to date, and nothing of it is lost."""

import contextlib
import json
import pathlib
import sqlite3

from support import Case, get, main
from upstreams import HttpUpstream

VERSION_1 = pathlib.Path(__file__).resolve().parents[1] / "unit" / "store" / "version_1.sql"
TABLES = ("recording", "rule", "session", "upstream_connection", "exchange", "segment", "http_detail")


class OlderStore(Case):
    def make(self):
        self.store.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            db.executescript(VERSION_1.read_text(encoding="utf-8"))

    def columns(self, table):
        return ", ".join(name for _, name, *_ in self.rows(f"pragma table_info({table})"))

    def test_commands_that_read_migrate_first(self):
        for command in (["list"], ["list", "first"], ["show", "first:1"], ["show", "first:s1"], ["search", "items"],
                        ["replay", "--recording", "first", "--ui", "off", "--fail-on", "miss", "--", "true"], ["reindex"]):
            with self.subTest(command):
                self.make()
                done = self.run_program(command[0], self.store, *command[1:])
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.value("pragma user_version"), 2)
                self.assert_store_whole()

    def test_nothing_is_lost(self):
        self.make()
        before = {table: f"select {self.columns(table)} from {table}" for table in TABLES}
        before = {select: self.rows(select) for select in before.values()}
        shown = self.output_of("list", self.store, "first")
        self.assertIn("/items?page=8", shown)
        for select, rows in before.items():
            if "http_detail" not in select:  # it is filled at the same time
                self.assertEqual(self.rows(select), rows)
        self.assertEqual(self.output_of("list", self.store, "first"), shown)
        session = json.loads(self.output_of("show", self.store, "first:s1", "--json"))
        self.assertEqual((session["client"], session["tls"]), ("127.0.0.1:50947", []))
        self.assertEqual(self.rows("select number, tls_version, upstream_tls from sessions where recording = 'first'"),
                         [(1, None, None), (2, None, None)])

    def test_it_replays_and_is_recorded_into(self):
        self.make()
        replayer = self.replay("--recording", "first", "--forward", "http://127.0.0.1:0=http://api.example.com:80")
        self.assertEqual(get(replayer.port, "/items?page=7")[::2], (200, b"hello"))
        replayer.stop()
        self.make()
        recorder = self.record("--forward", HttpUpstream(self).rule, "--name", "third")
        get(recorder.port, "/new")
        recorder.stop()
        self.assertEqual(self.rows("select name, exchanges from recordings"), [("first", 4), ("second", 1), ("third", 1)])
        self.assertEqual(self.value("pragma user_version"), 2)


if __name__ == "__main__":
    main()
