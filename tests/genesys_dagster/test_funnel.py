"""The funnel as a person meets it: in the UI's metadata of tasks and ledger, in a check, and on the terminal."""

import io
from typing import Any

import dagster as dg
import pytest

from genesys.lanes import LANES
from genesys.ledger import withdrawn_asset
from genesys.outcomes import Counts
from genesys.tables.lake import WHOLE
from genesys_dagster.checks.soundness import problems_of, reading_problems
from genesys_dagster.commands.summary import Summary
from tests.genesys_dagster.conftest import Graph
from tests.support.tiny_lane import ROWS, stepped_lane, write_rows

SHARD = "sums-00000"
FUNNEL = """\
| step | rows left | rows ended there |
| --- | --- | --- |
| rows in | 2 | 0 |
| small numbers | 1 | 1 |
| a sum | 1 | 0 |
| kept | 1 | 0 |"""


@pytest.fixture
def stepped(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Graph:
    monkeypatch.setitem(LANES, "sums", stepped_lane())
    write_rows(graph.source_file, [*ROWS, ROWS[0], "{"])
    return graph


def shown(graph: Graph, table: str, shard: str | None = None) -> dict[str, Any]:
    return {name: value.value for name, value in graph.materialization(table, shard).metadata.items()}


def test_a_run_shows_its_funnel_in_the_ui_and_on_the_terminal(stepped: Graph) -> None:
    ends = stepped.run()
    tasks = shown(stepped, "sums/tasks", SHARD)
    assert tasks["funnel"] == FUNNEL
    assert tasks["funnel_plot"].startswith("![rows left after each step](data:image/png;base64,")
    ledger = shown(stepped, "sums/ledger")
    assert [line.split(" | ")[1:] for line in ledger["funnel"].splitlines()[2:]] == [
        ["6", "0 |"],
        ["5", "1 |"],
        ["4", "1 |"],
        ["4", "0 |"],
        ["4", "0 |"],
    ]
    assert ledger["funnel_plot"].startswith("![")
    said = io.StringIO()
    Summary(stepped.settings, ends, 1.0).print(said)
    assert 'Curation       sums: 4 rows, dropped 1 at "small numbers", 1 at "a sum"; 2 kept\n' in said.getvalue()
    stepped.run()
    again = shown(stepped, "sums/tasks", SHARD)
    assert again["funnel"] == FUNNEL
    assert "funnel_plot" not in again, "the run before shows it, and the event log keeps each for ever"


def test_a_funnel_that_does_not_sum_fails_the_check(stepped: Graph) -> None:
    stepped.run()
    lake = stepped.lake
    manifest = lake.need("sums/tasks", SHARD)
    part = manifest.parts["curated"]
    counts = part.counts | {"dropped": {"small numbers": 2}}
    lake.publish("sums/tasks", SHARD, {"curated": part.model_copy(update={"counts": counts})})
    assert problems_of(lake, "sums/tasks", SHARD) == [
        "curated: 1 more rows were dropped by steps than rejected",
        "curated: the manifest counts 2 rows dropped at 'small numbers', the list of outcomes has 1",
    ]
    found = stepped.run_checks("sums/tasks", "accounting", shard=SHARD).get_asset_check_evaluations()
    assert [one.passed for one in found] == [False]


def test_a_ledgers_reading_that_does_not_sum_fails_its_check(stepped: Graph) -> None:
    stepped.run()
    lake, asset = stepped.lake, withdrawn_asset(LANES["sums"])
    assert reading_problems(lake, asset) == []
    part = lake.need(asset).parts["ledger"]
    counts = Counts.from_dict(part.counts)
    counts.rejected["duplicate"] += 1
    lake.publish(asset, WHOLE, {"ledger": part.model_copy(update={"counts": counts.as_dict()})})
    assert [problem.partition(": ")[2] for problem in reading_problems(lake, asset)] == [
        "6 rows went in, but 3 dropped by steps + 0 errored + 4 kept = 7 came out",
        "the manifest counts 3 rejected, the list of outcomes has 2",
    ]
    found = stepped.run_checks("sums/ledger", "accounting").get_asset_check_evaluations()
    assert [(one.passed, one.asset_key) for one in found] == [(False, dg.AssetKey(["sums", "ledger"]))]
