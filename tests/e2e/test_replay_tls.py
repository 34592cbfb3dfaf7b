"""Replay towards clients that speak TLS or come through the proxy: what only the replaying side decides."""

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import xml.etree.ElementTree

from support import PATIENCE, Case, Wire, clean_environment, curl, free_port, get, main, split_address
from tls import Nginx, PrivateCa, client_context
from upstreams import HttpUpstream, TcpUpstream


class Player(Case):
    """Records and replays with an authority of its own."""

    def setUp(self):
        super().setUp()
        self.env = clean_environment(XDG_DATA_HOME=str(self.folder / "data"))
        self.private = PrivateCa(self)

    def config(self, rules, name="registration.xml"):
        path = self.folder / name
        path.write_text(f'<registration caFile="{self.private.pem}">{rules}</registration>')
        return path

    def nginx(self, **more):
        return Nginx(self, *self.private.issue("localhost", "127.0.0.1"), **more)

    def ca(self, program):
        return str(program.ready["ca"])

    @contextlib.contextmanager
    def secured(self, port, ca, name="localhost"):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
            with client_context(ca).wrap_socket(plain, server_hostname=name) as wrapped:
                yield wrapped

    def https_get(self, port, path, ca):
        with self.secured(port, ca) as wrapped:
            wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
            reply = http.client.HTTPResponse(wrapped)
            reply.begin()
            return reply.status, reply.headers, reply.read()


class Rules(Player):
    def test_links_lead_back_the_way_the_client_came(self):
        nginx = self.nginx(locations="location /old { return 302 https://$http_host/new; }")
        config = self.config(f'<forward name="api" bind="localhost:0" destination="localhost:{nginx.port}" type="https"/>')
        recorder = self.record("--config", config, env=self.env)
        status, headers, _ = self.https_get(recorder.port, "/old", self.ca(recorder))
        self.assertEqual((status, headers["Location"]), (302, f"https://localhost:{recorder.port}/new"))
        recorder.stop()
        nginx.stop()
        player = self.replay(env=self.env)
        self.assertEqual(self.https_get(player.port, "/old", self.ca(player))[1]["Location"],
                         f"https://localhost:{player.port}/new")
        self.assertEqual(get(player.port, "/old", host="localhost")[1]["Location"], f"http://localhost:{player.port}/new")
        player.stop()

    def test_files_that_were_the_recorders_need_not_be_here(self):
        upstream = HttpUpstream(self)
        certificate, key = (self.folder / name for name in ("own.pem", "own.key"))
        for made, copy in zip(self.private.issue("localhost"), (certificate, key)):
            shutil.copy(made, copy)
        config = self.config(f'''<forward name="api" bind="localhost:0" destination="127.0.0.1:{upstream.port}" type="https"
                                  destinationType="http" cert="{certificate}" key="{key}"/>''')
        recorder = self.record("--config", config, env=self.env)
        self.assertEqual(self.https_get(recorder.port, "/x", self.private.pem)[0], 200)
        recorder.stop()
        certificate.unlink()
        player = self.replay(env=self.env)
        self.assertIn("own.pem", player.output())
        self.assertIn("generated certificate", player.output())
        self.assertEqual(self.https_get(player.port, "/x", self.ca(player))[0], 200)
        player.stop()
        done = self.run_program("replay", self.store, "--config", config, "--ui", "off", env=self.env)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("own.pem", done.stderr)

    def test_a_server_that_speaks_first(self):
        def greet(connection, _):
            with client_side(connection, *pair) as secured:
                secured.sendall(b"220 ready\r\n")
                secured.sendall(secured.recv(100))

        pair = self.private.issue("localhost")
        upstream = TcpUpstream(self, greet)
        config = self.config(f'<forward name="mail" bind="localhost:0" destination="localhost:{upstream.port}" type="tls"/>')
        recorder = self.record("--config", config, env=self.env)
        self.talk(recorder)
        recorder.stop()
        upstream.stop()
        player = self.replay(env=self.env)
        self.talk(player)
        player.stop()

    def talk(self, program):
        with self.secured(program.port, self.ca(program)) as wrapped, wrapped.makefile("rb") as reader:
            self.assertEqual(reader.readline(), b"220 ready\r\n")
            wrapped.sendall(b"QUIT\r\n")
            self.assertEqual(reader.readline(), b"QUIT\r\n")

    def test_handshakes_that_fail_are_told_and_cost_nothing(self):
        upstream = HttpUpstream(self)
        config = self.config(f'''<forward name="api" bind="localhost:0" destination="127.0.0.1:{upstream.port}" type="https"
                                  destinationType="http"/>''')
        recorder = self.record("--config", config, env=self.env)
        self.https_get(recorder.port, "/x", self.ca(recorder))
        recorder.stop()
        player = self.replay(env=self.env)
        for junk in (b"\x16\x03\x01\x00\x04junk", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x01" * 600):
            with Wire(player.port) as wire, contextlib.suppress(ConnectionError):
                wire.send(junk)
                wire.finish()
                wire.read_to_end()
        self.assertEqual(self.https_get(player.port, "/x", self.ca(player))[0], 200)
        player.stop()
        self.assertIn("service=api no TLS with the client: ", player.output())
        self.assertIn("2 failed TLS handshakes", player.output())


def client_side(connection, certificate, key):
    """TLS with whoever connected to a server of ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context.wrap_socket(connection, server_side=True)


class Proxy(Player):
    def ask(self, program, url, *options):
        return curl("--cacert", self.ca(program), "--noproxy", "", "--proxy", f"http://{program.ready['proxy']}", *options, url)

    def status(self, program, url, *options):
        return self.ask(program, url, "-o", "/dev/null", "-w", "%{http_code}", *options).decode()

    def test_reports_name_places(self):
        upstream, nginx = HttpUpstream(self), self.nginx()
        urls = [f"http://127.0.0.1:{upstream.port}/a", f"https://localhost:{nginx.port}/a"]
        recorder = self.record("--config", self.config('<http-proxy port="0" bind-address="localhost"/>'), env=self.env)
        for url in urls:
            self.ask(recorder, url)
        recorder.stop()
        as_json, as_xml = self.folder / "report.json", self.folder / "report.xml"
        player = self.replay("--report", as_json, "--report", as_xml, "--fail-on", "all", env=self.env)
        for url in urls:
            self.ask(player, url)
        self.assertEqual(self.status(player, "https://other.test/a"), "501")
        player.stop(code=1)
        report = json.loads(as_json.read_text())
        self.assertLessEqual({"exact": 2, "missed": 1, "control": 2, "unused": 0, "outgoing": 0}.items(), report["totals"].items())
        self.assertEqual([(one["label"], one["outcome"]) for one in report["requests"]],
                         [(f"GET {urls[0]}", "exact"), (f"CONNECT localhost:{nginx.port}", "control"), (f"GET {urls[1]}", "exact"),
                          ("CONNECT other.test:443", "control"), ("GET https://other.test/a", "missed")])
        near = report["requests"][-1]["nearest"][0]["differences"]
        self.assertEqual([(one["field"], one["got"]) for one in near], [("place", "https://other.test")])
        names = [case.get("name") for case in xml.etree.ElementTree.parse(as_xml).getroot().iter("testcase")]
        self.assertEqual(names, [f"GET {urls[0]}", f"GET {urls[1]}", "GET https://other.test/a"])

    def test_the_recorded_port_is_served_again(self):
        upstream, port = HttpUpstream(self), free_port()
        url = f"http://127.0.0.1:{upstream.port}/a"
        recorder = self.record("--proxy", port, env=self.env)
        self.ask(recorder, url)
        recorder.stop()
        upstream.stop()
        player = self.replay(env=self.env)
        self.assertEqual(split_address(player.ready["proxy"])[1], port)
        self.assertEqual(self.ask(player, url), b"hello from upstream\n")
        player.stop()
        elsewhere = self.replay("--proxy", "127.0.0.1:0", env=self.env)
        self.assertNotEqual(split_address(elsewhere.ready["proxy"])[1], port)
        self.assertEqual(self.ask(elsewhere, url), b"hello from upstream\n")
        elsewhere.stop()

    def test_a_recording_without_a_proxy_has_none_to_serve(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule, env=self.env)
        get(recorder.port)
        recorder.stop()
        done = self.run_program("replay", self.store, "--proxy", "127.0.0.1:0", "--ui", "off", env=self.env)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("forward proxy", done.stderr)

    def test_blind_tunnels_are_not_served_and_listed(self):
        nginx = self.nginx()
        config = self.config('<http-proxy port="0" bind-address="localhost" passthrough="localhost"/>')
        recorder = self.record("--config", config, env=self.env)
        self.ask(recorder, f"https://localhost:{nginx.port}/blind", "--cacert", str(self.private.pem))
        recorder.stop()
        player = self.replay(env=self.env)
        player.stop()
        self.assertRegex(player.output(), r"not served: exchange \d+: passed on unread: \d+ bytes")

    def test_socks_tunnels_of_bytes(self):
        def echo(connection, reader):
            for line in reader:
                connection.sendall(line.upper())

        upstream = TcpUpstream(self, echo)
        asked = b"\x05\x01\x00" + b"\x05\x01\x00\x01\x7f\x00\x00\x01" + upstream.port.to_bytes(2, "big") + b"hello\n"

        def talk(program):
            with Wire(split_address(program.ready["proxy"])[1]) as wire:
                wire.send(asked)
                self.assertEqual(wire.read(12)[:4], b"\x05\x00\x05\x00")
                self.assertEqual(wire.line(), b"HELLO\n")
                wire.finish()
                wire.read_to_end()

        recorder = self.record("--proxy", "127.0.0.1:0", env=self.env)
        talk(recorder)
        recorder.stop()
        upstream.stop()
        player = self.replay("--fail-on", "all", env=self.env)
        talk(player)
        player.stop()

    def test_the_hosts_file_trick(self):
        upstream, port = HttpUpstream(self), free_port()
        config = self.config(f'''<http-proxy port="{port}" bind-address="localhost"/>
                                 <forward name="trick" bind="localhost:0" destination="localhost:{port}"/>''')
        headers = {"Host": f"127.0.0.1:{upstream.port}"}
        recorder = self.record("--config", config, env=self.env)
        get(split_address(recorder.rules["trick"])[1], "/x", headers)
        recorder.stop()
        upstream.stop()
        player = self.replay("--config", config, env=self.env)
        trick = split_address(player.rules["trick"])[1]
        self.assertEqual(get(trick, "/x", headers)[2], b"hello from upstream\n")
        self.assertEqual(get(trick, "/x", {"Host": "other.test"})[0], 501)
        player.stop(code=1)

    def test_credentials_are_those_of_the_replay(self):
        upstream, secret = HttpUpstream(self), self.folder / "secret"
        secret.write_text("open sesame\n")
        url = f"http://127.0.0.1:{upstream.port}/x"
        recorder = self.record("--proxy", "127.0.0.1:0", env=self.env)
        self.ask(recorder, url)
        recorder.stop()
        player = self.replay("--proxy", "127.0.0.1:0", "--proxy-auth", f"tester:{secret}", env=self.env)
        self.assertEqual(self.status(player, url), "407")
        self.assertEqual(self.status(player, url, "--proxy-user", "tester:open sesame"), "200")
        player.stop()

    def test_nothing_connects_out_or_asks_for_a_name(self):
        if not shutil.which("strace"):
            self.skipTest("strace is missing")
        upstream = HttpUpstream(self)
        recorder = self.record("--proxy", "127.0.0.1:0", env=self.env)
        self.ask(recorder, f"http://localhost:{upstream.port}/known")
        recorder.stop()
        trace = self.folder / "trace"
        player = self.replay(wrapper=["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", trace], env=self.env)
        self.assertEqual(self.status(player, f"http://localhost:{upstream.port}/known"), "200")
        self.assertEqual(self.status(player, "https://example.com/unknown"), "501")
        player.stop(code=1)
        connects = [line for line in trace.read_text().splitlines() if "connect(" in line and "AF_UNIX" not in line]
        self.assertEqual(connects, [])


if __name__ == "__main__":
    main()
