"""What tools/check_layers, tools/check_sizes, tools/check_banned and tools/check_try share: which files
are ours, and the list of exceptions (tools/check_exceptions.txt). Python's standard library only."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("src", "tests", "tools", "bench", "cmake", "examples", "python", "web", "deploy", ".ci")
SKIPPED_FOLDERS = {"build", "data", "__pycache__", ".venv", "node_modules", "fuzz_seeds"}
CPP_ENDINGS = (".h", ".cpp")
TEST_ENDINGS = ("_test.cpp", "_test.h", "_fuzz.cpp", "_fuzz.h", "_bench.cpp")


def files(root, folders=FOLDERS, endings=None):
    """Paths relative to root, sorted, of our own text files."""
    found = []
    for folder in folders:
        for place, names, leaves in os.walk(os.path.join(root, folder)):
            # tests/data holds models and answers; src/data is a layer.
            is_layers = os.path.relpath(place, root) == "src"
            names[:] = [n for n in names if n not in SKIPPED_FOLDERS or (n == "data" and is_layers)]
            for leaf in leaves:
                if endings is None or leaf.endswith(endings):
                    found.append(os.path.relpath(os.path.join(place, leaf), root))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def is_test(path):
    return path.endswith(TEST_ENDINGS)


_TOKEN = re.compile(
    r'(?P<raw>R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<!\w)'(?:\\.|[^'\\\n])+')"
    r"|(?P<line>//[^\n]*)"
    r"|(?P<block>/\*.*?\*/)",
    re.DOTALL,
)


def code_only(text):
    """C++ text with comments and the insides of literals blanked; lines stay where they are."""

    def blank(match):
        token = match.group(0)
        lines = "\n" * token.count("\n")
        return '""' + lines if match.group("raw") or match.group("string") else " " + lines

    return _TOKEN.sub(blank, text)


class Exceptions:
    """Entries `RULE PATH KEY` of one rule. An entry that matches nothing is itself an error, so that
    the list can only shrink."""

    def __init__(self, root, rule):
        self.unused = set()
        self.all = set()
        path = os.path.join(root, "tools", "check_exceptions.txt")
        if not os.path.exists(path):
            return
        for line in read(root, "tools/check_exceptions.txt").splitlines():
            words = line.split("#", 1)[0].split()
            if not words:
                continue
            if len(words) != 3:
                raise SystemExit(f"tools/check_exceptions.txt: expected 'RULE PATH KEY', got: {line}")
            if words[0] == rule:
                self.all.add((words[1], words[2]))
        self.unused = set(self.all)

    def allows(self, path, key):
        self.unused.discard((path, key))
        return (path, key) in self.all


def finish(name, errors, exceptions, summary):
    """Prints the errors and one closing line; gives the exit status."""
    for path, key in sorted(exceptions.unused):
        errors.append(f"tools/check_exceptions.txt: nothing needs the entry '{path} {key}'; remove it")
    for error in errors:
        print(error)
    print(f"{name}: {summary}, {len(exceptions.all)} exceptions, {len(errors)} errors")
    sys.stdout.flush()
    return 1 if errors else 0
