"""The facts of a report, from manifests and from the tables between verified responses and data sets.

Figures over traces are Polars' work, column by column; texts are read for samples alone (``samples``), and votes of
judges for a share of them (``judging``). How facts are shown stands in ``drawing`` and ``page``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from genesys.funnel import Level, curation_funnel, ledger_funnel, steps_of
from genesys.lane import Lane
from genesys.ledger import withdrawn_asset
from genesys.outcomes import Counts
from genesys.quality.rates import Rate, rates_by
from genesys.release import diversity, filtered, sft
from genesys.release.costs import HEADER, dataset_costs, table_rows, total
from genesys.release.diversity_rows import OF_PROBLEMS, beside_choice, problems_of, teachers_of
from genesys.release.report.collapse import diversity_facts
from genesys.release.report.difficulty import difficulty_of
from genesys.release.report.disputes import disputed_facts
from genesys.release.report.facts import Bars, Costs, Duplicates, Facts, Funnel, GroupRate, Step, Table
from genesys.release.report.judging import judges_of
from genesys.release.report.lengths import Lengths
from genesys.release.report.samples import samples_of
from genesys.settings import Settings
from genesys.stages.tasks import tasks_asset
from genesys.tables.lake import WHOLE, Lake

ENDS = "ends"
ERRORS = "dataset/error_rates"
MOST = 40
"""Rows of a table that are shown."""
CLUSTERS = (1, 2, 3, 4, 5, 10, 20, 50, 100)
"""Sizes of clusters at which a bar begins."""


def gather(lake: Lake, lanes: Iterable[Lane], settings: Settings) -> Facts:
    """All of it.

    Raises:
        GenesysError: ``dataset/filtered`` was never made.
    """
    by_name = {lane.name: lane for lane in sorted(lanes, key=lambda lane: lane.name)}
    manifest = lake.need(filtered.ASSET)
    counts = manifest.counts
    problems = problems_of(lake)
    ends = ends_of(lake, ["lane", "step", "reason"])
    lengths = Lengths.of(lake, settings.acceptance)
    order = _in_order(lake)
    return Facts(
        versions=_versions(lake),
        traces=counts.rows,
        chosen=counts.accepted,
        problems=problems.height,
        curation=tuple(_curation(lake, by_name.values())),
        filters=_filters(counts, order),
        by_lane=_by_lane(ends, order),
        reasons=_reasons(ends, order),
        rates=tuple(_rates(problems)),
        difficulty=difficulty_of(lake, by_name.values(), problems),
        lengths=lengths.spreads(),
        length_table=lengths.table(),
        duplicates=_duplicates(ends, problems),
        costs=_costs(lake, by_name, settings),
        judges=judges_of(lake, by_name.values()),
        errors=_errors(lake),
        diversity=diversity_facts(lake, settings.release.diversity),
        disputed=(disputed := disputed_facts(lake, by_name))[0],
        disputed_counts=disputed[1],
        samples=tuple(samples_of(lake, by_name, problems, lengths.near_bar)),
    )


def ends_of(lake: Lake, columns: Sequence[str]) -> pl.DataFrame:
    """What became of every trace; names that repeat are categorical."""
    names = pl.col([name for name in columns if name in ("lane", "shard", "step", "reason", "campaign")])
    return beside_choice(lake, ENDS, columns).with_columns(names.cast(pl.Categorical))


def _versions(lake: Lake) -> dict[str, str]:
    found = {name: lake.manifest(name) for name in (filtered.ASSET, sft.ASSET, diversity.ASSET, ERRORS)}
    return {name: manifest.data_version for name, manifest in found.items() if manifest}


# Funnels ---------------------------------------------------------------------------------------------------------


def _curation(lake: Lake, lanes: Iterable[Lane]) -> Iterable[Funnel]:
    """From upstream rows to tasks, lane by lane: what the ledgers and the curations of all shards counted."""
    for lane in lanes:
        rows, tasks = _counted(lake, withdrawn_asset(lane)), _counted(lake, tasks_asset(lane))
        levels = [*ledger_funnel(rows), *curation_funnel(tasks, steps_of(lane))[1:]] if rows.rows else []
        if levels:
            yield Funnel(name=lane.name, steps=tuple(map(_step, levels)))


def _counted(lake: Lake, asset: str) -> Counts:
    whole = Counts()
    for manifest in lake.manifests((asset, partition) for partition in lake.partitions(asset)).values():
        if manifest is not None:
            whole.merge(manifest.counts)
    return whole


def _step(level: Level) -> Step:
    return Step(name=level.name, left=level.left, lost=level.lost)


def _in_order(lake: Lake) -> dict[str, int]:
    """The filters in the order in which they were asked, as the choice itself keeps them."""
    names: dict[str, int] = {}
    for part in lake.need(filtered.ASSET).parts.values():
        for name in [*(name for name, _ in part.settings.get("filters", ())), *sorted(part.counts.get("dropped", ()))]:
            names.setdefault(str(name), len(names))
    return names


def _filters(counts: Counts, order: Mapping[str, int]) -> Funnel:
    left, steps = counts.rows, [Step(name="verified responses", left=counts.rows, lost=0)]
    for name in order:
        left -= counts.dropped[name]
        steps.append(Step(name=name, left=left, lost=counts.dropped[name]))
    return Funnel(name="filters", steps=tuple(steps))


def _by_lane(ends: pl.DataFrame, order: Mapping[str, int]) -> Table:
    """What each filter dropped, by lane."""
    names = pl.col("lane", "step").cast(pl.String)
    found = dict(
        ((row[0], row[1]), row[2]) for row in ends.group_by("lane", "step").len().with_columns(names).iter_rows()
    )
    lanes = sorted({lane for lane, _ in found})
    steps = [step for step in order if any((lane, step) in found for lane in lanes)]
    rows = [
        (lane, sum(found.get((lane, step), 0) for step in (*steps, None)), *(found.get((lane, s), 0) for s in steps))
        + (found.get((lane, None), 0),)
        for lane in lanes
    ]
    return Table.of(("lane", "traces", *steps, "left"), rows)


def _reasons(ends: pl.DataFrame, order: Mapping[str, int]) -> Table:
    """Why traces were dropped, filter by filter, the most frequent reason first."""
    names = pl.col("step", "reason").cast(pl.String)
    found = ends.drop_nulls("step").group_by("step", "reason").len().with_columns(names).rows()
    found.sort(key=lambda row: (order.get(row[0], len(order)), -row[2], str(row[1])))
    return Table.of(("filter", "reason", "traces"), found[:MOST])


# Figures ---------------------------------------------------------------------------------------------------------


def _rates(problems: pl.DataFrame) -> Iterable[GroupRate]:
    for scope, column in OF_PROBLEMS.items():
        yield from _grouped(scope, column, problems)
    yield from _grouped("teacher", "teacher_id", teachers_of(problems))


def _grouped(scope: str, column: str | None, problems: pl.DataFrame) -> Iterable[GroupRate]:
    for row in rates_by(problems, [column] if column else []).sort("responses", descending=True).iter_rows(named=True):
        low, high = Rate(row["value"], row["worth"]).interval
        counted = {name: row[name] for name in ("problems", "responses", "accepted", "value")}
        yield GroupRate(scope=scope, group=str(row[column] or "none") if column else "", **counted, low=low, high=high)


def _duplicates(ends: pl.DataFrame, problems: pl.DataFrame) -> Duplicates:
    alike = pl.col("step").cast(pl.String).str.contains("equal|duplicate|meaning")
    kinds = ends.filter(alike).group_by("step").len().with_columns(pl.col("step").cast(pl.String)).sort("step")
    sizes = problems.group_by("cluster").agg(pl.col("family_id").n_unique().alias("size"))["size"]
    names, counts = [], []
    for begin, end in zip(CLUSTERS, [*CLUSTERS[1:], None], strict=True):
        inside = (sizes >= begin) & (sizes < end) if end else sizes >= begin
        names.append(f"{begin}" if end == begin + 1 else f"{begin} to {end - 1}" if end else f"{begin} or more")
        counts.append(int(inside.sum()))
    last = max((place for place, count in enumerate(counts) if count), default=0)
    return Duplicates(
        kinds=Table.of(("dropped as", "traces"), kinds.rows()),
        clusters=Bars(names=tuple(names[: last + 1]), counts=tuple(counts[: last + 1])),
    )


def _costs(lake: Lake, lanes: Mapping[str, Lane], settings: Settings) -> Costs:
    costs, prices = dataset_costs(lake, lanes), settings.prices
    return Costs(
        table=Table.of(HEADER, table_rows(costs, prices)), per_trace=total(costs).per_trace(prices), priced=prices.any
    )


def _errors(lake: Lake) -> Table | None:
    """Estimates of wrong accepts and rejects, as their own table has them."""
    if lake.manifest(ERRORS) is None:
        return None
    frame = lake.frame(ERRORS, WHOLE)
    plain = frame.select(pl.exclude(pl.List, pl.Struct)).head(MOST)
    return Table.of(tuple(name.replace("_", " ") for name in plain.columns), plain.rows())
