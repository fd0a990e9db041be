"""``genesys dropped``: which traces filters dropped, at which step and why; ``genesys.release.chain`` decides it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from rich.console import Console
from rich.text import Text

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, Texts, parse
from genesys.faults import GenesysError
from genesys.funnel import curation_funnel
from genesys.outcomes import Counts
from genesys.printable import printable
from genesys.release.chain import steps_of
from genesys.release.filtered import ASSET, CAMPAIGN, ENDS_FILE
from genesys.settings import Settings, load_settings
from genesys.stores import open_lake
from genesys.tables.columns import ENDS
from genesys.tables.lake import WHOLE, Lake, Part

Row = dict[str, Any]

_BATCH = 2**16


class DroppedOptions(Options):
    """Say what became of verified responses on their way into the data sets: how many each filter dropped, and which.

    Without further options it counts by step and reason. With --step, --reason, --problem, --response or --list it
    lists traces, each with the filter that dropped it, why, and what a person needs to know beyond that.
    docs/filters.md says what each filter does.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys dropped")

    lane: Texts = Field((), description="only traces of these lanes")
    step: Texts = Field((), description="only what these filters dropped, by their names")
    reason: Texts = Field((), description="only what was dropped for these reasons, or reasons that begin so")
    problem: str = Field("", description="only responses to this problem: its id, or the beginning of it")
    response: str = Field("", description="only this response: its id, or the beginning of it; also if it was kept")
    list_: bool = Field(False, alias="list", description="list traces even if nothing else is said")
    limit: int = Field(50, ge=1, description="traces that are listed at most; --jsonl gives all")
    json_: bool = Field(False, alias="json", description="for programs: the counts as one JSON object")
    jsonl: bool = Field(False, description="for programs: a trace a line, as JSON")
    config: str = Field("", description=CONFIG_HELP)

    @property
    def lists(self) -> bool:
        """Whether traces are wanted, not counts."""
        return bool(self.step or self.reason or self.problem or self.response or self.list_ or self.jsonl)


def main(argv: list[str]) -> int:
    """Count or list what filters dropped.

    Raises:
        GenesysError: There is no choice yet, or no such lane or step in it.
    """
    options = parse(DroppedOptions, argv)
    settings = load_settings(options.config or None)
    lake = open_lake(settings)
    part = lake.need(ASSET).parts[CAMPAIGN]
    if ENDS_FILE not in part.companions:
        raise GenesysError(f"{ASSET} was made before it kept what became of each trace: materialize it again")
    steps = _steps(part, settings)
    if unknown := [name for name in options.step if name not in steps]:
        raise GenesysError(f"--step {unknown[0]}: no filter is called so; there are {', '.join(steps)}")
    if options.lists and not options.json_:
        _list(options, _rows(lake, part, options))
        return DONE
    counts = _counts(lake, part, options) if options.lane or options.lists else None
    told = _told(counts if counts is not None else _all(lake, part), Counts.from_dict(part.counts), steps, options)
    if options.json_:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(told)
    return DONE


def _steps(part: Part, settings: Settings) -> tuple[str, ...]:
    """The filters in their order, as they are now; then those that the choice was made with besides."""
    now = steps_of(settings)
    return (*now, *sorted(set(part.counts.get("dropped", {})).difference(now)))


def _frames(lake: Lake, part: Part, columns: list[str]) -> Iterator[pl.DataFrame]:
    """The ends, some at a time."""
    with lake.parquet(ASSET, WHOLE, part.companions[ENDS_FILE]) as parquet:
        for batch in parquet.iter_batches(batch_size=_BATCH, columns=columns):
            yield pl.DataFrame(pl.from_arrow(batch))


def _wanted(options: DroppedOptions) -> pl.Expr:
    """Which traces are asked for. One that was kept only where its own id is."""
    wanted = pl.col("response_id").str.starts_with(options.response) & pl.col("problem_id").str.starts_with(
        options.problem
    )
    if not options.response:
        wanted &= pl.col("step").is_not_null()
    if options.lane:
        wanted &= pl.col("lane").is_in(options.lane)
    if options.step:
        wanted &= pl.col("step").is_in(options.step)
    if options.reason:
        wanted &= pl.any_horizontal(pl.col("reason").str.starts_with(reason) for reason in options.reason)
    return wanted


def _rows(lake: Lake, part: Part, options: DroppedOptions) -> Iterator[Row]:
    for frame in _frames(lake, part, ENDS.names):
        yield from frame.filter(_wanted(options)).iter_rows(named=True)


def _list(options: DroppedOptions, rows: Iterator[Row]) -> None:
    if options.jsonl:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    console, count = Console(highlight=False, soft_wrap=True), 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the count is told
        if count <= options.limit:
            why = ": ".join(str(row[name]) for name in ("reason", "detail") if row[name])
            step = row["step"] or "kept"
            console.print(Text(printable(f"{row['response_id']}  {row['lane']} {row['shard']}  {step}  {why}")))
    more = f"; {count - options.limit:,} more are not shown (--limit, --jsonl)" if count > options.limit else ""
    console.print(Text(f"{count:,} traces{more}."))


def _counts(lake: Lake, part: Part, options: DroppedOptions) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for frame in _frames(lake, part, ENDS.names):
        some = frame.filter(_wanted(options)).group_by("step", "reason").len()
        found.update({(step, reason): number for step, reason, number in some.iter_rows()})
    return found


def _all(lake: Lake, part: Part) -> Counter[tuple[str, str]]:
    """Reasons by step, of everything."""
    found: Counter[tuple[str, str]] = Counter()
    for frame in _frames(lake, part, ["step", "reason"]):
        some = frame.filter(pl.col("step").is_not_null()).group_by("step", "reason").len()
        found.update({(step, reason): number for step, reason, number in some.iter_rows()})
    return found


def _told(
    found: Counter[tuple[str, str]], counts: Counts, steps: tuple[str, ...], options: DroppedOptions
) -> dict[str, Any]:
    order = {name: number for number, name in enumerate(steps)}
    reasons = [
        {"step": step, "reason": reason, "traces": number}
        for (step, reason), number in sorted(found.items(), key=lambda item: (order[item[0][0]], -item[1], item[0][1]))
    ]
    told: dict[str, Any] = {"traces": counts.rows, "kept": counts.accepted, "reasons": reasons}
    if not options.lane and not options.lists:
        levels = curation_funnel(counts, steps)
        told["steps"] = [{"step": level.name, "left": level.left, "dropped": level.lost} for level in levels[1:-1]]
    return told


def _print(told: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    left = {step["step"]: step["left"] for step in told.get("steps", ())}
    shown = ""
    for row in told["reasons"]:
        if row["step"] != shown:
            shown = row["step"]
            after = f"  ({left[shown]:,} left after it)" if shown in left else ""
            console.print(Text.assemble((printable(shown), "bold"), after))
        console.print(Text(printable(f"  {row['traces']:>10,}  {row['reason']}")))
    console.print(Text(f"{told['traces']:,} traces, {told['kept']:,} kept (from {ASSET})."))
