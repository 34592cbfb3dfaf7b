# What Understudy is built and tested with, by distribution, and one function that installs it.
# Sourced (POSIX sh) by samples/quickstart.sh and tests/run.sh:
#
#   . samples/packages.sh
#   choose_packages                        # sets build_packages, test_packages, clang_version
#   install_packages $build_packages       # asks apt only for what is missing

# The newest Clang that each distribution has; 19 where it can be had, since the formatting check
# is bound to it.
choose_packages() {
  distribution=unknown
  if [ -r /etc/os-release ]; then
    distribution=$(. /etc/os-release && echo "${ID:-unknown}-${VERSION_ID:-rolling}")
  fi
  boost=libboost-dev
  nginx=nginx-light
  clang_version=19
  case $distribution in
    debian-12) boost=libboost1.81-dev ;;  # its default, 1.74, is too old
    debian-13) ;;
    ubuntu-24.04) ;;
    *) echo "Note: $distribution has not been tried; taking the package names of Debian 13." >&2 ;;
  esac
  build_packages="g++ cmake ninja-build pkg-config $boost libssl-dev nlohmann-json3-dev
    libsqlite3-dev libcli11-dev libpugixml-dev libspdlog-dev libfmt-dev libre2-dev zlib1g-dev
    libbrotli-dev libzstd-dev curl python3 sqlite3"
  # wget, git, nodejs and the JDK: clients that record -- COMMAND must serve unmodified; Node's fetch
  # and http go through our proxy by a preload of ours (ui/cli/node_preload.js). testssl.sh scans
  # what we serve; the last three redirect connections to us in a network that a test makes for
  # itself (tests/e2e/network.py).
  test_packages="libgtest-dev clang-$clang_version libclang-rt-$clang_version-dev
    clang-tidy-$clang_version clang-format-$clang_version $nginx haproxy wrk
    ccache openssl strace util-linux nodejs default-jdk-headless wget git
    testssl.sh nftables iptables iproute2"
}

# Names of those of its arguments that are not installed.
missing_packages() {
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

# Installs what is missing; returns 1, having said why, when it cannot.
install_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is no Debian or Ubuntu: install the counterparts of these packages yourself:" >&2
    echo "  $*" >&2
    return 1
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "Packages are missing and there is no sudo. As root, run:" >&2
      echo "  apt-get install --no-install-recommends $missing" >&2
      return 1
    fi
    as_root=sudo
  fi
  echo "Installing: $missing"
  apt_log=$(mktemp)
  if ! { $as_root apt-get update &&
         $as_root env DEBIAN_FRONTEND=noninteractive \
           apt-get install --yes --no-install-recommends $missing; } >"$apt_log" 2>&1; then
    echo "apt-get failed; its last lines ($apt_log has them all):" >&2
    tail -n 5 "$apt_log" >&2
    return 1
  fi
  rm -f "$apt_log"
}
