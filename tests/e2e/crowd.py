"""Many client connections from one thread, and what a process holds while they are there."""

import pathlib
import re
import select
import shutil
import socket
import subprocess
import time

from busy import allow_descriptors
from support import PATIENCE, wait_until

REQUEST = b"GET %s HTTP/1.1\r\nHost: crowd.test\r\n\r\n"
PORTS_PER_ADDRESS = 20_000  # of the 28,000 that a Linux lends to connections
NO_PORT_AT_BIND = 24  # IP_BIND_ADDRESS_NO_PORT: the port is chosen at connect, per destination


def wrk(case, port, connections, seconds):
    """wrk on /page for so long: the replies that it counted, all of them good."""
    if not shutil.which("wrk"):
        case.skipTest("wrk is missing")
    allow_descriptors()
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/page"],
                          capture_output=True, text=True, timeout=seconds + 60, check=True)
    case.assertNotIn("Socket errors", done.stdout)
    case.assertNotIn("Non-2xx", done.stdout)
    return int(re.search(r"(\d+) requests in", done.stdout).group(1))


def connect(port, n=0, receive_bytes=0):
    """The n-th of many connections: source addresses 127.0.0.1, .2, … as ports run out."""
    sock = socket.socket()
    sock.settimeout(PATIENCE)
    if receive_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    if n >= PORTS_PER_ADDRESS:
        sock.setsockopt(socket.IPPROTO_IP, NO_PORT_AT_BIND, 1)
        sock.bind((f"127.0.0.{1 + n // PORTS_PER_ADDRESS}", 0))
    sock.connect(("127.0.0.1", port))
    return sock


class Crowd:
    """`count` connections that stay open until close(); `receive_bytes` 0 = the kernel's buffers."""

    def __init__(self, case, port, count, receive_bytes=0):
        allow_descriptors()
        self.sockets = []
        case.addCleanup(self.close)
        for n in range(count):
            self.sockets.append(connect(port, n, receive_bytes))

    def send(self, data):
        for sock in self.sockets:
            sock.sendall(data)

    def ask(self, request, reply_bytes):
        """One request on each, and so many bytes of its reply."""
        self.send(request)
        self.read(reply_bytes)

    def read(self, each):
        """Reads until every connection has brought at least `each` more bytes."""
        self._move(each, select.EPOLLIN, lambda sock, left: len(sock.recv(1 << 18)))

    def pour(self, each):
        """Sends `each` bytes on every connection, to all of them at once."""
        block = memoryview(b"u" * (1 << 18))
        self._move(each, select.EPOLLOUT, lambda sock, left: sock.send(block[:left]))

    def _move(self, each, when, move):
        left = {sock.fileno(): (sock, each) for sock in self.sockets}
        with select.epoll() as poll:
            for fd in left:
                poll.register(fd, when)
            while left:
                ready = poll.poll(PATIENCE)
                if not ready:
                    raise AssertionError(f"{len(left)} connections fell silent")
                for fd, _ in ready:
                    sock, owed = left[fd]
                    moved = move(sock, owed)
                    if not moved:
                        raise AssertionError(f"a connection ended, {owed} bytes early")
                    left[fd] = sock, owed - moved
                    if owed <= moved:
                        poll.unregister(fd)
                        del left[fd]

    def close(self):
        for sock in self.sockets:
            sock.close()
        self.sockets = []


class Newcomers:
    """New connections at `rate` a second for `seconds`, one GET /n/NUMBER each, closed once it is
    answered. At most IN_FLIGHT at once, so that the rate falls where the machine gives no more."""

    IN_FLIGHT = 128

    def __init__(self, port, seconds, rate):
        self.answered = set()  # paths
        self.begun = self.failed = 0
        self._open = {}
        self._poll = select.epoll()
        start = time.monotonic()
        while (passed := time.monotonic() - start) < seconds:
            due = min(int(passed * rate) - self.begun, self.IN_FLIGHT - len(self._open))
            for _ in range(due):
                self._begin(port)
            self._collect(0.001 if due < 1 else 0)
        while self._open:
            self._collect(PATIENCE)
        self.took = time.monotonic() - start
        self._poll.close()

    def _begin(self, port):
        path = f"/n/{self.begun}"
        sock = connect(port, self.begun)
        sock.sendall(REQUEST % path.encode())
        sock.setblocking(False)
        self._poll.register(sock.fileno(), select.EPOLLIN)
        self._open[sock.fileno()] = sock, path
        self.begun += 1

    def _collect(self, seconds):
        ready = self._poll.poll(seconds)
        if not ready and seconds > 1:
            raise AssertionError(f"{len(self._open)} connections fell silent")
        for fd, _ in ready:
            sock, path = self._open.pop(fd)
            try:
                answer = sock.recv(4096)
            except ConnectionResetError:
                answer = b""
            if answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"new"):
                self.answered.add(path)
            else:
                self.failed += 1
            sock.close()


class Facts:
    """What /proc says of a process."""

    def __init__(self, process):
        self._folder = pathlib.Path(f"/proc/{process.pid}")

    def _line(self, file, name):
        for line in (self._folder / file).read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {name} in {file}")

    @property
    def resident_kib(self):
        return self._line("status", "VmRSS")

    @property
    def peak_mib(self):
        return self._line("status", "VmHWM") / 1024

    @property
    def anonymous_kib(self):
        return self._line("smaps_rollup", "Anonymous")

    @property
    def descriptors(self):
        return len(list((self._folder / "fd").iterdir()))

    def say(self, what):
        print(f"{what}: resident {self.resident_kib / 1024:.1f} MiB, of it anonymous "
              f"{self.anonymous_kib / 1024:.1f}, peak {self.peak_mib:.1f}, "
              f"{self.descriptors} descriptors", flush=True)

    def wait_descriptors(self, count):
        wait_until(lambda: self.descriptors <= count, f"descriptors to return to {count}")

    def settled_kib(self):
        """Resident memory once two looks in a row a while apart agree."""
        before = -1
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            now = self.resident_kib
            if abs(now - before) <= 16:
                return now
            before = now
            time.sleep(0.3)
        return before
