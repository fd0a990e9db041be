"""``dataset/diversity``: one part a version, the same bytes for the same inputs, and what a version is held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import GenesysError
from genesys.release.diversity import ASSET, compared, history, make_diversity, versions_compared
from genesys.settings.release import DiversitySettings
from genesys.tables.lake import Lake
from tests.support.released import by_verdict, release
from tests.support.tiny_lane import TinyTeacher, World

SETTINGS = DiversitySettings()
ROWS = [{"id": number, "question": f"{number}+{2 * number}", "answer": str(3 * number)} for number in range(60)]
WORDS = ("river", "stone", "maple", "quiet", "seven", "lantern", "orchard", "copper", "window", "thistle", "harbour")


def speech(number: int, varied: bool) -> Iterator[str]:
    """Forty words: of a text's own, or those that every text has."""
    for place in range(40):
        yield f"{WORDS[(number * (place + 3)) % 11 if varied else place % 11]}{number * place if varied else ''}"


def world_of(folder: Path, *, varied: bool = True, right: int = 4) -> World:
    """Sixty problems, four responses each of which so many are right."""

    def answer(request: ChatRequest) -> ChatAnswer:
        question = request.messages[-1].content
        if request.name == "is_sum":
            return ChatAnswer(content='{"is_sum": true}', finish_reason="stop", prompt_tokens=5)
        left, total = question.removeprefix("What is ").split("+")[0], 3 * int(question.split()[2].split("+")[0])
        said = " ".join(speech(int(left) * 7 + request.sample_index, varied))
        end = total if request.sample_index < right else total + 1
        return ChatAnswer(
            content=f"{said} {end}",
            reasoning=f"so {said}",
            finish_reason="stop",
            prompt_tokens=10,
            completion_tokens=50,
        )

    world = World.at(folder, ROWS, teacher=TinyTeacher(answer=answer))
    world.update(shard_size=25)
    world.run()
    return world


def rows(lake: Lake, version: str) -> list[dict[str, Any]]:
    return list(lake.rows(ASSET, campaign=version))


def values(lake: Lake, version: str, scope: str = "all", group: str = "") -> dict[tuple[str, str, int], float]:
    found = (row for row in rows(lake, version) if (row["scope"], row["group"]) == (scope, group))
    return {(row["measure"], row["of"], row["size"]): row["value"] for row in found}


def test_a_version_is_measured_by_lane_task_type_and_teacher(tmp_path: Path) -> None:
    world = world_of(tmp_path, right=3)
    release(world.lake, [world.lane])
    part = make_diversity(world.lake, SETTINGS)
    [version] = world.lake.need(ASSET).parts
    found = values(world.lake, version)
    assert found["pass rate", "", 240] == 0.75
    assert (
        found["distinct-1", "answer", 2000] == values(world.lake, version, "lane", "sums")["distinct-1", "answer", 2000]
    )
    assert {row["scope"] for row in rows(world.lake, version)} >= {
        "all",
        "lane",
        "task type",
        "teacher",
        "source",
        "band",
    }
    assert {row["of"] for row in rows(world.lake, version)} == {"", "prompt", "thinking", "answer", "response"}
    [lengths] = [
        row for row in rows(world.lake, version) if row["quantiles"] and (row["of"], row["scope"]) == ("answer", "all")
    ]
    assert (lengths["size"], lengths["quantiles"]) == (180, sorted(lengths["quantiles"]))
    assert part.figures == {"traces": 180.0}
    assert found["likeness of two responses to a problem", "response", 60] < 0.3


def test_the_same_data_set_gives_the_same_bytes_and_is_measured_once(tmp_path: Path) -> None:
    first, other = world_of(tmp_path / "a"), world_of(tmp_path / "b")
    for world in (first, other):
        release(world.lake, [world.lane])
    parts = [make_diversity(world.lake, SETTINGS) for world in (first, other)]
    assert parts[0].data == parts[1].data
    assert make_diversity(first.lake, SETTINGS).made_at == parts[0].made_at
    assert list(first.lake.need(ASSET).parts) == list(other.lake.need(ASSET).parts)


def test_a_collapse_warns_and_the_version_before_stays(tmp_path: Path) -> None:
    varied, collapsed = world_of(tmp_path / "varied"), world_of(tmp_path / "same", varied=False, right=2)
    lake = varied.lake
    release(lake, [varied.lane])
    make_diversity(lake, SETTINGS)
    [first] = lake.need(ASSET).parts
    assert compared(lake, SETTINGS).drifts == []
    release(collapsed.lake, [collapsed.lane])
    _take_over(lake, collapsed.lake)
    make_diversity(lake, SETTINGS)
    found = compared(lake, SETTINGS)
    assert found.before == first
    assert {drift.question for drift in found.drifts if drift.warns} == {
        *("diversity", "self_similarity", "pass_rates", "lengths"),
    }
    assert [(name, traces) for name, traces, _ in history(lake)] == [(first, 240), (found.version, 120)]


def _take_over(lake: Lake, other: Lake) -> None:
    """Put another lake's data sets in the place of this one's."""
    import shutil

    shutil.rmtree(Path(lake.root, "dataset/measured"))
    for asset in ("measured", "filtered", "sft"):
        shutil.copytree(Path(other.root, "dataset", asset), Path(lake.root, "dataset", asset), dirs_exist_ok=True)


def test_a_version_that_comes_back_is_held_against_the_one_it_replaces(tmp_path: Path) -> None:
    world = world_of(tmp_path, right=3)

    def few(trace: dict[str, Any]) -> tuple[str, str] | None:
        return by_verdict(trace) or (("caps", "over the cap") if trace["response_id"] > "8" else None)

    release(world.lake, [world.lane])
    make_diversity(world.lake, SETTINGS)
    [whole] = world.lake.need(ASSET).parts
    release(world.lake, [world.lane], few)
    make_diversity(world.lake, SETTINGS)
    halved = next(name for name in world.lake.need(ASSET).parts if name != whole)
    assert versions_compared(world.lake, SETTINGS) == (halved, whole)
    release(world.lake, [world.lane])
    make_diversity(world.lake, SETTINGS)
    assert versions_compared(world.lake, SETTINGS) == (whole, halved)
    assert versions_compared(world.lake, SETTINGS.model_copy(update={"against": whole})) == (whole, None)
    assert make_diversity(world.lake, DiversitySettings(sample=100)).settings == {"sample": 100}
    assert versions_compared(world.lake, SETTINGS)[1] is None, "measured on other samples, so not comparable"  # type: ignore[index]


def test_an_unknown_version_to_compare_with_is_named(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    release(world.lake, [world.lane])
    make_diversity(world.lake, SETTINGS)
    with pytest.raises(GenesysError, match=r"\[release.diversity\] against: dataset/diversity has no version nowhere"):
        compared(world.lake, DiversitySettings(against="nowhere"))


def test_a_data_set_of_earlier_choices_is_not_measured(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run()
    with pytest.raises(GenesysError, match="dataset/filtered has no partition"):
        make_diversity(world.lake, SETTINGS)
    release(world.lake, [world.lane])
    sft = world.lake.need("dataset/sft").parts
    release(world.lake, [world.lane], lambda trace: ("caps", "over the cap"))
    world.lake.publish("dataset/sft", "_", sft)
    with pytest.raises(GenesysError, match="earlier version of dataset/filtered/_"):
        make_diversity(world.lake, SETTINGS)


def test_an_empty_data_set_is_measured_too(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run()
    release(world.lake, [world.lane], lambda trace: ("verdict", "not accepted"))
    make_diversity(world.lake, SETTINGS)
    [version] = world.lake.need(ASSET).parts
    assert {row["measure"] for row in rows(world.lake, version)} == {"pass rate", "share of problems"}


def test_a_choice_of_an_earlier_version_is_to_be_made_again(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run()
    release(world.lake, [world.lane])
    parts = world.lake.need("dataset/filtered").parts
    part = parts["all"].model_copy(update={"companions": {}})
    world.lake.publish("dataset/filtered", "_", {"all": part})
    sft = world.lake.need("dataset/sft").parts["all"].model_copy(update={"inputs": {}})
    world.lake.publish("dataset/sft", "_", {"all": sft})
    with pytest.raises(GenesysError, match="before it listed its problems: materialize it again"):
        make_diversity(world.lake, SETTINGS)
