"""What is taken for true of a stage while nothing of it is measured; each has a flag or a setting, and is named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from genesys.calls.usage import Payee
from genesys.choices import StopRule
from genesys.forecast.evidence import PerRow
from genesys.forecast.lengths import Floats
from genesys.lane import Lane
from genesys.prompts import Prompt
from genesys.settings import Settings
from genesys.stages.adaptive import further
from genesys.stages.draws import Draw
from genesys.verifiers.after_rules import JUDGED

DOUBT = 0.67
"""A relative standard error by which nine of ten intervals reach from a third to three times what was assumed."""
_SHARE_OF_LIMIT = 0.25
_CURATION, _VERDICT, _VERDICT_PROMPT = 200, 400, 2000
"""Tokens of a curator's answer, a judge's, and what a judge is asked."""


@dataclass(frozen=True)
class Assumed:
    """What the command was told."""

    rows: int | None = None
    """Of each lane whose sources were never read."""
    kept: float = 0.8
    """The share of rows that become tasks."""
    prompt_tokens: int = 400
    completion_tokens: int | None = None
    pass_rate: float = 0.5
    tokens_per_second: float | None = None
    """Of one call."""


def assumed_tasks(settings: Settings, lane: Lane, told: Assumed) -> PerRow:
    """A row of the tasks: each of the lane's prompts once."""
    prompts = [prompt for prompt in lane.prompts if isinstance(prompt, Prompt)]
    paid = {}
    for role in ("curator", "judge"):
        calls = sum(prompt.role == role for prompt in prompts)
        section = settings.curator if role == "curator" else settings.judge
        if calls and section.kind != "none":
            completion = section.expected_completion_tokens or _CURATION
            one = np.array([1.0, told.prompt_tokens, 0.0, completion, 0.0])
            paid[Payee("tasks", role, section.teacher_id, "")] = calls * one
    return PerRow(paid, told.kept, DOUBT if paid else 0.0, f"assumed: {told.kept:.0%} of the rows are kept")


def assumed_generations(settings: Settings, draw: Draw, told: Assumed) -> PerRow:
    """A sample of a task; or all samples of one, where a rule says how many."""
    role = settings.teacher_named(draw.teacher)
    expected, why = told.completion_tokens or role.expected_completion_tokens, "expected_completion_tokens"
    if not expected:
        expected, why = int(draw.sampling.max_tokens * _SHARE_OF_LIMIT), "a quarter of max_tokens"
    if told.completion_tokens:
        why = "--completion_tokens"
    samples = expected_samples(draw.stop, draw.samples, told.pass_rate) if draw.stop else 1.0
    one = samples * np.array([1.0, told.prompt_tokens, 0.0, expected, 0.0])
    basis = f"assumed: {expected:,} tokens an answer ({why})"
    if draw.stop:
        basis += f", {samples:.1f} of {draw.samples} samples at a pass rate of {told.pass_rate:.0%}"
    return PerRow({Payee("generations", "sample", draw.teacher_id, ""): one}, samples, DOUBT, basis)


def assumed_verifications(settings: Settings, lane: Lane, told: Assumed) -> PerRow:
    """A response: each judge's votes, where judges are asked."""
    judged = 1.0 if JUDGED in lane.task_types else 0.0
    if set(settings.judging.after_rules) & set(lane.task_types):
        judged = max(judged, 1 - told.pass_rate)
    paid: dict[Payee, Floats] = {}
    for name, role in settings.judges.items():
        if judged and name != "tie-breaker":
            completion = role.expected_completion_tokens or _VERDICT
            one = settings.judging.votes * judged * np.array([1.0, _VERDICT_PROMPT, 0.0, completion, 0.0])
            payee = Payee("verifications", name, role.teacher_id, "")
            paid[payee] = paid.get(payee, np.zeros(5)) + one
    return PerRow(paid, 1.0, DOUBT if paid else 0.0, "assumed" if paid else "no model is asked")


def expected_samples(rule: StopRule, most: int, pass_rate: float) -> float:
    """Samples of a task until its rule is content; tasks differ in difficulty as evenly as can be, about the rate."""
    strength = 1.0
    weights = {"a": max(pass_rate, 0.01) * 2 * strength, "b": max(1 - pass_rate, 0.01) * 2 * strength}

    @cache
    def to_come(right: int, answered: int) -> float:
        wave = further(rule, most, accepted=right, answered=answered)
        if not wave:
            return 0.0
        chances = {right: 1.0}
        for number in range(wave):
            after: dict[int, float] = {}
            for found, chance in chances.items():
                rate = (weights["a"] + found) / (weights["a"] + weights["b"] + answered + number)
                after[found + 1] = after.get(found + 1, 0.0) + chance * rate
                after[found] = after.get(found, 0.0) + chance * (1 - rate)
            chances = after
        return wave + sum(chance * to_come(found, answered + wave) for found, chance in chances.items())

    return to_come(0, 0)
