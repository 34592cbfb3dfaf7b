"""Clients and upstreams that break the rhythm: a byte at a time, half closed, silent, a thousand
requests at once. After each: nothing held, nothing open, the next client is served."""

import os
import signal
import socket
import threading

from busy import BusyUpstream
from crowd import Crowd
from support import Wire, get, main, wait_until
from unkind import Unkind
from upstreams import TcpUpstream, read_head, silent_port


class ByteByByte(Unkind):
    BODY = 300

    def test_both_ways(self):
        def talk(connection, reader):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while read_head(reader):
                body = reader.read(self.BODY)
                reply = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX-Last: 1\r\n\r\n"
                         % (len(body), body[::-1]))
                for byte in reply:
                    connection.sendall(bytes([byte]))

        recorder = self.start(TcpUpstream(self, talk).http_rule)
        body = bytes(range(32, 127)) * 4
        body = body[:self.BODY]
        request = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        rounds = 3
        with Wire(recorder.port) as wire:
            wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(rounds):
                for byte in request:
                    wire.send(bytes([byte]))
                self.assertEqual(wire.reply("POST")[2], body[::-1])
        self.stop_and_check(recorder, 1)
        self.assertEqual(self.rows("select status, request_body, response_body from http"),
                         [(200, body.decode(), body[::-1].decode())] * rounds)


class HalfOpen(Unkind):
    def test_clients_that_send_fin_early_and_still_read(self):
        size = 300_000
        recorder = self.start(BusyUpstream(self).rule)
        count = 100
        crowd = Crowd(self, recorder.port, count)
        crowd.send(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
        for sock in crowd.sockets:
            sock.shutdown(socket.SHUT_WR)
        crowd.read(size)
        self.facts.wait_descriptors(self.descriptors)  # it hangs up by itself: all is answered
        crowd.close()
        self.stop_and_check(recorder, count)
        self.assertEqual(self.value("select count(*) from exchanges where ending = 'complete' and reply_size > ?", size),
                         count)

    def test_clients_that_fall_silent_do_not_keep_a_stop_waiting(self):
        """In a head, in a body, before anything, in a reply that they do not read."""
        recorder = self.start(BusyUpstream(self).rule)
        states = [b"", b"GET /page HT", b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
                  b"GET /bytes/104857600 HTTP/1.1\r\nHost: x\r\n\r\n"]
        count = 25
        crowds = [Crowd(self, recorder.port, count, receive_bytes=4096) for _ in states]
        for crowd, said in zip(crowds, states):
            crowd.send(said)
        wait_until(lambda: self.value("select count(*) from exchanges") >= 2 * count, "bodies under way")
        self.assertEqual(get(recorder.port, "/page")[0], 200)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from sessions where closed_at is null"), 0)
        endings = dict(self.rows("select ending, count(*) from exchanges group by ending"))
        self.assertEqual(endings.pop("complete"), 1)
        self.assertEqual(set(endings), {"cut by understudy"})
        self.assertGreaterEqual(endings["cut by understudy"], 2 * count)

    def test_a_stop_lets_slow_readers_have_their_whole_replies(self):
        """Also where the upstream said all and hung up, and what is left is the way to the client."""
        def talk(connection, reader):
            size = int(read_head(reader).split(b" ")[1][1:])
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
            connection.sendall(b"x" * size)

        recorder = self.start(TcpUpstream(self, talk).http_rule)
        fits = self.taken_for_a_client_that_does_not_read(recorder)
        # The end of some of these lies in what the recorder has read and the client's socket has not taken.
        sizes = [fits + n * 8192 for n in range(-12, 4)]
        crowd = Crowd(self, recorder.port, len(sizes), receive_bytes=4096)
        for sock, size in zip(crowd.sockets, sizes):
            sock.sendall(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
        self.wait_same(lambda: self.value("select sum(reply_size) from exchanges"))
        os.kill(recorder.process.pid, signal.SIGINT)
        for sock, size in zip(crowd.sockets, sizes):
            self.assertGreater(self.read_to_end(sock), size)
        recorder.wait()
        self.assertEqual(self.value("select count(*) from exchanges where ending = 'complete'"), len(sizes))

    def test_a_stop_lets_an_attempt_to_connect_end(self):
        """A request that waits for its upstream is open: it gets its answer, here that there is none."""
        port = silent_port(self)
        recorder = self.start(f"http://127.0.0.1:0=http://127.0.0.1:{port}", "--connect-timeout", "3s")
        with Wire(recorder.port) as wire:
            wire.send(b"GET /soon HTTP/1.1\r\nHost: x\r\n\r\n")
            self.wait_for_exchanges(1)
            os.kill(recorder.process.pid, signal.SIGINT)
            self.assertEqual(wire.reply()[0], 504)
        recorder.wait()
        self.assertEqual(self.rows("select status, origin from http"), [(504, "understudy")])

    def taken_for_a_client_that_does_not_read(self, recorder):
        crowd = Crowd(self, recorder.port, 1, receive_bytes=4096)
        crowd.send(b"GET /100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        size = self.wait_same(lambda: self.value("select sum(reply_size) from exchanges"))
        crowd.close()
        return size

    def wait_same(self, look):
        """What look() returns once it stands still for half a second, and is not nothing."""
        before = None

        def same():
            nonlocal before
            before, last = look(), before
            return (before and before == last) or threading.Event().wait(0.5)

        wait_until(same, "standstill")
        return before

    def read_to_end(self, sock):
        total = 0
        while got := len(sock.recv(1 << 18)):
            total += got
        return total

    def test_a_client_that_pauses_longer_than_a_reply_may_take(self):
        """The silence is its own, not the upstream's: its reply must not be cut."""
        size = 20_000_000
        recorder = self.start(BusyUpstream(self).rule, "--reply-timeout", "1s")
        crowd = Crowd(self, recorder.port, 1, receive_bytes=4096)
        crowd.send(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
        threading.Event().wait(2.5)  # the pause itself, not a wait for something
        crowd.read(size)
        crowd.close()
        self.stop_and_check(recorder, 1)
        self.assertEqual(self.value("select ending from exchanges"), "complete")


class Pipelining(Unkind):
    DEPTH = 1000

    def test_a_thousand_deep(self):
        def talk(connection, reader):
            while head := read_head(reader):
                body = head.split(b" ")[1]
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        upstream = TcpUpstream(self, talk)
        recorder = self.start(upstream.http_rule)
        paths = [f"/n/{n}" for n in range(self.DEPTH)]
        self.assertEqual(self.ask_all(recorder.port, paths), paths)
        self.stop_and_check(recorder, 1)
        self.assertEqual(upstream.connections, 1)
        recorded = self.rows("select resource, ending, status from exchanges order by number")
        self.assertEqual(recorded, [(path, "complete", 200) for path in paths])
        upstream.stop()
        replayer = self.replay()
        self.assertEqual(self.ask_all(replayer.port, paths), paths)
        replayer.stop()

    def ask_all(self, port, paths):
        with Wire(port) as wire:
            wire.send(b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode() for path in paths))
            return [wire.reply()[2].decode() for _ in paths]


if __name__ == "__main__":
    main()
