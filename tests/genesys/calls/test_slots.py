"""Locks of the kernel's, and the slots that processes share by them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesys.calls.slots import HostSlots, slots_on_this_host
from genesys.locks import ByteLocks

REPO = Path(__file__).parents[3]


def python(script: str, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", f"if 1:{script}", *map(str, words)]
    return subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


class TestByteLocks:
    def test_bytes_are_independent_and_locks_exclusive(self, tmp_path: Path) -> None:
        one, other = ByteLocks(tmp_path / "l"), ByteLocks(tmp_path / "l")
        assert one.acquire(7)
        assert one.acquire(7), "its holder has it already"
        assert not other.acquire(7)
        assert other.acquire(8)
        assert other.held_elsewhere(0, 100)
        assert not other.held_elsewhere(8)
        one.release(7)
        assert not other.held_elsewhere(0, 100)
        assert other.acquire(7)
        other.close()
        assert one.acquire(8)
        assert (tmp_path / "l").stat().st_size == 0

    def test_shared(self, tmp_path: Path) -> None:
        one, other, third = (ByteLocks(tmp_path / "l") for _ in range(3))
        assert one.acquire(2**62, shared=True)
        assert other.acquire(2**62, shared=True)
        assert not third.acquire(2**62)
        one.close()
        other.close()
        assert third.acquire(2**62)

    def test_a_forked_child_does_not_hold_its_parents_locks(self, tmp_path: Path) -> None:
        """Verifier processes may be forked; one that outlives a killed run must not keep the run's calls claimed."""
        script = """
            import os, sys, time
            from pathlib import Path
            from genesys.locks import ByteLocks
            locks = ByteLocks(Path(sys.argv[1]))
            assert locks.acquire(1)
            child = os.fork()
            if child == 0:
                time.sleep(60)
            print(child, flush=True)
            time.sleep(60)
            """
        holder = python(script, tmp_path / "l")
        child = int(line_of(holder))
        locks = ByteLocks(tmp_path / "l")
        try:
            assert not locks.acquire(1)
            holder.kill()
            holder.wait()
            os.kill(child, 0)
            give_up_at = time.monotonic() + 5
            while not locks.acquire(1):  # the child may not have got its first turn yet
                assert time.monotonic() < give_up_at
                time.sleep(0.01)
        finally:
            os.kill(child, 9)
            end(holder)


HOLDER = """
    import sys
    from pathlib import Path
    from genesys.calls.slots import HostSlots
    slots = HostSlots(Path(sys.argv[1]), int(sys.argv[2]))
    print(sum(slots.take() for _ in range(int(sys.argv[3]))), flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == "take": print(slots.take(), flush=True)
        if word == "give": slots.give(); print(slots.held, flush=True)
        if word == "settle": slots.settle(); print(slots.held, flush=True)
    """


def tell(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()
    return line_of(process)


class TestHostSlots:
    def test_alone_one_process_has_them_all(self, tmp_path: Path) -> None:
        slots = HostSlots(tmp_path / "s", 5)
        assert [slots.take() for _ in range(7)] == [True] * 5 + [False] * 2
        slots.give()
        assert slots.take()
        assert slots.held == 5

    def test_together_no_more_than_there_are(self, tmp_path: Path) -> None:
        other = python(HOLDER, tmp_path / "s", 8, 3)
        try:
            assert line_of(other) == "3"
            slots = HostSlots(tmp_path / "s", 8)
            assert sum(slots.take() for _ in range(20)) == 5
            assert tell(other, "give") == "2"
            assert slots.take()
        finally:
            end(other)

    def test_who_came_later_gets_a_fair_share(self, tmp_path: Path) -> None:
        """A busy process takes its slots again in no time; another one that polls would never get one."""
        slots = HostSlots(tmp_path / "s", 8)
        assert sum(slots.take() for _ in range(9)) == 8
        other = python(HOLDER, tmp_path / "s", 8, 1)
        try:
            assert line_of(other) == "0"
            for _ in range(4):
                slots.give()
                assert not slots.take(), "more than a share while another one waits"
            assert [tell(other, "take") for _ in range(5)] == ["True"] * 4 + ["False"]
            slots.give()
            assert slots.take(), "its own share is its own"
            assert tell(other, "settle") == "4"
            assert tell(other, "give") == "3"
            assert slots.take(), "nobody else wants it"
        finally:
            end(other)

    def test_a_killed_process_gives_its_slots_back(self, tmp_path: Path) -> None:
        other = python(HOLDER, tmp_path / "s", 4, 5)
        assert line_of(other) == "4"
        slots = HostSlots(tmp_path / "s", 4)
        assert not slots.take()
        end(other)
        assert sum(slots.take() for _ in range(5)) == 4

    def test_who_counts_fewer_finds_room_beside_who_counts_more(self, tmp_path: Path) -> None:
        many, few = HostSlots(tmp_path / "s", 10), HostSlots(tmp_path / "s", 2)
        assert sum(many.take() for _ in range(8)) == 8
        assert sum(few.take() for _ in range(8)) == 2

    def test_closed_or_settled_twice_is_no_error(self, tmp_path: Path) -> None:
        slots = HostSlots(tmp_path / "s", 1)
        slots.take()
        slots.close()
        slots.give()
        slots.settle()

    def test_it_costs_little(self, tmp_path: Path) -> None:
        slots = HostSlots(tmp_path / "s", 512)
        for _ in range(500):
            slots.take()
        began = time.process_time()
        for _ in range(500):
            slots.give()
            slots.take()
        assert (time.process_time() - began) / 500 < 0.001


class TestPlace:
    def test_one_name_one_place(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        one, same, other = (slots_on_this_host(name, 1) for name in ("endpoint a", "endpoint a", "endpoint b"))
        assert one is not None
        assert same is not None
        assert other is not None
        assert [one.take(), same.take(), other.take()] == [True, False, True]
        assert (tmp_path / f"genesys-{os.getuid()}").stat().st_mode & 0o077 == 0

    def test_a_place_that_somebody_else_made_is_not_used(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / f"genesys-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
        assert slots_on_this_host("endpoint a", 1) is None

    def test_no_place_at_all(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
        assert slots_on_this_host("endpoint a", 1) is None
