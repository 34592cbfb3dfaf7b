"""Every source file is as clang-format leaves it. The binary's path is the first argument."""

import pathlib
import subprocess
import sys
import tempfile

import tree


def complaints(clang_format, paths):
    if not paths:
        return []
    outcome = subprocess.run(
        [clang_format, "--dry-run", "-Werror", f"--style=file:{tree.ROOT / '.clang-format'}", *map(str, paths)],
        capture_output=True, text=True, check=False)
    found = [line for line in outcome.stderr.splitlines() if "error:" in line]
    return found if found or outcome.returncode == 0 else [outcome.stderr]


def badly_formatted_is_caught(clang_format):
    with tempfile.TemporaryDirectory() as folder:
        bad, good = pathlib.Path(folder, "bad.cpp"), pathlib.Path(folder, "good.cpp")
        bad.write_text("int  f( ) {return 1 ;}\n")
        good.write_text("int f();\n")
        return bool(complaints(clang_format, [bad])) and not complaints(clang_format, [good])


if __name__ == "__main__":
    binary = sys.argv[1]
    tree.run(lambda: complaints(binary, [tree.ROOT / source.path for source in tree.sources()]),
             [("bad formatting", lambda: badly_formatted_is_caught(binary))])
