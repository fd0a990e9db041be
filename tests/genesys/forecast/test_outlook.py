"""The forecast of a lane before, in and after its run: what was spent and what is to come are what it comes to."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.engine import run_rows
from genesys.calls.roles import Roles
from genesys.chat import ChatAnswer, ChatRequest
from genesys.choices import StopRule
from genesys.commands.forecast import as_json
from genesys.faults import InfrastructureFault
from genesys.forecast.assumed import Assumed, expected_samples
from genesys.forecast.outlook import forecast
from genesys.lanes import LANES
from genesys.settings import LaneSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.stages.chosen import chosen_generations
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.stores import open_journal, open_lake
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner
from tests.support.tiny_lane import REGISTRY, TinyTeacher, World, answers, sums_lane

TASKS, SAMPLES = 40, 4
ROWS = [{"id": number, "question": f"{number}+1", "answer": str(number + 1)} for number in range(TASKS)]
ROLE = RoleSettings(
    kind="openai",
    model="tiny",
    base_urls=("http://nowhere.invalid/v1",),
    concurrency=4,
    price_per_million_prompt_tokens=0.0,
    price_per_million_completion_tokens=1e6,
)


def long_or_short(request: ChatRequest) -> ChatAnswer:
    if request.name != "sample":
        return answers(request).model_copy(update={"completion_tokens": 2})
    drawn = random.Random(f"{request.messages} {request.sample_index}").lognormvariate(5, 0.5)
    return answers(request).model_copy(update={"completion_tokens": round(drawn)})


class Small:
    """The tiny lane with settings, run stage by stage."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.settings = Settings(
            **{
                "state": str(folder),
                "curator": ROLE,
                "teacher": ROLE,
                "samples": SAMPLES,
                "lanes": {"sums": LaneSettings(shard_size=20)},
                **changes,
            }
        )
        self.lake = open_lake(self.settings)
        self.world = World.at(folder / "source", ROWS, lake=self.lake)

    def ledger(self) -> None:
        self.world.update(shard_size=20)

    def run(self, stage: str, teacher: TinyTeacher, *, seal: bool = True, shards: int = 2) -> None:
        asyncio.run(self._run(stage, teacher, seal, shards))

    async def _run(self, kind: str, teacher: TinyTeacher, seal: bool, shards: int) -> None:
        roles = Roles(teacher, teacher, verifiers=VerifierRunner(settings=self.settings))
        with open_journal(self.settings) as journal:
            for shard in self.world.shards()[:shards]:
                if kind == "tasks":
                    who: Any = {"verifier_versions": self._versions(), "teacher_ids": {"curator": "tiny"}}
                    stages: list[Any] = [tasks_stage(self.lake, LANES["sums"], shard, **who)]
                else:
                    stages = chosen_generations(self.settings, self.lake, LANES["sums"], shard)
                for stage in stages:
                    if seal:
                        await run_stage(stage, journal, roles)
                        await seal_stage(stage, self.lake, journal, roles)
                    else:
                        await run_rows(stage.paying, journal.segment(stage.segment), roles, again=0)

    def _versions(self) -> dict[str, str]:
        runner = VerifierRunner(settings=self.settings)
        return {f"verifier:{kind}": "@".join(runner.identity(kind)) for kind in LANES["sums"].task_types}

    def told(self, **told: Any) -> dict[str, Any]:
        found = asyncio.run(forecast(self.settings, Assumed(**told)))
        assert not found.trouble, found.trouble
        return as_json(found, self.settings.prices)


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANES, "sums", sums_lane())  # type: ignore[arg-type]
    for task_type, verifier in REGISTRY.items():
        monkeypatch.setitem(VERIFIER_REGISTRY, task_type, verifier)


def stage_of(told: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [one for one in told["stages"] if one["stage"] == name]
    return dict(found)


@pytest.mark.usefixtures("lane")
def test_before_a_run_rows_are_counted_and_the_rest_is_assumed_and_said(tmp_path: Path) -> None:
    small = Small(tmp_path)
    told = small.told(rows=1000, kept=0.5, completion_tokens=100)
    assert told["total"]["calls"]["total"] == pytest.approx(1000 + 500 * SAMPLES)
    assert told["hours_to_come"] is None
    small.ledger()
    told = small.told(kept=0.5, completion_tokens=100, tokens_per_second=10.0)
    sampled = stage_of(told, "generations")
    assert sampled["rows"] == TASKS * 0.5 * SAMPLES
    assert sampled["cost_to_come"] == pytest.approx(sampled["rows"] * 100)
    assert sampled["hours_to_come"] == pytest.approx(sampled["rows"] * 100 / (10 * 4) / 3600)
    assert "--completion_tokens" in sampled["basis"]
    assert told["total"]["cost"]["low"] < told["total"]["cost"]["total"] / 2, "nothing is measured: it may be far off"


@pytest.mark.usefixtures("lane")
def test_a_lane_whose_sources_were_never_read_says_what_to_do(tmp_path: Path) -> None:
    found = asyncio.run(forecast(Small(tmp_path).settings, Assumed()))
    [trouble] = found.trouble
    assert "sums/ledger" in trouble
    assert "--rows" in trouble


@pytest.mark.usefixtures("lane")
def test_in_the_midst_of_a_run_made_and_to_come_are_what_it_comes_to(tmp_path: Path) -> None:
    small = Small(tmp_path)
    small.ledger()
    small.run("tasks", TinyTeacher(answer=long_or_short))

    class Stops(TinyTeacher):
        async def complete(self, request: ChatRequest) -> Any:
            if len(self.asked) >= 60:
                raise InfrastructureFault("stopped", final=True)
            return await super().complete(request)

    small.run("generations", Stops(answer=long_or_short), seal=False)
    half = small.told()
    sampled = stage_of(half, "generations")
    assert sampled["rows_to_come"] == pytest.approx(sampled["calls_to_come"]) == TASKS * SAMPLES - 60
    assert "measured on 60 rows" in sampled["basis"]
    small.run("generations", TinyTeacher(answer=long_or_short))
    whole = small.told()
    final = whole["total"]["completion_tokens"]
    assert final["made"] == final["total"] == final["low"] == final["high"]
    assert whole["total"]["calls"]["total"] == TASKS * (1 + SAMPLES)
    assert half["total"]["calls"]["total"] == pytest.approx(TASKS * (1 + SAMPLES))
    assert half["total"]["completion_tokens"]["total"] == pytest.approx(final["total"], rel=0.2)
    assert half["total"]["cost"]["low"] < whole["total"]["cost"]["total"] < half["total"]["cost"]["high"]


@pytest.mark.usefixtures("lane")
def test_finished_shards_tell_of_those_that_were_not_begun(tmp_path: Path) -> None:
    small = Small(tmp_path)
    small.ledger()
    for stage in ("tasks", "generations"):
        small.run(stage, TinyTeacher(answer=long_or_short), shards=1)
    told = small.told()
    sampled = stage_of(told, "generations")
    assert (sampled["rows"], sampled["rows_to_come"]) == (TASKS * SAMPLES, TASKS * SAMPLES / 2)
    assert stage_of(told, "tasks")["calls_to_come"] == pytest.approx(TASKS / 2)
    made = told["total"]["completion_tokens"]["made"]
    assert told["total"]["completion_tokens"]["total"] == pytest.approx(2 * made)


def test_samples_until_a_rule_is_content_hang_on_the_pass_rate() -> None:
    rule = StopRule(accepted=1)
    easy, hard = expected_samples(rule, 16, 0.95), expected_samples(rule, 16, 0.05)
    assert 1 <= easy < 2 < 8 < hard <= 16
    assert expected_samples(StopRule(alike=4), 16, 0.99) == pytest.approx(4, abs=0.5)
