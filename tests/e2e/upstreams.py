"""Systems to record: an HTTP server whose every answer a test writes, a raw TCP server, nginx.

They listen on 127.0.0.1, or the host they are given, and end with the test. `stop()` ends one earlier, for replays without it.
"""

import contextlib
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support import free_port, in_thread, wait_until


def _family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # HTTPServer's asks DNS who we are

    def handle_error(self, request, client_address):
        pass  # peers break off on purpose here


class HttpUpstream:
    """`answer(request)` returns (status, headers, body); `requests` lists what arrived.

    A request has method, path, headers and body. The reply gets a Content-Length unless its
    headers name a framing. `tls`: (certificate file, key file); none = plain.
    """

    def __init__(self, case, answer=None, port=0, host="127.0.0.1", tls=None):
        self.requests = []
        lock = threading.Lock()
        answer = answer or (lambda request: (200, {}, b"hello from upstream\n"))
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.method = self.command
                with lock:
                    upstream.requests.append(self)
                status, headers, body = answer(self)
                self.send_response(status)
                framed = {name.lower() for name in headers} & {"content-length", "transfer-encoding"}
                if not framed and status not in (204, 304):
                    headers = {**headers, "Content-Length": str(len(body))}
                for name, value in headers.items():
                    for one in value if isinstance(value, list) else [value]:
                        self.send_header(name, one)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = serve

            def log_message(self, *_):
                pass

        class Server(_Quiet):
            address_family = _family(host)

        self._server = Server((host, port), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        in_thread(self._server.serve_forever, 0.02)
        case.addCleanup(self.stop)

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def rule(self):
        return f"http://127.0.0.1:0=http://127.0.0.1:{self.port}"


class TcpUpstream:
    """`talk(connection, reader)` runs in a thread per connection; the connection closes after it."""

    def __init__(self, case, talk, host="127.0.0.1", port=0):
        self.connections = 0
        self.received = []  # whatever talk() appends
        upstream = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                upstream.connections += 1
                with contextlib.suppress(OSError), self.request.makefile("rb") as reader:
                    talk(self.request, reader)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            address_family = _family(host)
            request_queue_size = 1024
            daemon_threads = True
            handle_error = _Quiet.handle_error

        self._server = Server((host, port), Handler)
        self.port = self._server.server_address[1]
        in_thread(self._server.serve_forever, 0.02)
        case.addCleanup(self.stop)

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def rule(self):
        return f"tcp://127.0.0.1:0=tcp://127.0.0.1:{self.port}"

    @property
    def http_rule(self):
        return f"http://127.0.0.1:0=http://127.0.0.1:{self.port}"


def read_head(reader):
    """One HTTP head with its blank line, as bytes; empty at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return b""
        head += line
    return head


def silent_port(case):
    """A port where connecting neither succeeds nor fails: its accept queue is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    case.addCleanup(listener.close)
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        case.addCleanup(filler.close)
    return listener.getsockname()[1]


class Nginx:
    """The real server of the distribution, unprivileged, one worker, in the test's directory."""

    def __init__(self, case, locations):
        binary = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        case.assertIsNotNone(binary, "nginx is missing: samples/packages.sh names it")
        self.port = free_port()
        home = case.folder / "nginx"
        (home / "www").mkdir(parents=True)
        self.www = home / "www"
        user = "user root;" if os.geteuid() == 0 else ""
        (home / "nginx.conf").write_text(f"""
{user}
worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 100000000; default_type text/plain;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{ listen 127.0.0.1:{self.port}; root {home}/www;
{locations}
  }}
}}
""")
        self.process = subprocess.Popen([binary, "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        case.addCleanup(self.stop)
        wait_until(self._accepts, "nginx to listen")

    def _accepts(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()

    @property
    def rule(self):
        return f"http://127.0.0.1:0=http://127.0.0.1:{self.port}"
