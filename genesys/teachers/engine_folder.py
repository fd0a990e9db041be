"""The folder of one shared engine: its record, its locks, its key. Who starts and stops it stands in its neighbours.

A folder ``{state}/engines/<digest>`` stands for one exact configuration on one machine. All that decides anything is a
lock of the kernel's, which vanishes with its process: no process id is ever trusted, since another process may have it
by now. Standard library only, since the engine's keeper imports it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from genesys.faults import InfrastructureFault
from genesys.locks import ByteLocks

KEEPER, START, FIRST_LEASE = 0, 1, 1000
"""Bytes of the lock file: held by the keeper as long as it lives; by who starts one; by each who uses the engine."""
MOST_LEASES = 512

_KERNEL_TELLS = hasattr(fcntl, "F_OFD_GETLK")

State = Literal["starting", "up", "stopping", "failed", "ended", "stopped"]
"""``stopped``: by a person, although it was in use."""
Request = Literal["idle", "force"]
"""``idle``: stop, unless somebody holds a lease. ``force``: stop all the same."""


@dataclass(frozen=True)
class Record:
    """What the keeper tells of its engine, for all to read. No secret is in it."""

    id: str
    """Of this start; another start has another one."""
    state: State
    model: str
    """Its name in requests."""
    place: str
    """The machine and network in which its address holds."""
    pid: int
    """Of the keeper, for people."""
    started: float
    log: str
    url: str = ""
    up_since: float = 0.0
    error: str = ""
    """Why it failed or ended by itself, with the end of its log."""


def here() -> str:
    """Names this machine, since its start, and the network that ``127.0.0.1`` means: containers have their own."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/net').stat().st_ino}"
    return os.uname().nodename


class EngineFolder:
    """One engine's folder. Files are written whole or not at all; nothing waits."""

    def __init__(self, path: Path) -> None:
        """Open, or make, the folder; nobody but its owner may look into it."""
        # Not by `parents`, whose rights are not those that are asked for.
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        for folder in (path.parent, path):
            folder.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        self.path = path
        self.locks = ByteLocks(path / "locks")
        self._inode = (path / "locks").stat().st_ino

    @property
    def log(self) -> Path:
        """What the engine prints."""
        return self.path / "engine.log"

    @property
    def is_there(self) -> bool:
        """Whether these locks are still those that others find; a folder may have been removed, and made again."""
        try:
            return (self.path / "locks").stat().st_ino == self._inode
        except OSError:
            return False

    @property
    def is_kept(self) -> bool:
        """Whether a keeper lives."""
        return self._is_held(KEEPER)

    @property
    def leases(self) -> int:
        """How many use the engine; one's own lease is not counted."""
        if _KERNEL_TELLS and not self.locks.held_elsewhere(FIRST_LEASE, MOST_LEASES):
            return 0
        return sum(self._is_held(FIRST_LEASE + number) for number in range(MOST_LEASES))

    def _is_held(self, byte: int) -> bool:
        if _KERNEL_TELLS:
            return self.locks.held_elsewhere(byte)
        if self.locks.acquire(byte):  # where the kernel does not tell
            self.locks.release(byte)
            return False
        return True

    def lease(self) -> int:
        """Be counted among those who use the engine, until ``locks`` is closed.

        Raises:
            InfrastructureFault: There are as many as can be.
        """
        for byte in range(FIRST_LEASE, FIRST_LEASE + MOST_LEASES):
            if self.locks.acquire(byte):
                return byte
        raise InfrastructureFault(f"{MOST_LEASES} runs use the engine in {self.path} already", final=True)

    def record(self) -> Record | None:
        """What the keeper told last; None if nobody ever started here."""
        try:
            return Record(**json.loads((self.path / "engine.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def tell(self, record: Record) -> None:
        """Write the record."""
        self.write("engine.json", json.dumps(asdict(record), indent=1))

    def make_key(self) -> str:
        """Make and keep a new key."""
        key = secrets.token_urlsafe(24)
        self.write("key", key)
        return key

    def read(self, name: str) -> str:
        """A small file's text, empty if there is none."""
        try:
            return (self.path / name).read_text("utf-8")
        except OSError:
            return ""

    def write(self, name: str, text: str) -> None:
        """Write a small file that only its owner can read."""
        temporary = self.path / f".{name}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(self.path / name)

    def ask_to_stop(self, request: Request, wait: float) -> bool:
        """Ask the keeper to stop its engine.

        Returns:
            Whether its keeper has ended, the engine with it; not so if somebody uses it, or ``wait`` seconds are over.
        """
        self.write("stop", request)
        until = time.monotonic() + wait
        while self.is_kept and time.monotonic() < until:
            if not self.read("stop"):  # taken back by the keeper
                return False
            time.sleep(0.1)
        (self.path / "stop").unlink(missing_ok=True)
        return not self.is_kept

    def close(self) -> None:
        """Let go of all locks held through this object."""
        self.locks.close()


def engine_folders(engines: Path) -> list[EngineFolder]:
    """All of a state's engines, past ones too."""
    return [EngineFolder(lock.parent) for lock in sorted(engines.glob("*/locks"))]
