"""``dataset/published``: materializing it publishes, shows what and where, and nothing else publishes."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.settings import Settings
from genesys.stores import open_lake
from genesys.tables.lake import WHOLE
from genesys_dagster.assets.published import KEY, published_asset
from genesys_dagster.definitions import build_defs
from genesys_dagster.resources import BASIC, resources_of
from tests.support.set_tables import SetTables


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(state=str(tmp_path / "state"), folder=str(tmp_path), release={"publish": {"to": "out"}})
    SetTables(open_lake(settings)).write()
    return settings


def materialized(settings: Settings, *, raises: bool = True) -> dg.ExecuteInProcessResult:
    resources = {name: resource for name, resource in resources_of(settings).items() if name in BASIC}
    with dg.instance_for_test() as instance:
        return dg.materialize(
            [published_asset([], settings)], resources=resources, instance=instance, raise_on_error=raises
        )


def test_materializing_it_writes_the_release_and_shows_it(settings: Settings, tmp_path: Path) -> None:
    (found,) = materialized(settings).asset_materializations_for_node("dataset__published")
    metadata: Any = found.metadata
    (folder,) = (tmp_path / "out").iterdir()
    assert metadata["place"].value == str(folder)
    assert folder.name.endswith(metadata["version"].value)
    assert found.tags is not None
    assert found.tags["dagster/data_version"] == metadata["version"].value
    assert metadata["written_now"].value is True
    assert metadata["card"].value.startswith("# Verified reasoning traces")
    assert "raw/train-00000-of-00001.parquet" in metadata["files"].value
    assert len(metadata["root"].value) == 64
    (again,) = materialized(settings).asset_materializations_for_node("dataset__published")
    written: Any = again.metadata["written_now"]
    assert written.value is False


def test_what_is_against_it_fails_the_run_in_words(settings: Settings, tmp_path: Path) -> None:
    lake = open_lake(settings)
    part = lake.need("dataset/sft").parts["all"]
    stale = part.model_copy(update={"inputs": {f"dataset/filtered/{WHOLE}": "another"}})
    lake.publish("dataset/sft", WHOLE, {"all": stale})
    result = materialized(settings, raises=False)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    data: Any = failure.step_failure_data
    assert "dataset/sft was made of earlier versions" in data.user_failure_data.description
    assert not (tmp_path / "out").exists()


def test_the_job_that_builds_the_data_sets_publishes_nothing(tmp_path: Path) -> None:
    defs = build_defs(Settings(state=str(tmp_path), lanes={}))
    job = defs.resolve_job_def("dataset")
    assert KEY in defs.resolve_asset_graph().get_all_asset_keys()
    assert KEY not in job.asset_layer.executable_asset_keys
