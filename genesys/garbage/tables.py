"""Parts that no manifest names, and what killed runs left half written, in the tables of a lake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from genesys.garbage.found import USED_SINCE, Removable
from genesys.tables.lake import Lake

_PART = re.compile(r"[0-9a-f]{32}\.parquet")
_TEMPORARY = re.compile(r"part-[^/]*\.tmp|\.manifest\.json\.\d+\.tmp")


def in_tables(lake: Lake, before: float) -> Iterator[Removable]:
    """What can go from the tables.

    Args:
        lake: The tables.
        before: What was written later may belong to a run, and stays.
    """
    named: dict[tuple[str, str], frozenset[str]] = {}
    for asset, partition, file in lake.listing():
        is_part = bool(_PART.fullmatch(file.path))
        if not (is_part or _TEMPORARY.fullmatch(file.path)) or file.modified > before:
            continue
        place = (asset, partition)
        if place not in named:
            named[place] = _named(lake, *place)
        if file.path not in named[place]:
            yield Removable(
                "tables" if is_part else "leftovers",
                f"{asset}/{partition}/{file.path}".strip("/"),
                file.size,
                "no manifest names it" if is_part else "half written",
                partial(_remove, lake, asset, partition, file.path, before),
            )


def _named(lake: Lake, asset: str, partition: str) -> frozenset[str]:
    manifest = lake.manifest(asset, partition)
    return frozenset(file.name for part in manifest.parts.values() for file in part.files) if manifest else frozenset()


def _remove(lake: Lake, asset: str, partition: str, name: str, before: float) -> str:
    # A part is named by its content: a table that was made again meanwhile has its old name.
    with lake.exclusive(asset, partition, ".lock"):
        try:
            if lake.modified(asset, partition, name) > before or name in _named(lake, asset, partition):
                return USED_SINCE
            lake.delete(asset, partition, name)
        except FileNotFoundError:
            pass  # who wrote it has removed it, or renamed it
    return ""
