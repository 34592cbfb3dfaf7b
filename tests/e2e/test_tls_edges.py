"""Clients of a TLS rule at its edges: odd names, stopping or leaving in the middle, old and resuming ones.

Whatever they do, the next client is served, and the recording tells what happened.
"""

import contextlib
import signal
import socket
import ssl

import hello
from edges import Edges
from support import PATIENCE, Wire, main
from tls import PrivateCa
from upstreams import HttpUpstream


class Names(Edges):
    def setUp(self):
        super().setUp()
        self.recorder = self.start(self.rule("https", HttpUpstream(self).port, "http"))

    def assert_leaf_for(self, option, name, *more):
        """One chain that checks for exactly this name."""
        said = self.s_client(self.recorder.port, *more, "-CAfile", self.recorder.ready["ca"], "-verify_return_error", option, name)
        self.assertIn("Verify return code: 0 (ok)", said)
        self.assertIn("hello from upstream", said)

    def stop(self, *names):
        self.assert_served(self.recorder)
        self.recorder.stop()
        self.assertEqual([name for name, in self.rows("select tls_server_name from sessions order by id")], [*names, "localhost"])

    def test_one_that_nobody_has_heard_of(self):
        self.assert_leaf_for("-verify_hostname", "never.heard.test", "-servername", "never.heard.test")
        self.stop("never.heard.test")

    def test_an_address(self):
        self.assert_leaf_for("-verify_ip", "192.0.2.7", "-servername", "192.0.2.7")
        self.assert_leaf_for("-verify_ip", "2001:db8::7", "-servername", "2001:db8::7")
        self.stop("192.0.2.7", "2001:db8::7")

    def test_a_wildcard(self):
        self.assert_leaf_for("-verify_hostname", "any.wild.test", "-servername", "*.wild.test")
        self.stop("*.wild.test")

    def test_none(self):
        self.assert_leaf_for("-verify_ip", "127.0.0.1", "-noservername")
        self.stop(None)

    def refused(self, name):
        with Wire(self.recorder.port) as wire:
            wire.send(hello.client_hello(name))
            return hello.record(wire)

    def test_names_that_no_certificate_can_have(self):
        names = [b"a" * 300, b"a" * 70 + b".test", b"x..y", b"sp ace.test", b"\xff\xfe", b"a\0b.test", b"." * 5]
        for name in names:
            kind, body = self.refused(name)
            self.assertEqual((kind, body[1]), (hello.ALERT, hello.UNRECOGNIZED_NAME), name)
        self.wait_for_error(len(names))
        self.assert_served(self.recorder)
        self.recorder.stop()
        errors = self.errors()
        self.assertEqual(len(errors), len(names), errors)
        self.assertIn("aaaa", errors[0])
        self.assertTrue(all(len(error) < 250 for error in errors), errors)
        self.assertEqual(self.value("select count(*) from sessions where end_reason = 'client TLS failed'"), len(names))

    def test_a_long_but_good_one(self):
        name = ".".join(["a" * 60] * 4)
        kind, body = self.refused(name.encode())
        self.assertEqual((kind, body[0]), (hello.HANDSHAKE, hello.SERVER_HELLO))


class Clients(Edges):
    def setUp(self):
        super().setUp()
        self.upstream = HttpUpstream(self)
        self.own = self.rule("https", self.upstream.port, "http")

    def test_that_stop_after_their_hello(self):
        recorder = self.start(self.own, options=["--handshake-timeout", "500ms"])
        for part in (hello.client_hello(b"localhost"), hello.client_hello(b"localhost")[:40], b""):
            with Wire(recorder.port) as wire:
                wire.send(part)
                with contextlib.suppress(ConnectionError):
                    wire.read_to_end()
        self.assert_served(recorder)
        recorder.stop()
        self.assertEqual(self.errors(), ["the handshake did not end within 500 ms"] * 3)
        self.assertEqual(self.value("select count(*) from sessions where note like '%did not end within%'"), 3)

    def test_that_leave_after_their_hello(self):
        recorder = self.start(self.own)
        for leave in (Wire.finish, Wire.reset):
            wire = Wire(recorder.port)
            wire.send(hello.client_hello(b"localhost"))
            leave(wire)
            if leave is Wire.finish:
                wire.read_to_end()
                wire.socket.close()
        self.wait_for_error(2)
        self.assert_served(recorder)
        recorder.stop()
        self.assertEqual(len(self.errors()), 2)
        self.assertEqual(self.value("select count(*) from sessions where closed_at is null"), 0)

    def test_that_do_not_trust_us(self):
        recorder = self.start(self.own)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=str(PrivateCa(self, f"Other {version}").pem))
            context.minimum_version = context.maximum_version = version
            with socket.create_connection(("127.0.0.1", recorder.port), timeout=PATIENCE) as plain:
                with self.assertRaises(ssl.SSLCertVerificationError):
                    context.wrap_socket(plain, server_hostname="localhost")
        self.wait_for_error(2)
        self.assert_served(recorder)
        recorder.stop()
        for error in self.errors():
            self.assertIn("unknown ca", error)
        self.assertEqual(self.value("select count(*) from sessions where note like 'no TLS with the client: %unknown ca%'"), 2)

    def test_that_know_rsa_alone(self):
        recorder = self.start(self.own)
        ca = recorder.ready["ca"]
        for options in (("-tls1_2", "-cipher", "aRSA"), ("-tls1_3", "-sigalgs", "RSA+SHA256:RSA-PSS+SHA256"),
                        ("-tls1_2", "-sigalgs", "RSA+SHA256:RSA-PSS+SHA256")):
            said = self.s_client(recorder.port, *options, "-CAfile", ca, "-verify_hostname", "localhost")
            self.assertIn("Server public key is 2048 bit", said, options)
            self.assertIn("Verify return code: 0 (ok)", said, options)
            self.assertIn("hello from upstream", said, options)
        self.assertIn("Server public key is 256 bit", self.s_client(recorder.port))
        recorder.stop()
        self.assertEqual(self.errors(), [])

    def test_that_come_back(self):
        recorder = self.start(self.own)
        for version in (["-tls1_2"], ["-tls1_2", "-no_ticket"], ["-tls1_3"]):
            session = self.folder / "session.pem"
            self.assertRegex(self.s_client(recorder.port, *version, "-sess_out", session), "(?m)^New, TLSv1")
            self.assertRegex(self.s_client(recorder.port, *version, "-sess_in", session), "(?m)^Reused, TLSv1")
        recorder.stop()
        self.assertEqual([resumed for resumed, in self.rows("select tls_resumed from sessions order by id")], [0, 1] * 3)

    def test_a_stop_during_a_handshake(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            recorder = self.start(self.own, options=["--handshake-timeout", "600s"])
            with Wire(recorder.port) as wire, Wire(recorder.port) as other:
                wire.send(hello.client_hello(b"localhost")[:30])
                other.send(hello.client_hello(b"localhost"))
                self.assertEqual(hello.record(other)[0], hello.HANDSHAKE)
                recorder.stop(how)
        self.assertEqual(self.value("select count(*) from sessions where closed_at is null"), 0)
        self.assertEqual(self.value("select count(*) from sessions where end_reason = 'stopped'"), 4)
        self.assert_store_whole()

    def test_a_kill_keeps_what_was_agreed(self):
        recorder = self.start(self.own)
        self.assert_served(recorder)
        with Wire(recorder.port) as wire:
            wire.send(b"\x16\x03\x01\x00\x05hello")
            with contextlib.suppress(ConnectionError):
                wire.read_to_end()
        self.wait_for_error()
        self.wait_for_exchanges(1)
        recorder.kill()
        self.assert_store_whole()
        self.assertEqual(self.rows("select tls_version, tls_server_name, tls_error is null from sessions order by id"),
                         [("TLSv1.3", "localhost", 1), (None, None, 0)])
        self.assertIn("TLS 1.3", self.output_of("show", self.store, "s1"))
        recorder = self.start(self.own, options=["--name", "again"])
        self.assert_served(recorder)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from sessions where tls_version = 'TLSv1.3'"), 2)


class OwnPairs(Edges):
    def test_of_a_directory_the_host_wins(self):
        private = PrivateCa(self)
        pairs = self.folder / "pairs"
        pairs.mkdir()
        for stem, pair in (("shop", private.issue("shop.test")), ("wild", private.issue("*.stock.test"))):
            (pairs / f"{stem}.pem").write_bytes(pair[0].read_bytes())
            (pairs / f"{stem}.key").write_bytes(pair[1].read_bytes())
        recorder = self.start(self.rule("https", HttpUpstream(self).port, "http", more=f'cert="{pairs}"'))
        generated = recorder.ready["ca"]
        for name, ca in (("shop.test", private.pem), ("a.stock.test", private.pem), ("other.test", generated),
                         ("a.shop.test", generated), ("localhost", generated)):
            said = self.s_client(recorder.port, "-servername", name, "-CAfile", ca, "-no-CApath", "-no-CAstore",
                                 "-verify_hostname", name)
            self.assertIn("Verify return code: 0 (ok)", said, name)


if __name__ == "__main__":
    main()
