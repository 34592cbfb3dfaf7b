"""Which cores the server under test gets, and which the load and the upstream.

Taken from what this process may use when it starts, before the bench itself moves to the load's.
"""

import os
from typing import NamedTuple

CORES_FOR_SCALING = 4  # two for the workers, two for what loads them


class Place(NamedTuple):
    server: tuple  # core numbers; () means anywhere
    load: tuple


def single(cores):
    """The server on one core, load and upstream on the other; anywhere where there is only one."""
    return Place((cores[0],), (cores[1],)) if len(cores) > 1 else Place((), ())


def scaling(cores):
    """Two cores for two workers and two for the load; all share all where there are fewer."""
    return Place(tuple(cores[:2]), tuple(cores[2:4])) if len(cores) >= CORES_FOR_SCALING else Place((), ())


AVAILABLE = sorted(os.sched_getaffinity(0))
SINGLE, SCALING = single(AVAILABLE), scaling(AVAILABLE)
ONE_CORE = Place(SINGLE.server, SINGLE.server)  # no core sleeps between a message and its answer
CAN_SCALE = len(AVAILABLE) >= CORES_FOR_SCALING


def pinned(cores, command):
    """The command on those cores, not on the one that the bench keeps to."""
    return ["taskset", "-c", ",".join(map(str, cores or AVAILABLE)), *command]


def keep_off_the_servers_core():
    """The bench polls and computes beside the load, never on the core that is measured."""
    if SINGLE.load:
        os.sched_setaffinity(0, SINGLE.load)
