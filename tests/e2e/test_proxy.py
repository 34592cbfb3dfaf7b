"""The forward proxy with curl and raw connections: absolute targets, CONNECT of every kind, SOCKS5."""

import contextlib
import json
import pathlib
import socket
import subprocess

from support import (PATIENCE, Case, Wire, clean_environment, curl, free_port, get, main, split_address,
                     wait_until)
from tls import Nginx, PrivateCa
from upstreams import HttpUpstream, TcpUpstream


class Proxy(Case):
    def setUp(self):
        super().setUp()
        self.home = {"XDG_DATA_HOME": str(self.folder / "data")}
        self.private = PrivateCa(self)

    def start(self, *options, attributes="", rules="", command="record"):
        config = self.folder / "registration.xml"
        config.write_text(f'<registration caFile="{self.private.pem}">'
                          f'<http-proxy port="0" bind-address="localhost" {attributes}/>{rules}</registration>')
        start = self.record if command == "record" else self.replay
        program = start("--config", config, *options, env=clean_environment(**self.home))
        self.proxy = program.ready["proxy"]
        self.ca = program.ready["ca"]
        return program

    def ask(self, url, *options, proxy=None):
        return curl("--cacert", self.ca, "--noproxy", "", "--proxy", proxy or f"http://{self.proxy}", *options, url)

    def status(self, url, *options, proxy=None):
        """(status, the proxy's own status to CONNECT) where curl may fail."""
        done = subprocess.run(["curl", "-q", "-sS", "--max-time", str(PATIENCE), "--noproxy", "", "--cacert", self.ca,
                               "--proxy", proxy or f"http://{self.proxy}", "-o", "/dev/null",
                               "-w", "%{http_code} %{http_connect}", *options, url],
                              capture_output=True, text=True, check=False, env=clean_environment())
        return tuple(map(int, done.stdout.split()))

    def wire(self):
        return Wire(split_address(self.proxy)[1])

    def nginx(self, *names, **more):
        return Nginx(self, *self.private.issue(*(names or ("localhost",))), **more)

    def test_plain_and_secure_requests_are_recorded_and_replayed(self):
        nginx = self.nginx()
        urls = [f"http://localhost:{nginx.plain_port}/plain?a=1", f"https://localhost:{nginx.port}/secure?a=1"]
        recorder = self.start()
        answers = [self.ask(url) for url in urls]
        self.assertIn(b"/plain?a=1", answers[0])
        self.assertIn(b"tls=TLSv1.3", answers[1])
        recorder.stop()
        self.assertEqual([row[0] for row in self.rows("select url from http where origin = 'upstream' order by id")], urls)
        self.assertEqual(json.loads(self.value("select upstream_tls from sessions where upstream_tls is not null"))[0]["verified"],
                         "ok")
        nginx.stop()
        player = self.start(command="replay")
        self.assertEqual([self.ask(url) for url in urls], answers)
        self.assertEqual(self.status(f"https://localhost:{nginx.port}/other"), (501, 200))
        self.assertEqual(self.status("https://never.recorded.test/secure?a=1"), (501, 200))
        self.assertEqual(self.status(f"http://localhost:{nginx.port}/secure?a=1")[0], 501, "another scheme is another place")
        player.stop(code=1)

    def test_two_hosts_on_one_connection(self):
        first, second = HttpUpstream(self, lambda _: (200, {}, b"one")), HttpUpstream(self, lambda _: (200, {}, b"two"))
        self.start()
        with self.wire() as wire:
            for upstream, body in ((first, b"one"), (second, b"two"), (first, b"one")):
                wire.send(f"GET http://127.0.0.1:{upstream.port}/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                self.assertEqual(wire.reply()[2], body)

    def test_the_proxy_over_tls(self):
        nginx = self.nginx()
        self.start()
        self.assertIn(b"tls=TLSv1.3", self.ask(f"https://localhost:{nginx.port}/in", "--proxy-cacert", self.ca,
                                               proxy=f"https://{self.proxy}"))
        self.assertIn(b"/out", self.ask(f"http://localhost:{nginx.plain_port}/out", "--proxy-cacert", self.ca,
                                        proxy=f"https://{self.proxy}"))

    def test_a_large_body_through_tls_in_tls(self):
        body = bytes(range(256)) * 40_000
        upstream = HttpUpstream(self, lambda request: (200, {}, request.body))
        folder = self.folder / "body"
        folder.write_bytes(body)
        nginx = self.nginx(locations=f"client_max_body_size 0; location /echo {{ proxy_pass http://127.0.0.1:{upstream.port}; }}")
        self.start()
        echoed = self.ask(f"https://localhost:{nginx.port}/echo", "--proxy-cacert", self.ca, "--data-binary", f"@{folder}",
                          proxy=f"https://{self.proxy}")
        self.assertEqual(echoed, body)

    def test_socks(self):
        nginx = self.nginx()
        recorder = self.start()
        for scheme in ("socks5", "socks5h"):
            self.assertIn(b"/s", self.ask(f"https://localhost:{nginx.port}/s", proxy=f"{scheme}://{self.proxy}"))
        self.assertIn(b"/p", self.ask(f"http://localhost:{nginx.plain_port}/p", proxy=f"socks5h://{self.proxy}"))
        recorder.stop()
        self.assertEqual(self.value("select count(*) from http where url like 'https://localhost:%/s'"), 1)
        player = self.start(command="replay")
        self.assertIn(b"/p", self.ask(f"http://localhost:{nginx.plain_port}/p", proxy=f"socks5h://{self.proxy}"))
        player.stop()

    def test_a_raw_tunnel_is_recorded_and_replayed(self):
        def greet_and_echo(connection, reader):
            connection.sendall(b"220 ready\r\n")
            for line in reader:
                connection.sendall(line)

        upstream = TcpUpstream(self, greet_and_echo)
        recorder = self.start()
        connect = f"CONNECT 127.0.0.1:{upstream.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

        def talk():
            with self.wire() as wire:
                wire.send(connect)
                self.assertIn(b" 200 ", wire.line())
                while wire.line().strip():
                    pass
                self.assertEqual(wire.line(), b"220 ready\r\n")
                wire.send(b"EHLO a\r\n")
                self.assertEqual(wire.line(), b"EHLO a\r\n")
                wire.finish()
                self.assertEqual(wire.read_to_end(), b"")

        talk()
        recorder.stop()
        self.assertIn(("raw",), self.rows("select protocol from exchanges"))
        upstream.stop()
        player = self.start(command="replay")
        talk()
        player.stop()

    def test_passthrough_is_not_read(self):
        nginx = self.nginx()
        recorder = self.start(attributes='passthrough="localhost"')
        body = curl("--cacert", str(self.private.pem), "--noproxy", "", "--proxy", f"http://{self.proxy}",
                    f"https://localhost:{nginx.port}/blind")
        self.assertIn(b"/blind", body)
        recorder.stop()
        protocol, note = self.rows("select protocol, note from exchanges order by id desc limit 1")[0]
        self.assertEqual(protocol, "opaque")
        self.assertIn("bytes from the client", note)
        self.assertNotIn(b"/blind", self.store.read_bytes())

    def test_a_client_that_does_not_take_our_certificate(self):
        nginx = self.nginx()
        recorder = self.start("--passthrough-on-reject")
        wanted = ("--cacert", str(self.private.pem))  # the last one counts
        self.assertEqual(self.status(f"https://localhost:{nginx.port}/", *wanted), (0, 200))
        wait_until(lambda: self.rows("select 1 from sessions where note is not null"), "the note on the rejection")
        self.assertEqual(self.status(f"https://localhost:{nginx.port}/", *wanted), (200, 200))
        recorder.stop()
        self.assertIn("localhost", self.value("select note from sessions where note is not null"))
        self.assertTrue(self.value("select tls_error from sessions where tls_error is not null"))

    def test_upstreams_that_cannot_be_trusted(self):
        cases = {"expired": self.private.issue("localhost", days=-1), "mismatch": self.private.issue("other.test"),
                 "self-signed": PrivateCa(self, "Somebody else").issue("localhost")}
        recorder = self.start()
        for reason, pair in cases.items():
            nginx = Nginx(self, *pair)
            body = self.ask(f"https://localhost:{nginx.port}/{reason}")
            self.assertIn(reason, body.decode())
        recorder.stop()
        self.assertEqual(self.value("select count(*) from http where status = 502 and origin = 'understudy'"), 3)

    def test_what_connect_may_not(self):
        nginx = self.nginx()
        url = f"https://localhost:{nginx.port}/"
        self.start(attributes='disableConnectForwarding="true"')
        self.assertEqual(self.status(url), (0, 405))

    def test_ports_that_connect_may_reach(self):
        nginx = self.nginx()
        self.start(attributes=f'connectPorts="{nginx.port}"')
        self.assertEqual(self.status(f"https://localhost:{nginx.port}/"), (200, 200))
        self.assertEqual(self.status(f"https://localhost:{nginx.plain_port}/"), (0, 403))

    def test_credentials(self):
        secret = self.folder / "secret"
        secret.write_text("open sesame\n")
        upstream = HttpUpstream(self)
        recorder = self.start("--proxy-auth", f"tester:{secret}")
        url = f"http://127.0.0.1:{upstream.port}/x"
        self.assertEqual(self.status(url)[0], 407)
        self.assertEqual(self.status(url, "--proxy-user", "tester:wrong")[0], 407)
        self.assertEqual(self.status(url, "--proxy-user", "tester:open sesame")[0], 200)
        self.assertEqual(self.status(url, proxy=f"socks5h://tester:open%20sesame@{self.proxy}")[0], 200)
        self.assertNotIn("Proxy-Authorization", upstream.requests[0].headers)
        recorder.stop()
        stored = self.store.read_bytes()
        self.assertNotIn(b"dGVzdGVyOm9wZW4gc2VzYW1l", stored)
        self.assertNotIn(b"open sesame", stored)

    def test_a_loop_is_told(self):
        self.start()
        port = split_address(self.proxy)[1]
        self.assertEqual(self.status(f"http://localhost:{port}/x")[0], 508)
        self.assertEqual(self.status(f"https://localhost:{port}/x"), (0, 508))

    def test_nobody_there(self):
        self.start()
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        self.assertEqual(self.status(f"http://127.0.0.1:{port}/x")[0], 502)
        self.assertEqual(self.status(f"https://127.0.0.1:{port}/x"), (0, 502))
        self.assertEqual(self.status("https://no-such-host.invalid/x"), (0, 502))

    def test_the_certificate_is_given_away(self):
        self.start()
        pem = curl(f"http://{self.proxy}/understudy/ca.pem")
        self.assertEqual(pem.decode(), pathlib.Path(self.ca).read_text())

    def test_the_hosts_file_trick(self):
        upstream, port = HttpUpstream(self), free_port()
        config = self.folder / "registration.xml"
        config.write_text(f'''<registration><http-proxy port="{port}" bind-address="localhost"/>
            <forward name="trick" bind="localhost:0" destination="localhost:{port}"/></registration>''')
        recorder = self.record("--config", config, env=clean_environment(**self.home))
        status, _, body = get(recorder.port, "/x", headers={"Host": f"127.0.0.1:{upstream.port}"})
        self.assertEqual((status, body), (200, b"hello from upstream\n"))
        recorder.stop()
        self.assertEqual(self.value("select url from http"), f"http://127.0.0.1:{upstream.port}/x")

    def test_a_client_that_stops_after_its_hello(self):
        recorder = self.start("--handshake-timeout", "500ms")
        nginx = self.nginx()
        with self.wire() as wire:
            wire.send(f"CONNECT localhost:{nginx.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wire.line()
            wire.line()
            wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            with contextlib.suppress(ConnectionError):
                wire.read_to_end()
        recorder.stop()
        self.assertIn("did not end within", self.value("select tls_error from sessions where tls_error is not null"))

    def test_a_flood_of_connects(self):
        nginx = self.nginx()
        recorder = self.start()
        wires = []
        with contextlib.ExitStack() as stack:
            for _ in range(300):
                wire = stack.enter_context(self.wire())
                wire.send(f"CONNECT localhost:{nginx.plain_port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                wires.append(wire)
            for wire in wires:
                self.assertIn(b" 200 ", wire.line())
        self.assertEqual(self.status(f"https://localhost:{nginx.port}/"), (200, 200))
        recorder.stop()

    def test_through_another_proxy(self):
        nginx = self.nginx()
        other = self.record("--proxy", "127.0.0.1:0", env=clean_environment(**self.home))
        self.store = self.folder / "second.db"
        recorder = self.start("--upstream-proxy", f"http://{other.ready['proxy']}")
        self.assertIn(b"/far", self.ask(f"http://localhost:{nginx.plain_port}/far"))
        recorder.stop()
        other.stop()
        self.assertIn(("CONNECT", f"localhost:{nginx.plain_port}"),
                      self.rows("select method, resource from exchanges", store=self.folder / "run.db"))


if __name__ == "__main__":
    main()
