"""What the rules of a lane make of a source, without a single call: how many rows they drop, at which step and why.

For whoever brings a source or writes a lane: a ledger on tables that are thrown away, then the steps before the first
that asks somebody. What a person sees of it is ``genesys.commands.curate``.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, end_of
from genesys.calls.journal import Journal
from genesys.curation.common.people import PERSONAL, SECRET
from genesys.curation.steps import Curation, Step
from genesys.funnel import ELSEWHERE, NO_OVERLAP, Level, curation_funnel, ledger_funnel
from genesys.hashing import derived_seed
from genesys.lane import Lane, LedgerRow
from genesys.ledger import BROKEN, ledger_asset, ledger_rows, update_ledger, withdrawn_asset
from genesys.outcomes import Counts, Outcome, accepted
from genesys.quality.benchmarks import Benchmarks
from genesys.sources import Opened
from genesys.stages.tasks import read_ledger_row
from genesys.tables.lake import WHOLE, Lake

Item = dict[str, Any]

SHARD_SIZE = 1024
SHOWN = 200
"""Characters of a statement that are listed."""
LEDGER, ERRORED = "ledger", "errored"
_UNTOLD = frozenset({SECRET, PERSONAL})


@dataclass
class Judged:
    """What the rules said."""

    lane: str
    language: str | None
    ledger: Counts
    against_benchmarks: bool = False
    """Whether the ledger looked for overlaps with public test sets."""
    rules: Counts = field(default_factory=Counts)
    steps: tuple[str, ...] = ()
    """Of rules, in their order."""
    left_to: tuple[tuple[str, str], ...] = ()
    """(who, step) of those that come after, which the kept rows have still to pass."""
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Dropped or errored rows by step and reason."""
    kept_rows: list[Item] = field(default_factory=list)
    dropped_rows: list[Item] = field(default_factory=list)

    @property
    def levels(self) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """The funnels of the ledger and of the rules."""
        ledger = ledger_funnel(self.ledger)
        if not self.against_benchmarks:
            ledger = tuple(level for level in ledger if level.name != NO_OVERLAP)
        return ledger, curation_funnel(self.rules, self.steps)

    def as_dict(self) -> Item:
        """For programs."""
        ledger, rules = ([vars(level) for level in levels] for levels in self.levels)
        reasons = [{"step": step, "reason": reason, "rows": n} for (step, reason), n in self.reasons.most_common()]
        return {
            "lane": self.lane,
            "language": self.language,
            "ledger": ledger,
            "rules": rules,
            "reasons": reasons,
            "left_to": [{"by": by, "step": step} for by, step in self.left_to],
            "kept": self.kept_rows,
            "dropped": self.dropped_rows,
        }


class _Drawn:
    """So many of all rows that pass by, each with the same chance, and the same ones in each run."""

    def __init__(self, most: int, *seed: Any) -> None:
        self.rows: list[tuple[int, Item]] = []
        self._most, self._seen, self._dice = most, 0, random.Random(derived_seed(*seed))

    def add(self, item: Item) -> None:
        self._seen += 1
        place = len(self.rows) if len(self.rows) < self._most else self._dice.randrange(self._seen)
        if place < self._most:
            self.rows[place : place + 1] = [(self._seen, item)]

    def in_order(self) -> list[Item]:
        return [item for _, item in sorted(self.rows, key=lambda row: row[0])]


async def judge(
    lane: Lane,
    opened: list[Opened],
    *,
    language: str | None = None,
    listed: int = 0,
    benchmarks: Benchmarks | None = None,
) -> Judged:
    """Take all rows of sources through a ledger and through a lane's rules.

    Args:
        lane: Whose rules.
        opened: The sources.
        language: Of the partition, in lanes that have several.
        listed: How many kept and how many dropped rows are listed, drawn from all of them.
        benchmarks: Public test sets that no row may overlap.

    Raises:
        GenesysError: A source of which nothing can be used.
    """
    kept, dropped = _Drawn(listed, "kept", lane.name), _Drawn(listed, "dropped", lane.name)
    rules, left_to = _parted(lane)
    with tempfile.TemporaryDirectory(prefix="genesys-curate-") as scratch:
        lake = Lake(Path(scratch) / "lake")
        update = update_ledger(lake, lane, opened, shard_size=SHARD_SIZE, benchmarks=benchmarks)
        judged = Judged(lane.name, language, update.counts, benchmarks is not None, steps=rules, left_to=left_to)
        for row in _refused(lake, lane):
            judged.reasons[LEDGER, row["reason"]] += 1
            # Of a broken row the text that it holds is not told: nobody has looked for secrets in it.
            detail = json.loads(row["detail"])["where"] if row["reason"] == BROKEN else row["detail"]
            dropped.add({"row": row["row_id"], "step": LEDGER, "reason": row["reason"], "detail": detail})
        with Journal(Path(scratch) / "journal") as journal:
            # Rules make no call; one that does finds nobody who could answer, and its row is errored.
            calls = Calls("rules", journal.segment("rules"), Roles())
            for shard in lake.need(ledger_asset(lane)).parts if lake.manifest(ledger_asset(lane)) else ():
                for row in ledger_rows(lake, lane, shard):
                    item = {"row": f"{row['file']}:{row['row']}", "problem_id": row["problem_id"]}
                    end = await _end(lane, read_ledger_row(lane, row, language), calls)
                    judged.rules.add(end)
                    if end.status == "accepted":
                        kept.add(item | {"statement": _statement(lane, row)})
                        continue
                    step = end.step or (ERRORED if end.status == "errored" else ELSEWHERE)
                    reason = end.reason or ""
                    judged.reasons[step, reason] += 1
                    told = "(not shown)" if reason in _UNTOLD else _statement(lane, row)
                    dropped.add(item | {"statement": told, "step": step, "reason": reason, "detail": end.detail})
    judged.kept_rows, judged.dropped_rows = kept.in_order(), dropped.in_order()
    return judged


def _parted(lane: Lane) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Names of the rules that come first, and the steps after them."""
    if not isinstance(lane.curate, Curation):
        return (), (("its own function", "all of it"),)
    steps: tuple[Step[Any], ...] = lane.curate.steps
    first = next((place for place, step in enumerate(steps) if step.by != "rules"), len(steps))
    return tuple(step.name for step in steps[:first]), tuple((step.by, step.name) for step in steps[first:])


async def _end(lane: Lane, row: LedgerRow, calls: Calls) -> Outcome:
    """How a row ends by rules alone; accepted are those that they do not drop."""

    async def function(row: LedgerRow, calls: Calls) -> Outcome:
        ended = await lane.curate.by_rules(row, calls) if isinstance(lane.curate, Curation) else None
        return ended or accepted()

    work = Work(rows=lambda: (), row_id=lambda row: row.problem_id, function=function)
    return await end_of(work, row, calls)


def _refused(lake: Lake, lane: Lane) -> Iterator[Item]:
    """Rows that the ledger has not taken."""
    for part in lake.need(withdrawn_asset(lane)).parts.values():
        if part.outcomes is not None:
            for row in lake.file_rows(withdrawn_asset(lane), WHOLE, part.outcomes):
                if row["status"] == "rejected":
                    yield row


def _statement(lane: Lane, row: Item) -> str:
    """The beginning of a row's statement, on one line."""
    upstream = read_ledger_row(lane, row).upstream
    return " ".join(lane.identify(upstream).statement[: 4 * SHOWN].split())[:SHOWN]
