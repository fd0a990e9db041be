"""The assembly: what is in it, that a lane is data alone, and that nothing secret or heavy comes with loading it."""

import itertools
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from genesys.faults import GenesysError
from genesys.lanes import LANES
from genesys.settings import DEMO, FILE_NAME, LaneSettings, Settings, load_settings
from genesys.settings.roles import RoleSettings
from genesys.sources import Source
from genesys.verifiers.registry import VERIFIER_REGISTRY, VerifierRegistry
from genesys_dagster import internals
from genesys_dagster.assets.upstream import upstream_key
from genesys_dagster.definitions import build_defs
from tests.genesys_dagster.conftest import Graph, sums_settings
from tests.support.tiny_lane import sums_lane

TOP = Path(__file__).parents[2]
SECRET = "sk-not-to-be-seen"


def keys_of(defs: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}


def test_the_demo_graph_is_complete(tmp_path: Path) -> None:
    settings = load_settings(DEMO / FILE_NAME, state=str(tmp_path))
    defs = build_defs(settings)
    dg.Definitions.validate_loadable(defs)
    assert set(settings.lanes) == set(LANES), "the demo has every lane"
    sources = [source for chosen in settings.lanes.values() for source in chosen.sources if source.lane is None]
    tables = ("ledger", "shards", "tasks", "generations", "verifications")
    assert keys_of(defs) == {
        *(upstream_key(source).to_user_string() for source in sources),
        *(f"{lane}/{table}" for lane in LANES for table in tables),
        *(f"dataset/{table}" for table in ("filtered", "raw", "sft", "preference", "rl", "error_rates")),
        *(f"dataset/{table}" for table in ("diversity", "report", "published")),
        "people/overrides",
    }
    repository = defs.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs()}
    assert {*(f"{lane}{job}" for lane in LANES for job in ("", "_ledger")), "dataset"} <= jobs
    assert {sensor.name for sensor in repository.sensor_defs} == {f"{lane}_new_shards" for lane in LANES}
    assert all(sensor.default_status == dg.DefaultSensorStatus.STOPPED for sensor in repository.sensor_defs)


def test_the_stages_share_one_partition_definition(graph: Graph) -> None:
    assets = build_defs(graph.settings).resolve_asset_graph()
    found = {
        assets.get(dg.AssetKey(["sums", kind])).partitions_def for kind in ("tasks", "generations", "verifications")
    }
    assert found == {dg.DynamicPartitionsDefinition(name="sums_shards")}
    assert assets.get(dg.AssetKey(["sums", "ledger"])).partitions_def is None


def test_each_run_phase_has_the_pool_of_its_role(graph: Graph) -> None:
    job = build_defs(graph.settings).resolve_job_def("sums")
    found = {op.name: op.pool for op in job.graph.iterate_op_defs() if op.pool}
    assert found == {
        "sums__tasks__run": "curator",
        "sums__generations__run": "teacher",
        "sums__verifications__run": "verifier",
    }


def test_a_second_lane_is_data_alone_and_may_share_a_source(
    sums: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANES, "products", sums_lane(name="products"))  # type: ignore[arg-type]
    settings = sums_settings(tmp_path)
    both = settings.model_copy(update={"lanes": {**settings.lanes, "products": settings.lanes["sums"]}})
    defs = build_defs(both)
    dg.Definitions.validate_loadable(defs)
    added = keys_of(defs) - keys_of(build_defs(settings))
    assert added == {f"products/{table}" for table in ("ledger", "shards", "tasks", "generations", "verifications")}


def test_a_lane_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match=r"\[lanes\.alchemy\]: there is no such lane; there are .*math"):
        build_defs(Settings(state=str(tmp_path), lanes={"alchemy": LaneSettings()}))


@pytest.mark.parametrize(
    "sources",
    [
        (Source(path="org/data"), Source(path="org/data", split="test")),
        (Source(path="org/data"), Source(path="org/data", config="main")),
        (Source(path="x/rows.jsonl"), Source(path="y/rows.jsonl")),
        (Source(path="a.jsonl", name="数学"), Source(path="b.jsonl", name="编程")),
    ],
)
def test_each_source_is_an_asset_of_its_own(tmp_path: Path, sources: tuple[Source, ...]) -> None:
    settings = Settings(state=str(tmp_path), lanes={"math": LaneSettings(sources=sources)})
    keys = {key for key in keys_of(build_defs(settings)) if key.startswith("upstream/")}
    assert len(keys) == len(sources)
    assert "upstream/" not in keys


@pytest.mark.parametrize(
    "sources",
    [
        (Source(path="a.jsonl", name="mine"), Source(path="b.jsonl", name="mine")),
        (Source(path="a.jsonl", name="org/Data"), Source(path="b.jsonl", name="org-data")),
    ],
)
def test_sources_that_would_be_one_asset_are_refused(tmp_path: Path, sources: tuple[Source, ...]) -> None:
    with pytest.raises(GenesysError, match=r"a\.jsonl \(name .*b\.jsonl \(name .*give each a `name`"):
        build_defs(Settings(state=str(tmp_path), lanes={"math": LaneSettings(sources=sources)}))


@pytest.mark.parametrize("task_types", [("tiny_sum", "alchemy"), ("broken",)])
def test_a_lane_whose_tasks_nobody_verifies_is_refused(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, task_types: tuple[str, ...]
) -> None:
    registry = VerifierRegistry(VERIFIER_REGISTRY)
    monkeypatch.setattr("genesys.verifiers.runner.VERIFIER_REGISTRY", registry)
    registry._plugins = {"broken": [EntryPoint("broken", "no_such_module:Verifier", "genesys.verifiers")]}
    monkeypatch.setitem(LANES, "sums", replace(sums_lane(), task_types=task_types))  # type: ignore[arg-type]
    with pytest.raises(GenesysError, match=rf"\[lanes\.sums\]: .*'{task_types[-1]}'"):
        build_defs(graph.settings)


def test_generation_is_tagged_for_a_gpu_only_when_it_starts_an_engine(graph: Graph) -> None:
    def device(settings: Settings) -> str:
        ops = {op.name: op for op in build_defs(settings).resolve_job_def("sums").graph.iterate_op_defs()}
        return str(ops["sums__generations__run"].tags["genesys/device"])

    engine = RoleSettings(kind="vllm", model="some/model")
    assert device(graph.settings) == "cpu"
    assert device(graph.settings.model_copy(update={"teacher": engine})) == "gpu"


def test_each_stage_has_a_job_whose_runs_a_queue_can_route_and_order(graph: Graph) -> None:
    engine = RoleSettings(kind="vllm", model="some/model")
    defs = build_defs(graph.settings.model_copy(update={"teacher": engine}))
    found = {stage: defs.resolve_job_def(f"sums_{stage}") for stage in ("tasks", "generations", "verifications")}
    tags = {stage: (job.tags["genesys/device"], int(job.tags["dagster/priority"])) for stage, job in found.items()}
    assert tags == {"tasks": ("cpu", 0), "generations": ("gpu", 1), "verifications": ("cpu", 2)}
    assert {key.path[-1] for key in found["generations"].asset_layer.executable_asset_keys} == {"generations"}


def test_nothing_secret_is_in_the_definitions(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    role = RoleSettings(kind="openai", model="m", base_urls=(f"http://user:{SECRET}@host/v1",))
    storage = graph.settings.lake.model_copy(update={"storage_options": {"key": SECRET}})
    settings = graph.settings.model_copy(update={"teacher": role, "lake": storage})
    repository = build_defs(settings).get_repository_def()
    shown = [repr(resource.description) for resource in repository.get_top_level_resources().values()]
    shown += [repr(spec) for spec in repository.asset_graph.get_all_asset_keys()]
    shown += [repr(repository.asset_graph.get(key).metadata) for key in repository.asset_graph.get_all_asset_keys()]
    shown += [
        repr((op.tags, op.description)) for job in repository.get_all_jobs() for op in job.graph.iterate_op_defs()
    ]
    assert len(shown) > 20
    assert not [text for text in shown if SECRET in text]


def test_loading_the_module_reads_no_settings(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("this is = not TOML [")
    code = "import sys, genesys_dagster.definitions; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["torch", "vllm", "datasets", "matplotlib", "openai", "s3fs", "sympy", "math_verify"]
    command = [sys.executable, "-c", code, *heavy]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_workspace_and_project_name_the_module() -> None:
    workspace = yaml.safe_load((TOP / "workspace.yaml").read_text())
    assert workspace["load_from"] == [{"python_module": {"module_name": "genesys_dagster.definitions"}}]
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    assert project["tool"]["dg"]["project"]["code_location_target_module"] == "genesys_dagster.definitions"


def test_our_dagster_yaml_is_one_that_dagster_takes(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text((TOP / "dagster.yaml").read_text())
    with internals.instance_of(tmp_path, keep_output=True) as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.python_log_level == "INFO"
        assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"] > 0
        assert instance.get_concurrency_config().pool_config.default_pool_limit == 1


def commented(section: str) -> str:
    """A section of our dagster.yaml that is commented out, as it stands when a person takes the marks away."""
    lines = (TOP / "dagster.yaml").read_text().splitlines()
    found = lines[lines.index(f"# {section}:") :]
    return "\n".join(line[2:] for line in itertools.takewhile(lambda line: line.startswith("# "), found))


def test_the_launcher_of_a_deployment_is_one_that_dagster_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text(commented("run_launcher"))
    with internals.instance_of(tmp_path, keep_output=True) as instance:
        launcher = instance.run_launcher
        assert type(launcher).__name__ == "PlacedDockerRunLauncher"
        assert launcher.devices["gpu"]["container_kwargs"]["device_requests"] == [
            {"count": -1, "capabilities": [["gpu"]]}
        ]
        assert launcher.image == "registry.example/genesys:1"
        assert "GENESYS_CONFIG=/srv/genesys.toml" in launcher.env_vars
        assert not internals.is_alone(instance), "runs are not of this machine alone"


def test_the_storage_of_a_team_is_one_that_dagster_takes(tmp_path: Path) -> None:
    chosen = yaml.safe_load(commented("storage"))
    assert chosen == {"storage": {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}}
    schema = dagster_instance_config_schema()["storage"].config_type
    assert validate_config(schema, chosen["storage"]).success
    extras = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [name.partition(">")[0] for name in extras["postgres"]] == ["dagster-postgres"]
