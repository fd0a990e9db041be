"""Multiple choice: letters, letters with the text of their option, and options named by their text alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.text import clean

_CHOICE = re.compile(
    r"(?:\\(?:text|textbf|mathrm|mathbf)\s*\{)?\s*(?:(?:option|choice|answer)\s*)?"
    r"(?P<open>\()?\s*(?P<letter>[A-J])\s*(?P<close>\)|\.|:|\))?\s*\}?\s*(?P<label>.*)",
    re.DOTALL | re.IGNORECASE,
)
_SEVERAL = re.compile(r"\(?[A-J]\)?(?:\s*(?:,|;|and|&)\s*\(?[A-J]\)?)+|[A-J]{2,10}")
_SECOND = re.compile(r"(?:or|and|not|nor)\b|[,;&/+]")
_MARKED = re.compile(r"(?<![A-Za-z])[A-J]\s*[):]\s*\S")
_OTHER_LETTER = re.compile(r"(?<![A-Za-z])[B-J](?![A-Za-z])|\(A\)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen letter, in upper case, the text of its option, which may be empty, and whether it was a small letter."""

    letter: str
    label: str = ""
    is_small: bool = False


def read_choice(text: str) -> Choice | None:
    r"""The letter that a text chooses: ``B``, ``(B)``, ``B) 12``, ``\textbf{(B)} 12``; None for anything else."""
    cleaned = clean(text)
    match = _CHOICE.fullmatch(cleaned)
    if match is None:
        return None
    if not match["letter"].isupper():
        # A small letter is an option only where nothing else is said.
        return Choice(match["letter"].upper(), is_small=True) if not match["label"].strip() else None
    label = match["label"].strip()
    marked = bool(match["close"])
    if label and not marked:
        return None
    if label.startswith(("=", "(", "+", "-", "^", "_")) and not match["open"]:
        return None
    return Choice(match["letter"], label)


def read_choices(text: str) -> frozenset[str] | None:
    """The letters of an answer that chooses several, in any order; None for anything else."""
    flat = flattened(clean(text)).strip()
    if not _SEVERAL.fullmatch(flat):
        return None
    letters = re.findall(r"[A-J]", flat)
    # Run together they may be a permutation or a triangle, where order counts, unless they stand in their order.
    return frozenset(letters) if letters == sorted(letters) or not flat.isalpha() else None


def text_of(choice: Choice, context: Context) -> str:
    """The text of a chosen option: what stands with its letter, else what the task lists; empty where nobody says."""
    return choice.label or context.options.get(choice.letter, "")


def hedges(choice: Choice) -> bool:
    """Whether the label names another option as well: "A) and C)" chooses two."""
    if _SECOND.match(choice.label) or _MARKED.search(choice.label):
        return True
    return bool(_OTHER_LETTER.search(choice.label)) and not re.search(r"[\d\\=]", choice.label)
