"""A network of its own for a test: this process on a gateway, and a client's host behind it.

                     203.0.113.10, 2001:db8::10   (systems to record listen here)
    client host ──── gateway: this process, and what it starts
    192.0.2.2        192.0.2.1
    2001:db8:1::2    2001:db8:1::1

Both are network namespaces of the kernel that end with the process; the machine's own network is not
touched. What is started `with client_host():` belongs to the client's host, sockets as well as programs.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import unittest

SYSTEM, SYSTEM6 = "203.0.113.10", "2001:db8::10"
GATEWAY, GATEWAY6 = "192.0.2.1", "2001:db8:1::1"
CLIENT, CLIENT6 = "192.0.2.2", "2001:db8:1::2"
LINK = "to-client"  # the gateway's interface to the client's host

_NEW_NET, _NEW_USER = 0x40000000, 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)
_hosts = {}


def set_up():
    """Once per process, before it has threads. Raises SkipTest where the machine forbids it."""
    for program in ("ip", "nft", "iptables"):
        if not _find(program):
            raise AssertionError(f"{program} is missing: samples/packages.sh names its package")
    _leave_the_network()
    _hosts["gateway"] = _here()
    _unshare(_NEW_NET)
    _hosts["client"] = _here()
    run("ip", "link", "set", "lo", "up")
    _enter("gateway")
    try:
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", LINK, "type", "veth", "peer", "name", "uplink", "netns", f"/proc/self/fd/{_hosts['client']}")
        for address in (f"{SYSTEM}/32", f"{SYSTEM6}/128"):
            run("ip", "address", "add", address, "dev", "lo")
        _address(LINK, GATEWAY, GATEWAY6)
        with client_host():
            _address("uplink", CLIENT, CLIENT6)
            run("ip", "route", "add", "default", "via", GATEWAY)
            run("ip", "-6", "route", "add", "default", "via", GATEWAY6)
    except subprocess.CalledProcessError as refused:
        raise unittest.SkipTest(f"this machine lets us build no network: {refused.stderr}") from None


@contextlib.contextmanager
def client_host():
    """This thread, and what it starts, is on the client's host meanwhile."""
    _enter("client")
    try:
        yield
    finally:
        _enter("gateway")


def firewall(case, rules):
    """`rules` for nft instead of what was there; gone after the test. Skips where the kernel cannot."""
    case.addCleanup(run, "nft", "flush", "ruleset")
    _feed(["nft", "-f", "-"], "flush ruleset\n" + rules)


def iptables(case, *rules):
    """Lines as they are typed, "iptables -t nat …"; gone after the test."""
    case.addCleanup(run, "nft", "flush", "ruleset")
    for rule in rules:
        _feed(rule.split(), "")


def run(*command):
    return subprocess.run([_find(command[0]), *command[1:]], check=True, capture_output=True, text=True,
                          pass_fds=list(_hosts.values()))


def _feed(command, text):
    done = subprocess.run([_find(command[0]), *command[1:]], input=text, capture_output=True, text=True, check=False)
    if "not supported" in done.stderr or "No such file" in done.stderr:
        raise unittest.SkipTest(f"this kernel cannot redirect: {done.stderr.strip()}")
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")


def _address(interface, four, six):
    run("ip", "address", "add", f"{four}/24", "dev", interface)
    run("ip", "address", "add", f"{six}/64", "dev", interface, "nodad")
    run("ip", "link", "set", interface, "up")


def _leave_the_network():
    if os.geteuid() == 0:
        return _unshare(_NEW_NET)
    user, group = os.geteuid(), os.getegid()
    _unshare(_NEW_NET | _NEW_USER)  # root in a namespace of our own, and of that network alone
    pathlib.Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
    pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")


def _unshare(what):
    if _libc.unshare(what) != 0:
        raise unittest.SkipTest(f"this machine lets us make no network namespace: {os.strerror(ctypes.get_errno())}")


def _here():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


def _enter(host):
    if _libc.setns(_hosts[host], _NEW_NET) != 0:
        raise OSError(ctypes.get_errno(), f"cannot go to the {host}")


def _find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
