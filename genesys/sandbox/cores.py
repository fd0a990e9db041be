"""Cores of the machine that executes, shared by all runs on this host: so many programs at once, or one alone.

Without that, two runs would oversubscribe the machine, and time-outs turn into wrong verdicts. The tokens are locks of
the kernel's on bytes of a file, so a killed process gives its own back.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.locks import ByteLocks, own_folder, own_folder_path

_GATE = 1 << 20
"""Whoever waits to be alone holds this byte, and nobody new begins meanwhile."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.001, 0.02


class Cores:
    """So many cores, by a name that all processes of this user know."""

    def __init__(self, name: str, count: int) -> None:
        """``count`` programs at once at most.

        Raises:
            InfrastructureFault: There is no safe place for the locks.
        """
        folder = own_folder()
        if folder is None:
            raise InfrastructureFault(
                f"{own_folder_path()} cannot be used: the locks by which runs share this machine's cores stand there, "
                "and it has to be a folder of this user's. Remove it, or name another place for it in TMPDIR.",
                final=True,
            )
        self._locks, self.count = ByteLocks(folder / f"{digest(['sandbox', name], 24)}.cores"), count
        self._lock = threading.Lock()  # the kernel's locks tell processes apart, not threads
        self._held: set[int] = set()
        self._gate_is_ours = False

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Have one core."""
        core = _until(self._take_one)
        try:
            yield
        finally:
            self._give({core})

    @contextlib.contextmanager
    def all(self) -> Iterator[None]:
        """Have the machine alone: wait until nobody runs anything, and let nobody begin."""
        _until(self._take_gate)
        try:
            _until(self._nobody_runs)
            yield
        finally:
            with self._lock:
                self._locks.release(_GATE)
                self._gate_is_ours = False

    def close(self) -> None:
        """Let go of everything."""
        self._locks.close()

    def _take_one(self) -> int | None:
        if self._gate_is_shut():
            return None
        core = next((core for core in range(self.count) if self._take(core) is not None), None)
        # Asked again with the core in hand: of one who begins and one who waits to be alone, one sees the other.
        if core is not None and self._gate_is_shut():
            self._give({core})
            return None
        return core

    def _gate_is_shut(self) -> bool:
        return self._gate_is_ours or self._locks.held_elsewhere(_GATE)

    def _nobody_runs(self) -> int | None:
        """Whoever counts other cores than we do is seen too."""
        return None if self._held or self._locks.held_elsewhere(0, _GATE) else _GATE

    def _take(self, core: int) -> int | None:
        with self._lock:
            if core in self._held or not self._locks.acquire(core):
                return None
            self._held.add(core)
            return core

    def _take_gate(self) -> int | None:
        with self._lock:
            if self._gate_is_ours or not self._locks.acquire(_GATE):
                return None
            self._gate_is_ours = True
            return _GATE

    def _give(self, cores: set[int]) -> None:
        with self._lock:
            for core in cores:
                self._locks.release(core)
                self._held.discard(core)


def _until(attempt: Callable[[], int | None]) -> int:
    """Ask until there is an answer; the wait grows, so that many who wait cost nothing."""
    wait_s = _FIRST_WAIT_S
    while (got := attempt()) is None:
        time.sleep(wait_s)
        wait_s = min(wait_s * 1.5, _LONGEST_WAIT_S)
    return got
