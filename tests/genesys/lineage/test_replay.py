"""Each step derived again: it agrees as long as the code is the same, and else says what changed."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.choices import Acceptance
from genesys.outcomes import rejected
from tests.genesys.lineage.conftest import found, look, noted, published, release
from tests.support.tiny_lane import ASKED, TinyTeacher, TinyVerifier, World, sums_lane

Row = dict[str, Any]


def test_each_field_of_each_step_is_derived_again(world: World) -> None:
    asked = len(world.teacher.asked)
    audit = look(world, replay=True)
    assert audit.agrees
    assert noted(audit) == []
    for step, table in (("task", "tasks"), ("generation", "generations"), ("verdict", "verifications")):
        fields = {check.what for check in audit.link(step).checks if check.what.startswith("replay ")}
        assert fields == {f"replay {name}" for name in world.rows(table)[0]}
    assert len(world.teacher.asked) == asked


def test_a_plain_audit_derives_nothing(world: World) -> None:
    checks = [check.what for link in look(world).links for check in link.checks]
    assert not [what for what in checks if what.startswith(("replay", "live"))]


def test_every_response_replays_also_wrong_and_cut_off_ones(world: World) -> None:
    for row in world.rows("generations"):
        assert look(world, row["response_id"], replay=True).agrees


def test_a_changed_prompt_is_noted_and_a_replay_says_so(world: World) -> None:
    ident = published(world)
    changed = replace(world, lane=sums_lane(ASKED.replace("Is this", "Would you call this")))
    plain = look(changed, ident)
    assert plain.agrees
    assert noted(plain) == [("task", "was changed since; the task is of the earlier one until it is made again")]
    audit = look(changed, ident, replay=True)
    assert found(audit) == [("task", "replay")]
    detail = audit.findings[0].detail
    assert "today's code does not come to this row again: it ends as errored: infrastructure: not called yet" in detail
    assert "prompt:is_sum is now " in detail
    changed.run("tasks", "generations", "verifications")
    release(changed)
    assert look(changed, ident, replay=True).agrees


def test_changed_code_that_says_it_is_the_same_version_is_found_by_its_fields(world: World) -> None:
    inner = world.lane.curate

    async def curate(row: Any, calls: Any) -> Any:
        outcome = await inner(row, calls)
        return replace(
            outcome, records=tuple(record | {"prompt": record["prompt"] + "!"} for record in outcome.records)
        )

    audit = look(replace(world, lane=replace(world.lane, curate=curate)), replay=True)
    assert sorted(found(audit)) == [("task", f"replay {name}") for name in ("prompt", "record_hash", "task_hash")]


def test_a_new_version_of_the_curation_is_named(world: World) -> None:
    audit = look(replace(world, lane=replace(world.lane, version="2")), replay=True)
    assert audit.agrees
    assert ("task", "curated by version 1 of the lane, which is now 2") in noted(audit)


def test_a_row_that_the_code_now_drops_is_found(world: World) -> None:
    async def curate(row: Any, calls: Any) -> Any:
        return rejected("too easy")

    audit = look(replace(world, lane=replace(world.lane, curate=curate)), replay=True)
    assert "it ends as rejected: too easy" in audit.findings[0].detail


class Newer(TinyVerifier):
    version = "8"


def test_a_changed_verifier_is_said_so(world: World) -> None:
    world.registry["tiny_sum"] = Newer
    assert look(world).agrees
    audit = look(world, replay=True)
    assert found(audit) == [("verdict", "replay")]
    assert "the verifier is now Newer@8, was TinyVerifier@7" in audit.findings[0].detail
    live = look(world, replay=True, live=True)
    assert {check.what for check in live.link("verdict").checks if check.what.startswith("live ")} >= {
        "live score",
        "live accepted",
    }
    assert found(live) == [("verdict", "replay")]


def test_a_verifier_that_is_not_installed_is_said_so(world: World) -> None:
    world.registry.clear()
    world.registry["other"] = TinyVerifier
    audit = look(world, replay=True)
    assert "No verifier is registered for task_type 'tiny_sum'" in audit.findings[0].detail


def test_a_changed_system_prompt_is_said_so(world: World) -> None:
    audit = look(replace(world, lane=sums_lane(system_prompt="Think.")), replay=True)
    assert audit.agrees  # the campaign says what was asked
    assert ("generation", "is not the lane's as it is now; the campaign's stands") in noted(audit)


def test_a_replay_without_a_journal_is_noted(world: World) -> None:
    shutil.rmtree(world.journal_root)
    audit = look(world, replay=True)
    assert audit.agrees
    assert len([detail for _, detail in noted(audit) if detail.startswith("cannot be derived again: ")]) == 3
    assert not world.journal_root.exists()


# Live ------------------------------------------------------------------------------------------------------------


def same_verifier(verify: Callable[[Any], Row]) -> type[Any]:
    """A verifier of the same name and version that says something else."""
    return type("TinyVerifier", (), {"version": TinyVerifier.version, "verify": lambda _, result: verify(result)})


def test_live_runs_the_verifier_past_the_journal(world: World) -> None:
    seen: list[Any] = []
    world.registry["tiny_sum"] = same_verifier(lambda result: seen.append(result) or TinyVerifier().verify(result))
    assert look(world, replay=True).agrees
    assert seen == []
    audit = look(world, replay=True, live=True)
    assert audit.agrees
    assert [record["response_id"] for record in seen] == [audit.response_id]


def test_live_says_that_the_verdict_is_another_one(world: World) -> None:
    moody = {"score": 0.0, "verification_result_info": {"reason": "changed its mind"}}
    world.registry["tiny_sum"] = same_verifier(lambda result: moody)
    assert look(world, replay=True).agrees
    audit = look(world, replay=True, live=True)
    assert {what for _, what in found(audit)} == {"live score", "live accepted", "live reason", "live rule"}
    assert any("changed its mind" in detail for _, detail in noted(audit))


def test_live_with_a_sandbox_that_is_down_is_no_verdict(world: World) -> None:
    def down(result: Any) -> Row:
        raise OSError("the sandbox is down")

    world.registry["tiny_sum"] = same_verifier(down)
    audit = look(world, live=True)
    assert found(audit) == [("verdict", "live")]
    assert "it ends as errored: infrastructure" in audit.findings[0].detail


# Other lanes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system_prompt", [None, "Think."])
def test_what_was_accepted_by_a_judges_score_replays_with_its_threshold(
    tmp_path: Path, system_prompt: str | None
) -> None:
    world = World.at(
        tmp_path,
        lane=sums_lane(system_prompt=system_prompt),
        registry={"tiny_sum": Half},
        acceptance=Acceptance(by_task_type={"tiny_sum": 0.5}),
    )
    world.update()
    world.run()
    release(world)
    audit = look(world, replay=True, live=True)
    assert audit.agrees, audit.findings
    assert audit.link("verdict").facts["score"] == 0.5


class Half(TinyVerifier):
    def verify(self, result: Any) -> Row:
        return super().verify(result) | {"score": 0.5}


def test_a_curator_that_takes_a_schema_replays(tmp_path: Path) -> None:
    world = World.at(tmp_path, structured=frozenset({"curator"}))
    world.update()
    world.run()
    release(world)
    assert "response_format" in world.teacher.asked[0].sampling
    assert look(world, replay=True).agrees


def test_a_curator_that_had_to_be_asked_twice_replays(tmp_path: Path) -> None:
    def answer(request: Any) -> Any:
        given = TinyTeacher().answer(request)
        return given if request.name != "is_sum" or request.trial else given.model_copy(update={"content": "Well..."})

    world = World.at(tmp_path, teacher=TinyTeacher(answer=answer))
    world.update()
    world.run()
    release(world)
    audit = look(world, replay=True)
    assert audit.agrees
    assert len(audit.link("task").facts["calls"]) == 2
