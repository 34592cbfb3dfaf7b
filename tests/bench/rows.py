"""The rows of the bench: which server, under which load, and what is measured of it.

A row's figures are a dict from name to number; bench.py takes them once per round:

  rate        requests per second                  p50_us, p99_us   latency
  cpu_us      CPU of the server per request        peak_mib         most memory it ever had
  ready_s     from exec until it listens           ending_us        CPU per request from stop to exit
  counted, stored   requests by wrk, and in the store
  writer_us   share of cpu_us of the thread that writes the store
  idle_bytes  memory per idle connection           idle_count       how many there were

Latency is not measured of new connections, nor the writer where nothing is recorded.
"""

import contextlib
from typing import Callable, NamedTuple

import cores
import load
import process
import servers
import stores
import tls
from load import Load

MANY = 1000  # connections of the memory row
STUBS = (1, 1000, 100_000)
SCATTERED = 7919  # stubs between one request and the next; 1 is recorded order
WRITER = "store-writer"  # that thread of the program
CLIENTS = 4  # that make new connections: enough for the server to be never idle
IDLE_WARM_UP = 10_000  # requests on one connection
SIZES = {"small": 1024, "large": 100 * 1024}  # static files of the upstream


class Setup(NamedTuple):
    """What all rows share: where they work, the upstreams, the stores, how long."""
    folder: object
    upstreams: dict  # by the cores that they and the load have: Place.load
    stores: stores.Library
    idle: int  # connections
    warm_up: int  # seconds, 0 for none
    seconds: int


class Row(NamedTuple):
    """The first row of a section is what the others are compared with."""
    section: str
    key: str
    name: str
    start: Callable  # (Setup, Place) -> servers.Server
    load: Load = Load()
    place: cores.Place = cores.SINGLE
    raw: bool = False
    idle: bool = False
    handshakes: bool = False  # each request on a new connection, with a full TLS handshake
    starts: bool = False  # its time to ready and memory are a line of their own

    def measure(self, setup):
        with self.start(setup, self.place) as server:
            figures = measure_idle(self, setup, server) if self.idle else measure_load(self, setup, server)
            before_stop = process.cpu_seconds(server.pid)
            reaped = process.cpu_of_ended_children()
        if server.store:
            figures["stored"] = stores.stored(server.store, figures["counted"], self.raw)
            if self.handshakes:
                stores.full_handshakes(server.store, figures["counted"])
            stores.remove(server.store)
            ending = process.cpu_of_ended_children() - reaped - before_stop
            figures["ending_us"] = ending * 1e6 / figures["stored"]
        return figures


def measure_load(row, setup, server):
    run = tls.run_handshakes if row.handshakes else load.run
    if row.load.scheme == "https":
        tls.check_agreement(server.port)
    warm_up = run(row.load, server.port, setup.warm_up, row.place).requests if setup.warm_up else 0
    began, writer_began = process.settled_cpu(server.pid), process.thread_seconds(server.pid, WRITER)
    outcome = run(row.load, server.port, setup.seconds, row.place)
    cpu, writer = process.settled_cpu(server.pid) - began, process.thread_seconds(server.pid, WRITER) - writer_began
    figures = {"rate": outcome.rate, "cpu_us": cpu * 1e6 / outcome.requests,
               "peak_mib": process.peak_mib(server.pid), "ready_s": server.ready_seconds,
               "counted": warm_up + outcome.requests}
    if not row.handshakes:
        figures |= {"p50_us": outcome.p50_us, "p99_us": outcome.p99_us}
    if server.store:
        figures["writer_us"] = writer * 1e6 / outcome.requests
    return figures


def measure_idle(row, setup, server):
    """What idle connections add to a server whose pools and caches are filled already."""
    load.walk(server.port, [row.load.path] * IDLE_WARM_UP)
    process.settled_cpu(server.pid)
    before = process.resident_bytes(server.pid)
    with load.idle_connections(server.port, setup.idle, row.load.path):
        process.settled_cpu(server.pid)
        grown = process.resident_bytes(server.pid) - before
    return {"idle_bytes": grown / setup.idle, "idle_count": setup.idle, "counted": IDLE_WARM_UP + setup.idle}


def _haproxy(mode="http", connections=4000, scheme="http"):
    return lambda setup, place: servers.haproxy(setup.folder, place, setup.upstreams[place.load].port, mode,
                                                connections, scheme)


def _recorder(scheme="http", workers=1):
    return lambda setup, place: servers.recorder(setup.folder, place, setup.upstreams[place.load].port, scheme,
                                                 workers)


def _replayer(name, scheme="http", workers=1):
    return lambda setup, place: servers.replayer(setup.folder, place, setup.stores.get(name, scheme), workers=workers)


def _nginx_return(setup, place):
    return servers.nginx_return(setup.folder, place)


def _nginx_tls(setup, place):
    return servers.nginx_tls(setup.folder, place)


def _nginx_static(setup, place):
    return servers.nginx_static(setup.folder, place)


def _direct(setup, place):
    """The upstream as if it were the server under test; it goes on running."""
    return contextlib.nullcontext(setup.upstreams[place.load])


def _forwarding():
    for key, what, this in (("forward-1k", "forwarding, 1 KiB", Load("small")),
                            ("forward-100k", "forwarding, 100 KiB", Load("large")),
                            ("many", f"forwarding, 1 KiB, {MANY:,} connections", Load("small", MANY))):
        yield Row(what, f"{key}/haproxy", "haproxy, not recording", _haproxy(), this)
        yield Row(what, f"{key}/record", "understudy record", _recorder(), this)


def _raw():
    what, port_digits = "raw TCP, 128 bytes each way", 5
    head = len(load.request("turn")) + len(":") + port_digits + len("X-Filler: \r\n")
    this = Load("turn", header="X-Filler: " + "x" * (stores.TURN_BYTES - head))
    yield Row(what, "raw/haproxy", "haproxy, mode tcp", _haproxy("tcp"), this)
    yield Row(what, "raw/record", "understudy record, tcp rule", _recorder("tcp"), this, raw=True)


def _answering():
    what = "answering, 1 KiB"
    yield Row(what, "answer/return", "nginx return 200", _nginx_return)
    yield Row(what, "answer/static", "nginx static file", _nginx_static)
    yield Row(what, "answer/replay", "understudy replay", _replayer("small"))


def _tls():
    """The client's side is TLS 1.3, the upstream plain: new connections, and many requests on one."""
    handshake, this = "new TLS connection, full handshake and 1 KiB", Load("small", CLIENTS, scheme="https")
    for key, what, full, load_of_it in (("handshake", handshake, True, this),
                                        ("tls", "HTTPS, 1 KiB", False, Load("small", scheme="https"))):
        for one, name, start in (("haproxy", "haproxy, not recording", _haproxy(scheme="https")),
                                 ("record", "understudy record", _recorder("https"))):
            yield Row(f"{what}, forwarding", f"{key}/{one}", name, start, load_of_it, handshakes=full)
        for one, name, start in (("return", "nginx return 200", _nginx_tls),
                                 ("replay", "understudy replay", _replayer("small", "https"))):
            yield Row(f"{what}, answering", f"{key}/{one}", name, start, load_of_it, handshakes=full)


def _stubs():
    """By one script that cycles through all of them; the reference answers each with the same."""
    what = f"answering {max(STUBS):,} different requests, 1 KiB"
    yield Row(what, "stubs/return", "nginx return 200", _nginx_return, Load("", stubs=max(STUBS), stride=SCATTERED))
    for count in STUBS:
        yield Row(what, f"stubs/{count}", f"understudy replay, {count:,} stub{'s' * (count > 1)}", _replayer(count),
                  Load("", stubs=count, stride=SCATTERED), starts=True)
    yield Row(what, f"stubs/{count}-in-order", f"the same {count:,}, in recorded order", _replayer(count),
              Load("", stubs=count))


def _low_load():
    """On a core of its own each message wakes a sleeping core; on one core only the programs count."""
    for key, where, place in (("low", "server on its own core", cores.SINGLE),
                              ("low-one-core", "all on one core", cores.ONE_CORE)):
        what, this = f"one connection, 1 KiB, {where}", Load("small", 1)
        yield Row(what, f"{key}/direct", "the upstream itself", _direct, this, place)
        yield Row(what, f"{key}/haproxy", "haproxy, not recording", _haproxy(), this, place)
        yield Row(what, f"{key}/record", "understudy record", _recorder(), this, place)


def _workers():
    """Two workers beside one: faster where cores are free, else at least no dearer."""
    where = "two cores of their own" if cores.CAN_SCALE else "all cores shared with the load"
    this = Load("small", threads=max(1, len(cores.SCALING.load)))
    for what, key, start in (("recording", "record", lambda workers: _recorder(workers=workers)),
                             ("replaying", "replay", lambda workers: _replayer("small", workers=workers))):
        for workers, s in ((1, ""), (2, "s")):
            yield Row(f"{what} 1 KiB, {where}", f"workers-{key}/{workers}", f"understudy {key}, {workers} worker{s}",
                      start(workers), this, cores.SCALING)


def _idle(connections):
    what, this = "idle connections", Load("small", 1)
    yield Row(what, "idle/haproxy", "haproxy, not recording", _haproxy(connections=connections + 100), this, idle=True)
    yield Row(what, "idle/record", "understudy record", _recorder(), this, idle=True)
    yield Row(what, "idle/replay", "understudy replay", _replayer("small"), this, idle=True)


def table(idle_connections):
    """All rows, in the order in which a round measures and the report shows them."""
    return [*_forwarding(), *_raw(), *_answering(), *_tls(), *_stubs(), *_low_load(), *_workers(), *_idle(idle_connections)]
