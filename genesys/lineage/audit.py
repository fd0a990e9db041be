"""The audit of one response: its chain from source row to release, and if wanted each step derived again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from genesys.calls.journal import Journal
from genesys.lane import Lane
from genesys.lineage.chain import generation_link, ledger_link, task_link, verdict_link
from genesys.lineage.evidence import Evidence, Recorded, gather
from genesys.lineage.places import Place, find
from genesys.lineage.published import release_link
from genesys.lineage.records import Audit, Check, Link
from genesys.lineage.replay import Registry
from genesys.lineage.replay import replay as derive_again
from genesys.lineage.source_row import source_link
from genesys.settings import Settings
from genesys.sources import Source
from genesys.tables.lake import Lake


def audit(
    lake: Lake,
    journal: Journal,
    lanes: Iterable[Lane],
    response_id: str,
    *,
    sources: Iterable[Source] = (),
    replay: bool = False,
    live: bool = False,
    registry: Registry | None = None,
    settings: Settings | None = None,
) -> Audit:
    """Follow a response back to its source row, from files alone, and hold every link against what it rests on.

    Args:
        lake: Where the tables stand.
        journal: Its calls; open for reading is enough. A segment that gc removed is noted and is no discrepancy.
        lanes: Where the response is looked for.
        response_id: Its id, or a beginning that only one has.
        sources: Of the lanes, in which the row is looked up again where they are local files.
        replay: Derive each step again from recorded answers, and compare field by field.
        live: Also run the verifier again, past the journal.
        registry: Verifiers by task type; by default those that are installed.
        settings: What verifiers that run again are made from; by default each finds its own.

    Returns:
        The chain; ``agrees`` says whether nothing differs, ``findings`` what does.

    Raises:
        UnknownResponse: No response has this id, or several begin like it.
    """
    evidence, recorded = gather(lake, find(lake, lanes, response_id)), Recorded(journal)
    found = _chain(evidence, recorded, sources)
    if replay or live:
        again = asyncio.run(derive_again(evidence, recorded, live=live, registry=registry, settings=settings))
        found = found.model_copy(update={"links": tuple(_with(link, again.get(link.step, [])) for link in found.links)})
    return found


def follow(lake: Lake, journal: Journal, place: Place, *, sources: Iterable[Source] = ()) -> Audit:
    """The same, without a replay, for a response whose place is known, so that nothing has to be searched for it."""
    return _chain(gather(lake, place), Recorded(journal), sources)


def _chain(evidence: Evidence, recorded: Recorded, sources: Iterable[Source]) -> Audit:
    links: tuple[Link, ...] = (
        source_link(evidence, sources),
        ledger_link(evidence),
        task_link(evidence, recorded),
        generation_link(evidence, recorded),
        verdict_link(evidence, recorded),
        release_link(evidence),
    )
    place = evidence.place
    return Audit(
        response_id=place.response_id, lane=place.lane.name, shard=place.shard, campaign=place.campaign, links=links
    )


def _with(link: Link, checks: Iterable[Check]) -> Link:
    return link.model_copy(update={"checks": (*link.checks, *checks)})
