#!/bin/sh
# What recording and replaying cost beside haproxy and nginx:  sh tests/bench/run.sh [--quick]
# Needs a built release, wrk, haproxy, nginx (samples/packages.sh) and two cores. Prints Markdown.
cd "$(dirname "$0")/../.." && exec python3 -B tests/bench/bench.py "$@"
