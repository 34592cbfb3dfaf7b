"""Who may include whom: dependencies point one way, and every library has its home.

README.md draws the picture; TABLE below is the law.
"""

import re

import tree

# What each module may include of ours, and which libraries. A module is the longest prefix that
# fits. "posix" are the headers of the system without sockets.
PURE = {"std"}
TABLE = {
    "protocols/core": (["protocols/core"], PURE | {"fmt"}),
    "protocols/content": (["protocols/core", "protocols/content"],
                          PURE | {"fmt", "zlib", "brotli", "zstd", "re2", "json"}),
    "protocols/registry": (["protocols/core", "protocols/registry.h"], PURE | {"fmt"}),
    "protocols/transport": (["protocols/core", "protocols/transport"],
                            {"std", "threads", "fmt", "posix", "sockets", "asio", "openssl", "spdlog"}),
    # A codec: protocols/NAME, see module_of().
    "codec": (["protocols/core", "protocols/content"], PURE | {"fmt"}),
    "store": (["protocols/core", "protocols/content", "store"],
              {"std", "threads", "fmt", "posix", "sqlite", "json", "pugixml"}),
    # Of content only the redactor: rules are compiled once, where they are loaded.
    "recorder": (["protocols/core", "protocols/registry.h", "protocols/transport",
                  "protocols/content/redactor.h", "store", "recorder"],
                 {"std", "threads", "fmt", "posix", "sockets", "asio", "spdlog"}),
    "replayer": (["protocols/core", "protocols/registry.h", "protocols/transport",
                  "protocols/content", "store", "replayer"],
                 {"std", "threads", "fmt", "asio", "spdlog", "json", "pugixml", "re2", "lua"}),
    "ui/web": (["protocols/core", "protocols/registry.h", "protocols/transport",
                "protocols/content", "store", "ui/web"],
               {"std", "threads", "fmt", "posix", "asio", "beast", "spdlog", "json"}),
    "ui/cli": (["protocols/core", "protocols/registry.h", "protocols/transport",
                "protocols/content", "store", "recorder", "replayer", "ui"],
               {"std", "threads", "fmt", "posix", "asio", "spdlog", "json", "cli11"}),
}

LIBRARIES = [  # (pattern on the spelling of an include, library); the first that fits counts
    (r"<fmt/", "fmt"), (r"<spdlog/", "spdlog"), (r"<nlohmann/", "json"), (r"<pugixml", "pugixml"),
    (r"<sqlite3", "sqlite"), (r"<openssl/", "openssl"), (r"<boost/asio/ssl", "openssl"),
    (r"<boost/asio", "asio"), (r"<boost/system", "asio"), (r"<boost/beast", "beast"),
    (r"<boost/url", "beast"), (r"<CLI/", "cli11"), (r"<re2/", "re2"), (r"<lua", "lua"),
    (r"<zlib", "zlib"), (r"<brotli/", "brotli"), (r"<zstd", "zstd"),
    (r"<(sys/socket|sys/un|netinet/|netdb|net/)", "sockets"),
    (r"<(sys/|arpa/|linux/|unistd|fcntl|malloc|signal|poll|spawn|dirent|pwd|termios|dlfcn|pthread|sched|errno)",
     "posix"),
    (r"<(thread|mutex|shared_mutex|condition_variable|iostream|fstream|filesystem|csignal)>",
     "threads"),
    (r"<[a-z_0-9]+>$", "std"),
]

ASIO_HEADERS = re.compile(r"(protocols/transport/|ui/|recorder/relay\w*\.h$|replayer/virtual_service\.h$)")
CODEC_HEADER = re.compile(r"protocols/(\w+)/(\w+)\.h$")


def module_of(path):
    parts = path.split("/")
    if path.startswith("protocols/registry."):
        return "protocols/registry"
    module = "/".join(parts[:2]) if parts[0] in ("protocols", "ui") else parts[0]
    if module not in TABLE and parts[0] == "protocols" and len(parts) == 3:
        return "codec"
    return module if module in TABLE else None


def library_of(spelling):
    return next((name for pattern, name in LIBRARIES if re.match(pattern, spelling)), "unknown")


def may_include(source, spelling):
    module = module_of(source.path)
    ours, libraries = TABLE[module]
    if spelling.startswith("<"):
        return library_of(spelling) in libraries
    if module == "codec" and spelling.startswith(source.path.rsplit("/", 1)[0] + "/"):
        return True
    if source.path == "protocols/registry.cpp" and CODEC_HEADER.match(spelling):
        return module_of(spelling) == "codec"
    return any(spelling == one or spelling.startswith(one + "/") for one in ours)


def check(source):
    if module_of(source.path) is None:
        return  # tests include what they test
    for line, spelling in source.includes():
        place = f"{source.path}:{line}: {spelling}"
        if not may_include(source, spelling):
            yield f"{place} is not for this module"
        if not source.is_header:
            continue
        if spelling == "<nlohmann/json.hpp>":
            yield f"{place} in a header: json_fwd.hpp, or move it to the .cpp"
        if library_of(spelling) == "asio" or spelling == "protocols/transport/asio.h":
            if not ASIO_HEADERS.match(source.path):
                yield f"{place}: this header must not show Asio"
        if spelling in ("<boost/asio.hpp>", "<boost/beast.hpp>"):
            yield f"{place}: include the narrow header"


def reaches(start, target, graph):
    """A path of includes from `start` to `target`, or nothing."""
    stack, seen = [(start, [start])], set()
    while stack:
        path, way = stack.pop()
        if path == target:
            return way
        if path not in seen:
            seen.add(path)
            stack += [(step, way + [step]) for step in graph.get(path, ())]
    return None


def check_hermetic(graph):
    """Replay cannot connect: nothing of it sees the connector, not even through other headers."""
    for path in graph:
        if path.startswith("replayer/"):
            way = reaches(path, "protocols/transport/connector.h", graph)
            if way:
                yield "the replayer sees the connector: " + " -> ".join(way)


def check_tree():
    graph = {}
    for source in tree.sources():
        yield from check(source)
        graph[source.path] = [spelling for _, spelling in source.includes()]
    yield from check_hermetic(graph)


def caught(path, include):
    return bool(list(check(tree.Source(path, f"// comment\n#include {include}\n"))))


def allowed(path, include):
    return not caught(path, include)


HOP = {"replayer/a.cpp": ["store/b.h"], "store/b.h": ["protocols/transport/connector.h"]}
SELF_TESTS = [
    ("a socket in a codec", lambda: caught("protocols/http/x.cpp", "<sys/socket.h>")),
    ("a thread in a codec", lambda: caught("protocols/http/x.cpp", "<mutex>")),
    ("the allocator in a codec", lambda: caught("protocols/http/x.cpp", "<malloc.h>")),
    ("a codec that includes another", lambda: caught("protocols/http/x.h", '"protocols/raw/y.h"')),
    ("a codec included outside the registry", lambda: caught("recorder/x.cpp", '"protocols/http/y.h"')),
    ("SQLite outside the store", lambda: caught("recorder/x.cpp", "<sqlite3.h>")),
    ("OpenSSL outside transport", lambda: caught("ui/web/x.cpp", "<openssl/ssl.h>")),
    ("JSON in a header", lambda: caught("replayer/x.h", "<nlohmann/json.hpp>")),
    ("Asio in a header of the store", lambda: caught("store/x.h", "<boost/asio/ip/tcp.hpp>")),
    ("Asio in a header of the replayer", lambda: caught("replayer/matcher.h", "<boost/asio/ip/tcp.hpp>")),
    ("recorder and replayer", lambda: caught("replayer/x.cpp", '"recorder/recorder.h"')),
    ("the web server and the recorder", lambda: caught("ui/web/x.cpp", '"recorder/recorder.h"')),
    ("core on content", lambda: caught("protocols/core/x.h", '"protocols/content/y.h"')),
    ("an unknown library", lambda: caught("store/x.cpp", "<curl/curl.h>")),
    ("the connector behind another header", lambda: bool(list(check_hermetic(HOP)))),
    ("the table is too strict", lambda: allowed("protocols/http/x.cpp", '"protocols/content/y.h"')
     and allowed("protocols/registry.cpp", '"protocols/http/http_protocol.h"')
     and allowed("recorder/relay.h", '"protocols/transport/stream.h"')
     and allowed("store/x.cpp", "<nlohmann/json.hpp>") and allowed("ui/cli/x.cpp", "<CLI/CLI.hpp>")
     and allowed("replayer/x.h", "<nlohmann/json_fwd.hpp>")),
]

if __name__ == "__main__":
    tree.run(check_tree, SELF_TESTS)
