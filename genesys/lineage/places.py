"""Where a response stands: search by its id or the beginning of one. What is said of it stands in ``chain``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.lineage.releases import BY_RESPONSE
from genesys.partition import Partition
from genesys.release.choice import FILTERED, LINEAGE
from genesys.stages.generations import generations_asset
from genesys.tables.lake import WHOLE, File, Lake

ID_LENGTH = 24
_SHOWN = 5


class UnknownResponse(GenesysError):
    """No response has this id, or several begin like it."""


@dataclass(frozen=True)
class Place:
    """Which part holds a response."""

    lane: Lane
    shard: str
    """The partition's name."""
    campaign: str
    response_id: str

    @property
    def partition(self) -> Partition:
        """Shard and language."""
        return Partition.of(self.lane, self.shard)


def find(lake: Lake, lanes: Iterable[Lane], wanted: str) -> Place:
    """The one response whose id is, or begins with, ``wanted``.

    A released response is found through the lineage of a data set; else the id columns of all generations are read.

    Raises:
        UnknownResponse: There is none, or more than one; says what is near, and which tables could not be read.
    """
    by_name = {lane.name: lane for lane in lanes}
    if len(wanted) == ID_LENGTH and (place := _released(lake, by_name, wanted)) is not None:
        return place
    found: list[Place] = []
    near: set[str] = set()
    unreadable: list[str] = []
    for lane, shard, campaign, file in _parts(lake, by_name):
        try:
            ids = lake.file_frame(generations_asset(lane), shard, file, ["response_id"])["response_id"]
        except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
            unreadable.append(f"{lake.uri(generations_asset(lane), shard, file)} cannot be read: {error}")
            continue
        found += [Place(lane, shard, campaign, ident) for ident in ids.filter(ids.str.starts_with(wanted))]
        near.update(ids.filter(ids.str.starts_with(wanted[:4])).head(_SHOWN))
    if len({place.response_id for place in found}) == 1:
        return found[0]
    raise UnknownResponse(_unknown(lake, wanted, sorted({place.response_id for place in found}), near, unreadable))


def released_ids(lake: Lake, count: int) -> list[str]:
    """The first ids of ``dataset/filtered``; none if it was never made or cannot be read."""
    if lake.manifest(FILTERED) is None:
        return []
    try:
        return [str(ident) for ident in lake.frame(FILTERED, WHOLE, ["response_id"])["response_id"].head(count)]
    except (OSError, pa.ArrowException):
        return []


def _released(lake: Lake, lanes: dict[str, Lane], wanted: str) -> Place | None:
    for asset in BY_RESPONSE:
        manifest = lake.manifest(asset)
        for part in manifest.parts.values() if manifest else ():
            try:
                rows = lake.find(asset, WHOLE, part.companions[LINEAGE], "response_id", wanted)
            except (OSError, KeyError, pa.ArrowException):
                continue  # the chain says what is wrong with it
            for row in rows:
                if row["lane"] in lanes:
                    return Place(lanes[row["lane"]], row["shard"], row["campaign"], wanted)
    return None


def _parts(lake: Lake, lanes: dict[str, Lane]) -> Iterator[tuple[Lane, str, str, File]]:
    for _, lane in sorted(lanes.items()):
        for shard in lake.partitions(generations_asset(lane)):
            for campaign, part in lake.need(generations_asset(lane), shard).parts.items():
                yield lane, shard, campaign, part.data


def _unknown(lake: Lake, wanted: str, found: list[str], near: set[str], unreadable: list[str]) -> str:
    if found:
        first = ", ".join(found[:_SHOWN])
        return f"{len(found)} response ids begin with {wanted}: {first}{', ...' if len(found) > _SHOWN else ''}"
    words = [f"no response has the id {wanted} in {lake.root}."]
    if near:
        words.append(f"Ids that begin alike: {', '.join(sorted(near)[:_SHOWN])}.")
    elif shown := released_ids(lake, 3):
        words.append(f"Some of {FILTERED}: {', '.join(shown)}; `genesys audit` without an id lists more.")
    else:
        words.append(f"{FILTERED} is empty; ids stand in the column response_id of each lane's generations.")
    return " ".join(words + unreadable)
