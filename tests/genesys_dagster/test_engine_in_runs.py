"""The generation op with an engine that it starts: what the run's log says of it, and the next run's use of it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesys.commands import engines
from genesys.settings.roles import RoleSettings
from genesys_dagster import internals
from genesys_dagster.pipeline import Pipeline
from tests.genesys_dagster.conftest import Graph
from tests.support.stand_in_vllm import write_package

OURS = Path(__file__).parents[2] / "dagster.yaml"
SHARD = "sums-00000"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-in is found through /proc")


@pytest.fixture
def with_engine(graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    monkeypatch.setenv("PYTHONPATH", str(write_package(tmp_path / "packages")))
    monkeypatch.setenv("STAND_IN", "plain")
    for name in ("VLLM_API_KEY", "GENESYS_VLLM_PYTHON"):
        monkeypatch.delenv(name, raising=False)
    teacher = RoleSettings(kind="vllm", model="some/model", id="tiny", num_gpus=0)
    yield graph.with_settings(teacher=teacher)
    engines.main(["--state", graph.settings.path("{state}"), "--stop", "--force"])


def test_a_run_starts_an_engine_says_so_and_leaves_it_to_the_next(with_engine: Graph, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(OURS.read_text())
    told = []
    curator = with_engine.overrides()["curator"]
    with internals.instance_of(home, keep_output=False) as instance:
        for seed in (0, 1):
            settings = with_engine.settings.model_copy(update={"seed": seed})
            with Pipeline(settings, instance, resource_overrides={"curator": curator}) as pipeline:
                if not seed:
                    assert pipeline.run_job("sums_ledger").success
                end = pipeline.run_job("sums", SHARD)
            assert end.success, end.problems
            told.append([entry.user_message for entry in instance.all_logs(end.run_id)])
    says = "starting vLLM with some/model; its log is "
    assert any(says in message for message in told[0])
    assert not any(says in message for message in told[1])
