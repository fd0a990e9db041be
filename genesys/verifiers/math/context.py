"""What the task's own text says about how its answer is meant. Nothing here compares."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_POSITIVE = re.compile(
    r"\b(?:positive (?:real|integer|number|constant)|lengths?|sides?|radius|radii|diameter|triangle|circle|sphere|cone|"
    r"cylinder|square|rectangle|cube|edge|height|distance|mass)\b|>\s*0\b|\\gt\s*0\b",
    re.IGNORECASE,
)
_MONOTONE = re.compile(r"monoton|increasing|decreasing|increas|decreas", re.IGNORECASE)
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
_OPTION_END = re.compile(r"(?:\\q?quad|\\\\|\n|\$\s*$|\s*$)")


@dataclass(frozen=True)
class Context:
    """A task's prompt, as far as it decides how answers are compared; the empty prompt decides nothing."""

    prompt: str = ""

    @functools.cached_property
    def positive(self) -> bool:
        """Whether its letters stand for positive numbers: lengths, or so it says."""
        return bool(_POSITIVE.search(self.prompt))

    @functools.cached_property
    def ends_count(self) -> bool:
        """Whether the ends of an interval matter; where a function rises or falls both conventions are in use."""
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


def _trimmed(text: str) -> str:
    """An option without the commands and signs between it and the next one."""
    before = None
    while before != text:
        before = text
        text = re.sub(r"(?:\\q?quad|\\textbf\{?|\\text\{?|\\mathrm\{?|\\\\|\\[ ,;:!]|[\s(*{~,;])+\Z", "", text)
    if text.count("$") % 2:
        text = text.strip("$")
    return text.strip()
