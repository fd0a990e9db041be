"""A small lane in the graph: sums as tasks, a teacher from code that counts what it is asked, a verifier of its own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from genesys.chat import Teacher
from genesys.lanes import LANES
from genesys.settings import LaneSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.sources import Source
from genesys.stores import open_lake
from genesys.tables.lake import Lake
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys_dagster.assets.published import KEY as PUBLISHED
from genesys_dagster.definitions import build_defs
from genesys_dagster.pipeline import QUIET, Pipeline, RunEnd
from genesys_dagster.resources.roles import RoleResource
from tests.support.tiny_lane import REGISTRY, ROWS, TinyTeacher, sums_lane, write_rows


@dataclass(frozen=True)
class TaughtRole(RoleResource):
    """A role played by a teacher of the test."""

    teacher: Any = None

    async def open(self, stack: AsyncExitStack) -> Teacher | None:
        teacher: Teacher = self.teacher
        return teacher


@dataclass
class Graph:
    """The graph over the small lane, on one state folder and one instance; each ``run`` is a fresh assembly."""

    folder: Path
    settings: Settings
    instance: dg.DagsterInstance
    teacher: TinyTeacher = field(default_factory=TinyTeacher)
    curator: TinyTeacher = field(default_factory=TinyTeacher)

    @property
    def lake(self) -> Lake:
        return open_lake(self.settings)

    @property
    def source_file(self) -> Path:
        return self.folder / "rows.jsonl"

    def with_settings(self, **changes: Any) -> "Graph":
        return replace(self, settings=self.settings.model_copy(update=changes))

    def overrides(self) -> dict[str, Any]:
        roles = {"teacher": self.teacher, "curator": self.curator}
        return {
            name: dg.ResourceDefinition.hardcoded_resource(TaughtRole(self.settings, name, teacher=teacher))
            for name, teacher in roles.items()
        }

    def run(self) -> list[RunEnd]:
        with Pipeline(self.settings, self.instance, resource_overrides=self.overrides()) as pipeline:
            return list(pipeline.runs())

    def run_job(self, job: str, partition: str | None = None) -> RunEnd:
        with Pipeline(self.settings, self.instance, resource_overrides=self.overrides()) as pipeline:
            return pipeline.run_job(job, partition)

    def tick(self, lane: str, cursor: str | None) -> Any:
        """What the sensor of a lane's new shards does at a tick; the instance has to stand on disk."""
        repository = build_defs(self.settings).get_repository_def()
        with dg.build_sensor_context(
            instance_ref=self.instance.get_ref(),
            cursor=cursor,
            resources={"lake": self.lake},
            repository_def=repository,
        ) as context:
            return repository.get_sensor_def(f"{lane}_new_shards").evaluate_tick(context)

    def run_table(self, table: str) -> dg.ExecuteInProcessResult:
        """One table alone, without a partition, as the UI's button materializes it."""
        job = build_defs(self.settings, resource_overrides=self.overrides()).resolve_implicit_global_asset_job_def()
        return job.get_subset(asset_selection={dg.AssetKey(table.split("/"))}).execute_in_process(
            instance=self.instance, run_config=QUIET
        )

    def run_checks(self, table: str, *names: str, shard: str | None = None) -> dg.ExecuteInProcessResult:
        """Checks of a table by themselves, as the UI's button runs them; by default without a partition."""
        wanted = [dg.AssetCheckKey(dg.AssetKey(table.split("/")), name) for name in names]
        job = build_defs(self.settings, resource_overrides=self.overrides()).resolve_implicit_global_asset_job_def()
        return job.get_subset(asset_selection=set(), asset_check_selection=set(wanted)).execute_in_process(
            instance=self.instance, partition_key=shard, run_config=QUIET, raise_on_error=False
        )

    def asked(self) -> int:
        """How often a teacher or curator was asked since the last time, by anyone."""
        count = len(self.teacher.asked) + len(self.curator.asked)
        self.teacher.asked.clear()
        self.curator.asked.clear()
        return count

    def materialization(self, table: str, partition: str | None = None) -> dg.AssetMaterialization:
        """The last one of a table's partition."""
        keys = [partition] if partition else None
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(table.split("/")), asset_partitions=keys), limit=1
        ).records
        assert records, f"{table} {partition} was never materialized"
        found = records[0].asset_materialization
        assert found is not None
        return found

    def stale(self) -> dict[tuple[str, str | None], list[str]]:
        """Tables and partitions that Dagster does not hold for up to date, with the reasons it shows."""
        assets = build_defs(self.settings).resolve_asset_graph()
        resolver = CachingStaleStatusResolver(self.instance, assets, LoadingContextForTest(self.instance))
        found = {}
        for key in sorted(assets.materializable_asset_keys - {PUBLISHED}):  # no run publishes
            partitions = assets.get(key).partitions_def
            shards = partitions.get_partition_keys(dynamic_partitions_store=self.instance) if partitions else [None]
            for shard in shards:
                if resolver.get_status(key, shard) != StaleStatus.FRESH:
                    causes = resolver.get_stale_causes(key, shard)
                    found[key.to_user_string(), shard] = [cause.reason for cause in causes]
        return found

    def data_versions(self) -> dict[tuple[str, str | None], str]:
        """Of all tables and partitions, as Dagster has them."""
        shards = sorted(self.instance.get_dynamic_partitions("sums_shards"))
        places: list[tuple[str, str | None]] = [
            ("sums/ledger", None),
            ("dataset/filtered", None),
            ("dataset/sft", None),
        ]
        places += [(f"sums/{kind}", s) for s in shards for kind in ("tasks", "generations", "verifications")]
        found = {place: dict(self.materialization(*place).tags or {}) for place in places}
        return {place: tags["dagster/data_version"] for place, tags in found.items()}


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the caller's settings or instance may reach a test."""
    for name in ("DAGSTER_HOME", "GENESYS_CONFIG", "GENESYS__STATE", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small lane among the lanes, its verifier among the verifiers."""
    monkeypatch.setitem(LANES, "sums", sums_lane())  # type: ignore[arg-type]
    for task_type, verifier in REGISTRY.items():
        monkeypatch.setitem(VERIFIER_REGISTRY, task_type, verifier)


def sums_settings(folder: Path, rows: Iterable[Any] = ROWS, **changes: Any) -> Settings:
    """Settings of the small lane over these rows, two tasks to a shard."""
    source = Source(path=str(write_rows(folder / "rows.jsonl", rows)), name="tiny/sums", license="cc0-1.0")
    role = RoleSettings(kind="openai", model="tiny", base_urls=("http://nowhere.invalid/v1",))
    values: Mapping[str, Any] = {
        "state": str(folder / "state"),
        "lanes": {"sums": LaneSettings(sources=(source,), shard_size=2)},
        "curator": role,
        "teacher": role.model_copy(update={"price_per_million_completion_tokens": 1e6}),
        **changes,
    }
    return Settings(**values)


@pytest.fixture
def graph(sums: None, tmp_path: Path) -> Iterator[Graph]:
    """Four rows in two shards: three sums, and one row that the curator rejects."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Graph(tmp_path, sums_settings(tmp_path), instance)
