"""How many golds are disputed, as metadata of ``dataset/filtered`` and as its check; ``genesys.quality`` finds them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import dagster as dg

from genesys.lane import Lane
from genesys.quality.disputes import telling
from genesys.release.disputed import dispute_of, entries, listed
from genesys.settings import DisputeSettings
from genesys.tables.lake import Lake, Manifest
from genesys_dagster.markdown import markdown_table

GOLDS = "golds"
SHOWN = 20
SOURCES = 10


def disputes_spec(key: dg.AssetKey) -> dg.AssetCheckSpec:
    """The check; it never blocks, since the disputed tasks are left out already."""
    return dg.AssetCheckSpec(
        GOLDS,
        asset=key,
        description="The share of tasks whose responses agree with one another and not with the gold is small.",
    )


def disputes_result(lake: Lake, manifest: Manifest, rule: DisputeSettings) -> dg.AssetCheckResult:
    """Whether so many golds are disputed that the source is to be looked at first."""
    tasks, disputed = _figures(manifest)
    share = disputed / tasks if tasks else 0.0
    sources = Counter(row["source"] for row in _rows(lake, manifest) if row["kind"] == "disputed")
    return dg.AssetCheckResult(
        passed=share <= rule.warn_above,
        asset_key=dg.AssetKey(manifest.asset.split("/")),
        check_name=GOLDS,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{disputed} of {tasks} tasks with verdicts have a disputed gold ({share:.1%}); "
        "`genesys disputes` lists them"
        if disputed
        else None,
        metadata={
            "tasks": tasks,
            "disputed_tasks": disputed,
            "warn_above": rule.warn_above,
            "by_source": markdown_table(("source", "disputed tasks"), sources.most_common(SOURCES)),
        },
    )


def disputes_metadata(lake: Lake, manifest: Manifest, lanes: Sequence[Lane]) -> dict[str, Any]:
    """Counts, which the UI plots, and the most telling disputes with their votes."""
    tasks, disputed = _figures(manifest)
    rows = sorted(_rows(lake, manifest), key=lambda row: telling(dispute_of(row)))
    by_name = {lane.name: lane for lane in lanes}
    shown = sorted(entries(lake, by_name, rows[:SHOWN]), key=telling)
    return {
        "disputed_tasks": disputed,
        "contested_tasks": int(manifest.figure("contested_tasks")),
        "disputed_share": round(disputed / tasks, 6) if tasks else 0.0,
        "disputes": markdown_table(
            ("kind", "problem", "source", "prompt", "gold", "votes of all", "for", "teachers"),
            (
                (
                    entry.kind,
                    entry.problem_id,
                    entry.source or "",
                    entry.prompt,
                    entry.gold,
                    f"{entry.leader.votes} of {entry.voters}",
                    entry.leader.answer,
                    ", ".join(entry.leader.teachers),
                )
                for entry in shown
            ),
        ),
    }


def _figures(manifest: Manifest) -> tuple[int, int]:
    """Tasks with verdicts, and how many of them are disputed."""
    return int(manifest.figure("tasks")), int(manifest.figure("disputed_tasks"))


def _rows(lake: Lake, manifest: Manifest) -> list[dict[str, Any]]:
    return [row for part in manifest.parts.values() for row in listed(lake, manifest.asset, part)]
