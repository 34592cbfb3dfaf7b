// The parts of --help that are written by hand: what to try, limits, exit codes.
#pragma once

namespace understudy {

inline constexpr const char* kProgramDescription =
    "Understudy records what an application says to the systems it depends on, and then stands in\n"
    "for them: same ports, same answers, no upstream needed.";

inline constexpr const char* kProgramFooter = R"(A first round:
  understudy record --forward http://localhost:8080=http://localhost:9000
  curl http://localhost:8080/orders/1         (then Ctrl-C in the first terminal)
  understudy list understudy.db
  understudy replay understudy.db             (the system on port 9000 may be gone now)

`understudy COMMAND --help` explains each command with its limits and defaults.

Exit codes:
  0  done
  1  ran, but the verdict is negative: a miss under --fail-on, nothing found
  2  usage or configuration error; the message says where and what was expected
  3  could not start or go on: port taken, privilege missing, directory of `ca` not writable
  4  the store: not there, corrupt, full, in use by another recorder, of a newer version
  With -- COMMAND its own code wins when it is not 0 (128 + signal when it was killed).)";

inline constexpr const char* kRecordFooter = R"(Rules:
  LEFT is where to listen and what the client speaks, RIGHT the real system:
    http://localhost:8080=http://api.example.com      both loopbacks, port 8080
    http://:8080=http://api.example.com/v2            all adapters; /v2 goes before each path
    tcp://localhost:0=tcp://db.example.com:5432       any free port, printed at the start
    https://localhost:8443=https://api.example.com    TLS on both sides, read in between
    http://localhost:8080=https://api.example.com     TLS to the real system alone
  Rules of --config come first, then those of --forward, then --proxy. Clients of TLS rules have to
  trust our certificates (understudy ca show); upstreams must be trusted by this system, or by the
  caFile of the configuration.

Forward proxy:
  --proxy 3128 takes requests in absolute form, CONNECT and SOCKS5. What is inside tunnels is read:
  TLS, with a certificate of ours for the name that the client asks for, then HTTP, or raw TCP.
  Tunnels to hosts on --passthrough are not opened.

COMMAND:
  With neither a rule nor a proxy, -- COMMAND gets a proxy of its own. Its environment has
    UNDERSTUDY_<RULE NAME>            host:port of each rule (upper case, other characters _)
    HTTP_PROXY HTTPS_PROXY            the forward proxy, also in lower case
    NO_PROXY no_proxy                 --no-proxy, and our own rules and status page; else empty
    CURL_CA_BUNDLE SSL_CERT_FILE REQUESTS_CA_BUNDLE GIT_SSL_CAINFO NODE_EXTRA_CA_CERTS WGETRC
    JAVA_TOOL_OPTIONS NODE_OPTIONS    who trusts our certificates, and makes Java and Node use the
                                      proxy (Java does not learn its password)
  The files that these name are in a directory of this user that goes when the command has ended.

Limits:
  A request head of at most 64 KiB and 256 fields; an over-long one is answered with 431.
  Ambiguous HTTP framing is answered with 400 and recorded, never passed on.
  Waiting: --connect-timeout 10s, --head-timeout 30s, --handshake-timeout 10s, --reply-timeout 5m.
  Open connections: --max-connections, by default half of the descriptor limit, said at start.
  Forward proxy: a client that went to 100 upstreams on one connection is made to connect anew; a
  tunnel in which nobody says anything for 0.3 s is relayed as raw TCP, and 4096 hosts are
  remembered by --passthrough-on-reject.
  Not yet stored: --queue-mib 12; when it is full, clients wait (--overload stall), or what is
  not stored is counted (--overload drop).
  kill -9 at any moment costs at most the last 100 ms, never the file.
  A store that is full, fails, is deleted, moved, or locked by others for 10 s: recording stops with
  a message and does not resume, traffic is still forwarded, and the exit code is 4
  (--on-store-error stop: at once).

Signals:
  SIGINT and SIGTERM stop cleanly: open exchanges get 10 s to end; a second signal ends the
  program at once. SIGHUP checks the configuration again; a changed one applies at the next
  start.

Examples:
  understudy record --forward http://localhost:8080=http://localhost:9000
  understudy record run.db --config registration.xml --name nightly
  understudy record run.db --forward http://localhost:0=http://localhost:9000 -- npm test
  understudy record run.db -- npm test
  sqlite3 run.db "select method, url, status from http")";

inline constexpr const char* kReplayFooter =
    R"(Nothing here connects out: a request without a recorded answer is a miss (HTTP: 501 with the
nearest recorded requests and the fields that differ), never a call to the real system. STORE is
not written to.

Which answer:
  HTTP requests match by method, path, query (in any order) and body by meaning (JSON, form),
  else by its bytes. Repeats of a request walk the recorded answers in order. Raw TCP replays
  whole conversations.

Which ports:
  The recorded rules on the recorded ports, TLS and the forward proxy included. --proxy moves the
  recorded proxy; with --config or --forward, what they name is served and nothing else. -- COMMAND
  finds all of it in its environment, as under `understudy record --help`.

Verdict:
  --fail-on takes miss, unused, exhausted, relaxed (comma between them) or all.
  --report writes JSON (.json) or JUnit (.xml); give it twice for both.

Examples:
  understudy replay run.db
  understudy replay run.db --recording nightly --timing recorded
  understudy replay run.db --forward http://localhost:9090=http://localhost:9000
  understudy replay run.db --fail-on all --report junit.xml -- npm test)";

inline constexpr const char* kUiFooter =
    R"(Serves the status page and /api/v1/info for a store, read-only, until SIGINT or SIGTERM.

Example:
  understudy ui run.db --listen 7071)";

inline constexpr const char* kListFooter =
    R"(Without RECORDING: the recordings of the store. With it: its exchanges, one a line, as
id, time, protocol, rule, method, resource, status.

Examples:
  understudy list run.db
  understudy list run.db nightly
  understudy list run.db nightly --json | jq -r .resource)";

inline constexpr const char* kShowFooter = R"(IDs:
  7          exchange 7 of the latest recording
  s2         session 2 of it, with its exchanges
  nightly:7  exchange 7 of the recording "nightly";  nightly:s2  a session of it

What is shown are the bytes as received; what was changed on the way is marked "sent as".
--raw writes the exact bytes of the request, then of the reply.

Examples:
  understudy show run.db 7
  understudy show run.db nightly:s2 --hex)";

inline constexpr const char* kSearchFooter =
    R"(Every word of QUERY must occur, in any case, in the method, resource, heads or note of
an exchange; "double quotes" keep words together. Bodies are not searched.
All recordings are searched, the latest one last. Exit code 1: nothing matched.

Examples:
  understudy search run.db orders
  understudy search run.db 'post "x-request-id: 42"')";

inline constexpr const char* kReindexFooter =
    R"(Rebuilds what is derived from the recorded bytes: methods, resources and statuses that an older
version of a codec wrote, and the decoded heads and bodies of the `http` view. The recorded bytes
are not touched.

Example:
  understudy reindex run.db)";

inline constexpr const char* kRulesFooter =
    R"(Says in plain words what each rule of CONFIG will do, with warnings about what was read past, and
finds rules that take each other's port and rules that lead back to themselves (exit code 2).

Examples:
  understudy rules registration.xml
  understudy rules --forward http://localhost:8080=https://api.example.com)";

inline constexpr const char* kCaFooter =
    R"TEXT(The authority signs the certificates that clients of TLS rules are shown. It is made on first use,
for this user alone: an ECDSA P-256 root for 10 years, in $XDG_DATA_HOME/understudy/ca (by default
~/.local/share/understudy/ca). ca.pem is for clients; ca-key.pem must stay private (mode 0600).
Leaves are valid for 397 days at most; 4096 of them are kept in memory.
Exit code 3: its directory cannot be written, or the key is damaged or can be read by others.

Examples:
  understudy ca show
  curl --cacert "$(understudy ca path)" https://localhost:8443/
  understudy ca export --format p12 -o understudy.p12)TEXT";

}  // namespace understudy
