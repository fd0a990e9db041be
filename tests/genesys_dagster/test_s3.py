"""The demo's lanes with tables and journal on s3:// give the very tables that they give on a folder."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.calls.journal import Journal
from genesys.demo.build import build_recorded
from genesys.settings import DEMO, Settings, load_settings
from genesys.stores import open_journal, open_lake
from genesys_dagster.pipeline import Pipeline
from tests.support.s3 import s3_bucket

pytestmark = pytest.mark.s3

TABLES = ("ledger", "tasks", "generations", "verifications")
LANES = ("math", "coding", "swe")
SETS = ("filtered", "raw", "sft", "preference", "rl", "error_rates", "report")
ASSETS = (*(f"{lane}/{table}" for lane in LANES for table in TABLES), *(f"dataset/{name}" for name in SETS))
SEGMENTS = ["coding/coding-00000", "dataset/error_rates", "math/math-00000", "math/math-00001"]


def some(settings: Settings) -> Settings:
    """One source of each of two of the demo's lanes: two shards of one, one of the other."""
    lanes = {
        name: settings.lanes[name].model_copy(update={"sources": settings.lanes[name].sources[:1]})
        for name in ("math", "coding")
    }
    return settings.model_copy(update={"lanes": lanes})


def run(settings: Settings) -> dict[str, str]:
    """Run everything; SHA-256 of every part, and how many calls were made."""
    build_recorded(settings)
    with dg.DagsterInstance.ephemeral() as instance, Pipeline(settings, instance) as pipeline:
        ends = list(pipeline.runs())
    assert [end for end in ends if not end.success or end.problems] == []
    lake = open_lake(settings)
    found = {
        f"{asset}/{partition}/{campaign}": part.data.sha256
        for asset in ASSETS
        for partition in lake.partitions(asset)
        for campaign, part in lake.need(asset, partition).parts.items()
    }
    assert len(found) == 12 + len(SETS)
    return found | {"calls made": str(sum(end.calls_made for end in ends))}


def test_s3_gives_the_tables_of_a_folder_and_another_machine_repeats_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_folder = run(some(load_settings(DEMO / "genesys.toml", state=str(tmp_path / "folder"))))
    with s3_bucket() as bucket:
        # Credentials come from the environment, as a user gives them; only the endpoint is a setting.
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.options["key"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.options["secret"])
        options = {"client_kwargs": bucket.options["client_kwargs"]}

        def settings(machine: str, lake: str) -> Settings:
            places = {"lake": f"{bucket.url}/{lake}", "journal": f"{bucket.url}/journal"}
            kept: Any = {name: {"root": root, "storage_options": options} for name, root in places.items()}
            return some(load_settings(DEMO / "genesys.toml", state=str(tmp_path / machine), **kept))

        first = settings("machine-1", "lake")
        assert run(first) == on_folder
        with open_journal(first) as journal:
            assert isinstance(journal, Journal)
            assert journal.names() == SEGMENTS
        # Another machine, which has nothing but the bucket's journal, and makes the tables again elsewhere.
        again = run(settings("machine-2", "lake-2"))
        assert again == on_folder | {"calls made": "0"}
