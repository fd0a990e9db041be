"""Answers in words: which texts are prose, and what they say. How words compare is said in ``words``."""

from __future__ import annotations

import re

from genesys.verifiers.math.answers import Answer, Scalar, Words
from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.scalars import read_scalar
from genesys.verifiers.math.tokens import FUNCTIONS
from genesys.verifiers.math.tree import Number
from genesys.verifiers.math.words import number_in_words

_LETTERS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_TEXT_WORD = re.compile(r"\\(?:text|textbf|mathrm|textrm|textit|mbox|operatorname|textnormal)\s*\{[^{}]*[A-Za-z]{2,}")
_SHORT_WORDS = frozenset(["yes", "no", "odd", "even", "dne", "all", "none", "any", "true"])
_FUNCTION_NAMES = re.compile("|".join(sorted((name for name in FUNCTIONS if len(name) > 2), key=len, reverse=True)))
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z]+\*?\}")
_CAPITALS = re.compile(r"[A-Z]{3,}")
_LABELLED = re.compile(r"[A-Za-z]\s*:\s*[-\d\\]")
_DOUBT = re.compile(r"\b(?:not|cannot|can't|never|unlikely|maybe|perhaps|neither|no)\b", re.IGNORECASE)
_SAYS = re.compile(r"\b(?:is|are|equals|=|be)\s*:?\s*(?P<value>[^A-Za-z]*(?:\\[A-Za-z]+[^A-Za-z]*)*)\Z")


def is_sentence(text: str) -> bool:
    """Whether a text is words and hardly anything else."""
    flat = _ENVIRONMENT.sub(" ", flattened(text))
    bare = _FUNCTION_NAMES.sub(" ", flat)
    if _CAPITALS.fullmatch(flat.strip()):
        return True  # an order of letters, no product
    words = [word for word in _LETTERS.findall(bare) if len(word) > 3 or word.lower() in _SHORT_WORDS]
    if not words and not (_TEXT_WORD.search(text) and not re.search(r"[\d=<>^_]", flat)):
        return False
    if not re.search(r"[\d=<>^_+*/]|\\(?!text|mathrm|mbox|[,;:! ])[A-Za-z]", text):
        return True
    if re.match(r"\s*[-$\d\\]", flat):
        return False
    if _LABELLED.search(flat):
        return False
    said = [word for word in _LETTERS.findall(bare) if len(word) > 1]
    return len(said) > 2 and sum(map(len, said)) > len(flat) / 2.5


def has_words(text: str) -> bool:
    """Whether a text has words of three letters or more in it."""
    return any(len(word) > 2 for word in _LETTERS.findall(_FUNCTION_NAMES.sub(" ", flattened(text)))) or bool(
        _TEXT_WORD.search(text)
    )


def read_words(text: str) -> Answer:
    """What words say: a number where they name one, or end in one ("the value of n is 7"), else themselves.

    Raises:
        Unreadable: What they end in is no value.
    """
    flat = flattened(text)
    said = _SAYS.search(flat)
    if said and re.search(r"\d", said["value"]) and not _DOUBT.search(flat[: said.start()]):  # "the value of n is 7"
        return read_scalar(said["value"])
    number = number_in_words(flat)
    return Words(flat.strip()) if number is None else Scalar(Number(number))
