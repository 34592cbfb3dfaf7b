"""The check of completeness finds what is missing; CPU is counted to the end of the work."""

import contextlib
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import process
import stores

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "store" / "schema.sql"
EXCHANGE = ("insert into exchange (ending, protocol, request_size, reply_size, request, reply) "
            "values (?, ?, ?, ?, zeroblob(?), zeroblob(?))")
WHOLE = (1, "http", 50, 200, 50, 200)
TURN = (0, "raw", 128, 128, 128, 128)


class Completeness(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "run.db"
        with self.database() as db:
            db.executescript(SCHEMA.read_text())

    @contextlib.contextmanager
    def database(self):
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            yield db

    def store(self, *exchanges, more=""):
        with self.database() as db:
            db.executemany(EXCHANGE, exchanges)
            db.executescript(more)

    def test_counts_whole_exchanges(self):
        self.store(WHOLE, WHOLE, (2, "http", 50, 0, 50, 0))
        self.assertEqual(stores.stored(self.path, 2), 2)

    def test_refuses_fewer_than_were_counted(self):
        self.store(WHOLE)
        with self.assertRaisesRegex(RuntimeError, "counted 2 exchanges, the store has 1 whole"):
            stores.stored(self.path, 2)

    def test_a_long_reply_goes_on_in_segments(self):
        segment = "insert into segment values (1, 1, 1, 200, 300, x'', zeroblob(300))"
        self.store((1, "http", 50, 500, 50, 200), more=segment)
        self.assertEqual(stores.stored(self.path, 1), 1)

    def test_refuses_a_reply_that_lacks_bytes(self):
        self.store((1, "http", 50, 500, 50, 200))
        with self.assertRaisesRegex(RuntimeError, "1 cut"):
            stores.stored(self.path, 1)

    def test_refuses_a_recording_that_lost_rows(self):
        self.store(WHOLE, more="insert into recording (name, command, started_at, first_session, first_exchange, "
                               "lost_rows) values ('', '', 0, 1, 1, 4)")
        with self.assertRaisesRegex(RuntimeError, "4 lost"):
            stores.stored(self.path, 1)

    def test_raw_turns_count_by_their_bytes(self):
        self.store(TURN, TURN, (1, "raw", 128, 100, 128, 100))
        self.assertEqual(stores.stored(self.path, 2, raw=True), 2)
        with self.assertRaises(RuntimeError):
            stores.stored(self.path, 3, raw=True)


    def store_handshake(self, session, upstream=0, version="TLSv1.3", resumed=0, error=""):
        values = (session, upstream, 1, 0, 0, version, "", "", "", resumed, "", "", 0, 0, error)
        with self.database() as db:
            db.execute(f"insert into tls_handshake values ({', '.join('?' * len(values))})", values)

    def test_full_handshakes_are_counted(self):
        self.store_handshake(1)
        self.store_handshake(2)
        stores.full_handshakes(self.path, 2)
        with self.assertRaisesRegex(RuntimeError, "counted 3 .* has 2 and 0 others"):
            stores.full_handshakes(self.path, 3)

    def test_any_other_handshake_is_refused(self):
        self.store_handshake(1)
        for number, other in enumerate(({"resumed": 1}, {"version": "TLSv1.2"}, {"error": "no"}), 1):
            self.store_handshake(1 + number, **other)
            with self.assertRaisesRegex(RuntimeError, f"has 1 and {number} others"):
                stores.full_handshakes(self.path, 1)


WORK = """
import os, select, sys
print(flush=True)
while not select.select([0], [], [], 0)[0]: pass
os.read(0, 1)
for _ in range(5_000_000): pass
print(sum(os.times()[:2]), flush=True)
os.read(0, 1)
"""


class Cpu(unittest.TestCase):
    def test_is_taken_when_the_work_is_done(self):
        with subprocess.Popen([sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            self.assertTrue(process.is_at_work(child.pid))  # it works until it is told
            child.stdin.write(b"x")
            child.stdin.flush()
            settled = process.settled_cpu(child.pid)
            self.assertGreaterEqual(settled, float(child.stdout.readline()) - 0.02)  # two ticks
            self.assertFalse(process.is_at_work(child.pid))
            self.assertGreater(process.peak_mib(child.pid), 1)
            child.communicate(b"x")


if __name__ == "__main__":
    unittest.main()
