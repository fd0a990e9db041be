"""The ``git`` program, asked about one repository. What of it becomes a row stands in ``history``.

The program and no library: it reads every form of a repository (packs, alternates, SHA-256, work trees), streams, and
is there where a repository is. Only its plumbing is used, which heeds no filters, hooks, pagers and
signature checks that a repository can set; it may not fetch, and objects are read one at a time.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from genesys.faults import GenesysError, InfrastructureFault
from genesys.sources import OF_GIT

_SAFE = ("core.fsmonitor=false", "protocol.allow=never", "core.quotePath=false", "diff.renameLimit=400")


@dataclass(frozen=True)
class Change:
    """What a commit does to one file, as ``git diff-tree --raw`` says it."""

    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    status: str
    old_file: bytes
    new_file: bytes


class Unusable(Exception):
    """What cannot be read of a commit; the message says why."""

    def __init__(self, field: str, why: str) -> None:
        """``field`` is the column that it would be."""
        super().__init__(why)
        self.field = field


class Repository:
    """The ``git`` program, asked about one repository."""

    def __init__(self, place: Path) -> None:
        """Nothing is asked yet."""
        self.place = place

    def check(self) -> None:
        """See that it can be read, and to its beginning.

        Raises:
            GenesysError: It cannot.
        """
        if shutil.which("git") is None:
            raise GenesysError(f"{OF_GIT}{self.place}: the program git is not installed; install it")
        if not self.place.is_dir():
            raise GenesysError(f"{OF_GIT}{self.place}: there is no such folder")
        if self.ask("rev-parse", "--is-shallow-repository").strip() == "true":
            raise GenesysError(
                f"{OF_GIT}{self.place}: is a shallow clone, whose oldest commit would seem to add every file; "
                f"get the rest: git -C {self.place} fetch --unshallow"
            )
        if self.ask("config", "--get-regexp", r"^remote\..*\.promisor$", may_fail=True).strip():
            raise GenesysError(
                f"{OF_GIT}{self.place}: is a partial clone, which lacks files of earlier commits; clone it whole"
            )

    def commit(self, revision: str) -> str:
        """The full name of a commit."""
        if revision.startswith("-"):
            raise GenesysError(f"{OF_GIT}{self.place}: {revision!r} is no revision")
        found = self.ask("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", may_fail=True).strip()
        if not found:
            raise GenesysError(
                f"{OF_GIT}{self.place}: has no commit {revision!r}; it is empty, or name another revision"
            )
        return found

    def name(self) -> str:
        """The last two words of its origin's address, else its folder's name; never what a password may stand in."""
        origin = self.ask("config", "--get", "remote.origin.url", may_fail=True).strip().removesuffix(".git")
        words = [word for word in re.split(r"[/:]", origin) if word and "@" not in word]
        return "/".join(words[-2:]) or self.place.resolve().name

    def changes(self, head: str) -> Iterator[tuple[str, list[Change]]]:
        """Each commit up to the head with what it changes; a merge changes nothing of its own."""
        with ExitStack() as stack:
            commits = stack.enter_context(self._running("rev-list", "--reverse", head))
            options = ("--stdin", "--root", "-r", "-z", "--raw", "--no-abbrev", "-M90%", "--no-ext-diff", "--always")
            listed = stack.enter_context(self._running("diff-tree", *options, stdin=commits))
            yield from _read_changes(_records(listed))

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """For reading objects, one at a time."""
        with ExitStack() as stack:
            yield Objects(*(stack.enter_context(self._asked(f"--batch{more}")) for more in ("-check", "")))

    @contextmanager
    def _asked(self, form: str) -> Iterator[subprocess.Popen[bytes]]:
        """``cat-file``, which answers as long as it is asked."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            self._command("cat-file", form), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=_environment()
        )
        try:
            yield process
        finally:
            _end(process)

    def ask(self, *words: str, may_fail: bool = False) -> str:
        """What git prints.

        Raises:
            GenesysError: It fails; says what git says.
        """
        done = subprocess.run(self._command(*words), capture_output=True, env=_environment(), check=False)
        if done.returncode and not may_fail:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise GenesysError(f"{OF_GIT}{self.place}: {said[0] if said else 'git fails'}")
        return done.stdout.decode("utf-8", "replace") if not done.returncode else ""

    def _command(self, *words: str) -> list[str]:
        options = [word for setting in _SAFE for word in ("-c", setting)]
        return ["git", "--no-pager", "--no-replace-objects", "-C", str(self.place), *options, *words]

    @contextmanager
    def _running(self, *words: str, stdin: IO[bytes] | None = None) -> Iterator[IO[bytes]]:
        """What a command prints, as a stream.

        Raises:
            InfrastructureFault: It failed before its end: the repository is damaged, or changes under our hands.
        """
        given = stdin if stdin is not None else subprocess.DEVNULL
        process = subprocess.Popen(
            self._command(*words), stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
        )
        try:
            if stdin is not None:
                stdin.close()
            yield _pipe(process.stdout)
            if process.wait(timeout=60):
                said = _pipe(process.stderr).read(2000).decode("utf-8", "replace").strip()
                raise InfrastructureFault(f"{OF_GIT}{self.place}: git {words[0]} failed: {said}", final=True)
        finally:
            _end(process)


class Objects:
    """Objects of a repository by their names. Their sizes are asked first: a huge one is not read."""

    def __init__(self, sizes: subprocess.Popen[bytes], contents: subprocess.Popen[bytes]) -> None:
        """Two ``cat-file`` that wait for names."""
        self._sizes, self._contents = sizes, contents

    def read(self, name: str, field: str, largest: int) -> bytes:
        """An object's content.

        Raises:
            Unusable: It is not there, or larger than that.
        """
        if (size := _size_of(self._sizes, name, field)) > largest:
            raise Unusable(field, f"has {size:,} bytes, more than {largest:,}")
        size = _size_of(self._contents, name, field)
        content = _pipe(self._contents.stdout).read(size + 1)  # a line's end stands behind it
        return content[:size]


def _size_of(process: subprocess.Popen[bytes], name: str, field: str) -> int:
    """The size of an object, as the first line of the answer says it."""
    try:
        _pipe(process.stdin).write(f"{name}\n".encode())
        _pipe(process.stdin).flush()
    except BrokenPipeError:
        raise InfrastructureFault("git cat-file ended: the repository is damaged", final=True) from None
    words = _pipe(process.stdout).readline().decode("utf-8", "replace").split()
    if len(words) != 3 or not words[2].isdigit():
        raise Unusable(field, f"is not in the repository ({' '.join(words) or 'no answer'})")
    return int(words[2])


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """A pipe that Popen was asked for, for the type checker."""
    if pipe is None:
        raise RuntimeError("Popen gave no pipe")
    return pipe


def _records(stream: IO[bytes]) -> Iterator[bytes]:
    """What stands between the zero bytes of a stream."""
    held = b""
    while chunk := os.read(stream.fileno(), 1 << 16):
        *whole, held = (held + chunk).split(b"\0")
        yield from whole
    if held.strip():
        yield held


def _read_changes(records: Iterator[bytes]) -> Iterator[tuple[str, list[Change]]]:
    """``diff-tree --stdin --raw -z``: a commit's name, then for each change ``:modes names status``, and its files."""
    commit, changes = "", list[Change]()
    for record in records:
        if record.startswith(b":"):
            old_mode, new_mode, old_blob, new_blob, status = record[1:].decode("ascii").split()
            old_file = new_file = next(records)
            if status[0] in "RC":
                new_file = next(records)
            if len(changes) < 2:  # how many more there are does not matter
                changes.append(Change(old_mode, new_mode, old_blob, new_blob, status, old_file, new_file))
            continue
        if commit:
            yield commit, changes
        commit, changes = record.decode("ascii").strip(), []
    if commit:
        yield commit, changes


def _environment() -> dict[str, str]:
    """Ours, without what points git elsewhere; nothing is fetched, nobody is asked for a password."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
