"""One trace with its texts, as it is shown, whatever place it comes from; and how a text is taken apart for that."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import polars as pl

from genesys.schemas import parse_info
from genesys.verifiers.thinking import after_thinking
from genesys.viewer.index import Index
from genesys.viewer.searching import Hits

Row = dict[str, Any]
_OPENING = re.compile(r"\s*(?:<\s*[a-z]{4,12}\s*>|\[THINK\]|◁think▷)", re.IGNORECASE)
_CLOSING = re.compile(r"(?:<\s*/\s*[a-z]{4,12}\s*>|\[/THINK\]|◁/think▷)\s*$", re.IGNORECASE)


_LONGEST_MARK = 40


class Turn(NamedTuple):
    """A message of the exchange."""

    role: str
    thinking: str
    content: str


class Step(NamedTuple):
    """One step from the source row to the release, with what is known of it."""

    name: str
    where: str
    facts: Row
    run_id: str = ""
    asset: str = ""
    partition: str = ""


@dataclass(frozen=True)
class Trace:
    """A trace as it is shown.

    Args:
        number: Of the row of the index.
        ids: That row.
        task: The task's columns, as far as the place has them.
        turns: The whole exchange, the response last.
        generation: How it was generated: finish reason, tokens, sampling.
        verdict: Columns of the verdict.
        info: ``verification_result_info``, read.
        measured: What varies from run to run of the verifier: times, and what the first test that failed wrote.
        said: What the filters said, by who said it.
        steps: The lineage in short.
        notes: What could not be read.
    """

    number: int
    ids: Row
    task: Row
    turns: tuple[Turn, ...]
    generation: Row = field(default_factory=dict)
    verdict: Row = field(default_factory=dict)
    info: Row = field(default_factory=dict)
    measured: Row = field(default_factory=dict)
    said: Row = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def response(self) -> Turn:
        """The last turn."""
        return self.turns[-1] if self.turns else Turn("assistant", "", "")

    def raw(self, part: str) -> str | None:
        """A text to the letter, None if there is no such part."""
        answer = self.response
        parts = {
            "prompt": self.task.get("prompt"),
            "gold": self.task.get("gold_standard_solution"),
            "thinking": answer.thinking,
            "response": answer.content,
            "verification_info": self.task.get("verification_info"),
            "verdict": json.dumps(self.info, ensure_ascii=False, indent=1),
        }
        text = parts.get(part)
        return text if text is None or isinstance(text, str) else json.dumps(text, ensure_ascii=False)


class Place(Protocol):
    """Where traces stand: a state, or a published folder."""

    name: str
    ui: str
    """Address of the Dagster UI; empty where there is none."""

    @property
    def index(self) -> Index:
        """Which traces there are, as of the last reading."""

    def read_again(self) -> None:
        """Read which traces there are."""

    def search(self, rows: pl.Series, words: list[str], place: str, after: str) -> Hits:
        """Those of some rows of the index whose texts hold all words."""

    def beginnings(self, rows: pl.DataFrame) -> dict[str, str]:
        """The beginning of the prompt of each problem of some rows of the index."""

    def trace(self, number: int) -> Trace:
        """A trace with its texts."""

    def lineage(self, trace: Trace) -> list[Any]:
        """Every step of its lineage, with what was checked, as ``genesys.lineage.records.Link``."""


def taken_apart(text: str) -> tuple[str, str]:
    """The thinking of a text without its marks, and the answer after it."""
    answer = after_thinking(text)
    thinking = text[: len(text) - len(answer)]
    if not thinking:
        return "", answer
    if opening := _OPENING.match(thinking):
        thinking = thinking[opening.end() :]
    end = thinking[-_LONGEST_MARK:]
    return (thinking[: len(thinking) - len(end)] + _CLOSING.sub("", end)).strip(), answer.lstrip("\r\n")


def turns_of(messages: list[Row] | None) -> tuple[Turn, ...]:
    """Messages as turns."""
    turns = []
    for message in messages or []:
        content = message.get("content") or ""
        thinking = message.get("reasoning") or ""
        if message.get("role") == "assistant" and not thinking:
            thinking, content = taken_apart(content)
        turns.append(Turn(str(message.get("role") or "?"), thinking, content))
    return tuple(turns)


def read_info(value: Any) -> Row:
    """A mapping of free form; what cannot be read is shown as it stands."""
    try:
        return dict(parse_info(value))
    except ValueError:
        return {"unreadable": str(value)[:2000]}
