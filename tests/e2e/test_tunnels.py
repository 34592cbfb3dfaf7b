"""CONNECT at its edges: clients that stop, that have no more to send, that come by the hundred."""

import contextlib
import re
import ssl

import hello
from edges import Edges
from support import Wire, clean_environment, curl, main, split_address, wait_until
from tls import Nginx, PrivateCa, client_context
from upstreams import TcpUpstream


class Tunnels(Edges):
    FLOOD = 200

    def start_proxy(self, *options, wrapper=()):
        self.private = PrivateCa(self)
        config = self.folder / "registration.xml"
        config.write_text(f'<registration caFile="{self.private.pem}">'
                          f'<http-proxy port="0" bind-address="localhost"/></registration>')
        recorder = self.record("--config", config, *options, wrapper=wrapper, env=clean_environment(**self.home))
        self.port = split_address(recorder.ready["proxy"])[1]
        return recorder

    def connect(self, port):
        wire = Wire(self.port)
        self.addCleanup(wire.socket.close)
        wire.send(f"CONNECT localhost:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertIn(b" 200 ", wire.line())
        while wire.line().strip():
            pass
        return wire

    def assert_proxied(self, recorder, port):
        body = curl("--cacert", recorder.ready["ca"], "--noproxy", "", "--proxy", f"http://127.0.0.1:{self.port}",
                    f"https://localhost:{port}/")
        self.assertIn(b"GET /", body)

    def secure_upstream(self):
        return Nginx(self, *self.private.issue("localhost"))

    def test_a_client_that_stops_after_its_hello(self):
        recorder = self.start_proxy("--handshake-timeout", "500ms")
        nginx = self.secure_upstream()
        wire = self.connect(nginx.port)
        wire.send(hello.client_hello(b"localhost"))
        with contextlib.suppress(ConnectionError):
            wire.read_to_end()
        self.assert_proxied(recorder, nginx.port)
        recorder.stop()
        self.assertEqual(self.errors(), ["the handshake did not end within 500 ms"])

    def test_a_client_that_is_done_sending(self):
        """Raw: what the upstream sends after the client's FIN still arrives."""
        def late(connection, reader):
            connection.sendall(b"got %d\r\n" % len(reader.read()))

        recorder = self.start_proxy()
        wire = self.connect(TcpUpstream(self, late).port)
        wire.send(b"\x00\x01 neither HTTP nor TLS")
        wire.finish()
        self.assertEqual(wire.read_to_end(), b"got 23\r\n")
        recorder.stop()
        self.assertEqual(self.value("select count(*) from exchanges where protocol = 'raw' and ending = 'complete'"), 1)

    def test_a_client_that_is_done_sending_within_tls(self):
        """close_notify ends its direction alone (RFC 8446 §6.1)."""
        recorder = self.start_proxy()
        nginx = self.secure_upstream()
        wire = self.connect(nginx.port)
        context = client_context(recorder.ready["ca"])
        received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(received, to_send, server_hostname="localhost")

        def until_done(step):
            while True:
                with contextlib.suppress(ssl.SSLWantReadError):
                    return step()
                if to_send.pending:
                    wire.send(to_send.read())
                data = wire.socket.recv(65536)
                received.write(data) if data else received.write_eof()

        until_done(tls.do_handshake)  # our last flight goes out with the request
        tls.write(b"GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.unwrap()  # writes close_notify, and would wait for theirs
        wire.send(to_send.read())
        wire.finish()
        self.assertIn(b"/late", until_done(lambda: tls.read(65536)))
        self.assert_proxied(recorder, nginx.port)
        recorder.stop()
        self.assertEqual(self.rows("select status from http where url like '%/late'"), [(200,)])

    def test_a_flood_where_descriptors_are_few(self):
        recorder = self.start_proxy(wrapper=("prlimit", "--nofile=100:100"))
        nginx = self.secure_upstream()
        limit = int(re.search(r"up to (\d+) connections at a time", recorder.output())[1])
        answers = []
        with contextlib.ExitStack() as stack:
            wires = []
            for _ in range(self.FLOOD):
                with contextlib.suppress(ConnectionError):
                    wires.append(stack.enter_context(Wire(self.port)))
            for wire in wires:
                with contextlib.suppress(ConnectionError):
                    wire.send(f"CONNECT localhost:{nginx.plain_port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            for wire in wires:
                with contextlib.suppress(ConnectionError):
                    answers.append(wire.line())
        self.assertEqual(len([line for line in answers if b" 200 " in line]), limit)
        self.assertEqual({line for line in answers if b" 200 " not in line} - {b""}, set())
        wait_until(lambda: self.value("select count(*) from sessions where closed_at is not null") == limit,
                   "the flood to be over")
        self.assert_proxied(recorder, nginx.port)
        recorder.stop()
        self.assertIn(f"{self.FLOOD - limit} connections refused: more than --max-connections", recorder.output())
        self.assertEqual(self.value("select count(*) from exchanges where method = 'CONNECT' and status = 200"), limit + 1)
        self.assert_store_whole()


if __name__ == "__main__":
    main()
