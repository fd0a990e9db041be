"""The whole pipeline through Dagster in this process: ledgers, every shard through its lane, data sets.

What ``genesys run``, ``genesys demo``, tests and benchmarks run; the UI has the same jobs. Runs are recorded in the
instance that is given, as if they had been started there.
"""

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Self

import dagster as dg

from genesys.lanes import LANES, chosen_lane
from genesys.partition import Partition
from genesys.settings import Settings
from genesys_dagster import internals
from genesys_dagster.assets.datasets import GROUP
from genesys_dagster.definitions import build_defs
from genesys_dagster.partitions import key_of, known_partitions
from genesys_dagster.presence import place_tags, present
from genesys_dagster.resources.workbench import Watch, Workbench

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class RunEnd:
    """How one run ended."""

    job: str
    partition: str | None
    """The partition's name."""
    run_id: str
    success: bool
    calls_made: int = 0
    calls_from_journal: int = 0
    problems: tuple[str, ...] = ()
    """Why it failed, and which checks did not pass, in words."""
    not_run: str = ""
    """What is missing on this machine, and the command that gets it: then nothing was tried."""
    language: str | None = None
    """Of the partition, in lanes with languages."""


class Pipeline:
    """Runs of all jobs, one after another, with one workbench for all of them. To be used in a ``with`` block.

    Args:
        settings: Lanes, sources, roles.
        instance: Where runs are recorded.
        resource_overrides: As of ``build_defs``.
        watch: As of ``Workbench``.
        started: Told of each run before it starts: its job and its partition.
        quiet: Keep Dagster's own log off the terminal.
    """

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance,
        *,
        resource_overrides: dict[str, Any] | None = None,
        watch: Watch | None = None,
        started: Callable[[str, str | None], None] | None = None,
        quiet: bool = True,
    ) -> None:
        """Assemble the definitions; nothing runs yet."""
        self._settings, self._instance = settings, instance
        self._config = QUIET if quiet else {}
        self._started = started
        self._bench = Workbench(watch, settings=settings)
        shared = {"workbench": dg.ResourceDefinition.hardcoded_resource(self._bench)}
        self._defs = build_defs(settings, resource_overrides=shared | (resource_overrides or {}))

    def __enter__(self) -> Self:
        """For ``with``, which ends in the shutdown of the verifiers."""
        return self

    def __exit__(self, *_: object) -> None:
        """Shut the verifiers down."""
        self._bench.close()

    def runs(self, lanes: Collection[str] | None = None, languages: Collection[str] | None = None) -> Iterator[RunEnd]:
        """Everything, run by run as they end; a run that fails does not stop the others.

        A lane that reads another one comes after it, its ledger too. Of a lane for which something is missing here the
        further shards are left alone; where it has languages, those of this language; none where shards may each need
        other things.

        Args:
            lanes: Only these; by default all.
            languages: Only these, in lanes that have some; by default all.
        """
        chosen = [lane for lane in self._settings.lane_order if lanes is None or lane in lanes]
        readers = {lane for lane in chosen if any(one.lane for one in self._settings.lanes[lane].sources)}
        for lane in chosen:
            if lane not in readers:
                yield self.run_job(f"{lane}_ledger")
        for lane in chosen:
            if lane in readers:
                yield self.run_job(f"{lane}_ledger")
            yield from self._lane_runs(lane, languages)
        yield self.run_job(GROUP)

    def _lane_runs(self, lane: str, languages: Collection[str] | None) -> Iterator[RunEnd]:
        lacking: set[str | None] = set()
        for partition in self.partitions(lane):
            left_out = languages is not None and partition.language is not None and partition.language not in languages
            if not left_out and partition.language not in lacking:
                end = self.run_job(lane, partition)
                yield end
                if end.not_run and LANES[lane].task_type is None:
                    lacking.add(partition.language)

    def partitions(self, lane: str) -> list[Partition]:
        """The lane's partitions, in order."""
        return known_partitions(self._instance, chosen_lane(self._settings, lane))

    def run_job(self, name: str, partition: Partition | str | None = None) -> RunEnd:
        """One run of one job, of a partition where it has some; in a lane without languages a shard's name does.

        Raises:
            KeyboardInterrupt: It was stopped by a signal.
        """
        place = Partition(partition) if isinstance(partition, str) else partition
        shown = place.name if place else None
        if self._started is not None:
            self._started(name, shown)
        run_id = str(uuid.uuid4())
        with present(self._instance, run_id):
            result = self._defs.resolve_job_def(name).execute_in_process(
                instance=self._instance,
                partition_key=key_of(place) if place else None,
                run_id=run_id,
                run_config=self._config,
                tags=place_tags(self._instance),
                raise_on_error=False,
            )
        if internals.interrupted(result.all_events):
            raise KeyboardInterrupt
        made, replayed = _calls(result)
        not_run = next(iter(_missing(result)), "")
        problems, language = tuple(_problems(result)), place.language if place else None
        return RunEnd(name, shown, run_id, result.success, made, replayed, problems, not_run, language)


def _calls(result: dg.ExecuteInProcessResult) -> tuple[int, int]:
    """Calls (made, answered from the journal) of a run, as its materializations tell."""
    made = replayed = 0
    for event in result.get_asset_materialization_events():
        metadata: Any = event.materialization.metadata
        if "calls_made" in metadata:
            made += metadata["calls_made"].value
            replayed += metadata["calls_from_journal"].value
    return made, replayed


def _missing(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in result.all_events:
        if event.is_step_failure and internals.is_not_run(event):
            yield internals.failure_text(event)


def _problems(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in result.all_events:
        if event.is_step_failure:
            yield f"{event.step_key}: {internals.failure_text(event)}"
    for check in result.get_asset_check_evaluations():
        if not check.passed:
            yield f"check {check.check_name} of {check.asset_key.to_user_string()}: {check.description}"
