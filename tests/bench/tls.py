"""TLS in the bench: the pair of the references, what a server agrees on, and full handshakes.

wrk resumes its sessions, so new connections come from `openssl s_time -new`: it prints a mark for each
and another one for a resumed session, of which there must be none.
"""

import contextlib
import re
import ssl
import subprocess
import time
from typing import NamedTuple

import cores

GROUP = "X25519"
CIPHER = "TLS_AES_256_GCM_SHA384"
# What s_client prints about the handshake that every server under test must agree on.
AGREED = (f"New, TLSv1.3, Cipher is {CIPHER}", f"Server Temp Key: {GROUP}, 253 bits", "Server public key is 256 bit",
          "Peer signature type: ECDSA")
FULL = "*"  # s_time's mark for a connection
LEAST_BYTES = 1024  # of an answer


class Outcome(NamedTuple):
    requests: int
    rate: float  # connections per second


def _openssl(*arguments, place=cores.SINGLE, timeout=60):
    return subprocess.run(cores.pinned(place.load, ["openssl", *map(str, arguments)]), capture_output=True, text=True,
                          check=False, timeout=timeout, stdin=subprocess.DEVNULL)


def make_pair(folder):
    """A self-signed P-256 certificate of 127.0.0.1 with its key, in one file, as haproxy wants it."""
    pair, key, certificate = (folder / name for name in ("pair.pem", "key.pem", "certificate.pem"))
    if not pair.exists():
        done = _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                        "-out", certificate)
        if done.returncode:
            raise RuntimeError(f"openssl made no certificate:\n{done.stderr}")
        pair.write_text(certificate.read_text() + key.read_text())
    return pair


def check_agreement(port):
    """RuntimeError where a handshake would not cost what it costs the others: another curve, key or cipher."""
    shown = _openssl("s_client", "-tls1_3", "-connect", f"127.0.0.1:{port}").stdout
    missing = [line for line in AGREED if line not in shown]
    if missing:
        raise RuntimeError(f"the server does not agree on {missing}:\n{shown}")


@contextlib.contextmanager
def wrapped(connection):
    """A connected socket's TLS, whoever the server is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(connection) as secure:
        yield secure


def connections_of(text):
    """How many full handshakes, each with an answer of 1 KiB and its head, s_time's output tells of."""
    ended = re.search(r"^(\d+) connections in \d+ real seconds, (\d+) bytes read per connection", text, re.MULTILINE)
    if not ended:
        raise RuntimeError(f"s_time did not end well:\n{text}")
    count, size = map(int, ended.groups())
    marks = max(text.splitlines(), key=lambda line: line.count(FULL))
    if not count or marks != FULL * count or size <= LEAST_BYTES:
        raise RuntimeError(f"not {count} full handshakes with more than {LEAST_BYTES} bytes each:\n{text}")
    return count


def run_handshakes(load, port, seconds, place):
    """Each of the load's connections is a client that connects, asks, reads to the end, and does it again."""
    command = ["openssl", "s_time", "-new", "-tls1_3", "-ciphersuites", CIPHER, "-connect", f"127.0.0.1:{port}",
               "-www", f"/{load.path}", "-time", seconds]
    command = cores.pinned(place.load, map(str, command))
    began = time.monotonic()
    with contextlib.ExitStack() as running:
        clients = []
        for _ in range(load.connections):
            client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            running.enter_context(client)
            running.callback(client.kill)
            clients.append(client)
        texts = [client.communicate(timeout=seconds + 60)[0] for client in clients]
    count = sum(connections_of(text) for text in texts)
    return Outcome(count, count / (time.monotonic() - began))
