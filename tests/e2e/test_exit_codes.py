"""What cannot be done is refused with the contract's exit code and one line that says where."""

import contextlib
import socket
import sqlite3

from support import Case, free_port, get, main
from upstreams import HttpUpstream


class Usage(Case):
    def test_a_bad_configuration_names_its_line(self):
        config = self.folder / "registration.xml"
        bad = {
            '<forward bind="localhost:99999" destination="h:80" type="http"/>': "bind",
            '<forward bind="" destination="h:80" type="http"/>': "bind",
            '<forward bind="localhost:1" destination="h" type="imsconnect"/>': "destination",
            '<forward bind="localhost:1" destination="h:1" type="gopher"/>': "type",
        }
        for element, word in bad.items():
            with self.subTest(element):
                config.write_text(f"<registration>\n\n  {element}\n</registration>\n")
                for command in (["record", self.store, "--ui", "off", "--config", config], ["rules", config]):
                    done = self.run_program(*command)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(f"{config}:3:", done.stderr)
                    self.assertIn(word, done.stderr)

    def test_no_xml_at_all(self):
        config = self.folder / "registration.xml"
        config.write_text("<registration>\n<forward bind='a:1'\n</registration>")
        done = self.run_program("record", self.store, "--config", config)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{config}:", done.stderr)
        self.assertEqual(self.run_program("record", self.store, "--config", self.folder / "none").returncode, 2)

    def test_a_bad_command_line(self):
        for arguments in (["record", "--forward", "http//:1"], ["record", "--forward", "gopher://:1=tcp://h:1"],
                          ["replay", self.store, "--timing", "soon"], ["record", "--ui", "everywhere"],
                          ["nonsense"], ["record", "--no-such-option"], ["replay", "--after-last", "cry", "x.db"],
                          ["replay", self.store, "--fail-on", "tuesday"]):
            with self.subTest(arguments):
                done = self.run_program(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertTrue(done.stderr.strip())

    def test_help_and_version(self):
        text = self.output_of("--help")
        for command in ("record", "replay", "list", "show", "search", "reindex", "rules", "ca"):
            self.assertIn(command, text)
            self.assertTrue(self.output_of(command, "--help"))
        self.assertIn("0.", self.output_of("--version"))


class PortTaken(Case):
    def test_names_the_rule(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            config = self.folder / "registration.xml"
            config.write_text(f'<registration><forward name="orders" bind="127.0.0.1:{port}" '
                              'destination="127.0.0.1:1" type="http"/></registration>')
            done = self.run_program("record", self.store, "--ui", "off", "--config", config)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("orders", done.stderr)
            self.assertIn(str(port), done.stderr)

    def test_in_replay(self):
        upstream = HttpUpstream(self)
        port = free_port()
        recorder = self.record("--forward", f"http://127.0.0.1:{port}=http://127.0.0.1:{upstream.port}")
        get(port)
        recorder.stop()
        with socket.create_server(("127.0.0.1", port)):
            self.assertEqual(self.run_program("replay", self.store, "--ui", "off").returncode, 3)

    def test_of_the_status_page(self):
        upstream = HttpUpstream(self)
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            done = self.run_program("record", self.store, "--ui", port, "--forward", upstream.rule)
            self.assertEqual(done.returncode, 3, done.stderr)


class Store(Case):
    def refused(self, *more):
        done = self.run_program("record", self.store, "--ui", "off", "--forward", f"http://:{free_port()}=http://h:1")
        self.assertEqual(done.returncode, 4, done.stderr)
        for word in more:
            self.assertIn(word, done.stderr)
        self.assertEqual(self.run_program("list", self.store).returncode, 4)

    def untouched(self):
        before = self.store.read_bytes()
        self.refused()
        self.assertEqual(self.store.read_bytes(), before)

    def test_of_another_program(self):
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            db.execute("create table theirs (x)")
            db.commit()
        self.untouched()

    def test_of_a_newer_version(self):
        upstream = HttpUpstream(self)
        self.record("--forward", upstream.rule).stop()
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            db.execute("pragma user_version = 9999")
            db.commit()
        self.untouched()

    def test_no_database(self):
        self.store.write_bytes(b"this is no database\n" * 1000)
        self.untouched()

    def test_damaged(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        get(recorder.port)
        recorder.stop()
        whole = self.store.read_bytes()
        self.store.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
        self.assertEqual(self.run_program("list", self.store).returncode, 4)
        self.assertEqual(self.run_program("replay", self.store, "--ui", "off").returncode, 4)

    def test_is_missing(self):
        for command in (["replay", self.store, "--ui", "off"], ["list", self.store], ["show", self.store, "1"]):
            done = self.run_program(*command)
            self.assertIn(done.returncode, (2, 4), done.stderr)
            self.assertFalse(self.store.exists())

    def test_second_recorder_is_told_the_first_ones_pid(self):
        upstream = HttpUpstream(self)
        first = self.record("--forward", upstream.rule)
        done = self.run_program("record", self.store, "--ui", "off", "--forward", upstream.rule)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn(str(first.process.pid), done.stderr)
        self.assertEqual(get(first.port)[0], 200)
        first.stop()
        self.assertEqual(self.value("select count(*) from http"), 1)


if __name__ == "__main__":
    main()
