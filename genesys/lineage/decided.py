"""What people decided of the things in a chain, put beside what the tables say of them."""

from __future__ import annotations

from genesys.lineage.records import Audit, Chain, Check, Link, RowAudit
from genesys.overrides import Overrides


def with_decisions(found: Audit | RowAudit, overrides: Overrides) -> Audit | RowAudit:
    """A chain that notes every decision about its source row, its task or its response, at the step of each."""
    ids = _ids(found)
    links = [_noted(link, ids.get(link.step, []), overrides) for link in found.links]
    if getattr(found, "response_id", None) in overrides.which("accept"):
        links = [_accepted(link) if link.step == "release" else link for link in links]
    return found.model_copy(update={"links": tuple(links)})


def _ids(found: Chain) -> dict[str, list[str]]:
    if isinstance(found, RowAudit):
        tasks = [task for link in found.links if link.step == "curation" for task in link.facts.get("tasks", ())]
        return {"ledger": [found.row_id], "curation": [task for task in tasks if task != found.row_id]}
    facts = {link.step: link.facts for link in found.links}
    row = facts.get("ledger", {}).get("problem_id", "")
    task = facts.get("task", {}).get("problem_id", "")
    return {
        "ledger": [row],
        "task": [] if task == row else [task],
        "release": [found.response_id] if isinstance(found, Audit) else [],
    }


def _accepted(link: Link) -> Link:
    """That a response was chosen though its verdict does not accept it is what was decided."""
    said = "its verifier does not accept it; a person does"
    checks = (
        Check(what=check.what, result="noted", detail=said)
        if check.what == "accepted" and check.result == "differs"
        else check
        for check in link.checks
    )
    return link.model_copy(update={"checks": tuple(checks)})


def _noted(link: Link, ids: list[str], overrides: Overrides) -> Link:
    decisions = [overrides.decisions[ident] for ident in ids if ident in overrides.decisions]
    notes = tuple(
        Check(what=f"decision on {one.id}", result="noted", detail=f"{one.action}: {one}") for one in decisions
    )
    return link.model_copy(update={"checks": (*link.checks, *notes)}) if notes else link
