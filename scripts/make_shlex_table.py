#!/usr/bin/env python3
"""Writes test/fixtures/shlex_table.json: command strings, and what shlex.split makes of each.

Each row is [string, words], or [string, message] where shlex refuses. The seed is fixed: the same table every time.
Run from anywhere: python3 scripts/make_shlex_table.py
"""

import json
import pathlib
import random
import shlex

ROWS = 4000
TABLE = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "shlex_table.json"

# Heavy in what a lexer decides on. The second row looks like whitespace to Unicode, but is none to shlex.
LEXICAL = ["'", '"', "\\", " ", "\t", "\r", "\n"] * 4
SPACES = ["\u00a0", "\u0085", "\u2028", "\u2003", "\u3000", "\ufeff", "\v", "\f", "\x1c"]
OPERATORS = list("#;&|<>()$`*?[]{}!~=%^@,.:/-")
PLAIN = list("abzAZ09_") * 2
UNICODE = ["é", "ß", "ı", "漢", "e\u0301", "😀", "👩\u200d💻", "\ud800", "\udfff", "\u202e", "\0", "\x7f"]
ALPHABET = LEXICAL + SPACES + OPERATORS + PLAIN + UNICODE

# Written by hand, since chance seldom meets them.
CASES = [
    "", " ", "\t\r\n", "a", "a b", "''", '""', "'' ''", "a''b", "''a", "a''", '"" a', "'a'\"b\"c", "\\", "a\\", "a \\",
    "'", '"', "'a", '"a', "\"a\\", "\"a\\\"", "'a\\'", "'a\\' b'", "\\'", '\\"', "\\\\", "\\ ", "a\\ b", "\\\n", "a\\\nb",
    "\"a\\\nb\"", '"\\$HOME"', '"\\`id\\`"', '"\\\'"', "'\\\"'", '"\\a"', '"\\\\"', '"\\\\\\""', "# a", "a # b", "a#b",
    "a '#' b", "a;b", "a && b || c", "a|b", "a>b 2>&1", "$(a b)", "`a b`", "a=b c", "~/a", "{a,b}", "!a", "a\nb", "a\r\nb",
    "a\vb", "a\fb", "a\u00a0b", "\ud83d", "\\😀", "'😀'", "a\0b", "echo 'Hello, World!'", "sh -c 'echo \"$0\" $1' a b",
    "git commit -m \"it's done\" --author='A \"B\" C'", "C:\\dir\\file", "'C:\\dir\\file'", "printf '%s\\n' \"a b\"",
]


def loose(rng):
    """Anything: mostly refused, so short."""
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(1, 13)))


def balanced(rng):
    """Quotes mostly closed and backslashes mostly followed by something: seldom refused, so longer."""
    pieces = []
    for _ in range(rng.randrange(1, 8)):
        inner = "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(0, 5)))
        bare = "".join(char for char in inner if char not in "'\"\\")
        pieces.append(rng.choice([
            bare,
            rng.choice(" \t\r\n"),
            "'" + inner.replace("'", "") + "'",
            '"' + inner.replace('"', '\\"') + '"',
            '"' + bare + '\\' + rng.choice(ALPHABET) + '"',
            "\\" + rng.choice(ALPHABET),
        ]))
    return "".join(pieces)


def row(command):
    try:
        return [command, shlex.split(command)]
    except ValueError as error:
        return [command, str(error)]


def main():
    rng = random.Random(20240229)
    commands = dict.fromkeys(CASES)
    while len(commands) < ROWS:
        commands[rng.choice([loose, balanced, balanced])(rng)] = None
    # ASCII only, since lone surrogates have no UTF-8; a row a line, so that a change shows as such.
    lines = [json.dumps(row(command), separators=(",", ":")) for command in commands]
    TABLE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
