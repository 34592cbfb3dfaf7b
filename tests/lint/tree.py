"""The source tree as the lint checks see it: files, lines without comments, includes.

A check is a function from a Source to complaints, so that its self-test can hand it a snippet.
run() is the frame of every check program: first the self-tests, then the tree.
"""

import pathlib
import re
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("protocols", "store", "recorder", "replayer", "ui", "tests")
CODE_SUFFIXES = (".h", ".cpp")
NOT_OURS = {"build", ".git", ".cache", ".clangd", "__pycache__"}

_INCLUDE = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")')
_COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)


class Source(NamedTuple):
    path: str  # relative to the root, with slashes
    text: str

    @property
    def is_header(self):
        return self.path.endswith(".h")

    def lines(self):
        return self.text.splitlines()

    def code(self):
        """The text with comments blanked; strings stay, line numbers stay."""
        def blank(match):
            found = match.group(0)
            return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)
        return _COMMENT.sub(blank, self.text)

    def includes(self):
        """(line number, spelling) of each include; quoted ones without quotes, others with <>."""
        for number, line in enumerate(self.lines(), 1):
            match = _INCLUDE.match(line)
            if match:
                yield number, match.group(1).strip('"')


def all_files():
    """Every file of the tree that is ours, relative to the root."""
    def walk(folder):
        for entry in sorted(folder.iterdir()):
            if entry.name in NOT_OURS:
                continue
            if entry.is_dir():
                yield from walk(entry)
            elif entry.is_file():
                yield entry.relative_to(ROOT).as_posix()
    return list(walk(ROOT))


def sources(folders=CODE_FOLDERS, suffixes=CODE_SUFFIXES):
    for path in all_files():
        if path.split("/")[0] in folders and path.endswith(suffixes):
            yield Source(path, (ROOT / path).read_text(encoding="utf-8"))


def registered_protocols():
    """Folders of codecs: what protocols/registry.cpp includes."""
    path = "protocols/registry.cpp"
    registry = Source(path, (ROOT / path).read_text(encoding="utf-8"))
    found = []
    for _, spelling in registry.includes():
        parts = spelling.split("/")
        if len(parts) == 3 and parts[0] == "protocols" and parts[1] not in ("core", "content"):
            found.append(parts[1])
    return found


def run(check_tree, self_tests):
    """`self_tests`: (what, callable that is true when a bad snippet is caught and a good one is not)."""
    blind = [what for what, holds in self_tests if not holds()]
    complaints = [f"self-test: {what} would not be noticed" for what in blind] or list(check_tree())
    for complaint in complaints:
        print(complaint)
    print(f"{len(self_tests)} self-tests, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)
