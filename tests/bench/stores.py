"""Stores for the bench: recordings of many stubs to replay, and whether a recording is complete."""

import contextlib
import sqlite3

import cores
import load
import servers

TURN_BYTES = 128  # of a raw request, and of its reply

_CUT = """
  select count(*) from exchange e where ending = 1 and length(reply) <> reply_size and reply_size <>
    length(reply) + coalesce((select sum(size) from segment where exchange = e.id and sender = 1), 0)"""
_WHOLE = "select count(*) from exchange where ending = 1"
# The last turn of a connection is open when the load ends it: its bytes count, not how it ended.
_TURNS = ("select count(*) from exchange where protocol = 'raw' "
          f"and request_size = {TURN_BYTES} and reply_size = {TURN_BYTES}")
_FULL = "resumed = 0 and version = 'TLSv1.3' and error = ''"
_HANDSHAKES = f"select count(*) filter (where {_FULL}), count(*) filter (where not ({_FULL})) from tls_handshake"
_LOST = "select coalesce(sum(lost_rows + lost_bytes), 0) from recording"


def stored(store, counted, raw=False):
    """How many whole exchanges (raw: turns) the store has; RuntimeError where that is too few."""
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        whole, cut, lost = (db.execute(query).fetchone()[0] for query in (_TURNS if raw else _WHOLE, _CUT, _LOST))
    if whole < counted or cut or lost:
        raise RuntimeError(f"the load counted {counted} exchanges, the store has {whole} whole, {cut} cut, "
                           f"{lost} lost rows and bytes")
    return whole


def full_handshakes(store, counted):
    """RuntimeError where the store does not tell of as many handshakes with clients, none of them resumed."""
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        full, other = db.execute(_HANDSHAKES).fetchone()
    if full < counted or other:
        raise RuntimeError(f"the load counted {counted} full handshakes, the store has {full} and {other} others")


def remove(store):
    for suffix in ("", "-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)


def stub_paths(count):
    return [f"stub/{number:06}" for number in range(count)]


def stub_starts(count):
    """What the body of each begins with: its number."""
    return [f"{number:06} ".encode() for number in range(count)]


class Library:
    """Stores to replay, made on first use: by number of stubs, or by the path of their one request."""

    def __init__(self, folder, upstream_port):
        self._folder, self._upstream_port = folder, upstream_port
        self._made = {}

    def get(self, name, scheme="http"):
        """`scheme` is what the clients speak; the upstream is plain."""
        if (name, scheme) not in self._made:
            paths, starts = (stub_paths(name), stub_starts(name)) if isinstance(name, int) else ([name], None)
            self._made[name, scheme] = self._make(name, scheme, paths, starts)
        return self._made[name, scheme]

    def _make(self, name, scheme, paths, starts):
        """One exchange per path, recorded by the program itself; replay must answer each, once."""
        store = self._folder / f"replay-{scheme}-{name}.db"
        with servers.recorder(self._folder, cores.SINGLE, self._upstream_port, scheme, store=store) as recorder:
            load.walk(recorder.port, paths, starts, scheme)
        stored(store, len(paths))
        with servers.replayer(self._folder, cores.SINGLE, store, "--fail-on", "miss,unused,exhausted") as replayer:
            load.walk(replayer.port, paths, starts, scheme)
        return store
