"""Diversity and report in the graph: what the UI shows of them, and checks that warn and never block."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.settings import Settings
from genesys.stores import open_lake
from genesys_dagster.assets.report import report_assets, report_checks
from genesys_dagster.resources import resources_of
from tests.genesys.release.test_diversity import world_of
from tests.support.released import release
from tests.support.tiny_lane import World


def materialized(world: World, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    settings = Settings(state=str(world.folder), lanes={})
    defs = dg.Definitions(
        assets=report_assets([world.lane], settings), asset_checks=report_checks(), resources=resources_of(settings)
    )
    job = defs.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, raise_on_error=True)


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str, Any]:
    [found] = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.materialization.asset_key.path[-1] == name
    ]
    return {key: value.value for key, value in found.metadata.items()}


def test_the_ui_shows_what_the_page_does_and_each_entry_is_small(tmp_path: Path) -> None:
    world = world_of(tmp_path, right=2)
    world = World(world.folder, open_lake(Settings(state=str(tmp_path))), world.lane)
    release(world.lake, [world.lane])
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialized(world, instance)
    assert all(check.passed for check in result.get_asset_check_evaluations())
    shown = metadata(result, "report")
    assert Path(shown["report"]).read_text("utf-8").startswith("<!doctype html>")
    assert (shown["traces"], shown["chosen"]) == (240, 120)
    pictures = {name: text for name, text in shown.items() if name.endswith("_plot")}
    assert {"filters_plot", "lengths_plot", "difficulty_plot", "costs_plot"} <= pictures.keys()
    assert all(text.startswith("![") and len(text) < 50_000 for text in pictures.values())
    assert "sums" in shown["by_lane"]
    assert "accepted" in shown["samples"]
    measured = metadata(result, "diversity")
    assert measured["compared_with"] == "none"
    assert measured["pass_rate"] == 0.5
    assert 0 < measured["distinct_3_answer"] <= 1


def test_drift_warns_with_its_figures_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    varied, same = world_of(tmp_path / "varied"), world_of(tmp_path / "same", varied=False, right=2)
    with dg.DagsterInstance.ephemeral() as instance:
        release(varied.lake, [varied.lane])
        first = materialized(varied, instance)
        told = {check.check_name: check.description for check in first.get_asset_check_evaluations()}
        assert told["lengths"] == "nothing to compare with yet"
        release(same.lake, [same.lane])
        history = tmp_path / "varied/lake/dataset/diversity"
        history.rename(tmp_path / "same/lake/dataset/diversity")
        second = materialized(same, instance)
    assert second.success
    warned = {check.check_name: check for check in second.get_asset_check_evaluations() if not check.passed}
    assert warned.keys() == {"diversity", "self_similarity", "lengths", "pass_rates"}
    assert {check.severity for check in warned.values()} == {dg.AssetCheckSeverity.WARN}
    assert "pass rate: 1 before, 0.5 now" in str(warned["pass_rates"].description)
    figures = warned["pass_rates"].metadata
    assert figures["moved_too_far"].value == 6, "of all, by lane, task type, language, source and teacher"
    assert "tiny/sums" in str(figures["figures"].value)
