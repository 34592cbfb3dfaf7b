#!/bin/sh
# Builds and tests everything, on a fresh machine too:  sh tests/run.sh [--all]
#
#   default  release with warnings as errors and all tests on it; unit and conformance tests under
#            address and undefined behaviour sanitizers; transport, recorder and store under the
#            thread sanitizer; fuzz corpora and a minute of fuzzing
#   --all    adds clang-tidy, end to end tests under the address sanitizer, every unit test under
#            the thread sanitizer, ten minutes of fuzzing, longer loads and transfers
#            (UNDERSTUDY_LONG=1), the long loops over broken stores (UNDERSTUDY_THOROUGH=1), and the
#            quick bench
#
# A failed step does not stop the others. Ends with a table of minutes, then "N passed, N failed";
# the exit code is the verdict. Logs: build/logs.
set -u
cd "$(dirname "$0")/.."
. samples/packages.sh

all=no
fuzz_seconds=60
case ${1:-} in
  '') ;;
  --all) all=yes fuzz_seconds=600; export UNDERSTUDY_LONG=1 ;;
  *) echo "usage: sh tests/run.sh [--all]" >&2; exit 2 ;;
esac

logs=build/logs
table=$logs/table.txt
mkdir -p "$logs"
: >"$table"
passed=0 failed=0  # tests of all ctest runs, and steps that are no ctest run and failed
verdict=0
jobs=$(nproc)

# Clones in other directories share the compiler cache.
if command -v ccache >/dev/null 2>&1; then
  launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=include_file_ctime
else
  launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=
fi

row() { printf '%-34s %5s %6s  %s\n' "$1" "$2" "$3" "$4" >>"$table"; }
skip() { row "$1" - - "skipped: $2"; }

# step NAME COMMAND...: runs it into a log, enters it into the table, shows a failure's log.
step() {
  name=$1
  shift
  log=$logs/$(echo "$name" | tr -c 'a-z0-9\n' '-').log
  printf '%s ... ' "$name"
  began=$(date +%s)
  "$@" >"$log" 2>&1
  code=$?
  seconds=$(($(date +%s) - began))
  # "97% tests passed, 2 tests failed out of 61", once for each ctest run of this step.
  set -- $(awk '/^[0-9]+% tests passed/ { bad += $4; all += $NF } END { print bad + 0, all + 0 }' "$log")
  if [ "$2" -gt 0 ]; then
    passed=$((passed + $2 - $1)) failed=$((failed + $1))
    outcome="$(($2 - $1)) passed, $1 failed"
  elif [ "$code" -eq 0 ]; then
    outcome=ok
  else
    outcome="FAILED, exit code $code"
    failed=$((failed + 1))
  fi
  echo "$outcome (${seconds} s)"
  if [ "$code" -ne 0 ]; then
    verdict=1
    grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ +Test +#.* Passed |\[[0-9]+/[0-9]+\] )' "$log" |
      tail -n 150
  fi
  row "$name" "$(awk -v s="$seconds" 'BEGIN { printf "%.1f", s / 60 }')" "$seconds" "$outcome"
  return "$code"
}

# tests DIRECTORY CTEST-ARGUMENTS...
tests() {
  directory=$1
  shift
  ctest --test-dir "$directory" --output-on-failure --no-tests=error -j "$jobs" "$@"
}

# build PRESET [-- TARGET...]: configures and builds; Clang presets with the Clang that is here.
build() {
  preset=$1
  compiler=
  case $preset in tsan | fuzz) compiler=-DCMAKE_CXX_COMPILER=clang++-$clang_version ;; esac
  shift
  cmake --preset "$preset" "$launcher" $compiler || return
  directory=build/$preset
  [ "$preset" = ci ] && directory=build/release
  if [ $# -gt 0 ]; then cmake --build "$directory" --target "$@"; else cmake --build "$directory"; fi
}

# The figure of the README: everything from source, so the compiler cache is off.
build_program() {
  CCACHE_DISABLE=1 build ci understudy
}

# The directories whose tests have threads in them; ninja builds a directory as DIRECTORY/all.
thread_tests() {
  for module in transport recorder store; do
    [ -d "tests/unit/$module" ] && printf 'tests/unit/%s ' "$module"
  done
}

build_thread_tests() {
  build tsan $(for directory in $(thread_tests); do echo "$directory/all"; done)
}

run_thread_tests() {
  worst=0
  for directory in $(thread_tests); do
    tests "build/tsan/$directory" >"$logs/one-directory.log" 2>&1 || worst=1
    cat "$logs/one-directory.log"
  done
  return "$worst"
}

# Each corpus once, then new inputs for an equal share of the time. What fuzzing finds stays in
# build/fuzz/found; an input that crashes is named in the log.
fuzz() {
  programs=$(find build/fuzz/tests/fuzz -maxdepth 2 -type f -perm -u+x -name 'fuzz_*')
  [ -n "$programs" ] || { echo "no fuzz target was built"; return 1; }
  share=$((fuzz_seconds / $(echo "$programs" | wc -l)))
  [ "$share" -gt 0 ] || share=1
  mkdir -p build/fuzz/found
  worst=0
  for program in $programs; do
    target=$(basename "$program")
    corpus=tests/fuzz/corpus/$target
    found=build/fuzz/found/$target
    mkdir -p "$found"
    echo "== $target, corpus $corpus, $share s"
    if [ -d "$corpus" ]; then "$program" -runs=0 "$corpus" || worst=1; else corpus=; fi
    timeout $((share + 60)) "$program" -max_total_time="$share" -timeout=10 -rss_limit_mb=1024 \
      -print_final_stats=1 -artifact_prefix="$found/crash-" "$found" $corpus || worst=1
  done
  return "$worst"
}

# Every fault in long recordings too, hundreds of damaged stores, a disk that is silent for 10 s.
broken_stores() {
  UNDERSTUDY_THOROUGH=1 tests build/release -R 'WriterFault|e2e\.(broken|damaged)'
}

tidy() {
  "run-clang-tidy-$clang_version" -quiet -p build/release -j "$jobs" \
    -clang-tidy-binary "clang-tidy-$clang_version" \
    "$PWD/(protocols|store|recorder|replayer|ui)/.*\.cpp$"
}

choose_packages
step "packages" install_packages $build_packages $test_packages

fresh="release build, up to date"
[ -e build/release/CMakeCache.txt ] || fresh="release build, clean"
step "$fresh" build_program
step "release build, tests" build ci
step "release: all tests" tests build/release -LE fuzz

if step "asan build" build asan; then
  step "asan: unit, conformance" tests build/asan -LE 'lint|e2e|fuzz'
else
  skip "asan: unit, conformance" "its build failed"
fi

if ! command -v "clang++-$clang_version" >/dev/null 2>&1; then
  skip "tsan" "there is no clang++-$clang_version"
  skip "fuzz" "there is no clang++-$clang_version"
else
  if [ "$all" = no ] && step "tsan build" build_thread_tests; then
    step "tsan: transport, recorder, store" run_thread_tests
  elif [ "$all" = yes ] && step "tsan build" build tsan; then
    step "tsan: unit" tests build/tsan -LE 'lint|e2e|fuzz|conformance'
  else
    skip "tsan: transport, recorder, store" "its build failed"
  fi
  if step "fuzz build" build fuzz fuzzers; then
    step "fuzz: corpora, $fuzz_seconds s" fuzz
  else
    skip "fuzz: corpora, $fuzz_seconds s" "its build failed"
  fi
fi

if [ "$all" = yes ]; then
  step "asan: e2e" tests build/asan -L e2e
  step "release: broken stores, long" broken_stores
  step "clang-tidy" tidy
  step "bench, quick" sh tests/bench/run.sh --quick
else
  skip "asan: e2e" "only with --all"
  skip "release: broken stores, long" "only with --all"
  skip "clang-tidy" "only with --all"
  skip "bench, quick" "only with --all"
fi

printf '\n%-34s %5s %6s  %s\n' step min s outcome
cat "$table"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
exit "$verdict"
