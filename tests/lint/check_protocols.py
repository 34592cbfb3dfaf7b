"""Each registered protocol is complete, and nobody outside its folder asks for it by name."""

import re

import tree

# Names of codecs, now and to come: a comparison with one of them is a protocol's own decision,
# taken in the wrong place. Schemes ("https", "mqtts") are spellings of rules, decided in the registry.
NAMES = "raw|http|http2|websocket|mqtt|ims|ipic|kafka"
COMPARISON = re.compile(
    rf'\bprotocol(?:_|\(\)|_name)?(?:(?:\.|->)name(?:\(\)|_)?)?\s*[!=]=\s*"(?:{NAMES})"'
    rf'|"(?:{NAMES})"\s*[!=]=\s*[\w.>()-]*\bprotocol\w*|\bname\(\)\s*[!=]=\s*"(?:{NAMES})"')


def check_comparisons(source):
    if source.path.startswith("tests/"):
        return
    for number, line in enumerate(source.code().splitlines(), 1):
        match = COMPARISON.search(line)
        if match:
            own = re.search(r'"(\w+)"', match.group(0)).group(1)
            if not source.path.startswith(f"protocols/{own}/"):
                yield (f"{source.path}:{number}: asks for a protocol by name; "
                       "let protocols/core/protocol.h have a function for it")


def check_complete(name, files):
    if not any(path.startswith(f"tests/conformance/{name}/") and not path.endswith("CMakeLists.txt")
               for path in files):
        yield f"protocols/{name} has no vectors in tests/conformance/{name}"
    if not any(re.match(rf"tests/fuzz/(?:fuzz_)?{name}\w*\.cpp$", path) for path in files):
        yield f"protocols/{name} has no fuzz target in tests/fuzz"


def check_tree():
    files = tree.all_files()
    names = tree.registered_protocols()
    if not names:
        yield "protocols/registry.cpp includes no codec"
    for name in names:
        yield from check_complete(name, files)
    for source in tree.sources():
        yield from check_comparisons(source)


def caught(line, path="recorder/x.cpp"):
    return bool(list(check_comparisons(tree.Source(path, f"void f() {{\n  {line}\n}}\n"))))


WHOLE = ["tests/conformance/foo/get.json", "tests/fuzz/fuzz_foo.cpp"]
SELF_TESTS = [
    ("a comparison with a name", lambda: caught('if (rule.protocol == "http") return;')
     and caught('if (protocol->name() != "mqtt") return;') and caught('if ("raw" == protocol_) return;')),
    ("good code is refused", lambda: not caught('// if (protocol == "http")')
     and not caught('if (rule.protocol == other.protocol) return;')
     and not caught('if (protocol == "http") return;', "protocols/http/x.cpp")),
    ("a protocol without vectors", lambda: bool(list(check_complete("foo", WHOLE[1:])))),
    ("a protocol without a fuzz target", lambda: bool(list(check_complete("foo", WHOLE[:1])))),
    ("a complete protocol is refused", lambda: not list(check_complete("foo", WHOLE))),
]

if __name__ == "__main__":
    tree.run(check_tree, SELF_TESTS)
