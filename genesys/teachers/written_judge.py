"""What a written judgement says to a judge's question: read as a judge would read it, answered from the samples.

A person writes beside a sample what a judge is to think of it (``judged``); this finds which sample it is that a judge
is shown. Everything else about written answers stands with ``script``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from genesys.chat import ChatRequest
from genesys.verifiers.edited_file import diffs
from genesys.verifiers.judge.quoting import plain
from genesys.verifiers.thinking import after_thinking

OWN_GOLD, ANOTHER_GOLD = "own-gold", "another-gold"
"""How the ids end by which ``genesys.quality.judge_calibration`` tries judges."""
_MARK = re.compile(r"The number of this message's marks is ([0-9a-f]+)\.")
_CODE = re.compile(r'"code", which is the text ([0-9a-f]+)')


class Judged(Protocol):
    """A sample with what a judge says of it."""

    @property
    def text(self) -> str:
        """The whole response, thinking and all."""
        ...

    @property
    def judged(self) -> float | None:
        """The score; None where nobody wrote one."""
        ...

    @property
    def judged_why(self) -> str:
        """The reason."""
        ...

    @property
    def note(self) -> str:
        """What a person says of it."""
        ...


@dataclass(frozen=True)
class Asked:
    """A judge's question, as far as a written judgement needs it."""

    code: str
    """The word that shows that a verdict is the judge's own."""
    answer: str
    """What is under test."""
    task: str = ""
    """What was asked for."""


def read_question(request: ChatRequest) -> Asked | None:
    """The question in a request; None if it is none of a judge's."""
    said = request.messages[-1].content
    mark, code = _MARK.search(said), list(_CODE.finditer(said))
    if mark is None or not code:
        return None
    number = mark[1]

    def part(name: str) -> str:
        return said.partition(f"<<{number} {name} begins>>\n")[2].partition(f"\n<<{number} {name} ends>>")[0]

    # The code stands below all data; what else looks like it is quoted from the data.
    return Asked(code[-1][1], part("answer"), part("task"))


def judgement(request: ChatRequest, samples: Iterable[Judged]) -> str | None:
    """What the judge writes.

    Args:
        request: What it is asked.
        samples: The written responses to the task; the first with this very text counts.

    Returns:
        A JSON object; None where nobody wrote what is to be thought of this answer. Golds with which judges are tried
        need no writing: a task's own gets 1, another task's 0.
    """
    if (asked := read_question(request)) is None:
        return None
    tried = request.row_id.rpartition("/")[2]
    if tried == OWN_GOLD:
        return _verdict(asked, 1.0, "It is the reference.")
    if tried == ANOTHER_GOLD:
        return _verdict(asked, 0.0, "It answers another task.")
    for sample in samples:
        if sample.judged is not None and asked.answer in _shown(sample.text, asked.task):
            return _verdict(asked, sample.judged, sample.judged_why or sample.note)
    return None


def _shown(response: str, task: str) -> list[str]:
    """In which forms a judge may be shown a response: as it is, or the file in it as a diff against one of the task."""
    said = after_thinking(response.strip()).strip()
    return [plain(text).strip() for text in (said, *diffs(said, task))]


def _verdict(asked: Asked, score: float, why: str) -> str:
    return json.dumps({"code": asked.code, "why": why, "score": score}, ensure_ascii=False)
