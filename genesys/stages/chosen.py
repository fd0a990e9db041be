"""Stages as the settings choose them. What a stage is stands in the modules of their names."""

from __future__ import annotations

from typing import Any

from genesys.choices import Sampling
from genesys.lane import Lane
from genesys.recipe import Recipe
from genesys.settings import Settings
from genesys.stages.adaptive import adaptive_stage
from genesys.stages.draws import Draw
from genesys.stages.generations import generations_stages
from genesys.stages.stage import Stage
from genesys.tables.lake import Lake


def chosen_generations(settings: Settings, lake: Lake, lane: Lane, shard: str) -> list[Stage[Any]]:
    """Responses of all lines of the sampling plan: together they are the shard's generations."""
    stages: list[Stage[Any]] = []
    for draw in draws_of(settings):
        if draw.stop is not None:
            stages.append(adaptive_stage(lake, lane, shard, draw, settings.acceptance))
        else:
            stages += generations_stages(lake, lane, shard, draw)
    return stages


def chosen_generations_recipe(settings: Settings, lane: Lane) -> Recipe:
    """What decides these responses, besides their tasks."""
    recipes = [draw.recipe(lane) for draw in draws_of(settings)]
    if len(recipes) == 1:
        return recipes[0]
    return Recipe(recipes[0].versions, {"plan": [recipe.settings for recipe in recipes]})


def draws_of(settings: Settings) -> list[Draw]:
    """The lines of the plan with their teachers."""
    draws = []
    for line in settings.planned:
        teacher = settings.teacher_named(line.teacher)
        draws.append(
            Draw(
                teacher=line.teacher,
                teacher_id=teacher.teacher_id,
                model=teacher.model or teacher.teacher_id,
                samples=line.samples or settings.samples,
                sampling=Sampling(**line.sampling),
                seed=settings.seed if line.seed is None else line.seed,
                system_prompt=line.system_prompt,
                prefill=line.prefill,
                continue_cut=line.continue_cut,
                stop=line.stop,
            )
        )
    return draws
