"""The cap: before a call is made, the most that it may cost is claimed; where that would go beyond, it is not made.

What was spent is read from the journal's own account, so that the cap holds for all that this state ever spent,
whichever processes did. What is in flight, and what has just ended and may not stand in the account yet, is claimed:
for a moment something may count twice, and a call waits; it never counts not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from genesys.calls.account import Account
from genesys.calls.usage import RECORDED
from genesys.costs.claims import Claims
from genesys.faults import CapReached
from genesys.settings import BudgetSettings
from genesys.settings.prices import Prices, money

_LOG = logging.getLogger(__name__)
_LOOK_AGAIN = 0.2
"""Seconds between looks of calls that wait."""
_told: set[tuple[str, str, str]] = set()
"""Caps that this process has said are reached."""


@dataclass
class Amount:
    """Money and tokens."""

    cost: float = 0.0
    tokens: float = 0.0

    def plus(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.cost + other.cost, self.tokens + other.tokens)

    def minus(self, other: Amount) -> Amount:
        """One without the other."""
        return Amount(self.cost - other.cost, self.tokens - other.tokens)


@dataclass
class Claim:
    """A call's part of the budget, from its start to when it has settled."""

    most: Amount
    spent: Amount = field(default_factory=Amount)
    """To be said before the block ends; what is not said counts as nothing spent."""


class Budget:
    """The cap of one state, for all calls of this process.

    Args:
        caps: What may be spent.
        folder: The journal's folder on this machine.
        prices: By which money is counted.
        fresh: Seconds for which what was read from the account is taken as it is.
        settling: Seconds in which a call that has ended comes to stand in the journal.
    """

    def __init__(
        self, caps: BudgetSettings, folder: Path, prices: Prices, *, fresh: float = 1.0, settling: float = 2.0
    ) -> None:
        """Nothing is read before the first call."""
        folder.mkdir(parents=True, exist_ok=True)
        self._caps, self._prices, self._fresh, self._settling = caps, prices, fresh, settling
        self._account = Account(folder)
        self._claims = Claims(folder / "budget.claims")
        self._durable, self._read_at = Amount(), float("-inf")
        self._reading = asyncio.Lock()
        self._in_flight = Amount()
        self._ended: deque[tuple[float, Amount]] = deque()
        self._ended_sum = Amount()
        self._freed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._reached: str | None = None
        self._folder = folder

    @asynccontextmanager
    async def claim(self, most: Amount) -> AsyncIterator[Claim]:
        """A block in which a call is made that costs so much at most; waits while calls in flight may take the rest.

        Raises:
            CapReached: It would go beyond a cap.
        """
        await self._enter(most)
        claim = Claim(most)
        try:
            yield claim
        finally:
            self._in_flight = self._in_flight.minus(most)
            if claim.spent.tokens or claim.spent.cost:
                self._ended.append((time.monotonic(), claim.spent))
                self._ended_sum = self._ended_sum.plus(claim.spent)
            self._publish()
            self._freed.set()

    async def _enter(self, most: Amount) -> None:
        await self._look()
        if not self._turn.locked() and self._takes(most):
            return
        async with self._turn:  # one waits, the others behind it
            while not self._takes(most):
                if cap := self._beyond(self._durable.plus(most)):
                    self._reach(cap, most)
                self._freed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN):
                        await self._freed.wait()
                await self._look()

    def _takes(self, most: Amount) -> bool:
        """Claim it, if there is room now.

        Raises:
            CapReached: There will be none.
        """
        if self._reached is not None:
            raise CapReached(self._reached)
        # Claimed first and looked at then, so that of two processes at least one sees the other's.
        self._in_flight = self._in_flight.plus(most)
        self._publish()
        committed = self._durable.plus(self._in_flight).plus(self._ended_sum).plus(Amount(*self._claims.others()))
        if not self._beyond(committed):
            return True
        self._in_flight = self._in_flight.minus(most)
        self._publish()
        return False

    def _beyond(self, amount: Amount) -> str:
        """The cap that an amount would go beyond, empty if none."""
        if self._caps.max_cost is not None and amount.cost > self._caps.max_cost:
            return "max_cost"
        if self._caps.max_tokens is not None and amount.tokens > self._caps.max_tokens:
            return "max_tokens"
        return ""

    def _reach(self, cap: str, most: Amount) -> None:
        """Say it once; from now on no call starts in this process."""
        if cap == "max_cost":
            spent, of, next_one = money(self._durable.cost), money(self._caps.max_cost or 0), money(most.cost)
        else:
            spent, of, next_one = f"{self._durable.tokens:,.0f}", f"{self._caps.max_tokens:,}", f"{most.tokens:,.0f}"
        self._reached = (
            f"{CapReached.BEGINS}: [budget] {cap} = {of}, spent so far {spent}, and the next call may take up to "
            f"{next_one}. What was answered is kept; raise {cap} and run the same command again, and it goes on there"
        )
        known = (str(self._folder), cap, of)
        if known not in _told:  # each stage of each shard comes to it anew
            _told.add(known)
            _LOG.warning("No more calls are made: %s.", self._reached)

    async def _look(self) -> None:
        """Read the account again, if that was a while ago."""
        if time.monotonic() - self._read_at < self._fresh:
            return
        async with self._reading:
            began = time.monotonic()
            if began - self._read_at < self._fresh:
                return
            self._durable = await asyncio.to_thread(self._spent)
            self._read_at = began
            while self._ended and self._ended[0][0] < began - self._settling:
                _, spent = self._ended.popleft()
                self._ended_sum = self._ended_sum.minus(spent)
            if not self._ended:
                self._ended_sum = Amount()  # no crumbs of what was added and taken away
            self._publish()

    def _spent(self) -> Amount:
        total = Amount()
        for sums in self._account.segments().values():
            for payee, used in sums.items():
                tokens = 0 if payee.tier == RECORDED else used.tokens
                total = total.plus(Amount(self._prices.cost(payee, used), tokens))
        return total

    def _publish(self) -> None:
        claimed = self._in_flight.plus(self._ended_sum)
        self._claims.claim(max(0.0, claimed.cost), max(0.0, claimed.tokens))

    def close(self) -> None:
        """Let the others have what was claimed."""
        self._claims.close()
