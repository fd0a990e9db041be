"""All that was ever spent on a state, by lane and shard, as the journal's account on this machine has it."""

from __future__ import annotations

from genesys.calls.account import Account
from genesys.calls.spending import Sums
from genesys.calls.usage import Usage
from genesys.settings import Settings
from genesys.stores import open_journal

CHECKS = "checks"
"""What asset checks of a shard asked stands in a segment of their own, and has no other stage."""


def spent(settings: Settings) -> dict[str, dict[str, Sums]]:
    """By lane and shard, what all calls used that were paid for."""
    found: dict[str, dict[str, Sums]] = {}
    for name, sums in Account(open_journal(settings, readonly=True).folder).segments().items():
        lane, _, segment = name.rpartition("/")
        shard, is_check = segment.partition(".")[0], "." in segment
        known = found.setdefault(lane, {}).setdefault(shard, {})
        for payee, used in sums.items():
            named = payee._replace(stage=CHECKS) if is_check and not payee.stage else payee
            known.setdefault(named, Usage()).add(used)
    return found


def spent_on(lane: dict[str, Sums]) -> Sums:
    """A lane's shards together."""
    whole: Sums = {}
    for sums in lane.values():
        for payee, used in sums.items():
            whole.setdefault(payee, Usage()).add(used)
    return whole
