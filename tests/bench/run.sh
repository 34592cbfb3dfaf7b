#!/bin/sh
# What recording and replaying cost beside haproxy and nginx, as Markdown tables, in about 12 minutes:
#
#   sh tests/bench/run.sh [--quick] [--only TEXT] [--json FILE]      (--help explains)
#
# Needs a built release (or UNDERSTUDY_PROGRAM), wrk, haproxy, nginx, openssl (samples/packages.sh), two cores.
cd "$(dirname "$0")/../.." && exec python3 -B tests/bench/bench.py "$@"
