"""A run works with the settings that were loaded when it was launched, or says what to do."""

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from genesys_dagster.definitions import build_defs
from genesys_dagster.loaded import TAG, settings_tags
from tests.genesys_dagster.conftest import Graph
from tests.support.tiny_lane import TinyVerifier

SHARD = "sums-00000"


def launched_then(loaded: Graph, changed: Graph, job: str) -> dg.DagsterRun:
    """A run that was launched with the one and whose process reads the other."""
    jobs = [
        build_defs(graph.settings, resource_overrides=graph.overrides()).resolve_job_def(job)
        for graph in (loaded, changed)
    ]
    run = loaded.instance.create_run_for_job(jobs[0])
    execute_run(InMemoryJob(jobs[1]), run, loaded.instance, raise_on_error=False)
    ended = loaded.instance.get_run_by_id(run.run_id)
    assert ended is not None
    return ended


@pytest.mark.parametrize("job", ["sums_ledger", "dataset", "__ASSET_JOB"])
def test_a_run_whose_settings_changed_since_the_launch_does_nothing_and_says_why(graph: Graph, job: str) -> None:
    run = launched_then(graph, graph.with_settings(samples=6), job)
    assert run.status == dg.DagsterRunStatus.FAILURE
    events = [entry.dagster_event for entry in graph.instance.all_logs(run.run_id) if entry.dagster_event]
    told = [str(event.step_failure_data.user_failure_data) for event in events if event.is_step_failure]
    assert told
    assert all("the settings changed since they were loaded" in text for text in told[:1]), told
    assert graph.lake.manifest("sums/ledger") is None


def test_the_same_settings_in_another_place_are_the_same(graph: Graph) -> None:
    elsewhere = graph.with_settings(folder="/elsewhere")
    run = launched_then(graph, elsewhere, "sums_ledger")
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert run.tags[TAG] == settings_tags(graph.settings)[TAG]


def test_a_command_runs_with_the_settings_that_it_reads(graph: Graph) -> None:
    assert graph.run_job("sums_ledger").success
    changed = graph.with_settings(samples=6)
    assert changed.run_job("sums", SHARD).success


def test_a_materialization_says_what_it_was_made_with(graph: Graph) -> None:
    graph.run()
    [made] = graph.materialization("sums/generations", SHARD).metadata["made_with"].value.values()
    assert (made["teacher_id"], made["model"]) == ("tiny", "tiny")
    assert made["sampling"]["temperature"] == graph.settings.sampling.temperature
    [made] = graph.materialization("sums/verifications", SHARD).metadata["made_with"].value.values()
    assert made["versions"]["verifier:tiny_sum"] == f"TinyVerifier@{TinyVerifier.version}"
    assert made["acceptance"]["default"] == 1.0
