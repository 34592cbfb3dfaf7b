"""What holds for every file: where it lies, how long it is, and which words it must not contain."""

import re

import tree

TOP_LEVEL = {
    ".ci", ".cmake", ".clang-format", ".clang-tidy", ".gitattributes", ".gitignore", "CMakeLists.txt",
    "CMakePresets.json", "README.md", "protocols", "recorder", "replayer", "samples", "store", "tests", "ui",
}
IGNORED_TOP_LEVEL = re.compile(r"(compile_commands\.json|.*\.db(-wal|-shm)?)$")  # as .gitignore says

SOFT_LIMIT, HARD_LIMIT = 400, 500  # lines of a source file: one purpose, one screenful of headings
REASON = "Longer than 400 lines because"
COUNTED = (".h", ".cpp", ".py", ".sh", ".js", ".sql")

# Pieces, so that this file does not contain what it looks for.
FORBIDDEN = [
    (re.compile("/" + r"(?:work|farm)/|/tmp/" + r"build|/home/\w+/|/ro" + "ot/"), "a path of one machine"),
    (re.compile(r"\b(?:TO" + "DO|FIX" + r"ME|XX" + r"X)\b"), "unfinished work"),
    (re.compile(r"not (?:yet )?imple" + "mented|place" + "holder"), "unfinished work"),
    (re.compile(r"registry\.npm" + r"js|pypi\.o" + r"rg|crates\.i" + r"o\b|artifact" + "ory|pythonhos" + "ted"),
     "a package registry"),
    (re.compile("GTEST_" + "SKIP|DIS" + r"ABLED_\w|EXPECT_TRUE\(tr" + r"ue\)|\bSUCC" + r"EED\(\)"),
     "a test that cannot fail"),
    (re.compile("sleep_" + r"for|\busl" + r"eep\(|sleep_" + "until"), "a sleep: wait for a condition"),
]
TEXT = (".h", ".cpp", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".xml", ".sql", ".js", ".css", ".html")


def check_top_level(names):
    for name in names:
        if name not in TOP_LEVEL and name not in tree.NOT_OURS and not IGNORED_TOP_LEVEL.match(name):
            yield f"{name}: not a place of the house; put it where its kind lives"


def check_length(source):
    lines = source.lines()
    if len(lines) > HARD_LIMIT:
        yield f"{source.path}: {len(lines)} lines, more than {HARD_LIMIT}: split it"
    elif len(lines) > SOFT_LIMIT and not any(REASON in line for line in lines[:40]):
        yield f'{source.path}: {len(lines)} lines: split it, or say in its head "{REASON} …"'


def check_words(source):
    for number, line in enumerate(source.lines(), 1):
        for pattern, what in FORBIDDEN:
            if pattern.search(line):
                yield f"{source.path}:{number}: {what}: {line.strip()[:80]}"


def check_opening(source):
    """A header opens with what it is for; its .cpp needs to say nothing twice."""
    if not source.is_header:
        return
    if not source.text.startswith("//"):
        yield f"{source.path}: does not open with what it is, and on which threads it is used"
    if "#pragma once" not in source.text:
        yield f"{source.path}: no #pragma once"


def check_tree():
    yield from check_top_level(sorted(entry.name for entry in tree.ROOT.iterdir()))
    for path in tree.all_files():
        name = path.rsplit("/", 1)[-1]
        if not (name.endswith(TEXT) or name in ("run", ".clang-tidy", ".clang-format")):
            continue
        source = tree.Source(path, (tree.ROOT / path).read_text(encoding="utf-8"))
        yield from check_words(source)
        yield from check_opening(source)
        if path.endswith(COUNTED):
            yield from check_length(source)


def source(text, path="store/x.h"):
    return tree.Source(path, text)


def long(lines, head="// What it is.\n"):
    return source(head + "\n" * (lines - 1))


def words_caught(text):
    return bool(list(check_words(source(text))))


SELF_TESTS = [
    ("a stray top-level file", lambda: bool(list(check_top_level(["notes.txt"])))),
    ("a known top-level entry is refused", lambda: not list(check_top_level(["store", "build", "run.db-wal"]))),
    ("a file of 401 lines", lambda: bool(list(check_length(long(401))))),
    ("a file of 501 lines with a reason", lambda: bool(list(check_length(long(501, f"// {REASON} x\n"))))),
    ("a good length is refused", lambda: not list(check_length(long(400)))
     and not list(check_length(long(450, f"// {REASON} it is a table.\n")))),
    ("a path of one machine", lambda: words_caught("see /" + "work/main/x") and words_caught("/home" + "/ada/x")),
    ("unfinished work", lambda: words_caught("// TO" + "DO: later")),
    ("a test that cannot fail", lambda: words_caught("EXPECT_TRUE(" + "true);")),
    ("a sleep", lambda: words_caught("std::this_thread::sleep_" + "for(1s);")),
    ("a package registry", lambda: words_caught("https://registry.npm" + "js.org/x")),
    ("a good line is refused", lambda: not words_caught("/// Network paths, framework/ of the store.")),
    ("a file without an opening", lambda: bool(list(check_opening(source("#pragma once\n")))) and
     bool(list(check_opening(source("// What it is.\n"))))),
]

if __name__ == "__main__":
    tree.run(check_tree, SELF_TESTS)
