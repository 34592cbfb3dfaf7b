"""What the bench reads of s_time's output: only full handshakes with whole answers count."""

import pathlib
import ssl
import tempfile
import unittest

import tls

OUTPUT = """Collecting connection statistics for 1 seconds
{marks}

{count} connections in 0.23s; 1260.87 connections/user sec, bytes read {total}
{count} connections in 2 real seconds, {size} bytes read per connection
"""


def output(marks, count, size=1193):
    return OUTPUT.format(marks=marks, count=count, size=size, total=count * size)


class Connections(unittest.TestCase):
    def test_full_handshakes_are_counted(self):
        self.assertEqual(tls.connections_of(output("***", 3)), 3)

    def test_a_resumed_session_is_refused(self):
        with self.assertRaisesRegex(RuntimeError, "not 3 full handshakes"):
            tls.connections_of(output("*r*", 3))

    def test_no_connection_is_refused(self):
        with self.assertRaisesRegex(RuntimeError, "not 0 full handshakes"):
            tls.connections_of(output("", 0, 0))

    def test_a_short_answer_is_refused(self):
        with self.assertRaisesRegex(RuntimeError, "more than 1024 bytes"):
            tls.connections_of(output("***", 3, 1000))

    def test_a_client_that_failed_is_refused(self):
        with self.assertRaisesRegex(RuntimeError, "did not end well:\n.*\nERROR"):
            tls.connections_of("Collecting connection statistics for 1 seconds\nERROR\n")


class Pair(unittest.TestCase):
    def test_is_made_once_and_fits(self):
        with tempfile.TemporaryDirectory() as name:
            pair = tls.make_pair(pathlib.Path(name))
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pair)
            before = pair.read_text()
            self.assertEqual(tls.make_pair(pathlib.Path(name)).read_text(), before)


if __name__ == "__main__":
    unittest.main()
