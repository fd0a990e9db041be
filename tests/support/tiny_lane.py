"""A whole lane in small, for tests of what all lanes share: sums as tasks, a teacher and a verifier from code."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.choices import Acceptance
from genesys.curation.steps import Curation, Step
from genesys.hashing import digest
from genesys.lane import Adapter, Identity, Lane, LedgerRow
from genesys.ledger import LedgerUpdate, update_ledger
from genesys.outcomes import Outcome, accepted, rejected
from genesys.overrides import Overrides
from genesys.prompts import Prompt
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.adaptive import adaptive_stage
from genesys.stages.draws import Draw
from genesys.stages.generations import generations_stages
from genesys.stages.stage import Stage, run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.stages.verifications import verifications_stages
from genesys.tables.lake import Lake
from genesys.verifiers.runner import VerifierRunner

ASKED = """
{% block system %}You judge questions.{% endblock %}
{% block user %}Is this a sum? {{ question }}{% endblock %}
"""


class IsSum(BaseModel):
    """The curator's answer."""

    is_sum: bool


@dataclass(frozen=True)
class InlinePrompt(Prompt[Any]):
    """A prompt whose text stands in the test."""

    inline: str = ASKED

    @cached_property
    def source(self) -> str:
        return self.inline


def identify(row: dict[str, Any]) -> Identity:
    if not isinstance(row["question"], str):
        raise ValueError(f"question: is {type(row['question']).__name__}, expected text")
    return Identity(key=str(row["id"]), statement=row["question"])


def sums_lane(inline: str = ASKED, name: str = "sums", system_prompt: str | None = None) -> Lane:
    """A lane whose rows have id, question ("1+2") and answer ("3")."""
    prompt = InlinePrompt("is_sum", IsSum, inline=inline)

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        verdict = await calls.ask(prompt, question=row.upstream["question"])
        if not verdict.is_sum:
            return rejected("not a sum")
        return accepted(
            {
                "task_type": "tiny_sum",
                "prompt": f"What is {row.upstream['question']}?",
                "gold_standard_solution": row.upstream["answer"],
                "verification_info": {"ground_truth": row.upstream["answer"]},
                "metadata": {"kind": "sum"},
            }
        )

    return Lane(
        name=name,
        adapters=(Adapter("sums", ("id", "question", "answer"), identify, dict),),
        curate=curate,
        prompts=(prompt,),
        version="1",
        task_types=("tiny_sum",),
        system_prompt=system_prompt,
    )


def stepped_lane(most: int = 20) -> Lane:
    """The same lane curated by named steps: sums of numbers below ``most``, then as the curator says."""
    lane = sums_lane()

    def small(row: LedgerRow, calls: Calls) -> LedgerRow | Outcome:
        found = [int(word) for word in row.upstream["question"].split("+") if word.isdigit()]
        return rejected("too large", f"{max(found)}") if max(found, default=0) >= most else row

    async def a_sum(row: LedgerRow, calls: Calls) -> Any:
        outcome = await lane.curate(row, calls)
        return outcome if outcome.status == "rejected" else outcome.records

    steps: tuple[Step[Any], ...] = (Step("small numbers", small), Step("a sum", a_sum, by="curator"))
    return replace(lane, curate=Curation(begin=lambda row: row, steps=steps, tasks=lambda records: records))


class TinyVerifier:
    """Says 1 when the response ends with the ground truth."""

    version = "7"

    def verify(self, result: Any) -> dict[str, Any]:
        right = result["llm_response"].split()[-1] == result["verification_info"]["ground_truth"]
        return {
            "score": float(right),
            "verification_result_info": {"rule": "last word"} if right else {"reason": "wrong"},
        }


def spelt(number: int) -> str:
    """Ten words for a number, so that texts with two of them are no near-duplicates."""
    letters = digest(number, 40).translate(str.maketrans("0123456789", "ghijklmnop"))
    return " ".join(letters[start : start + 4] for start in range(0, 40, 4))


def answers(request: ChatRequest) -> ChatAnswer:
    """What the tiny teacher says: sample 0 right, 1 wrong, 2 right word for word as 0, 3 right but cut off."""
    question = request.messages[-1].content
    if request.name == "is_sum":
        return ChatAnswer(content=json.dumps({"is_sum": "+" in question}), finish_reason="stop", prompt_tokens=5)
    left, right = question.removeprefix("What is ").removesuffix("?").split("+")
    total = int(left) + int(right)
    text, finish = {
        0: (f"It is {total}", "stop"),
        1: (f"Surely {total + 1}", "stop"),
        2: (f"It is {total}", "stop"),
        3: (f"Cut {total}", "length"),
    }.get(request.sample_index, (f"{spelt(request.sample_index)}: {total}", "stop"))
    reasoning = f"{left} and {right}" if request.sample_index != 3 else None
    return ChatAnswer(
        content=text, reasoning=reasoning, finish_reason=finish, prompt_tokens=10, completion_tokens=4, model="tiny-1"
    )


@dataclass
class TinyTeacher:
    """Answers from code, and counts."""

    teacher_id: str = "tiny"
    concurrency: int = 4
    answer: Callable[[ChatRequest], ChatAnswer] = answers
    asked: list[ChatRequest] = field(default_factory=list)

    async def complete(self, request: ChatRequest) -> Completed:
        self.asked.append(request)
        return Completed(answer=self.answer(request))

    async def aclose(self) -> None:
        pass


REGISTRY: dict[str, type[Any]] = {"tiny_sum": TinyVerifier}
ROWS = (
    {"id": 1, "question": "1+2", "answer": "3"},
    {"id": 2, "question": "20+22", "answer": "42"},
    {"id": 3, "question": "Why?", "answer": "-"},
    {"id": 4, "question": "5+5", "answer": "10"},
)


def write_rows(path: Path, rows: Iterable[Any]) -> Path:
    """A JSON-lines file; a row that is a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(line + "\n" for line in lines), "utf-8")
    return path


@dataclass
class World:
    """A lake, a journal and a source file in a folder, and the steps of the tiny lane over them."""

    folder: Path
    lake: Lake
    lane: Lane = field(default_factory=sums_lane)
    registry: dict[str, type[Any]] = field(default_factory=lambda: dict(REGISTRY))
    teacher: TinyTeacher = field(default_factory=TinyTeacher)
    samples: int = 4
    journal_name: str = "journal"
    structured: frozenset[str] = frozenset()
    acceptance: Acceptance = field(default_factory=Acceptance)
    draw: Draw = field(default_factory=lambda: Draw("tiny", "tiny", 1))
    """How responses are asked for; teacher and number are those above."""
    overrides: Overrides = field(default_factory=Overrides)
    """What people decided."""

    @classmethod
    def at(cls, folder: Path, rows: Iterable[Any] = ROWS, **fields: Any) -> "World":
        world = cls(folder, fields.pop("lake", None) or Lake(folder / "lake"), **fields)
        write_rows(world.source_file, rows)
        return world

    @property
    def source_file(self) -> Path:
        return self.folder / "rows.jsonl"

    @property
    def source(self) -> Source:
        return Source(path=str(self.source_file), name="tiny/sums", license="cc0-1.0")

    @property
    def journal_root(self) -> Path:
        return self.folder / self.journal_name

    def update(self, shard_size: int = 100) -> LedgerUpdate:
        return update_ledger(self.lake, self.lane, [open_source(self.source)], shard_size=shard_size)

    def shards(self) -> list[str]:
        return sorted(self.lake.need(f"{self.lane.name}/ledger").parts)

    def run(self, *stages: str) -> None:
        """Run stages over all shards; by default all three."""
        asyncio.run(self._run(stages or ("tasks", "generations", "verifications")))

    async def _run(self, kinds: Iterable[str]) -> None:
        runner = VerifierRunner(self.registry)
        roles = Roles(self.teacher, self.teacher, verifiers=runner, structured=self.structured)
        with Journal(self.journal_root) as journal:
            for shard in self.shards():
                for kind in kinds:
                    for stage in self._stages(kind, shard, runner):
                        await run_stage(stage, journal, roles)
                        await seal_stage(stage, self.lake, journal, roles)
        await runner.aclose()

    def _stages(self, kind: str, shard: str, runner: VerifierRunner) -> list[Stage[Any]]:
        if kind == "tasks":
            ids = {"curator": self.teacher.teacher_id}
            decided = self.overrides
            return [tasks_stage(self.lake, self.lane, shard, verifier_versions={}, teacher_ids=ids, overrides=decided)]
        if kind == "generations":
            draw = replace(self.draw, teacher_id=self.teacher.teacher_id, samples=self.samples)
            if draw.stop is not None:
                return [adaptive_stage(self.lake, self.lane, shard, draw, self.acceptance)]
            return list(generations_stages(self.lake, self.lane, shard, draw))
        return list(verifications_stages(self.lake, self.lane, shard, runner=runner, acceptance=self.acceptance))

    def rows(self, table: str, shard: str | None = None) -> list[dict[str, Any]]:
        """Rows of one of the lane's tables, of the first shard by default."""
        return list(self.lake.rows(f"{self.lane.name}/{table}", shard or self.shards()[0]))
