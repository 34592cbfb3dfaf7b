"""The servers that the bench compares, each on one core and a free port of 127.0.0.1."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time

PROGRAM = os.environ.get("UNDERSTUDY_PROGRAM", "build/release/understudy")
TOOLS = ("haproxy", "nginx", PROGRAM)
PATIENCE = 20  # seconds until a server listens
SERVER_CORE, LOAD_CORE = 0, 1


def which(tool):
    return shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin")


def pinned(core, command):
    """The command on the core of that rank; unpinned where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[core]), *command] if len(cores) > 1 else command


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running process with a port; `store` is set where it records."""

    def __init__(self, folder, core, command, port=None, ready_file=None, store=None):
        self.store = store
        self.log = folder / "server.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(pinned(core, list(map(str, command))), stdout=log, stderr=log)
        self.pid = self._process.pid
        self.port = port
        end = time.monotonic() + PATIENCE
        while not (ready_file.exists() if ready_file else self._accepts()):
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{command[0]} does not listen:\n{self.log.read_text()}")
            time.sleep(0.02)
        if ready_file:
            address = json.loads(ready_file.read_text())["rules"][0]["address"]
            self.port = int(address.rpartition(":")[2])
            ready_file.unlink()

    def _accepts(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
            if self.store:  # a reference may be slow to go; a recorder that does not end is a fault
                raise


def nginx(folder, core, locations, name):
    home = folder / name
    home.mkdir(exist_ok=True)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(f"""
{user}
worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; default_type text/plain; open_file_cache max=16;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; {locations} }}
}}
""")
    command = [which("nginx"), "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"]
    return Server(home, core, command, port)


def upstream(folder, sizes):
    """The system to record: nginx with one static file per size."""
    www = folder / "www"
    www.mkdir()
    for path, size in sizes.values():
        (www / path).write_bytes(b"x" * size)
    return nginx(folder, LOAD_CORE, "", "upstream")


def nginx_return(folder, _upstream_port):
    return nginx(folder, SERVER_CORE, f'location /return {{ return 200 "{"x" * 1024}"; }}', "return")


def nginx_static(folder, _upstream_port):
    return nginx(folder, SERVER_CORE, "", "static")


def haproxy(folder, upstream_port):
    port = free_port()
    config = folder / "haproxy.cfg"
    config.write_text(f"""
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
frontend clients
  bind 127.0.0.1:{port}
  default_backend real
backend real
  http-reuse always
  server one 127.0.0.1:{upstream_port}
""")
    return Server(folder, SERVER_CORE, [which("haproxy"), "-db", "-f", config], port)


def understudy(folder, *arguments, store=None):
    ready = folder / "ready.json"
    command = [PROGRAM, *arguments, "--ui", "off", "--ready-file", ready]
    return Server(folder, SERVER_CORE, command, ready_file=ready, store=store)


def recorder(folder, upstream_port):
    store = folder / "record.db"
    rule = f"http://127.0.0.1:0=http://127.0.0.1:{upstream_port}"
    return understudy(folder, "record", store, "--forward", rule, store=store)


def replayer(folder, upstream_port):
    """Serves one recorded request, made on the first call."""
    store = folder / "replay.db"
    if not store.exists():
        rule = f"http://127.0.0.1:0=http://127.0.0.1:{upstream_port}"
        server = understudy(folder, "record", store, "--forward", rule)
        subprocess.run(["curl", "-q", "-sf", "--noproxy", "*", "-o", os.devnull,
                        f"http://127.0.0.1:{server.port}/small"], check=True)
        server.stop()
    return understudy(folder, "replay", store)
