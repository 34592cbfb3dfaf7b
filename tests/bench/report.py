"""The results as Markdown for the README, and as JSON."""

import cores
import goals
import tls
from rows import CLIENTS


def table(titles, lines):
    yield "| " + " | ".join(titles) + " |"
    yield "|" + "---|" * len(titles)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def is_low_load(row):
    return row.load.connections == 1 and not row.idle


def with_first(rows, results):
    """(row, first row of its section) of what was measured."""
    first = {}
    for row in rows:
        first.setdefault(row.section, row)
        if results.has(row.key):
            yield row, first[row.section]


def compared(results, row, first, compare, digits):
    """compare() of the row with the first, where that was measured too (--only)."""
    return f"{compare(row.key, first.key):.{digits}f}" if results.has(first.key) else "–"


def load_lines(rows, results):
    for row, first in with_first([row for row in rows if not row.idle and not is_low_load(row)], results):
        middle = results.medians(row.key)
        times = compared(results, row, first, lambda key, to: results.ratio(key, to, "cpu_us"), 2)
        kept = "–"
        if "stored" in middle:
            kept = f"{results.total(row.key, 'stored'):,} of {results.total(row.key, 'counted'):,}"
        yield (row.section, row.name, f"{middle['cpu_us']:.1f}", times, f"{middle['rate']:,.0f}",
               *(f"{middle[figure] / 1000:.2f}" if figure in middle else "–" for figure in ("p50_us", "p99_us")),
               f"{middle['peak_mib']:.0f}", kept)


def low_load_lines(rows, results):
    for row, first in with_first([row for row in rows if is_low_load(row)], results):
        middle = results.medians(row.key)
        added = "–" if row.key == first.key else compared(
            results, row, first, lambda key, to: results.difference(key, to, "p50_us"), 0)
        yield (row.section, row.name, f"{middle['p50_us']:.0f}", added, f"{middle['p99_us']:.0f}",
               f"{middle['cpu_us']:.1f}")


def start_lines(rows, results):
    for row in rows:
        if row.starts and results.has(row.key):
            middle = results.medians(row.key)
            yield row.name, f"{middle['ready_s']:.3f}", f"{middle['peak_mib']:.0f}"


def memory_lines(rows, results):
    for row in rows:
        if row.idle and results.has(row.key):
            middle = results.medians(row.key)
            yield row.name, f"{middle['idle_count']:,.0f}", f"{middle['idle_bytes']:,.0f}"


def goal_lines(results):
    for goal in goals.GOALS:
        bound, measured, verdict, _ = goal.judge(results)
        yield goal.what, bound, measured, verdict


def markdown(rows, results):
    tables = [
        (("what", "server", "CPU µs/request", "× first", "requests/s", "p50 ms", "p99 ms", "peak MiB",
          "stored of counted"), load_lines(rows, results)),
        (("low load", "server", "p50 µs", "added µs", "p99 µs", "CPU µs/request"), low_load_lines(rows, results)),
        (("start of", "ready after s", "peak MiB"), start_lines(rows, results)),
        (("idle connections", "how many", "bytes of memory each"), memory_lines(rows, results)),
        (("goal", "bound", "measured", "met"), goal_lines(results)),
    ]
    for titles, lines in tables:
        if lines := list(lines):
            yield from table(titles, lines)


def notes(options, results):
    yield (f"64 keep-alive connections unless said otherwise; medians of {options['rounds']} interleaved rounds of "
           f"{options['seconds']} s; ratios are medians of the rounds' ratios. {len(cores.AVAILABLE)} cores: the server "
           "under test has one, load and upstream another, unless the row says otherwise.")
    if results.has("forward-1k/record"):
        yield (f"Not in CPU per request: ending a recording (last checkpoint, details of messages) takes "
               f"{results.median('forward-1k/record', 'ending_us'):.1f} µs per exchange of 1 KiB after the stop.")
    if results.has("handshake/record"):
        yield (f"A new TLS connection is TLS 1.3 with a P-256 certificate, {tls.GROUP} and {tls.CIPHER}, never resumed, "
               f"from {CLIENTS} clients (openssl s_time). Recording one writes its session, its handshake and its "
               f"exchange: {results.median('handshake/record', 'writer_us'):.1f} µs of the CPU per request, and "
               f"{results.median('handshake/record', 'ending_us'):.1f} µs after the stop.")
    if not cores.CAN_SCALE and results.has("workers-record/2"):
        yield (f"With fewer than {cores.CORES_FOR_SCALING} cores two workers cannot be faster than one; their "
               "× first says whether a request costs more with two: near 1.00 it scales as far as cores go.")


def as_json(options, rows, results):
    names = {row.key: row for row in rows}
    measured = [{"key": key, "section": names[key].section, "server": names[key].name,
                 "median": results.medians(key), "rounds": rounds} for key, rounds in results.rounds.items()]
    judged = []
    for goal in goals.GOALS:
        bound, text, _, value = goal.judge(results)
        judged.append({"goal": goal.what, "bound": bound, "measured": text, "value": value,
                       "met": None if value is None else goal.met(value)})
    return {"options": options, "cores": len(cores.AVAILABLE), "rows": measured, "goals": judged}
