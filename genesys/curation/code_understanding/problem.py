"""What both shapes of upstream rows are brought into: an idea, or a news text for which one of ours is drawn.

``cc_news`` rows give the texts that inputs are cut from; ``seeds`` rows give ideas of a user, for random inputs only.
What is made of a row stands in ``curate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genesys.lane import Adapter, Identity

NEWS = ("title", "text", "domain", "date", "description", "url")
SEEDS = ("seed_id", "idea")
MOST_IDEA_CHARS = 2000
"""Of an idea that a prompt is to hold."""


@dataclass(frozen=True)
class Material:
    """An upstream row.

    Args:
        name: Of the idea, or of the news text: its address.
        idea: A transformation of text in a sentence or two; None where one of ours is drawn.
        example: What upstream says of the idea besides.
        topic: As upstream names it.
        text: A news text to cut inputs from; empty where there is none.
    """

    name: str
    idea: str | None = None
    example: str = ""
    topic: str | None = None
    text: str = ""


def read_news(row: dict[str, Any]) -> Material:
    """A row of CC-News: title and text together are the text.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    name = _word(row, "url") or _word(row, "title")
    if not name:
        raise ValueError("url: is empty, and so is title: nothing names this row")
    text = _text(row, "text")
    if not text.strip():
        raise ValueError("text: is empty")
    return Material(name=name, text=text, topic=_word(row, "domain") or None)


def identify_news(row: dict[str, Any]) -> Identity:
    """A news text is known by its address and title."""
    material, title = read_news(row), _word(row, "title")
    return Identity(key=f"{material.name}\n{title}", statement=f"{title}\n\n{material.text}".strip())


def read_seed(row: dict[str, Any]) -> Material:
    """A row with an idea of a user.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    idea = _text(row, "idea").strip()
    if not idea:
        raise ValueError("idea: is empty")
    if len(idea) > MOST_IDEA_CHARS:
        raise ValueError(f"idea: has {len(idea)} characters, {MOST_IDEA_CHARS} at most")
    return Material(name=_name(row), idea=idea, example=_word(row, "example") or "", topic=_word(row, "topic") or None)


def identify_seed(row: dict[str, Any]) -> Identity:
    """An idea is known by the name that the user gave it."""
    material = read_seed(row)
    return Identity(key=material.name, statement=str(material.idea))


def _name(row: dict[str, Any]) -> str:
    given = row.get("seed_id")
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise ValueError("seed_id: is no text and no whole number, so that nothing names this row")
    return str(given).strip()


def _text(row: dict[str, Any], column: str) -> str:
    given = row.get(column)
    if not isinstance(given, str):
        raise ValueError(f"{column}: is {type(given).__name__}, expected text")
    return given


def _word(row: dict[str, Any], column: str) -> str:
    """A column that may be empty."""
    return "" if row.get(column) is None else _text(row, column).strip()


ADAPTERS = (
    Adapter("cc_news", NEWS, identify_news, read_news),
    Adapter("seeds", SEEDS, identify_seed, read_seed),
)
