"""Verdicts of a published data set told again by the verifiers installed here: no teacher, no judge, no journal.

A response runs where it always does, in the sandbox. What infrastructure keeps from being told is counted as that, and
never as a disagreement.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from genesys.faults import InfrastructureFault, ResponseFault, TaskFault
from genesys.release.proof.checking import Trace
from genesys.release.proof.toolchain import toolchain_of
from genesys.schemas import parse_info
from genesys.verifiers.after_rules import RULE
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner

Row = dict[str, Any]
Item = TypeVar("Item")
End = Literal["agree", "disagree", "not run", "judged"]

WINDOW = 64
"""Traces in flight: more than the verifiers take at once, and few enough that their texts take no room."""
_OF_ROW = (
    "problem_id",
    "source",
    "task_type",
    "in_source_id",
    "prompt",
    "gold_standard_solution",
    "hf_dataset_name",
    "response_id",
    "llm_response",
)
_OF_LINEAGE = ("task_hash", "model_name", "finish_reason", "teacher_id", "campaign", "sample_index")


@dataclass(frozen=True)
class Told:
    """What became of one trace's verdict.

    Args:
        end: ``not run`` where the machine lacks something, ``judged`` where a judge's word decided.
        then: Score and reason as published; ``now`` as told again.
        why: Of one that was not run.
        toolchain: On which it was told again.
    """

    response_id: str
    task_type: str
    language: str | None
    end: End
    then: tuple[float | None, str]
    now: tuple[float | None, str] | None = None
    why: str = ""
    verifier: str = ""
    verifier_now: str = ""
    toolchain: str | None = None
    toolchain_now: str | None = None


@dataclass
class Group:
    """What became of the sample's traces of one task type and language."""

    task_type: str
    language: str | None
    rows: int = 0
    ends: Counter[End] = field(default_factory=Counter)
    verifiers: Counter[str] = field(default_factory=Counter)
    verifiers_now: Counter[str] = field(default_factory=Counter)
    toolchains: Counter[str] = field(default_factory=Counter)
    toolchains_now: Counter[str] = field(default_factory=Counter)
    not_run: Counter[str] = field(default_factory=Counter)
    """Reasons."""

    def add(self, told: Told) -> None:
        """Count one."""
        self.rows += 1
        self.ends[told.end] += 1
        self.verifiers[told.verifier] += 1
        if told.why:
            self.not_run[told.why] += 1
        if told.now is not None:  # then and now are of the same traces
            self.verifiers_now[told.verifier_now] += 1
            self.toolchains[told.toolchain or "none"] += 1
            self.toolchains_now[told.toolchain_now or "none"] += 1


def record_of(trace: Trace) -> Row:
    """A published trace as a verifier reads it: the same fields as when its verdict was reached.

    Raises:
        ValueError: A mapping in it cannot be read.
    """
    row, lineage = trace
    return {
        **{name: row[name] for name in _OF_ROW},
        **{name: lineage[name] for name in _OF_LINEAGE},
        "call_key": lineage["generation_call_key"],
        **{name: parse_info(row[name]) for name in ("verification_info", "metadata")},
        "generation_config": parse_info(lineage["generation_config"]),
    }


async def told_again(trace: Trace, runner: VerifierRunner, registry: Mapping[str, type[Any]] | None = None) -> Told:
    """The verdict on one trace, told again and held against what was published."""
    row, lineage = trace
    common: Row = {
        "response_id": row["response_id"],
        "task_type": str(row["task_type"]),
        "language": None,
        "verifier": f"{lineage['verifier']}@{lineage['verifier_version']}",
        "toolchain": lineage["toolchain"],
        "then": (row["score"], ""),
    }
    try:
        info, record = parse_info(row["verification_result_info"]), record_of(trace)
    except ValueError as error:
        return Told(**common, end="not run", why=f"the row cannot be read: {error}")
    common |= {"language": _language(record), "then": (row["score"], _reason(row["score"], info))}
    if is_judged(common["task_type"], info, registry):
        return Told(**common, end="judged")
    try:
        result, common["verifier_now"] = await _verified(record, runner), "@".join(runner.identity(row["task_type"]))
    except InfrastructureFault as fault:
        return Told(**common, end="not run", why=" ".join(str(fault).split()))
    score, info = result["score"], result["verification_result_info"]
    is_same = (score is None) == (row["score"] is None) and abs((score or 0.0) - (row["score"] or 0.0)) < 1e-9
    return Told(
        **common,
        end="agree" if is_same else "disagree",
        now=(score, _reason(score, info)),
        toolchain_now=toolchain_of({}, info),
    )


def is_judged(task_type: str, info: Mapping[str, Any], registry: Mapping[str, type[Any]] | None = None) -> bool:
    """Whether a judge's word decided a verdict, so that it cannot be told again without one."""
    if info.get("rule") == RULE:
        return True
    try:
        verifier = (VERIFIER_REGISTRY if registry is None else registry)[task_type]
    except (KeyError, InfrastructureFault):  # of a verifier that is not here: whoever runs it says so
        return False
    return bool(getattr(verifier, "asks", False))


async def _verified(record: Row, runner: VerifierRunner) -> Row:
    """A verdict; what may pass is tried once more, and a fault of task or response is a verdict without a score."""
    for is_last in (False, True):
        try:
            return await runner.verify(record)
        except (TaskFault, ResponseFault) as fault:
            return {"score": None, "verification_result_info": {"fault": str(fault)}}
        except InfrastructureFault as fault:
            if fault.final or is_last:
                raise
    raise AssertionError  # pragma: no cover - the last try returns or raises


def _language(record: Row) -> str | None:
    for name in ("metadata", "verification_info"):
        said = record[name].get("language")
        if isinstance(said, str) and said:
            return said.casefold()[:40]
    return None


def _reason(score: float | None, info: Mapping[str, Any]) -> str:
    told = info.get("fault") or info.get("reason") or info.get("rule") or ""
    answer = info.get("extracted_answer")
    said = f"{told}: {answer}" if answer is not None else str(told)
    return " ".join(said.split())[:200]


async def side_by_side(items: Iterator[Trace], runner: VerifierRunner) -> AsyncIterator[Told]:
    """Traces told again as they are read, so many at once; in the order in which they end."""
    running: set[asyncio.Task[Told]] = set()
    is_over = False
    # One thread reads all: what the allocators keep for a thread would else be kept for each of many.
    reader, loop = ThreadPoolExecutor(1, "reverify"), asyncio.get_running_loop()
    try:
        while running or not is_over:
            while not is_over and len(running) < WINDOW:
                trace = await loop.run_in_executor(reader, next, items, None)
                if trace is None:
                    is_over = True
                else:
                    running.add(asyncio.create_task(told_again(trace, runner)))
                    await asyncio.sleep(0)
            if running:
                ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        reader.shutdown(wait=False, cancel_futures=True)
