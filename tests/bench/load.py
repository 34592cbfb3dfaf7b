"""The load: runs of wrk and what they print, a walk through many requests, idle connections."""

import contextlib
import pathlib
import re
import socket
import subprocess
from typing import NamedTuple

import cores
import tls

SCRIPT = pathlib.Path(__file__).with_name("cycle.lua")
UNITS_US = {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}
PATIENCE = 10  # seconds that a reply may take before wrk, or we, call it an error
WINDOW = 64  # requests of a walk under way at a time


class Load(NamedTuple):
    """What to ask for: one path, or with `stubs` as many, cycle.lua's, `stride` apart."""
    path: str = "small"
    connections: int = 64
    threads: int = 1
    stubs: int = 0
    stride: int = 1
    header: str = ""
    scheme: str = "http"


class Outcome(NamedTuple):
    requests: int
    rate: float  # requests per second
    p50_us: float
    p99_us: float


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS_US[unit]


def parse(text):
    """The outcome of a run from wrk's output; RuntimeError where anything went wrong in it."""
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"wrk was not answered as it should be:\n{text}")

    def find(pattern):
        found = re.search(pattern, text, re.MULTILINE)
        if not found:
            raise RuntimeError(f"wrk printed no {pattern}:\n{text}")
        return found.group(1)

    outcome = Outcome(int(find(r"^ +(\d+) requests in")), float(find(r"^Requests/sec: +([\d.]+)")),
                      microseconds(find(r"^ +50% +(\S+)$")), microseconds(find(r"^ +99% +(\S+)$")))
    if not outcome.requests:
        raise RuntimeError(f"wrk counted no request:\n{text}")
    return outcome


def run(load, port, seconds, place):
    command = ["wrk", f"-t{load.threads}", f"-c{load.connections}", f"-d{seconds}s", f"--timeout={PATIENCE}s",
               "--latency"]
    command += ["-H", load.header] if load.header else []
    command += ["-s", SCRIPT] if load.stubs else []
    command += [f"{load.scheme}://127.0.0.1:{port}/{load.path}"]
    command += ["--", load.stubs, load.stride] if load.stubs else []
    done = subprocess.run(cores.pinned(place.load, map(str, command)), capture_output=True, text=True,
                          check=False, timeout=seconds + 60)
    if done.returncode:
        raise RuntimeError(f"wrk ended with {done.returncode}:\n{done.stderr}")
    return parse(done.stdout)


@contextlib.contextmanager
def connect(port, scheme="http"):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        if scheme == "http":
            yield connection
        else:
            with tls.wrapped(connection) as secure:
                yield secure


def request(path):
    return f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def read_reply(reader):
    """The body of the next reply, which must be a 200 with a length."""
    status, length = reader.readline(), None
    while (line := reader.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not status.startswith(b"HTTP/1.1 200") or length is None:
        raise RuntimeError(f"not a 200 with a length: {status!r}")
    body = reader.read(length)
    if len(body) != length:
        raise RuntimeError(f"a reply ended after {len(body)} of {length} bytes")
    return body


def walk(port, paths, starts=None, scheme="http"):
    """Asks for each path once, in order, pipelined on one connection; each answer must be a 200.

    With `starts`, the n-th body must start with its n-th bytes.
    """
    with connect(port, scheme) as connection, connection.makefile("rb", 1 << 20) as reader:
        for first in range(0, len(paths), WINDOW):
            window = paths[first:first + WINDOW]
            connection.sendall(b"".join(map(request, window)))
            for at, path in enumerate(window, first):
                body = read_reply(reader)
                if starts and not body.startswith(starts[at]):
                    raise RuntimeError(f"/{path} got the answer to another request: {body[:40]!r}")


@contextlib.contextmanager
def idle_connections(port, count, path):
    """That many open connections, each of which had one answer."""
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            connection = opened.enter_context(connect(port))
            connection.sendall(request(path))
            with connection.makefile("rb") as reader:
                read_reply(reader)
        yield
