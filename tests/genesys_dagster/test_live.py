"""What a run shows of itself while it goes: in Dagster's log and plots, in status files, on a terminal."""

import asyncio
import re
import sys
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pytest

from genesys.chat import ChatRequest, Completed
from genesys.live import status
from genesys.live.status import live_folder, views_in
from genesys_dagster import pipeline as pipelines
from genesys_dagster.commands import live as display
from genesys_dagster.ops import telling
from genesys_dagster.resources import workbench
from tests.genesys_dagster.conftest import Graph
from tests.support.tiny_lane import TinyTeacher

SHARD = "sums-00000"


@dataclass
class SlowTeacher(TinyTeacher):
    """One at a time, so that a shard of eight samples takes most of a second."""

    seconds: float = 0.1
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def complete(self, request: ChatRequest) -> Completed:
        async with self.turn:
            await asyncio.sleep(self.seconds)
            return await super().complete(request)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell every twentieth of a second what is told every half minute."""
    monkeypatch.setattr(workbench, "TICK_S", 0.01)
    monkeypatch.setattr(telling, "LOG_EVERY_S", 0.05)
    monkeypatch.setattr(telling, "OBSERVE_EVERY_S", 0.05)
    monkeypatch.setattr(status, "EVERY_S", 0.02)


def observed(graph: Graph, table: str = "sums/generations") -> list[dg.AssetObservation]:
    wanted = dg.AssetRecordsFilter(dg.AssetKey(table.split("/")), asset_partitions=[SHARD])
    records = graph.instance.fetch_observations(wanted, limit=1000).records
    return [found for record in records[::-1] if (found := record.asset_observation) is not None]


def figures(observation: dg.AssetObservation) -> dict[str, Any]:
    return {name: entry.value for name, entry in observation.metadata.items()}


def log_lines(graph: Graph, run_id: str) -> list[str]:
    return [event.user_message for event in graph.instance.all_logs(run_id) if event.user_message]


def test_a_shard_that_runs_is_observed_and_its_log_says_how_it_stands(graph: Graph, often: None) -> None:
    graph.teacher = SlowTeacher()
    graph.run_job("sums_ledger")
    end = graph.run_job("sums", SHARD)
    assert end.success
    seen = [figures(one) for one in observed(graph)]
    assert len(seen) >= 2
    assert {one["live_rows_total"] for one in seen} == {8}
    done = [one["live_rows_done"] for one in seen]
    assert done == sorted(done)
    assert done[-1] > done[0]
    lines = [line for line in log_lines(graph, end.run_id) if line.startswith(f"{SHARD} generations: ")]
    assert any(re.search(r"[1-7]/8 \d+%, .* rows in flight", line) for line in lines), lines


def test_observations_change_no_data_version_and_make_nothing_stale(graph: Graph, often: None) -> None:
    graph.teacher = SlowTeacher(seconds=0.05)
    graph.run()
    assert observed(graph)
    versions = graph.data_versions()
    assert graph.stale() == {}
    again = Graph(graph.folder / "other", graph.settings, graph.instance)
    assert (
        again.materialization("sums/generations", SHARD).tags == graph.materialization("sums/generations", SHARD).tags
    )
    known = graph.instance.get_latest_data_version_record(dg.AssetKey(["sums", "generations"]), partition_key=SHARD)
    assert known is not None
    assert known.event_log_entry.dagster_event is not None
    assert known.event_log_entry.dagster_event.is_step_materialization
    assert graph.asked() > 0
    graph.run()
    assert graph.asked() == 0, "finished shards stay finished"
    assert graph.data_versions() == versions


def test_the_longer_a_stage_takes_the_more_seldom_it_is_observed(
    graph: Graph, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LOG_EVERY_S", 0.0)
    monkeypatch.setattr(telling, "OBSERVE_EVERY_S", 0.0)
    monkeypatch.setattr(telling, "GROWTH", 0.4)
    graph.teacher = SlowTeacher()
    graph.run_job("sums_ledger")
    assert graph.run_job("sums", SHARD).success
    assert 2 <= len(observed(graph)) <= 15, "as the logarithm of the time, not each of the eighty times it was asked"


def test_what_takes_no_observation_and_no_status_file_stops_no_run(
    graph: Graph, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def locked(*_: object) -> None:
        asked.append(1)
        raise OSError("database is locked")

    monkeypatch.setattr(telling.Telling, "_observe", locked)
    graph.teacher = SlowTeacher(seconds=0.03)
    graph.run_job("sums_ledger")
    live_folder(graph.settings.path("{state}")).write_text("a file where the folder should be")
    assert graph.run_job("sums", SHARD).success
    assert asked


def test_status_files_tell_of_each_stage_and_that_it_ended(graph: Graph, often: None) -> None:
    graph.run_job("sums_ledger")
    end = graph.run_job("sums", SHARD)
    views = views_in(live_folder(graph.settings.path("{state}")))
    told = {view.stage: (view.run_id, view.shard, view.state, view.rows, view.total) for view in views}
    assert told == {
        "tasks": (end.run_id, SHARD, "ended", 2, 2),
        "generations": (end.run_id, SHARD, "ended", 8, 8),
        "verifications": (end.run_id, SHARD, "ended", 8, 8),
    }
    assert [view.pass_rate for view in views if view.stage == "verifications"] == [0.75]


def test_without_a_terminal_a_line_now_and_then_says_how_the_run_stands(
    graph: Graph, often: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(display, "LINE_EVERY_S", 0.05)
    graph.teacher = SlowTeacher()
    graph.run_job("sums_ledger")
    with (
        display.Live(sys.stderr) as live,
        pipelines.Pipeline(
            graph.settings,
            graph.instance,
            resource_overrides=graph.overrides(),
            watch=live.watch,
            started=live.started,
        ) as pipeline,
    ):
        live.ended(pipeline.run_job("sums", SHARD))
    lines = capsys.readouterr().err.splitlines()
    assert any(re.match(rf"{SHARD} generations: [1-7]/8 ", line) for line in lines), lines
    assert re.match(rf"✓ {SHARD} .* tasks 2/2, generations 8/8, verifications 6/8", lines[-1])
