"""What tests of TLS at its edges share: rules, openssl as a client, the errors that were recorded."""

import subprocess

from support import PATIENCE, Case, clean_environment, curl, wait_until

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Edges(Case):
    def setUp(self):
        super().setUp()
        self.home = {"XDG_DATA_HOME": str(self.folder / "data")}

    def start(self, *rules, options=()):
        config = self.folder / "registration.xml"
        config.write_text(f"<registration>{''.join(rules)}</registration>")
        return self.record("--config", config, *options, env=clean_environment(**self.home))

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
