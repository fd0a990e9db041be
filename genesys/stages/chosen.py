"""Stages as the settings choose them. What a stage is stands in the modules of their names."""

from __future__ import annotations

from typing import Any

from genesys.lane import Lane
from genesys.recipe import Recipe
from genesys.settings import Settings
from genesys.stages.generations import generations_recipe, generations_stages
from genesys.stages.stage import Stage
from genesys.tables.lake import Lake


def chosen_generations(settings: Settings, lake: Lake, lane: Lane, shard: str) -> list[Stage[Any]]:
    """Responses of the teacher, in the number and by the sampling that the settings name."""
    return [*generations_stages(lake, lane, shard, **_choice(settings))]


def chosen_generations_recipe(settings: Settings, lane: Lane) -> Recipe:
    """What decides these responses, besides their tasks."""
    return generations_recipe(lane, **_choice(settings))


def _choice(settings: Settings) -> dict[str, Any]:
    teacher = settings.teacher
    return {
        "teacher_id": teacher.teacher_id,
        "model": teacher.model or teacher.teacher_id,
        "sampling": settings.sampling,
        "samples": settings.samples,
        "seed": settings.seed,
    }
