"""``dataset/error_rates`` in the graph: it runs verifiers in the sandbox's pool, and shows its rates."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.release import error_rates
from genesys.settings import Settings
from genesys.stores import open_lake
from genesys_dagster.assets.error_rates import KEY, error_rates_asset, error_rates_checks
from genesys_dagster.resources import resources_of
from tests.genesys.release.test_error_rates import math, publish


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(folder=str(tmp_path), state=str(tmp_path / "state"), sandbox={"isolation": "process"})


def materialized(settings: Settings) -> dg.ExecuteInProcessResult:
    assets = [error_rates_asset([], settings), error_rates_checks()]
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(assets, resources=resources_of(settings), instance=instance, raise_on_error=False)


def test_rates_are_estimated_and_shown(settings: Settings) -> None:
    lake = open_lake(settings)
    publish(lake, math(4))
    result = materialized(settings)
    assert result.success
    (event,) = result.asset_materializations_for_node("dataset__error_rates")
    metadata: Any = event.metadata
    header, _, *rows = metadata["rates"].value.splitlines()
    assert header.startswith("| lane | task_type | kind | method | trials | errors | rate |")
    assert len(rows) == len(list(lake.rows(error_rates.ASSET))) == 4
    assert all(check.passed for check in result.get_asset_check_evaluations())
    made = lake.need(error_rates.ASSET)
    assert materialized(settings).success
    assert lake.need(error_rates.ASSET) == made


def test_without_raw_the_run_says_what_is_missing(settings: Settings) -> None:
    result = materialized(settings)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "dataset/raw" in str(failure.event_specific_data.error)


def test_it_takes_its_turn_where_programs_run(settings: Settings) -> None:
    asset = error_rates_asset([], settings)
    assert asset.op.pool == "sandbox"
    assert asset.op.tags["genesys/device"] == "cpu"
    assert asset.asset_deps[KEY] == {dg.AssetKey(["dataset", "raw"])}
