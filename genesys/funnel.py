"""A funnel: how many rows are left after each step of a curation, and of a ledger. Counts alone; no rows are read.

What is shown of it, and where, stands in ``genesys_dagster``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from genesys.curation.steps import Curation
from genesys.lane import Lane
from genesys.ledger import BROKEN
from genesys.ledger_state import OVERLAPS
from genesys.outcomes import Counts

ROWS_IN, KEPT, IN_SHARDS, CURATED, ELSEWHERE = "rows in", "kept", "in shards", "curated", "outside of the steps"
NO_OVERLAP = "no benchmark overlap"
LEDGER_STEPS = {"sound": BROKEN, "no duplicate": "duplicate", NO_OVERLAP: OVERLAPS}
"""What holds of rows that a ledger goes on with, and the reason of those of which it does not."""


@dataclass(frozen=True)
class Level:
    """One step of a funnel.

    Args:
        name: What holds of the rows that passed it.
        left: How many are left after it.
        lost: How many ended there: dropped, or at the last level errored, so that nothing is known of them yet.
    """

    name: str
    left: int
    lost: int = 0


def steps_of(lane: Lane) -> tuple[str, ...]:
    """The steps that a lane's rows go through; a plain function is one."""
    return tuple(step.name for step in lane.curate.steps) if isinstance(lane.curate, Curation) else (CURATED,)


def curation_funnel(counts: Counts, steps: Iterable[str]) -> tuple[Level, ...]:
    """Levels of a curation from its counts; none where these do not say at which step rows were dropped.

    Args:
        counts: Of a part or of several.
        steps: Names in their order, as the lane has them now. A step that it had when the part was made comes after.
    """
    names = tuple(steps)
    if names == (CURATED,) and not counts.dropped:
        return _levels(counts, {CURATED: counts.rejected.total()})
    if counts.rejected and not counts.dropped:
        return ()  # made before steps were counted
    lost = {name: counts.dropped[name] for name in names if name in counts.dropped or name != CURATED}
    lost |= {name: number for name, number in sorted(counts.dropped.items()) if name not in lost}
    if rest := counts.rejected.total() - counts.dropped.total():
        lost[ELSEWHERE] = rest
    return _levels(counts, lost)


def ledger_funnel(counts: Counts) -> tuple[Level, ...]:
    """Levels of a ledger from its counts; reasons that are no step of it are levels of their own."""
    lost = {name: counts.rejected[reason] for name, reason in LEDGER_STEPS.items()}
    known = set(LEDGER_STEPS.values())
    lost |= {f"not: {reason}": number for reason, number in counts.rejected.items() if reason not in known}
    return _levels(counts, lost, IN_SHARDS)


def _levels(counts: Counts, lost: Mapping[str, int], end: str = KEPT) -> tuple[Level, ...]:
    left, levels = counts.rows, [Level(ROWS_IN, counts.rows)]
    for name, number in lost.items():
        left -= number
        levels.append(Level(name, left, number))
    return (*levels, Level(end, counts.accepted, counts.errored.total()))


def funnel_problems(levels: tuple[Level, ...]) -> list[str]:
    """What does not sum: rows in = those that ended at some step + errored + kept."""
    if not levels:
        return []
    first, *steps, last = levels
    ended = sum(step.lost for step in steps)
    problems = [f"{-step.lost} more rows were dropped by steps than rejected" for step in steps if step.lost < 0]
    if first.left != (out := ended + last.lost + last.left):
        problems.append(
            f"{first.left} rows went in, but {ended} dropped by steps + {last.lost} errored + {last.left} kept = "
            f"{out} came out"
        )
    return problems


def funnel_line(levels: tuple[Level, ...]) -> str:
    """A funnel in a line: what was dropped where, of the steps that dropped something."""
    first, *steps, last = levels
    told = [f'{step.lost:,} at "{step.name}"' for step in steps if step.lost]
    dropped = f", dropped {', '.join(told)}" if told else ""
    errored = f", {last.lost:,} errored" if last.lost else ""
    return f"{first.left:,} rows{dropped}{errored}; {last.left:,} kept"
