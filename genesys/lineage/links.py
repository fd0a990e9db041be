"""What each link is checked for: its file, its manifest, what it was made of. Which links there are says ``chain``."""

from __future__ import annotations

from typing import Any

from genesys.lineage.evidence import Evidence
from genesys.lineage.held import Held, Row
from genesys.lineage.records import Checks, Link, Step
from genesys.tables.lake import WHOLE, File


def begin(evidence: Evidence, held: Held, *, inputs: bool = True) -> tuple[Checks, Row | None]:
    """What is checked of every table before its row is looked at."""
    checks = Checks()
    check_table(evidence, held, checks, inputs=inputs)
    if held.part is not None and held.row is None and not held.trouble:
        checks.differs("row", f"{held.where(evidence.lake)} has no row of this response")
    return checks, held.row


def check_table(evidence: Evidence, held: Held, checks: Checks, *, inputs: bool = True) -> None:
    """The file is what its manifest says, and what it was made of stands unchanged."""
    if held.trouble:
        checks.differs("table", f"cannot be read: {held.trouble}")
    if held.part is None:
        if not held.trouble:
            checks.differs("table", f"{held.asset} {held.partition} has no such part: it was removed, or never made")
        return
    check_bytes(evidence, held, held.part.data, checks)
    mine, place = (f"{evidence.lane.name}/", "dataset/"), evidence.place.partition
    for name, version in held.part.inputs.items() if inputs else ():
        if name.startswith(mine) and {place.name, place.shard, WHOLE} & set(name.split("/")[2:]):
            meaning = f"{held.asset} was made of another version of it than stands now: materialize it again"
            checks.same(f"input {name}", evidence.lake.version_of(name), version, meaning)


def check_bytes(evidence: Evidence, held: Held, file: File, checks: Checks) -> None:
    """The file is what was written."""
    trouble = evidence.lake.trouble(held.asset, held.partition, file)
    if trouble is None:
        checks.agrees(f"SHA-256 of {file.name}")
    else:
        checks.differs(f"SHA-256 of {file.name}", f"the file was altered, or lost: {trouble}")


def link_of(step: Step, evidence: Evidence, held: Held, facts: dict[str, Any], checks: Checks) -> Link:
    """A link, with what was found."""
    return Link(step=step, where=held.where(evidence.lake), facts=facts, checks=tuple(checks.made))
