"""A lane whose responses are judged, through the graph: metadata, the check of the judges, the audit of a verdict."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.lanes import LANES
from genesys.lineage.audit import audit
from genesys.settings import JudgingSettings
from genesys.settings.roles import RoleSettings
from genesys.stores import open_journal
from genesys.verifiers.after_rules import JUDGED
from tests.genesys_dagster.conftest import Graph, sums_settings
from tests.support.judge_server import JudgeServer
from tests.support.judging import judge_role
from tests.support.tiny_lane import sums_lane

SHARDS = ("sums-00000", "sums-00001")


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as server:
        yield server


@pytest.fixture
def essays(sums: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: JudgeServer) -> Iterator[Graph]:
    """The small lane, but for its task type."""

    async def curate(row: Any, calls: Any) -> Any:
        outcome = await sums_lane().curate(row, calls)
        return replace(outcome, records=tuple(record | {"task_type": JUDGED} for record in outcome.records))

    monkeypatch.setitem(LANES, "sums", replace(sums_lane(), curate=curate, task_types=(JUDGED,)))  # type: ignore[arg-type]
    with dg.DagsterInstance.ephemeral() as instance:
        yield Graph(tmp_path, sums_settings(tmp_path, judge=judge_role(server)), instance)


def judged_by(graph: Graph, *roles: RoleSettings, **judging: Any) -> Graph:
    first, *others = roles
    return graph.with_settings(judge=first, judging=JudgingSettings(judges=tuple(others), **judging))


def check(graph: Graph, shard: str = SHARDS[0]) -> dg.AssetCheckEvaluation:
    """The last evaluation of the judges in a run of this shard."""
    key = dg.AssetCheckKey(dg.AssetKey(["sums", "verifications"]), "judges")
    for record in graph.instance.event_log_storage.get_asset_check_execution_history(key, limit=20):
        found = record.event.dagster_event.event_specific_data
        if found.partition == shard:
            return found
    raise AssertionError(f"the judges were not checked for {shard}")


def test_a_judged_lane_runs_and_shows_how_far_judges_agree(essays: Graph, server: JudgeServer) -> None:
    graph = judged_by(essays, judge_role(server), judge_role(server, "no-code"))
    assert all(end.success for end in graph.run())
    rows = list(graph.lake.rows("sums/verifications", SHARDS[0]))
    assert {row["rule"] for row in rows} == {"judge"}
    assert {row["score"] for row in rows} == {0.0, 1.0}
    metadata = graph.materialization("sums/verifications", SHARDS[0]).metadata
    assert metadata["judged"].value == len(rows)
    assert metadata["judges_agree"].value == 1.0
    assert metadata["difference_between_judges"].value == 0.0
    assert metadata["completion_tokens"].value > 0, "the judges' tokens are counted"
    assert metadata["calls_made"].value == len(rows) * 5
    assert "no-code" in str(metadata["judges"].value)


def test_golds_are_put_before_the_judges(essays: Graph, server: JudgeServer) -> None:
    assert all(end.success for end in essays.run())
    found = check(essays)
    assert found.passed
    assert (found.metadata["own_gold_score"].value, found.metadata["other_gold_score"].value) == (1.0, 0.0)
    assert (found.metadata["answers_tried"].value, found.metadata["calls_made"].value) == (4, 12)
    before = server.stats()["requests"]
    assert essays.run_job("sums", SHARDS[0]).success
    assert check(essays).metadata["calls_made"].value == 0
    assert server.stats()["requests"] == before, "neither verdicts nor the check are had again"


def test_a_judge_that_cannot_tell_is_a_warning(essays: Graph, server: JudgeServer) -> None:
    graph = judged_by(essays, judge_role(server, "generous"))
    ends = graph.run()
    assert all(end.success for end in ends)
    found = check(graph)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "the gold of another task got 0.95" in str(found.description)
    assert any("check judges of sums/verifications" in problem for end in ends for problem in end.problems)


def test_without_judged_tasks_the_check_passes_and_says_so(graph: Graph, server: JudgeServer) -> None:
    before = server.stats()["requests"]
    assert all(end.success for end in graph.run())
    found = check(graph)
    assert found.passed
    assert found.metadata["not_run"].value == "no task of this shard is judged"
    assert server.stats()["requests"] == before


def test_without_a_judge_the_run_says_what_to_set_up(essays: Graph) -> None:
    ends = essays.with_settings(judge=RoleSettings()).run()
    missing = [end.not_run for end in ends if end.not_run]
    assert missing
    assert "no judge is set up" in missing[0]
    assert "[judge]" in missing[0]


def test_a_judge_of_the_teachers_family_is_refused(essays: Graph, server: JudgeServer) -> None:
    ends = essays.with_settings(judge=judge_role(server, "honest", id="tiny")).run()
    assert any("same model family" in end.not_run for end in ends)
    allowed = essays.with_settings(
        judge=judge_role(server, "honest", id="tiny"), judging=JudgingSettings(same_family=True)
    )
    assert all(end.success for end in allowed.run())


def test_an_audit_shows_the_judges_calls_and_derives_the_verdict_again(essays: Graph, server: JudgeServer) -> None:
    assert all(end.success for end in essays.run())
    released = next(essays.lake.rows("dataset/sft"))["response_id"]
    sources = [essays.settings.lanes["sums"].sources[0]]
    for live in (False, True):
        with open_journal(essays.settings, readonly=True) as journal:
            found = audit(
                essays.lake, journal, [LANES["sums"]], released,
                sources=sources, replay=True, live=live, settings=essays.settings,
            )  # fmt: skip
        assert found.agrees, found.findings
        link = found.link("verdict")
        assert [call["name"] for call in link.facts["calls"]] == ["judge_similarity"] * 2
        assert [call["asked"] for call in link.facts["calls"]] == ["honest"] * 2
        named = [check.what for check in link.checks if check.result == "agrees"]
        assert {"judged again score", "judged again verification_result_info"} <= set(named)
        assert ("live score" in named) == live
    json.loads(found.model_dump_json())


def test_where_rules_reject_and_judges_accept_the_lineage_holds_both(graph: Graph, server: JudgeServer) -> None:
    union = judged_by(graph, judge_role(server, "generous"), after_rules=("tiny_sum",), votes=1)
    assert all(end.success for end in union.run())
    rows = [row for shard in SHARDS for row in union.lake.rows("sums/verifications", shard)]
    assert all(row["accepted"] for row in rows)
    by_rule = {row["rule"]: row for row in rows}
    assert set(by_rule) == {"last word", "judge-after-rules"}
    assert {row["verifier"] for row in rows} == {"TinyVerifierThenLlmJudgeVerifier"}
    metadata = union.materialization("sums/verifications", SHARDS[1]).metadata
    assert metadata["judged_after_rules"].value == 1
    for row in by_rule.values():
        with open_journal(union.settings, readonly=True) as journal:
            lanes, sources = [LANES["sums"]], [union.settings.lanes["sums"].sources[0]]
            found = audit(
                union.lake, journal, lanes, row["response_id"],
                sources=sources, replay=True, live=True, settings=union.settings,
            )  # fmt: skip
        assert found.agrees, found.findings
        assert found.link("release").facts["chosen"] or found.link("release").facts["dropped"]
        names = [call["name"] for call in found.link("verdict").facts["calls"]]
        judged = ["judge_similarity", "LlmJudgeVerifier"] if row["rule"] == "judge-after-rules" else []
        assert names == ["TinyVerifier", *judged]
