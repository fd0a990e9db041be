"""What ``genesys run`` and ``demo`` say at their end: what became of the rows, what it cost, where it is, what next."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from genesys.calls.usage import RECORDED
from genesys.costs.spent import CHECKS, spent, spent_on
from genesys.funnel import curation_funnel, funnel_line, steps_of
from genesys.lanes import LANES
from genesys.ledger import BROKEN, broken_rows
from genesys.outcomes import Counts
from genesys.printable import printable
from genesys.release.costs import Costs, total
from genesys.settings import Settings
from genesys.settings.prices import money
from genesys.stores import open_lake
from genesys.tables.lake import WHOLE, Lake, Manifest
from genesys_dagster.metadata import error_details
from genesys_dagster.pipeline import RunEnd

STAGES = ("tasks", "generations", "verifications")
DATASETS = ("filtered", "sft")
DETAILS = 3
SPELLING = "{genesys} {words}"


class Summary:
    """Read from the manifests, so that it says what stands there, whoever made it.

    Args:
        settings: Whose lanes.
        ends: How the runs ended.
        seconds: How long it all took.
        spelling: How a command on these settings and this state is written.
        offers_init: Whether settings of one's own are what comes next.
    """

    def __init__(
        self,
        settings: Settings,
        ends: Sequence[RunEnd],
        seconds: float,
        *,
        spelling: str = SPELLING,
        offers_init: bool = False,
    ) -> None:
        """Read all manifests of the lanes."""
        self._settings, self._ends, self._seconds = settings, ends, seconds
        self._spelling, self._offers_init = spelling, offers_init
        self._lake = open_lake(settings)
        self._by_table: dict[str, Counts] = {}
        self._prices, self._spent = settings.prices, spent(settings)
        self._tokens = {"prompt_tokens": 0.0, "completion_tokens": 0.0}
        for lane in settings.lanes:
            self._add(f"{lane}/ledger", _manifests(self._lake, f"{lane}/withdrawn"))
            for stage in STAGES:
                self._add(f"{lane}/{stage}", _manifests(self._lake, f"{lane}/{stage}"))
            for payee, used in spent_on(self._spent.get(lane, {})).items():
                if payee.stage == CHECKS:  # golds that were put before judges have no table of their own
                    self._tokens["prompt_tokens"] += used.prompt_tokens
                    self._tokens["completion_tokens"] += used.completion_tokens
        for name in DATASETS:
            self._add(f"dataset/{name}", _manifests(self._lake, f"dataset/{name}"))

    @property
    def errored(self) -> int:
        """Rows that are left to be tried again."""
        return sum(counts.errored.total() for counts in self._by_table.values())

    def print(self, stream: IO[str]) -> None:
        """For a person."""
        from rich.console import Console

        console = Console(file=stream, highlight=False, soft_wrap=True)
        console.print(self._table())
        for line in self._lines():
            console.print(line, markup=False)

    def _add(self, table: str, manifests: list[Manifest]) -> None:
        counts = Counts()
        for manifest in manifests:
            counts.merge(manifest.counts)
            for name in self._tokens:
                self._tokens[name] += manifest.figure(name)
        self._by_table[table] = counts

    def _table(self) -> object:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE, title="What became of the rows", title_justify="left")
        table.add_column("table")
        for name in ("rows in", "accepted", "rejected", "errored"):
            table.add_column(name, justify="right")
        for name, counts in self._by_table.items():
            numbers = (counts.rows, counts.accepted, counts.rejected.total(), counts.errored.total())
            table.add_row(name, *(f"{number:,}" for number in numbers))
        return table

    def _lines(self) -> Iterator[str]:
        yield from self._reasons("rejected")
        yield from self._broken_rows()
        yield from self._reasons("errored")
        yield from self._details()
        yield ""
        yield from self._funnels()
        for lane in self._settings.lanes:
            verdicts = self._by_table[f"{lane}/verifications"]
            rate = f"{verdicts.accepted / verdicts.rows:.1%}" if verdicts.rows else "no verdict yet"
            yield f"Pass rate      {lane}: {rate} ({verdicts.accepted:,} of {verdicts.rows:,} responses)"
        yield from self._not_run()
        prompt, completion = self._tokens.values()
        recorded = self._settings.teacher.kind == "recorded"
        counted = "words and marks: no tokenizer made recorded answers" if recorded else "as the endpoint counts"
        yield f"Tokens         {prompt:,.0f} asked, {completion:,.0f} answered ({counted})"
        yield from self._costs()
        made = sum(end.calls_made for end in self._ends)
        replayed = sum(end.calls_from_journal for end in self._ends)
        idle = "" if made + replayed else " (everything stood there already)"
        yield f"Calls          {made:,} made now, {replayed:,} answered from the journal{idle}"
        yield f"Time           {self._seconds:.1f} s"
        yield f"Files          {_shown(self._lake.root)}"
        yield from (f"               {file}" for file in self._dataset_files())
        yield from self._problems()
        yield from self._next()

    def _funnels(self) -> Iterator[str]:
        """Where the rows of each lane ended before they were tasks."""
        for lane in self._settings.lanes:
            tasks = self._by_table[f"{lane}/tasks"]
            if tasks.rows and (levels := curation_funnel(tasks, steps_of(LANES[lane]))):
                yield f"Curation       {lane}: {funnel_line(levels)}"

    def _costs(self) -> Iterator[str]:
        """All that was ever paid for, whatever became of it, over what came of it."""
        of_lanes = {lane: Costs(spent_on(self._spent.get(lane, {}))) for lane in self._settings.lanes}
        for lane, costs in of_lanes.items():
            costs.traces = self._by_table[f"{lane}/verifications"].accepted
            each = costs.per_trace(self._prices)
            if each is not None and costs.paid:
                price = f", {money(each[1])}" if self._prices.any else ""
                yield f"Per trace      {lane}: {each[0]:,.0f} tokens{price} (of {costs.traces:,} verified ones)"
        whole = total(of_lanes)
        if self._prices.any:
            shares = [f"{name} {money(self._prices.total(paid))}" for name, paid in whole.by_teacher().items()]
            of = f": {', '.join(shares)}" if len(shares) > 1 else ""
            yield f"Spent          {money(self._prices.total(whole.paid))} in all{of} (in the currency of the prices)"
            paid_ids = {payee.teacher_id for payee in whole.paid if payee.tier != RECORDED}
            if without := self._prices.unpriced(paid_ids):
                yield f"               without {', '.join(without)}, of which no price is known"
        if whole.used.estimated:
            yield f"               {whole.used.estimated:,} calls were told no tokens; they are taken from the texts"

    def _reasons(self, kind: str) -> Iterator[str]:
        found = [
            (table, reason, count)
            for table, counts in self._by_table.items()
            for reason, count in getattr(counts, kind).most_common()
        ]
        if found:
            yield f"{kind.capitalize()}, by reason"
            width = max(len(table) for table, _, _ in found)
            yield from (f"  {table:{width}}  {count:5,}  {reason}" for table, reason, count in found)

    def _details(self) -> Iterator[str]:
        """Why rows errored, the most frequent reasons of each lane; their short names alone help nobody."""
        for lane in self._settings.lanes:
            found: Counter[str] = Counter()
            for stage in STAGES:
                for manifest in _manifests(self._lake, f"{lane}/{stage}"):
                    found.update(dict(error_details(self._lake, manifest)))
            yield from (f"  {lane}: {detail} ({count:,} rows)" for detail, count in found.most_common(DETAILS))

    def _broken_rows(self) -> Iterator[str]:
        """The first source rows of each lane that could not be used, with what is wrong with them."""
        for lane in self._settings.lanes:
            rows = islice(broken_rows(self._lake, LANES[lane]), DETAILS)
            yield from (f"  {lane}: {printable(row)}" for row in rows)
            if (more := self._by_table[f"{lane}/ledger"].rejected[BROKEN] - DETAILS) > 0:
                yield f"  {lane}: and {more:,} more broken rows, shown in the UI with {lane}/ledger"

    def _dataset_files(self) -> Iterator[str]:
        manifest = self._lake.manifest("dataset/sft")
        for part in manifest.parts.values() if manifest else ():
            yield f"{_shown(self._lake.uri('dataset/sft', WHOLE, part.data))}  (the SFT set, {part.data.rows:,} rows)"

    def _not_run(self) -> Iterator[str]:
        for end in self._ends:
            if end.not_run:
                first, *more = end.not_run.splitlines()
                yield f"Not run        {end.job}{f' in {end.language}' if end.language else ''}: {first}"
                yield from (f"               {line}" for line in more)

    def _problems(self) -> Iterator[str]:
        for end in self._ends:
            if not end.not_run and (not end.success or end.problems):
                yield ""
                yield f"{'Failed' if not end.success else 'Look at'}: {end.job} {end.partition or ''}".rstrip()
                yield from (f"  {problem}" for problem in end.problems)

    def _next(self) -> Iterator[str]:
        steps = [("ui", "the graph, and each shard with its figures, samples and plots")]
        if self.errored:
            steps.insert(0, ("calls why", "why calls failed; the same command as now tries them again"))
        if (response_id := self._any_response()) is not None:
            steps.append((f"audit {response_id}", "where this trace came from, step by step"))
        steps = [(self._spelling.format(genesys=_command(), words=words), why) for words, why in steps]
        if self._offers_init:
            steps.append((f"{_command()} init", "settings of your own: your problems, your endpoint"))
        width = max(len(command) for command, _ in steps)
        yield ""
        yield "Try next"
        yield from (f"  {command:{width}}  {why}" for command, why in steps)

    def _any_response(self) -> str | None:
        manifest = self._lake.manifest("dataset/sft")
        rows = self._lake.rows("dataset/sft", columns=["response_id"]) if manifest else iter(())
        first = next(rows, None)
        return first["response_id"] if first else None


def _manifests(lake: Lake, asset: str) -> list[Manifest]:
    found = (lake.manifest(asset, partition) for partition in lake.partitions(asset))
    return [manifest for manifest in found if manifest is not None]


def _shown(place: str) -> str:
    """A place as it is written from here."""
    path = Path(place)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else place


def _command() -> str:
    """How this command is called from here: an environment that is not active has to be named."""
    found, ours = shutil.which("genesys"), Path(sys.executable).parent / "genesys"
    return "genesys" if found and Path(found).resolve() == ours.resolve() else _shown(str(ours))
