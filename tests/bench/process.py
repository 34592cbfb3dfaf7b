"""CPU time and memory of a process with its children, from /proc and the process CPU clocks."""

import ctypes
import pathlib
import re
import resource
import time

LOOK = 0.1  # seconds between two looks: longer than two beats of the writer
IDLE = 0.001  # CPU seconds that an idle process may use between two looks (timers)
PATIENCE = 60  # seconds until a process must be idle

_libc = ctypes.CDLL(None, use_errno=True)


def tree(pid):
    """The process and its descendants, parents first."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [one for child in children for one in tree(int(child))]


def cpu_seconds(pid):
    """User and system time of the tree, of ended threads too, to the nanosecond.

    /proc/PID/stat counts in ticks of 10 ms, as much as the writer needs for several beats.
    """
    total = 0.0
    for one in tree(pid):
        clock = ctypes.c_int()
        if _libc.clock_getcpuclockid(one, ctypes.byref(clock)) != 0:
            raise ProcessLookupError(f"no CPU clock of process {one}")
        total += time.clock_gettime(clock.value)
    return total


def thread_seconds(pid, name):
    """CPU seconds of the process's living threads of that name."""
    threads = [one for one in pathlib.Path(f"/proc/{pid}/task").iterdir() if (one / "comm").read_text().strip() == name]
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


def is_at_work(pid):
    """A thread of the tree runs, or waits for the disk without using CPU."""
    stats = (stat for one in tree(pid) for stat in pathlib.Path(f"/proc/{one}/task").glob("*/stat"))
    return any(stat.read_text().rpartition(")")[2].split()[0] in "RD" for stat in stats)


def settled_cpu(pid):
    """CPU time once what was received is also written.

    That is when between two looks nothing ran but timers, and nothing waits for the disk: a writer
    inside a checkpoint uses no CPU for a while and is not done.
    """
    end = time.monotonic() + PATIENCE
    before = -1.0
    while (now := cpu_seconds(pid)) - before > IDLE or is_at_work(pid):
        if time.monotonic() > end:
            raise RuntimeError(f"process {pid} does not come to rest in {PATIENCE} s")
        before = now
        time.sleep(LOOK)
    return now


def cpu_of_ended_children():
    """CPU seconds of all that we have waited for, with what they have waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _memory_kib(pid, field):
    statuses = (pathlib.Path(f"/proc/{one}/status").read_text() for one in tree(pid))
    return sum(int(re.search(rf"{field}:\s+(\d+)", status).group(1)) for status in statuses)


def peak_mib(pid):
    return _memory_kib(pid, "VmHWM") / 1024


def resident_bytes(pid):
    return _memory_kib(pid, "VmRSS") * 1024
