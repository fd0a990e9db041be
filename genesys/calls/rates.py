"""So many requests and tokens a minute, all processes of a machine together.

The generic cell rate algorithm: one number for each limit, the time at which all that was let in so far will have been
paid for, in a small file beside the slots' (``genesys.calls.slots``). It is read and written under a lock of the
kernel's, which vanishes with its process, so a killed process leaves nothing wedged. No call waits here: who may not
start is told how long it takes.

The libraries for this keep their counts in one process (aiolimiter), on a server (limits), or as a row for each unit,
ten thousand for a call of ten thousand tokens (pyrate-limiter); and none takes a correction after the call.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
import time
from pathlib import Path

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.locks import ByteLocks, own_folder

_STATE = struct.Struct("@3d")
"""Requests and tokens are paid for until; the wall clock's lead over the monotonic clock, which tells boots apart."""
_AT_ONCE = 1.0
"""Seconds' worth of a limit that may start together."""
_OTHER_BOOT = 120.0
_ROUNDING = 1e-6
_LOCKED = 0.02
"""Seconds until who found the file locked looks again."""


class Pace:
    """The arithmetic of one limit, told the time: when the next may start."""

    def __init__(self, per_minute: float) -> None:
        """So much a minute, in no minute more."""
        at_once = max(1.0, per_minute / 60 * _AT_ONCE)
        self.each = 60.0 / (per_minute - at_once + 1.0)
        self.tolerance = self.each * (at_once - 1.0)

    def wait(self, paid_until: float, cost: float, now: float) -> float:
        """Seconds until a call of this cost may start: one of more than may start at once when all is paid for."""
        seconds = paid_until - now - max(0.0, self.tolerance - self.each * (cost - 1.0))
        return seconds if seconds > _ROUNDING else 0.0

    def after(self, paid_until: float, cost: float, now: float) -> float:
        """Paid until, once it has started."""
        return max(paid_until, now) + self.each * cost


class HostRates:
    """An endpoint's requests and tokens a minute."""

    def __init__(self, path: Path, *, requests: float | None = None, tokens: float | None = None) -> None:
        """``path`` is the file that all share; None is no limit."""
        self._requests = Pace(requests) if requests else None
        self._tokens = Pace(tokens) if tokens else None
        self._locks = ByteLocks(path.with_name(path.name + ".lock"))
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, tokens: float, now: float | None = None) -> float:
        """Let a call start that will take about so many tokens; gives 0, or the seconds until it may be asked again."""
        now = time.monotonic() if now is None else now
        if not self._locks.acquire(0):
            return _LOCKED
        try:
            requests_until, tokens_until = self._read()
            waits = [0.0]
            if self._requests:
                waits.append(self._requests.wait(requests_until, 1.0, now))
            if self._tokens:
                waits.append(self._tokens.wait(tokens_until, tokens, now))
            if max(waits) > 0:
                return max(waits)
            if self._requests:
                requests_until = self._requests.after(requests_until, 1.0, now)
            if self._tokens:
                tokens_until = self._tokens.after(tokens_until, tokens, now)
            self._write(requests_until, tokens_until)
        finally:
            self._locks.release(0)
        return 0.0

    def correct(self, tokens: float) -> None:
        """The call took so many more tokens than it was let in for, or less if negative."""
        if self._tokens is None or not tokens:
            return
        # The lock is held for microseconds; who is unlucky leaves the estimate standing.
        for _ in range(3):
            if self._locks.acquire(0):
                break
        else:
            return
        try:
            requests_until, tokens_until = self._read()
            self._write(requests_until, tokens_until + self._tokens.each * tokens)
        finally:
            self._locks.release(0)

    def _read(self) -> tuple[float, float]:
        """What is paid for; nothing where the file is new, unreadable, or from before the machine was started."""
        raw = os.pread(self._fd, _STATE.size, 0)
        if len(raw) == _STATE.size:
            requests_until, tokens_until, lead = _STATE.unpack(raw)
            if math.isfinite(requests_until + tokens_until) and abs(lead - _lead()) < _OTHER_BOOT:
                return requests_until, tokens_until
        return 0.0, 0.0

    def _write(self, requests_until: float, tokens_until: float) -> None:
        os.pwrite(self._fd, _STATE.pack(requests_until, tokens_until, _lead()), 0)

    def close(self) -> None:
        """Let go of the file."""
        self._locks.close()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _lead() -> float:
    return time.time() - time.monotonic()


def rates_on_this_host(name: str, *, requests: float | None, tokens: float | None) -> HostRates | None:
    """Rates that all processes of this user and machine know by a name; None without a limit.

    Raises:
        InfrastructureFault: There is no safe place for the file: limits that nobody keeps are not passed over.
    """
    if requests is None and tokens is None:
        return None
    folder = own_folder()
    if folder is not None:
        with contextlib.suppress(OSError):
            return HostRates(folder / f"{digest(name, 24)}.rates", requests=requests, tokens=tokens)
    raise InfrastructureFault(
        "requests_per_minute and tokens_per_minute need a folder for temporary files that is ours alone: "
        "another user has made it, or it cannot be written to (TMPDIR names another)",
        final=True,
    )
