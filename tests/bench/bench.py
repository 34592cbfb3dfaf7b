"""CPU per request, throughput, latency and memory of recording and replaying, beside the best.

Each row is measured in interleaved rounds (every server once per round) and shown as the median.
Throughput on a shared machine swings with its neighbours; CPU microseconds per request, as a ratio
to the reference of the same run, is the figure to compare. After each recording the store is
counted: what the load tool saw must be there. A missed goal is a figure; lost exchanges, errors
and servers that end badly make the exit code 1.
"""

import argparse
import contextlib
import json
import pathlib
import resource
import signal
import sys
import tempfile
import time
import traceback

import cores
import report
import rows
import servers
import stores
from results import Results

IDLE, QUICK_IDLE = 10_000, 1000  # connections, as far as descriptors go
DESCRIPTORS_LEFT = 200  # of each process, for what is no connection
FULL = {"rounds": 3, "warm_up": 1, "seconds": 4}
QUICK = {"rounds": 1, "warm_up": 0, "seconds": 1}


def idle_count(quick):
    """Raises the descriptor limit as far as it goes and is of use; idle connections that it allows."""
    needed = 2 * (IDLE + DESCRIPTORS_LEFT)  # a recorder has two for each connection
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
    if limit < 2 * (rows.MANY + DESCRIPTORS_LEFT):
        sys.exit(f"bench: {rows.MANY:,} connections need more descriptors than the limit, {limit}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return min(QUICK_IDLE if quick else IDLE, limit // 2 - DESCRIPTORS_LEFT)


def prepare(folder, running, options, idle):
    """What the rows share; `running` ends the upstreams."""
    (folder / "www").mkdir()
    for name, size in rows.SIZES.items():
        (folder / "www" / name).write_bytes(b"x" * size)
    upstreams = {}
    for number, on_cores in enumerate({place.load for place in (cores.SINGLE, cores.ONE_CORE, cores.SCALING)}):
        upstreams[on_cores] = running.enter_context(
            servers.upstream(folder, f"upstream-{number}", on_cores, idle + DESCRIPTORS_LEFT))
    library = stores.Library(folder, upstreams[cores.SINGLE.load].port)
    return rows.Setup(folder, upstreams, library, idle, options["warm_up"], options["seconds"])


def progress(text):
    print(text, file=sys.stderr, flush=True)


def measure(wanted, options, idle):
    results, base = Results(), pathlib.Path("build/bench")  # on a disk, as a user's store is
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base) as name, contextlib.ExitStack() as running:
        setup = prepare(pathlib.Path(name).resolve(), running, options, idle)
        for number in range(1, options["rounds"] + 1):
            for row in wanted:
                progress(f"round {number} of {options['rounds']}: {row.section}, {row.name}")
                results.add(row.key, row.measure(setup))
    return results


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round of every row: no figures to quote")
    parser.add_argument("--only", metavar="TEXT", default="", help="rows whose key contains it, such as forward-1k")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="all figures of all rounds")
    return parser.parse_args()


def main():
    chosen = arguments()
    missing = [tool for tool in servers.TOOLS if not servers.which(tool)]
    if missing:
        sys.exit(f"bench: missing {', '.join(missing)}; samples/packages.sh names the packages")
    idle = idle_count(chosen.quick)
    table = rows.table(idle)
    wanted = [row for row in table if chosen.only in row.key]
    if not wanted:
        sys.exit(f"bench: no row's key contains {chosen.only!r}: {', '.join(row.key for row in table)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))  # ends what was started
    cores.keep_off_the_servers_core()
    options, began = QUICK if chosen.quick else FULL, time.monotonic()
    try:
        results = measure(wanted, options, idle)
    except Exception as error:  # with the logs of the servers that ran
        progress("".join(traceback.format_exception_only(error)))
        sys.exit("bench: a row failed, nothing is reported")
    print("\n".join(report.markdown(table, results)))
    print("\n".join(report.notes(options, results)))
    print(f"Took {time.monotonic() - began:.0f} s.")
    if chosen.json:
        chosen.json.write_text(json.dumps(report.as_json(options, table, results), indent=1) + "\n")


if __name__ == "__main__":
    main()
