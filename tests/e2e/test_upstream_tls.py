"""Upstreams that fail at TLS, of a rule and of the forward proxy, and those that take sessions up again.

The client gets our own answer with the reason, the recording has it too, and the next client is served.
"""

import json
import socket

from edges import REQUEST, Edges
from support import Wire, curl, get, main, wait_until
from tls import Nginx, PrivateCa
from upstreams import HttpUpstream, TcpUpstream


class Upstreams(Edges):
    def assert_refused(self, status, reason, port, options=()):
        """Of a rule and of the proxy: our own answer, the reason in it and in the recording."""
        proxy = '<http-proxy port="0" bind-address="localhost"/>'
        good = Nginx(self, *PrivateCa(self).issue("localhost"))
        recorder = self.start(proxy, self.rule("http", port, "https"), self.rule("http", good.plain_port),
                              options=options)
        bad_port, good_port = (port for _, port in recorder.addresses[-2:])
        answer = get(bad_port)
        self.assertEqual(answer[0], status, answer[2])
        self.assertRegex(answer[2].decode(), reason)
        said = curl("--cacert", recorder.ready["ca"], "--noproxy", "", "--proxy", f"http://{recorder.ready['proxy']}",
                    "-w", " %{http_code}", f"https://localhost:{port}/").decode()
        self.assertRegex(said, reason)
        self.assertTrue(said.endswith(f" {status}"), said)
        self.assertEqual(get(good_port)[0], 200)
        recorder.stop()
        self.assertEqual(self.value(f"select count(*) from http where status = {status} and origin = 'understudy'"), 2)
        above = [json.loads(facts)[0] for facts, in self.rows("select upstream_tls from sessions") if facts]
        self.assertEqual(len(above), 2)
        for facts in above:
            self.assertRegex(facts["error"], reason)

    def test_that_leave_in_the_middle_of_their_handshake(self):
        self.assert_refused(502, "closed|unexpected", TcpUpstream(self, lambda _, reader: reader.read(20)).port)

    def test_that_reset_in_the_middle_of_their_handshake(self):
        def reset(connection, reader):
            reader.read(20)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        self.assert_refused(502, "(?i)reset|closed", TcpUpstream(self, reset).port)

    def test_that_send_half_a_reply_to_the_hello(self):
        def half(connection, reader):
            reader.read(20)
            connection.sendall(b"\x16\x03\x03\x00\x50\x02\x00")

        self.assert_refused(502, "(?i)reset|closed", TcpUpstream(self, half).port)

    def test_that_speak_no_tls(self):
        self.assert_refused(502, "does not speak TLS", HttpUpstream(self).port)

    def test_that_never_answer_a_hello(self):
        silent = TcpUpstream(self, lambda _, reader: reader.read())
        self.assert_refused(504, "did not end within 500 ms", silent.port, options=["--handshake-timeout", "500ms"])

    def test_a_stop_while_they_do_not_answer_a_hello(self):
        arrived = []
        silent = TcpUpstream(self, lambda _, reader: arrived.append(reader.read(5)) or reader.read())
        recorder = self.start(self.rule("http", silent.port, "https"), options=["--handshake-timeout", "600s"])
        with Wire(recorder.port) as wire:
            wire.send(REQUEST)
            wait_until(lambda: arrived, "our hello at the upstream")
            recorder.stop()
        self.assertEqual(self.rows("select method, ending from exchanges"), [("GET", "cut by understudy")])
        self.assertEqual(self.value("select count(*) from sessions where closed_at is null"), 0)

    def test_that_take_sessions_up(self):
        for version in ("TLSv1.2", "TLSv1.3"):
            nginx = Nginx(self, *(pair := PrivateCa(self, version)).issue("localhost"),
                          extra=f"ssl_conf_command MaxProtocol {version}; ssl_session_cache none; ssl_session_tickets on;",
                          locations='location /reused { return 200 "$ssl_protocol $ssl_session_reused\\n"; }')
            recorder = self.start(self.rule("http", nginx.port, "https", more=f'caFile="{pair.pem}"'))
            said = [get(recorder.port, "/reused", {"Connection": "close"})[2].decode().split() for _ in range(3)]
            recorder.stop()
            self.assertEqual(said, [[version, "."], [version, "r"], [version, "r"]])
            facts = [json.loads(row)[0] for row, in self.rows(
                "select upstream_tls from sessions where recording = (select max(name) from recordings) order by id")]
            self.assertEqual([one["resumed"] for one in facts], [False, True, True])


if __name__ == "__main__":
    main()
