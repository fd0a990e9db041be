"""Cases by which it is estimated how often verdicts are wrong: their right verdict is known, or a second one is had.

Here stands what the cases of a sample are, and what one of them comes to. How they become rates says
``error_rate_rows``; which traces are sampled, and where the calls stand, ``genesys.release.error_rates``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from genesys.calls.context import Calls
from genesys.choices import Acceptance
from genesys.curation.coding.mutants import mutants
from genesys.curation.coding.preflight import fenced
from genesys.curation.coding.problem import Solution
from genesys.curation.preflight import RESPONSES, boxed, gold_program, short_gold, text_mutants
from genesys.faults import ResponseFault, TaskFault
from genesys.quality.second_opinions import PREFIX, SECOND
from genesys.verifiers.code.blocks import extract_program
from genesys.verifiers.code.tests import CallTest, read_task
from genesys.verifiers.golds import gold_problem
from genesys.verifiers.kinds import CODE, JUDGED, MATH, OUTPUT, OUTPUT_READ
from genesys.verifiers.math.mutants import gold_mutants

Row = dict[str, Any]
Kind = Literal["wrong accept", "wrong reject"]
End = Literal["right", "error", "unsaid"]
OUTPUTS = (OUTPUT, OUTPUT_READ)
MUTANTS, SWAPPED, SECOND_OPINION, GOLDS, SECOND_RUN, VOTES = (
    *("mutants", "swapped golds", "second opinion"),
    *("golds", "second execution", "single votes"),
)
TRIED_MUTANTS = 4
"""Mutants of a program of which one has to say something: some do not compile, or run for ever."""


@dataclass(frozen=True)
class Sampled:
    """A trace of the sample.

    Args:
        record: As its verifier reads it.
        info: Of its published verdict.
    """

    lane: str
    family_id: str
    record: Row
    score: float | None
    info: Row
    accepted: bool

    @property
    def task_type(self) -> str:
        """Of its task."""
        return str(self.record["task_type"])

    @property
    def response_id(self) -> str:
        """Its own."""
        return str(self.record["response_id"])


@dataclass(frozen=True)
class Case:
    """Records to be verified until one says something, and whether it should be accepted.

    Args:
        verifier: The kind of verifier; by default that of the task type.
        trial: Not 0 for a verdict that is to be had anew.
        equal: A record that is accepted where the case says nothing, the two golds being the same after all.
    """

    lane: str
    task_type: str
    kind: Kind
    method: str
    example: str
    expected: bool
    records: tuple[Row, ...] = ()
    verifier: str = ""
    trial: int = 0
    equal: Row | None = None
    opinion: bool | None = None
    """What was said already, where nothing is to be verified."""

    @property
    def row_id(self) -> str:
        """For its calls."""
        return f"{self.lane}:{self.method}:{self.example}"


def cases_of(sample: Sequence[Sampled], acceptance: Acceptance) -> Iterator[Case]:
    """The cases of the traces of one lane and task type.

    Args:
        sample: One trace of a problem at most on each side, in an order of its own that is the same each time.
        acceptance: What a judge's single vote comes to.
    """
    # Of a task that cannot be verified nothing can be tried; what judges said of it stands all the same.
    sample = [each for each in sample if each.task_type == JUDGED or gold_problem(each.record) is None]
    accepted = [each for each in sample if each.accepted]
    for each in sample:
        yield from _second(each, acceptance)
    for each in accepted:
        yield from _mutant(each)
    yield from _swapped(accepted)
    for each in {each.record["problem_id"]: each for each in sample}.values():  # accepted and rejected ones share tasks
        yield from _gold(each)


def _case(each: Sampled, kind: Kind, method: str, expected: bool, *responses: str, **more: Any) -> Case:
    records = tuple(each.record | {"llm_response": response, "finish_reason": "stop"} for response in responses)
    return Case(each.lane, each.task_type, kind, method, each.response_id, expected, records, **more)


def _second(each: Sampled, acceptance: Acceptance) -> Iterator[Case]:
    """What somebody else says of the same response."""
    kind: Kind = "wrong accept" if each.accepted else "wrong reject"
    common = (each.lane, each.task_type, kind)
    if (second := f"{PREFIX}{each.task_type}") in SECOND:
        yield Case(*common, SECOND_OPINION, each.response_id, each.accepted, (each.record,), second)
    elif each.task_type == CODE:
        yield Case(*common, SECOND_RUN, each.response_id, each.accepted, (each.record,), trial=1)
    elif each.task_type == JUDGED:
        votes = [vote["score"] for vote in each.info.get("votes") or () if vote.get("score") is not None]
        if len(votes) > 1:
            said = votes[int(each.response_id.encode().hex(), 16) % len(votes)]
            opinion = acceptance.accepts(JUDGED, said)
            yield Case(*common, VOTES, each.response_id, each.accepted, opinion=opinion)


def _mutant(each: Sampled) -> Iterator[Case]:
    """An answer with one mistake put in."""
    if each.task_type == CODE:
        asked = read_task(each.record["verification_info"], each.record["metadata"])
        function = next((test.function for test in asked.tests if isinstance(test, CallTest)), None)
        program = extract_program(each.record["llm_response"], asked.language, function)
        made = mutants(asked.language, program.source, TRIED_MUTANTS, each.response_id) if program else []
        wrong = [fenced(Solution(asked.language, source)) for source in made]
    elif (answer := short_gold(each.record)) is None:
        return
    elif each.task_type == MATH:
        wrong = [boxed(mutant) for mutant in gold_mutants(answer)]
        wrong = wrong[int(each.response_id.encode().hex(), 16) % len(wrong) :][:1] if wrong else []
    else:
        texts = text_mutants(answer)
        wrong = [RESPONSES[OUTPUT](texts[int(each.response_id.encode().hex(), 16) % len(texts)])] if texts else []
    if wrong:
        yield _case(each, "wrong accept", MUTANTS, False, *wrong)


def _swapped(accepted: Sequence[Sampled]) -> Iterator[Case]:
    """Each response with the gold, or the tests, of the next task that has another one."""
    for place, each in enumerate(accepted):
        if each.task_type not in (MATH, CODE, *OUTPUTS):
            return
        others = [*accepted[place + 1 :], *accepted[:place]]
        other = next((other for other in others if _differ(each, other)), None)
        if other is not None:
            record = each.record | {name: other.record[name] for name in ("verification_info", "metadata", "prompt")}
            equal = other.record | {"llm_response": boxed(str(short_gold(each.record)))} if _is_math(each) else None
            yield Case(
                each.lane, each.task_type, "wrong accept", SWAPPED, each.response_id, False, (record,), equal=equal
            )


def _differ(one: Sampled, other: Sampled) -> bool:
    """Whether two tasks are of different families, and have golds that are not the same as texts."""
    if one.family_id == other.family_id:
        return False
    if one.task_type == CODE:
        infos = one.record["verification_info"], other.record["verification_info"]
        return bool(infos[0].get("language") == infos[1].get("language") and infos[0] != infos[1])
    golds = [str(short_gold(each.record)).strip() for each in (one, other)]
    return golds[0] != golds[1] and _value(golds[0]) != _value(golds[1])


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_math(each: Sampled) -> bool:
    return each.task_type == MATH


def _gold(each: Sampled) -> Iterator[Case]:
    """The gold as the response."""
    if each.task_type == CODE:
        asked = read_task(each.record["verification_info"], each.record["metadata"])
        found = gold_program(each.record["gold_standard_solution"], asked)
        right = fenced(found) if isinstance(found, Solution) and found.language == asked.language else None
    else:
        answer = short_gold(each.record)
        right = None if answer is None else RESPONSES.get(each.task_type, RESPONSES[OUTPUT])(answer)
    if right is not None:
        yield _case(each, "wrong reject", GOLDS, True, right)


async def end_of_case(case: Case, calls: Calls, acceptance: Acceptance) -> End:
    """What a case comes to: its verdict is the expected one, or it is not, or there is none.

    Raises:
        InfrastructureFault: It could not be had.
    """
    said = case.opinion
    for record in case.records:
        said = await _accepts(case, record, calls, acceptance)
        if said is not None:
            break
    if said is None:
        return "unsaid"
    if said == case.expected:
        return "right"
    if case.equal is not None:
        second = await calls.verify(case.equal, kind=f"{PREFIX}{case.task_type}")
        if second["score"] != 0.0:  # the same, or nobody knows: no proof of a wrong accept
            return "unsaid"
    return "error"


async def _accepts(case: Case, record: Row, calls: Calls, acceptance: Acceptance) -> bool | None:
    try:
        verdict = await calls.verify(record, case.trial, kind=case.verifier)
    except (TaskFault, ResponseFault):
        return None
    if verdict["score"] is None or (case.method == MUTANTS and _says_nothing(verdict["verification_result_info"])):
        return None
    return acceptance.accepts(case.task_type, verdict["score"])


def _says_nothing(info: Mapping[str, Any]) -> bool:
    """Of a program that did not come to a test, or was still running: it shows nothing of what the tests catch."""
    if "tests" not in info:
        return False
    ends = {str(test.get("verdict")) for test in info["tests"]}
    return not ends - {"not_run"} or "time_limit" in ends
