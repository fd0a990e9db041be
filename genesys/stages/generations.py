"""Tasks of a shard become responses of a teacher: which samples there are, how each is asked for, how it is written.

Here each sample is a row of its own, and their number is known before; where verdicts decide how many there are, it is
``genesys.stages.adaptive``. ``genesys generate`` samples by the same function, without tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work
from genesys.lane import Lane
from genesys.outcomes import Outcome, accepted
from genesys.schemas import as_text
from genesys.stages.draws import Draw
from genesys.stages.restoring import restore_answers
from genesys.stages.sampling import GENERATION_VERSION, asked_of, sample_response
from genesys.stages.stage import Stage
from genesys.stages.tasks import standing_tasks, task_count, tasks_asset
from genesys.tables.columns import GENERATIONS
from genesys.tables.lake import Lake, Part

Row = dict[str, Any]


def generations_asset(lane: Lane) -> str:
    """The table of sampled responses."""
    return f"{lane.name}/generations"


def generations_stages(lake: Lake, lane: Lane, shard: str, draw: Draw) -> list[Stage[tuple[Row, int]]]:
    """Tasks of a shard -> ``samples`` responses each, or as many as there are if those are more.

    A campaign is one choice of teacher, sampling and prompt, and a range of samples: when more samples are wanted
    later, only those that are not there yet are a campaign of their own, and nothing is rewritten. Only responses that
    are to be continued further are put in the place of what they were.

    Args:
        lake: Where the tables stand.
        lane: Whose tasks these are.
        shard: The partition.
        draw: Of whom, how, how many; one without a rule to stop by.

    Returns:
        A stage for each range of samples, the first ones first: when tasks change, all of them have something to do.
    """
    made = made_of(lake, lane, shard, draw.campaign(lane))
    ends = sorted(made)
    ends = ends if ends and ends[-1] >= draw.samples else [*ends, draw.samples]
    return [
        _generations_stage(lake, lane, shard, draw, first, end, made.get(end))
        for first, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def generations_stage(lake: Lake, lane: Lane, shard: str, draw: Draw) -> Stage[tuple[Row, int]]:
    """The last of ``generations_stages``: the only one where no earlier campaign made fewer samples."""
    return generations_stages(lake, lane, shard, draw)[-1]


def made_of(lake: Lake, lane: Lane, shard: str, campaign: str) -> dict[int, Part]:
    """What stands of a campaign, by the last sample that is wanted in each part."""
    manifest = lake.manifest(generations_asset(lane), shard)
    parts = manifest.parts if manifest else {}
    return {int(name.rpartition("-")[2]): part for name, part in parts.items() if name.startswith(f"{campaign}-")}


def generation_stage(
    lake: Lake, lane: Lane, shard: str, draw: Draw, work: Work[Any], *, end: int, settings: Row, made: Part | None
) -> Stage[Any]:
    """A stage of the generations with all that does not depend on what a row is."""
    # What was continued further than is wanted now stays as it is.
    continued = max(draw.continue_cut, made.settings.get("continue_cut", 0) if made else 0)
    return Stage(
        asset=generations_asset(lane),
        partition=shard,
        campaign=f"{draw.campaign(lane)}-{end:04d}",
        schema=GENERATIONS,
        work=work,
        inputs={f"{tasks_asset(lane)}/{shard}": lake.need(tasks_asset(lane), shard).data_version},
        versions={"generate": GENERATION_VERSION},
        settings=draw.campaign_settings(lane) | {"continue_cut": continued} | settings,
        teacher=draw.teacher,
        before=partial(restore_answers, lake) if made else None,
    )


def _generations_stage(
    lake: Lake, lane: Lane, shard: str, draw: Draw, first: int, end: int, made: Part | None
) -> Stage[tuple[Row, int]]:
    def rows() -> Iterator[tuple[Row, int]]:
        for task in standing_tasks(lake, lane, shard, ["problem_id", "task_hash", "prompt"]):
            for index in range(first, end):
                yield task, index

    async def function(row: tuple[Row, int], calls: Calls) -> Outcome:
        return accepted(await sample_row(row, calls, settings=stage.settings, campaign=stage.campaign))

    work = Work(
        rows=rows,
        row_id=lambda row: f"{row[0]['problem_id']}/{row[1]}",
        function=function,
        total=(end - first) * task_count(lake, lane, shard),
    )
    stage = generation_stage(lake, lane, shard, draw, work, end=end, settings={"samples": [first, end]}, made=made)
    return stage


async def sample_row(row: tuple[Row, int], calls: Calls, *, settings: Row, campaign: str) -> Row:
    """One task and sample index -> one response of the campaign."""
    task, index = row
    messages = asked_of(task["prompt"], settings)
    sampled = await sample_response(task["problem_id"], messages, index, calls, settings=settings)
    own = {"task_hash": task["task_hash"], "campaign": campaign, "accepted_so_far": None}
    return sampled | own | {"generation_config": as_text(sampled["generation_config"])}
