"""What a function may be, by rules alone; what it is compared by; and that no output stands in it."""

from __future__ import annotations

import pytest

from genesys.curation.code_understanding import functions
from genesys.curation.code_understanding.functions import Function, read_function, stands_in
from genesys.job import Language

GOOD: dict[Language, str] = {
    "python": "from re import sub, time\nimport string as text, collections.abc\n\ndef transform(s: str) -> str:\n"
    "    time, id_of = 1, s.index\n    return sub('open|random', 'eval(', s) + text.digits.format(open=1)\n",
    "javascript": "const transform = (s) => {\n  const seen = {process: 1, Date: 2};\n"
    "  return s.replace(/eval|require/g, 'fetch') + seen.process;\n}\n",
    "rust": "use std::collections::BTreeMap;\nfn transform(s: &str) -> String {\n    let time = 3;\n"
    '    let io: BTreeMap<char, i32> = BTreeMap::new();\n    format!("{}{}{}", s, time, io.len())\n}\n',
    "cpp": "#include <string>\nusing namespace std;\nstatic string transform(const string &s) {\n"
    "    int time = 1, clock = 2;\n    return s + to_string(time + clock);\n}\n",
}
OUTSIDE: list[tuple[Language, str, str]] = [
    ("python", "import os\ndef transform(s):\n    return os.sep + s\n", "import os"),
    ("python", "from random import choice\ndef transform(s):\n    return choice(s)\n", "import random"),
    ("python", "import re, time\ndef transform(s):\n    return s\n", "import time"),
    ("python", "def transform(s):\n    print(s)\n    return s\n", "print"),
    ("python", "def transform(s):\n    return str(hash(s))\n", "hash"),
    ("python", "def transform(s):\n    return __import__('os').sep\n", "__import__"),
    ("javascript", "function transform(s) {\n  return s + Math.random();\n}\n", "Math.random"),
    ("javascript", "function transform(s) {\n  return s + new Date();\n}\n", "Date"),
    ("javascript", "const fs = require('fs');\nfunction transform(s) {\n  return s;\n}\n", "require"),
    ("rust", "use std::time::Instant;\nfn transform(s: &str) -> String { s.into() }\n", "time"),
    ("rust", 'fn transform(s: &str) -> String {\n    println!("{}", s); s.into()\n}\n', "println"),
    ("rust", "fn main() {}\nfn transform(s: &str) -> String { s.into() }\n", "main"),
    ("cpp", "#include <string>\nstd::string transform(const std::string& s) { return s + char(rand()); }\n", "rand"),
    ("cpp", "#include <string>\nstd::string transform(const std::string& s) { std::cout << s; return s; }\n", "cout"),
    ("cpp", "int main() {}\nstd::string transform(std::string s) { return s; }\n", "main"),
]
IDEA = "Every vowel hands its place on to the next vowel of the text, the last one to the first."


@pytest.mark.parametrize("language", list(GOOD))
def test_names_that_only_look_like_it_are_no_reach_outside(language: Language) -> None:
    found = read_function(language, GOOD[language], (IDEA,))
    assert isinstance(found, Function), found


@pytest.mark.parametrize(("language", "written", "name"), OUTSIDE)
def test_clocks_chance_files_and_output_are_refused(language: Language, written: str, name: str) -> None:
    assert read_function(language, written, ()) == (functions.OUTSIDE, name)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("def change(s):\n    return s\n", functions.NO_TRANSFORM),
        ("class A:\n    def transform(s):\n        return s\n", functions.NO_TRANSFORM),
        ("def transform(s):\n    return 'never\n", functions.UNREADABLE),
        ("def transform(s):\n    return '```' + s\n", functions.UNREADABLE),
        ("def transform(s):\n    return s\n" + "x = 1\n" * 2000, functions.TOO_LONG),
        (
            "def transform(s):\n    how = 'the next vowel of the text, the last'\n    return s + how\n",
            functions.TELLS_IDEA,
        ),
        ("def transform(s):\n    place_on_to_theNextVowel_of = s\n    return s\n", functions.TELLS_IDEA),
    ],
)
def test_other_reasons(written: str, reason: str) -> None:
    found = read_function("python", written, (IDEA,))
    assert isinstance(found, tuple)
    assert found[0] == reason


def test_its_comments_cannot_tell_since_they_are_gone() -> None:
    found = read_function("python", f'def transform(s):\n    """{IDEA}"""\n    # {IDEA}\n    return s[::-1]\n', (IDEA,))
    assert isinstance(found, Function)
    assert found.code == "def transform(s):\n    return s[::-1]\n"


def test_an_output_that_can_be_read_off_the_function() -> None:
    function = Function(
        "python", "def transform(s):\n    return ['lantern', 'no', \"\"][len(s) % 3] or s + 'abcdefgh'\n"
    )
    assert stands_in(function, "lantern")
    assert stands_in(function, "no")
    assert stands_in(function, "bcdefg"), "long enough to be no chance"
    assert not stands_in(function, "len"), "three letters may be anywhere"
    assert not stands_in(function, "retnal")


def test_functions_are_compared_whatever_their_names_and_constants_are() -> None:
    one = Function(
        "python", "def transform(s):\n    total = 3\n    for ch in s:\n        total += ord(ch)\n    return s[total:]\n"
    )
    same = Function("python", "def transform(t):\n    n = 44\n    for x in t:\n        n += ord(x)\n    return t[n:]\n")
    other = Function(
        "python", "def transform(s):\n    while s.find('a'):\n        s = s.replace('a', 'b', 1)\n    return s\n"
    )
    assert one.shingles == same.shingles
    assert len(one.shingles & other.shingles) < 0.3 * len(one.shingles)
    assert one.ident != same.ident
