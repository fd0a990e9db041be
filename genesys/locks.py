"""Locks of the kernel's on single bytes of a file. What a byte stands for is up to who uses them.

A lock of the kernel's vanishes with its process, so a killed run never leaves anything claimed; that is why no table of
claims is kept. Locks belong to the open file description (``F_OFD_SETLK``), so two users in one process exclude each
other too. Where a system has no such locks (macOS), classic POSIX locks are taken, which do not.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import tempfile
import weakref
from pathlib import Path

from genesys.faults import InfrastructureFault

_OFD = hasattr(fcntl, "F_OFD_SETLK")
_FLOCK = "@hhqqi0q"
"""``struct flock``: type, whence, start, length, process."""

_open_here: weakref.WeakSet[ByteLocks] = weakref.WeakSet()


class ByteLocks:
    """Locks on the bytes of one file, which stays empty. No call waits."""

    def __init__(self, path: Path) -> None:
        """Open, or make, the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        _open_here.add(self)

    def acquire(self, offset: int, *, shared: bool = False) -> bool:
        """Take the lock on a byte, unless somebody else holds it; whoever holds it already gets it again.

        Raises:
            InfrastructureFault: The file system takes no locks.
        """
        return self._set(fcntl.F_RDLCK if shared else fcntl.F_WRLCK, offset)

    def release(self, offset: int) -> None:
        """Give a byte back."""
        self._set(fcntl.F_UNLCK, offset)

    def held_elsewhere(self, offset: int, length: int = 1) -> bool:
        """Whether somebody else holds any byte of a range; False where the kernel does not tell."""
        if not _OFD:
            return False
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, offset, length, 0)
        (kind,) = struct.unpack_from("@h", fcntl.fcntl(self._fd, fcntl.F_OFD_GETLK, asked))
        return bool(kind != fcntl.F_UNLCK)

    def _set(self, kind: int, offset: int) -> bool:
        try:
            if _OFD:
                fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, offset, 1, 0))
            else:
                flags = {fcntl.F_UNLCK: fcntl.LOCK_UN, fcntl.F_RDLCK: fcntl.LOCK_SH, fcntl.F_WRLCK: fcntl.LOCK_EX}
                fcntl.lockf(self._fd, flags[kind] | (fcntl.LOCK_NB if kind != fcntl.F_UNLCK else 0), 1, offset)
        except (BlockingIOError, PermissionError):
            return False
        except OSError as error:
            raise InfrastructureFault(f"{self._path} could not be locked: {error}", fatal=True) from None
        return True

    def fileno(self) -> int:
        """The descriptor: a process that inherits it holds the same locks, until all of them have closed it."""
        return self._fd

    def close(self) -> None:
        """Drop every lock held through this object."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def own_folder() -> Path | None:
    """The folder for lock files that all processes of this user on this machine share; None where it is not safe.

    Its place is known to everybody, so another user may have made it before us, and could then hold any lock in it.
    """
    folder = own_folder_path()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    return folder if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() else None


def own_folder_path() -> Path:
    """Where that folder is."""
    return Path(tempfile.gettempdir()) / f"genesys-{os.getuid()}"


def _forget_after_fork() -> None:
    """A forked child shares the description, and would hold its parent's locks for as long as it lives."""
    for locks in list(_open_here):
        locks.close()


os.register_at_fork(after_in_child=_forget_after_fork)
