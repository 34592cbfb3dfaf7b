"""An HTTP/1.1 upstream in a process of its own, for loads that a thread beside the test cannot bear.

    GET /page        1 KiB                       GET /bytes/N   N bytes, as fast as they are read
    PUT any          reads the body, then says its length
    GET /sent        how many body bytes of /bytes/N left so far, over all connections

Being a process it can be killed in the middle of traffic and come back on the same port.
"""

import asyncio
import resource
import subprocess
import sys

BLOCK = b"x" * 65536
PAGE = b"p" * 1024


class BusyUpstream:
    """Owns the process; `port` stays the same over kill() and start()."""

    def __init__(self, case, port=0):
        self.port = port
        self.start()
        case.addCleanup(self.kill)

    def start(self):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, str(self.port)],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline())

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    @property
    def rule(self):
        return f"http://127.0.0.1:0=http://127.0.0.1:{self.port}"


def allow_descriptors():
    """Raises this process's soft limit to the hard one, and returns it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class _Talk(asyncio.Protocol):
    """One connection: requests in, replies out, in order; pipelined ones wait in `unread`."""

    sent = 0

    def connection_made(self, transport):
        self.transport = transport
        self.unread = b""
        self.body = None  # bytes of the request body still to come
        self.size = self.left = 0  # of the reply that is being poured out
        self.paused = False

    def data_received(self, data):
        if self.body:  # an upload: counted, not kept
            took = min(self.body, len(data))
            self.body -= took
            data = data[took:]
            if self.body == 0:
                self._reply(b"%d" % self.size)
        self.unread += data
        self._work()

    def _work(self):
        while not self.left and not self.body:
            head, blank, rest = self.unread.partition(b"\r\n\r\n")
            if not blank:
                return
            self._answer(head)
            if self.body:  # what came with the head belongs to it
                self.unread = b""
                return self.data_received(rest)
            self.unread = rest

    def _answer(self, head):
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
        if method == b"PUT":
            fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
            self.body = self.size = int(fields[b"content-length"])
        elif target.startswith(b"/bytes/"):
            self.left = int(target[7:])
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.left)
            self._pour()
        else:
            self._reply(b"%d" % _Talk.sent if target == b"/sent" else PAGE)

    def _reply(self, body):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def _pour(self):
        while self.left and not self.paused and not self.transport.is_closing():
            size = min(self.left, len(BLOCK))
            self.left -= size
            _Talk.sent += size
            self.transport.write(BLOCK if size == len(BLOCK) else BLOCK[:size])

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        if self.left:
            self._pour()
            self._work()


async def _serve(port):
    allow_descriptors()
    server = await asyncio.get_running_loop().create_server(_Talk, "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
