"""Adaptive sampling: responses are verified as they come, and a task that has enough of them is asked no more.

A row is a task here, with all its responses. Between tasks there is no barrier: while one waits for its verdicts, the
teacher answers others. The verdicts are the very calls that the verifications make, which find them in the journal.
"""

from __future__ import annotations

from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work, all_ended
from genesys.choices import Acceptance, StopRule
from genesys.faults import TaskFault
from genesys.lane import Lane
from genesys.outcomes import Outcome, accepted
from genesys.stages.draws import Draw
from genesys.stages.generations import generation_stage, made_of, sample_row
from genesys.stages.records import HeldTask, subject_of
from genesys.stages.stage import Stage
from genesys.stages.tallies import TALLY, tally_payload
from genesys.stages.tasks import standing_tasks, task_count
from genesys.stages.verdicts import verdict_on
from genesys.tables.lake import Lake

Row = dict[str, Any]


def further(rule: StopRule, most: int, *, accepted: int, answered: int) -> int:
    """How many responses to ask for now, after so many were answered, of which so many were accepted; 0: enough.

    No more than can be needed to fulfil the rule, but half as many as there are at least: else a task that is hopeless
    would be asked some hundred times one after another, and hold up the end of the run. So at most a third of a task's
    responses were not needed.
    """
    rejected = answered - accepted
    if rule.accepted and accepted >= rule.accepted:
        return 0
    if rule.alike and ((not rejected and accepted >= rule.alike) or (not accepted and rejected >= 2 * rule.alike)):
        return 0
    needed = [rule.accepted - accepted] if rule.accepted else []
    if rule.alike and not rejected:
        needed.append(rule.alike - accepted)
    elif rule.alike and not accepted:
        needed.append(2 * rule.alike - rejected)
    wave = max(min(needed), answered // 2) if needed else most
    return min(wave, most - answered)


def adaptive_stage(lake: Lake, lane: Lane, shard: str, draw: Draw, acceptance: Acceptance) -> Stage[Row]:
    """Tasks of a shard -> as many responses each as its rule wants, up to ``draw.samples``.

    More samples at most add to the tasks that had not enough; fewer change nothing.

    Args:
        lake: Where the tables stand.
        lane: Whose tasks these are.
        shard: The partition.
        draw: Of whom, how, how many; one with a rule to stop by.
        acceptance: What counts as accepted. No part of the campaign: what was sampled by an earlier choice stands.
    """
    rule = draw.stop
    assert rule is not None  # noqa: S101 - see the docstring
    made = made_of(lake, lane, shard, draw.campaign(lane)).get(_END)
    most = max(draw.samples, made.settings["samples"] if made else 0)

    async def function(task: Row, calls: Calls) -> Outcome:
        return await sample_task(task, calls, settings=stage.settings, campaign=stage.campaign, acceptance=acceptance)

    work = Work(
        rows=lambda: standing_tasks(lake, lane, shard),
        row_id=lambda task: str(task["problem_id"]),
        function=function,
        total=task_count(lake, lane, shard),
    )
    stage = generation_stage(lake, lane, shard, draw, work, end=_END, settings={"samples": most}, made=made)
    return stage


_END = 0
"""In the campaign's name in place of the last sample, which is another one for each task."""


async def sample_task(task: Row, calls: Calls, *, settings: Row, campaign: str, acceptance: Acceptance) -> Outcome:
    """One task -> its responses, in waves until the rule says that it has enough.

    A sample that the endpoint refuses counts as rejected, and makes no response; if it refuses all, so is the task.
    """
    rule, held = StopRule.model_validate(settings["stop"]), HeldTask(task)
    responses: list[Row] = []
    refusal = ""
    answered = right = 0
    while wave := further(rule, settings["samples"], accepted=right, answered=answered):
        indexes = range(answered, answered + wave)
        ended = await all_ended(_response((task, index), calls, settings, campaign) for index in indexes)
        answered += wave
        new = [end for end in ended if not isinstance(end, str)]
        refusal = next((end for end in ended if isinstance(end, str)), refusal)
        if not new and not responses:
            raise TaskFault(refusal)
        if new:
            responses += new
            right = await _tally(held, responses, len(new), right, calls, acceptance)
            responses[-1] = responses[-1] | {"accepted_so_far": right}
    return accepted(*responses)


async def _tally(
    task: HeldTask, responses: list[Row], new: int, before: int, calls: Calls, acceptance: Acceptance
) -> int:
    """How many responses are accepted, ``before`` of them without the ``new`` last ones; decided once for all time."""

    async def make() -> Row:
        verdicts = await all_ended(_is_accepted(task, response, calls, acceptance) for response in responses[-new:])
        return {"accepted": before + sum(verdicts)}

    payload = tally_payload([response["response_id"] for response in responses])
    entry = await calls.durable(TALLY, TALLY, payload, make)
    return int(entry.result["accepted"])


async def _is_accepted(task: HeldTask, response: Row, calls: Calls, acceptance: Acceptance) -> bool:
    """By the call that the verification of this response will find."""
    own = calls.of_row(response["response_id"])
    _, _, reason = await verdict_on(subject_of(task, response), own, acceptance)
    return reason is None


async def _response(row: tuple[Row, int], calls: Calls, settings: Row, campaign: str) -> Row | str:
    """The response, or why the endpoint refuses it."""
    try:
        return await sample_row(row, calls, settings=settings, campaign=campaign)
    except TaskFault as fault:
        return str(fault)
