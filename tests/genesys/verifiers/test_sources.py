"""Code that says the same has one hash wherever it stands and however it is explained; other code has another."""

import pytest

from genesys.verifiers.sources import content, named_contents

RULES = '''
"""What these rules are."""

from genesys.verifiers.math.numbers import half, third
from genesys.verifiers.rules import EXACT

LIMIT = 3
"""How many."""


class Rules:
    """Rules."""

    async def judge(self, text: str) -> float:
        """Say."""
        # a reason
        return half(text) if text != "\\ud835" else f"{LIMIT:>{EXACT}}"
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a reason", "# another reason"),
        ('"""Say."""', '"""Say it\n        well."""'),
        ('    """Rules."""\n', ""),
        ('"""How many."""', ""),
        ("text: str) ->", "text: str,\n    ) ->"),
        ("genesys.verifiers.math.numbers", "genesys.places.numbers"),
        ("genesys.verifiers.math.numbers", ".numbers"),
        ("genesys.verifiers.rules", "genesys.a_place_that_sorts_first.rules"),
    ],
)
def test_words_layout_and_places_do_not_count(old: str, new: str) -> None:
    changed = RULES.replace(old, new)
    assert changed != RULES
    assert content(changed.encode()) == content(RULES.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("LIMIT = 3", "LIMIT = 3.0"),
        ("return half(text)", "return third(text)"),
        ("async def", "def"),
        ("!=", "=="),
        ("\\ud835", "\\ud836"),
        (">{EXACT}", "<{EXACT}"),
        ("math.numbers", "math.numeric"),
        ("half, third", "third as half, half as third"),
        ("text: str", "text: str = ''"),
    ],
)
def test_what_code_does_counts(old: str, new: str) -> None:
    changed = RULES.replace(old, new)
    assert changed != RULES
    assert content(changed.encode()) != content(RULES.encode())


def test_equal_code_has_this_hash_in_every_version_of_python() -> None:
    assert content(RULES.encode())[:16] == "dde51a3f61653bfd"


def test_what_is_no_python_counts_byte_by_byte() -> None:
    assert content(b"def") != content(b"def ")
    assert content(b"\xff\xfe\x00") != content(b"\xff\xfe\x01")


def test_a_package_is_all_its_modules() -> None:
    assert named_contents("genesys.verifiers.math.exact") < named_contents("genesys.verifiers.math")
