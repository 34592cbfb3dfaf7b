"""Recording real clients and real servers, and looking at what was kept."""

import contextlib
import http.server
import json
import threading
import urllib.request

from support import Case, curl, get, has_ipv6, main, post, split_address, wait_until
from upstreams import HttpUpstream, Nginx


class RealServers(Case):
    def test_curl_through_nginx(self):
        nginx = Nginx(self, 'location /hello { return 200 "hello from nginx\\n"; }\n'
                            'location /gone { return 410; }\n')
        (nginx.www / "file.txt").write_text("a file\n" * 1000)
        recorder = self.record("--forward", nginx.rule)
        base = f"http://127.0.0.1:{recorder.port}"
        self.assertEqual(curl(f"{base}/hello"), b"hello from nginx\n")
        self.assertEqual(curl(f"{base}/file.txt"), b"a file\n" * 1000)
        self.assertEqual(curl("-o", "/dev/null", "-w", "%{http_code}", f"{base}/gone"), b"410")
        self.assertEqual(curl("-r", "2-5", f"{base}/file.txt"), b"file")
        recorder.stop()
        upstream = f"http://127.0.0.1:{nginx.port}"
        self.assertEqual(self.rows("select method, url, status, origin from http order by id"), [
            ("GET", f"{upstream}/hello", 200, "upstream"),
            ("GET", f"{upstream}/file.txt", 200, "upstream"),
            ("GET", f"{upstream}/gone", 410, "upstream"),
            ("GET", f"{upstream}/file.txt", 206, "upstream")])

    def test_python_client_and_python_server(self):
        (self.folder / "page.html").write_text("<p>static</p>")
        folder = str(self.folder)

        class Files(http.server.SimpleHTTPRequestHandler):  # HTTP/1.0: a reply until close
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folder)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        recorder = self.record("--forward", f"http://127.0.0.1:0=http://127.0.0.1:{server.server_port}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.closing(opener.open(f"http://127.0.0.1:{recorder.port}/page.html")) as reply:
            self.assertEqual(reply.read(), b"<p>static</p>")
        recorder.stop()
        self.assertEqual(self.rows("select status, response_body from http"), [(200, "<p>static</p>")])


class Addresses(Case):
    def test_localhost_is_both_loopbacks(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", f"http://localhost:0=http://localhost:{upstream.port}")
        self.assertEqual(recorder.addresses[0][0], "127.0.0.1")
        hosts = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])
        for host in hosts:
            self.assertEqual(get(recorder.port, host=host)[0], 200, host)
        recorder.stop()
        self.assertEqual(self.value("select count(*) from http"), len(hosts))

    def test_all_addresses_are_named_in_a_warning(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", f"http://:0=http://127.0.0.1:{upstream.port}")
        self.assertEqual(recorder.addresses[0][0], "127.0.0.1")
        self.assertEqual(get(recorder.port)[0], 200)
        recorder.stop()
        self.assertIn(str(recorder.port), recorder.output())

    def test_ipv6_alone(self):
        if not has_ipv6():
            self.skipTest("this machine has no ::1")
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", f"http://[::1]:0=http://127.0.0.1:{upstream.port}")
        self.assertEqual(recorder.addresses[0][0], "::1")
        self.assertEqual(get(recorder.port, host="::1")[0], 200)
        recorder.stop()


class Configuration(Case):
    def test_rules_of_a_file_come_before_those_of_the_command_line(self):
        upstream = HttpUpstream(self)
        config = self.folder / "registration.xml"
        config.write_text(f'<registration><a><forward name="one" bind ="127.0.0.1:0" '
                          f'destination="127.0.0.1:{upstream.port}" type="http"/></a>'
                          f'<forward bind="localhost:0" destination="127.0.0.1:{upstream.port}"/>'
                          f'<surprise/></registration>')
        recorder = self.record("--config", config, "--forward", upstream.rule)
        self.assertEqual([rule["scheme"] for rule in recorder.ready["rules"]], ["http", "tcp", "http"])
        names = [rule["name"] for rule in recorder.ready["rules"]]
        self.assertEqual(names, ["one", f"tcp-127.0.0.1-{upstream.port}", f"http-127.0.0.1-{upstream.port}"])
        for _, port in recorder.addresses:
            self.assertEqual(get(port)[0], 200)
        recorder.stop()
        self.assertIn("surprise", recorder.output())  # a warning, not an error
        self.assertEqual(self.value("select count(*) from http"), 2)
        self.assertEqual(self.value("select count(*) from exchanges where rule like 'tcp-%'"), 1)

    def test_rules_says_what_each_rule_does(self):
        config = self.folder / "registration.xml"
        config.write_text('<registration><forward name="shop" bind="localhost:8080" '
                          'destination="shop.example.com:80" type="http"/></registration>')
        text = self.output_of("rules", config)
        for word in ("shop", "8080", "shop.example.com"):
            self.assertIn(word, text)

    def test_a_path_on_the_right_is_a_prefix(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", f"http://127.0.0.1:0=http://127.0.0.1:{upstream.port}/base")
        get(recorder.port, "/x?y=1")
        recorder.stop()
        self.assertEqual(upstream.requests[0].path, "/base/x?y=1")
        self.assertEqual(self.value("select url from http"), f"http://127.0.0.1:{upstream.port}/base/x?y=1")


class Heads(Case):
    def test_host_is_rewritten_and_both_are_known(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        get(recorder.port, "/", {"Host": "shop.example.com", "X-Kept": "yes"})
        recorder.stop()
        headers = upstream.requests[0].headers
        self.assertEqual(headers["Host"], f"127.0.0.1:{upstream.port}")
        self.assertEqual(headers["X-Kept"], "yes")
        as_received = dict(json.loads(self.value("select request_headers from http")))
        self.assertEqual(as_received["Host"], "shop.example.com")

    def test_preserve_host(self):
        upstream = HttpUpstream(self)
        config = self.folder / "registration.xml"
        config.write_text(f'<registration><forward bind="127.0.0.1:0" preserveHost="true" type="http" '
                          f'destination="127.0.0.1:{upstream.port}"/></registration>')
        recorder = self.record("--config", config)
        get(recorder.port, "/", {"Host": "shop.example.com"})
        recorder.stop()
        self.assertEqual(upstream.requests[0].headers["Host"], "shop.example.com")

    def test_location_names_the_port_that_the_client_talks_to(self):
        upstream = HttpUpstream(self, lambda request: (
            302, {"Location": f"http://{request.headers['Host']}/next?a=1"}, b""))
        recorder = self.record("--forward", upstream.rule)
        live = get(recorder.port, "/old")[1]["Location"]
        self.assertEqual(live, f"http://127.0.0.1:{recorder.port}/next?a=1")
        recorder.stop()
        upstream.stop()
        replayer = self.replay()
        replayed = get(replayer.port, "/old")[1]["Location"]
        self.assertEqual(replayed, f"http://127.0.0.1:{replayer.port}/next?a=1")
        self.assertNotEqual(replayer.port, upstream.port)
        replayer.stop()


class Looking(Case):
    """list, show, search and reindex on a small recording."""

    def setUp(self):
        super().setUp()
        upstream = HttpUpstream(self, lambda request: (
            (201, {"Content-Type": "application/json"}, b'{"stored":true}') if request.method == "POST"
            else (200, {}, b"needle in a haystack")))
        recorder = self.record("--forward", upstream.rule, "--name", "first")
        get(recorder.port, "/orders/17")
        post(recorder.port, "/orders", b'{"item":"tea"}', {"Content-Type": "application/json"})
        recorder.stop()

    def test_list(self):
        self.assertIn("first", self.output_of("list", self.store))
        lines = self.output_of("list", self.store, "first").strip().splitlines()
        self.assertEqual(len([line for line in lines if "/orders" in line]), 2)
        self.assertRegex(self.output_of("list", self.store, "first"), r"GET.*/orders/17.*200")

    def test_list_for_machines(self):
        self.assertEqual([one["name"] for one in self.json_lines("list", self.store)], ["first"])
        exchanges = self.json_lines("list", self.store, "first")
        self.assertEqual([(one["method"], one["resource"], one["status"]) for one in exchanges],
                         [("GET", "/orders/17", 200), ("POST", "/orders", 201)])

    def json_lines(self, *arguments):
        return [json.loads(line) for line in self.output_of(*arguments, "--json").splitlines()]

    def test_show(self):
        text = self.output_of("show", self.store, "2")
        self.assertIn("/orders", text)
        self.assertIn("201", text)
        self.assertIn("tea", self.output_of("show", self.store, "first:2"))
        self.assertIn(b'{"stored":true}'.hex()[:8], self.output_of("show", self.store, "2", "--hex").replace(" ", ""))
        self.assertIn('{"item":"tea"}', self.output_of("show", self.store, "2", "--raw"))
        json.loads(self.output_of("show", self.store, "2", "--json"))
        self.assertIn("1", self.output_of("show", self.store, "s1"))

    def test_search(self):
        found = self.output_of("search", self.store, "orders/17").strip().splitlines()
        self.assertEqual(len([line for line in found if "/orders/17" in line]), 1)
        self.assertEqual(self.run_program("search", self.store, "nothing-like-this").returncode, 1)

    def test_reindex_leaves_the_views_as_they_were(self):
        query = "select method, url, status, request_headers, response_headers, request_body, response_body from http"
        before = self.rows(query)
        self.output_of("reindex", self.store)
        self.assertEqual(self.rows(query), before)
        self.assertEqual(before[1][5:], ('{"item":"tea"}', '{"stored":true}'))

    def test_a_second_recording_is_appended(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule, "--name", "second")
        get(recorder.port, "/again")
        recorder.stop()
        self.assertEqual(self.rows("select name, exchanges from recordings order by id"),
                         [("first", 2), ("second", 1)])
        self.assertEqual(self.value("select number from exchanges where recording = 'second'"), 1)
        self.assertIn("/again", self.output_of("show", self.store, "1"))  # of the latest
        self.assertIn("/orders/17", self.output_of("show", self.store, "first:1"))


class StatusPage(Case):
    def test_page_and_info(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule, ui="127.0.0.1:0")
        host, port = split_address(recorder.ready["ui"].removeprefix("http://").rstrip("/"))
        self.assertEqual(host, "127.0.0.1")
        status, headers, body = get(port, "/")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/html"))
        self.assertIn(str(recorder.port).encode(), body)
        status, headers, body = get(port, "/api/v1/info")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("application/json"))
        self.assertIsInstance(json.loads(body), dict)
        self.assertEqual(get(port, "/nowhere")[0], 404)
        # A name that resolves here is not ours: DNS rebinding.
        self.assertIn(get(port, "/api/v1/info", {"Host": "evil.example.com"})[0], (400, 403, 421))
        recorder.stop()


class ReadyFile(Case):
    def test_says_what_listens(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        self.assertEqual(recorder.ready["pid"], recorder.process.pid)
        self.assertIsNone(recorder.ready["ui"])
        self.assertIsNone(recorder.ready["proxy"])
        self.assertEqual(set(recorder.ready["rules"][0]), {"name", "scheme", "address"})
        wait_until(lambda: get(recorder.port)[0] == 200, "an answer")
        recorder.stop()


if __name__ == "__main__":
    main()
