"""Disputed golds in the graph: what ``dataset/filtered`` shows of them, and when its check warns."""

from typing import Any

import dagster as dg
import pytest

from genesys.lanes import LANES
from genesys.release.filtered import disputed_problems
from genesys.settings import DisputeSettings
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys_dagster.assets.datasets import FILTERED, dataset_asset
from genesys_dagster.resources import BASIC, resources_of
from tests.genesys_dagster.conftest import Graph, sums_settings
from tests.support.disputing import NamingVerifier, teacher_saying

KEY = dg.AssetKey(["dataset", "filtered"])


@pytest.fixture
def disputing(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Graph:
    """Three tasks, of which the gold of one is disputed; everything was run."""
    monkeypatch.setitem(VERIFIER_REGISTRY, "tiny_sum", NamingVerifier)
    graph.teacher.answer = teacher_saying({"1+2": ["4"]}).answer
    graph.run()
    return graph


def materialized(graph: Graph, **rule: Any) -> dg.ExecuteInProcessResult:
    """``dataset/filtered`` by itself, with a rule of the test's."""
    settings = graph.settings.model_copy(update={"disputes": DisputeSettings(**rule)})
    asset = dataset_asset(FILTERED, [LANES["sums"]], settings)
    resources = {name: resource for name, resource in resources_of(settings).items() if name in BASIC}
    return dg.materialize([asset], resources=resources, instance=graph.instance)


def check(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = [check for check in result.get_asset_check_evaluations() if check.check_name == "golds"]
    return found


def test_the_materialization_shows_how_many_and_which_with_their_votes(disputing: Graph) -> None:
    metadata: Any = disputing.materialization("dataset/filtered").metadata
    assert (metadata["disputed_tasks"].value, metadata["contested_tasks"].value) == (1, 0)
    assert metadata["disputed_share"].value == pytest.approx(1 / 3, abs=1e-6)
    header, _, row = metadata["disputes"].value.splitlines()
    assert header == "| kind | problem | source | prompt | gold | votes of all | for | teachers |"
    (problem,) = disputed_problems(disputing.lake)
    assert row == f"| disputed | {problem} | tiny/sums | What is 1+2? | 3 | 4 of 4 | 4 | tiny |"
    assert "disputed gold" in metadata["reasons"].value
    assert len(list(disputing.lake.rows("dataset/sft"))) == 8


def test_the_check_warns_where_more_golds_are_disputed_than_the_settings_let_pass(disputing: Graph) -> None:
    evaluation = check(materialized(disputing))
    assert not evaluation.passed
    assert evaluation.severity is dg.AssetCheckSeverity.WARN
    assert evaluation.description == (
        "1 of 3 tasks with verdicts have a disputed gold (33.3%); `genesys disputes` lists them"
    )
    metadata: Any = evaluation.metadata
    assert "tiny/sums | 1" in metadata["by_source"].value
    assert check(materialized(disputing, warn_above=0.34)).passed


def test_the_rule_of_the_settings_decides(disputing: Graph) -> None:
    result = materialized(disputing, votes=5)
    assert check(result).passed
    (event,) = result.get_asset_materialization_events()
    metadata: Any = event.materialization.metadata
    assert metadata["disputed_tasks"].value == 0
    assert metadata["disputes"].value == "none"
    assert disputed_problems(disputing.lake) == frozenset()


def test_the_assembly_takes_the_rule_from_the_settings(disputing: Graph) -> None:
    stricter = disputing.with_settings(disputes=DisputeSettings(votes=5))
    assert not stricter.run_job("dataset").problems
    assert disputed_problems(disputing.lake) == frozenset()


def test_a_warning_holds_nothing_up(disputing: Graph) -> None:
    end = disputing.run_job("dataset")
    assert end.success
    assert any("check golds of dataset/filtered: 1 of 3 tasks" in problem for problem in end.problems)


def test_without_verdicts_there_is_nothing_to_warn_of(sums: None, tmp_path: Any) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialized(Graph(tmp_path, sums_settings(tmp_path), instance))
    assert check(result).passed
