"""A recording answers in place of what was recorded."""

import itertools
import json
import shutil
import time
import xml.etree.ElementTree

from support import Case, Wire, curl, free_port, get, main, post
from upstreams import HttpUpstream, Nginx, TcpUpstream

# Fields that are made anew for each connection or reply.
OWN = {"date", "connection", "keep-alive", "transfer-encoding", "content-length"}


def comparable(reply):
    status, headers, body = reply
    return status, sorted((n.lower(), v) for n, v in headers.items() if n.lower() not in OWN), body


class Answers(Case):
    def test_as_nginx_did_with_nginx_gone(self):
        nginx = Nginx(self, 'gzip on; gzip_types text/plain; gzip_min_length 1;\n'
                            'location /hello { add_header X-Answer yes; return 200 "hello\\n"; }\n'
                            'location /moved { return 301 /hello; }\n'
                            'location /empty { return 204; }\n')
        (nginx.www / "file.txt").write_text("line\n" * 5000)
        calls = [("/hello", {}), ("/file.txt", {}), ("/file.txt", {"Range": "bytes=0-9"}), ("/moved", {}),
                 ("/empty", {}), ("/none", {}), ("/hello", {"Accept-Encoding": "gzip"})]
        recorder = self.record("--forward", nginx.rule)
        live = [comparable(get(recorder.port, path, headers)) for path, headers in calls]
        recorder.stop()
        nginx.stop()
        replayer = self.replay("--forward", f"http://127.0.0.1:{recorder.port}=http://127.0.0.1:{nginx.port}")
        self.assertEqual(replayer.port, recorder.port)
        replayed = [comparable(get(replayer.port, path, headers)) for path, headers in calls]
        self.maxDiff = None
        self.assertEqual(replayed, live)
        replayer.stop()

    def test_head_and_get_are_two_requests(self):
        upstream = HttpUpstream(self, lambda request: (200, {"X-Was": request.method}, b"body"))
        recorder = self.record("--forward", upstream.rule)
        get(recorder.port, "/x")
        get(recorder.port, "/x", method="HEAD")
        recorder.stop()
        replayer = self.replay()
        status, headers, body = get(replayer.port, "/x", method="HEAD")
        self.assertEqual((status, headers["X-Was"], headers["Content-Length"], body), (200, "HEAD", "4", b""))
        self.assertEqual(get(replayer.port, "/x")[2], b"body")
        replayer.stop()

    def test_by_meaning(self):
        upstream = HttpUpstream(self, lambda request: (200, {}, request.path.encode() + b"|" + request.body))
        recorder = self.record("--forward", upstream.rule)
        json_type = {"Content-Type": "application/json"}
        form_type = {"Content-Type": "application/x-www-form-urlencoded"}
        query = get(recorder.port, "/s?b=2&a=1&a=x%20y")[2]
        one = post(recorder.port, "/j", b'{"a": 1, "b": [1, 2]}', json_type)[2]
        form = post(recorder.port, "/f", b"x=1&y=two+words", form_type)[2]
        raw = post(recorder.port, "/b", b"\0\1\2", {"Content-Type": "application/octet-stream"})[2]
        recorder.stop()
        replayer = self.replay()
        self.assertEqual(get(replayer.port, "/s?a=1&a=x+y&b=2")[2], query)
        self.assertEqual(get(replayer.port, "/%73?a=1&a=x+y&b=2")[2], query)
        self.assertEqual(post(replayer.port, "/j", b'{"b":[1,2],"a":1.0}', json_type)[2], one)
        self.assertEqual(post(replayer.port, "/f", b"y=two%20words&x=1", form_type)[2], form)
        self.assertEqual(post(replayer.port, "/b", b"\0\1\2", {"Content-Type": "application/octet-stream"})[2], raw)
        for path in ("/S?a=1&a=x+y&b=2", "/s/?a=1&a=x+y&b=2", "/s?a=1&b=2"):
            self.assertEqual(get(replayer.port, path)[0], 501, path)
        self.assertEqual(post(replayer.port, "/j", b'{"b":[2,1],"a":1}', json_type)[0], 501)
        replayer.stop(code=1)

    def test_a_coded_body_is_decoded_for_a_client_that_did_not_offer_the_coding(self):
        nginx = Nginx(self, 'gzip on; gzip_types text/plain; gzip_min_length 1;\n')
        (nginx.www / "file.txt").write_text("line\n" * 500)
        recorder = self.record("--forward", nginx.rule)
        self.assertEqual(curl("--compressed", f"http://127.0.0.1:{recorder.port}/file.txt"), b"line\n" * 500)
        recorder.stop()
        replayer = self.replay()
        status, headers, body = get(replayer.port, "/file.txt", {"Accept-Encoding": "identity"})
        self.assertEqual((status, headers["Content-Encoding"], body), (200, None, b"line\n" * 500))
        replayer.stop()


class Repeats(Case):
    def setUp(self):
        super().setUp()
        numbers = itertools.count(1)
        upstream = HttpUpstream(self, lambda request: (200, {}, b"%d" % next(numbers)))
        recorder = self.record("--forward", upstream.rule)
        for _ in range(3):
            get(recorder.port, "/n")
        recorder.stop()

    def answers(self, count, *options, code):
        replayer = self.replay(*options)
        replies = [get(replayer.port, "/n") for _ in range(count)]
        replayer.stop(code=code)
        return [body.decode() if status == 200 else status for status, _, body in replies]

    def test_in_order_then_the_last_again(self):
        self.assertEqual(self.answers(5, code=0), ["1", "2", "3", "3", "3"])

    def test_loop(self):
        self.assertEqual(self.answers(5, "--after-last", "loop", code=0), ["1", "2", "3", "1", "2"])

    def test_miss(self):
        self.assertEqual(self.answers(4, "--after-last", "miss", code=1), ["1", "2", "3", 501])

    def test_fail_on_exhausted_and_unused(self):
        self.answers(4, "--fail-on", "exhausted", code=1)
        self.answers(2, "--fail-on", "unused", code=1)
        self.answers(3, "--fail-on", "all", code=0)


class Misses(Case):
    def setUp(self):
        super().setUp()
        self.upstream = HttpUpstream(self)
        recorder = self.record("--forward", self.upstream.rule)
        get(recorder.port, "/orders/1?page=1")
        post(recorder.port, "/orders", b'{"item":"tea"}', {"Content-Type": "application/json"})
        recorder.stop()

    def test_say_what_is_nearest_and_where_it_differs(self):
        replayer = self.replay()
        status, headers, body = get(replayer.port, "/orders/1?page=2")
        self.assertEqual((status, headers["Understudy-Miss"]), (501, "1"))
        miss = json.loads(body)
        self.assertIn("request", miss)
        nearest = miss["nearest"][0]
        self.assertLessEqual({"stub", "distance", "differences"}, set(nearest))
        self.assertEqual(len(nearest["differences"]), 1)
        difference = nearest["differences"][0]
        self.assertLessEqual({"field", "expected", "got"}, set(difference))
        self.assertEqual((difference["expected"], difference["got"]), ("1", "2"))
        replayer.stop(code=1)

    def test_of_a_json_body_name_the_member(self):
        replayer = self.replay()
        body = post(replayer.port, "/orders", b'{"item":"cup"}', {"Content-Type": "application/json"})[2]
        differences = json.loads(body)["nearest"][0]["differences"]
        self.assertEqual([("item" in one["field"], one["got"]) for one in differences], [(True, "cup")])
        replayer.stop(code=1)

    def test_reports(self):
        as_json, as_xml = self.folder / "report.json", self.folder / "report.xml"
        replayer = self.replay("--report", as_json, "--report", as_xml, "--fail-on", "all")
        get(replayer.port, "/orders/1?page=1")
        get(replayer.port, "/nowhere")
        replayer.stop(code=1)
        report = json.loads(as_json.read_text())
        self.assertEqual(report["version"], 1)
        self.assertLessEqual({"exact": 1, "missed": 1, "exhausted": 0, "unused": 1, "outgoing": 0}.items(),
                             report["totals"].items())
        self.assertEqual([one["outcome"] for one in report["requests"]], ["exact", "missed"])
        self.assertEqual(report["unused"], [2])
        self.assertFalse(report["truncated"])
        suite = xml.etree.ElementTree.parse(as_xml).getroot()
        cases = list(suite.iter("testcase"))
        self.assertGreaterEqual(len(cases), 2)
        self.assertGreaterEqual(len(list(suite.iter("failure"))), 1)

    def test_nothing_missed_is_positive(self):
        replayer = self.replay()
        get(replayer.port, "/orders/1?page=1")
        replayer.stop(code=0)

    def test_replay_leaves_the_store_as_it_is(self):
        before = self.store.read_bytes()
        replayer = self.replay()
        get(replayer.port, "/nowhere")
        replayer.stop(code=1)
        self.assertEqual(self.store.read_bytes(), before)


class Hermetic(Case):
    def test_nothing_connects_out(self):
        if not shutil.which("strace"):
            self.skipTest("strace is missing")
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        get(recorder.port, "/known")
        recorder.stop()
        asked = len(upstream.requests)
        trace = self.folder / "trace"
        replayer = self.replay(wrapper=["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", trace])
        get(replayer.port, "/known")
        get(replayer.port, "/unknown")
        replayer.stop(code=1)
        self.assertEqual(len(upstream.requests), asked)
        calls = trace.read_text()
        self.assertIn("sendmsg(", calls + "sendmsg(" * calls.count("sendto("))  # the trace saw our answers
        connects = [line for line in calls.splitlines() if "connect(" in line and "AF_UNIX" not in line]
        self.assertEqual(connects, [])


class Timing(Case):
    def seconds_of_a_replay(self, timing):
        replayer = self.replay("--timing", timing)
        began = time.monotonic()
        self.assertEqual(get(replayer.port, "/slow")[2], b"at last")
        took = time.monotonic() - began
        replayer.stop()
        return took

    def test_recorded_gaps(self):
        def slow(connection, reader):
            while reader.readline().strip():
                pass
            time.sleep(0.6)  # the server's own slowness is what is recorded
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nat last")

        upstream = TcpUpstream(self, slow)
        recorder = self.record("--forward", upstream.http_rule)
        get(recorder.port, "/slow")
        recorder.stop()
        self.assertLess(self.seconds_of_a_replay("none"), 0.5)
        self.assertGreaterEqual(self.seconds_of_a_replay("recorded"), 0.55)
        self.assertGreaterEqual(self.seconds_of_a_replay("2"), 1.1)


class Rules(Case):
    def test_a_recorded_port_is_served_again(self):
        upstream = HttpUpstream(self)
        port = free_port()
        recorder = self.record("--forward", f"http://127.0.0.1:{port}=http://127.0.0.1:{upstream.port}")
        get(recorder.port)
        recorder.stop()
        replayer = self.replay()
        self.assertEqual(replayer.port, port)
        replayer.stop()

    def test_no_counterpart_lists_the_recorded_rules(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        get(recorder.port)
        recorder.stop()
        done = self.run_program("replay", self.store, "--ui", "off", "--forward", "http://:0=http://other.example.com:80")
        self.assertEqual(done.returncode, 2)
        self.assertIn(str(upstream.port), done.stderr)

    def test_an_older_recording_by_name(self):
        for name in ("first", "second"):
            upstream = HttpUpstream(self, lambda request, name=name: (200, {}, name.encode()))
            recorder = self.record("--forward", upstream.rule, "--name", name)
            get(recorder.port)
            recorder.stop()
        for options, expected in (((), b"second"), (("--recording", "first"), b"first")):
            replayer = self.replay(*options)
            self.assertEqual(get(replayer.port)[2], expected)
            replayer.stop()
        self.assertEqual(self.run_program("replay", self.store, "--recording", "third", "--ui", "off").returncode, 2)


class Connections(Case):
    def test_pipelined_requests_are_answered_in_order(self):
        upstream = HttpUpstream(self, lambda request: (200, {}, request.path.encode()))
        recorder = self.record("--forward", upstream.rule)
        for path in ("/a", "/b", "/c"):
            get(recorder.port, path)
        recorder.stop()
        replayer = self.replay()
        with Wire(replayer.port) as wire:
            wire.send(b"".join(b"GET /%c HTTP/1.1\r\nHost: x\r\n\r\n" % letter for letter in b"cab"))
            self.assertEqual([wire.reply()[2] for _ in range(3)], [b"/c", b"/a", b"/b"])
        replayer.stop()

    def test_a_replayer_answers_ambiguity_with_400(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        get(recorder.port)
        recorder.stop()
        replayer = self.replay()
        with Wire(replayer.port) as wire:
            wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
            self.assertEqual(wire.reply()[0], 400)
        replayer.process.kill()


if __name__ == "__main__":
    main()
