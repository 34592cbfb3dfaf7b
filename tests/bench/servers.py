"""The servers that the bench compares, each on its cores and a free port of 127.0.0.1."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import cores
import process
import tls

PROGRAM = os.environ.get("UNDERSTUDY_PROGRAM", "build/release/understudy")
TOOLS = ("wrk", "openssl", "taskset", "haproxy", "nginx", PROGRAM)
PATIENCE = 60  # seconds until a server listens, or ends
SHOWN_LINES = 40  # of a log
FILLER = "x" * 1017  # after a number of six digits and a blank: 1 KiB


def which(tool):
    return shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running process with a port; ends with the `with` block, whatever happens in it.

    `store` is set where it records. `ready_seconds` runs from before the fork until it listens.
    """

    def __init__(self, folder, on_cores, command, port=None, ready_file=None, store=None, error_log=None):
        self.store, self.port, self._ready_file = store, port, ready_file
        self._strict = ready_file is not None  # one of ours: how it ends is a result
        self._logs = [folder / "server.log", *([error_log] if error_log else [])]
        self.name = command[0]
        before = time.monotonic()
        own = os.environ | {"XDG_DATA_HOME": str(folder / "data")}  # our authority, not the user's
        with self._logs[0].open("wb") as log:
            self._process = subprocess.Popen(cores.pinned(on_cores, map(str, command)), stdout=log, stderr=log, env=own)
        self.pid = self._process.pid
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        self.ready_seconds = time.monotonic() - before
        if ready_file:
            address = json.loads(ready_file.read_text())["rules"][0]["address"]
            self.port = int(address.rpartition(":")[2])
            ready_file.unlink()

    def _wait_until_ready(self):
        end = time.monotonic() + PATIENCE
        while not (self._ready_file.exists() if self._ready_file else self._accepts()):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not listen\n{self.log()}")
            time.sleep(0.002)

    def _accepts(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def log(self):
        """The last lines of what it wrote."""
        lines = [line for log in self._logs if log.exists()
                 for line in log.read_text(errors="replace").splitlines()]
        return "\n".join([f"--- log of {self.name}", *lines[-SHOWN_LINES:]]) if lines else ""

    def stop(self):
        """Asks it to end and waits; ours must end in time and with exit code 0."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            if self._strict:
                raise RuntimeError(f"{self.name} does not end in {PATIENCE} s\n{self.log()}") from None
        if self._strict and self._process.returncode:
            raise RuntimeError(f"{self.name} ended with {self._process.returncode}\n{self.log()}")

    def kill(self):
        """At once, with its children: a killed nginx would leave its worker behind."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # it ends by itself
                for one in process.tree(self.pid):
                    os.kill(one, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, _kind, error, _trace):
        if error is None:
            self.stop()
        else:
            self.kill()
            if log := self.log():
                error.add_note(log)


def nginx(folder, on_cores, locations, name, connections=4096, workers=1, listen_words=""):
    home = folder / name
    home.mkdir(exist_ok=True)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(f"""
{user}
worker_processes {workers}; daemon off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections {connections}; }}
http {{
  access_log off; keepalive_requests 100000000; default_type text/plain; open_file_cache max=16;
  server_tokens off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{ listen 127.0.0.1:{port} {listen_words}; root {folder}/www; {locations} }}
}}
""")
    command = [which("nginx"), "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"]
    return Server(home, on_cores, command, port, error_log=home / "error.log")


def upstream(folder, name, on_cores, connections):
    """The system to record: static files, numbered answers, and a reply of 128 bytes at /turn."""
    return nginx(folder, on_cores, f"""
    location ~ ^/stub/(?<number>[0-9]+)$ {{ return 200 "$number {FILLER}"; }}
    location /turn {{ add_header X-Filler {"x" * 13}; return 204; }}""", name, connections, max(1, len(on_cores)))


def nginx_return(folder, place):
    """Any path gets 1 KiB."""
    return nginx(folder, place.server, f'location / {{ return 200 "{"x" * 1024}"; }}', "return")


def nginx_tls(folder, place):
    """The same over TLS 1.3; tickets as nginx comes."""
    pair = tls.make_pair(folder)
    return nginx(folder, place.server, f"""
    ssl_protocols TLSv1.3; ssl_ecdh_curve {tls.GROUP}; ssl_certificate {pair}; ssl_certificate_key {pair};
    location / {{ return 200 "{"x" * 1024}"; }}""", "return-tls", listen_words="ssl")


def nginx_static(folder, place):
    return nginx(folder, place.server, "", "static")


def haproxy(folder, place, upstream_port, mode="http", connections=4000, scheme="http"):
    """`scheme` is what the clients speak; the upstream is plain."""
    port = free_port()
    secure = f"ssl crt {tls.make_pair(folder)} ssl-min-ver TLSv1.3 curves {tls.GROUP}" if scheme == "https" else ""
    config = folder / "haproxy.cfg"
    options = "option http-keep-alive" if mode == "http" else ""
    reuse = "http-reuse always" if mode == "http" else ""
    config.write_text(f"""
global
  nbthread 1
  maxconn {connections}
defaults
  mode {mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  {options}
frontend clients
  bind 127.0.0.1:{port} {secure}
  default_backend real
backend real
  {reuse}
  server one 127.0.0.1:{upstream_port}
""")
    return Server(folder, place.server, [which("haproxy"), "-db", "-f", config], port)


def understudy(folder, place, *arguments, store=None):
    ready = folder / "ready.json"
    command = [PROGRAM, *arguments, "--ui", "off", "--ready-file", ready]
    return Server(folder, place.server, command, ready_file=ready, store=store)


def recorder(folder, place, upstream_port, scheme="http", workers=1, store=None):
    """`scheme` is what the clients speak; the upstream is plain."""
    store = store or folder / "record.db"
    plain = "http" if scheme == "https" else scheme
    rule = f"{scheme}://127.0.0.1:0={plain}://127.0.0.1:{upstream_port}"
    return understudy(folder, place, "record", store, "--forward", rule, "--workers", workers, store=store)


def replayer(folder, place, store, *arguments, workers=1):
    return understudy(folder, place, "replay", store, "--workers", workers, *arguments)
