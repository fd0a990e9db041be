"""Which traces there are: a frame of their ids and of what they are chosen by, without texts, held in memory.

Names that repeat are categorical, so that two million traces take some hundred megabytes. Who fills it in is ``state``
or ``published``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import polars as pl

from genesys.viewer.query import Query

NAME = pl.Categorical
TRACES = {
    "response_id": pl.String,
    "campaign": NAME,
    "problem_id": pl.String,
    "lane": NAME,
    "shard": NAME,
    "task_type": NAME,
    "language": NAME,
    "source": NAME,
    "teacher": NAME,
    "score": pl.Float64,
    "verdict": NAME,
    "length": pl.UInt32,
    "is_filtered": pl.Boolean,
    "step": NAME,
    "reason": NAME,
    "place": NAME,
}
"""``verdict`` is ``accepted``, ``rejected`` or ``no score``; ``length`` is in the unit of ``Index.unit``;
``is_filtered`` says whether the filters knew of the trace, ``step`` and ``reason`` what dropped it; ``place`` names the
part that holds its texts."""
ORDER = [pl.col("response_id"), *(pl.col(name).cast(pl.String) for name in ("campaign", "shard"))]
"""Of the traces."""
PROBLEMS = {"problem_id": pl.String, "row_id": pl.String}
_FACETS = ("lane", "task_type", "language", "source", "teacher", "verdict", "step", "reason")
_MOST_CHOICES = 200
_REMEMBERED = 8


@dataclass(frozen=True)
class Index:
    """All traces of one place, by response_id, campaign and shard.

    Args:
        traces: Columns of ``TRACES``.
        problems: Columns of ``PROBLEMS``, a row a problem.
        unit: What lengths are counted in; empty where they are not known.
        notes: What a person has to know of it, such as tables that could not be read.
    """

    traces: pl.DataFrame
    problems: pl.DataFrame
    unit: str = "tokens"
    notes: tuple[str, ...] = ()
    _found: dict[str, pl.Series] = field(default_factory=dict)

    def find(self, query: Query) -> pl.Series:
        """Numbers of the traces that a query leaves, words aside, in its order; the last few are remembered."""
        key = query.address(page=1, words="", place="both", after="")
        if key not in self._found:
            rows = self.traces.lazy().with_row_index("row").filter(query.condition(self.problems))
            column = query.sort.removeprefix("-")
            if column != "id":  # the frame is in the order of ids, and the sort keeps it among equals
                descending = query.sort.startswith("-")
                rows = rows.sort(column, descending=descending, nulls_last=True, maintain_order=True)
            found = rows.select("row").collect()["row"]
            while len(self._found) >= _REMEMBERED:
                self._found.pop(next(iter(self._found)), None)
            self._found[key] = found
        return self._found[key]

    def ordered(self, rows: pl.Series, query: Query) -> pl.Series:
        """Some traces in the order of a query."""
        column = query.sort.removeprefix("-")
        if column == "id" or not len(rows):
            return rows.sort()
        frame = self.traces[rows.sort()].select(column).with_columns(rows.sort().alias("row"))
        descending = query.sort.startswith("-")
        return frame.sort(column, descending=descending, nulls_last=True, maintain_order=True)["row"]

    def of_response(self, response_id: str, campaign: str = "", shard: str = "") -> int | None:
        """The number of a trace, None if there is none; of several that fit the first one."""
        found = self.traces.lazy().with_row_index("row").filter(pl.col("response_id") == response_id)
        rows = found.select("row", "campaign", "shard").collect()
        for name, wanted in (("campaign", campaign), ("shard", shard)):
            rows = rows.filter(pl.col(name) == wanted) if wanted else rows
        return int(rows["row"][0]) if len(rows) else None

    def of_problem(self, problem_id: str) -> pl.DataFrame:
        """All traces of a problem, with their numbers as ``row``."""
        return self.traces.lazy().with_row_index("row").filter(pl.col("problem_id") == problem_id).collect()

    @functools.cached_property
    def choices(self) -> dict[str, list[tuple[str, int]]]:
        """Values that a column has, the most frequent first, with how many traces have each."""
        return {name: self._choices(name) for name in _FACETS}

    def _choices(self, name: str) -> list[tuple[str, int]]:
        counted = self.traces[name].drop_nulls().value_counts()
        rows = [(str(value), int(count)) for value, count in counted.iter_rows()]
        return sorted(rows, key=lambda one: (-one[1], one[0]))[:_MOST_CHOICES]


def index_of(
    frames: list[pl.DataFrame], problems: list[pl.DataFrame], *, unit: str = "tokens", notes: tuple[str, ...] = ()
) -> Index:
    """An index of parts, sorted."""
    traces = pl.concat([pl.DataFrame(schema=TRACES), *frames]).sort(ORDER)
    rows = pl.concat([pl.DataFrame(schema=PROBLEMS), *problems]).unique("problem_id", keep="first", maintain_order=True)
    return Index(traces, rows, unit, notes)


def verdicts(score: str = "score", accepted: str = "accepted") -> pl.Expr:
    """What became of traces, from their scores and whether they were accepted."""
    judged = pl.when(pl.col(accepted)).then(pl.lit("accepted")).otherwise(pl.lit("rejected"))
    word = pl.when(pl.col(score).is_null()).then(pl.lit("no score")).otherwise(judged)
    return word.cast(NAME).alias("verdict")
