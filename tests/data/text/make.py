"""Writes python.json: what this very Python makes of texts, for src/text's tests.

Any Python 3 from 3.8 on, `python3 make.py`; the committed file is Python 3.11's (Unicode 14).
"""

import json
import pathlib
import random
import re
import sys
import unicodedata

BLOCK = 4096
SIZE = sys.maxunicode + 1
FNV_PRIME, FNV_START, MASK = 0x100000001B3, 0xCBF29CE484222325, (1 << 64) - 1


def is_assigned(code):
    return unicodedata.category(chr(code)) not in ("Cn", "Cs")


def without_accents(text):
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def ascii_only(text):
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


FUNCTIONS = {
    "lower": str.lower,
    "without_accents": without_accents,
    "ascii": ascii_only,
    "word": lambda c: "1" if c.isalnum() or c == "_" else "0",
    "space": lambda c: "1" if c.isspace() else "0",
}


def ranges():
    """First and last code points of the assigned ranges."""
    found, first = [], None
    for code in range(SIZE + 1):
        inside = code < SIZE and is_assigned(code)
        if inside and first is None:
            first = code
        elif not inside and first is not None:
            found.append([first, code - 1])
            first = None
    return found


def digest(function, block):
    """FNV-1a over the results for a block's assigned code points, each ended by a zero byte."""
    value = FNV_START
    for code in range(block, min(block + BLOCK, SIZE)):
        if is_assigned(code):
            for byte in function(chr(code)).encode() + b"\0":
                value = ((value ^ byte) * FNV_PRIME) & MASK
    return f"{value:016x}"


INTERESTING = list("aZ09_ .'-ΣσςΑαΟİIıßẞÅåÉéÑñ\u0301\u0307\u0345\u00ad\u200d\u2019·:ǅǆﬁ½²Ⅷⓐ中あ한한ﷺ𝐀𐐀😀\t\n\x1c\u3000\u00a0")


def texts():
    state = random.Random(5)
    found = ["", "ΟΔΟΣ", "ΣΑΣ Σ ΑΣ. Σ'Α", "İstanbul", "Grüße, STRASSE", "naïve café", "ﬁnal ½ cup", "ΑΣ\u0301", "ΑΣ\u0301Α"]
    for length in (2, 3, 5, 8, 13):
        for _ in range(30):
            found.append("".join(state.choice(INTERESTING) for _ in range(length)))
    return found


PATTERNS = [
    r"(?u)\b\w\w+\b", r"\w+", r"[a-z]+", r"(?i)[a-z]{2,3}", r"\S+", r"[^\s,;]+", r"[\S]+", r"[^\S\n]+", r"\d+(?:\.\d+)?",
    r"(?u)\b[a-zA-Z]\w*\b", r"(\w)\w*", r"#(\w+)|@\w+", r"\w*", r"\b", r"(?m)^.", r"(?m)^", r"(?s).", r".{,3}", r"a{,}b", r"x{a}",
    r"\w+(?='s)", r"(?<=\s)\w+", r"(?<!\w)\w", r"(?a)\w+", r"(?a)\s+", r"[][a]+", r"[^]a]+", r"[a\]\-z]+", r"[[:alpha:]]+", r"\x41|\u00e9|\U0001F600",
    r"\101\0?", r"(a)\1", r"(?P<q>['\"])(?:.*?)(?P=q)", r"(?x) \w+  # words" "\n" r" [-]? \w*", r"(?i:É)\w*", r"\Aa|z\Z", r"a$", r"\v|\f|\a", r"(?:a|b)*?c",
    r"(?!the)\b\w+", r"\w+@\w+\.\w+", r"[\w'-]+", r"(?u)(?<=a)", r"\.|\,|\-|\_", r"[.-]", r"\D+", r"\W+", r"\B\w", r"(?#words)\w+", r"[a-f0-9]{4}\b",
]
SUBJECTS = [
    "", "two words", "It's the cat's x1 no_1 C3PO", "a, b;c  d\te\nf\x1cg\u00a0h", "Émile ÉTÉ été éa Éa", "3.14 and 42 2,5", "#tag @name #Ünï",
    "aabbaab abcabc ab c ac", "'q' \"two\" 'x\"", "line one\nline two\n", "abcd-efgh a]b-c [x] x{a} a{,}b aab", "中文 text あいう 한국 😀 A\u0301",
    "joe@x.org _ __ ___", "A1 \x0b\x0c\x07 \0 z", "cafe\u0301 ½ ² Ⅷ", "za\n",
]


def found_all():
    entries = []
    for pattern in PATTERNS:
        regex = re.compile(pattern)
        entries.append({"pattern": pattern, "found": [regex.findall(text) for text in SUBJECTS]})
    return entries


def refused():
    """Patterns that re refuses, and PCRE2 would not."""
    found = [r"\h", r"\R", r"\K", r"\Qa\E", r"(*UTF)a", r"\pL", r"\X", r"a**", r"(?R)", r"(?1)", r"\N", "(", ")", "[a", "\\", r"[\A]", r"\x1", r"\8", "*a"]
    for pattern in found:
        try:
            re.compile(pattern)
        except re.error:
            continue
        raise AssertionError(pattern)
    return found


def main():
    document = {
        "unicode": unicodedata.unidata_version,
        "block": BLOCK,
        "assigned": ranges(),
        "digests": {name: [digest(function, block) for block in range(0, SIZE, BLOCK)]
                    for name, function in FUNCTIONS.items()},
        "texts": [{"text": text, "lower": text.lower(), "without_accents": without_accents(text), "ascii": ascii_only(text)}
                  for text in texts()],
        "subjects": SUBJECTS,
        "patterns": found_all(),
        "refused": refused(),
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()]
    path = pathlib.Path(__file__).with_name("python.json")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


main()
