"""``genesys forecast``: what the lanes have cost, and what they will until all is done. Reads; nothing is asked.

What is measured and what is assumed stands in ``genesys.forecast``; here it is shown.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.calls.usage import Usage
from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, Texts, parse
from genesys.faults import GenesysError
from genesys.forecast.assumed import Assumed
from genesys.forecast.outlook import Forecast, Outlook, forecast, total_hours
from genesys.release.costs import Costs, table_rows
from genesys.settings import Settings, load_settings
from genesys.settings.prices import Prices, money

MODEL = "model"
TEXTS = ("lane", "stage", MODEL)
"""Columns of words; figures stand to the right of theirs."""


class ForecastOptions(Options):
    """Say what the lanes of genesys.toml have cost, and what they will: calls, tokens, money, hours.

    Before a run, while one goes on, and after it; nothing is asked and nothing is written. What is not measured yet is
    assumed, and named: the flags say otherwise. docs/teachers.md says how good it is.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys forecast")

    lane: Texts = Field((), description="only these lanes")
    config: str = Field("", description=CONFIG_HELP)
    rows: int | None = Field(None, ge=1, description="rows of each lane whose sources were never read")
    kept: float = Field(0.8, gt=0, le=1, description="the share of rows that become tasks, while none did")
    prompt_tokens: int = Field(400, ge=1, description="of a prompt, while none was asked")
    completion_tokens: int | None = Field(None, ge=1, description="of a response, while none came")
    pass_rate: float = Field(0.5, ge=0, le=1, description="for rules to stop by, while nothing is verified")
    tokens_per_second: float | None = Field(
        None, gt=0, description="of one call, for the hours, while none is measured"
    )
    json_: bool = Field(False, alias="json", description="for programs: one JSON value")


def main(argv: list[str]) -> int:
    """Say what the lanes have cost and what they will: calls, tokens, money, hours.

    Raises:
        GenesysError: There are no settings, or no such lane in them.
    """
    options = parse(ForecastOptions, argv)
    settings = load_settings(options.config or None)
    for name in options.lane:
        if name not in settings.lanes:
            raise GenesysError(f"--lane {name}: there is no [lanes.{name}]; there are {', '.join(settings.lanes)}")
    told = Assumed(
        rows=options.rows,
        kept=options.kept,
        prompt_tokens=options.prompt_tokens,
        completion_tokens=options.completion_tokens,
        pass_rate=options.pass_rate,
        tokens_per_second=options.tokens_per_second,
    )
    found = asyncio.run(forecast(settings, told, options.lane or None))
    if options.json_:
        print(json.dumps(as_json(found, settings.prices), ensure_ascii=False))
    else:
        _print(found, settings)
    return DONE


FIGURES = ("calls", "prompt_tokens", "completion_tokens", "cost")


def totals(found: Forecast, prices: Prices) -> dict[str, tuple[float, float, float, float]]:
    """By figure: made so far, then all of it in the end, and between what that will be in nine of ten cases."""
    used = sum((one for sums in found.made.values() for one in sums.values()), Usage())
    spent = sum(prices.total(sums) for sums in found.made.values())
    result = {}
    for name in FIGURES:
        made = spent if name == "cost" else float(getattr(used, name))
        parts = ((one.cost(prices) if name == "cost" else one.to_come(name), one.error) for one in found.stages)
        result[name] = (made, *found.interval(made, parts))
    return result


def as_json(found: Forecast, prices: Prices) -> dict[str, Any]:
    """All of it, for programs."""
    names = ("made", "total", "low", "high")
    return {
        "total": {name: dict(zip(names, row, strict=True)) for name, row in totals(found, prices).items()},
        "hours_to_come": total_hours(found.stages),
        "stages": [
            {
                "lane": one.lane,
                "stage": one.stage,
                "teacher": one.teacher,
                "rows": one.rows,
                "rows_to_come": one.rows_left,
                **{f"{name}_to_come": one.to_come(name) for name in FIGURES[:3]},
                "cost_to_come": one.cost(prices),
                "hours_to_come": one.hours,
                "relative_error": one.error,
                "basis": one.basis,
            }
            for one in found.stages
        ],
        "trouble": found.trouble,
    }


def _print(found: Forecast, settings: Settings) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    prices = settings.prices
    spent = {lane: Costs(sums) for lane, sums in found.made.items()}
    figures = ("calls", "asked", "answered", "cost")
    console.print(_table("Spent so far", (*TEXTS, *figures), table_rows(spent, prices)))
    header = (*TEXTS[:2], "rows left", *figures, "hours")
    console.print(_table("Still to come", header, [_row(one, prices) for one in found.stages]))
    for line in _lines(found, settings):
        console.print(line, markup=False)


def _row(one: Outlook, prices: Prices) -> tuple[object, ...]:
    stage = f"{one.stage} ({one.teacher})" if one.teacher not in ("", "teacher") else one.stage
    figures = (round(one.to_come(name)) for name in FIGURES[:3])
    cost = money(one.cost(prices)) if prices.any else ""
    return one.lane, stage, round(one.rows_left), *figures, cost, "?" if one.hours is None else f"{one.hours:.2f}"


def _table(title: str, header: Sequence[str], rows: Iterable[tuple[object, ...]]) -> object:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    for number, name in enumerate(header):
        # Where the terminal is narrow a model's long name is cut, and no figure.
        width = max([len(name), *(len(row[number]) for row in cells)]) if name != MODEL else None
        table.add_column(name, justify="left" if name in TEXTS else "right", no_wrap=True, min_width=width)
    for row in cells:
        table.add_row(*row)
    return table


def _lines(found: Forecast, settings: Settings) -> Iterator[str]:
    prices = settings.prices
    names = {"calls": "Calls", "prompt_tokens": "Asked", "completion_tokens": "Answered", "cost": "Cost"}
    for name, (made, total, low, high) in totals(found, prices).items():
        if name == "cost" and not prices.any:
            yield f"{'Cost':10} no prices are set: price_per_million_prompt_tokens and the like in [teacher]"
            continue
        show = money if name == "cost" else "{:,.0f}".format
        what = " tokens" if name.endswith("tokens") else ""
        between = f", in nine of ten cases between {show(low)} and {show(high)}" if low < high else ""
        yield f"{names[name]:10} {show(total)}{what} in all{between}; {show(made)} so far"
    hours = total_hours(found.stages)
    told = "not known before something is measured (--tokens_per_second)" if hours is None else f"{hours:.2f} to come"
    yield f"{'Hours':10} {told}"
    yield from (
        f"{'Rests on':10} {one.lane}/{one.stage} {one.teacher}: {one.basis}" for one in found.stages if one.rows
    )
    used = {payee.teacher_id for sums in found.made.values() for payee in sums if payee.tier != "recorded"}
    if prices.any and (without := prices.unpriced(used)):
        yield f"No price   {', '.join(without)}: what they cost is in no sum"
    if settings.budget.is_set:
        yield f"Cap        {settings.budget.max_cost or settings.budget.max_tokens:,} of all that is ever spent"
    yield from (f"Nothing is known of {trouble}" for trouble in found.trouble)
