"""Rows for the code understanding lane, in CC-News' columns and as seeds, ways to break them, and a curator."""

# ruff: noqa: E501 - lists of words, and programs on their lines

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from genesys.chat import ChatRequest
from genesys.hashing import derived_seed
from tests.support.upstream.programs import evolved, written

Row = dict[str, Any]

_WHO = ("The harbour board", "A ferry captain", "Two gardeners", "The town's choir", "A retired teacher", "The night baker",
        "An apprentice mason", "The volunteer brigade", "A group of pupils", "The lighthouse keeper")  # fmt: skip
_DID = ("has repaired", "will open", "counted", "sold", "painted over", "measured", "brought back", "lent out",
        "has found", "wants to move")  # fmt: skip
_WHAT = ("the old footbridge", "a row of beehives", "the market clock", "three wooden boats", "the reading room",
         "a crate of maps", "the tide gauge", "a weather vane", "the school's bell", "forty apple trees")  # fmt: skip
_WHERE = ("at the north pier", "behind the mill", "in Upper Street", "near the quarry", "on the island", "by the canal",
          "under the arches", "at the crossing", "along the dyke", "outside the station")  # fmt: skip
_ENDS = ("before the autumn rain", "after a long dispute", "for the third time", "without any help", "within two days",
         "to everyone's surprise", "at a cost of {n} crowns", "on day {n} of the works")  # fmt: skip
_WALKS = ("left to right", "right to left", "from the middle", "word by word", "two at a time")
_ACTS = ("doubled", "left out", "turned round", "shifted", "counted", "made capital", "moved to the end")
_PICKS = ("vowels", "letters after a digit", "words of even length", "the rarest letters", "signs in brackets")


def rows(count: int, seed: int = 0) -> Iterator[Row]:
    """News texts of our own, in the columns of CC-News; no two alike, one in the memory at a time."""
    for number in range(count):
        rng = random.Random(f"news {seed} {number}")
        town = f"{rng.choice(('East', 'West', 'Old', 'New'))}{rng.choice(('ford', 'haven', 'mere', 'wick'))}"
        said = [_sentence(rng) for _ in range(rng.randint(5, 30))]
        yield {
            "title": f"{town}: {said[0].removesuffix('.')} ({seed}/{number})",
            "text": " ".join(said) + f"\nReport {number} of {town}.",
            "domain": f"{town.lower()}-news.example",
            "date": f"20{rng.randint(10, 24)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            "description": said[1],
            "url": f"https://{town.lower()}-news.example/{seed}/{number}.html",
        }


def seed_rows(count: int, seed: int = 0) -> Iterator[Row]:
    """Ideas, as a user brings them."""
    for number in range(count):
        rng = random.Random(f"seed {seed} {number}")
        picks = rng.sample(_PICKS, 2)
        yield {
            "seed_id": f"idea-{seed}-{number}",
            "idea": f"Go through the text {rng.choice(_WALKS)}; {picks[0]} are {rng.choice(_ACTS)}, {picks[1]} are "
            f"{rng.choice(_ACTS)} by {rng.randint(2, 30)}, in the manner of number {number}.",
            "topic": rng.choice(("order", "letters", "words")),
        }


def _sentence(rng: random.Random) -> str:
    end = rng.choice(_ENDS).format(n=rng.randint(2, 900))
    return f"{rng.choice(_WHO)} {rng.choice(_DID)} {rng.choice(_WHAT)} {rng.choice(_WHERE)} {end}."


def _with(**columns: Any) -> Callable[[Row], Row]:
    return lambda row: {**row, **columns}


def _without(*names: str) -> Callable[[Row], Row]:
    return lambda row: {name: value for name, value in row.items() if name not in names}


BREAKAGES: dict[str, Callable[[Row], Row | str]] = {
    "no column text": _without("text"),
    "no column url": _without("url"),
    "text is a list": lambda row: {**row, "text": row["text"].split(". ")},
    "text is null": _with(text=None),
    "text is empty": _with(text="  \n "),
    "text is short": lambda row: {**row, "text": row["text"][:150]},
    "text is nothing that a screen shows": _with(text="\u0000\u200b \u0007" * 100),
    "half a character in the text": lambda row: {**row, "text": row["text"] + " \ud83d"},
    "nothing names it": _with(url="", title=None),
    "url is a mapping": _with(url={"href": "x"}),
    "title is a number": _with(title=7),
    "broken JSON": lambda row: '{"title": "' + row["title"] + '", "text": ',
    "a list": lambda row: '["' + row["url"] + '"]',
}
"""Ways in which a row of CC-News may be broken; a text is the line itself."""

FLAWS = {
    "constant": "constant", "identity": "identity", "fails on empty": "fails on an input", "empty": "output empty",
    "too long": "output too long", "not compiled": "does not compile", "trivial": "trivial", "endless": "takes too long",
    "short": "trivial", "opens a file": "function reaches outside", "no transform": "no function transform",
    "never ends its string": "function cannot be read", "very long": "function too long",
    "tells its idea": "function tells its idea", "literal": "output stands in the function",
}  # fmt: skip
"""What a flawed seed has the curator write, and the reason for which the row is dropped."""


def flawed(flaw: str, number: int = 0) -> Row:
    """A seed for which the curator writes a function with this flaw."""
    idea = f"Write the text backwards, then write it backwards again (flaw: {flaw}; number {number})."
    return {"seed_id": f"flaw-{flaw}-{number}", "idea": idea, "topic": "flaws"}


_FLAWED = {
    "constant": "def transform(s):\n    return 'always the same'[3:]\n",
    "identity": "def transform(s):\n    return ''.join(list(s))\n",
    "fails on empty": "def transform(s):\n    return s[0] + s[::-1] + s[0]\n",
    "empty": "def transform(s):\n    return ' ' * len(s)\n",
    "too long": "def transform(s):\n    return (s + '-') * 40\n",
    "not compiled": "def transform(s):\n    return s[::-1\n",
    "trivial": "def transform(s):\n    out = ''\n    for ch in s:\n        out = ch + out\n    return out\n",
    "endless": "def transform(s):\n    while True:\n        s = s[::-1]\n",
    "short": "def transform(s):\n    return str(sum(map(ord, s)) % 97)\n",
    "opens a file": "def transform(s):\n    return open('/etc/hostname').read() + s\n",
    "no transform": "def convert(s):\n    return s[::-1] + '!'\n",
    "never ends its string": "def transform(s):\n    return s + 'never\n",
    "very long": "def transform(s):\n" + "".join(f"    s = s + str(len(s) % {n})\n" for n in range(2, 400)) + "    return s\n",
    "tells its idea": "def transform(s):\n    what = 'write the text backwards, then write it backwards again'\n"
    "    return s[::-1] + what[len(s) % 50]\n",
    "literal": "def transform(s):\n    table = 'lantern harbour compass anchor rigging mooring keelson bowsprit galley "
    "tiller rudder capstan hawser bollard fairway seamark bulwark gunwale halyard mainsail topmast deckhand lifebelt'.split()"
    "\n    return table[sum(map(ord, s)) % 23]\n",
    "chance": "def transform(s):\n    return ''.join({ch + str(len(s)) for ch in s + 'abcdefgh'})\n",
}  # fmt: skip
_LANGUAGES = {"Python 3": "python", "JavaScript": "javascript", "Rust": "rust", "C++": "cpp"}


def curator(request: ChatRequest) -> str:
    """What a good curator answers to the lane's prompts, and what a poor one does where a seed asks for it."""
    asked = request.messages[-1].content
    contract = request.messages[0].content
    language = next(name for words, name in _LANGUAGES.items() if f"standard library of {words}" in contract)
    rng = random.Random(derived_seed("a curator's answer", request.name, asked))
    if request.name == "understanding_write":
        flaw = re.search(r"\(flaw: ([^;]*);", asked)
        code = _FLAWED[flaw[1]] if flaw else written(language, rng)
    else:
        code = evolved(language, asked.split("==========\n")[1].rstrip() + "\n", rng)
    return f"It follows the idea closely.\n\n```{language}\n{code}```\n"
