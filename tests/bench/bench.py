"""CPU per request, throughput, latency and memory of recording and replaying, beside the best.

Each row is measured in interleaved rounds (every server once per round) and shown as the median.
Throughput on a shared machine swings with its neighbours; CPU microseconds per request, as a ratio
to the reference of the same run, is the figure to compare. The server under test has one core, wrk
and the upstream the other. After each recording the store is counted: what wrk saw must be there.
"""

import argparse
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

import servers

CONNECTIONS = 64
TICKS = os.sysconf("SC_CLK_TCK")
SIZES = {"1 KiB": ("small", 1024), "100 KiB": ("large", 100 * 1024)}


class Sample(NamedTuple):
    requests_per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    peak_mib: float


class Row(NamedTuple):
    what: str
    name: str
    reference: bool
    start: object  # (folder, upstream port) -> servers.Server
    path: str


def process_tree(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [pid] + [one for child in children.read_text().split() for one in process_tree(int(child))]


def cpu_seconds(pid):
    """User and system time of all threads of a process and of its children."""
    total = 0
    for one in process_tree(pid):
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def peak_mib(pid):
    statuses = (pathlib.Path(f"/proc/{one}/status").read_text() for one in process_tree(pid))
    return sum(int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) for status in statuses) / 1024


def settled_cpu(pid):
    """CPU time once the last rows are written: two looks apart by four beats of the writer agree."""
    before = -1
    while (now := cpu_seconds(pid)) != before:
        before = now
        time.sleep(0.2)
    return now


def milliseconds(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def load(port, path, seconds):
    """One run of wrk: (requests, requests per second, p50 ms, p99 ms)."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/{path}"]
    text = subprocess.run(servers.pinned(servers.LOAD_CORE, command), capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"wrk was not answered:\n{text}")

    def find(pattern):
        return re.search(pattern, text, re.MULTILINE).group(1)

    return (int(find(r"(\d+) requests in")), float(find(r"Requests/sec:\s+([\d.]+)")),
            milliseconds(find(r"^ +50% +(\S+)$")), milliseconds(find(r"^ +99% +(\S+)$")))


def measure(row, folder, upstream_port, seconds):
    """Starts the row's server, loads it, stops it; (sample, what was kept or an empty string)."""
    server = row.start(folder, upstream_port)
    try:
        warm_up = load(server.port, row.path, 1)[0]
        began = settled_cpu(server.pid)
        requests, rate, p50, p99 = load(server.port, row.path, seconds)
        cpu = settled_cpu(server.pid) - began
        sample = Sample(rate, cpu * 1e6 / requests, p50, p99, peak_mib(server.pid))
    finally:
        server.stop()
    return sample, kept(server.store, warm_up + requests) if server.store else ""


def kept(store, counted):
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
        stored = db.execute("select count(*) from exchange where ending = 1").fetchone()[0]
        cut = db.execute("select count(*) from exchange where ending = 1 and length(reply) <> reply_size "
                         "and id not in (select exchange from segment)").fetchone()[0]
    db.close()
    store.unlink()
    if stored < counted or cut:
        raise RuntimeError(f"wrk counted {counted} exchanges, the store has {stored} whole, {cut} cut")
    return f"{stored:,} of {counted:,}"


def rows():
    table = []
    for size, (path, _) in SIZES.items():
        what = f"forwarding, {size}"
        table += [Row(what, "haproxy, not recording", True, servers.haproxy, path),
                  Row(what, "understudy record", False, servers.recorder, path)]
    what = "answering, 1 KiB"
    table += [Row(what, "nginx return 200", True, servers.nginx_return, "return"),
              Row(what, "nginx static file", False, servers.nginx_static, "small"),
              Row(what, "understudy replay", False, servers.replayer, "small")]
    return table


def report(table, samples, kept_of):
    print("| what | server | CPU µs/request | × first | requests/s | p50 ms | p99 ms | peak MiB | stored of counted |")
    print("|---|---|---|---|---|---|---|---|---|")
    reference = {}
    for row in table:
        middle = Sample(*(statistics.median(values) for values in zip(*samples[row])))
        if row.reference:
            reference[row.what] = middle.cpu_us
        print(f"| {row.what} | {row.name} | {middle.cpu_us:.1f} | {middle.cpu_us / reference[row.what]:.2f} "
              f"| {middle.requests_per_second:,.0f} | {middle.p50_ms:.2f} | {middle.p99_ms:.2f} "
              f"| {middle.peak_mib:.0f} | {kept_of.get(row) or '–'} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke test, no figures to quote")
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "taskset", *servers.TOOLS) if not servers.which(tool)]
    if missing:
        sys.exit(f"bench: missing {', '.join(missing)}; samples/packages.sh names the packages")
    rounds, seconds = (1, 2) if options.quick else (3, 5)
    table = rows()
    samples, kept_of = {row: [] for row in table}, {}
    base = pathlib.Path("build/bench")  # on a disk, as a user's store is
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base) as name:
        folder = pathlib.Path(name).resolve()
        upstream = servers.upstream(folder, SIZES)
        try:
            for _ in range(rounds):
                for row in table:
                    sample, stored = measure(row, folder, upstream.port, seconds)
                    samples[row].append(sample)
                    kept_of[row] = stored
        finally:
            upstream.stop()
    report(table, samples, kept_of)
    print(f"\n{CONNECTIONS} keep-alive connections, medians of {rounds} interleaved rounds of {seconds} s, "
          f"{os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
