"""What a report says, as data: gathered from the tables, drawn for the page and for the UI. No table is read here.

Texts of traces and tasks stand in here as they are; whoever shows them escapes them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Cell = str | int | float | None


class Fact(BaseModel):
    """Something that is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Fact):
    """What is left after a step."""

    name: str
    left: int
    lost: int


class Funnel(Fact):
    """Rows or traces through steps."""

    name: str
    steps: tuple[Step, ...]


class GroupRate(Fact):
    """The pass rate of one group of problems, with its 95 % interval."""

    scope: str
    group: str
    problems: int
    responses: int
    accepted: int
    value: float
    low: float
    high: float


class Table(Fact):
    """Figures in rows; numbers stand on the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(cls, header: tuple[str, ...], rows: Any) -> Table:
        """From any rows."""
        return cls(header=header, rows=tuple(tuple(row) for row in rows))


class Bars(Fact):
    """How many of each, in order."""

    names: tuple[str, ...]
    counts: tuple[int, ...]


class Spread(Fact):
    """Lengths of two kinds of traces: counts between edges."""

    of: str
    edges: tuple[float, ...]
    accepted: tuple[int, ...]
    rejected: tuple[int, ...]


class Difficulty(Fact):
    """Problems by how often they were solved."""

    rates: Bars
    bands: Table
    predicted: tuple[tuple[float, int, float], ...] = ()
    """Predicted difficulty, problems, mean pass rate."""


class Duplicates(Fact):
    """What says the same as something else."""

    kinds: Table
    clusters: Bars
    """Clusters of families by how many there are in one."""


class Costs(Fact):
    """What was paid."""

    table: Table
    per_trace: tuple[float, float] | None
    """Tokens and money for each trace of the data set."""
    priced: bool


class Judges(Fact):
    """How far judges agree."""

    verdicts: int
    read: int
    """Of so many of them the votes were read."""
    figures: Table
    ends: Table
    judges: Table


class Diversity(Fact):
    """The measures of all together, how they came about, and what moved."""

    version: str
    before: str | None
    measures: Table
    phrases: Table
    moved: Table
    warnings: int
    versions: tuple[str, ...]
    """All that were measured in the same way, the oldest first."""
    lines: dict[str, tuple[float | None, ...]]
    """A measure's values over the versions."""


class ShownTrace(Fact):
    """A trace to read."""

    response_id: str
    teacher: str
    end: Literal["accepted", "rejected"]
    """By its verdict."""
    verdict: tuple[tuple[str, str], ...]
    """Score, rule, answer and reason, as far as there are any."""
    thinking: str
    answer: str


class Sample(Fact):
    """Traces of a problem side by side."""

    lane: str
    kind: Literal["accepted beside rejected", "borderline"]
    why: str
    problem_id: str
    source: str
    prompt: str
    gold: str
    pass_rate: str
    traces: tuple[ShownTrace, ...]


class Facts(Fact):
    """All of a report."""

    versions: dict[str, str]
    """Data version of each data set it tells of."""
    traces: int
    chosen: int
    problems: int
    curation: tuple[Funnel, ...]
    filters: Funnel
    by_lane: Table
    reasons: Table
    rates: tuple[GroupRate, ...]
    difficulty: Difficulty
    lengths: tuple[Spread, ...]
    length_table: Table
    duplicates: Duplicates
    costs: Costs
    judges: Judges | None
    errors: Table | None
    """Estimated rates of wrong accepts and rejects."""
    diversity: Diversity | None
    disputed: Table
    disputed_counts: dict[str, int]
    samples: tuple[Sample, ...]
