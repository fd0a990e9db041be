"""What the task's own text says about how its answer is meant. Nothing here compares."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass

from genesys.verifiers.math.numbers import read_number
from genesys.verifiers.math.text import canonical, clean

_LETTERS = (
    r"\$?(?P<letters>[A-Za-z](?:_\{?\w\}?)?(?:\$?\s*,\s*\$?[A-Za-z]){0,8}(?:\$?\s*,?\s*and\s*\$?[A-Za-z])?)\$?"
    r"(?![A-Za-z])"
)
_POSITIVE = (
    re.compile(rf"(?<![A-Za-z\\\d+*/^)}}-])(?<![+*/^-]\s){_LETTERS}\s*(?:>|\\gt(?![A-Za-z]))\s*0"),
    re.compile(rf"\bpositive (?:real |rational )?(?:numbers?|integers?|constants?|reals?)\s+{_LETTERS}", re.IGNORECASE),
    re.compile(rf"(?<![A-Za-z\\]){_LETTERS}\s+(?:be|are|is)\s+(?:any |all |a |two |three )?(?:distinct )?positive"),
    re.compile(
        r"\b(?:radius|radii|diameter|side lengths?|sides?|lengths?|heights?|edges?|width|distance)\s+"
        rf"(?:of length |equal to |is |are |be |of )?{_LETTERS}"
    ),
)
_MONOTONE = re.compile(
    r"(?:monoton\w*|increas\w*|decreas\w*)\W+(?:\w+\W+){0,3}intervals?"
    r"|intervals?\W+(?:[\w$()\\]+\W+){0,8}?(?:monoton|increas|decreas)",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"\bin (?:increasing|decreasing|ascending|descending) order|\bfrom (?:the )?(?:least|smallest|lowest|"
    r"greatest|largest|highest|left) to\b|\bin order (?:from|of)\b|\border them\b",
    re.IGNORECASE,
)
_ROUNDED = re.compile(
    r"\bround|\bnearest\b|decimal places?|decimal point|significant (?:figures|digits)|\bapproximat", re.IGNORECASE
)
_BASE = re.compile(r"\bbase[- ]?\s*\$?\{?(?P<base>\d{1,2}|[a-z]+)", re.IGNORECASE)
_PERCENT = re.compile(r"percent|per cent|\\?%", re.IGNORECASE)
_OPTION = re.compile(
    r"(?:^|[\s$({*]|\\(?:text|textbf|mathrm|mathbf|qquad|quad|\s)\s*\{?)\(?(?P<letter>[A-J])\s*(?:\)|\.|:|\\\)|\))\s*\}?"
    r"(?:\\[ ,;:!~]|~|\s|\\q?quad)*",
)
_COMPUTE = re.compile(
    r"\b(?:compute|evaluate|calculate|simplify|factor(?:ize|ise)?|expand|find the (?:exact )?value of|what is)\b",
    re.IGNORECASE,
)
_ECHO = 4
_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
_OPTION_END = re.compile(r"(?:\\q?quad|\\\\|\n|\$\s*$|\s*$)")


@dataclass(frozen=True)
class Context:
    """A task's prompt, as far as it decides how answers are compared; the empty prompt decides nothing."""

    prompt: str = ""

    @functools.cached_property
    def positive(self) -> frozenset[str]:
        """The letters that stand for positive numbers: it says so, or calls them lengths."""
        matches = (match for pattern in _POSITIVE for match in pattern.finditer(self.prompt))
        return frozenset(itertools.chain.from_iterable(_LETTER.findall(match["letters"]) for match in matches))

    @functools.cached_property
    def letters(self) -> frozenset[str]:
        """The letters that stand alone in it: they are given, and no answer may choose them."""
        return frozenset(_LETTER.findall(self.prompt))

    def mentions(self, formula: str) -> bool:
        """Whether a formula stands in it, blanks and braces aside; the empty prompt is taken to mention all."""
        return not self.prompt or _squeezed(formula) in _squeezed(clean(self.prompt))

    def is_echo(self, answer: str, gold: str) -> bool:
        """Whether an answer is what was to be computed: a formula that stands in it, where the gold's does not."""
        if self.options or not _COMPUTE.search(self.prompt) or read_number(canonical(answer)):
            return False
        texts = _squeezed(canonical(answer)), _squeezed(canonical(gold))
        whole = _squeezed(clean(self.prompt).replace(r"\dfrac", r"\frac"))
        return len(texts[0]) >= _ECHO and texts[0] in whole and texts[1] not in whole

    @functools.cached_property
    def ends_count(self) -> bool:
        """Whether the ends of an interval matter; of intervals of monotonicity both kinds are in use."""
        return not _MONOTONE.search(self.prompt)

    @functools.cached_property
    def may_be_percent(self) -> bool:
        """Whether a bare number may be meant as a percentage."""
        return not self.prompt or bool(_PERCENT.search(self.prompt))

    @functools.cached_property
    def ordered(self) -> bool:
        """Whether it asks for several values in a certain order."""
        return bool(_ORDERED.search(self.prompt))

    @functools.cached_property
    def rounded(self) -> bool:
        """Whether it asks for a rounded value."""
        return bool(_ROUNDED.search(self.prompt))

    @functools.cached_property
    def bases(self) -> frozenset[str]:
        """Bases of number systems that it names, in digits or words."""
        return frozenset(match["base"].lower() for match in _BASE.finditer(self.prompt))

    @functools.cached_property
    def options(self) -> dict[str, str]:
        """Texts of a multiple choice by their letters; empty where there are not at least two, from A on."""
        found = list(_OPTION.finditer(self.prompt))
        starts: list[re.Match[str]] = []
        for match in found:
            if match["letter"] == chr(ord("A") + len(starts)):
                starts.append(match)
            elif match["letter"] == "A":
                starts = [match]
        if len(starts) < 2:
            return {}
        ends = [match.start() for match in starts[1:]] + [len(self.prompt)]
        options = {}
        for match, end in zip(starts, ends, strict=True):
            text = self.prompt[match.end() : end].strip()
            if match is starts[-1]:
                text = _OPTION_END.split(text, maxsplit=1)[0]
            options[match["letter"]] = _trimmed(text)
        return options


def _squeezed(text: str) -> str:
    return re.sub(r"[\s{}$]|\\(?:left|right|,|;|!)", "", text)


def _trimmed(text: str) -> str:
    """An option without the commands and signs between it and the next one."""
    before = None
    while before != text:
        before = text
        text = re.sub(r"(?:\\q?quad|\\textbf\{?|\\text\{?|\\mathrm\{?|\\\\|\\[ ,;:!]|[\s(*{~,;])+\Z", "", text)
    if text.count("$") % 2:
        text = text.strip("$")
    return text.strip()
