"""A store that is damaged, cut short or no store at all: one line that says what and what to do."""

import contextlib
import os
import random
import sqlite3
import struct
import subprocess

from breaking import THOROUGH
from support import PROGRAM, Case, clean_environment, get, main
from upstreams import HttpUpstream

PAGE = 16384
READERS = (["list"], ["show", "1"], ["search", "item"], ["replay", "--ui", "off", "--", "true"], ["reindex"])
OURS = (0, 1, 2, 3, 4)


class DamagedCase(Case):
    @classmethod
    def setUpClass(cls):
        """One sound store for all tests: short exchanges, and one in many segments."""
        maker = Case()
        maker.setUp()
        cls.addClassCleanup(maker.doCleanups)
        upstream = HttpUpstream(maker, lambda request: (200, {}, b"x" * (4_000_000 if "long" in request.path else 900)))
        recorder = maker.record("--forward", upstream.rule)
        for number in range(40):
            get(recorder.port, f"/item/{number}")
        get(recorder.port, "/long")
        recorder.stop()
        cls.sound = maker.store.read_bytes()

    def command(self, words, **options):
        return self.run_program(words[0], self.store, *words[1:], **options)

    def assert_refused(self, *words, commands=READERS):
        """Each command ends with 4 and one line that begins with the file's name."""
        for command in commands:
            with self.subTest(command):
                done = self.command(command)
                self.assertEqual(done.returncode, 4, done.stderr)
                lines = done.stderr.splitlines()
                self.assertEqual(len(lines), 1, done.stderr)
                self.assertTrue(lines[0].startswith(f"{self.store}: "), lines)
                for word in words:
                    self.assertIn(word, lines[0])

    def assert_not_recorded_into(self):
        before = self.store.read_bytes()
        done = self.run_program("record", self.store, "--ui", "off", "--forward", "http://127.0.0.1:0=http://127.0.0.1:1",
                                "--", "true")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn(f"{self.store}: ", done.stderr)
        self.assertEqual(self.store.read_bytes(), before)


class Damaged(DamagedCase):
    def test_cut_short(self):
        for size in (len(self.sound) // 2, 3 * PAGE + 100, PAGE):
            with self.subTest(size):
                self.store.write_bytes(self.sound[:size])
                self.assert_refused("damaged", ".recover")
                self.assert_not_recorded_into()

    def test_cut_within_the_header(self):
        self.store.write_bytes(self.sound[:50])
        self.assert_refused("damaged")
        self.assert_not_recorded_into()

    def test_zeroed_from_the_second_page_on(self):
        self.store.write_bytes(self.sound[:PAGE] + bytes(len(self.sound) - PAGE))
        self.assert_refused("damaged")

    def test_garbage_in_every_page(self):
        """Headers whole, contents random: what can be read is shown, the rest is an error, never a crash."""
        noise = random.Random(1)
        pages = bytearray(self.sound)
        for page in range(PAGE, len(pages), PAGE):
            pages[page + 200:page + 3000] = noise.randbytes(2800)
        self.store.write_bytes(pages)
        for command in READERS:
            done = self.command(command)
            self.assertIn(done.returncode, OURS, done.stderr)

    def test_flipped_bits(self):
        """Random damage; the seed is in the message."""
        for seed in range(400 if THOROUGH else 12):
            noise = random.Random(seed)
            pages = bytearray(self.sound)
            for _ in range(noise.choice((1, 10, 1000))):
                pages[noise.randrange(100, len(pages))] ^= 1 << noise.randrange(8)
            for command in READERS:
                self.store.write_bytes(pages)
                done = self.command(command)
                self.assertIn(done.returncode, OURS, f"seed {seed}, {command}: {done.stderr[-2000:]}")
                if done.returncode == 4:
                    self.assertIn(f"{self.store}: ", done.stderr, f"seed {seed}, {command}")

    def test_impossible_values_in_sound_tables(self):
        """Somebody edited it: SQLite finds nothing wrong, the columns are nonsense."""
        nonsense = (
            "update exchange set chunks = x'ffffffffffffffffffffffff', edits = x'80'",
            "update exchange set edits = x'00ffffffffffffffff7f0000', request = x'', reply = null",
            "update exchange set request_size = -1, reply_size = 9223372036854775807, duration = -9",
            "update exchange set started_at = -9223372036854775808, status = 99999, ending = 77, opener = 5, origin = 9",
            "update exchange set protocol = 'gopher', method = x'ff00', resource = null, session = 999",
            "update segment set offset = 9223372036854775807, size = -5, bytes = x''",
            "update segment set sender = 3, exchange = 1",
            "update rule set definition = '{\"name\": 7}'",
            "update rule set definition = x'00'",
            "update recording set first_exchange = -1, first_session = 9223372036854775807, started_at = 'x'",
            "update session set rule = 0, opened_at = 9223372036854775807, closed_at = -1",
            "delete from rule", "delete from session", "delete from meta", "delete from recording",
            "drop view recordings", "drop table segment",
        )
        for statement in nonsense:
            self.store.write_bytes(self.sound)
            with contextlib.closing(sqlite3.connect(self.store)) as db:
                db.execute(statement)
                db.commit()
            for command in READERS:
                done = self.command(command)
                self.assertIn(done.returncode, OURS, f"{statement}, {command}: {done.stderr[-2000:]}")


class NoStore(DamagedCase):
    def test_a_folder(self):
        self.store.mkdir()
        self.assert_refused("directory")

    def test_an_empty_file(self):
        self.store.touch()
        self.assert_refused("empty")

    def test_a_newer_one(self):
        header = bytearray(self.sound)
        header[60:64] = struct.pack(">I", 9999)
        self.store.write_bytes(header)
        self.assert_refused("newer Understudy")
        self.assert_not_recorded_into()

    def test_no_permission(self):
        self.store.write_bytes(self.sound)
        self.store.chmod(0)
        self.folder.chmod(0o755)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        if nobody and subprocess.run([PROGRAM, "--version"], capture_output=True, check=False, **nobody).returncode:
            self.skipTest("nobody may not run the program here")
        for command in READERS:
            done = self.command(command, **nobody)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn(str(self.store), done.stderr)

    def test_its_log_is_lost(self):
        """Killed, and then somebody tidied up: what had reached the file is there, the file is whole."""
        upstream = HttpUpstream(self)
        self.store.write_bytes(self.sound)
        recorder = self.record("--forward", upstream.rule, "--name", "killed")
        get(recorder.port)
        self.wait_for_exchanges(42)
        recorder.kill()
        (self.folder / "run.db-wal").unlink()
        self.assertNotIn("killed", self.output_of("list", self.store))
        self.output_of("show", self.store, "1")
        self.assertEqual(self.value("select count(*) from exchange"), 41)
        self.record("--forward", upstream.rule, "--name", "again").stop()
        self.assert_store_whole()

    def test_its_log_is_garbage(self):
        self.store.write_bytes(self.sound)
        (self.folder / "run.db-wal").write_bytes(b"no log " * 10_000)
        (self.folder / "run.db-shm").write_bytes(b"\xff" * 32768)
        self.assertIn(" 41\n", self.output_of("list", self.store))
        self.assert_store_whole()


if __name__ == "__main__":
    main()
