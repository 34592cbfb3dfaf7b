"""HTTP/1 on the wire: what passes unchanged, what is refused, and what is kept of it."""

from support import Case, Wire, free_port, get, main, wait_until
from upstreams import HttpUpstream, TcpUpstream, read_head, silent_port

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def echo_of_heads(heads, reply=OK):
    """Keeps every head it reads, and answers each."""
    def talk(connection, reader):
        while head := read_head(reader):
            heads.append(head)
            connection.sendall(reply)
    return talk


class Passing(Case):
    def test_pipelined_requests(self):
        upstream = HttpUpstream(self, lambda request: (200, {}, request.path.encode()))
        recorder = self.record("--forward", upstream.rule)
        with Wire(recorder.port) as wire:
            wire.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(20)))
            self.assertEqual([wire.reply()[2] for _ in range(20)], [b"/%d" % n for n in range(20)])
        recorder.stop()
        self.assertEqual(self.rows("select count(*), count(distinct session) from http"), [(20, 1)])
        self.assertEqual(self.rows("select resource from exchanges order by id")[7], ("/7",))

    def test_bytes_of_a_head_are_not_remade(self):
        heads = []
        upstream = TcpUpstream(self, echo_of_heads(heads, b"HTTP/1.1 200  Fine \r\nX-ODD:\tyes\r\ncontent-LENGTH: 2\r\n\r\nok"))
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET /a%2Fb?%7e HTTP/1.1\r\nhOsT:   x \r\nX-oDD:  two  spaces\r\nx-odd: again\r\n\r\n")
            got = b"".join(wire.line() for _ in range(4))
        self.assertEqual(got, b"HTTP/1.1 200  Fine \r\nX-ODD:\tyes\r\ncontent-LENGTH: 2\r\n\r\n")
        self.assertIn(b"GET /a%2Fb?%7e HTTP/1.1\r\n", heads[0])
        self.assertIn(b"X-oDD:  two  spaces\r\nx-odd: again\r\n", heads[0])
        self.assertIn(b"127.0.0.1:%d" % upstream.port, heads[0])
        recorder.stop()
        self.assertIn(b"hOsT:   x \r\n", self.value("select bytes from messages where sender = 'client'"))

    def test_chunked_both_ways_with_trailers(self):
        body = b"4;name=value\r\nabcd\r\n3\r\nefg\r\n0\r\nX-Sum: 7\r\n\r\n"
        seen = []

        def talk(connection, reader):
            head = read_head(reader)
            seen.append(reader.read(len(body)))
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + body)
            self.assertTrue(head)

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            self.assertEqual(wire.reply()[2], b"abcdefg")
        recorder.stop()
        self.assertEqual(seen, [body])
        self.assertEqual(self.rows("select request_body, response_body from http"), [("abcdefg", "abcdefg")])
        replayer = self.replay()
        with Wire(replayer.port) as wire:
            wire.send(b"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nabcdefg")
            self.assertEqual(wire.reply()[2], b"abcdefg")
        replayer.stop()

    def test_expect_100_continue(self):
        def talk(connection, reader):
            head = read_head(reader)
            self.assertIn(b"100-continue", head)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = reader.read(5)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)

        def ask(port):
            with Wire(port) as wire:
                wire.send(b"POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                self.assertEqual(wire.line(), b"HTTP/1.1 100 Continue\r\n")
                wire.line()
                wire.send(b"hello")
                return wire.reply()

        status, _, body = ask(recorder.port)
        self.assertEqual((status, body), (200, b"hello"))
        recorder.stop()
        self.assertEqual(self.rows("select status from http"), [(200,)])
        replayer = self.replay()
        self.assertEqual(ask(replayer.port)[2], b"hello")
        replayer.stop()

    def test_replies_without_a_body(self):
        statuses = {"/204": 204, "/304": 304}
        upstream = HttpUpstream(self, lambda request: (
            statuses.get(request.path, 200), {"ETag": '"1"'}, b"" if request.path in statuses else b"12345"))
        recorder = self.record("--forward", upstream.rule)
        with Wire(recorder.port) as wire:  # one connection: a wrong end would shift what follows
            for method, path, status in (("HEAD", "/x", 200), ("GET", "/204", 204), ("GET", "/304", 304)):
                wire.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                self.assertEqual(wire.reply(method)[::2], (status, b""))
            wire.send(b"GET /y HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(wire.reply()[2], b"12345")
        recorder.stop()
        self.assertEqual(self.rows("select method, status from http order by id"),
                         [("HEAD", 200), ("GET", 204), ("GET", 304), ("GET", 200)])

    def test_http_1_0(self):
        def talk(connection, reader):
            read_head(reader)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET /old HTTP/1.0\r\n\r\n")
            self.assertTrue(wire.read_to_end().endswith(b"until the end"))
        recorder.stop()
        self.assertEqual(self.value("select response_body from http"), "until the end")
        replayer = self.replay()
        self.assertEqual(get(replayer.port, "/old")[2], b"until the end")
        replayer.stop()

    def test_upgrade_hands_over(self):
        def talk(connection, reader):
            read_head(reader)
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
            connection.sendall(b"<" + reader.read(4) + b">")

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
            self.assertEqual(wire.line(), b"HTTP/1.1 101 Switching Protocols\r\n")
            while wire.line().strip():
                pass
            wire.send(b"\0\1\2\3")
            self.assertEqual(wire.read(6), b"<\0\1\2\3>")
        recorder.stop()
        self.assertEqual(self.rows("select status from http"), [(101,)])
        everything = b"".join(row[0] for row in self.rows("select bytes from messages") if row[0])
        self.assertIn(b"\0\1\2\3", everything)


class Refused(Case):
    """Ambiguous framing: 400, recorded as ours, and the upstream sees nothing."""

    AMBIGUOUS = {
        "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "length with chunked":
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "chunked is not last": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "bad length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        "NUL in a head": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n",
        "bare CR in a head": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n",
        "space before the colon": b"GET / HTTP/1.1\r\nHost: x\r\nX-A : a\r\n\r\n",
    }

    def refuse(self, recorder, request, status):
        with Wire(recorder.port) as wire:
            wire.send(request)
            self.assertEqual(wire.reply()[0], status)
            self.assertEqual(wire.read_to_end(), b"")  # and closed

    def test_ambiguous_requests(self):
        heads = []
        upstream = TcpUpstream(self, echo_of_heads(heads))
        recorder = self.record("--forward", upstream.http_rule)
        for what, request in self.AMBIGUOUS.items():
            with self.subTest(what):
                self.refuse(recorder, request, 400)
        recorder.stop()
        self.assertEqual(heads, [])
        self.assertEqual(self.rows("select status, origin from http"), [(400, "understudy")] * len(self.AMBIGUOUS))

    def test_a_bad_chunk_size_goes_no_further(self):
        upstream = TcpUpstream(self, echo_of_heads([]))
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nGET /smuggled HTTP/1.1\r\n\r\n")
            wire.read_to_end()
        recorder.stop()
        self.assertEqual(self.value("select count(*) from http where url like '%smuggled%'"), 0)

    def test_head_too_large(self):
        heads = []
        upstream = TcpUpstream(self, echo_of_heads(heads))
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 70_000)
            self.assertEqual(wire.reply()[0], 431)
        recorder.stop()
        self.assertEqual(heads, [])
        self.assertEqual(self.rows("select status, origin from http"), [(431, "understudy")])

    def test_too_many_fields(self):
        heads = []
        upstream = TcpUpstream(self, echo_of_heads(heads))
        recorder = self.record("--forward", upstream.http_rule)
        self.refuse(recorder, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 300 + b"\r\n", 431)
        recorder.stop()
        self.assertEqual(heads, [])


class UpstreamGone(Case):
    def test_refused_is_502(self):
        recorder = self.record("--forward", f"http://127.0.0.1:0=http://127.0.0.1:{free_port()}")
        self.assertEqual(get(recorder.port)[0], 502)
        recorder.stop()
        self.assertEqual(self.rows("select status, origin from http"), [(502, "understudy")])

    def test_connecting_takes_too_long_is_504(self):
        recorder = self.record("--connect-timeout", "300ms", "--forward",
                               f"http://127.0.0.1:0=http://127.0.0.1:{silent_port(self)}")
        self.assertEqual(get(recorder.port)[0], 504)
        recorder.stop()
        self.assertEqual(self.rows("select status, origin from http"), [(504, "understudy")])

    def test_our_own_errors_are_never_stubs(self):
        recorder = self.record("--forward", f"http://127.0.0.1:0=http://127.0.0.1:{free_port()}")
        get(recorder.port, "/x")
        recorder.stop()
        replayer = self.replay()
        self.assertEqual(get(replayer.port, "/x")[0], 501)
        replayer.stop(code=1)

    def test_it_comes_back(self):
        port = free_port()
        recorder = self.record("--forward", f"http://127.0.0.1:0=http://127.0.0.1:{port}")
        self.assertEqual(get(recorder.port)[0], 502)
        upstream = HttpUpstream(self, port=port)
        wait_until(lambda: get(recorder.port)[0] == 200, "an answer of the upstream")
        self.assertGreaterEqual(len(upstream.requests), 1)
        recorder.stop()


if __name__ == "__main__":
    main()
