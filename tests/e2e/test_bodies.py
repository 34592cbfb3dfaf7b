"""Bodies of any size: whole, identical, and with flat memory."""

import hashlib
import http.client

from support import SANITIZED, Case, Wire, get, main, post
from upstreams import HttpUpstream, TcpUpstream, read_head

MIB = 1024 * 1024


class TenMebibytes(Case):
    def test_both_ways(self):
        body = bytes(range(256)) * (10 * MIB // 256)
        upstream = HttpUpstream(self, lambda request: (200, {}, request.body[::-1]))
        recorder = self.record("--forward", upstream.rule)
        self.assertEqual(post(recorder.port, "/big", body)[2], body[::-1])
        recorder.stop()
        upstream.stop()
        replayer = self.replay()
        self.assertEqual(post(replayer.port, "/big", body)[2], body[::-1])
        self.assertEqual(post(replayer.port, "/big", body[1:])[0], 501)
        replayer.stop(code=1)

    def test_a_body_read_back_by_show(self):
        body = hashlib.sha256(b"seed").digest() * (2 * MIB // 32)
        upstream = HttpUpstream(self, lambda request: (200, {}, body))
        recorder = self.record("--forward", upstream.rule)
        get(recorder.port)
        recorder.stop()
        shown = self.run_program("show", self.store, "1", "--raw", encoding="latin-1").stdout
        self.assertIn(body.decode("latin-1")[-1000:], shown)


class LongDownload(Case):
    """Streamed: neither the reply nor the queue to the disk may grow in memory."""

    LIMIT_MIB = 100

    def test_download_with_flat_memory(self):
        size = (256 if SANITIZED else 2048) * MIB
        block = bytes(range(256)) * 4096  # 1 MiB

        def talk(connection, reader):
            read_head(reader)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(size // len(block)):
                connection.sendall(block)

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        self.assertEqual(self.download(recorder.port), size)
        if not SANITIZED:
            self.assertLess(recorder.peak_memory_mib(), self.LIMIT_MIB)
        recorder.stop()
        self.assertGreater(self.value("select reply_size from exchanges"), size)
        replayer = self.replay()
        self.assertEqual(self.download(replayer.port), size)
        if not SANITIZED:
            self.assertLess(replayer.peak_memory_mib(), self.LIMIT_MIB)
        replayer.stop()

    def download(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/huge")
        reply = connection.getresponse()
        total, expected = 0, bytes(range(256))
        while part := reply.read(MIB):
            self.assertEqual(part[:256], expected[total % 256:] + expected[:total % 256])
            total += len(part)
        connection.close()
        return total


class Framing(Case):
    def test_a_stored_body_is_framed_for_the_client_that_asks(self):
        def talk(connection, reader):
            read_head(reader)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

        upstream = TcpUpstream(self, talk)
        recorder = self.record("--forward", upstream.http_rule)
        get(recorder.port)
        recorder.stop()
        replayer = self.replay()
        with Wire(replayer.port) as wire:  # HTTP/1.0 knows no chunks
            wire.send(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
            head, _, body = wire.read_to_end().partition(b"\r\n\r\n")
        self.assertNotIn(b"chunked", head.lower())
        self.assertEqual(body, b"hello")
        replayer.process.kill()


if __name__ == "__main__":
    main()
