"""What is looked for, as the address of a page says it, and which traces that leaves. No texts are read here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

import polars as pl

from genesys.faults import GenesysError

PAGE = 50
"""Traces on a page."""
MOST_WORDS = 20
SORTS = {
    "id": "by id",
    "-score": "highest score first",
    "score": "lowest score first",
    "-length": "longest first",
    "length": "shortest first",
}
VERDICTS = ("accepted", "rejected", "no score")
PLACES = {"both": "prompt and response", "prompt": "prompt", "response": "response"}
KEPT = "kept"
"""As a step: all filters left it."""
_NUMBERS = {"least": float, "most": float, "shortest": int, "longest": int, "page": int}
_COLUMNS = {"lane": "lane", "type": "task_type", "language": "language", "source": "source", "teacher": "teacher"}


@dataclass(frozen=True)
class Query:
    """All that a page of the list depends on."""

    words: str = ""
    place: str = "both"
    ident: str = ""
    lane: str = ""
    type: str = ""
    language: str = ""
    source: str = ""
    teacher: str = ""
    verdict: str = ""
    step: str = ""
    reason: str = ""
    least: float | None = None
    most: float | None = None
    shortest: int | None = None
    longest: int | None = None
    sort: str = "id"
    page: int = 1
    after: str = ""
    """Where a search for words goes on: behind this part."""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Query:
        """The query of an address; what is not known there is passed over.

        Raises:
            GenesysError: A value cannot be read; names it.
        """
        values: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            text = given.get(name, "").strip()
            if text:
                values[name] = _number(name, text) if name in _NUMBERS else text
        query = cls(**values)
        for name, known in (("sort", SORTS), ("place", PLACES), ("verdict", ("", *VERDICTS))):
            if getattr(query, name) not in known:
                raise GenesysError(
                    f"{name} is {getattr(query, name)[:40]!r}; it is one of {', '.join(filter(None, known))}"
                )
        if len(query.all_words) > MOST_WORDS:
            raise GenesysError(f"words are {len(query.all_words)}; at most {MOST_WORDS} can be searched for at once")
        return query

    def address(self, **changed: Any) -> str:
        """The part of an address that says all this, without what is as always."""
        query, usual = replace(self, **changed), Query()
        pairs = ((field.name, getattr(query, field.name)) for field in fields(query))
        return urlencode([(name, value) for name, value in pairs if value not in (None, getattr(usual, name))])

    @property
    def all_words(self) -> list[str]:
        """What has to be in the texts, each of it somewhere; what stands in quotation marks is one."""
        found: list[str] = []
        for number, part in enumerate(self.words.split('"')):
            found += [part.strip()] if number % 2 and part.strip() else part.split() if number % 2 == 0 else []
        return found

    @property
    def is_open(self) -> bool:
        """Whether anything is asked for beyond words, so that the filters are worth showing."""
        return bool(replace(self, words="", place="both", sort="id", page=1, after="").address())

    def condition(self, problems: pl.DataFrame) -> pl.Expr:
        """What a trace of the index has to be, words aside."""
        wanted = [pl.lit(value=True)]
        for name, column in _COLUMNS.items():
            if value := getattr(self, name):
                wanted.append(pl.col(column) == value)
        if self.verdict:
            wanted.append(pl.col("verdict") == self.verdict)
        if self.step == KEPT:
            wanted.append(pl.col("is_filtered") & pl.col("step").is_null())
        elif self.step:
            wanted.append(pl.col("step") == self.step)
        if self.reason:
            wanted.append(pl.col("reason") == self.reason)
        for name, column, least in (
            ("least", "score", True),
            ("most", "score", False),
            ("shortest", "length", True),
            ("longest", "length", False),
        ):
            if (value := getattr(self, name)) is not None:
                wanted.append(pl.col(column) >= value if least else pl.col(column) <= value)
        if self.ident:
            wanted.append(_named(self.ident, problems))
        return pl.all_horizontal(wanted)


def _named(ident: str, problems: pl.DataFrame) -> pl.Expr:
    """A response, a problem or a source row whose id begins so."""
    rows = problems.filter(pl.col("row_id").str.starts_with(ident))["problem_id"]
    begins = pl.col("response_id").str.starts_with(ident) | pl.col("problem_id").str.starts_with(ident)
    return begins | pl.col("problem_id").is_in(rows.implode()) if len(rows) else begins


def _number(name: str, text: str) -> float:
    try:
        value = float(_NUMBERS[name](text))
    except ValueError:
        raise GenesysError(f"{name} is {text[:40]!r}; it has to be a number") from None
    if not math.isfinite(value) or value < 0 or value > 10**12:
        raise GenesysError(f"{name} is {text[:40]!r}; it has to be a number from 0 on")
    if name == "page" and value < 1:
        raise GenesysError("pages count from 1")
    return value if _NUMBERS[name] is float else int(value)
