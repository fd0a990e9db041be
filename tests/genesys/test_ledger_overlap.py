"""Rows that a public test set has too: dropped before they cost anything, and withdrawn where they stood."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from genesys.ledger import LedgerUpdate, update_ledger
from genesys.overlap import OverlapIndex, Text
from genesys.quality.benchmarks import Benchmarks
from tests.genesys.test_ledger import LANE, Books, Marked, marked, row

COINS = "How many coins does Ada have if she has three times as many as Ben, who has twelve and gives two away?"
STAMPS = "Eve sells stamps at four for a crown and buys them at six for a crown; what does she gain by a hundred?"


def benchmarks(*texts: str, revision: str = "1") -> Benchmarks:
    index = OverlapIndex(Text("tests", f"t{number}", text) for number, text in enumerate(texts, 1))
    return Benchmarks(index, {"sets": ["tests"], "words": 13}, {"tests": revision})


@dataclass
class Checked:
    """A ledger, read with test sets."""

    books: Books
    lane: Any = LANE

    def read(self, rows: list[Any], known: Benchmarks | None, name: str = "a") -> LedgerUpdate:
        return update_ledger(self.books.lake, self.lane, [self.books.open(name, rows)], shard_size=2, benchmarks=known)


@pytest.fixture
def ledger(tmp_path: Path) -> Checked:
    return Checked(Books(tmp_path))


def test_a_row_of_a_test_set_is_dropped_and_says_which_and_by_which_words(ledger: Checked) -> None:
    update = ledger.read([row(1), row(2, f"A riddle: {COINS}"), row(3)], benchmarks(STAMPS, COINS))
    assert [key for _, key in ledger.books.placed()] == ["1", "3"]
    assert update.counts.rejected == {"overlaps a benchmark": 1}
    reason, detail = ledger.books.reasons()["a.jsonl:2"]
    assert reason == "overlaps a benchmark"
    assert str(detail).startswith("tests t2, 100% of it: how many coins does ada have if she has")
    assert ledger.books.withdrawn() == {}


def test_a_new_test_set_makes_the_ledger_read_again_and_withdraws_rows(ledger: Checked) -> None:
    rows = [row(1, COINS), row(2), row(3, STAMPS)]
    ledger.read(rows, None)
    before = ledger.books.shas()
    assert ledger.read(rows, benchmarks(COINS)).counts.rejected == {"overlaps a benchmark": 1}
    assert ledger.books.withdrawn() == {("1", COINS): "overlaps a benchmark"}
    assert ledger.read(rows, benchmarks(COINS, STAMPS, revision="2")).counts.rejected == {"overlaps a benchmark": 2}
    assert set(ledger.books.withdrawn().values()) == {"overlaps a benchmark"}
    assert len(ledger.books.withdrawn()) == 2
    update = ledger.read(rows, None)
    assert (ledger.books.withdrawn(), update.new_shards, update.unchanged) == ({}, [], 3), "and gives them back"
    assert ledger.books.shas() == before


def test_the_same_sets_do_nothing_again(ledger: Checked) -> None:
    first = ledger.read([row(1, COINS), row(2)], benchmarks(COINS))
    before = sorted(path.stat().st_mtime_ns for path in ledger.books.folder.rglob("*.json"))
    assert ledger.read([row(1, COINS), row(2)], benchmarks(COINS)).counts == first.counts
    assert sorted(path.stat().st_mtime_ns for path in ledger.books.folder.rglob("*.json")) == before


def test_what_is_dropped_so_is_no_rival_of_a_new_row(tmp_path: Path) -> None:
    """Two rows share their tests, not their words: one being in a test set is nothing against the other."""
    lane = replace(LANE, adapters=(replace(LANE.adapters[0], identify=marked),))
    ledger = Checked(Marked(tmp_path), lane)
    rows = [row(1, COINS, marks=["tests:a"]), row(2, "Another", marks=["tests:a"]), row(3, marks=["tests:b"])]
    assert ledger.read(rows, benchmarks(COINS)).counts.rejected == {"overlaps a benchmark": 1}
    assert [key for _, key in ledger.books.placed()] == ["2", "3"]


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_withdrawn_so_gives_its_marks_to_the_row_that_was_its_duplicate(tmp_path: Path, order: int) -> None:
    lane = replace(LANE, adapters=(replace(LANE.adapters[0], identify=marked),))
    ledger = Checked(Marked(tmp_path), lane)
    rows = [row(1, COINS, marks=["tests:a"]), row(2, "Another", marks=["tests:a"])]
    assert ledger.read(rows, None).counts.rejected == {"duplicate": 1}
    update = ledger.read(rows[::order], benchmarks(COINS))
    assert update.counts.rejected == {"overlaps a benchmark": 1}
    assert update.counts.balanced
    assert [key for _, key in ledger.books.placed()] == ["1", "2"]
    assert ledger.books.withdrawn() == {("1", COINS): "overlaps a benchmark"}
    again = ledger.read([*rows, row(3, "Third", marks=["tests:a"])], benchmarks(COINS))
    assert again.counts.rejected == {"overlaps a benchmark": 1, "duplicate": 1}
    assert again.new_shards == []


def test_a_row_that_overlapped_and_is_gone_stays_withdrawn_as_it_was(ledger: Checked) -> None:
    ledger.read([row(1, COINS), row(2)], None)
    ledger.read([row(1, COINS), row(2)], benchmarks(COINS))
    ledger.read([], benchmarks(COINS))
    assert ledger.books.withdrawn() == {("1", COINS): "overlaps a benchmark", ("2", "2+2"): "removed"}


def test_a_row_that_was_mended_until_it_overlaps(ledger: Checked) -> None:
    ledger.read([row(1)], benchmarks(COINS))
    ledger.read([row(1, "7+7")], benchmarks(COINS))
    ledger.read([row(1, COINS)], benchmarks(COINS))
    assert ledger.books.withdrawn() == {("1", "1+1"): "superseded", ("1", "7+7"): "overlaps a benchmark"}
    update = ledger.read([row(1, "8+8")], benchmarks(COINS))
    assert (update.counts.accepted, len(update.new_shards)) == (1, 1)
