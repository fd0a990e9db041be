r"""A problem's statement as it is compared: its words, numbers and signs, without notation and what only asks for work.

A text becomes tokens: words in small letters, whole numbers in digits (also those that are written as words), and the
signs that decide what is computed. Ways to write the same (``\frac12``, ``1/2``; ``\cdot``, ``*``) become one way as
far as that is cheap. Whether two statements are of one problem is ``genesys.quality.sameness``.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from genesys.hashing import digest
from genesys.overlap import WORD, plain
from genesys.quality.signatures import signature
from genesys.quality.vocabulary import meaning, weight

KEPT, KEPT_CHARS = 512, 8192
"""Tokens that are kept of a statement, for a look at two of them side by side, and all their letters at most."""

_ASKS = re.compile(
    r"""(?ix)
    ^(?:problem|question|exercise|task|prompt|q)?\s?(?:\#|no\.?)?\s?\d*\s?[:.)]\s   # "Question 3:"
    | (?:please\s+|now\s+|and\s+|let\W?s\s+|first\s+){0,4}(?:think|reason|work|solve|go)\b
      [^.!?\n]{0,60}?step[\s-]*by[\s-]*step[^.!?\n]{0,90}[.!?:]?
    | (?:please\s+|and\s+|then\s+|finally,?\s+|be\s+sure\s+to\s+|make\s+sure\s+to\s+|remember\s+to\s+){0,4}
      (?:put|place|give|write|present|provide|enclose|wrap|box|return|state|express|end)\b[^.!?\n]{0,60}\b
      (?:answer|result|solution)\b[^.!?\n]{0,40}\bbox(?:ed)?\b[^.!?\n]{0,20}[.!?]?
    | (?:please\s+)?(?:solve|answer|consider|work\s+out|complete|tackle|attempt)\s+(?:the|this)(?:\s+following)?
      (?:\s+\w+){0,3}\s+(?:problem|question|exercise|task)s?\b(?:\s+(?:carefully|below|about\s+\w+))?\s*[.:!]
    | (?:here\s+is|below\s+is|consider)\s+(?:a|an|the)(?:\s+\w+){0,2}\s+
      (?:problem|question|exercise|task)\b[^.!?\n]{0,30}[.:]
    | (?:please\s+|and\s+){0,4}(?:show|explain|justify)\s+(?:all\s+)?(?:of\s+)?your\s+(?:full\s+)?
      (?:work|working|reasoning|steps|answer)\b[^.!?\n]{0,40}[.!?]?
    | (?:please\s+)?(?:think|reason|work)\s+(?:it|this|the\s+problem)?\s*(?:carefully|through)[^.!?\n]{0,40}[.!?,]
    | limits\ for\ each\ test:[^\n]*
    | write\ a\ whole\ program\ in\ [^\n]*
    """
)
"""What may stand in a prompt or not, and it is the same problem. Each piece is bounded, since others wrote prompts."""
_SPACE = re.compile(r"[^\S\n]+")
_NOT = re.compile(r"n['’]t\b")
_TERSE = re.compile(r"(\\[tdc]?frac)\s*(\d)\s*(\d)")
_LAYOUT = re.compile(
    r"\\(?:begin|end)\s*\{[a-zA-Z*]+\}(?:\{[^}]*\})?|\\(?:[tdc]?frac|sqrt|cdots|l?dots|circ|degree)(?![A-Za-z])"
)
_SIGNS = (
    (re.compile(r"\\(?:leqslant|leq|le)(?![A-Za-z])|<="), "≤"),
    (re.compile(r"\\(?:geqslant|geq|ge)(?![A-Za-z])|>="), "≥"),
    (re.compile(r"\\(?:neq|ne)(?![A-Za-z])|!=|/="), "≠"),
    (re.compile(r"\\lt(?![A-Za-z])"), "<"),
    (re.compile(r"\\gt(?![A-Za-z])"), ">"),
    (re.compile(r"\\pm(?![A-Za-z])"), "±"),
    (re.compile(r"\\(?:cdot|times|ast)(?![A-Za-z])|[×·∗]"), "*"),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"√"), " sqrt "),
    (re.compile(r"[°∘]"), " "),
    (re.compile(r"\*\*"), "^"),
)
_GREEK = re.compile("[α-ω∞∈∑∏∫Γ-Ω]")
_NAMES = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψω",
        str.split(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
            "phi chi psi omega"
        ),
        strict=True,
    )
) | {"∞": "infty", "∈": "in", "∑": "sum", "∏": "prod", "∫": "int"}
_TOKEN = re.compile(rf"{WORD.pattern}|[+*<>≤≥≠±]|(?<![^\W\d_])-(?=\s{{0,3}}[\d\\({{]|\s?[^\W\d_](?![^\W\d_]))")
"""Words and signs; a stroke is one where it stands before a number or a single letter and not within a word."""

_UNITS = {
    word: number
    for number, word in enumerate(
        str.split(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen"
        )
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(str.split("twenty thirty forty fifty sixty seventy eighty ninety"), 2)
}
_POWERS = {"thousand": 1000, "million": 10**6, "billion": 10**9}

Row = dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """The tokens of a problem, in order."""

    tokens: tuple[str, ...]

    @property
    def beginning(self) -> Statement:
        """As much as is kept of it."""
        return self if len(self.tokens) <= KEPT else Statement(self.tokens[:KEPT])

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """In order. The word ``one`` is none: it comes and goes with the wording (``one of them``)."""
        return tuple(token for token in self.tokens if token[0].isdigit())

    @cached_property
    def words(self) -> tuple[str, ...]:
        """In order, without numbers and signs."""
        return tuple(token for token in self.tokens if token[0].isalpha())

    @cached_property
    def weights(self) -> dict[str, float]:
        """What it says, each once and whatever the wording, with how much that is."""
        return {word: weight(word) for word in map(meaning, self.tokens)}

    @property
    def digits(self) -> str:
        """All digits in order: the same however numbers are parted (``2.50``, ``250``)."""
        return "".join(self.numbers)


def statement(prompt: str) -> Statement:
    """What is compared of a prompt."""
    spaced = "\n".join(line for line in (_SPACE.sub(" ", line).strip() for line in prompt.split("\n")) if line)
    text = _LAYOUT.sub(" ", _TERSE.sub(r" \2/\3 ", _NOT.sub(" not", _ASKS.sub(" ", spaced))))
    for pattern, sign in _SIGNS:
        text = pattern.sub(sign, text)
    text = _GREEK.sub(lambda found: f" {_NAMES.get(found[0].casefold(), found[0])} ", text)
    return Statement(tuple(_counted(_TOKEN.findall(plain(text)))))


def problem_marks(prompt: str) -> Row:
    """What is kept of a problem to compare it with others: these columns of ``columns.MEASURED_PROBLEMS``.

    ``digest`` is the same for prompts that say the same word for word, ``numbers`` for those with the same digits (ones
    do not count),
    ``content`` is the statement itself (``unpacked`` reads it), ``words`` counts its tokens.
    """
    made = statement(prompt)
    return {
        "digest": digest(" ".join(made.tokens), 32),
        "words": len(made.tokens),
        "numbers": digest("".join(sorted(made.digits.replace("1", ""))), 16),
        "signature": signature(features(made)),
        "content": zlib.compress(" ".join(made.tokens[:KEPT])[:KEPT_CHARS].encode("utf-8", "surrogatepass"), 1),
    }


def unpacked(content: bytes) -> Statement:
    """A statement from the column ``content``, as far as it was kept."""
    return Statement(tuple(zlib.decompress(content).decode("utf-8", "surrogatepass").split()))


def features(made: Statement) -> set[str]:
    """What a signature is made of: the words that say what it is about, whatever their order."""
    telling = {word for word, weight in made.weights.items() if weight == 1}
    return telling if len(telling) >= 4 else telling | set(made.tokens)


def _counted(tokens: list[str]) -> Iterator[str]:
    """The tokens, with numbers in digits that were written as words; ``one`` by itself stays a word."""
    at = 0
    while at < len(tokens):
        value, end = _number(tokens, at)
        yield str(value) if end > at + 1 or (end > at and tokens[at] != "one") else tokens[at]
        at = max(end, at + 1)


def _number(tokens: list[str], at: int) -> tuple[int, int]:
    """The number whose words begin there, and where they end: ``two hundred twenty five``, not ``two three``."""
    total = small = 0
    last = 1000  # of the word before, what it left open: hundreds 1000, tens 100, units 10, nothing more 1
    while at < len(tokens):
        word = tokens[at]
        if (value := _UNITS.get(word)) is not None and last > (10 if value >= 10 else 1):
            small, last = small + value, 1
        elif (value := _TENS.get(word)) is not None and last > 10:
            small, last = small + value, 10
        elif word == "hundred" and 0 < small < 100:
            small, last = small * 100, 100
        elif word in _POWERS and small:
            total, small, last = total + small * _POWERS[word], 0, 1000
        else:
            break
        at += 1
    return total + small, at
