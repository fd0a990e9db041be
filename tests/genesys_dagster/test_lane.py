"""A lane through Dagster: what is made, what is recorded, what is done again and what never is."""

import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.chat import ChatAnswer, ChatRequest, Teacher
from genesys.faults import GenesysError, InfrastructureFault
from genesys_dagster.markdown import LIMIT
from genesys_dagster.ops import phases
from genesys_dagster.pipeline import Pipeline, RunEnd
from tests.genesys_dagster.conftest import Graph, TaughtRole
from tests.support.tiny_lane import ROWS, TinyTeacher, answers, write_rows

SHARDS = ["sums-00000", "sums-00001"]
TASKS, SAMPLES = 3, 4


def failed(ends: list[RunEnd]) -> list[RunEnd]:
    return [end for end in ends if not end.success]


def test_a_lane_from_sources_to_the_sft_set(graph: Graph) -> None:
    ends = graph.run()
    assert [(end.job, end.partition) for end in ends] == [
        ("sums_ledger", None),
        *(("sums", shard) for shard in SHARDS),
        ("dataset", None),
    ]
    assert [end for end in ends if not end.success or end.problems] == []
    lake = graph.lake
    made = {kind: sum(lake.need(f"sums/{kind}", shard).counts.accepted for shard in SHARDS) for kind in ("tasks",)}
    assert made == {"tasks": TASKS}
    verdicts = [row for shard in SHARDS for row in lake.rows("sums/verifications", shard)]
    assert len(verdicts) == TASKS * SAMPLES
    assert sum(row["accepted"] for row in verdicts) == TASKS * 3
    assert len(list(lake.rows("dataset/sft"))) == TASKS, (
        "of each task, one of two equal answers; what was cut off is out"
    )
    assert sum(end.calls_made for end in ends) == len(ROWS) + 2 * TASKS * SAMPLES
    assert graph.asked() == len(ROWS) + TASKS * SAMPLES


def test_every_materialization_shows_counts_tokens_cost_sample_and_plot(graph: Graph) -> None:
    graph.run()
    for kind, rate in (("tasks", "kept_rate"), ("generations", "answered_rate"), ("verifications", "pass_rate")):
        metadata = graph.materialization(f"sums/{kind}", SHARDS[0]).metadata
        manifest = graph.lake.need(f"sums/{kind}", SHARDS[0])
        assert metadata["rows_in"].value == manifest.counts.rows
        assert metadata["dagster/row_count"].value == sum(part.data.rows for part in manifest.parts.values())
        assert isinstance(metadata[rate].value, float)
        assert str(metadata["plot"].value).startswith("![")
        assert "data:image/png;base64," in str(metadata["plot"].value)
        assert "| --- |" in str(metadata["sample"].value)
        sizes = {name: len(str(value.value).encode()) for name, value in metadata.items()}
        assert max(sizes.values()) < LIMIT, sizes
    generations = graph.materialization("sums/generations", SHARDS[0]).metadata
    assert generations["completion_tokens"].value == 2 * SAMPLES * 4
    assert generations["cost"].value == pytest.approx(2 * SAMPLES * 4.0)
    assert generations["cost_per_response"].value == pytest.approx(4.0)
    verdicts = graph.materialization("sums/verifications", SHARDS[0]).metadata
    assert verdicts["pass_rate"].value == pytest.approx(0.75)
    sampled, curated = 2 * SAMPLES * (10 + 4), 2 * (5 + 4)
    assert verdicts["tokens_per_trace"].value == pytest.approx((sampled + curated) / 6, abs=0.1), "all that was paid"
    whole = graph.materialization("dataset/sft").metadata
    assert whole["cost_per_trace"].value == pytest.approx((TASKS * SAMPLES * 4.0 + len(ROWS) * 4.0) / TASKS)
    assert "| sums | generations | tiny |" in str(whole["costs"].value)
    assert "| rejected | wrong | 2 |" in str(verdicts["reasons"].value)


def test_data_versions_are_those_of_the_tables(graph: Graph) -> None:
    graph.run()
    for (table, shard), version in graph.data_versions().items():
        if shard is not None or table.startswith("dataset/"):
            assert version == graph.lake.need(table, shard or "_").made_version, table


def test_a_second_run_repeats_no_call_and_changes_no_version(graph: Graph) -> None:
    graph.run()
    before = graph.data_versions()
    graph.asked()
    ends = graph.run()
    assert failed(ends) == []
    assert graph.asked() == 0
    assert sum(end.calls_made + end.calls_from_journal for end in ends) == 0, "finished work is not even read again"
    assert graph.data_versions() == before
    again = graph.materialization("sums/tasks", SHARDS[0]).metadata
    assert again["skipped"].value is True
    assert {"sample", "plot"}.isdisjoint(again), "the run before shows them, and the event log keeps each for ever"


def test_lost_tables_come_back_from_the_journal_byte_for_byte(graph: Graph) -> None:
    graph.run()
    before = graph.data_versions()
    graph.asked()
    for path in Path(graph.lake.root).rglob("*"):
        if path.is_file() and "ledger" not in path.parts and "withdrawn" not in path.parts:
            path.unlink()
    assert failed(graph.run()) == []
    assert graph.asked() == 0
    assert graph.data_versions() == before


def failing_for(question: str, *, final: bool = True) -> Any:
    def answer(request: ChatRequest) -> ChatAnswer:
        if question in request.messages[-1].content and request.name == "sample":
            raise InfrastructureFault("the endpoint is out", final=final)
        return answers(request)

    return answer


def test_errored_rows_leave_the_shard_unfinished_and_are_tried_again_alone(graph: Graph) -> None:
    healthy, graph.teacher = graph.teacher, TinyTeacher(answer=failing_for("20+22"))
    ends = graph.run()
    assert failed(ends) == [], "what can be done is done"
    [warned] = [end for end in ends if end.partition == SHARDS[0]]
    assert any("check complete of sums/generations" in problem for problem in warned.problems)
    assert graph.lake.need("sums/generations", SHARDS[0]).counts.errored.total() == SAMPLES
    assert len(list(graph.lake.rows("dataset/sft"))) == TASKS - 1

    graph.teacher = healthy
    graph.asked()
    ends = graph.run()
    assert [end for end in ends if not end.success or end.problems] == []
    assert {request.messages[-1].content for request in healthy.asked} == {"What is 20+22?"}
    assert len(healthy.asked) == SAMPLES
    assert len(list(graph.lake.rows("dataset/sft"))) == TASKS


def test_an_endpoint_that_answers_nothing_fails_the_run_and_loses_nothing(graph: Graph) -> None:
    healthy, graph.teacher = graph.teacher, TinyTeacher(answer=failing_for("What is"))
    graph.run_job("sums_ledger")
    end = graph.run_job("sums", SHARDS[0])
    assert not end.success
    assert any("the endpoint is out" in problem for problem in end.problems), end.problems
    assert graph.lake.manifest("sums/verifications", SHARDS[0]) is None
    graph.teacher = healthy
    assert graph.run_job("sums", SHARDS[0]).success
    assert len(graph.curator.asked) == 2, "the tasks were not asked about again"


def test_more_samples_are_a_campaign_of_their_own(graph: Graph) -> None:
    graph.run()
    parts = graph.lake.need("sums/generations", SHARDS[0]).parts
    graph.asked()
    more = graph.with_settings(samples=6)
    assert failed(more.run()) == []
    assert more.asked() == 2 * TASKS
    after = more.lake.need("sums/generations", SHARDS[0]).parts
    assert {name: after[name] for name in parts} == parts, "nothing is rewritten"
    assert len(after) == 2
    assert set(more.lake.need("sums/verifications", SHARDS[0]).parts) == set(after), "all campaigns are verified"


def test_new_rows_become_new_shards_and_broken_ones_are_shown(graph: Graph) -> None:
    graph.run()
    graph.asked()
    rows = [*ROWS, '{"id": 5, "question": ', {"id": 6, "question": 7, "answer": "7"}]
    write_rows(graph.source_file, [*rows, {"id": 7, "question": "8+8", "answer": "16"}])
    assert failed(graph.run()) == []
    assert sorted(graph.instance.get_dynamic_partitions("sums_shards")) == [*SHARDS, "sums-00002"]
    assert graph.asked() == 1 + SAMPLES, "only the new row"
    metadata = graph.materialization("sums/ledger").metadata
    broken = str(metadata["broken_rows"].value)
    assert "rows.jsonl:5: line: not JSON" in broken
    assert "rows.jsonl:6: question: is int, expected text" in broken
    assert metadata["rejected"].value == 2


def test_partitions_come_back_in_a_new_instance(graph: Graph) -> None:
    graph.run()
    with dg.DagsterInstance.ephemeral() as instance:
        again = replace(graph, instance=instance)
        again.run_job("sums_ledger")
        assert sorted(instance.get_dynamic_partitions("sums_shards")) == SHARDS


def test_the_upstream_revision_is_observed(graph: Graph) -> None:
    def revision() -> str:
        observed = graph.instance.fetch_observations(dg.AssetKey(["upstream", "tiny-sums"]), limit=1).records
        return dict(observed[0].event_log_entry.tags or {})["dagster/data_version"] if observed else ""

    graph.run_job("sums_ledger")
    before = revision()
    write_rows(graph.source_file, ROWS[:2])
    graph.run_job("sums_ledger")
    tags = dict(graph.materialization("sums/ledger").tags or {})
    assert tags["dagster/input_data_version/upstream/tiny-sums"] == revision(), "of what was read"
    assert before.startswith("sha256-")
    assert revision() not in ("", before)


@dataclass(frozen=True)
class Engine(TaughtRole):
    """A role whose engine has trouble with its first starts."""

    troubles: list[Exception] = field(default_factory=list)

    async def open(self, stack: AsyncExitStack) -> Teacher | None:
        if self.troubles:
            raise self.troubles.pop()
        return await super().open(stack)


def run_with_engine(graph: Graph, *troubles: Exception) -> RunEnd:
    graph.run_job("sums_ledger")
    engine = Engine(graph.settings, "teacher", teacher=graph.teacher, troubles=list(troubles))
    overrides = graph.overrides() | {"teacher": dg.ResourceDefinition.hardcoded_resource(engine)}
    with Pipeline(graph.settings, graph.instance, resource_overrides=overrides) as pipeline:
        return pipeline.run_job("sums", SHARDS[0])


def test_passing_trouble_with_an_engine_is_tried_once_more(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "RETRY_AFTER_S", 0)
    assert run_with_engine(graph, InfrastructureFault("the engine did not start")).success


@pytest.mark.parametrize(
    "trouble", [GenesysError("no endpoint for tiny"), InfrastructureFault("the disk is full", fatal=True)]
)
def test_trouble_that_stays_is_told_at_once_and_plainly(graph: Graph, trouble: Exception) -> None:
    end = run_with_engine(graph, trouble)
    assert end.problems == (f"sums__generations.sums__generations__run: {trouble}",)


async def test_it_runs_where_a_loop_runs_already(graph: Graph) -> None:
    assert failed(graph.run()) == [], "as in a notebook"


def test_a_stop_is_a_stop_and_the_next_run_goes_on(graph: Graph) -> None:
    healthy, graph.teacher = graph.teacher, TinyTeacher(concurrency=1)
    graph.run_job("sums_ledger")
    stopped: list[ChatRequest] = []

    def stop_once(request: ChatRequest) -> ChatAnswer:
        if len(graph.teacher.asked) == 3:
            stopped.append(request)
            os.kill(os.getpid(), signal.SIGINT)
        return answers(request)

    graph.teacher.answer = stop_once
    with (
        pytest.raises(KeyboardInterrupt),
        Pipeline(graph.settings, graph.instance, resource_overrides=graph.overrides()) as pipeline,
    ):
        pipeline.run_job("sums", SHARDS[0])
    assert stopped
    assert graph.lake.manifest("sums/verifications", SHARDS[0]) is None
    asked_before = len(graph.teacher.asked)
    graph.teacher = healthy
    assert graph.run_job("sums", SHARDS[0]).success
    assert asked_before + len(healthy.asked) <= 2 * SAMPLES + 2 * graph.settings.teacher.concurrency
