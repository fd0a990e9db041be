"""What Dagster holds for stale is what the library would do again: after a change of rows, settings or code."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.calls.context import Calls
from genesys.choices import Acceptance
from genesys.lane import LedgerRow
from genesys.lanes import LANES
from genesys.outcomes import Outcome
from genesys.release import sft
from genesys.settings import DisputeSettings, Settings
from genesys.tables.lake import WHOLE
from genesys.verifiers.runner import VerifierRunner
from genesys_dagster.definitions import build_defs
from genesys_dagster.ops.kinds import KINDS
from tests.genesys_dagster.conftest import Graph
from tests.support.tiny_lane import ASKED, ROWS, TinyVerifier, sums_lane, write_rows

SHARD = "sums-00000"
BEHIND = ("raw", "sft", "preference", "rl", "error_rates", "diversity", "report")
"""What stands behind the choice, each after those before it."""
DATASETS = {"filtered", *BEHIND}
Change = Callable[[Graph, pytest.MonkeyPatch], Graph]


def tables(graph: Graph) -> set[str]:
    """Of the first shard, and those without shards, that Dagster holds for stale."""
    return {table.rpartition("/")[2] for table, shard in graph.stale() if shard in (SHARD, None)}


def unfinished(graph: Graph) -> set[str]:
    """Stages of the first shard for which the library has something to do; what stands before them stands."""
    lane, runner = LANES["sums"], VerifierRunner(settings=graph.settings)
    plans = {kind.name: kind.plan(graph.settings, graph.lake, lane, SHARD, runner) for kind in KINDS}
    return {name for name, plan in plans.items() if any(stage.finished(graph.lake) is None for stage in plan)}


def setting(**changes: Any) -> Change:
    return lambda graph, _: graph.with_settings(**changes)


def lane_is(**changes: Any) -> Change:
    def change(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Graph:
        monkeypatch.setitem(LANES, "sums", replace(sums_lane(), **changes))  # type: ignore[arg-type]
        return graph

    return change


def another_teacher(graph: Graph, _: pytest.MonkeyPatch) -> Graph:
    return graph.with_settings(teacher=graph.settings.teacher.model_copy(update={"model": "another"}))


def another_verifier(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Graph:
    monkeypatch.setattr(TinyVerifier, "version", "8")
    return graph


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (setting(samples=6), {"generations"}),
        (setting(sampling=Settings().sampling.model_copy(update={"temperature": 1.0})), {"generations"}),
        (setting(seed=1), {"generations"}),
        (another_teacher, {"generations"}),
        (lane_is(system_prompt="Be brief."), {"generations"}),
        (setting(acceptance=Acceptance(default=0.5)), {"verifications"}),
        (another_verifier, {"tasks", "verifications"}),
        (lane_is(prompts=sums_lane(ASKED + " ").prompts), {"tasks"}),
        (lane_is(version="2"), {"ledger", "tasks"}),
    ],
)
def test_what_the_library_would_do_again_is_stale(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, change: Change, expected: set[str]
) -> None:
    graph.run_job("sums_ledger")
    graph.run_job("sums", SHARD)
    assert tables(graph) == DATASETS, "not made yet"
    changed = change(graph, monkeypatch)
    assert tables(changed) - DATASETS == expected
    assert unfinished(changed) == expected - {"ledger"}


def test_the_data_sets_are_stale_by_what_they_are_made_by(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    graph.run()
    assert graph.stale() == {}
    assert tables(graph.with_settings(disputes=DisputeSettings(votes=9))) == {"filtered"}
    assert tables(graph.with_settings(disputes=DisputeSettings(warn_above=0.9))) == set(), "what only warns"
    monkeypatch.setattr(sft, "VERSION", "another")
    assert tables(graph) == {"sft"}


def test_a_removed_row_makes_the_data_sets_stale_until_they_are_made_without_it(graph: Graph) -> None:
    graph.run()
    held = {row["problem_id"] for row in graph.lake.rows("dataset/sft")}
    write_rows(graph.source_file, ROWS[1:])
    graph.run_job("sums_ledger")
    graph.run_job("sums", SHARD)
    graph.run_job("sums", "sums-00001")
    assert set(graph.stale()) == {("dataset/filtered", None)}
    assert graph.run_job("dataset").success
    assert graph.stale() == {}
    assert {row["problem_id"] for row in graph.lake.rows("dataset/sft")} < held


def test_every_table_that_the_library_reads_stands_further_up(graph: Graph) -> None:
    graph.run()
    assets = build_defs(graph.settings).resolve_asset_graph()
    for name in (
        "sums/tasks",
        "sums/generations",
        "sums/verifications",
        "dataset/filtered",
        "dataset/sft",
        "dataset/rl",
    ):
        shard = SHARD if name.startswith("sums/") else WHOLE
        [part] = graph.lake.need(name, shard).parts.values()
        handed_on = {"sums/withdrawn": "sums/ledger", "sums/ledger": "sums/shards"}
        tables_read = {"/".join(table.split("/")[:2]) for table in part.inputs}
        read = {handed_on.get(table, table) for table in tables_read}
        known = {key.to_user_string() for key in assets.get_ancestor_asset_keys(dg.AssetKey(name.split("/")))}
        assert read, name
        assert read <= known, name


def test_what_only_a_data_set_reads_of_a_task_makes_it_stale_through_the_verdicts(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.run()
    lane = sums_lane()

    async def described(row: LedgerRow, calls: Calls) -> Outcome:
        found = await lane.curate(row, calls)
        return replace(found, records=tuple({**record, "metadata": {"kind": "total"}} for record in found.records))

    monkeypatch.setitem(LANES, "sums", replace(lane, curate=described, version="2"))
    graph.run_job("sums_ledger")
    for shard in (SHARD, "sums-00001"):
        assert graph.run_job("sums", shard).success
    assert tables(graph) == {"filtered"}
    chosen = graph.lake.need("dataset/filtered").data_version
    graph.run_table("dataset/filtered")
    assert graph.lake.need("dataset/filtered").data_version == chosen, "the same ids and scores"
    assert tables(graph) == set(BEHIND) - {"error_rates"}, "and other tasks behind them; that stands behind raw"
    for name in BEHIND:
        graph.run_table(f"dataset/{name}")
    assert graph.stale() == {}


def test_new_rows_make_no_shard_stale_that_was_there_before(graph: Graph) -> None:
    graph.run()
    write_rows(graph.source_file, [*ROWS, {"id": 9, "question": "4+4", "answer": "8"}])
    graph.run_job("sums_ledger")
    new = {(f"sums/{table}", "sums-00002") for table in ("tasks", "generations", "verifications")}
    assert set(graph.stale()) == new | {("dataset/filtered", None)}


def test_a_shard_that_changed_all_the_same_is_stale(graph: Graph) -> None:
    """As when the ledger was lost, and read anew from other rows."""
    graph.run()
    shutil.rmtree(Path(graph.lake.root) / "sums" / "ledger")
    shutil.rmtree(Path(graph.lake.root) / "sums" / "withdrawn")
    write_rows(graph.source_file, [*ROWS[:2], *ROWS[3:], {"id": 9, "question": "4+4", "answer": "8"}])
    graph.run_job("sums_ledger")
    assert {("sums/tasks", SHARD), ("sums/tasks", "sums-00001")} <= set(graph.stale())


def test_a_reading_tells_only_of_shards_that_are_new(graph: Graph) -> None:
    key = dg.AssetKey(["sums", "shards"])
    graph.run_job("sums_ledger")
    assert len(graph.instance.fetch_observations(key, limit=10).records) == 2
    graph.run_job("sums_ledger")
    assert len(graph.instance.fetch_observations(key, limit=10).records) == 2
