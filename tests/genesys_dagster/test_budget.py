"""A cap stops a run cleanly through Dagster: its rows wait, and nothing is asked twice afterwards."""

from dagster import DagsterInstance

from genesys.settings import BudgetSettings
from genesys_dagster.pipeline import Pipeline, RunEnd
from tests.genesys_dagster.conftest import Graph
from tests.support.openai_server import OpenAIServer

SHARDS = ["sums-00000", "sums-00001"]


def test_what_a_cap_stopped_goes_on_when_it_is_raised(graph: Graph) -> None:
    with OpenAIServer(answers={"Is this": '{"is_sum": true}'}, answer_chars=200) as server:
        role = graph.settings.curator.model_copy(update={"base_urls": (server.base_url,)})
        limits = graph.settings.sampling.model_copy(update={"max_tokens": 100})
        capped = graph.with_settings(
            curator=role, teacher=role, sampling=limits, budget=BudgetSettings(max_tokens=4500)
        )

        def run(one: Graph, instance: DagsterInstance) -> list[RunEnd]:
            with Pipeline(one.settings, instance) as pipeline:
                return list(pipeline.runs())

        first = run(capped, graph.instance)
        assert all(end.success or end.not_run for end in first), "a cap is no failure"
        [stopped] = [end for end in first if end.not_run]
        assert "raise max_tokens" in stopped.not_run
        assert capped.lake.need("sums/tasks", SHARDS[1]).counts.errored == {"budget": 2}
        raised = capped.with_settings(budget=BudgetSettings(max_tokens=1_000_000))
        assert all(end.success for end in run(raised, graph.instance))
        asked = [request.sha256 for request in server.log()]
        assert len(asked) == len(set(asked))
