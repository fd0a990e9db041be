"""Golds that people mended: put into a task while it is curated, and tried like any gold before it is used.

The task keeps its prompt, and so its responses; it gets another ``task_hash``, so that their verdicts are made anew.
Only a shard with mended tasks is another one by this, and only as long as the decision stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genesys.calls.context import Calls
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.ledger_state import ledger_asset
from genesys.outcomes import Outcome, rejected
from genesys.overrides import Decision, Overrides
from genesys.partition import Partition
from genesys.tables.lake import WHOLE, Lake

MENDED = "mended"
"""Of a part's versions, and of a mended task's metadata."""
MEND_FAILS = "mended gold fails"
Mends = Mapping[str, Decision]
Row = dict[str, Any]


def mends_of(lake: Lake, lane: Lane, partition: str, overrides: Overrides) -> Mends:
    """The mends of tasks that rows of a partition may become, by problem_id."""
    mends = overrides.which("mend")
    if not mends:
        return {}
    part = lake.need(ledger_asset(lane)).parts[Partition.of(lane, partition).shard]
    rows = set(lake.file_frame(ledger_asset(lane), WHOLE, part.data, ["problem_id"])["problem_id"])
    return {ident: decision for ident, decision in mends.items() if (decision.row_id or ident) in rows}


def mend_versions(mends: Mends) -> dict[str, str]:
    """What a part is made of besides its lane, where there are mends."""
    return {MENDED: digest([decision.model_dump() for decision in mends.values()], 32)} if mends else {}


async def with_mends(outcome: Outcome, row_id: str, mends: Mends, calls: Calls) -> Outcome:
    """The end of a row with the golds of its tasks as people mended them; a task whose new gold fails is dropped.

    Args:
        outcome: What the lane's ``curate`` made of the row.
        row_id: Of the ledger's row, which is the problem_id of a task that names none.
        mends: By problem_id.
        calls: Of the row.
    """
    from genesys.curation.preflight import try_gold  # brings the readers of all golds, for a shard in a thousand

    kept, failed = [], None
    for task in outcome.records:
        decision = mends.get(task.get("problem_id", row_id))
        mended = task if decision is None else mended_task(task, decision)
        if decision is not None and not _has_same_gold(task, mended):
            tried = await try_gold({"metadata": {}, **mended}, row_id, calls)
            if isinstance(tried, Outcome):
                failed = rejected(MEND_FAILS, ": ".join(filter(None, (tried.reason, tried.detail))))
                continue
        kept.append(mended)
    return failed if failed is not None and not kept else replace(outcome, records=tuple(kept))


def mended_task(task: Row, decision: Decision) -> Row:
    """A task, its mappings not yet text, with what a person put in the place of its gold; the metadata say so."""
    info = {**task["verification_info"], **(decision.verification_info or {})}
    said = {"why": decision.why, "at": decision.at}
    changed: Row = {"verification_info": info, "metadata": {**(task.get("metadata") or {}), MENDED: said}}
    if decision.gold_standard_solution is not None:
        changed["gold_standard_solution"] = decision.gold_standard_solution
    return {**task, **changed}


def _has_same_gold(task: Row, mended: Row) -> bool:
    names = ("verification_info", "gold_standard_solution")
    return all(task.get(name) == mended.get(name) for name in names)
