#!/usr/bin/env python3
"""A small real system to record: an HTTP shop and a TCP greeter. Python's standard library only.

    upstream.py HTTP_PORT GREETER_PORT [--ready FILE]

FILE is written once both ports accept. Everything is on 127.0.0.1; SIGTERM or Ctrl-C ends it.
"""

import argparse
import gzip
import json
import os
import socketserver
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ITEMS = [
    {"id": 1, "name": "tea pot", "price": 24.5},
    {"id": 2, "name": "cup, small", "price": 6.0},
    {"id": 3, "name": "Löffel", "price": 2.25},
]


class Counter:
    """Numbers that rise with each call, whichever thread asks."""

    def __init__(self):
        self._value = 0
        self._lock = threading.Lock()

    def next(self):
        with self._lock:
            self._value += 1
            return self._value


visits = Counter()


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/items":
            self.list_items(urllib.parse.parse_qs(url.query))
        elif url.path.startswith("/items/"):
            self.one_item(url.path.removeprefix("/items/"))
        elif url.path == "/visits":
            # A new answer to the same question: a replay has to keep their order.
            self.answer_json(200, {"visit": visits.next(), "at": time.time()})
        elif url.path == "/latest":
            # An absolute address of ours: clients of the recorder must not see this port.
            self.answer(302, b"", {"Location": f"http://{self.headers['Host']}/items/3"})
        elif url.path == "/export":
            self.stream_items()
        else:
            self.answer_json(404, {"error": "no such page", "path": url.path})

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/echo":
            kind = self.headers.get("Content-Type", "application/octet-stream")
            self.answer(200, body, {"Content-Type": kind})
        elif self.path == "/orders":
            order = urllib.parse.parse_qs(body.decode())
            self.answer_json(201, {"order": visits.next(), "lines": order}, {"Location": "/orders/1"})
        else:
            self.answer_json(404, {"error": "nothing to post to", "path": self.path})

    def list_items(self, query):
        limit = int(query.get("limit", ["10"])[0])
        self.answer_json(200, {"items": ITEMS[:limit]})

    def one_item(self, number):
        found = [item for item in ITEMS if str(item["id"]) == number]
        self.answer_json(200, found[0]) if found else self.answer_json(404, {"error": "no such item"})

    def stream_items(self):
        """A reply whose length is not known when it starts."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        for item in ITEMS:
            line = json.dumps(item).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")

    def answer_json(self, status, value, headers=None):
        body = json.dumps(value, ensure_ascii=False).encode() + b"\n"
        self.answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})

    def answer(self, status, body, headers):
        if body and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            headers = {**headers, "Content-Encoding": "gzip"}
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Greeter(socketserver.StreamRequestHandler):
    """Speaks first, then answers line by line until "bye"."""

    def handle(self):
        self.wfile.write(b"220 greeter ready, visitor %d\r\n" % visits.next())
        for line in self.rfile:
            word = line.strip()
            self.wfile.write(b"250 hello, " + word + b"\r\n")
            if word == b"bye":
                return


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("http_port", type=int)
    parser.add_argument("greeter_port", type=int)
    parser.add_argument("--ready", help="file to write once both ports accept")
    options = parser.parse_args()

    shop = ThreadingHTTPServer(("127.0.0.1", options.http_port), Shop)
    greeter = TcpServer(("127.0.0.1", options.greeter_port), Greeter)
    threading.Thread(target=greeter.serve_forever, daemon=True).start()
    if options.ready:
        with open(options.ready + ".part", "w", encoding="ascii") as ready:
            json.dump({"http": shop.server_port, "greeter": greeter.server_address[1]}, ready)
        os.rename(options.ready + ".part", options.ready)
    try:
        shop.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
