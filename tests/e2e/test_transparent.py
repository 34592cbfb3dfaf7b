"""Transparent rules: connections that the kernel redirects to us, in a network made for it (network.py).

The redirecting lines are those of README.
"""

import json
import os
import socket
import subprocess
import unittest

import network
from network import CLIENT, GATEWAY, GATEWAY6, LINK, SYSTEM, SYSTEM6, client_host
from support import Case, Wire, clean_environment, curl, get, main
from tls import PrivateCa
from upstreams import HttpUpstream, TcpUpstream


def setUpModule():
    network.set_up()


class Transparent(Case):
    def setUp(self):
        super().setUp()
        self.home = {"XDG_DATA_HOME": str(self.folder / "data")}

    def start(self, *types, command="record", bind=":0", more=""):
        config = self.folder / "registration.xml"
        rules = "".join(f'<forward bind="{bind}" type="{type_}" transparent="true" {more}/>' for type_ in types)
        config.write_text(f"<registration>{rules}</registration>")
        start = self.record if command == "record" else self.replay
        return start("--config", config, env=clean_environment(**self.home))

    def redirect(self, from_port, to_port):
        """What arrives from the client's host for any address."""
        network.firewall(self, f"""
            table inet understudy {{
              chain prerouting {{
                type nat hook prerouting priority dstnat;
                iifname "{LINK}" tcp dport {from_port} redirect to :{to_port}
              }}
            }}""")

    def from_client(self, function, *arguments, **options):
        with client_host():
            return function(*arguments, **options)

    def systems(self, answer=None, port=0, tls=None):
        """The same HTTP system at its IPv4 and its IPv6 address."""
        four = HttpUpstream(self, answer, port=port, host=SYSTEM, tls=tls)
        return four, HttpUpstream(self, answer, port=four.port, host=SYSTEM6, tls=tls)

    def test_http_by_its_host(self):
        four, six = self.systems(lambda request: (200, {}, f"{request.headers['Host']} {request.path}".encode()))
        recorder = self.start("http")
        self.redirect(four.port, recorder.port)
        asked = [(SYSTEM, "/four", {"Host": "shop.test"}), (SYSTEM6, "/six", {"Host": "stock.test"}),
                 (SYSTEM, "/four", {"Host": "other.test"}), (SYSTEM, "/nameless", {})]

        def ask():
            return [self.from_client(get, four.port, path, headers, host=host)[2].decode() for host, path, headers in asked]

        answers = ask()
        self.assertEqual(answers, ["shop.test /four", "stock.test /six", "other.test /four", f"{SYSTEM}:{four.port} /nameless"])
        recorder.stop()
        self.assertEqual((len(four.requests), len(six.requests)), (3, 1))
        urls = ["http://shop.test/four", "http://stock.test/six", "http://other.test/four",
                f"http://{SYSTEM}:{four.port}/nameless"]
        self.assertEqual([url for url, in self.rows("select url from http order by id")], urls)
        self.assertEqual({address.rpartition(":")[0] for address, in self.rows("select client_address from sessions")},
                         {CLIENT, f"[{network.CLIENT6}]"})
        for upstream in (four, six):
            upstream.stop()
        player = self.start("http", command="replay")
        self.redirect(four.port, player.port)
        self.assertEqual(ask(), answers)
        self.assertEqual(self.from_client(get, four.port, "/four", {"Host": "stock.test"}, host=SYSTEM)[0], 501)
        player.stop(code=1)

    def secure_curl(self, port, name, host, ca):
        host = f"[{host}]" if ":" in host else host
        with client_host():
            return curl("--cacert", ca, "--resolve", f"{name}:{port}:{host}", f"https://{name}:{port}/x").decode()

    def test_https_by_its_sni(self):
        private = PrivateCa(self)
        pair = private.issue("shop.test", "stock.test")
        four, six = self.systems(lambda request: (200, {}, request.headers["Host"].encode()), tls=pair)
        recorder = self.start("https", more=f'caFile="{private.pem}"')
        self.redirect(four.port, recorder.port)
        port, ca = four.port, recorder.ready["ca"]
        self.assertEqual(self.secure_curl(port, "shop.test", SYSTEM, ca), f"shop.test:{port}")
        self.assertEqual(self.secure_curl(port, "stock.test", SYSTEM6, ca), f"stock.test:{port}")
        self.assertIn("hostname mismatch", self.secure_curl(port, "wrong.test", SYSTEM, ca))
        recorder.stop()
        self.assertEqual([url for url, in self.rows("select url from http order by id")],
                         [f"https://{name}.test:{port}/x" for name in ("shop", "stock", "wrong")])
        facts = self.rows("select tls_server_name, upstream_tls from sessions order by id")
        self.assertEqual([name for name, _ in facts], ["shop.test", "stock.test", "wrong.test"])
        above = [json.loads(upstream)[0] for _, upstream in facts]
        self.assertEqual([one["serverName"] for one in above], ["shop.test", "stock.test", "wrong.test"])
        self.assertEqual([one["verified"] for one in above[:2]], ["ok", "ok"])
        for upstream in (four, six):
            upstream.stop()
        player = self.start("https", command="replay")
        self.redirect(port, player.port)
        self.assertEqual(self.secure_curl(port, "shop.test", SYSTEM, ca), f"shop.test:{port}")
        self.assertEqual(self.secure_curl(port, "stock.test", SYSTEM6, ca), f"stock.test:{port}")
        player.stop()

    def test_https_by_address_where_no_name_is_given(self):
        private = PrivateCa(self)
        four, _ = self.systems(tls=private.issue("unnamed.test", SYSTEM, SYSTEM6))
        recorder = self.start("https", more=f'caFile="{private.pem}"')
        self.redirect(four.port, recorder.port)
        for host in (SYSTEM, f"[{SYSTEM6}]"):
            url = f"https://{host}:{four.port}/x"
            self.assertEqual(self.from_client(curl, "--cacert", recorder.ready["ca"], url), b"hello from upstream\n")
        recorder.stop()
        self.assertEqual([url for url, in self.rows("select url from http order by id")],
                         [f"https://{SYSTEM}:{four.port}/x", f"https://[{SYSTEM6}]:{four.port}/x"])

    def test_raw_tls_by_its_sni(self):
        private = PrivateCa(self)
        four, _ = self.systems(tls=private.issue("shop.test"))
        recorder = self.start("tls", more=f'caFile="{private.pem}"')
        self.redirect(four.port, recorder.port)
        self.assertEqual(self.secure_curl(four.port, "shop.test", SYSTEM, recorder.ready["ca"]), "hello from upstream\n")
        recorder.stop()
        self.assertEqual({protocol for protocol, in self.rows("select protocol from exchanges")}, {"raw"})
        name, above = self.rows("select tls_server_name, upstream_tls from sessions")[0]
        self.assertEqual((name, json.loads(above)[0]["serverName"]), ("shop.test", "shop.test"))

    def test_raw_tcp_to_wherever_it_was_going(self):
        def echo(connection, reader):
            connection.sendall(b"220 %s\r\n" % connection.getsockname()[0].encode())
            for line in reader:
                connection.sendall(line.upper())

        upstreams = [TcpUpstream(self, echo, host=SYSTEM)]
        upstreams.append(TcpUpstream(self, echo, host=SYSTEM6, port=upstreams[0].port))
        port = upstreams[0].port

        def talk(host):
            with client_host(), Wire(port, host) as wire:
                greeting = wire.line()
                wire.send(b"ehlo " + host.encode() + b"\r\n")
                answer = wire.line()
                wire.finish()
                self.assertEqual(wire.read_to_end(), b"")
            return greeting, answer

        recorder = self.start("tcp")
        self.redirect(port, recorder.port)
        said = [talk(host) for host in (SYSTEM, SYSTEM6)]
        self.assertEqual([greeting for greeting, _ in said], [b"220 203.0.113.10\r\n", b"220 2001:db8::10\r\n"])
        recorder.stop()
        self.assertEqual(self.value("select count(distinct session) from exchanges where ending = 'complete'"), 2)
        for upstream in upstreams:
            upstream.stop()
        player = self.start("tcp", command="replay")
        self.redirect(port, player.port)
        self.assertEqual([talk(host) for host in (SYSTEM, SYSTEM6)], said)
        player.stop()

    def test_with_iptables(self):
        four, _ = self.systems()
        recorder = self.start("http")
        for program in ("iptables", "ip6tables"):
            network.iptables(self, f"{program} -t nat -A PREROUTING -i {LINK} -p tcp --dport {four.port} "
                                   f"-j REDIRECT --to-ports {recorder.port}")
        for host in (SYSTEM, SYSTEM6):
            self.assertEqual(self.from_client(get, four.port, host=host)[2], b"hello from upstream\n")
        recorder.stop()
        self.assertEqual(self.value("select count(*) from http where status = 200"), 2)

    @unittest.skipUnless(os.geteuid() == 0, "only root can make connections as somebody else")
    def test_what_this_machine_itself_sends(self):
        """All but our own connections, told apart by who we are."""
        four, _ = self.systems()
        recorder = self.start("http", bind="localhost:0")
        network.firewall(self, f"""
            table inet understudy {{
              chain output {{
                type nat hook output priority -100;
                tcp dport {four.port} meta skuid != root redirect to :{recorder.port}
              }}
            }}""")
        for host in (SYSTEM, f"[{SYSTEM6}]"):
            done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "curl", "-q", "-sS", "--noproxy", "*",
                                   f"http://{host}:{four.port}/own"],
                                  capture_output=True, check=False, env=clean_environment())
            self.assertEqual(done.stdout, b"hello from upstream\n", done.stderr)
        recorder.stop()
        self.assertEqual([url for url, in self.rows("select url from http order by id")],
                         [f"http://{SYSTEM}:{four.port}/own", f"http://[{SYSTEM6}]:{four.port}/own"])

    def test_who_connects_to_us_directly_is_told_of_the_loop(self):
        self.redirect(9, 9)  # any rule: the kernel keeps track of connections from now on
        recorder = self.start("http", "tcp")
        http, raw = (port for _, port in recorder.addresses)
        with client_host():
            replies = [get(http, "/x", host=host) for host in (GATEWAY, GATEWAY6)]
            with Wire(raw, GATEWAY) as wire:
                self.assertEqual(wire.read_to_end(), b"")
        replies.append(get(http, "/x"))
        for status, _, body in replies:
            self.assertEqual(status, 508, body)
            self.assertIn(b"redirected", body)
        recorder.stop()
        self.assertEqual(self.rows("select status, origin, count(*) from http group by 1, 2"), [(508, "understudy", 3)])
        self.assertIn("redirected", self.value("select note from exchanges where protocol = 'raw'"))

    def test_a_firewall_that_redirects_our_own_connections_too(self):
        four, _ = self.systems()
        recorder = self.start("http", bind="localhost:0")
        network.firewall(self, f"""
            table inet understudy {{
              chain output {{
                type nat hook output priority -100;
                tcp dport {four.port} redirect to :{recorder.port}
              }}
            }}""")
        status, _, body = get(four.port, "/x", host=SYSTEM)
        self.assertEqual(status, 508, body)
        self.assertIn(b"redirected to us as well", body)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from http where status = 508 and origin = 'understudy'"), 1)
        self.assertLess(self.value("select count(*) from sessions"), 5)

    def test_nobody_where_it_was_going(self):
        recorder = self.start("http")
        with socket.socket() as unused:
            unused.bind((SYSTEM, 0))
            port = unused.getsockname()[1]
        self.redirect(port, recorder.port)
        self.assertEqual(self.from_client(get, port, host=SYSTEM)[0], 502)
        recorder.stop()
        self.assertEqual(self.rows("select url, status from http"), [(f"http://{SYSTEM}:{port}/", 502)])


if __name__ == "__main__":
    main()
