"""Tasks of a shard become responses of a teacher: which samples there are, how each is asked for, how it is written.

``genesys generate`` samples by the same function, without tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work
from genesys.choices import Sampling
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.outcomes import Outcome, accepted
from genesys.recipe import Recipe
from genesys.schemas import as_text
from genesys.stages.sampling import GENERATION_VERSION, sample_response
from genesys.stages.stage import Stage
from genesys.stages.tasks import tasks_asset
from genesys.tables.columns import GENERATIONS
from genesys.tables.lake import Lake

Row = dict[str, Any]


def generations_asset(lane: Lane) -> str:
    """The table of sampled responses."""
    return f"{lane.name}/generations"


def generations_recipe(
    lane: Lane, *, teacher_id: str, model: str, sampling: Sampling, samples: int, seed: int = 0
) -> Recipe:
    """What decides the responses to a shard's tasks, besides these."""
    settings = {
        "teacher_id": teacher_id,
        "model": model,
        "sampling": sampling.model_dump(),
        "seed": seed,
        "system_prompt": lane.system_prompt,
        "samples": samples,
    }
    return Recipe({"generate": GENERATION_VERSION}, settings)


def generations_stages(lake: Lake, lane: Lane, shard: str, **choice: Any) -> list[Stage[tuple[Row, int]]]:
    """Tasks of a shard -> ``samples`` responses each, or as many as there are if those are more.

    A campaign is one choice of teacher, sampling and prompt, and a range of samples: when more samples are wanted
    later, only those that are not there yet are a campaign of their own, and nothing is rewritten.

    Args:
        lake: Where the tables stand.
        lane: Whose tasks these are.
        shard: The partition.
        choice: As of ``generations_recipe``.

    Returns:
        A stage for each range of samples, the first ones first: when tasks change, all of them have something to do.
    """
    recipe = generations_recipe(lane, **choice)
    settings = {name: value for name, value in recipe.settings.items() if name != "samples"}
    ends = _ends(lake, lane, shard, digest(settings, 12), recipe.settings["samples"])
    return [
        _generations_stage(lake, lane, shard, Recipe(recipe.versions, settings), first, end)
        for first, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def generations_stage(lake: Lake, lane: Lane, shard: str, **choice: Any) -> Stage[tuple[Row, int]]:
    """The last of ``generations_stages``: the only one where no earlier campaign made fewer samples."""
    return generations_stages(lake, lane, shard, **choice)[-1]


def _ends(lake: Lake, lane: Lane, shard: str, base: str, samples: int) -> list[int]:
    """Where the ranges of samples end: those that were made with these settings, and a new one if they fall short."""
    manifest = lake.manifest(generations_asset(lane), shard)
    made = sorted(
        int(name.rpartition("-")[2]) for name in (manifest.parts if manifest else {}) if name.startswith(base)
    )
    return made if made and made[-1] >= samples else [*made, samples]


def _generations_stage(
    lake: Lake, lane: Lane, shard: str, recipe: Recipe, first: int, end: int
) -> Stage[tuple[Row, int]]:
    settings = recipe.settings
    campaign = f"{digest(settings, 12)}-{end:04d}"

    def rows() -> Iterator[tuple[Row, int]]:
        for task in lake.rows(tasks_asset(lane), shard, ["problem_id", "task_hash", "prompt"]):
            for index in range(first, end):
                yield task, index

    async def function(row: tuple[Row, int], calls: Calls) -> Outcome:
        return await sample_row(lane, row, calls, settings=settings, campaign=campaign)

    return Stage(
        asset=generations_asset(lane),
        partition=shard,
        campaign=campaign,
        schema=GENERATIONS,
        work=Work(rows=rows, row_id=lambda row: f"{row[0]['problem_id']}/{row[1]}", function=function),
        inputs={f"{tasks_asset(lane)}/{shard}": lake.need(tasks_asset(lane), shard).data_version},
        versions=recipe.versions,
        settings=settings | {"samples": [first, end]},
    )


async def sample_row(lane: Lane, row: tuple[Row, int], calls: Calls, *, settings: Row, campaign: str) -> Outcome:
    """One task and sample index -> one response of the campaign."""
    task, index = row
    sampled = await sample_response(task["problem_id"], lane.messages(task["prompt"]), index, calls, settings=settings)
    own = {"task_hash": task["task_hash"], "campaign": campaign}
    return accepted(sampled | own | {"generation_config": as_text(sampled["generation_config"])})
