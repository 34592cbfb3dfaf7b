"""Connections that are reset by either side, at every place of a message that matters."""

import socket

from support import LONG, Wire, main
from unkind import Unkind
from upstreams import TcpUpstream

ABORT = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: on, 0 s


class Resets(Unkind):
    REQUEST = (b"POST /reset HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Last: 1\r\n\r\n")
    REPLY = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             b"5\r\nHELLO\r\n6\r\n WORLD\r\n0\r\nX-Last: 1\r\n\r\n")
    EVERY = 1 if LONG else 3  # at each byte, or at every third and around each line's end

    def places(self, message):
        ends = {n + d for n in range(len(message)) if message[n:n + 2] == b"\r\n" for d in (0, 1, 2)}
        return sorted({*range(0, len(message) + 1, self.EVERY), *ends, len(message)})

    def upstream(self, read=None, write=None):
        """Resets after `read` bytes of the request, or `write` bytes of its reply; else answers whole."""
        def talk(connection, reader):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            if read is not None:
                reader.read(read)
                return  # closes with a reset
            request = b""
            while not request.endswith(b"X-Last: 1\r\n\r\n"):
                line = reader.readline()
                if not line:
                    return
                request += line
            connection.sendall(self.REPLY[:write])
            if write is None:
                reader.read()  # until we close: its reset must not hit the reply
        return TcpUpstream(self, talk)

    def test_by_the_client_in_its_request(self):
        places = self.places(self.REQUEST)
        recorder = self.start(self.upstream().http_rule)
        for k in places:
            wire = Wire(recorder.port)
            wire.send(self.REQUEST[:k])
            wire.reset()
        self.assert_still_served(recorder)
        self.stop_and_check(recorder, len(places) + 1)

    def test_by_the_client_in_the_reply(self):
        places = [k for k in self.places(self.REPLY) if k < len(self.REPLY)]
        recorder = self.start(self.upstream().http_rule)
        for k in places:
            wire = Wire(recorder.port)
            wire.send(self.REQUEST)
            self.assertEqual(wire.read(k), self.REPLY[:k])
            wire.reset()
        self.assert_still_served(recorder)
        self.stop_and_check(recorder, len(places) + 1)

    def test_by_the_upstream_in_the_request(self):
        self.upstream_resets([self.upstream(read=k) for k in self.places(self.REQUEST)])

    def test_by_the_upstream_in_its_reply(self):
        self.upstream_resets([self.upstream(write=k) for k in self.places(self.REPLY)])

    def upstream_resets(self, upstreams):
        rules = [part for upstream in upstreams for part in ("--forward", upstream.http_rule)]
        good = self.upstream()
        recorder = self.start(good.http_rule, *rules)
        for _, port in recorder.addresses[1:]:
            with Wire(port) as wire:
                try:
                    wire.send(self.REQUEST)
                    wire.read_to_end()
                except ConnectionResetError:
                    pass  # as the upstream broke off, so may we
        self.assert_still_served(recorder)
        self.stop_and_check(recorder, len(upstreams) + 1)
        cut = self.value("select count(*) from exchanges where ending <> 'complete'")
        self.assertGreaterEqual(cut, len(upstreams) - 1)  # the last one's reply was whole

    def assert_still_served(self, recorder):
        with Wire(recorder.port) as wire:
            wire.send(self.REQUEST)
            self.assertEqual(wire.reply("POST")[2], b"HELLO WORLD")


if __name__ == "__main__":
    main()
