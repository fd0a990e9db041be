"""Golds before the judges: one that cannot tell is found out, and trouble is no verdict on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import TaskFault
from genesys.quality.judge_calibration import Calibration, calibrate, sample_of
from genesys.settings import Settings
from tests.support.judge_server import JudgeServer
from tests.support.judging import court, record, settings_of

GOLDS = ("alpha, since it comes first", "beta, since it comes second", "gamma, since it comes third")


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as server:
        yield server


def task(number: int, **changes: Any) -> dict[str, Any]:
    made = record("", problem_id=f"p-{number}", gold_standard_solution=GOLDS[number % 3], **changes)
    return {name: value for name, value in made.items() if name not in ("llm_response", "response_id")}


async def calibrated(folder: Path, settings: Settings, tasks: list[dict[str, Any]], size: int = 4) -> Calibration:
    async with court(folder, settings) as judges:
        return await calibrate(tasks, judges.calls, size=size, threshold=0.8)


async def test_a_judge_that_can_tell_passes_and_is_asked_once(server: JudgeServer, tmp_path: Path) -> None:
    tasks = [task(n) for n in range(3)]
    before = server.stats()["requests"]
    for _ in range(2):
        found = await calibrated(tmp_path, settings_of(server), tasks)
        assert (found.problems, found.untried) == ([], [])
        assert (found.mean("own gold"), found.mean("another gold")) == (1.0, 0.0)
    assert server.stats()["requests"] - before == 3 * 2 * 2


@pytest.mark.parametrize(
    ("kind", "says"),
    [("generous", "the gold of another task got 0.95"), ("strict", "the gold itself got 0.1, below 0.8")],
)
async def test_a_judge_that_cannot_tell_is_found_out(server: JudgeServer, tmp_path: Path, kind: str, says: str) -> None:
    found = await calibrated(tmp_path, settings_of(server, kind), [task(n) for n in range(3)])
    assert len(found.problems) == 3
    assert all(says in problem for problem in found.problems)
    assert {problem.partition(":")[0] for problem in found.problems} == {"p-0", "p-1", "p-2"}
    assert not any(problem.endswith("()") for problem in found.problems), "the judge says why"


async def test_a_judge_without_an_opinion_of_the_gold_is_found_out(server: JudgeServer, tmp_path: Path) -> None:
    found = await calibrated(tmp_path, settings_of(server, "first-place", further_rounds=0), [task(0), task(1)])
    assert sum("the gold itself got no score" in problem for problem in found.problems) == 2


async def test_trouble_says_nothing_of_the_judge(tmp_path: Path) -> None:
    with JudgeServer(faults={"error_500": 1.0}) as broken:
        found = await calibrated(tmp_path, settings_of(broken, votes=1), [task(0)])
    assert (found.problems, len(found.untried)) == ([], 1)
    assert found.untried[0].startswith("p-0, own gold: ")


async def test_a_refusal_says_nothing_of_the_judge_either(tmp_path: Path) -> None:
    class Refused:
        async def verify(self, record: dict[str, Any]) -> dict[str, Any]:
            raise TaskFault("too long for the judge")

    found = await calibrate([task(0)], lambda row_id: Refused(), size=1, threshold=0.8)  # type: ignore[arg-type,return-value]
    assert (found.problems, found.untried) == ([], ["p-0, own gold: too long for the judge"])


async def test_equal_golds_are_no_other_tasks(server: JudgeServer, tmp_path: Path) -> None:
    found = await calibrated(tmp_path, settings_of(server), [task(0), task(3)])
    assert [trial.answer for trial in found.trials] == ["own gold", "own gold"]


def test_the_sample_is_the_same_each_time_and_judged_tasks_alone() -> None:
    tasks = [
        *(task(n) for n in range(20)),
        task(20, task_type="verifiable_math"),
        task(21) | {"gold_standard_solution": ""},
    ]
    chosen = [row["problem_id"] for row in sample_of(tasks, 5)]
    assert len(chosen) == 5
    assert chosen == [row["problem_id"] for row in sample_of(tasks[::-1], 5)]
    assert len(sample_of(tasks, 100)) == 20
