"""What end to end tests share: the program under test, waiting for conditions, clients, the store.

Every test works in a directory of its own and ends what it started, by its process id. Nothing
waits for time to pass: wait_until() looks at a condition until it holds.
"""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = os.environ.get("UNDERSTUDY_PROGRAM", "build/release/understudy")
SANITIZED = os.environ.get("UNDERSTUDY_SANITIZED") == "1"  # memory figures mean nothing then
LONG = os.environ.get("UNDERSTUDY_LONG") == "1" and not SANITIZED  # tests/run.sh --all
PATIENCE = 60 if SANITIZED else 20  # seconds; only a failing test waits that long


def wait_until(condition, what, seconds=PATIENCE):
    """Returns the first truthy result of condition(); fails the test when none comes."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.01)


def free_port():
    """A port that was free on both loopbacks a moment ago, for tests that must name one."""
    while True:
        with socket.socket() as four:
            four.bind(("127.0.0.1", 0))
            port = four.getsockname()[1]
            if not has_ipv6():
                return port
            with socket.socket(socket.AF_INET6) as six, contextlib.suppress(OSError):
                six.bind(("::1", port))
                return port


def has_ipv6():
    with socket.socket(socket.AF_INET6) as probe, contextlib.suppress(OSError):
        probe.bind(("::1", 0))
        return True
    return False


def clean_environment(**more):
    """Ours, without anybody's proxy settings."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, **more}


class Case(unittest.TestCase):
    """A test with a directory, `self.folder`, and a store path in it, `self.store`."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="understudy-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.folder / "run.db"

    def record(self, *arguments, **options):
        return Understudy(self, "record", self.store, *arguments, **options)

    def replay(self, *arguments, **options):
        return Understudy(self, "replay", self.store, *arguments, **options)

    def run_program(self, *arguments, seconds=PATIENCE, **options):
        """One command to its end: a CompletedProcess with text."""
        options.setdefault("env", clean_environment())
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                              timeout=seconds, check=False, cwd=self.folder, **options)

    def output_of(self, *arguments):
        done = self.run_program(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def rows(self, query, *values, store=None):
        with contextlib.closing(sqlite3.connect(f"file:{store or self.store}?mode=ro", uri=True)) as db:
            return db.execute(query, values).fetchall()

    def value(self, query, *values):
        return self.rows(query, *values)[0][0]

    def wait_for_exchanges(self, count):
        wait_until(lambda: self.value("select count(*) from exchanges") >= count,
                   f"{count} exchanges in the store")

    def assert_store_whole(self):
        self.assertEqual(self.value("pragma integrity_check"), "ok")


class Understudy:
    """The program while it records or replays. Ends with the test, whatever happens."""

    def __init__(self, case, *arguments, ui="off", env=None, wrapper=(), ready=True):
        self.case = case
        self._log = tempfile.NamedTemporaryFile(dir=case.folder, suffix=".log", delete=False)
        self._ready_file = case.folder / (pathlib.Path(self._log.name).stem + ".ready")
        arguments = list(map(str, arguments))
        own = ["--ready-file", str(self._ready_file), "--ui", ui]
        at = arguments.index("--") if "--" in arguments else len(arguments)
        command = [*wrapper, PROGRAM, *arguments[:at], *own, *arguments[at:]]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, cwd=case.folder,
                                        env=env or clean_environment())
        case.addCleanup(self._end)
        if ready:
            self.wait_ready()

    def wait_ready(self):
        wait_until(lambda: self._ready_file.exists() or self.process.poll() is not None, "the ready file")
        if not self._ready_file.exists():
            raise AssertionError(f"ended with {self.process.returncode} before it listened: {self.output()}")
        self.ready = json.loads(self._ready_file.read_text())
        self.rules = {rule["name"]: rule["address"] for rule in self.ready["rules"]}
        self.addresses = [split_address(rule["address"]) for rule in self.ready["rules"]]
        self.port = self.addresses[0][1] if self.addresses else None

    def output(self):
        return pathlib.Path(self._log.name).read_text(errors="replace")

    def stop(self, how=signal.SIGINT, code=0):
        """Asks it to stop, waits, and checks its exit code."""
        os.kill(self.ready["pid"], how)  # under a wrapper, not its pid
        self.wait(code)

    def wait(self, code=0):
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end: {self.output()}") from None
        self.case.assertEqual(self.process.returncode, code, self.output())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def peak_memory_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmHWM")

    def _end(self):
        if self.process.poll() is None:
            if hasattr(self, "ready"):  # a wrapper would leave it behind
                os.kill(self.ready["pid"], signal.SIGKILL)
            self.process.kill()
        self.process.wait()
        self._log.close()


def split_address(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def get(port, path="/", headers=None, host="127.0.0.1", method="GET", body=None):
    """One request on a connection of its own: (status, headers, body)."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, path, body=body, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()


def post(port, path, body, headers=None):
    return get(port, path, headers, method="POST", body=body)


def curl(*arguments):
    """curl's standard output as bytes; fails when curl does."""
    done = subprocess.run(["curl", "-q", "-sS", "--noproxy", "*", "--max-time", str(PATIENCE), *arguments],
                          capture_output=True, check=False, env=clean_environment())
    if done.returncode:
        raise AssertionError(f"curl: {done.returncode} {done.stderr.decode()}")
    return done.stdout


class Wire:
    """A raw client connection: exact bytes out, exact bytes or HTTP replies in."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self._reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish(self):
        """Half-close: we send no more."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._reader.close()
        self.socket.close()

    def read(self, count):
        return self._reader.read(count)

    def line(self):
        return self._reader.readline()

    def read_to_end(self):
        return self._reader.read()

    def reply(self, method="GET"):
        """The next final HTTP reply: (status, headers, body)."""
        response = http.client.HTTPResponse(_Borrowed(self._reader), method=method)
        response.begin()
        return response.status, response.headers, response.read()


class _Borrowed:
    """Lends a reader to http.client, which would close it after each reply."""

    def __init__(self, reader):
        self._reader = reader

    def makefile(self, _mode):
        return self

    def close(self):
        pass

    def __getattr__(self, name):
        return getattr(self._reader, name)


def in_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]], verbosity=1)
