"""The check that says whether a data set is of the tables as they stand, however many shards there are."""

import dagster as dg
import pytest

from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import InfrastructureFault
from genesys.overrides import Decision, Overrides, decide
from genesys_dagster.assets.overrides import INPUT_TAG, KEY
from genesys_dagster.definitions import build_defs
from tests.genesys_dagster.conftest import Graph
from tests.support.tiny_lane import ROWS, TinyTeacher, answers, write_rows

SHARDS = ["sums-00000", "sums-00001"]


def current(graph: Graph, name: str) -> dg.AssetCheckEvaluation:
    [found] = graph.run_checks(f"dataset/{name}", "current").get_asset_check_evaluations()
    return found


@pytest.mark.parametrize("name", ["filtered", "sft"])
def test_a_data_set_is_told_from_the_tables_that_it_was_made_of(graph: Graph, name: str) -> None:
    graph.run()
    assert current(graph, name).passed
    write_rows(graph.source_file, ROWS[1:])
    graph.run_job("sums_ledger")
    found = current(graph, name)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == "made of earlier versions of sums/withdrawn/_: run the job dataset"
    assert graph.run_job("dataset").success
    assert current(graph, name).passed


def test_new_verdicts_are_told_and_shards_to_come_are_counted(graph: Graph) -> None:
    graph.run_job("sums_ledger")
    graph.run_job("sums", SHARDS[0])
    graph.run_job("dataset")
    found = current(graph, "filtered")
    assert found.passed, "it is of what there is"
    assert (found.metadata["shards_missing"].value, found.metadata["shards_unfinished"].value) == (1, 0)
    graph.run_job("sums", SHARDS[1])
    found = current(graph, "filtered")
    assert not found.passed
    assert "sums/verifications/sums-00001" in str(found.description)
    assert found.metadata["shards_missing"].value == 0


def test_shards_with_rows_left_to_try_are_counted(graph: Graph) -> None:
    def out_for_one(request: ChatRequest) -> ChatAnswer:
        if "20+22" in request.messages[-1].content and request.name == "sample":
            raise InfrastructureFault("the endpoint is out", final=True)
        return answers(request)

    graph.teacher = TinyTeacher(answer=out_for_one)
    graph.run()
    found = current(graph, "filtered")
    assert (found.passed, found.metadata["shards_unfinished"].value) == (True, 1)
    assert "unfinished" in str(found.metadata["shards"].value)


@pytest.mark.parametrize("name", ["filtered", "sft"])
def test_what_people_decided_since_makes_a_data_set_old(graph: Graph, name: str) -> None:
    graph.run()
    problem = next(graph.lake.rows("dataset/filtered"))["problem_id"]
    decide(graph.settings, Decision(id=problem, action="ban", why="It is wrong", by="Ada", at="2026-01-02"))
    found = current(graph, name)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == "made of earlier versions of what people decided: run the job dataset"
    assert graph.run_job("dataset").success
    assert current(graph, name).passed
    assert problem not in {row["problem_id"] for row in graph.lake.rows("dataset/filtered")}


def test_the_decisions_are_an_asset_that_the_choice_stands_behind(graph: Graph) -> None:
    graph.run()
    key = dg.AssetKey(["dataset", "filtered"])
    assert KEY in build_defs(graph.settings).resolve_asset_graph().get(key).parent_keys
    made = graph.instance.get_latest_materialization_event(key)
    assert made is not None
    tags = dict(made.asset_materialization.tags or {})
    [observed] = graph.instance.fetch_observations(KEY, limit=1).records
    assert tags[INPUT_TAG] == dict(observed.event_log_entry.tags or {})["dagster/data_version"] == Overrides().version
