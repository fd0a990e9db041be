"""What people decided of traces: bans and withdrawn rows drop them, and verdicts may be overturned.

The table of decisions is read by ``genesys.overrides``.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from genesys.overrides import Decision, Overrides
from genesys.release.filters.base import Filter, Traces, dropped

BANNED, WITHDRAWN = "banned", "withdrawn"
REJECTED = "rejected by a person"
DECIDED = "decided"
"""The column with why, and who said so, where a person overturned a verdict."""


def filter_(overrides: Overrides) -> Filter:
    """Leave out what may be in no data set: what is banned, and all that was made of a withdrawn source row."""
    banned, withdrawn = overrides.which("ban"), overrides.which("withdraw")

    def drop(traces: Traces) -> pl.DataFrame:
        problems = traces.problems.select(
            pl.col("problem_id", "row_id", "family_id").cast(pl.String),
        )
        found = [
            _of(traces.rows, "response_id", WITHDRAWN, withdrawn),
            _of_problems(traces, problems, ("row_id", "problem_id", "family_id"), WITHDRAWN, withdrawn),
            _of(traces.rows, "response_id", BANNED, banned),
            _of_problems(traces, problems, ("problem_id",), BANNED, banned),
        ]
        return pl.concat(found).unique("row", keep="first", maintain_order=True).sort("row")

    return Filter("what people decided", "1", drop, {"decisions": _told(banned | withdrawn)}, for_all=True)


def overturned(rows: pl.DataFrame, overrides: Overrides) -> pl.DataFrame:
    """Traces with ``accepted`` and ``reason`` as people decided, and why in the column ``decided``.

    To be taken before pass rates are counted and the first filter sees anything; the verdicts' own table stays.
    """
    decisions = overrides.which("accept", "reject")
    said = pl.DataFrame(
        [(ident, decision.action == "accept", str(decision)) for ident, decision in decisions.items()],
        schema={"response_id": rows.schema["response_id"], "said": pl.Boolean, DECIDED: pl.String},
        orient="row",
    )
    reason = pl.when("said").then(None).otherwise(pl.lit(REJECTED)).cast(rows.schema["reason"])
    return (
        rows.join(said, on="response_id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("said", "accepted").alias("accepted"),
            pl.when(pl.col("said").is_null()).then("reason").otherwise(reason).alias("reason"),
        )
        .drop("said")
    )


def _of_problems(
    traces: Traces, problems: pl.DataFrame, columns: tuple[str, ...], reason: str, decisions: Mapping[str, Decision]
) -> pl.DataFrame:
    against: dict[str, Decision] = {}
    for column in columns if decisions else ():
        named = problems.filter(pl.col(column).is_in(list(decisions)))
        for problem, ident in zip(named["problem_id"], named[column], strict=True):
            against.setdefault(problem, decisions[ident])
    return _of(traces.rows, "problem_id", reason, against)


def _of(rows: pl.DataFrame, column: str, reason: str, decisions: Mapping[str, Decision]) -> pl.DataFrame:
    against = pl.DataFrame(
        {column: list(decisions), "why": [str(decision) for decision in decisions.values()]},
        schema={column: pl.String, "why": pl.String},
    )
    against = against.with_columns(pl.col(column).cast(rows.schema[column]))
    return dropped(rows.join(against, on=column, how="inner", maintain_order="left"), reason, pl.col("why"))


def _told(decisions: Mapping[str, Decision]) -> dict[str, list[str]]:
    return {ident: [decision.action, str(decision)] for ident, decision in sorted(decisions.items())}
