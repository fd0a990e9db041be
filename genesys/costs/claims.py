"""What each process of this machine may yet spend on calls in flight, known to all of them that share a journal.

A slot of a small file for each, and a lock of the kernel's by which the others know that its owner lives: what a killed
process had claimed counts no more.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from genesys.faults import InfrastructureFault
from genesys.locks import ByteLocks

_SLOTS = 64
_FIGURES = 2
_BYTES = _SLOTS * _FIGURES * 8


class Claims:
    """One slot of the file, and a view of all others."""

    def __init__(self, path: Path) -> None:
        """Take a slot.

        Raises:
            InfrastructureFault: The file cannot be used, or more processes share the journal than there are slots.
        """
        self._locks = ByteLocks(path.with_suffix(".lock"))
        free = (slot for slot in range(_SLOTS) if self._locks.acquire(slot))
        slot = next(free, None)
        if slot is None:
            self._locks.close()
            raise InfrastructureFault(f"more than {_SLOTS} runs share the cap of {path.parent}", final=True)
        self._slot = slot
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            os.ftruncate(handle, _BYTES)
            self._map = mmap.mmap(handle, _BYTES)
        finally:
            os.close(handle)
        self._figures = memoryview(self._map).cast("d")
        self.claim(0.0, 0.0)

    def claim(self, cost: float, tokens: float) -> None:
        """What may yet be spent here, in place of what was said before."""
        at = self._slot * _FIGURES
        self._figures[at], self._figures[at + 1] = cost, tokens

    def others(self) -> tuple[float, float]:
        """What all others may yet spend: cost, and tokens."""
        cost = tokens = 0.0
        for slot in range(_SLOTS):
            at = slot * _FIGURES
            said = self._figures[at], self._figures[at + 1]
            if slot != self._slot and any(said) and self._locks.held_elsewhere(slot):
                cost, tokens = cost + said[0], tokens + said[1]
        return cost, tokens

    def close(self) -> None:
        """Give the slot back."""
        self.claim(0.0, 0.0)
        self._figures.release()
        self._map.close()
        self._locks.close()
