"""A disk that is full stops the run cleanly; with room made, the same command goes on and repeats nothing durable."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genesys.calls.engine import run_rows
from genesys.calls.journal import Journal
from genesys.faults import InfrastructureFault
from tests.support.calls import FakeTeacher, filler, roles_of, work_of

ROWS = 300
REPO = Path(__file__).parents[3]


async def long_answer(request: object) -> str:
    await asyncio.sleep(0.001)
    return filler(str(request), 20_000)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Two megabytes, half of them taken by something that can go."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk; the test of a file size limit stands in for it")
    try:
        (folder / "in the way").write_bytes(b"x" * 2**20)
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk(small_disk: Path) -> None:
    first, second = FakeTeacher(reply=long_answer), FakeTeacher(reply=long_answer)
    with Journal(small_disk / "journal") as journal:
        with pytest.raises(InfrastructureFault, match="make room.*same command") as caught:
            await asyncio.wait_for(run_rows(work_of(ROWS), journal.segment("s"), roles_of(first)), 30)
        assert caught.value.fatal
        assert first.running == 0, "calls go on after the run has ended"
        assert len(first.asked) < ROWS
    (small_disk / "in the way").unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    with Journal(small_disk / "journal") as journal:
        kept = {entry.row_id for entry in journal.segment("s").entries()}
        progress = await run_rows(work_of(ROWS), journal.segment("s"), roles_of(second))
    assert progress.counts.accepted == ROWS
    assert len(kept) > 20
    assert not kept & {request.row_id for request in second.asked}
    assert len(first.asked) - len(kept) <= 2 * first.concurrency + 32, "more was lost than was in flight"


def test_a_full_disk_when_a_segment_is_made(small_disk: Path) -> None:
    with contextlib.suppress(OSError), (small_disk / "more").open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)
    with pytest.raises((InfrastructureFault, OSError)):
        Journal(small_disk / "journal").segment("s").put_now(None)  # type: ignore[arg-type]
    (small_disk / "more").unlink()
    with Journal(small_disk / "journal") as journal:
        assert journal.segment("s").counts() == {}


def limited_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """The same by a limit that needs no rights; in a process of its own, since the limit holds for all its files."""
    script = """if 1:
        import asyncio, sys
        from genesys.calls.engine import run_rows
        from genesys.faults import InfrastructureFault
        from genesys.calls.journal import Journal
        from tests.genesys.calls.test_disk_full import ROWS, long_answer
        from tests.support.calls import FakeTeacher, roles_of, work_of
        teacher = FakeTeacher(reply=long_answer)
        try:
            with Journal(sys.argv[1]) as journal:
                progress = asyncio.run(run_rows(work_of(ROWS), journal.segment("s"), roles_of(teacher)))
            print(progress.counts.accepted, len(teacher.asked))
        except InfrastructureFault as fault:
            print("fatal" if fault.fatal else "not fatal", len(teacher.asked))
        """
    command = [sys.executable, "-c", script, tmp_path]
    run = subprocess.run(
        command, cwd=REPO, capture_output=True, text=True, check=True, timeout=60, preexec_fn=limited_to(700_000)
    )
    assert run.stdout.startswith("fatal ")
    with Journal(tmp_path) as journal:
        kept = len(list(journal.segment("s").entries()))
    assert 0 < kept < ROWS
    again = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True, timeout=60)
    assert again.stdout.split() == [str(ROWS), str(ROWS - kept)]
