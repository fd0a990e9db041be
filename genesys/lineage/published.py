"""The last link of a chain: whether the response was chosen, and what the data sets hold of it."""

from __future__ import annotations

from typing import Any

from genesys.lineage.evidence import Evidence
from genesys.lineage.held import Row
from genesys.lineage.links import check_bytes, check_table, link_of
from genesys.lineage.records import Checks, Link
from genesys.lineage.releases import Released, expected_lineage, expected_row, lineage_row, raw_row


def release_link(evidence: Evidence) -> Link:
    """Whether the response was chosen, and in which data sets it stands."""
    checks = Checks()
    chosen, end = evidence.filtered, evidence.end or {}
    if chosen.part is None and not chosen.trouble:
        checks.note("dataset/filtered", "was not made yet")
        return link_of("release", evidence, chosen, {"released": False}, checks)
    check_table(evidence, chosen, checks)
    if chosen.row is not None:
        _check_chosen(evidence, end, checks)
    made = [one for one in evidence.released if one.held.part is not None or one.held.trouble]
    for released in made:
        _check_released(evidence, released, checks)
    if not made:
        checks.note("data sets", "none was made yet")
    there = {one.held.asset: one.role for one in evidence.released if one.role}
    facts: dict[str, Any] = {
        "chosen": chosen.row is not None,
        "dropped": ": ".join(str(end[name]) for name in ("reason", "detail") if end.get(name)) or None
        if chosen.row is None
        else None,
        "at step": end.get("step"),
        "released": bool(there),
        "in": there,
    }
    holder = next((one.held for one in evidence.released if one.role), chosen)
    return link_of("release", evidence, holder, facts, checks)


def _check_chosen(evidence: Evidence, end: Row, checks: Checks) -> None:
    """Only what was accepted, by its verdict or by a person, and still counts may be chosen."""
    is_accepted = (evidence.verdict.row or {}).get("accepted")
    if not is_accepted and end.get("step") is None and end.get("detail"):
        checks.note("accepted", f"by a person: {end['detail']}")
    else:
        checks.same("accepted", is_accepted, True, "a response that was not accepted was chosen")
    if evidence.withdrawn:
        checks.differs(
            "source row", f"is {evidence.withdrawn}, yet the response is chosen: make dataset/filtered again"
        )


def _check_released(evidence: Evidence, released: Released, checks: Checks) -> None:
    """The row of a data set, and its lineage, are what the tables of the lane say."""
    held, asset = released.held, released.held.asset
    check_table(evidence, held, checks)
    for file in released.files[1:]:
        check_bytes(evidence, held, file, checks)
    task, generation, verdict = evidence.task.row, evidence.generation.row, evidence.verdict.row
    if not released.role or held.row is None or not (task and generation and verdict):
        return
    expected = expected_row(asset, held.row, task, generation, verdict)
    found = {name: held.row[name] for name in expected}
    checks.same(f"{asset}: published row", found, expected, "what was published is not what the tables hold")
    origin = lineage_row(evidence.lane.name, evidence.place.shard, task, generation, verdict)
    told = expected_lineage(asset, origin, raw_row({}, task, generation, verdict))
    meaning = "the lineage table tells another story"
    checks.same(f"{asset}: published lineage", released.lineage, told, meaning)
