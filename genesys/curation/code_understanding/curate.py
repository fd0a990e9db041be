"""The code understanding lane: a seed, a function in the partition's language, its evolution, tasks with their truth.

A row makes tasks of every depth that stands: ``TASKS`` inputs each. They are one family over all languages, depths and
inputs, so that no split divides them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.code_understanding import difficulty
from genesys.curation.code_understanding.design import Design, design, rng_of
from genesys.curation.code_understanding.evolve import EVOLVE, NAMES, WRITE, Depth, Evolution, evolve, write
from genesys.curation.code_understanding.functions import Function
from genesys.curation.code_understanding.inputs import LENGTHS, Input, inputs, readable
from genesys.curation.code_understanding.problem import Material
from genesys.curation.code_understanding.truth import Case, Flaw, truth_of
from genesys.curation.common.people import scanned
from genesys.curation.steps import Curation, Step
from genesys.hashing import digest
from genesys.job import LANGUAGES, Language
from genesys.lane import LedgerRow
from genesys.likeness import Likeness
from genesys.outcomes import Outcome, rejected
from genesys.prompts import PromptFile
from genesys.schemas import parse_info

TASK_TYPE = "code_output_prediction"
TASKS = 2
"""Inputs of a function that become tasks."""
LEAST_TEXT_CHARS = 200
"""Of a news text that inputs are cut from."""
MUTANTS = 3
TASK = PromptFile("understanding_task")
"""What the teacher is asked."""
PROMPTS = (WRITE, EVOLVE, TASK)

SHORT_TEXT = "text is too short"
GOLD_FAILS = "gold fails its own verifier"
NO_MUTANT_FAILS = "no mutant of the gold fails"

_COUNTING = {
    "python": ": by code points",
    "javascript": ": by UTF-16 units",
    "rust": ": a `&str` by bytes of UTF-8, its `chars()` by code points",
    "cpp": ": by bytes of UTF-8, as a `std::string` has them",
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A row on its way."""

    row: LedgerRow
    language: Language
    design: Design
    inputs: tuple[Input, ...]
    function: Function | None = None
    evolution: Evolution | None = None
    tasks: tuple[Row, ...] = ()

    @property
    def material(self) -> Material:
        """The row in the lane's own form."""
        material: Material = self.row.problem
        return material


def begin(row: LedgerRow) -> Draft:
    """What is drawn of a row in a language: all of it is known before anything is asked."""
    language = next((name for name in LANGUAGES if name == row.language), LANGUAGES[0])
    material: Material = row.problem
    drawn = design(material, row.problem_id, language)
    return Draft(row, language, drawn, inputs(rng_of(row.problem_id, language, "inputs"), material.text))


def has_text(draft: Draft, calls: Calls) -> Draft | Outcome:
    """A news text is long enough to cut inputs from."""
    text = readable(draft.material.text)
    if draft.material.text and len(text) < LEAST_TEXT_CHARS:
        return rejected(SHORT_TEXT, f"{len(text)} characters, at least {LEAST_TEXT_CHARS} are needed")
    return draft


def texts(draft: Draft) -> dict[str, str]:
    """All that upstream has a task, or a prompt, hold."""
    ideas = {"idea": draft.material.idea or "", "example": draft.material.example}
    return ideas | {f"input {n}": one.text for n, one in enumerate(draft.inputs, 1) if one.kind == "news"}


async def is_written(draft: Draft, calls: Calls) -> Draft | Outcome:
    """The curator has written a function that keeps the contract, as far as rules can tell."""
    found = await write(draft.language, draft.design, draft.material.example, calls)
    return _dropped(found) if isinstance(found, Flaw) else replace(draft, function=found)


async def holds_up(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Run twice, it does the same both times, and something worth asking for."""
    assert draft.function is not None  # noqa: S101 - the step before saw to it
    found = await truth_of(draft.function, draft.inputs, calls)
    if isinstance(found, Flaw):
        return _dropped(found)
    return replace(draft, evolution=Evolution([Depth(draft.function, found)]))


async def is_evolved(draft: Draft, calls: Calls) -> Draft:
    """It is as deep as was drawn, or as it came."""
    assert draft.evolution is not None  # noqa: S101 - the step before saw to it
    return replace(draft, evolution=await evolve(draft.evolution.depths[0], draft.design, draft.inputs, calls))


async def gold_passes(draft: Draft, calls: Calls) -> Draft | Outcome:
    """The gold of each task passes its verifier, and a changed one does not; tasks of which that is not so go."""
    kept, reasons = [], Counter[str]()
    for task in _drafted(draft):
        reason = await _preflight(task, calls)
        if reason is None:
            kept.append(task)
        else:
            reasons[reason] += 1
    if not kept:
        return rejected(reasons.most_common(1)[0][0])
    return replace(draft, tasks=tuple(kept))


async def _preflight(task: Row, calls: Calls) -> str | None:
    truth = task["verification_info"]["ground_truth"]
    if await _score(task, truth, calls) != 1.0:
        return GOLD_FAILS
    for mutant in mutants(truth)[:MUTANTS]:
        if await _score(task, mutant, calls) == 0.0:
            return None
    return NO_MUTANT_FAILS


async def _score(task: Row, output: str, calls: Calls) -> Any:
    verdict = await calls.verify({**task, "llm_response": gold_of(output)})
    return verdict["score"]


def mutants(output: str) -> list[str]:
    """Wrong outputs: slips that somebody makes who follows a function by hand."""
    middle = len(output) // 2
    swapped = output[: middle - 1] + output[middle : middle + 1] + output[middle - 1 : middle] + output[middle + 1 :]
    made = (output[:-1], swapped if middle else output, output.swapcase(), output + output[-1:])
    return [mutant for mutant in dict.fromkeys(made) if mutant != output]


def gold_of(output: str) -> str:
    """The response that a task wants, as short as can be."""
    return json.dumps({"output": output}, ensure_ascii=False)


def _drafted(draft: Draft) -> Iterator[Row]:
    """The tasks of all depths; of each depth other inputs, as far as they reach."""
    assert draft.evolution is not None  # noqa: S101 - an earlier step saw to it
    parents: list[str] = []
    asked: set[Input] = set()
    for depth, one in enumerate(draft.evolution.depths):
        cases = chosen(draft.inputs, one.truth.cases, depth, asked)
        asked.update(case.given for case in cases)
        made = [_task(draft, depth, one, case, parents) for case in cases]
        parents = [task["problem_id"] for task in made]
        yield from made


def chosen(given: tuple[Input, ...], cases: tuple[Case, ...], depth: int, asked: set[Input]) -> list[Case]:
    """The cases of a depth that become tasks: from another input on at each depth, and new ones first."""
    of_input = {case.given: case for case in cases}
    start = TASKS * depth % len(given)
    there = [one for one in (*given[start:], *given[:start]) if one in of_input]
    return [of_input[one] for one in sorted(there, key=lambda one: one in asked)][:TASKS]


def _task(draft: Draft, depth: int, one: Depth, case: Case, parents: list[str]) -> Row:
    function, given = one.function, case.given.text
    tokens = len(function.lexed)
    expected = difficulty.predicted(depth, len(given), tokens)
    ident = digest([draft.row.problem_id, draft.language, function.code, given], 24)
    low, high = next((pair for pair in LENGTHS if len(given) <= pair[1]), LENGTHS[-1])
    return {
        "problem_id": ident,
        "family_id": draft.row.problem_id,
        "parent_ids": list(parents),
        "round": depth,
        "task_type": TASK_TYPE,
        "in_source_id": draft.material.name,
        "prompt": prompt(function, given),
        "gold_standard_solution": gold_of(case.output),
        "verification_info": {"ground_truth": case.output},
        "metadata": {
            "language": draft.language,
            "depth": depth,
            "evolved_by": list(one.kinds),
            "seeds": [seed.name for seed in draft.design.seeds],
            "topics": [seed.topic for seed in draft.design.seeds if seed.topic],
            "function": function.code,
            "function_id": function.ident,
            "function_tokens": tokens,
            "input": given,
            "input_kind": case.given.kind,
            "input_chars": len(given),
            "input_range": f"{low}-{high}",
            "output_chars": len(case.output),
            "predicted_difficulty": expected,
            "difficulty": difficulty.level(expected),
            "inputs_dropped": one.truth.dropped,
            "rounds_refused": dict(sorted(draft.evolution.refused.items())) if draft.evolution else {},
            "toolchain": one.truth.toolchain,
            "executions": list(one.truth.keys),
        },
    }


def prompt(function: Function, given: str) -> str:
    """What the teacher is asked."""
    return TASK.text(
        code=function.code.rstrip(),
        given=json.dumps(given, ensure_ascii=False),
        language=function.language,
        language_name=NAMES[function.language],
        counting=_COUNTING[function.language],
    )


def likeness(task: Row) -> Likeness:
    """What a task is compared by with those of other rows: its function."""
    metadata = parse_info(task["metadata"])
    function = Function(metadata["language"], metadata["function"])
    return Likeness(group=str(task["row_id"]), features=function.shingles)


def _dropped(flaw: Flaw) -> Outcome:
    return rejected(flaw.reason, flaw.detail)


CURATE: Curation[Draft] = Curation(
    begin,
    (
        Step("has a text to cut inputs from", has_text),
        scanned(texts, "drop"),
        Step("function is written", is_written, by="curator"),
        Step("function holds up", holds_up, by="programs"),
        Step("function is evolved", is_evolved, by="curator"),
        Step("gold passes its verifier", gold_passes, by="verifier"),
    ),
    lambda draft: draft.tasks,
)
