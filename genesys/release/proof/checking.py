"""Whether a published data set is what its manifest says: its files, the leaves of a sample, and the one root.

Rows and lineage are read side by side in the order of response_id, so that of millions of traces only those of the
sample are ever read whole.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

from genesys.faults import GenesysError
from genesys.release.proof.contents import (
    MANIFEST,
    Finding,
    Item,
    Items,
    PublishedManifest,
    lineage_items,
    raw_items,
)
from genesys.release.proof.leaves import ALGORITHM, leaf
from genesys.release.proof.place import Place
from genesys.release.proof.tree import Growing, is_below, path

LISTED = 1000
"""Findings that are kept; all are counted."""
TABLES = ("raw", "lineage")
"""Folders whose files are read row by row."""


class Trace(NamedTuple):
    """A trace of the sample."""

    row: dict[str, Any]
    lineage: dict[str, Any]


class Share:
    """A sample by a share: the same traces for the same seed, whatever else is in the data set."""

    def __init__(self, share: float, seed: str = "") -> None:
        """From 0 to 1."""
        self._seed = seed.encode()
        self._below = int(share * 2**64)

    def __call__(self, response_id: str) -> bool:
        """Whether a trace is in the sample."""
        said = hashlib.sha256(self._seed + b"\0" + response_id.encode()).digest()
        return int.from_bytes(said[:8], "big") < self._below


@dataclass
class Checked:
    """What was found so far."""

    files: int = 0
    """Whose SHA-256 was told."""
    traces: int = 0
    sampled: int = 0
    proven: int = 0
    """Of the sample: whose leaf is what their row and lineage make, and stands below the manifest's root."""
    root: str = ""
    found: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def tell(self, finding: Finding) -> None:
        """Count what does not hold, and keep it while there is room."""
        self.found += 1
        if len(self.findings) < LISTED:
            self.findings.append(finding)


def check(
    place: Place, manifest: PublishedManifest, sample: Share, checked: Checked, root: str = ""
) -> Iterator[Trace]:
    """Check a data set, giving the traces of the sample on the way; all is checked when the last one was taken.

    Args:
        place: Where it stands.
        manifest: Its own.
        sample: Whose leaves are made again.
        checked: Gets what is found.
        root: As it is known from elsewhere; by default the manifest is believed.

    Raises:
        GenesysError: Its leaves are made in a way that is not known here.
    """
    if manifest.merkle.algorithm != ALGORITHM:
        raise GenesysError(
            f"{place.name}/{MANIFEST}: its leaves are made by {manifest.merkle.algorithm!r}, and {ALGORITHM!r} is known"
        )
    if root and root.lower() != manifest.merkle.root.lower():
        checked.tell(Finding("root", MANIFEST, f"says {manifest.merkle.root}, and {root} is known from elsewhere"))
    if manifest.told_version != manifest.version:
        what = f"says it is version {manifest.version}, and what it says makes {manifest.told_version}: it was changed"
        checked.tell(Finding("manifest", MANIFEST, what))
    _check_files(place, manifest, checked)
    tree, matching = Growing(), 0
    raw = heapq.merge(
        *(raw_items(place, manifest, manifest.of("raw", name), sample, checked.tell) for name in _splits(manifest)),
        key=attrgetter("response_id"),
    )
    for item, found in _side_by_side(raw, lineage_items(place, manifest, sample, checked.tell), checked):
        checked.traces += 1
        if not _grows(tree, item, checked) or found is None or found.row is None or item.row is None:
            continue
        checked.sampled += 1
        matching += _has_its_leaf(found.row, item, checked)
        yield Trace(found.row, item.row)
    checked.files += sum(place.has(each) for folder in TABLES for each in manifest.of(folder))
    checked.root = tree.root()
    checked.proven = matching if _holds(manifest, tree, checked) else 0


def _splits(manifest: PublishedManifest) -> list[str]:
    """Beginnings of names of files that are sorted together: each split is sorted by itself."""
    return sorted({each.removeprefix("raw/").partition("-")[0] + "-" for each in manifest.of("raw")})


def _check_files(place: Place, manifest: PublishedManifest, checked: Checked) -> None:
    """Files whose rows are not read, and those that the manifest does not know."""
    there = place.listing()
    for name, promised in sorted(manifest.files.items()):
        if name.partition("/")[0] in TABLES and name.endswith(".parquet"):
            continue
        if name not in there:
            checked.tell(Finding("file", name, "is missing, the manifest names it"))
            continue
        checked.files += 1
        if (sha256 := place.sha256(name)) != promised.sha256:
            checked.tell(Finding("file", name, f"has SHA-256 {sha256}, the manifest says {promised.sha256}"))
    for name in sorted(there.keys() - manifest.files.keys() - {MANIFEST}):
        if name.endswith(".parquet"):
            checked.tell(Finding("file", name, "stands there, and the manifest does not know it"))
        else:
            checked.notes.append(f"{name} stands there, and the manifest does not know it")


def _side_by_side(raw: Items, lineage: Items, checked: Checked) -> Iterator[tuple[Item, Item | None]]:
    """Each row of the lineage with the row of its id; those that stand alone are told."""
    ahead, last = next(raw, None), ""
    for item in lineage:
        while ahead is not None and ahead.response_id < item.response_id:
            _tell_alone(ahead, last, checked)
            ahead = next(raw, None)
        if ahead is not None and ahead.response_id == item.response_id:
            yield item, ahead
            last, ahead = ahead.response_id, next(raw, None)
        else:
            checked.tell(Finding("row", item.response_id, f"stands in {item.where}, and its row in raw is gone"))
            yield item, None
    while ahead is not None:
        _tell_alone(ahead, last, checked)
        ahead = next(raw, None)


def _tell_alone(item: Item, last: str, checked: Checked) -> None:
    what = "stands in raw twice" if item.response_id == last else "has no lineage, so that no leaf stands for it"
    checked.tell(Finding("row", item.response_id, f"of {item.where} {what}"))


def _grows(tree: Growing, item: Item, checked: Checked) -> bool:
    try:
        tree.add(item.leaf or "")
    except ValueError:
        checked.tell(Finding("leaf", item.response_id, f"has a leaf in {item.where} that is no hash"))
        return False
    return True


def _has_its_leaf(row: dict[str, Any], item: Item, checked: Checked) -> bool:
    assert item.row is not None  # noqa: S101 - it is of the sample
    made = leaf(row, item.row)
    if made != item.leaf:
        what = f"its row and lineage make the leaf {made}, its lineage says {item.leaf}: one of them was changed"
        checked.tell(Finding("leaf", item.response_id, what))
    return made == item.leaf


def _holds(manifest: PublishedManifest, tree: Growing, checked: Checked) -> bool:
    """Whether the root over all leaves is the manifest's."""
    promised = manifest.merkle
    if tree.size != promised.leaves:
        what = f"there are {tree.size:,} leaves, the manifest says {promised.leaves:,}"
        checked.tell(Finding("root", "lineage", what))
    if checked.root != promised.root.lower():
        what = f"the leaves have the root {checked.root}, the manifest says {promised.root}"
        checked.tell(Finding("root", "lineage", what))
    return checked.root == promised.root.lower()


def prove(place: Place, manifest: PublishedManifest, response_id: str) -> dict[str, Any]:
    """What shows that one trace is below the root: its leaf, made from its row, and its neighbours on the way up.

    Raises:
        GenesysError: There is no such trace, or something that its proof needs cannot be read.
    """
    told: list[Finding] = []
    index, origin = -1, None
    leaves: list[str] = []
    for item in lineage_items(place, manifest, response_id.__eq__, told.append):
        if item.response_id == response_id:
            index, origin = len(leaves), item.row
        leaves.append(item.leaf or "")
    rows = (raw_items(place, manifest, [each], response_id.__eq__, told.append) for each in manifest.of("raw"))
    row = next((item.row for items in rows for item in items if item.row is not None), None)
    if origin is None or row is None:
        because = f" ({told[0].where} {told[0].what})" if told else ""
        raise GenesysError(f"{place.name} has no trace {response_id}{because}")
    made = leaf(row, origin)
    try:
        way = path(leaves, index)
    except ValueError:
        raise GenesysError(
            f"{place.name}: the lineage holds a leaf that is no hash, so that nothing is proved"
        ) from None
    root = manifest.merkle.root.lower()
    return {
        "response_id": response_id,
        "leaf": made,
        "index": index,
        "leaves": len(leaves),
        "path": way,
        "root": root,
        "holds": is_below(made, index, len(leaves), way, root),
    }
