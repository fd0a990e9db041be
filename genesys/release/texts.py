"""What a data set needs to know of responses' texts without holding them: which they are, and how they ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from genesys.calls.verdicts import is_verdict_key
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.stages.generations import generations_asset
from genesys.stages.records import response_digest
from genesys.stages.sampling import rendering
from genesys.tables.lake import Lake

Row = dict[str, Any]
Key = tuple[str, str]
"""response_id and campaign: two campaigns that ask the same of one teacher get the same answer."""


@dataclass(frozen=True)
class Text:
    """What is kept of a response's text while a shard is judged."""

    digest: str
    finish_reason: str
    teacher_id: str
    is_current: bool
    """Whether its verdict was on this very text and task."""


def verdict_key(verdict: Row) -> Key:
    """The response that a verdict is on."""
    return verdict["response_id"], verdict["campaign"]


def texts_of(
    lake: Lake, lane: Lane, shard: str, tasks: Mapping[str, Row], verdicts: Collection[Row]
) -> Iterator[tuple[Key, Text]]:
    """The texts of those responses of a shard that these verdicts are on; the shard is not read for none."""
    wanted = {verdict_key(verdict): verdict for verdict in verdicts}
    for generation in lake.rows(generations_asset(lane), shard) if wanted else ():
        key = (generation["response_id"], generation["campaign"])
        task, verdict = tasks.get(generation["problem_id"]), wanted.get(key)
        if task is None or verdict is None:
            continue
        subject = response_digest(task["record_hash"], generation)
        is_current = is_verdict_key(verdict["call_key"], verdict["verifier"], verdict["verifier_version"], subject)
        said = digest(rendering(generation))
        yield key, Text(said, generation["finish_reason"], generation["teacher_id"], is_current)
