"""Journal segments of shards that are finished: all stages sealed and up to date, and no answer waits for its table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from genesys.calls.journal import Journal
from genesys.calls.removal import Held, StoredSegment
from genesys.faults import GenesysError
from genesys.garbage.found import USED_SINCE, Kept, Removable
from genesys.lanes import LANES
from genesys.settings import Settings
from genesys.stages.chosen import chosen_generations
from genesys.stages.stage import unfinished
from genesys.stages.tallies import TALLY
from genesys.storage import is_within
from genesys.tables.lake import Lake, Manifest

_STAGES = ("tasks", "generations", "verifications")
Manifests = dict[str, Manifest]


def in_journals(lake: Lake, journal: Journal, settings: Settings, before: float) -> Iterator[Removable | Kept]:
    """Segments that can go, and those of finished shards that stay since they hold more than the tables have.

    Args:
        lake: The tables that were made of the calls.
        journal: The calls.
        settings: Whose recorded teachers read journals, and which responses are wanted.
        before: What was written later may belong to a run, and stays.
    """
    roles = settings.cast.values()
    if any(role.journal and is_within(settings.path(role.journal), journal.root) for role in roles):
        return  # this journal is somebody's recorded teacher
    for name in journal.names():
        lane, _, shard = name.rpartition("/")
        manifests = _finished(lake, lane, shard) if lane else None
        stored = journal.stored(name)
        if manifests is None or stored.modified() > before:
            continue
        try:
            waiting = _waiting(lake, stored, manifests, _has_all_samples(lake, settings, lane, shard))
        except GenesysError as error:
            yield Kept("journals", name, str(error))
            continue
        if waiting:
            why = f"{waiting:,} finished calls of it are in no table yet: a run was stopped before it sealed"
            yield Kept("journals", name, why)
        else:
            remove = partial(_remove, lake, stored, manifests, before)
            yield Removable("journals", name, stored.size, "its shard is finished", remove)


def _remove(lake: Lake, stored: StoredSegment, manifests: Manifests, before: float) -> str:
    try:
        with stored.alone():
            lane, _, shard = stored.name.rpartition("/")
            if stored.modified() > before or _finished(lake, lane, shard) != manifests:
                return USED_SINCE
            stored.delete()
    except GenesysError as error:
        return str(error)
    return ""


def _finished(lake: Lake, lane: str, shard: str) -> Manifests | None:
    """A shard's manifests, if every stage was made from what stands there now, with no row left to try again."""
    found = {stage: lake.manifest(f"{lane}/{stage}", shard) for stage in _STAGES}
    made = {stage: manifest for stage, manifest in found.items() if manifest is not None and manifest.parts}
    if len(made) < len(_STAGES) or made["generations"].parts.keys() - made["verifications"].parts.keys():
        return None
    parts = [part for manifest in made.values() for part in manifest.parts.values()]
    return made if all(not part.unfinished and not lake.changed(part) for part in parts) else None


def _has_all_samples(lake: Lake, settings: Settings, lane: str, shard: str) -> bool:
    """Whether the shard has the responses that the settings name, as far as they name any."""
    if lane not in LANES or all(settings.teacher_named(line.teacher).kind == "none" for line in settings.planned):
        return True
    return not unfinished(chosen_generations(settings, lake, LANES[lane], shard), lake)


def _waiting(lake: Lake, stored: StoredSegment, manifests: Manifests, has_all_samples: bool) -> int:
    """How many calls are in no table and may yet be asked for.

    A call that was finished before its stage was last sealed, and that no part names, was made for contents that the
    table had before: nobody asks for it any more. The exception are responses of a campaign that was never sealed,
    while another one was; if the settings name it, it has not all its samples.
    """
    sealed = {key for stage in manifests for key in _column(lake, manifests[stage], "timings", "call_key")}
    left = {call.key: call for call in stored.calls() if call.key not in sealed}
    if not left:
        return 0
    tasks = frozenset(_column(lake, manifests["tasks"], "outcomes", "row_id"))
    newest = {stage: max(part.made_at for part in manifests[stage].parts.values()) for stage in manifests}
    if not has_all_samples:
        newest["generations"] = 0.0
    return sum(call.made_at > newest[_stage_of(call, tasks)] for call in left.values())


def _stage_of(call: Held, tasks: frozenset[str]) -> str:
    if call.kind == TALLY or (call.kind == "chat" and call.name == "sample"):
        return "generations"
    return "tasks" if call.row_id in tasks else "verifications"


def _column(lake: Lake, manifest: Manifest, which: str, column: str) -> Iterator[str]:
    """A column of the timings or outcomes of all parts."""
    for part in manifest.parts.values():
        file = {"timings": part.timings, "outcomes": part.outcomes}[which]
        if file is not None:
            rows = lake.file_rows(manifest.asset, manifest.partition, file, [column])
            yield from (row[column] for row in rows)
