"""Disputed and contested golds as the report shows them; how they are found stands in ``genesys.quality.disputes``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from genesys.lane import Lane
from genesys.quality.disputes import shortened, telling
from genesys.release import filtered
from genesys.release.disputed import dispute_of, entries, listed
from genesys.release.report.facts import Table
from genesys.tables.lake import Lake

SHOWN = 10
CHARS = 300
HEADER = ("kind", "problem", "source", "prompt", "gold", "votes", "for", "teachers")


def disputed_facts(lake: Lake, lanes: Mapping[str, Lane]) -> tuple[Table, dict[str, int]]:
    """The most telling ones, and how many there are of each kind."""
    parts = lake.need(filtered.ASSET).parts.values()
    rows = [row for part in parts for row in listed(lake, filtered.ASSET, part) if row["lane"] in lanes]
    counts = Counter(row["kind"] for row in rows)
    rows.sort(key=lambda row: (telling(dispute_of(row)), row["problem_id"]))
    shown = sorted(entries(lake, lanes, rows[:SHOWN]), key=lambda entry: (telling(entry), entry.problem_id))
    cells = [
        (
            *(entry.kind, entry.problem_id, entry.source or "", shortened(entry.prompt, CHARS)),
            *(shortened(entry.gold, CHARS), f"{entry.leader.votes} of {entry.voters}"),
            *(shortened(entry.leader.answer, CHARS), ", ".join(entry.leader.teachers)),
        )
        for entry in shown
    ]
    return Table.of(HEADER, cells), {kind: counts[kind] for kind in ("disputed", "contested")}
