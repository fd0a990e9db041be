"""A stranger verifies the very record that the lane did: every field that a verifier may read is published."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.verdicts import is_verdict_key
from genesys.faults import InfrastructureFault, ResponseFault
from genesys.release import raw
from genesys.release.proof.again import is_judged, record_of, side_by_side, told_again
from genesys.release.proof.checking import Trace
from genesys.release.proof.leaves import leaf
from genesys.release.raw import make_raw
from genesys.stages.records import response_digest, responses
from genesys.stages.records import response_record as lane_s_record
from genesys.tables.lake import WHOLE
from genesys.verifiers.runner import VerifierRunner
from tests.support.choice import choose
from tests.support.published import trace
from tests.support.tiny_lane import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path, samples=3)
    world.update()
    world.run()
    choose(world.lake, [world])
    return world


def published(world: World) -> list[Trace]:
    make_raw(world.lake, [world.lane])
    (part,) = world.lake.need(raw.ASSET).parts.values()
    lineage = {row["response_id"]: row for row in world.lake.file_rows(raw.ASSET, WHOLE, part.companions["lineage"])}
    return [Trace(row, lineage[row["response_id"]]) for row in world.lake.rows(raw.ASSET)]


def test_the_record_that_a_stranger_verifies_is_the_one_that_the_lane_verified(world: World) -> None:
    traces = {trace.row["response_id"]: trace for trace in published(world)}
    compared = 0
    for shard in world.shards():
        for campaign in world.lake.need(f"{world.lane.name}/generations", shard).parts:
            for response in responses(world.lake, world.lane, shard, campaign):
                assert response.task is not None
                found = traces[response.generation["response_id"]]
                assert record_of(found) == lane_s_record(response.task, response.generation)
                subject = response_digest(response.task.row["record_hash"], response.generation)
                lineage = found.lineage
                names = lineage["verifier"], lineage["verifier_version"]
                assert is_verdict_key(lineage["verdict_call_key"], *names, subject)
                compared += 1
    assert compared == len(traces) > 0


def test_the_leaves_of_the_data_set_are_those_that_a_stranger_makes(world: World) -> None:
    for each in published(world):
        assert each.lineage["leaf"] == leaf(*each)


class Faulting:
    """Blames whom the response names; infrastructure may come round."""

    version = "1"

    def __init__(self) -> None:
        self.tries: dict[str, int] = {}

    def verify(self, result: Any) -> dict[str, Any]:
        said = result["llm_response"]
        self.tries[said] = self.tries.get(said, 0) + 1
        if said == "unreadable":
            raise ResponseFault("it cannot be read")
        if said == "never" or (said == "at second try" and self.tries[said] == 1):
            raise InfrastructureFault("the cable is out")
        return {"score": 1.0, "verification_result_info": {"rule": "said", "toolchain": "x", "isolation": "here"}}


class Asking(Faulting):
    """Asks a judge."""

    asks = True


REGISTRY: dict[str, type[Any]] = {"faulting": Faulting, "asking": Asking}


def told(said: str, score: float | None, task_type: str = "faulting", **more: Any) -> Any:
    async def run() -> Any:
        async with VerifierRunner(REGISTRY) as runner:
            return await told_again(Trace(*trace(1, task_type, said, {}, score, **more)), runner, REGISTRY)

    return asyncio.run(run())


def test_what_may_pass_is_tried_once_more_and_then_counted_as_not_run() -> None:
    assert told("at second try", 1.0).end == "agree"
    never = told("never", 1.0)
    assert (never.end, never.why, never.now) == ("not run", "the cable is out", None)


def test_a_fault_of_the_response_is_a_verdict_without_a_score() -> None:
    assert told("unreadable", None).end == "agree"
    assert told("unreadable", 0.0).end == "disagree"
    assert told("fine", None).end == "disagree"


def test_toolchain_and_versions_are_told_of_then_and_now() -> None:
    one = told("fine", 1.0, toolchain="container:old")
    assert (one.toolchain, one.toolchain_now, one.verifier_now) == ("container:old", "here:x", "Faulting@1")


def test_a_judge_s_word_is_left_alone_also_where_rules_came_first() -> None:
    assert told("fine", 1.0, "asking").end == "judged"
    assert told("fine", 1.0, told={"rule": "judge-after-rules"}).end == "judged"
    assert told("fine", 1.0, told={"rule": "boxed/exact"}).end == "agree"
    assert not is_judged("nobody verifies this", {}, REGISTRY)


def test_all_traces_are_told_whatever_their_number() -> None:
    async def run() -> list[str]:
        traces = (Trace(*trace(number, "faulting", "fine", {}, 1.0)) for number in range(300))
        async with VerifierRunner(REGISTRY) as runner:
            return [each.response_id async for each in side_by_side(traces, runner)]

    assert len(set(asyncio.run(run()))) == 300
