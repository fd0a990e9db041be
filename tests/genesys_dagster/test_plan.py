"""A sampling plan in the graph: several teachers side by side, lines that come later, a rule to stop by."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.chat import ChatAnswer, ChatRequest, Completed, Teacher
from genesys.choices import PlanLine, StopRule
from genesys.faults import GenesysError, InfrastructureFault
from genesys.lanes import LANES
from genesys.settings import Settings, load_settings
from genesys.settings.roles import RoleSettings
from genesys_dagster.ops.kinds import GENERATIONS, placed
from tests.genesys_dagster.conftest import Graph, TaughtRole
from tests.support.tiny_lane import TinyTeacher, answers

FIRST, SECOND = PlanLine(samples=2), PlanLine(teacher="second", samples=3, sampling={"temperature": [0.2, 1.0]})


@dataclass(frozen=True)
class Cast(TaughtRole):
    """The teacher's role with a player for each name in the plan."""

    players: dict[str, Any] = field(default_factory=dict)

    async def open(self, stack: AsyncExitStack) -> Teacher | None:
        player = self.players[self.player or "teacher"]
        if isinstance(player, Exception):
            raise player
        teacher: Teacher = player
        return teacher


@dataclass
class Meeting(TinyTeacher):
    """Answers a sample only when another teacher is asked too."""

    gate: asyncio.Barrier | None = None

    async def complete(self, request: ChatRequest) -> Completed:
        if self.gate is not None and self.gate.n_waiting < self.gate.parties and len(self.asked) == 0:
            self.asked.append(request)
            async with asyncio.timeout(20):
                await self.gate.wait()
        return await super().complete(request)


@dataclass
class Planned(Graph):
    """The small lane with a plan and its teachers."""

    players: dict[str, Any] = field(default_factory=dict)

    def overrides(self) -> dict[str, Any]:
        cast = Cast(self.settings, "teacher", players=self.players)
        return super().overrides() | {"teacher": dg.ResourceDefinition.hardcoded_resource(cast)}


def planned(graph: Graph, *plan: PlanLine, **players: Any) -> Planned:
    second = RoleSettings(kind="openai", model="second", base_urls=("http://nowhere.invalid/v1",))
    settings = graph.settings.model_copy(update={"plan": plan, "teachers": {"second": second}})
    cast = {"teacher": TinyTeacher(), "second": TinyTeacher(teacher_id="second")} | players
    return Planned(graph.folder, settings, graph.instance, players=cast)


def by_teacher(graph: Graph) -> Counter[str]:
    shards = graph.lake.partitions("sums/generations")
    return Counter(row["teacher_id"] for shard in shards for row in graph.lake.rows("sums/generations", shard))


def test_a_shards_responses_are_those_of_all_lines(graph: Graph) -> None:
    both = planned(graph, FIRST, SECOND)
    assert all(end.success for end in both.run())
    assert by_teacher(both) == {"tiny": 3 * 2, "second": 3 * 3}
    rows = [
        row
        for shard in graph.lake.partitions("sums/verifications")
        for row in graph.lake.rows("sums/verifications", shard)
    ]
    assert len(rows) == 15
    materialization = graph.materialization("sums/generations", "sums-00000")
    assert len(materialization.metadata["campaigns"].value) == 2  # type: ignore[arg-type]
    assert both.stale() == {}
    asked = [len(player.asked) for player in both.players.values()]
    assert all(end.success for end in both.run())
    assert [len(player.asked) for player in both.players.values()] == asked


def test_a_line_that_is_added_later_leaves_the_others_alone(graph: Graph) -> None:
    one = planned(graph, FIRST)
    one.run()
    before = {
        shard: graph.lake.need("sums/generations", shard).parts for shard in graph.lake.partitions("sums/generations")
    }
    both = planned(graph, FIRST, SECOND)
    assert ("sums/generations", "sums-00000") in both.stale()
    both.run()
    assert not both.players["teacher"].asked
    for shard, parts in before.items():
        after = graph.lake.need("sums/generations", shard).parts
        assert {name: after[name].data for name in parts} == {name: part.data for name, part in parts.items()}


def test_teachers_are_asked_side_by_side(graph: Graph) -> None:
    gate = asyncio.Barrier(2)
    first, second = Meeting(gate=gate), Meeting(teacher_id="second", gate=gate)
    both = planned(graph, FIRST, SECOND, teacher=first, second=second)
    assert both.run_job("sums_ledger").success
    assert both.run_job("sums", "sums-00000").success


def test_a_teacher_that_cannot_be_had_takes_no_answer_from_the_other(graph: Graph) -> None:
    away = InfrastructureFault("the second engine did not start", final=True)
    both = planned(graph, FIRST, SECOND, second=away)
    both.run_job("sums_ledger")
    end = both.run_job("sums", "sums-00000")
    assert not end.success
    assert "the second engine did not start" in end.problems[0]
    asked = len(both.players["teacher"].asked)
    assert asked == 2 * 2
    mended = planned(graph, FIRST, SECOND)
    assert mended.run_job("sums", "sums-00000").success
    assert not mended.players["teacher"].asked


def test_a_rule_to_stop_by_verifies_within_the_generation(graph: Graph) -> None:
    def wrong_first(request: ChatRequest) -> ChatAnswer:
        return answers(request.model_copy(update={"sample_index": {0: 1, 1: 9}.get(request.sample_index, 9)}))

    line = PlanLine(samples=6, stop=StopRule(accepted=1))
    adaptive = planned(graph, line, teacher=TinyTeacher(answer=wrong_first))
    assert all(end.success for end in adaptive.run())
    assert by_teacher(adaptive) == {"tiny": 3 * 2}
    verdicts = graph.materialization("sums/verifications", "sums-00000").metadata
    assert (verdicts["calls_made"].value, verdicts["calls_from_journal"].value) == (0, 4)
    assert adaptive.stale() == {}


@pytest.mark.parametrize("lane", ["math", "coding"])
def test_generations_take_no_turn_in_the_sandboxs_pool(lane: str) -> None:
    settings = Settings(plan=(PlanLine(stop=StopRule(accepted=1)),))
    kind = placed(GENERATIONS, LANES[lane], settings)
    assert (kind.pool, kind.verifies, "judge" in kind.roles) == ("teacher", True, True)
    assert kind.executes is (lane == "coding")
    assert not placed(GENERATIONS, LANES[lane], Settings()).verifies


def test_a_further_teachers_engine_wants_a_gpu_as_well() -> None:
    engine = RoleSettings(kind="vllm", model="m")
    settings = Settings(plan=(PlanLine(teacher="big"),), teachers={"big": engine})
    assert placed(GENERATIONS, LANES["math"], settings).devices(settings) == {"gpu"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[plan]]\nteacher = "big"', "[[plan]] 1: there is no [teachers.big]; there are teacher"),
        ('[teachers.teacher]\nkind = "openai"\nmodel = "m"', "[teachers.teacher]: this is the name of [teacher]"),
        ("[[plan]]\nsamples = 2\n[[plan]]\nsamples = 4", "[[plan]] 2 draws the same responses as 1"),
        ("[[plan]]\nstop = {}", "a rule to stop by names `accepted`, `alike`, or both"),
        ("[[plan]]\nsamples = 501", "less than or equal to 500"),
        ("[[plan]]\nsampling = { temperature = [] }", "temperature"),
        ("[[plan]]\nsampels = 2", "sampels"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "genesys.toml"
    path.write_text(text)
    with pytest.raises(GenesysError) as error:
        load_settings(path)
    assert says in str(error.value)


def test_a_plan_in_full_is_read(tmp_path: Path) -> None:
    path = tmp_path / "genesys.toml"
    path.write_text(
        'samples = 8\nseed = 3\n[sampling]\ntemperature = 0.6\n[teacher]\nkind = "openai"\nmodel = "a"\n'
        '[teachers.big]\nkind = "vllm"\nmodel = "b"\n[[plan]]\n[[plan]]\nteacher = "big"\nsamples = 16\n'
        'sampling = { temperature = [0.6, 1.0], top_k = 20, reasoning_effort = "high" }\nprefill = "<think>\\n"\n'
        "continue_cut = 2\nstop = { accepted = 2, alike = 4 }\n"
    )
    one, two = load_settings(path).planned
    assert (one.teacher, one.samples, one.seed, one.sampling["temperature"]) == ("teacher", 8, 3, 0.6)
    assert (two.samples, two.sampling["temperature"], two.sampling["top_k"]) == (16, (0.6, 1.0), 20)
    assert two.stop == StopRule(accepted=2, alike=4)
