"""The forecast itself: what every stage of every lane has taken, and what it will take until all of it is done."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genesys.calls.journal import Journal
from genesys.calls.roles import Roles
from genesys.calls.spending import Sums
from genesys.calls.usage import CHAT, Payee, Usage
from genesys.costs.spent import spent, spent_on
from genesys.faults import GenesysError
from genesys.forecast.assumed import Assumed, assumed_generations, assumed_tasks, assumed_verifications
from genesys.forecast.evidence import Evidence, PerRow, looked_at, running_rows
from genesys.forecast.lengths import Floats
from genesys.forecast.rows import FIGURES, makespan
from genesys.lane import Lane
from genesys.lanes import chosen_lane
from genesys.ledger import ledger_asset
from genesys.overrides import open_overrides
from genesys.partition import partitions_of
from genesys.release.costs import paid_in
from genesys.settings import Settings
from genesys.settings.prices import Prices
from genesys.settings.roles import RoleSettings
from genesys.stages.chosen import chosen_generations, draws_of
from genesys.stages.draws import Draw
from genesys.stages.stage import Stage
from genesys.stages.tasks import gold_versions, tasks_stage
from genesys.stages.verifications import verifications_stages
from genesys.stores import open_journal, open_lake
from genesys.tables.lake import Lake
from genesys.teachers.casting import Named, with_named_judges
from genesys.verifiers.runner import VerifierRunner

_SURE = 1.645
"""Standard errors to either side that hold nine of ten."""
Kind = tuple[str, str]
"""A stage, and of generations the draw."""


@dataclass
class Outlook:
    """One stage of one lane; of generations, one line of the plan."""

    lane: str
    stage: str
    teacher: str
    rows: float
    rows_left: float
    paid: dict[Payee, Floats]
    """``FIGURES`` that are still to come."""
    error: float
    """Relative standard error of what is to come."""
    basis: str
    hours: float | None
    """None where nothing is known of the speed."""

    def to_come(self, name: str) -> float:
        """One of ``FIGURES`` over all who will be paid."""
        return float(sum(one[FIGURES.index(name)] for one in self.paid.values()))

    def cost(self, prices: Prices) -> float:
        """Money that is to come; of an engine that is paid by the hour, its hours."""
        tokens = sum(prices.cost(payee, _usage(one)) for payee, one in self.paid.items())
        hourly = {prices.roles[p.teacher_id].prices[3] for p in self.paid if p.teacher_id in prices.roles}
        unmeasured = not any(one[FIGURES.index("engine_seconds")] for one in self.paid.values())
        return tokens + (max(hourly, default=0.0) * (self.hours or 0.0) if unmeasured else 0.0)


def _usage(figures: Floats) -> Usage:
    return Usage.from_dict(dict(zip(FIGURES, map(float, figures), strict=True)))


@dataclass
class Forecast:
    """All of it."""

    made: dict[str, Sums]
    """By lane, what was ever spent."""
    stages: list[Outlook]
    trouble: list[str] = field(default_factory=list)
    """Lanes of which nothing can be said, and why."""

    def interval(self, made: float, to_come: Iterable[tuple[float, float]]) -> tuple[float, float, float]:
        """What was made and is to come together, and between what it ends in nine of ten cases.

        Each part that is to come has its relative error.
        """
        parts = list(to_come)
        left = sum(value for value, _ in parts)
        if left <= 0:
            return made, made, made
        relative = math.sqrt(sum((value * error) ** 2 for value, error in parts)) / left
        spread = math.exp(_SURE * relative)
        return made + left, made + left / spread, made + left * spread


async def forecast(settings: Settings, told: Assumed, lanes: Iterable[str] | None = None) -> Forecast:
    """The forecast of the lanes of these settings.

    Args:
        settings: Which lanes, plan, roles and prices.
        told: What to take for true where nothing is measured.
        lanes: Only these.
    """
    chosen = [lane for lane in settings.lanes if lanes is None or lane in lanes]
    accounts = spent(settings)
    found = Forecast({lane: spent_on(accounts.get(lane, {})) for lane in chosen}, [])
    lake, runner = open_lake(settings), VerifierRunner(settings=settings)
    with open_journal(settings, readonly=True) as journal:
        for name in chosen:
            try:
                one = _LaneForecast(
                    settings, chosen_lane(settings, name), lake, journal, runner, told, accounts.get(name, {})
                )
                found.stages += await one.run()
            except GenesysError as error:
                found.trouble.append(f"{name}: {error}")
    return found


class _LaneForecast:
    def __init__(
        self,
        settings: Settings,
        lane: Lane,
        lake: Lake,
        journal: Journal,
        runner: VerifierRunner,
        told: Assumed,
        account: dict[str, Sums],
    ) -> None:
        self._settings, self._lane, self._lake, self._journal = settings, lane, lake, journal
        self._runner, self._told, self._account = runner, told, account
        self._draws = {draw.campaign(lane): draw for draw in draws_of(settings)}
        self._evidence: dict[Kind, Evidence] = {}
        self._rows: dict[Kind, list[tuple[float, float]]] = {}
        """For each partition: rows in all, and those that are left."""

    async def run(self) -> list[Outlook]:
        """All stages, the later ones by what the earlier give."""
        shards = self._shards()
        waiting: list[tuple[Kind, float]] = []
        for shard, rows in shards:
            await self._shard(shard, rows, waiting)
        kept = self._per_row(("tasks", "")).records
        for kind, tasks in waiting:
            draw = self._draws.get(kind[1])
            if draw is not None:
                rows = tasks * kept * (1 if draw.stop else draw.samples)
                self._add(kind, rows, rows)
        responses = self._responses_to_come()
        if responses:
            self._add(("verifications", ""), responses, responses)
        kinds = [("tasks", ""), *(("generations", name) for name in self._draws), ("verifications", "")]
        return [self._outlook(kind) for kind in kinds]

    def _shards(self) -> list[tuple[str | None, float]]:
        """Names of partitions and rows; without a ledger, those of shards as it would cut them."""
        manifest = self._lake.manifest(ledger_asset(self._lane))
        if manifest is not None:
            rows = {shard: float(part.data.rows) for shard, part in manifest.parts.items()}
            return [(one.name, rows[one.shard]) for one in partitions_of(self._lane, rows)]
        if self._told.rows is None:
            raise GenesysError(
                f"its sources were never read: materialize {ledger_asset(self._lane)}, which costs nothing, or give "
                "--rows"
            )
        size = self._settings.lanes[self._lane.name].shard_size
        whole, rest = divmod(self._told.rows, size)
        sizes = [float(rows) for rows in [size] * whole + [rest] if rows]
        return [(None, rows) for rows in sizes for _ in self._lane.languages or (None,)]

    async def _shard(self, shard: str | None, rows: float, waiting: list[tuple[Kind, float]]) -> None:
        tasks = await self._look(("tasks", ""), self._tasks(shard), rows) if shard else None
        if shard is None:
            self._add(("tasks", ""), rows, rows)
        if tasks is None or shard is None:
            waiting += [(("generations", name), rows) for name in self._draws]
            return
        for stage in chosen_generations(self._settings, self._lake, self._lane, shard):
            base = stage.campaign.rpartition("-")[0]
            draw = self._draws[base]
            first, end = stage.settings["samples"] if isinstance(stage.settings["samples"], list) else (0, 1)
            await self._look(("generations", base), stage, tasks * (1 if draw.stop else end - first))
        if self._lake.manifest(f"{self._lane.name}/generations", shard) is not None and self._is_judged():
            for stage in verifications_stages(
                self._lake, self._lane, shard, runner=self._runner, acceptance=self._settings.acceptance
            ):
                responses = self._lake.part(f"{self._lane.name}/generations", shard, stage.campaign)
                await self._look(("verifications", ""), stage, float(responses.data.rows if responses else 0))

    def _tasks(self, shard: str) -> Stage[Any]:
        versions = gold_versions(self._lane, self._runner)
        ids = {"curator": self._settings.curator.teacher_id, "judge": self._settings.judge.teacher_id}
        decided = open_overrides(self._settings)
        return tasks_stage(
            self._lake, self._lane, shard, verifier_versions=versions, teacher_ids=ids, overrides=decided
        )

    async def _look(self, kind: Kind, stage: Stage[Any], rows: float) -> float | None:
        """Count the rows of one stage that is there, and learn from it; what it gave, if it is finished."""
        evidence = self._evidence.setdefault(kind, Evidence())
        part = stage.finished(self._lake)
        if part is not None:
            manifest = self._lake.need(stage.asset, stage.partition)
            alone = manifest.model_copy(update={"parts": {stage.campaign: part}})
            evidence.add_part(int(rows), part.data.rows, paid_in([alone]))
            if part.timings is not None and rows:
                timings = self._lake.file_rows(stage.asset, stage.partition, part.timings, ["kind", "seconds"])
                evidence.mean_seconds = sum(row["seconds"] for row in timings if row["kind"] == CHAT) / rows
            self._add(kind, rows, 0.0)
            return float(part.data.rows)
        known = self._account.get(stage.partition, {})
        if not any(payee.stage in ("", kind[0]) for payee in known):
            self._add(kind, rows, rows)
            return None
        segment = self._journal.segment(stage.segment)
        states = await running_rows(stage, segment, self._roles(stage))
        role = self._role(kind)
        draw = self._draws.get(kind[1])
        most = float(draw.sampling.max_tokens) if draw is not None else math.inf
        seen = looked_at(states, segment, slots=role.calls_at_once, most=most)
        if seen is not None:
            evidence.running.append(seen)
        self._add(kind, float(len(states)), float(sum(state.state != "ended" for state in states)))
        return None

    def _roles(self, stage: Stage[Any]) -> Roles:
        """In name only: a replay asks nobody."""
        cast = {"curator": self._settings.curator, "teacher": self._settings.teacher_named(stage.teacher)}
        named = {name: Named(role.teacher_id) for name, role in cast.items() if role.kind != "none"}
        structured = frozenset(name for name, role in cast.items() if role.structured)
        return with_named_judges(Roles(**named, verifiers=self._runner, structured=structured), self._settings)  # type: ignore[arg-type]

    def _role(self, kind: Kind) -> RoleSettings:
        """Who is waited for."""
        if kind[0] == "generations":
            return self._settings.teacher_named(self._draws[kind[1]].teacher)
        return self._settings.curator if kind[0] == "tasks" else self._settings.judge

    def _is_judged(self) -> bool:
        return bool(assumed_verifications(self._settings, self._lane, self._told).paid)

    def _add(self, kind: Kind, rows: float, left: float) -> None:
        self._rows.setdefault(kind, []).append((rows, left))

    def _responses_to_come(self) -> float:
        """Responses that are not there yet to be verified."""
        if not self._is_judged():
            return 0.0
        return sum(
            left * self._per_row(("generations", name)).records
            for name in self._draws
            for _, left in self._rows.get(("generations", name), [])
        )

    def _per_row(self, kind: Kind) -> PerRow:
        measured = self._evidence.get(kind, Evidence()).per_row()
        if measured is not None:
            return measured
        if kind[0] == "tasks":
            return assumed_tasks(self._settings, self._lane, self._told)
        if kind[0] == "generations":
            return assumed_generations(self._settings, self._draws[kind[1]], self._told)
        return assumed_verifications(self._settings, self._lane, self._told)

    def _outlook(self, kind: Kind) -> Outlook:
        per, shards = self._per_row(kind), self._rows.get(kind, [])
        left = sum(one for _, one in shards)
        draw: Draw | None = self._draws.get(kind[1])
        # What is to come varies by itself, besides what is not known of its mean.
        error = per.error * math.sqrt(1 + min(1.0, per.rows / left)) if left else 0.0
        return Outlook(
            lane=self._lane.name,
            stage=kind[0],
            teacher=draw.teacher if draw else "",
            rows=sum(rows for rows, _ in shards),
            rows_left=left,
            paid={payee: one * left for payee, one in per.paid.items()},
            error=error,
            basis=per.basis,
            hours=self._hours(per, self._role(kind), [one for _, one in shards if one]),
        )

    def _hours(self, per: PerRow, role: RoleSettings, shards: list[float]) -> float | None:
        """Shards come one after another, and each waits for its last answers."""
        if not shards or not per.paid:
            return 0.0
        slots = role.calls_at_once
        if per.seconds is not None and per.weights is not None:
            known = {
                rows: makespan(per.seconds, per.weights, per.tail, max(1, round(rows)), slots) for rows in set(shards)
            }
            return sum(known[rows] for rows in shards) / 3600
        if per.mean_seconds is not None:
            return sum(rows * per.mean_seconds / min(rows, max(32, 2 * slots)) for rows in shards) / 3600
        if self._told.tokens_per_second is None:
            return None
        tokens = sum(float(one[FIGURES.index("completion_tokens")]) for one in per.paid.values())
        return sum(tokens * rows / (self._told.tokens_per_second * min(rows, slots)) for rows in shards) / 3600


def total_hours(stages: Iterable[Outlook]) -> float | None:
    """All stages one after another; lines of the plan whose teachers answer side by side count once, the longest."""
    by_stage: dict[tuple[str, str], list[float | None]] = {}
    for one in stages:
        by_stage.setdefault((one.lane, one.stage), []).append(one.hours)
    if any(hours is None for found in by_stage.values() for hours in found):
        return None
    return float(np.sum([max(hours or 0.0 for hours in found) for found in by_stage.values()]))
