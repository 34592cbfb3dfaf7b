"""The goals, and whether the results meet them. Missing one fails nothing: they are figures."""

from typing import Callable, NamedTuple

import cores
import rows

LEAST, MOST = min(rows.STUBS), max(rows.STUBS)


class Goal(NamedTuple):
    what: str
    keys: tuple  # of the rows that it needs
    value: Callable  # Results -> number
    bound: float
    unit: str
    digits: int
    at_least: bool = False
    obstacle: str = ""  # why it cannot be measured here

    def met(self, value):
        return value >= self.bound if self.at_least else value <= self.bound

    def judge(self, results):
        """(goal, measured, verdict) as text, and the bare value, None where there is none."""
        sign = "≥" if self.at_least else "≤"
        goal = f"{sign} {self.bound:,.{self.digits}f} {self.unit}"
        if self.obstacle or not results.has(*self.keys):
            return goal, self.obstacle or "not measured in this run", "–", None
        value = self.value(results)
        return goal, f"{value:,.{self.digits}f} {self.unit}", "yes" if self.met(value) else "**no**", value


def _ratio(what, key, to, figure, bound, **more):
    return Goal(what, (key, to), lambda results: results.ratio(key, to, figure), bound, "×", 2, **more)


def _median(what, key, figure, bound, unit, digits):
    return Goal(what, (key,), lambda results: results.median(key, figure), bound, unit, digits)


def _scaling(what, key):
    obstacle = "" if cores.CAN_SCALE else f"needs {cores.CORES_FOR_SCALING} cores"
    return _ratio(f"{what}: requests/s of two workers to one", f"{key}/2", f"{key}/1", "rate", 1.7,
                  at_least=True, obstacle=obstacle)


def _stubs(order, key):
    return _ratio(f"replay: CPU per request with {MOST:,} stubs to {LEAST}, {order}", key, f"stubs/{LEAST}", "cpu_us",
                  1.1)


def _added(where, key):
    return Goal(f"record: added to p50 of one connection, {where}", (f"{key}/record", f"{key}/direct"),
                lambda results: results.difference(f"{key}/record", f"{key}/direct", "p50_us"), 60, "µs", 0)


GOALS = [
    _stubs("in scattered order", f"stubs/{MOST}"),
    _stubs("in recorded order", f"stubs/{MOST}-in-order"),
    _median(f"replay: from start to ready with {MOST:,} exchanges", f"stubs/{MOST}", "ready_s", 1, "s", 2),
    _ratio("record, raw TCP: CPU per turn to haproxy", "raw/record", "raw/haproxy", "cpu_us", 1.2),
    _ratio("record: CPU per full TLS 1.3 handshake, with its request, to haproxy", "handshake/record",
           "handshake/haproxy", "cpu_us", 1.2),
    _ratio("replay: CPU per full TLS 1.3 handshake, with its request, to nginx", "handshake/replay",
           "handshake/return", "cpu_us", 1.2),
    _added("server on its own core", "low"),
    _added("all on one core", "low-one-core"),
    _scaling("record", "workers-record"),
    _scaling("replay", "workers-replay"),
    _median(f"record: peak memory on {rows.MANY:,} connections", "many/record", "peak_mib", 64, "MiB", 0),
    _median("record: memory per idle connection", "idle/record", "idle_bytes", 8192, "bytes", 0),
    _median("replay: memory per idle connection", "idle/replay", "idle_bytes", 8192, "bytes", 0),
]
