"""Tokens that all processes of a machine share, so that together they use no more of a thing than it can take.

A slot is a lock of the kernel's, so a killed process gives its slots back. What the slots stand for (an endpoint's
calls, say) is told by the file's name. No call waits: who gets no slot asks again a little later.
"""

from __future__ import annotations

from pathlib import Path

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.locks import ByteLocks, own_folder

_WANTS, _MOST_WANTING = 2**30, 64
"""Bytes by which those who want more slots are counted, beyond the slots themselves."""


class HostSlots:
    """So many slots, shared fairly: while others want some, nobody takes more than an equal share.

    Users may count differently; each one then keeps below its own count.
    """

    def __init__(self, path: Path, count: int) -> None:
        """``path`` is the lock file, ``count`` the number of slots."""
        self._locks = ByteLocks(path)
        self._count = count
        self._held: set[int] = set()
        self._want: int | None = None

    @property
    def held(self) -> int:
        """Slots that are ours now."""
        return len(self._held)

    def take(self) -> bool:
        """Take one slot, if there is one and it is our turn; if not, be counted among those who want one."""
        others = self._others_who_want()
        if not others or self.held < max(1, self._count // (others + 1)):
            # From the top, so that who counts fewer slots finds the low ones free.
            for slot in range(self._count - 1, -1, -1):
                if slot not in self._held and self._locks.acquire(slot):
                    self._held.add(slot)
                    return True
        if self._want is None:
            self._want = next((n for n in range(_MOST_WANTING) if self._locks.acquire(_WANTS + n)), None)
        return False

    def give(self) -> None:
        """Give one slot back; after ``close`` there is none."""
        if self._held:
            self._locks.release(self._held.pop())

    def settle(self) -> None:
        """Nothing more is wanted for now."""
        if self._want is not None:
            self._locks.release(_WANTS + self._want)
            self._want = None

    def close(self) -> None:
        """Give all back."""
        self._held.clear()
        self._want = None
        self._locks.close()

    def _others_who_want(self) -> int:
        found = 0
        for number in range(_MOST_WANTING):
            if not self._locks.held_elsewhere(_WANTS + number, _MOST_WANTING - number):
                break
            found += self._locks.held_elsewhere(_WANTS + number)
        return found


def slots_on_this_host(name: str, count: int) -> HostSlots | None:
    """Slots that all processes of this user and machine know by a name; None where there is no safe place for them."""
    folder = own_folder()
    if folder is None:
        return None
    try:
        slots = HostSlots(folder / f"{digest(name, 24)}.slots", count)
        slots.take()  # some file systems take no locks
        slots.give()
        slots.settle()
    except (OSError, InfrastructureFault):
        return None
    return slots
