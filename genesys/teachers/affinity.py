"""Which of the waiting calls a free place goes to, so that calls of a group find the text that they begin with read.

An engine keeps what it has read of a prompt, so the samples of a task are cheapest where the first of them went. Only
where groups are is kept here; places and endpoints stand in ``endpoints``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

WINDOW = 128
"""Of the waiting calls so many are looked through."""
PASSED_OVER_AT_MOST = 32
"""Times that the first of those who wait may be passed over, with four endpoints or fewer; else eight for each."""
GROUPS_KEPT = 8192
SLACK = 0.25
"""How much fuller (as a share of its places) than the emptiest an endpoint may be that has the text already."""


@dataclass
class Homes:
    """Where groups are: at which endpoints the text that they begin with was read. The longest unused are forgotten."""

    kept: int = GROUPS_KEPT
    grouped: int = 0
    """Calls whose group was somewhere when they got their place."""
    at_home: int = 0
    """Those of them that got it there."""
    _of: OrderedDict[str, set[Hashable]] = field(default_factory=OrderedDict)

    def of(self, group: str) -> set[Hashable]:
        """The endpoints where a group is."""
        return self._of.get(group) or set()

    def gone_to(self, group: str, endpoint: Hashable) -> None:
        """A call of the group got a place."""
        if not group:
            return
        if (found := self._of.get(group)) is None:
            found = self._of[group] = set()
            if len(self._of) > self.kept:
                self._of.popitem(last=False)
        else:
            self._of.move_to_end(group)
        if found:
            self.grouped += 1
            self.at_home += endpoint in found
        found.add(endpoint)

    def left(self, endpoint: Hashable) -> None:
        """An endpoint is gone, and what it kept."""
        for found in self._of.values():
            found.discard(endpoint)

    @property
    def share(self) -> float | None:
        """Of the calls whose group was somewhere, the share that got their place there."""
        return self.at_home / self.grouped if self.grouped else None


def chosen(
    groups: Iterable[str | None],
    endpoint: Hashable,
    homes: Homes,
    *,
    is_open: Callable[[Any], bool],
    passed_over: int,
    at_most: int = PASSED_OVER_AT_MOST,
) -> int | None:
    """Who of the waiting gets a place that is free at an endpoint.

    The first whose group is there; else the first whose group is nowhere yet, for which no endpoint has read anything;
    else the first of all, since no place stays empty for this. Who is first is passed over so often at most.

    Args:
        groups: Of those who wait, in order; None for one that this endpoint is nothing for.
        endpoint: Where the place is.
        homes: Where groups are.
        is_open: Whether an endpoint takes calls: a group that is only at others is nowhere.
        passed_over: How often the first was.
        at_most: How often it may be.

    Returns:
        Its position; None if nobody can have the place.
    """
    first = nowhere = None
    for position, group in enumerate(groups):
        if position == WINDOW:
            break
        if group is None:
            continue
        if first is None:
            first = position
            if passed_over >= at_most:
                return first
        found = homes.of(group) if group else None
        if not found:
            nowhere = position if nowhere is None else nowhere
            if not group and position == first:
                return first  # no group of its own: its turn
        elif endpoint in found:
            return position
        elif nowhere is None and not any(map(is_open, found)):
            nowhere = position
    return first if nowhere is None else nowhere
