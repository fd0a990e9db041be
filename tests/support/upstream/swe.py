"""Commits in CommitPack's columns, by a grammar of our own: a file of small functions, of which one gets a guard.

A message says what the commit does in words that the instruction is made of, so that the curator needs no memory. Rows
are made one by one, whatever their number; none is repeated.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from genesys.chat import ChatRequest
from genesys.hashing import derived_seed, digest

Row = dict[str, Any]

_NOUNS_TEXT = """
width height weight price speed depth count level share limit delay angle total score volume length radius
budget margin credit reach offset period demand supply charge signal density torque balance queue batch window
buffer
"""
_NOUNS = _NOUNS_TEXT.split()
_THINGS_TEXT = """
kiln barge hive loom mill cellar orchard harbour tannery forge bakery vineyard lighthouse quarry sawmill granary
brewery pottery ropewalk foundry smokehouse dairy apiary nursery depot workshop archive pantry stable laundry
"""
_THINGS = _THINGS_TEXT.split()
_VERBS_TEXT = """
adjusted expected scaled planned measured allotted corrected rated weighted assumed reserved billed
"""
_VERBS = _VERBS_TEXT.split()
_WHYS = (
    "Callers passed what no {thing} can have, and got nonsense back.",
    "The {noun} of an empty {thing} made reports wrong.",
    "Without that the {thing} was charged for nothing.",
    "Values from old forms of the {thing} are that small.",
    "Whoever fills in the {thing} form leaves the {noun} out at times.",
)
_SUBJECTS = (
    "Give {back} for a {thing} whose {noun} is below {least} in {name}",
    "{name}: a {noun} under {least} counts as {back}",
    "Small {thing} values stop at {back} in {name}, where the {noun} is below {least}",
    "Treat a {noun} below {least} as {back} when the {thing} calls {name}",
)


@dataclass(frozen=True)
class Style:
    """How a language writes a file of functions."""

    lang: str
    ending: str
    head: str
    function: str
    """With ``name``, ``noun``, ``other``, ``guard``, ``factor``, ``term``, ``thing``."""
    guard: str
    """With ``noun``, ``least``, ``back``."""
    foot: str = ""


_C_GUARD = "    if ({noun} < {least}) {{\n        return {back};\n    }}\n"
STYLES = (
    Style(
        "Python",
        "py",
        '"""Figures of the {thing}."""\n\n',
        'def {name}({noun}, {other}):\n    """For the {thing}."""\n{guard}'
        "    return {noun} * {factor} + {other} - {term}\n",
        "    if {noun} < {least}:\n        return {back}\n",
    ),
    Style(
        "JavaScript",
        "js",
        "// Figures of the {thing}.\n\n",
        "export function {name}({noun}, {other}) {{\n{guard}    return {noun} * {factor} + {other} - {term};\n}}\n",
        _C_GUARD,
    ),
    Style(
        "TypeScript",
        "ts",
        "// Figures of the {thing}.\n\n",
        "export function {name}({noun}: number, {other}: number): number {{\n{guard}"
        "    return {noun} * {factor} + {other} - {term};\n}}\n",
        _C_GUARD,
    ),
    Style(
        "Go",
        "go",
        "// Package {thing} has its figures.\npackage {thing}\n\n",
        "// {name} is for the {thing}.\nfunc {name}({noun}, {other} int) int {{\n{guard}"
        "\treturn {noun}*{factor} + {other} - {term}\n}}\n",
        "\tif {noun} < {least} {{\n\t\treturn {back}\n\t}}\n",
    ),
    Style(
        "Java",
        "java",
        "/** Figures of the {thing}. */\nfinal class Figures {{\n",
        "    static int {name}(int {noun}, int {other}) {{\n{guard}"
        "        return {noun} * {factor} + {other} - {term};\n    }}\n",
        "        if ({noun} < {least}) {{\n            return {back};\n        }}\n",
        "}\n",
    ),
    Style(
        "Rust",
        "rs",
        "//! Figures of the {thing}.\n\n",
        "pub fn {name}({noun}: i64, {other}: i64) -> i64 {{\n{guard}    {noun} * {factor} + {other} - {term}\n}}\n",
        "    if {noun} < {least} {{\n        return {back};\n    }}\n",
    ),
    Style(
        "Ruby",
        "rb",
        "# Figures of the {thing}.\n\n",
        "def {name}({noun}, {other})\n{guard}  {noun} * {factor} + {other} - {term}\nend\n",
        "  return {back} if {noun} < {least}\n\n",
    ),
    Style(
        "C++",
        "cpp",
        "// Figures of the {thing}.\n#include <algorithm>\n\n",
        "int {name}(int {noun}, int {other}) {{\n{guard}    return {noun} * {factor} + {other} - {term};\n}}\n",
        _C_GUARD,
    ),
    Style(
        "C#",
        "cs",
        "// Figures of the {thing}.\nstatic class Figures\n{{\n",
        "    public static int {name}(int {noun}, int {other})\n    {{\n{guard}"
        "        return {noun} * {factor} + {other} - {term};\n    }}\n",
        "        if ({noun} < {least})\n        {{\n            return {back};\n        }}\n",
        "}\n",
    ),
    Style(
        "PHP",
        "php",
        "<?php\n// Figures of the {thing}.\n\n",
        "function {name}(int ${noun}, int ${other}): int {{\n{guard}"
        "    return ${noun} * {factor} + ${other} - {term};\n}}\n",
        "    if (${noun} < {least}) {{\n        return {back};\n    }}\n",
    ),
    Style(
        "Kotlin",
        "kt",
        "// Figures of the {thing}.\n\n",
        "fun {name}({noun}: Int, {other}: Int): Int {{\n{guard}    return {noun} * {factor} + {other} - {term}\n}}\n",
        "    if ({noun} < {least}) {{\n        return {back}\n    }}\n",
    ),
)
_LICENCES = ("mit", "apache-2.0", "bsd-3-clause", "isc", "bsd-2-clause", "unlicense")


def rows(count: int, seed: int = 0) -> Iterator[Row]:
    """Sound commits."""
    for number in range(count):
        yield _row(random.Random(derived_seed("swe", seed, number)), seed, number)


def _row(dice: random.Random, seed: int, number: int) -> Row:
    style, thing = dice.choice(STYLES), dice.choice(_THINGS)
    functions = dice.randint(3, 14)
    changed = dice.randrange(functions)
    before, after, told = [], [], {}
    for place in range(functions):
        noun, other = dice.sample(_NOUNS, 2)
        # The name is what no other row has, wherever else two rows are alike.
        name = f"{dice.choice(_VERBS)}_{noun}_{digest([seed, number, place], 5)}"
        values = {"name": name, "noun": noun, "other": other, "thing": thing}
        values |= {"factor": dice.randint(2, 90), "term": dice.randint(1, 900)}
        least, back = dice.randint(1, 60), dice.randint(0, 400)
        guard = style.guard.format(noun=noun, least=least, back=back)
        before.append(style.function.format(**values, guard=""))
        after.append(style.function.format(**values, guard=guard if place == changed else ""))
        if place == changed:
            told = {**values, "least": least, "back": back}
    subject = dice.choice(_SUBJECTS).format(**told)
    head, foot = style.head.format(thing=thing), style.foot
    path = (
        f"{dice.choice(('src', 'figures', thing, f'{thing}/inner'))}/{dice.choice(_NOUNS)}_{number % 7}.{style.ending}"
    )
    return {
        "commit": digest(["commit", seed, number], 40),
        "old_file": path,
        "new_file": path,
        "old_contents": head + "\n\n".join(before) + foot,
        "new_contents": head + "\n\n".join(after) + foot,
        "subject": subject,
        "message": f"{subject}\n\n{dice.choice(_WHYS).format(**told)}\n\nSigned-off-by: {thing.title()} Keeper\n",
        "lang": style.lang,
        "license": dice.choice(_LICENCES),
        "repos": ",".join(
            f"{who}/{thing}-figures" for who in dice.sample(("ada", "ben", "cai", "dee"), dice.randint(1, 3))
        ),
    }


def _python(row: Row, old: str, new: str) -> Row:
    """The row with a Python file in which this was replaced."""
    functions = "".join(f"def f{number}(x):\n    return x + {number}\n\n\n" for number in range(6))
    before = f'"""Figures {row["commit"]}."""\n\n\n{functions}'
    files = {"old_file": "a.py", "new_file": "a.py", "lang": "Python"}
    return row | files | {"old_contents": before, "new_contents": before.replace(old, new)}


def _both(change: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {name: change(row[name]) for name in ("old_contents", "new_contents")}


BREAKAGES: dict[str, Callable[[Row], Row | str]] = {
    "missing column": lambda row: {name: value for name, value in row.items() if name != "new_contents"},
    "wrong type": lambda row: row | {"old_contents": 7},
    "broken JSON": lambda row: json.dumps(row)[:-20],
    "half a character": lambda row: json.dumps(row).replace("Figures of", "\\ud83d Figures of", 1),
    "no commit": lambda row: row | {"commit": " "},
    "new file": lambda row: row | {"old_contents": ""},
    "deleted file": lambda row: row | {"new_contents": "\n"},
    "renamed file": lambda row: row | {"old_file": "old/" + row["old_file"]},
    "contradictory": lambda row: row | {"new_contents": row["old_contents"]},
    "no language": lambda row: row | {"old_file": "notes.md", "new_file": "notes.md", "lang": "Markdown"},
    "copyleft": lambda row: row | {"license": "gpl-3.0"},
    "no licence": lambda row: row | {"license": None},
    "generated": lambda row: row | {"old_contents": "// Code generated by tool. DO NOT EDIT.\n" + row["old_contents"]},
    "vendored": lambda row: row | {name: "vendor/" + row[name] for name in ("old_file", "new_file")},
    "binary": _both(lambda text: text + "\x00\x01"),
    "too long": _both(lambda text: text + "// long\n" * 4000),
    "minified": _both(lambda text: text + "x = 1; " * 400),
    "no message": lambda row: row | {"subject": "Update", "message": "Update " + row["new_file"]},
    "merge": lambda row: row | {"message": f"Merge branch 'main' into {row['commit'][:7]}"},
    "only a comment": lambda row: _python(
        row, "    return x + 3", "    # As agreed,\n    # long ago.\n    return x + 3"
    ),
    "does not parse": lambda row: _python(row, "def f3(x):", "def f3(x:\n    x = int(x)"),
    "a secret": lambda row: row | {"message": row["message"] + "\n-----BEGIN RSA PRIVATE KEY-----\n" + KEY},
}
KEY = "MIIEpAIBAAKCAQEA" + "q7Zr3v9Xw1Yt5Ku8" * 20 + "\n-----END RSA PRIVATE KEY-----\n"
"""No key: letters in the place of one."""
ENDS = {
    "missing column": "broken row",
    "wrong type": "broken row",
    "broken JSON": "broken row",
    "half a character": "broken row",
    "no commit": "broken row",
    "new file": "adds a file",
    "deleted file": "deletes a file",
    "renamed file": "renames the file",
    "contradictory": "changes nothing",
    "no language": "language not known",
    "copyleft": "licence not allowed",
    "no licence": "licence not allowed",
    "generated": "generated file",
    "vendored": "vendored file",
    "binary": "no text",
    "too long": "file too long",
    "minified": "lines too long",
    "no message": "message says nothing",
    "merge": "merge commit",
    "only a comment": "no code changed",
    "does not parse": "file after does not parse",
    "a secret": "holds a secret",
}
"""The reason with which each breakage ends."""

_MESSAGE = re.compile(r"The commit's message:\n(`+)text\n(.*?)\n\n", re.DOTALL)


def curator(request: ChatRequest) -> str:
    """The curator's answer: an instruction made of the message, and a check that finds nothing."""
    if request.name == "swe_check":
        return json.dumps(
            {"leaks": False, "specific": True, "self_contained": True, "faithful": True, "why": "It holds."}
        )
    asked = _MESSAGE.search(request.messages[-1].content)
    assert asked is not None
    said = f"Readers of the figures ask for this: {asked[2]}. Everything else shall stay as it is."
    return f"```text\n{said}\n```\n" + json.dumps({"possible": True, "why": "One purpose."})
