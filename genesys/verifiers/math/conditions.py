r"""What stands around an answer without belonging to it: names of the integers, "for all x", "approximately".

A condition is dropped, not compared: golds and answers differ in whether they state it. What it says of a letter being
a whole number is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DOMAIN = re.compile(
    r"(?P<letters>[A-Za-z](?:_\{?\w\}?)?(?:\s*,\s*[A-Za-z](?:_\{?\w\}?)?)*)\s*(?:\\in|∈|\\text\{\s*in\s*\}|\bin\b)\s*"
    r"(?P<domain>(?:\\mathbb|\\mathbf|\\Bbb|\\mathrm)?\s*\{?\s*[ZNQRC]\s*\}?\s*(?:[_^]\s*\{?[\d+*\w\\]*\}?)*)"
)
_WHOLE_WORDS = re.compile(
    r"\b(?:for|where|with|and|any|some|all|each|every|is|an?|being|arbitrary|positive|non-?negative|the)\b|"
    r"\b(?:integers?|whole numbers?|natural numbers?)\b|[$(),.\s]",
    re.IGNORECASE,
)
_TEXT = re.compile(r"\\(?:text|mathrm|textrm|mbox|textnormal|operatorname|textbf|textit)\s*\{([^{}]*)\}")
_INTRODUCED = re.compile(
    r"[\s,;]*\(?\s*(?:\b(?:where|for (?:all|any|some|every|each|integers?|arbitrary|real|positive|natural|which)|"
    r"for (?=\$?[A-Za-z]\b)|as (?=\$?[A-Za-z]\s*\\to)|(?:when|at) (?=\$?[A-Za-z]\s*=)|attained|reached|achieved)\b"
    r"|\\forall|with (?=\$?[A-Za-z]\b\s*(?:\\in|=|>|<|an? |being|any|arbitrary|integer)))"
    r".*\Z",
    re.IGNORECASE | re.DOTALL,
)
_PARENTHESIZED = re.compile(
    r"\s*\(\s*(?:where\b|for\b|when\b|\\forall"
    r"|[A-Za-z]\s*(?:\\(?:in|ne|neq|ge|geq|le|leq|gt|lt)(?![A-Za-z])|[<>])).*\)\s*\Z",
    re.DOTALL,
)
_OTHER_CASE = re.compile(r";|\botherwise\b|\belse\b|\bwell\b")  # it says what the answer is elsewhere
_WHOLE_LETTER = re.compile(r"\b([A-Za-z])\b")
_INTEGER_WORD = re.compile(r"integer|whole number|natural number", re.IGNORECASE)
_LEAD = re.compile(
    r"\s*(?:\b(?:only|and|or|either|both|so|thus|exactly|approximately|about|around|roughly|the|"
    r"answer is|is|are|equals|therefore|hence|approx\.?|nearly)\b"
    r"|\\(?:approx|simeq|therefore|Rightarrow|implies|quad|qquad|sim)(?![A-Za-z])"
    r"|[=:≈](?![=])|\\\\)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Bare:
    """A text without its conditions, and the letters that these call whole numbers."""

    text: str
    whole: frozenset[str]


def flattened(text: str) -> str:
    """Text commands replaced by what they say; a blank on either side keeps words apart."""
    return _TEXT.sub(lambda command: f" {command.group(1)} ", text)


def without_conditions(text: str) -> Bare:
    """Take the conditions off the end and the filling words off the beginning of one answer."""
    whole: set[str] = set()
    found = _INTRODUCED.search(flattened(text)) or _PARENTHESIZED.search(flattened(text))
    if found and found.start() > 0 and not _OTHER_CASE.search(found.group()):
        text = flattened(text)
        condition, text = text[found.start() :], text[: found.start()]
        whole |= _whole_letters(condition)
    while (lead := _LEAD.match(flattened(text))) and lead.end() < len(flattened(text)):
        text = flattened(text)[lead.end() :]
    return Bare(text.strip().rstrip(",;. "), frozenset(whole))


def domain_of(text: str) -> frozenset[str] | None:
    r"""The whole letters that a text declares which is nothing but a condition, as ``k \in \mathbb{Z}``; else None."""
    flat = flattened(text).strip().rstrip(".")
    if _INTRODUCED.match(flat):
        return frozenset(_whole_letters(flat))
    match = _DOMAIN.fullmatch(flat)
    if match:
        letters = frozenset(re.findall(r"[A-Za-z]", match["letters"]))
        return letters if re.search(r"[ZN]", match["domain"]) else frozenset()
    listed = re.fullmatch(r"([a-zA-Z])\s*=\s*(?:\\pm\s*)?-?\d\s*(?:,\s*(?:\\pm\s*)?-?\d\s*)*,?\s*\\[lc]?dots", flat)
    if listed:
        return frozenset(listed.group(1))
    if _INTEGER_WORD.search(flat):
        rest = _WHOLE_WORDS.sub(" ", flat).split()
        if rest and all(re.fullmatch(r"[A-Za-z]", word) for word in rest):
            return frozenset(rest)
    return None


def _whole_letters(condition: str) -> set[str]:
    letters: set[str] = set()
    for match in _DOMAIN.finditer(condition):
        if re.search(r"[ZN]", match["domain"]):
            letters |= set(re.findall(r"[A-Za-z]", match["letters"]))
    if _INTEGER_WORD.search(condition):
        letters |= {letter for letter in _WHOLE_LETTER.findall(condition) if letter != "a"}
    return letters
