"""Shards are partitions while the sources are still being read, and a reading that breaks off goes on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from genesys import ledger_shards
from genesys.faults import InfrastructureFault
from genesys.sources import BadRow, Opened, SourceRow
from genesys_dagster.assets import ledger
from genesys_dagster.ops import phases
from genesys_dagster.partitions import shards_name
from tests.genesys_dagster.conftest import Graph
from tests.support.tiny_lane import write_rows

BREAKS_AT = 25


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_shards, "LEAST_S", 0.0)
    monkeypatch.setattr(ledger_shards, "SHARE", 1e9)
    monkeypatch.setattr(phases, "RETRY_AFTER_S", 0)


def test_partitions_come_as_shards_are_cut_and_a_break_is_tried_again(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(graph.source_file, [{"id": n, "question": f"{n}+{n}", "answer": str(2 * n)} for n in range(41)])
    seen: dict[int, list[str]] = {}
    looks: list[int] = []
    open_all = ledger.open_all

    def partitions() -> list[str]:
        return sorted(graph.instance.get_dynamic_partitions(shards_name("sums")))

    def breaking(source: Opened) -> Opened:
        def read() -> Iterator[SourceRow | BadRow]:
            looks.append(len(looks))
            for number, row in enumerate(source.rows()):
                if looks[-1] == 1 and number == BREAKS_AT:
                    seen[number] = partitions()
                    raise InfrastructureFault("the network is gone")
                yield row

        return replace(source, files=(), read=read)

    def opened(*arguments: Any) -> list[Opened]:
        return [breaking(source) for source in open_all(*arguments)]

    monkeypatch.setattr(ledger, "open_all", opened)
    result = graph.run_job("sums_ledger")
    whole = sorted(graph.lake.need("sums/ledger").parts)
    assert 0 < len(seen[BREAKS_AT]) < len(whole)
    assert partitions() == whole
    assert result.success
    key = dg.AssetKey(["sums", "shards"])
    observed = graph.instance.fetch_observations(key, limit=1000).records
    assert sorted(record.partition_key for record in observed) == whole, "each is told once"
    assert [row["upstream_key"] for row in graph.lake.rows("sums/ledger")] == [str(n) for n in range(41)]
