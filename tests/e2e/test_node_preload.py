"""ui/cli/node_preload.js, without the program: where Node's fetch, http and https go with it."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import socketserver
import ssl
import subprocess
import threading
import unittest

from support import PATIENCE, Case, clean_environment, main

PRELOAD = pathlib.Path(__file__).resolve().parents[2] / "ui" / "cli" / "node_preload.js"
NODE = os.environ.get("UNDERSTUDY_NODE", "node")
HOST = "api.example.test"  # known to nobody: only a proxy gets there

SCRIPT = """
const http = require('http'), https = require('https');
const text = (reply) => new Promise((done, failed) => {
  let all = '';
  reply.on('data', (piece) => all += piece).on('end', () => done(all)).on('error', failed);
});
const call = (module, url, options = {}) => new Promise((done, failed) => {
  const request = module.request(url, options, (reply) => text(reply).then(done, failed));
  request.on('error', failed);
  request.end(options.content);
});
(async () => { %s })().then((value) => console.log(value), (error) => {
  console.log(`failed: ${error.message} ${error.cause ? error.cause.message : ''}`);
});
"""


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def head_of(reader):
    lines = []
    while True:
        line = reader.readline().decode().rstrip("\r\n")
        if not line:
            return lines
        lines.append(line)


def answer(stream, lines):
    """Says what was asked, as a client would see it."""
    reader = stream.makefile("rb")
    size = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
    body = json.dumps({"head": lines, "body": reader.read(size).decode()}).encode()
    stream.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Proxy(socketserver.BaseRequestHandler):
    """Answers requests itself; every tunnel leads to the one TLS server there is."""

    def handle(self):
        reader = self.request.makefile("rb", buffering=0)
        lines = head_of(reader)
        if not lines:
            return
        self.server.heads.append(lines)
        if not lines[0].startswith("CONNECT "):
            answer(self.request, lines)
        elif "refused" in lines[0]:
            self.request.sendall(b"HTTP/1.1 403 Not there\r\nContent-Length: 0\r\n\r\n")
        else:
            self.request.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
            with contextlib.suppress(ssl.SSLError, OSError):
                with self.server.tls.wrap_socket(self.request, server_side=True) as secure:
                    answer(secure, head_of(secure.makefile("rb", buffering=0)))
                    secure.unwrap()


class Direct(socketserver.BaseRequestHandler):
    def handle(self):
        lines = head_of(self.request.makefile("rb", buffering=0))
        if lines:
            answer(self.request, lines)


@unittest.skipUnless(shutil.which(NODE), "there is no Node here")
class NodePreload(Case):
    def setUp(self):
        super().setUp()
        self.certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "1", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
                        "-keyout", key, "-out", self.certificate], check=True, capture_output=True)
        self.proxy = self.serve(Proxy)
        self.proxy.heads = []
        self.proxy.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.proxy.tls.load_cert_chain(self.certificate, key)
        self.direct = self.serve(Direct)

    def serve(self, handler):
        server = Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def node(self, expression, login="", **environment):
        """What an asynchronous piece of JavaScript returns, as text."""
        proxy = f"http://{login}127.0.0.1:{self.proxy.server_address[1]}"
        environment = {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": "",
                       "NODE_EXTRA_CA_CERTS": str(self.certificate), **environment}
        done = subprocess.run([NODE, "--require", PRELOAD, "-e", SCRIPT % expression], capture_output=True,
                              text=True, timeout=PATIENCE, check=False, env=clean_environment(**environment))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def asked(self, expression, **options):
        """The head and the body of the request that was answered."""
        text = self.node(expression, **options)
        self.assertTrue(text.startswith("{"), text)
        answered = json.loads(text)
        return answered["head"], answered["body"]

    def test_http_goes_in_absolute_form(self):
        for expression in (f"return call(http, 'http://{HOST}/a?b=c')",
                           f"return call(http, 'http://{HOST}/a?b=c', {{agent: new http.Agent({{keepAlive: true}})}})",
                           f"return call(http, 'http://{HOST}/a?b=c', {{agent: false}})",
                           f"return (await fetch('http://{HOST}/a?b=c')).text()"):
            with self.subTest(expression):
                head, _ = self.asked(expression)
                self.assertEqual(head[0], f"GET http://{HOST}/a?b=c HTTP/1.1")
                self.assertEqual([line.lower() for line in head].count(f"host: {HOST}"), 1, head)

    def test_ports_are_kept(self):
        for expression in (f"return call(http, 'http://{HOST}:8080/')",
                           f"return (await fetch('http://{HOST}:8080/')).text()"):
            head, _ = self.asked(expression)
            self.assertEqual(head[0], f"GET http://{HOST}:8080/ HTTP/1.1")
            self.assertIn(f"host: {HOST}:8080", [line.lower() for line in head])

    def test_bodies_and_headers_arrive(self):
        for expression in (f"return call(http, 'http://{HOST}/', {{method: 'POST', content: 'hello', "
                           "headers: {'X-One': '1', 'Content-Length': '5'}})",
                           f"return (await fetch('http://{HOST}/', {{method: 'POST', body: 'hello', "
                           "headers: {'X-One': '1'}})).text()"):
            with self.subTest(expression):
                head, body = self.asked(expression)
                self.assertEqual(head[0], f"POST http://{HOST}/ HTTP/1.1")
                self.assertIn("x-one: 1", [line.lower() for line in head])
                self.assertEqual(body, "hello")

    def test_heads_that_were_written_early(self):
        head, _ = self.asked(f"return call(http, 'http://{HOST}/', {{headers: ['Host', '{HOST}', 'X-One', '1']}})",
                             login="ada:p%40ss@")
        self.assertEqual(head[0], f"GET http://{HOST}/ HTTP/1.1")
        self.assertIn("X-One: 1", head)
        self.assertIn("Proxy-Authorization: Basic " + base64.b64encode(b"ada:p@ss").decode(), head)

    def test_https_goes_through_a_tunnel(self):
        for expression in (f"return call(https, 'https://{HOST}/a')",
                           f"return call(https, 'https://{HOST}/a', {{agent: new https.Agent({{keepAlive: true}})}})",
                           f"return (await fetch('https://{HOST}/a')).text()"):
            with self.subTest(expression):
                self.proxy.heads.clear()
                head, _ = self.asked(expression)
                self.assertEqual(head[0], "GET /a HTTP/1.1")
                self.assertEqual([lines[0] for lines in self.proxy.heads], [f"CONNECT {HOST}:443 HTTP/1.1"])

    def test_a_password_is_given_everywhere(self):
        expected = "proxy-authorization: basic " + base64.b64encode(b"ada:p@ss").decode().lower()
        for expression in (f"return call(http, 'http://{HOST}/')", f"return call(https, 'https://{HOST}/')",
                           f"return (await fetch('http://{HOST}/')).text()",
                           f"return (await fetch('https://{HOST}/')).text()"):
            with self.subTest(expression):
                self.proxy.heads.clear()
                self.node(expression, login="ada:p%40ss@")
                self.assertIn(expected, [line.lower() for line in self.proxy.heads[0]])

    def test_a_refusal_is_an_error(self):
        for expression in ("return call(https, 'https://refused.example.test/')",
                           "return (await fetch('https://refused.example.test/')).text()"):
            with self.subTest(expression):
                self.assertIn("403 Not there", self.node(expression))

    def test_certificates_are_checked(self):
        for expression in (f"return call(https, 'https://other.{HOST}/')",
                           f"return (await fetch('https://other.{HOST}/')).text()"):
            with self.subTest(expression):
                self.assertIn("altname", self.node(expression).lower())

    def test_no_proxy(self):
        port = self.direct.server_address[1]
        for entries in ("127.0.0.1", f"127.0.0.1:{port}", f"other.example.test, 127.0.0.1:{port}", "*"):
            for expression in (f"return call(http, 'http://127.0.0.1:{port}/a')",
                               f"return (await fetch('http://127.0.0.1:{port}/a')).text()"):
                with self.subTest(entries):
                    head, _ = self.asked(expression, NO_PROXY=entries)
                    self.assertEqual(head[0], "GET /a HTTP/1.1")
        self.assertEqual(self.proxy.heads, [])
        for entries in (f"127.0.0.1:{port + 1}", "0.0.1", "example.test:80"):
            head, _ = self.asked(f"return call(http, 'http://127.0.0.1:{port}/a')", NO_PROXY=entries)
            self.assertEqual(head[0], f"GET http://127.0.0.1:{port}/a HTTP/1.1")

    def test_who_speaks_to_the_proxy_already_does_so_unchanged(self):
        port = self.proxy.server_address[1]
        head, _ = self.asked(f"return call(http, 'http://127.0.0.1:{port}/', {{path: 'http://{HOST}/a'}})")
        self.assertEqual(head[0], f"GET http://{HOST}/a HTTP/1.1")

    def test_without_the_variables_nothing_changes(self):
        port = self.direct.server_address[1]
        for expression in (f"return call(http, 'http://127.0.0.1:{port}/a')",
                           f"return (await fetch('http://127.0.0.1:{port}/a')).text()"):
            head, _ = self.asked(expression, HTTP_PROXY="", HTTPS_PROXY="")
            self.assertEqual(head[0], "GET /a HTTP/1.1")


if __name__ == "__main__":
    main()
