"""The sensor asks for what is new, once, and knows where it was by one name."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys_dagster.definitions import build_defs
from genesys_dagster.sensors import new_shards
from tests.genesys_dagster.conftest import Graph, sums_settings
from tests.support.tiny_lane import ROWS, write_rows

SHARDS = ["sums-00000", "sums-00001"]


@pytest.fixture
def graph(sums: None, tmp_path: Path) -> Iterator[Graph]:
    """On disk, since the daemon's evaluation of a sensor opens the instance by its address."""
    with dg.instance_for_test() as instance:
        yield Graph(tmp_path, sums_settings(tmp_path), instance)


def requested(result: Any) -> list[str]:
    return [request.partition_key for request in result.run_requests]


def test_there_is_nothing_to_do_without_a_ledger(graph: Graph) -> None:
    result = graph.tick("sums", None)
    assert (requested(result), result.skip_message) == ([], "the ledger has no shards yet")


def test_new_shards_are_requested_once(graph: Graph) -> None:
    graph.run_job("sums_ledger")
    first = graph.tick("sums", None)
    assert requested(first) == SHARDS
    assert [request.run_key for request in first.run_requests] == SHARDS
    assert first.cursor == SHARDS[-1]
    assert requested(graph.tick("sums", first.cursor)) == []

    write_rows(graph.source_file, [*ROWS, {"id": 9, "question": "4+4", "answer": "8"}])
    graph.run_job("sums_ledger")
    second = graph.tick("sums", first.cursor)
    assert requested(second) == ["sums-00002"]


def test_shards_that_went_through_the_lane_are_passed_over(graph: Graph) -> None:
    graph.run_job("sums_ledger")
    graph.run_job("sums", SHARDS[0])
    result = graph.tick("sums", None)
    assert requested(result) == SHARDS[1:]
    assert result.cursor == SHARDS[1]


def test_a_tick_has_a_budget(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_shards, "BUDGET", 1)
    graph.run_job("sums_ledger")
    first = graph.tick("sums", None)
    assert (requested(first), first.cursor) == (SHARDS[:1], SHARDS[0])
    assert requested(graph.tick("sums", first.cursor)) == SHARDS[1:]


def test_an_instance_that_does_not_know_the_shards_gets_them(graph: Graph) -> None:
    with dg.DagsterInstance.ephemeral() as other:
        replace(graph, instance=other).run_job("sums_ledger")
    result = graph.tick("sums", None)
    [request] = result.dynamic_partitions_requests
    assert (request.partitions_def_name, list(request.partition_keys)) == ("sums_shards", SHARDS)
    assert requested(result) == SHARDS


@pytest.mark.parametrize(
    ("status", "asked"), [(dg.DagsterRunStatus.NOT_STARTED, SHARDS[1:]), (dg.DagsterRunStatus.FAILURE, SHARDS)]
)
@pytest.mark.parametrize("job", ["sums", "__ASSET_JOB"])
def test_a_shard_whose_run_is_under_way_is_not_requested_again(
    graph: Graph, job: str, status: dg.DagsterRunStatus, asked: list[str]
) -> None:
    graph.run_job("sums_ledger")
    selection = frozenset({dg.AssetKey(["sums", "verifications"])}) if job == "__ASSET_JOB" else None
    graph.instance.create_run_for_job(
        build_defs(graph.settings).resolve_job_def(job),
        status=status,
        tags={"dagster/partition": SHARDS[0]},
        asset_selection=selection,
    )
    assert requested(graph.tick("sums", None)) == asked
