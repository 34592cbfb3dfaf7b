"""A private certificate authority and TLS servers under it, made anew for each test.

Keys and certificates come from the openssl program; nothing of them is kept.
"""

import contextlib
import os
import pathlib
import shutil
import socket
import ssl
import subprocess

from support import free_port, wait_until


class PrivateCa:
    """`ca.pem` in a folder of its own, and `issue()`."""

    def __init__(self, case, name="Private test authority"):
        self.folder = pathlib.Path(case.folder) / ("ca-" + name.replace(" ", "-"))
        self.folder.mkdir()
        self.pem = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", self._key, "-out", self.pem, "-days", "30", "-subj", f"/CN={name}",
                  "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, *names, days=30, usage="serverAuth", subject=None, key="ec"):
        """A pair for `names` ("a.test", "127.0.0.1"): (certificate file with its chain, key file).

        A negative `days` makes one that has expired.
        """
        subject = subject or f"/CN={names[0]}"
        stem = self.folder / f"leaf{len(list(self.folder.iterdir()))}"
        pair, request, chain = stem.with_suffix(".key"), stem.with_suffix(".csr"), stem.with_suffix(".pem")
        kind = ["rsa:2048"] if key == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._run("req", "-newkey", *kind, "-nodes", "-keyout", pair, "-out", request, "-subj", subject)
        alternatives = ",".join(("IP:" if n.replace(".", "").isdigit() or ":" in n else "DNS:") + n for n in names)
        extensions = stem.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={alternatives}\nextendedKeyUsage={usage}\n")
        self._run("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self._key, "-CAcreateserial",
                  "-days", str(days), "-extfile", extensions, "-out", chain)
        chain.write_bytes(chain.read_bytes() + self.pem.read_bytes())
        return chain, pair

    @staticmethod
    def _run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Nginx:
    """nginx with HTTPS on one port and HTTP on another; `/` answers with what it saw."""

    def __init__(self, case, certificate, key, extra="", locations=""):
        self.port, self.plain_port = free_port(), free_port()
        folder = pathlib.Path(case.folder) / f"nginx-{self.port}"
        folder.mkdir()
        self.log = folder / "access.log"
        said = "$request_method $request_uri host=$http_host tls=$ssl_protocol name=$ssl_server_name client=$ssl_client_s_dn"
        (folder / "nginx.conf").write_text(f"""
            {"user root;" if os.geteuid() == 0 else ""} daemon off; pid {folder}/pid; error_log {folder}/error.log warn; worker_processes 1;
            events {{}}
            http {{
              access_log {self.log}; client_body_temp_path {folder}; proxy_temp_path {folder};
              fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
              server {{
                listen 127.0.0.1:{self.port} ssl; listen 127.0.0.1:{self.plain_port};
                ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {certificate}; ssl_certificate_key {key}; {extra}
                {locations}
                location / {{ default_type text/plain; return 200 "{said}\\n"; }}
              }}
            }}""")
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        case.assertIsNotNone(program, "nginx is missing: samples/packages.sh names it")
        self._process = subprocess.Popen([program, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        case.addCleanup(self.stop)
        wait_until(lambda: can_connect(self.port), "nginx to listen")

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def can_connect(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def client_context(ca=None, check_hostname=True):
    context = ssl.create_default_context(cafile=str(ca)) if ca else ssl._create_unverified_context()
    context.check_hostname = bool(ca) and check_hostname
    return context


def have(program):
    return shutil.which(program) is not None
