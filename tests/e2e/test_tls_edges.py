"""TLS at its edges: odd names, peers that stop or leave in the middle, old and resuming clients.

Whatever they do, the next client is served, and the recording tells what happened.
"""

import contextlib
import json
import re
import signal
import socket
import ssl
import subprocess
import time

import hello
from support import PATIENCE, Case, Wire, clean_environment, curl, get, main, split_address, wait_until
from tls import Nginx, PrivateCa, client_context
from upstreams import HttpUpstream, TcpUpstream

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Edges(Case):
    def setUp(self):
        super().setUp()
        self.home = {"XDG_DATA_HOME": str(self.folder / "data")}

    def start(self, *rules, options=(), wrapper=(), ready=True):
        config = self.folder / "registration.xml"
        config.write_text(f"<registration>{''.join(rules)}</registration>")
        return self.record("--config", config, *options, wrapper=wrapper, env=clean_environment(**self.home))

    def rule(self, type_, port, upstream_type=None, more="", host="localhost"):
        other = f'destinationType="{upstream_type}"' if upstream_type else ""
        return f'<forward bind="localhost:0" destination="{host}:{port}" type="{type_}" {other} {more}/>'

    def assert_served(self, recorder, port=None):
        body = curl("--cacert", recorder.ready["ca"], f"https://localhost:{port or recorder.port}/")
        self.assertEqual(body, b"hello from upstream\n")

    def errors(self):
        return [error for error, in self.rows("select tls_error from sessions order by id") if error]

    def wait_for_error(self, count=1):
        wait_until(lambda: len(self.errors()) >= count, f"{count} failed handshakes in the store")

    def s_client(self, port, *options, request=REQUEST):
        """What openssl says of one connection with one request, which the server closes."""
        if "-noservername" not in options:
            options = ("-servername", "localhost", *options)
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", *map(str, options)],
                              input=request, capture_output=True, timeout=PATIENCE, check=False)
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


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


class Upstreams(Edges):
    def ask(self, rules_port, path="/"):
        return get(rules_port, path)

    def assert_refused(self, status, reason, port, options=()):
        """Of a rule and of the proxy: our own answer, the reason in it and in the recording."""
        proxy = '<http-proxy port="0" bind-address="localhost"/>'
        good = Nginx(self, *PrivateCa(self).issue("localhost"))
        recorder = self.start(proxy, self.rule("http", port, "https"), self.rule("http", good.plain_port), options=options)
        bad_port, good_port = (port for _, port in recorder.addresses[-2:])
        answer = get(bad_port)
        self.assertEqual(answer[0], status, answer[2])
        self.assertRegex(answer[2].decode(), reason)
        done = subprocess.run(["curl", "-q", "-sS", "--max-time", str(PATIENCE), "--cacert", recorder.ready["ca"], "--noproxy", "", "-w", " %{http_code}",
                               "--proxy", f"http://{recorder.ready['proxy']}", f"https://localhost:{port}/"],
                              capture_output=True, text=True, check=False, env=clean_environment())
        self.assertRegex(done.stdout, reason)
        self.assertTrue(done.stdout.endswith(f" {status}"), done.stdout)
        self.assertEqual(get(good_port)[0], 200)
        recorder.stop()
        self.assertEqual(self.value(f"select count(*) from http where status = {status} and origin = 'understudy'"), 2)
        above = [json.loads(facts)[0] for facts, in self.rows("select upstream_tls from sessions where upstream_tls is not null")]
        self.assertEqual(len(above), 2)
        for facts in above:
            self.assertRegex(facts["error"], reason)

    def test_that_leave_in_the_middle_of_their_handshake(self):
        self.assert_refused(502, "closed|unexpected", TcpUpstream(self, lambda _, reader: reader.read(20)).port)

    def test_that_reset_in_the_middle_of_their_handshake(self):
        def reset(connection, reader):
            reader.read(20)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        self.assert_refused(502, "(?i)reset|closed", TcpUpstream(self, reset).port)

    def test_that_send_half_a_reply_to_the_hello(self):
        def half(connection, reader):
            reader.read(20)
            connection.sendall(b"\x16\x03\x03\x00\x50\x02\x00")

        self.assert_refused(502, "(?i)reset|closed", TcpUpstream(self, half).port)

    def test_that_speak_no_tls(self):
        self.assert_refused(502, "does not speak TLS", HttpUpstream(self).port)

    def test_that_never_answer_a_hello(self):
        silent = TcpUpstream(self, lambda _, reader: reader.read())
        self.assert_refused(504, "did not end within 500 ms", silent.port, options=["--handshake-timeout", "500ms"])

    def test_that_take_sessions_up(self):
        for version in ("TLSv1.2", "TLSv1.3"):
            nginx = Nginx(self, *(pair := PrivateCa(self, version)).issue("localhost"),
                          extra=f"ssl_conf_command MaxProtocol {version}; ssl_session_cache none; ssl_session_tickets on;",
                          locations='location /reused { default_type text/plain; return 200 "$ssl_protocol $ssl_session_reused\\n"; }')
            recorder = self.start(self.rule("http", nginx.port, "https", more=f'caFile="{pair.pem}"'))
            said = [get(recorder.port, "/reused", {"Connection": "close"})[2].decode().split() for _ in range(3)]
            recorder.stop()
            self.assertEqual(said, [[version, "."], [version, "r"], [version, "r"]])
            facts = [json.loads(row)[0] for row, in self.rows(
                "select upstream_tls from sessions where recording = (select max(name) from recordings) order by id")]
            self.assertEqual([one["resumed"] for one in facts], [False, True, True])


class Tunnels(Edges):
    FLOOD = 200

    def start_proxy(self, *options, wrapper=()):
        self.private = PrivateCa(self)
        config = self.folder / "registration.xml"
        config.write_text(f'<registration caFile="{self.private.pem}"><http-proxy port="0" bind-address="localhost"/></registration>')
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
        body = curl("--cacert", recorder.ready["ca"], "--noproxy", "", "--proxy", f"http://127.0.0.1:{self.port}", f"https://localhost:{port}/")
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
