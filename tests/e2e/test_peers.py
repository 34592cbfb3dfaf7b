"""Peers that are slow, broken, gone or talk nonsense, on HTTP and on raw TCP."""

import os
import socket
import threading

from support import Case, Wire, get, in_thread, main, wait_until
from upstreams import HttpUpstream, TcpUpstream, read_head

GARBAGE = [b"\0" * 100, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n\r\n\r\n", b"GET\r\n\r\n",
           b"SSH-2.0-test\r\n", b"\xff" * 70_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"G"]


class Garbage(Case):
    def throw_at(self, program, port):
        for garbage in [*GARBAGE, *(os.urandom(500) for _ in range(20))]:
            with Wire(port) as wire:
                try:
                    wire.send(garbage)
                    wire.finish()
                    wire.read_to_end()
                except OSError:
                    pass  # a reset is an answer too
            self.assertIsNone(program.process.poll(), garbage)

    def test_on_every_port(self):
        http = HttpUpstream(self)
        raw = TcpUpstream(self, lambda connection, reader: reader.read())
        recorder = self.record("--forward", http.rule, "--forward", raw.rule, ui="127.0.0.1:0")
        ui_port = int(recorder.ready["ui"].rstrip("/").rsplit(":", 1)[1])
        ports = [port for _, port in recorder.addresses]
        for port in [*ports, ui_port]:
            self.throw_at(recorder, port)
        self.assertEqual(get(ports[0])[0], 200)
        recorder.stop()
        self.assert_store_whole()
        replayer = self.replay(ui="127.0.0.1:0")
        for _, port in replayer.addresses:
            self.throw_at(replayer, port)
        self.assertEqual(get(replayer.port)[0], 200)
        replayer.process.kill()


class Slow(Case):
    def test_a_client_that_sends_byte_by_byte(self):
        upstream = HttpUpstream(self, lambda request: (200, {}, request.body))
        recorder = self.record("--forward", upstream.rule)
        request = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        with Wire(recorder.port) as wire:
            wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                wire.send(bytes([byte]))
            self.assertEqual(wire.reply()[2], b"hello")
        recorder.stop()
        self.assertEqual(self.value("select request_body from http"), "hello")

    def test_an_upstream_that_answers_in_parts(self):
        go_on = threading.Event()

        def talk(connection, reader):
            read_head(reader)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            go_on.wait(20)
            connection.sendall(b"later")

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while wire.line().strip():
                pass
            self.assertEqual(wire.read(5), b"first")  # passed on at once, not when the reply is whole
            go_on.set()
            self.assertEqual(wire.read(5), b"later")
        recorder.stop()
        self.assertEqual(self.value("select response_body from http"), "firstlater")

    def test_a_client_that_does_not_read_holds_the_upstream_back(self):
        sent = [0]

        def talk(connection, reader):
            read_head(reader)
            size = 64 * 1024 * 1024
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            while sent[0] < size:
                sent[0] += connection.send(b"x" * 65536)

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            before = -1

            def stalled():  # the count stands still between two looks a while apart
                nonlocal before
                before, same = sent[0], sent[0] == before and sent[0] > 0
                return threading.Event().wait(0.3) or same

            wait_until(stalled, "the upstream to be held back")
            self.assertLess(sent[0], 32 * 1024 * 1024)
            self.assertEqual(get_length(wire), 64 * 1024 * 1024)
        recorder.stop()


def get_length(wire):
    while wire.line().strip():
        pass
    total = 0
    while total < 64 * 1024 * 1024:
        total += len(wire.read(65536))
    return total


class Broken(Case):
    def test_an_upstream_that_dies_in_a_body(self):
        def talk(connection, reader):
            read_head(reader)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET /cut HTTP/1.1\r\nHost: x\r\n\r\n")
            while wire.line().strip():
                pass
            self.assertEqual(self.read_all(wire), b"only this")
        recorder.stop()
        self.assertEqual(self.rows("select ending, status from exchanges"), [("cut by upstream", 200)])

    def test_a_client_that_resets_in_a_body(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        wire = Wire(recorder.port)
        wire.send(b"POST /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
        self.wait_for_exchanges(1)
        wire.reset()
        wait_until(lambda: self.value("select count(*) from exchanges where ending = 'cut by client'"),
                   "the exchange to end")
        self.assertEqual(get(recorder.port)[0], 200)
        recorder.stop()
        self.assertEqual(self.rows("select status, origin from http where url like '%/' "), [(200, "upstream")])

    def test_an_upstream_that_resets_before_it_answers(self):
        def talk(connection, reader):
            read_head(reader)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        with Wire(recorder.port) as wire:
            wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = self.read_all(wire)
        self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 502"), answer)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from exchanges"), 1)

    def read_all(self, wire):
        try:
            return wire.read_to_end()
        except ConnectionResetError:
            return b""


class RawTcp(Case):
    def test_the_server_speaks_first(self):
        def talk(connection, reader):
            connection.sendall(b"220 ready\r\n")
            while line := reader.readline():
                connection.sendall(b"250 " + line)
                if line == b"quit\r\n":
                    return

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.rule)

        def converse(port):
            with Wire(port) as wire:
                said = [wire.line()]
                for line in (b"helo a\r\n", b"quit\r\n"):
                    wire.send(line)
                    said.append(wire.line())
                return said, wire.read_to_end()

        live = converse(recorder.port)
        self.assertEqual(live, ([b"220 ready\r\n", b"250 helo a\r\n", b"250 quit\r\n"], b""))
        recorder.stop()
        upstream.stop()
        connections = upstream.connections
        replayer = self.replay()
        self.assertEqual(converse(replayer.port), live)
        replayer.stop()
        self.assertEqual(upstream.connections, connections)

    def test_half_close(self):
        def talk(connection, reader):
            everything = reader.read()  # until the client has finished
            connection.sendall(everything[::-1])

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.rule)

        def reversed_by(port):
            with Wire(port) as wire:
                wire.send(b"abc")
                wire.finish()
                return wire.read_to_end()

        self.assertEqual(reversed_by(recorder.port), b"cba")
        recorder.stop()
        upstream.stop()
        replayer = self.replay()
        self.assertEqual(reversed_by(replayer.port), b"cba")
        replayer.stop()

    def test_a_port_where_nobody_listens_any_more(self):
        upstream = TcpUpstream(self, lambda connection, reader: None)
        upstream.stop()
        recorder = self.record("--forward", upstream.rule)
        with Wire(recorder.port) as wire:
            try:
                self.assertEqual(wire.read_to_end(), b"")
            except ConnectionResetError:
                pass
        recorder.stop()
        self.assertEqual(self.value("select count(*) from sessions"), 1)

    def test_many_bytes_both_ways_at_once(self):
        size = 3 * 1024 * 1024

        def talk(connection, reader):
            writer = in_thread(connection.sendall, b"s" * size)
            self.received = len(reader.read())
            writer.join()

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.rule)
        with Wire(recorder.port) as wire:
            def send():
                wire.send(b"c" * size)
                wire.finish()
            writer = in_thread(send)
            self.assertEqual(len(wire.read_to_end()), size)
            writer.join()
        self.assertEqual(self.received, size)
        recorder.stop()
        self.assertEqual(self.rows("select client_bytes, server_bytes from sessions"), [(size, size)])


if __name__ == "__main__":
    main()
