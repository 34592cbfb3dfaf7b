#!/bin/sh
# From a fresh machine to a replayed recording: installs what the build needs, builds Understudy,
# records curl talking to a small real system, takes that system away, and shows that the
# recording answers in its place. Run it as often as you like:  sh samples/quickstart.sh
set -eu
cd "$(dirname "$0")/.."
. samples/packages.sh

out=build/quickstart  # everything that this script leaves behind
store=$out/demo.db
understudy=build/release/understudy
pids=

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }
fail() { echo "quickstart: $*" >&2; exit 1; }

# stop PID...: ends processes that this script started, politely, and waits for them.
stop() {
  for pid in "$@"; do kill "$pid" 2>/dev/null || true; done
  for pid in "$@"; do wait "$pid" 2>/dev/null || true; done
}
trap 'stop $pids' EXIT
trap 'exit 130' INT TERM

# wait_for FILE PID LOG: until the program PID has written FILE.
wait_for() {
  turns=0
  until [ -e "$1" ]; do
    kill -0 "$2" 2>/dev/null || { cat "$3" >&2; fail "a program ended before it was ready"; }
    turns=$((turns + 1))
    [ "$turns" -lt 300 ] || fail "waited 30 seconds for $1"
    sleep 0.1  # the file is the condition; this only paces looking for it
  done
}

build() {
  log=$out/build.log
  started=$(date +%s)
  echo "Building into build/release (a few minutes the first time; log: $log)"
  { # A directory that tests/run.sh has configured is brought up to date as it is.
    { [ -e build/release/build.ninja ] || cmake --preset release; } &&
      cmake --build build/release --target understudy
  } >"$log" 2>&1 || { tail -n 25 "$log" >&2; fail "the build failed, see $log"; }
  seconds=$(($(date +%s) - started))
  echo "Built in $((seconds / 60)) min $((seconds % 60)) s: $("$understudy" --version)"
}

# Prints a free port for each of its arguments, in order: the port itself where nothing listens.
free_ports() {
  python3 - "$@" <<'PYTHON'
import socket, sys

def taken(port):
    for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno == 98:  # address in use; a machine without ::1 is no reason
                return True
    return False

usual = [int(port) for port in sys.argv[1:]]
ports = []
for port in usual:
    while taken(port) or port in ports:
        port += 10
        while port in usual:
            port += 10
    ports.append(port)
print(*ports)
PYTHON
}

# call NUMBER CURL-ARGUMENTS...: keeps the body and the status of one call.
call() {
  number=$1
  shift
  curl -q -sS --noproxy '*' --max-time 20 -o "$answers/$number.body" \
    -w '%{http_code}\n' "$@" >"$answers/$number.status"
}

# make_calls DIRECTORY: the same calls, whoever answers them.
make_calls() {
  answers=$1
  rm -rf "$answers"
  mkdir -p "$answers"
  call 01-items "$shop/items?limit=2"
  call 02-visit "$shop/visits"
  call 03-visit "$shop/visits"
  call 04-visit "$shop/visits"
  call 05-redirect -L "$shop/latest"
  call 06-json -H 'Content-Type: application/json' -d '{"name": "spoon", "count": 4}' "$shop/echo"
  call 07-form -u guest:open-sesame -d item=2 -d 'note=gift wrap' "$shop/orders"
  call 08-chunked "$shop/export"
  call 09-gzip --compressed "$shop/items"
  call 10-missing "$shop/nowhere"
  python3 samples/talk.py 127.0.0.1 "$greeter_port" ada bye >"$answers/11-tcp.body"
}

start_understudy() {  # start_understudy ARGUMENTS...: sets pid
  rm -f "$out/ready.json"
  "$understudy" "$@" --ui off --ready-file "$out/ready.json" >"$out/understudy.log" 2>&1 &
  pid=$!
  pids="$pids $pid"
  wait_for "$out/ready.json" "$pid" "$out/understudy.log"
}

finish_understudy() {  # ends what start_understudy started, as Ctrl-C would, and shows its summary
  kill -INT "$pid"
  code=0
  wait "$pid" || code=$?
  sed 's/^/    /' "$out/understudy.log"
  [ "$code" -eq 0 ] || fail "understudy ended with exit code $code"
}

say "1. Packages and build"
choose_packages
install_packages $build_packages || exit 1
mkdir -p "$out"
build

say "2. Record: curl -> understudy -> the real system (samples/upstream.py)"
set -- $(free_ports 18080 18081 17000 17001)
shop=http://localhost:$1 greeter_port=$3
config=samples/registration.xml
if [ "$*" != "18080 18081 17000 17001" ]; then
  config=$out/registration.xml
  sed -e "s/:18080\"/:$1\"/; s/:18081\"/:$2\"/; s/:17000\"/:$3\"/; s/:17001\"/:$4\"/" \
    samples/registration.xml >"$config"
  echo "Some of the sample's ports are taken; using $config with free ones."
fi
rm -f "$store" "$store-wal" "$store-shm" "$out/upstream.ready"
python3 samples/upstream.py "$2" "$4" --ready "$out/upstream.ready" >"$out/upstream.log" 2>&1 &
upstream=$!
pids="$pids $upstream"
wait_for "$out/upstream.ready" "$upstream" "$out/upstream.log"
start_understudy record "$store" --config "$config" --name demo
make_calls "$out/recorded"
finish_understudy

say "3. Stop the real system, replay the recording on the same ports"
stop "$upstream"
if curl -q -s --noproxy '*' --max-time 5 "http://127.0.0.1:$2/items"; then
  fail "the real system still answers on port $2"
fi
start_understudy replay "$store"
make_calls "$out/replayed"
finish_understudy

say "4. Compare: every body and status, byte by byte"
for recorded in "$out"/recorded/*; do
  name=$(basename "$recorded")
  cmp "$recorded" "$out/replayed/$name" || fail "$name differs"
  case $name in *.status) continue ;; esac
  printf '    %-18s %6s bytes  identical  %s\n' "${name%.body}" "$(wc -c <"$recorded")" \
    "$(cat "${recorded%.body}.status" 2>/dev/null || echo 'raw TCP')"
done
if grep -q "$(printf guest:open-sesame | base64)" "$store"; then
  fail "the password is in the store"
fi
echo "    The password of call 07 reached the real system and is not in the store."

say "5. Look into the store"
echo "\$ sqlite3 $store \"select method, url, status from http limit 5\""
sqlite3 "$store" "select method, url, status from http limit 5" | sed 's/^/    /'
echo "\$ $understudy list $store demo"
"$understudy" list "$store" demo | sed 's/^/    /'

say "Done. The recording is $store. What to try next:"
cat <<NEXT
  one exchange in full
    $understudy show $store 5
  the recording answers on $shop until Ctrl-C
    $understudy replay $store
  what the rules of the sample do, in plain words
    $understudy rules $config
  record a system of your own
    $understudy record my.db --forward http://localhost:8080=http://HOST:PORT
NEXT
