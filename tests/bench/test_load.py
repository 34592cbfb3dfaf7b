"""What the bench reads: wrk's output, and replies of a walk."""

import io
import unittest

import load

OUTPUT = """Running 4s test @ http://127.0.0.1:41571/small
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.52ms    2.46ms  26.06ms   91.45%
    Req/Sec    68.86k     9.99k   81.45k    77.50%
  Latency Distribution
     50%  723.00us
     75%    1.01ms
     90%    3.37ms
     99%   12.79ms
  274103 requests in 4.00s, 313.18MB read
Requests/sec:  68512.31
Transfer/sec:     78.28MB
"""


class Parsing(unittest.TestCase):
    def test_reads_all_figures(self):
        self.assertEqual(load.parse(OUTPUT), load.Outcome(274103, 68512.31, 723.0, 12790.0))

    def test_knows_every_unit(self):
        self.assertEqual([load.microseconds(text) for text in ("12.50us", "1.50ms", "2.00s", "1.00m")],
                         [12.5, 1500.0, 2e6, 60e6])

    def test_refuses_a_run_with_errors(self):
        for line in ("  Non-2xx or 3xx responses: 1\n", "  Socket errors: connect 0, read 3, write 0, timeout 0\n"):
            with self.assertRaisesRegex(RuntimeError, "not answered"):
                load.parse(OUTPUT + line)

    def test_refuses_a_run_without_requests(self):
        with self.assertRaisesRegex(RuntimeError, "no request"):
            load.parse(OUTPUT.replace("274103 requests", "0 requests"))

    def test_says_what_is_missing(self):
        with self.assertRaisesRegex(RuntimeError, "99%"):
            load.parse(OUTPUT.replace("99%", "98%"))


class Replies(unittest.TestCase):
    def read(self, data):
        return load.read_reply(io.BytesIO(data))

    def test_a_reply_is_read_by_its_length(self):
        reader = io.BytesIO(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nc")
        self.assertEqual([load.read_reply(reader), load.read_reply(reader)], [b"ab", b"c"])

    def test_anything_but_a_whole_200_is_refused(self):
        for data in (b"HTTP/1.1 501 X\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"",
                     b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"):
            with self.assertRaises(RuntimeError):
                self.read(data)


if __name__ == "__main__":
    unittest.main()
