"""``genesys gc``: what the state holds and nothing needs. What a shard still needs is told from its manifests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import fsspec
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.calls import database
from genesys.calls.journal import Journal
from genesys.calls.segment import SUFFIX
from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.lake import Lake
from genesys.settings import Settings, load_settings
from genesys.stores import open_journal, open_lake
from genesys.teachers.casting import ROLES

Kind = Literal["tables", "journals", "caches", "leftovers"]
KINDS: tuple[Kind, ...] = ("tables", "journals", "caches", "leftovers")
_PART = re.compile(r"[0-9a-f]{32}\.parquet")
_TEMPORARY = re.compile(r"part-[^/]*\.tmp|\.manifest\.json\.\d+\.tmp")
_STAGES = ("tasks", "generations", "verifications")
_LOST = {
    "tables": "earlier contents of tables, which no manifest names any more, cannot be read again",
    "journals": "an audit cannot replay the calls of these shards any more, and whoever makes their tables anew asks, "
    "pays and verifies anew; the tables stay",
    "caches": "nothing; a journal on object storage is fetched again where it is needed",
    "leftovers": "nothing; runs that were killed left them half written",
}


class GcOptions(Options):
    """Show what can be removed from the state that the settings name, and remove it with --yes.

    Nothing is shown that an unfinished shard needs, and nothing younger than the grace period.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys gc")

    yes: bool = Field(False, description="remove what is shown; without it nothing is removed")
    what: tuple[Kind, ...] = Field(KINDS, description=f"only some of: {', '.join(KINDS)}")
    grace: float = Field(24.0, ge=0, description="hours; what was changed later may belong to a run, and stays")
    config: str = Field("", description=CONFIG_HELP)


@dataclass(frozen=True)
class Removable:
    """Something that can go."""

    kind: Kind
    name: str
    size: int
    """Bytes."""
    why: str
    remove: Callable[[], object]


def main(argv: list[str]) -> int:
    """Show what nothing needs any more, and remove it with --yes.

    Raises:
        GenesysError: The settings cannot be read.
    """
    options = parse(GcOptions, argv)
    settings = load_settings(options.config or None)
    before = time.time() - options.grace * 3600
    lake = open_lake(settings)
    with open_journal(settings) as journal:
        found = [*_in_lake(lake, settings, before), *_journals(lake, journal, settings, before)]
        found = [item for item in [*found, *_caches(journal, before)] if item.kind in options.what]
        _tell(found, settings)
        if options.yes:
            for item in found:
                item.remove()
    if found:
        total = _size(sum(item.size for item in found))
        print(f"Removed: {total}." if options.yes else f"Nothing was removed. `genesys gc --yes` removes {total}.")
    return DONE


def _tell(found: list[Removable], settings: Settings) -> None:
    if not found:
        print(f"Nothing can go from {settings.path('{state}')}.")
    for kind in KINDS:
        chosen = [item for item in found if item.kind == kind]
        if chosen:
            print(f"{kind}: {len(chosen):,}, {_size(sum(item.size for item in chosen))}. What is lost: {_LOST[kind]}.")
            for item in chosen:
                print(f"  {_size(item.size):>9}  {item.name}  ({item.why})")


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


# Tables ----------------------------------------------------------------------------------------------------------


def _in_lake(lake: Lake, settings: Settings, before: float) -> Iterator[Removable]:
    """Parts that no manifest names, and what killed runs left; both older than the grace period."""
    fs, base = fsspec.core.url_to_fs(lake.root, **settings.lake.storage_options)
    fs.invalidate_cache()
    manifests: dict[str, set[str]] = {}
    for path, info in sorted(fs.find(base, detail=True).items()):
        folder, _, name = path.rpartition("/")
        if not (_PART.fullmatch(name) or _TEMPORARY.fullmatch(name)) or fs.modified(path).timestamp() > before:
            continue
        if folder not in manifests:
            manifests[folder] = _named(lake, folder.removeprefix(base).strip("/"))
        if name in manifests[folder]:
            continue
        kind: Kind = "tables" if _PART.fullmatch(name) else "leftovers"
        why = "no manifest names it" if kind == "tables" else "half written"
        yield Removable(kind, path.removeprefix(base).strip("/"), info["size"], why, partial(fs.rm_file, path))


def _named(lake: Lake, folder: str) -> set[str]:
    asset, _, partition = folder.rpartition("/")
    manifest = lake.manifest(asset, partition)
    return {file.name for part in manifest.parts.values() for file in part.files} if manifest else set()


# Journals --------------------------------------------------------------------------------------------------------


def _journals(lake: Lake, journal: Journal, settings: Settings, before: float) -> Iterator[Removable]:
    """Segments of shards whose stages are all sealed, finished and up to date."""
    recorded = [settings.path(role.journal) for role in (getattr(settings, name) for name in ROLES) if role.journal]
    if any(place.startswith(journal.root) for place in recorded):
        return  # this journal is somebody's recorded teacher
    for name in journal.names():
        lane, _, shard = name.rpartition("/")
        files = _files(journal.folder / f"{name}{SUFFIX}")
        is_young = any(path.stat().st_mtime > before for path in files)
        if lane and not is_young and _is_done(lake, lane, shard):
            size = sum(path.stat().st_size for path in files)
            yield Removable("journals", name, size, "its shard is finished", partial(journal.remove, name))


def _is_done(lake: Lake, lane: str, shard: str) -> bool:
    """Whether every stage of a shard was made from what stands there now, with no row left to try again."""
    manifests = {stage: lake.manifest(f"{lane}/{stage}", shard) for stage in _STAGES}
    made = [manifest for manifest in manifests.values() if manifest is not None and manifest.parts]
    if len(made) < len(_STAGES):
        return False
    generations, verifications = manifests["generations"], manifests["verifications"]
    assert generations is not None  # noqa: S101 - see above
    assert verifications is not None  # noqa: S101
    if generations.parts.keys() - verifications.parts.keys():
        return False
    parts = [part for manifest in made for part in manifest.parts.values()]
    return all(not part.unfinished and not lake.changed(part) for part in parts)


def _caches(journal: Journal, before: float) -> Iterator[Removable]:
    """Local logs of a journal on object storage, all of whose records are there too."""
    if not journal.remote:
        return
    for path in sorted(journal.folder.rglob(f"*{SUFFIX}")):
        files = _files(path)
        if all(file.stat().st_mtime <= before for file in files) and not _to_upload(path):
            size = sum(file.stat().st_size for file in files)
            name = path.relative_to(journal.folder).as_posix().removesuffix(SUFFIX)
            yield Removable("caches", name, size, "uploaded, and not used lately", partial(_unlink, files))


def _to_upload(path: Path) -> Any:
    with closing(database.connect(path, readonly=True)) as db:
        return db.execute("select exists (select 1 from calls where part is null)").fetchone()[0]


def _files(path: Path) -> list[Path]:
    beside = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
    return [file for file in beside if file.exists()]


def _unlink(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
