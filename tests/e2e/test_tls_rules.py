"""Rules with TLS on either side, against nginx under a private authority."""

import contextlib
import http.client
import json
import socket
import subprocess

from support import PATIENCE, Case, Wire, clean_environment, curl, get, main
from tls import Nginx, PrivateCa, client_context
from upstreams import TcpUpstream


def https_get(port, path="/", ca=None, host="127.0.0.1", name=None, cert=None, alpn=None):
    """One HTTPS request: (status, body, the TLS socket's facts)."""
    context = client_context(ca)
    if cert:
        context.load_cert_chain(*cert)
    if alpn:
        context.set_alpn_protocols(alpn)
    with socket.create_connection((host, port), timeout=PATIENCE) as plain:
        with context.wrap_socket(plain, server_hostname=name or host) as secured:
            secured.sendall(f"GET {path} HTTP/1.1\r\nHost: {name or host}\r\nConnection: close\r\n\r\n".encode())
            reply = http.client.HTTPResponse(secured)
            reply.begin()
            body = reply.read()
            return reply.status, body, (secured.version(), secured.selected_alpn_protocol())


class TlsRules(Case):
    def setUp(self):
        super().setUp()
        self.home = {"XDG_DATA_HOME": str(self.folder / "data")}
        self.private = PrivateCa(self)
        self.nginx = Nginx(self, *self.private.issue("localhost", "127.0.0.1"))

    def config(self, rules):
        path = self.folder / "registration.xml"
        path.write_text(f"<registration>{rules}</registration>")
        return path

    def start(self, *rules, command="record", more=()):
        config = self.config("".join(rules))
        start = self.record if command == "record" else self.replay
        return start("--config", config, *more, env=clean_environment(**self.home))

    def trusted(self):
        return self.output_of_ca("path")

    def output_of_ca(self, *words):
        done = self.run_program("ca", *words, env=clean_environment(**self.home))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def rule(self, name, type_, upstream_type=None, port=None, more=""):
        other = f'destinationType="{upstream_type}"' if upstream_type else ""
        port = port or (self.nginx.port if (upstream_type or type_) == "https" else self.nginx.plain_port)
        return (f'<forward name="{name}" bind="localhost:0" destination="localhost:{port}" type="{type_}" {other} '
                f'caFile="{self.private.pem}" {more}/>')

    def test_all_four_ways(self):
        ways = [("http", None), ("http", "https"), ("https", "http"), ("https", None)]
        recorder = self.start(*(self.rule(f"r{i}", *way) for i, way in enumerate(ways)))
        self.assertEqual(recorder.ready["ca"], self.trusted())
        answers = []
        for (client, _), (_, port) in zip(ways, recorder.addresses):
            if client == "http":
                answers.append(get(port, "/way")[2])
            else:
                answers.append(https_get(port, "/way", ca=self.trusted(), name="localhost")[1])
        for (client, upstream), answer in zip(ways, answers):
            self.assertIn(b"GET /way", answer)
            self.assertIn(b"tls=TLSv1.3" if (upstream or client) == "https" else b"tls= ", answer)
        recorder.stop()
        facts = self.rows("select tls_version, upstream_tls from sessions order by id")
        for (client, upstream), (version, above) in zip(ways, facts):
            self.assertEqual(version, "TLSv1.3" if client == "https" else None)
            if (upstream or client) == "https":
                self.assertEqual(json.loads(above)[0]["verified"], "ok")
            else:
                self.assertIsNone(above)
        urls = [row[0] for row in self.rows("select url from http order by id")]
        self.assertEqual([url.split(":")[0] for url in urls], ["http", "https", "http", "https"])
        self.nginx.stop()
        player = self.replay(env=clean_environment(**self.home))
        for (client, _), (_, port), answer in zip(ways, player.addresses, answers):
            if client == "http":
                self.assertEqual(get(port, "/way")[2], answer)
            else:
                self.assertEqual(https_get(port, "/way", ca=self.trusted(), name="localhost")[1], answer)
                self.assertEqual(get(port, "/way")[2], answer, "a plain client is served all the same")
        player.stop()

    def assert_untrusted(self, nginx, reason, more=""):
        recorder = self.start(self.rule("bad", "http", "https", port=nginx.port, more=more))
        status, _, body = get(recorder.port, "/")
        self.assertEqual(status, 502)
        self.assertIn(reason, body.decode())
        recorder.stop()
        self.assertEqual(self.rows("select status, origin from http"), [(502, "understudy")])
        self.assertIn(reason, self.value("select upstream_tls from sessions"))

    def test_an_expired_certificate(self):
        self.assert_untrusted(Nginx(self, *self.private.issue("localhost", days=-1)), "expired")

    def test_a_self_signed_certificate(self):
        other = PrivateCa(self, "Somebody else")
        self.assert_untrusted(Nginx(self, *other.issue("localhost")), "self-signed certificate")

    def test_a_certificate_for_another_host(self):
        self.assert_untrusted(Nginx(self, *self.private.issue("other.test")), "hostname mismatch")

    def test_verification_can_be_switched_off_and_is_shown(self):
        nginx = Nginx(self, *self.private.issue("other.test", days=-1))
        recorder = self.start(self.rule("any", "http", "https", port=nginx.port, more='verify="false"'))
        self.assertEqual(get(recorder.port, "/")[0], 200)
        recorder.stop()
        self.assertEqual(json.loads(self.value("select upstream_tls from sessions"))[0]["verified"], "not checked")
        self.assertIn("not checked", self.output_of("show", self.store, "s1").lower())

    def test_our_certificate_for_the_upstream(self):
        nginx = Nginx(self, *self.private.issue("localhost"), extra=f"ssl_client_certificate {self.private.pem}; ssl_verify_client on;")
        certificate, key = self.private.issue("tester", usage="clientAuth", subject="/CN=tester/O=Example")
        bundle = self.folder / "tester.p12"
        subprocess.run(["openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-out", bundle, "-passout", "pass:"],
                       check=True, capture_output=True)
        for more in (f'clientCert="{certificate}" clientKey="{key}"', f'clientCert="{bundle}"'):
            recorder = self.start(self.rule("ours", "http", "https", port=nginx.port, more=more))
            self.assertIn(b"CN=tester", get(recorder.port, "/")[2])
            recorder.stop()

    def test_the_clients_certificate_is_asked_for_and_recorded(self):
        recorder = self.start(self.rule("ask", "https", "http", more='askClientCert="true"'))
        pair = self.private.issue("visitor", usage="clientAuth", subject="/CN=visitor")
        self.assertEqual(https_get(recorder.port, ca=self.trusted(), name="localhost", cert=pair)[0], 200)
        self.assertEqual(https_get(recorder.port, ca=self.trusted(), name="localhost")[0], 200)
        recorder.stop()
        subjects = [row[0] for row in self.rows("select tls_client_subject from sessions order by id")]
        self.assertEqual(subjects, ["CN=visitor", None])

    def test_our_own_server_pair(self):
        certificate, key = self.private.issue("own.test", "127.0.0.1")
        recorder = self.start(self.rule("own", "https", "http", more=f'cert="{certificate}" key="{key}"'))
        self.assertEqual(https_get(recorder.port, ca=self.private.pem, name="own.test")[0], 200)

    def test_names_and_versions_are_recorded(self):
        recorder = self.start(self.rule("named", "https", "http"))
        _, _, (version, alpn) = https_get(recorder.port, ca=self.trusted(), name="localhost", alpn=["h2", "http/1.1"])
        self.assertEqual((version, alpn), ("TLSv1.3", "http/1.1"))
        recorder.stop()
        self.assertEqual(self.rows("select tls_version, tls_server_name, tls_alpn from sessions"),
                         [("TLSv1.3", "localhost", "http/1.1")])

    def test_a_client_without_a_name_gets_a_certificate_for_the_address(self):
        recorder = self.start(self.rule("nameless", "https", "http"))
        self.assertEqual(https_get(recorder.port, ca=self.trusted(), host="127.0.0.1")[0], 200)

    def test_every_stream_type_with_tls(self):
        def echo(connection, reader):
            for line in reader:
                connection.sendall(line)

        upstream = TcpUpstream(self, echo)
        types = [("tls", "tcp"), ("mqtts", "mqtt"), ("imss", "ims"), ("ipics", "ipic")]
        recorder = self.start(*(self.rule(client, client, plain, port=upstream.port) for client, plain in types))

        def say(port):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
                with client_context(self.trusted()).wrap_socket(plain, server_hostname="localhost") as secured:
                    secured.sendall(b"a line\n")
                    return secured.recv(100)

        for _, port in recorder.addresses:
            self.assertEqual(say(port), b"a line\n")
        recorder.stop()
        self.assertEqual(self.value("select count(*) from sessions where tls_version = 'TLSv1.3'"), len(types))
        upstream.stop()
        player = self.replay(env=clean_environment(**self.home))
        for _, port in player.addresses:
            self.assertEqual(say(port), b"a line\n")
        player.stop()

    def test_old_partners(self):
        recorder = self.start(self.rule("old", "https", "http", more='tlsMin="1.0" ciphers="ALL:@SECLEVEL=0"'),
                              self.rule("new", "https", "http"))
        context = ["--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0", "--insecure"]
        self.assertIn(b"GET /", curl(*context, f"https://127.0.0.1:{recorder.addresses[0][1]}/"))
        with self.assertRaisesRegex(AssertionError, "(?i)protocol version|alert"):
            curl(*context, f"https://127.0.0.1:{recorder.addresses[1][1]}/")

    def test_unkind_handshakes_cost_nothing(self):
        recorder = self.start(self.rule("target", "https", "http"), more=["--handshake-timeout", "500ms"])
        with Wire(recorder.port) as wire:  # a plain request
            wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            status, _, body = wire.reply()
            self.assertEqual(status, 400)
            self.assertIn(b"HTTPS", body)
        for garbage in (b"\x16\x03\x01\x00\x05hello", b"\x00" * 200, b"SSH-2.0-x\r\n", b"\x16"):
            with Wire(recorder.port) as wire, contextlib.suppress(ConnectionError):
                wire.send(garbage)
                wire.read_to_end()
        for name in ("*.wild.test", "a" * 300, "x..y"):
            with contextlib.suppress(OSError, ValueError, UnicodeError):
                https_get(recorder.port, name=name)
        self.assertEqual(https_get(recorder.port, ca=self.trusted(), name="localhost")[0], 200)
        recorder.stop()
        reasons = [row[0] for row in self.rows("select tls_error from sessions where tls_error is not null")]
        self.assertGreaterEqual(len(reasons), 5, reasons)
        self.assertTrue(all(reasons), reasons)

    def test_mismatched_and_missing_files(self):
        certificate, _ = self.private.issue("a.test")
        _, other_key = self.private.issue("b.test")
        cases = [f'cert="{certificate}" key="{other_key}"', 'cert="missing.pem"', f'clientCert="{other_key}"',
                 'tlsMin="1.4"', 'ciphers="NO-SUCH-CIPHER"']
        for more in cases:
            config = self.config(f'\n<forward bind="localhost:0" destination="localhost:1" type="https" {more}/>')
            done = self.run_program("record", self.store, "--config", config, env=clean_environment(**self.home))
            self.assertEqual(done.returncode, 2, (more, done.stderr))
            self.assertIn("registration.xml:2", done.stderr, more)

    def test_a_ca_directory_that_cannot_be_written(self):
        blocked = self.folder / "blocked"
        blocked.write_text("a file, no folder")
        config = self.config(self.rule("any", "https", "http"))
        done = self.run_program("record", self.store, "--config", config,
                                env=clean_environment(XDG_DATA_HOME=str(blocked)))
        self.assertEqual(done.returncode, 3, done.stderr)

    def test_key_log(self):
        log = self.folder / "keys.log"
        config = self.config(self.rule("logged", "https"))
        recorder = self.record("--config", config, env=clean_environment(**self.home, SSLKEYLOGFILE=str(log)))
        https_get(recorder.port, ca=self.trusted(), name="localhost")
        recorder.stop()
        self.assertGreaterEqual(log.read_text().count("CLIENT_TRAFFIC_SECRET_0"), 2)


if __name__ == "__main__":
    main()
