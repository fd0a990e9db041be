"""Rows by their ids, however they came and however many fit into memory."""

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.release import sorting
from genesys.release.sorting import Sorter


def table(numbers: list[int], text: str = "x") -> pa.Table:
    return pa.table(
        {
            "ident": [digest(number // 2, 24) for number in numbers],
            "side": [number % 2 for number in numbers],
            "text": [f"{text} {number}" for number in numbers],
        }
    )


def in_order(folder: Path, tables: list[pa.Table]) -> pa.Table:
    with Sorter(folder, ["ident", "side"]) as sorter:
        for one in tables:
            sorter.add(one)
        found = list(sorter.sorted())
    assert list(folder.iterdir()) == []
    return pa.concat_tables(found) if found else None


@pytest.mark.parametrize("limits", [(2**27, 2**28), (4000, 2**28), (1, 2**28), (4000, 100), (1, 1)])
def test_rows_come_by_all_their_keys_whether_in_memory_or_through_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int]
) -> None:
    monkeypatch.setattr(sorting, "HELD", limits[0])
    monkeypatch.setattr(sorting, "HEAVY", limits[1])
    numbers = [number * 7919 % 500 for number in range(500)]
    found = in_order(tmp_path, [table(numbers[:3]), table([]), table(numbers[3:490]), table(numbers[490:])])
    assert found.to_pylist() == sorted(table(numbers).to_pylist(), key=lambda row: (row["ident"], row["side"]))


def test_the_order_in_which_rows_came_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "HELD", 2000)
    numbers = list(range(300))
    one = in_order(tmp_path, [table(numbers)])
    assert one.equals(in_order(tmp_path, [table([number]) for number in reversed(numbers)]))


def test_no_rows_are_no_tables(tmp_path: Path) -> None:
    assert in_order(tmp_path, []) is None
    assert in_order(tmp_path, [table([])]) is None


def test_no_more_bytes_are_in_memory_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "HELD", 2**20)
    text = "x" * 20_000
    before = pa.total_allocated_bytes()
    most, count = 0, 0
    with Sorter(tmp_path, ["ident", "side"]) as sorter:
        for number in range(2000):
            sorter.add(table([number], text))
            most = max(most, pa.total_allocated_bytes() - before)
        for found in sorter.sorted():
            count += len(found)
            most = max(most, pa.total_allocated_bytes() - before)
    assert count == 2000
    assert most < 8 * 2**20 < 2000 * len(text)


def test_a_block_that_fails_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "HELD", 1)
    with contextlib.suppress(RuntimeError), Sorter(tmp_path, ["ident", "side"]) as sorter:
        sorter.add(table(list(range(50))))
        assert list(tmp_path.rglob("part-*.tmp"))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_sorting_is_a_fatal_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sorting, "HELD", 1)
    with Sorter(tmp_path, ["ident", "side"]) as sorter:
        monkeypatch.setattr(pa, "OSFile", full)
        with pytest.raises(InfrastructureFault, match="No space left") as caught:
            sorter.add(table([1]))
    assert caught.value.fatal
