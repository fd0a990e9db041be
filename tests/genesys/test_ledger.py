"""The ledger: who a row is, which shard it is in for ever, and what happens when the sources change."""

import json
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.lane import Adapter, Identity
from genesys.ledger import LedgerUpdate, broken_rows, problem_id, statement_hash, update_ledger
from genesys.schemas import as_text, parse_info
from genesys.sources import Opened, Source
from genesys.sources.opening import open_source
from genesys.tables.lake import WHOLE, Lake
from tests.support.s3 import s3_bucket
from tests.support.tiny_lane import sums_lane, write_rows

LANE = sums_lane()
Row = dict[str, Any]


def row(key: int, question: str | None = None, **more: Any) -> Row:
    return {"id": key, "question": question or f"{key}+{key}", "answer": str(2 * key), **more}


class Books:
    """A lake and named sources in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake = folder, Lake(folder / "lake")

    def open(self, name: str, rows: Iterable[Any], **fields: Any) -> Opened:
        path = write_rows(self.folder / f"{name}.jsonl", rows)
        return open_source(Source(path=str(path), name=name, **fields))

    def read(self, *opened: Opened, shard_size: int = 2) -> LedgerUpdate:
        return update_ledger(self.lake, LANE, list(opened), shard_size=shard_size)

    def ledger(self) -> list[Row]:
        return list(self.lake.rows("sums/ledger"))

    def placed(self) -> list[tuple[str, str]]:
        return [(row["shard"], row["upstream_key"]) for row in self.ledger()]

    def withdrawn(self) -> dict[tuple[str, str], str]:
        """Status by upstream key and answer to it."""
        rows = {(row["problem_id"], row["row_hash"]): row for row in self.ledger()}
        found = {}
        for gone in self.lake.rows("sums/withdrawn"):
            stood = rows[gone["problem_id"], gone["row_hash"]]
            found[stood["upstream_key"], json.loads(stood["upstream_row"])["question"]] = gone["status"]
        return found

    def shas(self) -> dict[str, str]:
        return {name: part.data.sha256 for name, part in self.lake.need("sums/ledger").parts.items()}

    def reasons(self) -> dict[str, tuple[str | None, str | None]]:
        part = self.lake.need("sums/withdrawn").parts["ledger"]
        assert part.outcomes is not None
        rows = self.lake.file_rows("sums/withdrawn", WHOLE, part.outcomes)
        return {row["row_id"]: (row["reason"], row["detail"]) for row in rows}


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def test_rows_get_their_identity_and_a_shard_in_order(books: Books) -> None:
    source = books.open(
        "a", [row(1, url="https://x/1"), row(2, license="mit"), row(3)], license="cc0", attribution="us"
    )
    update = books.read(source)
    assert books.placed() == [("sums-00000", "1"), ("sums-00000", "2"), ("sums-00001", "3")]
    assert update.new_shards == ["sums-00000", "sums-00001"]
    assert update.counts.as_dict()["accepted"] == 3
    first = books.ledger()[0]
    assert first["problem_id"] == problem_id("a", "1")
    assert first["row_hash"] == digest(row(1, url="https://x/1"), 32)
    assert parse_info(first["upstream_row"]) == row(1, url="https://x/1")
    assert (first["file"], first["row"], first["revision"]) == ("a.jsonl", 1, source.revision)
    assert (first["license"], first["attribution"], first["source_url"]) == ("cc0", "us", "https://x/1")
    assert [each["license"] for each in books.ledger()] == ["cc0", "mit", "cc0"]


def test_row_hash_can_be_had_again_from_the_table(books: Books) -> None:
    odd = row(1, note='ü\u2028 \\ "q"', numbers=[1.0, 10**30, 1e-9, None], nested={"b": {"a": [True]}, "a": ""})
    books.read(books.open("a", [odd]))
    stood = books.ledger()[0]
    assert digest(parse_info(stood["upstream_row"]), 32) == stood["row_hash"] == digest(odd, 32)


def test_reading_the_same_again_does_nothing(books: Books) -> None:
    source = books.open("a", [row(1), row(2), "broken"])
    first = books.read(source)
    before = sorted(path.stat().st_mtime_ns for path in books.folder.rglob("*.json"))
    again = books.read(source)
    assert (again.new_shards, again.unchanged) == ([], 2)
    assert again.counts == first.counts
    assert sorted(path.stat().st_mtime_ns for path in books.folder.rglob("*.json")) == before


def test_new_rows_make_new_shards_and_leave_the_old_ones_alone(books: Books) -> None:
    books.read(books.open("a", [row(1), row(2), row(3)]))
    before = books.shas()
    update = books.read(books.open("a", [row(9), row(1), row(2), row(3), row(4)]))
    assert update.new_shards == ["sums-00002"]
    assert update.unchanged == 3
    assert {name: books.shas()[name] for name in before} == before
    assert books.placed()[3:] == [("sums-00002", "9"), ("sums-00002", "4")]
    assert books.withdrawn() == {}


def test_the_same_sources_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    found = []
    for name in ("here", "there"):
        books = Books(tmp_path / name)
        books.read(books.open("a", [row(1), row(2), row(3)]))
        books.read(books.open("a", [row(1, "7+7"), row(3), row(4)]))
        withdrawn = books.lake.need("sums/withdrawn").parts["ledger"].data.sha256
        found.append((books.shas(), withdrawn))
    assert found[0] == found[1]


def test_a_changed_row_supersedes_its_earlier_version(books: Books) -> None:
    books.read(books.open("a", [row(1), row(2)]))
    books.read(books.open("a", [row(1, "7+7"), row(2)]))
    old, _, new = books.ledger()
    assert (new["problem_id"], new["shard"]) == (old["problem_id"], "sums-00001")
    assert new["supersedes"] == old["row_hash"] != new["row_hash"]
    assert books.withdrawn() == {("1", "1+1"): "superseded"}


def test_a_row_that_goes_back_to_an_earlier_version_is_that_version_again(books: Books) -> None:
    books.read(books.open("a", [row(1)]))
    books.read(books.open("a", [row(1, "7+7")]))
    update = books.read(books.open("a", [row(1)]))
    assert (update.new_shards, update.unchanged) == ([], 1)
    assert books.withdrawn() == {("1", "7+7"): "superseded"}


def test_a_changed_row_that_is_removed_leaves_both_its_versions_marked(books: Books) -> None:
    books.read(books.open("a", [row(1)]))
    books.read(books.open("a", [row(1, "7+7")]))
    books.read(books.open("a", []))
    assert books.withdrawn() == {("1", "1+1"): "superseded", ("1", "7+7"): "removed"}


def test_statements_belong_to_versions_that_count(books: Books) -> None:
    books.read(books.open("a", [row(1)]))
    books.read(books.open("a", [row(1, "7+7")]))
    books.read(books.open("a", [row(1)]))
    update = books.read(books.open("a", [row(2, "7+7"), row(3, "1+1"), row(1)]))
    assert [key for _, key in books.placed()] == ["1", "1", "2"]
    assert update.counts.rejected == {"duplicate": 1}


def test_a_removed_row_is_marked_and_comes_back_as_it_was(books: Books) -> None:
    books.read(books.open("a", [row(1), row(2)]))
    books.read(books.open("a", [row(2)]))
    assert books.withdrawn() == {("1", "1+1"): "removed"}
    assert [key for _, key in books.placed()] == ["1", "2"]
    books.read(books.open("a", [row(2), row(1)]))
    assert books.withdrawn() == {}
    assert [key for _, key in books.placed()] == ["1", "2"]


def test_a_source_that_is_no_longer_named_takes_its_rows_along_and_may_come_back(books: Books) -> None:
    books.read(books.open("a", [row(1), row(2)]), books.open("b", [row(3)]))
    books.read(books.open("a", [row(1)]))
    assert books.withdrawn() == {("2", "2+2"): "removed", ("3", "3+3"): "removed"}
    before = books.shas()
    update = books.read(books.open("a", [row(1)]), books.open("b", [row(3)]))
    assert books.withdrawn() == {("2", "2+2"): "removed"}
    assert (update.new_shards, books.shas()) == ([], before)


def test_duplicates_within_a_source(books: Books) -> None:
    update = books.read(
        books.open("a", [row(1), row(1, "8+8"), row(2, "1 +  1"), row(3, "1+1"), row(4, "Why?"), row(5, "WHY?")])
    )
    assert [key for _, key in books.placed()] == ["1", "2", "4"]
    assert update.counts.as_dict()["rejected"] == {"duplicate": 3}
    reasons = books.reasons()
    assert "same upstream key" in str(reasons["a.jsonl:2"][1])
    assert reasons["a.jsonl:4"] == ("duplicate", f"the same statement as {problem_id('a', '1')}")
    assert reasons["a.jsonl:6"] == ("duplicate", f"the same statement as {problem_id('a', '4')}")


def test_statements_are_equal_up_to_case_and_white_space_only() -> None:
    assert statement_hash(" What\n is  2? ") == statement_hash("what is 2?")
    assert statement_hash("what is 2?") != statement_hash("what is 3?")


def test_of_duplicates_across_sources_that_of_the_first_stays(books: Books) -> None:
    books.read(books.open("a", [row(1)]), books.open("b", [row(7, "1+1"), row(8)]))
    assert [(each["source"], each["upstream_key"]) for each in books.ledger()] == [("a", "1"), ("b", "8")]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_what_stands_stays_in_whatever_order_sources_are_read_later(books: Books, order: str) -> None:
    books.read(books.open("a", [row(1), row(2)]))
    sources = {"a": books.open("a", [row(2), row(1)]), "b": books.open("b", [row(7, "1+1"), row(8)])}
    update = books.read(*(sources[name] for name in order))
    assert [(each["source"], each["upstream_key"]) for each in books.ledger()][2:] == [("b", "8")]
    assert update.counts.as_dict() | {"records": 0} == {
        "rows": 4,
        "accepted": 3,
        "rejected": {"duplicate": 1},
        "errored": {},
        "records": 0,
    }
    assert books.withdrawn() == {}


def test_a_duplicate_takes_the_place_of_a_row_whose_source_is_no_longer_named(books: Books) -> None:
    books.read(books.open("a", [row(1)]))
    update = books.read(books.open("b", [row(7, "1+1")]))
    assert (update.counts.accepted, update.counts.rejected) == (1, {})
    assert books.withdrawn() == {("1", "1+1"): "removed"}


def test_all_sources_that_cannot_be_used_are_named_at_once_and_nothing_is_taken(books: Books) -> None:
    with pytest.raises(GenesysError) as caught:
        books.read(
            books.open("good", [row(1)]),
            books.open("other", [{"id": 1, "text": "?"}]),
            books.open("broken", ["half", "half"]),
        )
    assert "other.jsonl has no column answer, question" in str(caught.value)
    assert "broken.jsonl: no row can be read; the first: broken.jsonl:1: line: not" in str(caught.value)
    assert books.lake.manifest("sums/ledger") is None


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_duplicate_takes_the_place_of_a_row_that_is_gone(books: Books, order: str) -> None:
    books.read(books.open("a", [row(1), row(2)]), books.open("b", [row(7, "1+1")]))
    duplicates = ["broken", row(7, "1+1"), row(8, "1+1"), row(7, "1+1")]
    sources = {"a": books.open("a", [row(2)]), "b": books.open("b", duplicates)}
    update = books.read(*(sources[name] for name in order))
    assert [(each["source"], each["upstream_key"]) for each in books.ledger()][2:] == [("b", "7")]
    assert (update.counts.rows, update.counts.rejected) == (5, {"duplicate": 2, "broken row": 1})
    assert update.counts.balanced
    assert books.withdrawn() == {("1", "1+1"): "removed"}


def test_a_statement_is_free_once_its_row_says_something_else(books: Books) -> None:
    books.read(books.open("a", [row(1)]))
    books.read(books.open("a", [row(1, "5+5"), row(2, "1+1")]))
    assert [(each["upstream_key"], each["shard"]) for each in books.ledger()][1:] == [
        ("1", "sums-00001"),
        ("2", "sums-00001"),
    ]
    assert books.withdrawn() == {("1", "1+1"): "superseded"}


def test_a_row_that_turns_into_a_duplicate_no_longer_counts(books: Books) -> None:
    books.read(books.open("a", [row(1), row(2)]))
    update = books.read(books.open("a", [row(1), row(2, "1+1")]))
    assert update.counts.rejected == {"duplicate": 1}
    assert books.withdrawn() == {("2", "2+2"): "superseded"}


def test_rows_that_swap_their_statements(books: Books) -> None:
    books.read(books.open("a", [row(1), row(2)]))
    update = books.read(books.open("a", [row(1, "2+2"), row(2, "1+1")]))
    assert update.counts.balanced
    assert update.counts.rows == 2
    current = [
        each
        for each in books.ledger()
        if (each["upstream_key"], json.loads(each["upstream_row"])["question"]) not in books.withdrawn()
    ]
    assert len({each["statement_hash"] for each in current}) == len(current) == 2


def test_broken_rows_stand_with_file_row_field_and_reason_and_the_others_go_on(books: Books) -> None:
    rows = [
        row(1),
        '{"id": 2, "question"',
        {"id": 3, "question": "3+3"},
        {"id": 4, "question": 5, "answer": ""},
        "[1]",
        row(6),
    ]
    update = books.read(books.open("a", rows))
    assert [key for _, key in books.placed()] == ["1", "6"]
    assert update.counts.as_dict()["rejected"] == {"broken row": 4}
    told = list(broken_rows(books.lake, LANE))
    assert [text.split(": ")[:2] for text in told] == [
        ["a.jsonl:2", "line"],
        ["a.jsonl:3", "answer"],
        ["a.jsonl:4", "question"],
        ["a.jsonl:5", "line"],
    ]
    assert told[2].endswith(": is int, expected text")
    books.read(books.open("a", rows))
    assert list(broken_rows(books.lake, LANE)) == told, "also when nothing was to be read"
    detail = json.loads(str(books.reasons()["a.jsonl:3"][1]))
    assert detail == {"where": "a.jsonl:3: answer: missing", "raw": as_text(rows[2])}


def test_a_lane_that_does_not_foresee_a_row_does_not_stop_the_others(books: Books) -> None:
    def fragile(data: Row) -> Any:
        return LANE.identify(data | {"question": data["question"].strip()})

    opened = books.open("a", [row(1), {"id": 2, "question": None, "answer": ""}, row(3)])
    lane = replace(LANE, adapters=(Adapter("fragile", ("id",), fragile, dict),))
    update = update_ledger(books.lake, lane, [opened], shard_size=9)
    assert update.counts.accepted == 2
    assert ["AttributeError" in told for told in broken_rows(books.lake, lane)] == [True]


def test_a_source_without_a_needed_column_is_an_error_that_names_it(books: Books) -> None:
    rows = [{"id": number, "question": "1+1"} for number in range(3)]
    with pytest.raises(GenesysError, match=r"a\.jsonl has no column answer; the sums lane needs id, question, answer"):
        books.read(books.open("a", rows))
    assert books.lake.manifest("sums/ledger") is None


def test_rows_that_each_lack_another_column_are_broken_rows(books: Books) -> None:
    update = books.read(books.open("a", [{"id": 1, "question": "1+1"}, {"id": 2, "answer": "4"}, row(3)]))
    assert update.counts.as_dict()["rejected"] == {"broken row": 2}


def test_an_empty_source_withdraws_what_it_had(books: Books) -> None:
    assert books.read(books.open("a", [])).counts.rows == 0
    books.read(books.open("a", [row(1)]))
    books.read(books.open("a", []))
    assert books.withdrawn() == {("1", "1+1"): "removed"}


def test_an_empty_ledger_is_there_and_empty(books: Books) -> None:
    books.read(books.open("a", []))
    assert books.ledger() == []


def test_max_rows_reads_the_first_ones(books: Books) -> None:
    books.read(books.open("a", [row(1), row(2), row(3)], max_rows=2))
    assert [key for _, key in books.placed()] == ["1", "2"]


def test_columns_that_upstream_fills_with_anything_stand_as_text(books: Books) -> None:
    books.read(books.open("a", [row(1, license=["mit", "bsd"], url={"href": "x"})]))
    assert books.ledger()[0]["license"] == '["mit", "bsd"]'
    assert books.ledger()[0]["source_url"] == '{"href": "x"}'


def test_a_crash_between_shards_and_marks_is_mended_by_the_next_reading(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.read(books.open("a", [row(1), row(2)]))
    source = books.open("a", [row(2), row(3)])
    publish, calls = Lake.publish_after, []

    def crash(lake: Lake, before: Any, asset: str, *rest: Any) -> Any:
        calls.append(asset)
        if asset.endswith("withdrawn"):
            raise KeyboardInterrupt
        return publish(lake, before, asset, *rest)

    monkeypatch.setattr(Lake, "publish_after", crash)
    with pytest.raises(KeyboardInterrupt):
        books.read(source)
    monkeypatch.undo()
    assert calls == ["sums/ledger", "sums/withdrawn"]
    assert books.withdrawn() == {}
    update = books.read(source)
    assert (update.new_shards, update.unchanged) == ([], 2)
    assert [key for _, key in books.placed()] == ["1", "2", "3"]
    assert books.withdrawn() == {("1", "1+1"): "removed"}


def test_two_readings_at_once_cut_no_shard_twice(books: Books) -> None:
    opened = [
        books.open(name, [row(key) for key in range(start, start + 40)]) for name, start in (("a", 0), ("b", 100))
    ]
    threads = [
        threading.Thread(target=update_ledger, args=(Lake(books.lake.root), LANE, [source]), kwargs={"shard_size": 7})
        for source in opened
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(books.ledger()) == 80
    assert len({each["problem_id"] for each in books.ledger()}) == 80
    assert all(each["shard"] == name for name in books.shas() for each in books.lake.rows("sums/ledger", campaign=name))


def marked(data: Row) -> Identity:
    """As the lane identifies a row, with marks of its own."""
    return replace(LANE.adapters[0].identify(data), marks=tuple(data.get("marks", ())))


class Marked(Books):
    """Rows that carry marks."""

    def read(self, *opened: Opened, shard_size: int = 2) -> LedgerUpdate:
        lane = replace(LANE, adapters=(replace(LANE.adapters[0], identify=marked),))
        return update_ledger(self.lake, lane, list(opened), shard_size=shard_size)

    def keys(self) -> list[str]:
        return [each["upstream_key"] for each in self.ledger()]


@pytest.fixture
def marks(tmp_path: Path) -> Marked:
    return Marked(tmp_path)


def test_any_mark_that_two_rows_share_makes_a_duplicate(marks: Marked) -> None:
    rows = [row(1, marks=["tests:a", "problem:x"]), row(2, marks=["tests:b", "problem:x"]), row(3, marks=["tests:b"])]
    update = marks.read(marks.open("a", rows))
    # Row 2 does not count, so row 3 is no duplicate of it.
    assert marks.keys() == ["1", "3"]
    assert marks.ledger()[0]["marks"] == ["tests:a", "problem:x"]
    assert update.counts.rejected == {"duplicate": 1}
    assert marks.reasons()["a.jsonl:2"] == ("duplicate", f"the same problem as {problem_id('a', '1')}")
    again = marks.read(marks.open("a", [*rows, row(4, marks=["tests:a"])]))
    assert (again.new_shards, again.unchanged, again.counts.rejected) == ([], 2, {"duplicate": 2})


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_row_stands_back_for_a_known_one_of_its_marks(marks: Marked, order: str, is_there: bool) -> None:
    marks.read(marks.open("a", [row(1, marks=["tests:a", "problem:x"]), row(2)]))
    sources = {
        "a": marks.open("a", [row(2), row(1, marks=["tests:a", "problem:x"])] if is_there else [row(2)]),
        "b": marks.open("b", [row(7, marks=["tests:a"]), row(8, marks=["problem:x", "tests:a"])]),
    }
    update = marks.read(*(sources[name] for name in order))
    assert marks.keys()[2:] == ([] if is_there else ["7"])
    assert update.counts.rejected == {"duplicate": 2 if is_there else 1}
    assert update.counts.balanced
    assert marks.withdrawn() == ({} if is_there else {("1", "1+1"): "removed"})


def test_of_rows_that_share_marks_with_one_that_waits_the_first_stays(marks: Marked) -> None:
    marks.read(marks.open("a", [row(1, marks=["tests:a"])]))
    rows = [row(5, marks=["tests:a", "problem:y"]), row(6, marks=["problem:y"])]
    marks.read(marks.open("b", rows), marks.open("a", []))
    assert marks.keys()[1:] == ["5"]


def test_marks_belong_to_versions_that_count(marks: Marked) -> None:
    marks.read(marks.open("a", [row(1, marks=["tests:a", "tests:b"])]))
    marks.read(marks.open("a", [row(1, marks=["tests:b"]), row(2, marks=["tests:a"]), row(3, marks=["tests:b"])]))
    assert marks.keys()[1:] == ["1", "2"]
    assert list(marks.withdrawn().values()) == ["superseded"]


@pytest.mark.s3
@pytest.mark.parametrize("comes_in", ["sums/ledger", "sums/withdrawn"])
def test_two_readings_at_once_on_object_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes_in: str) -> None:
    """No lock holds there: another machine reads its sources, whole, just before this one publishes a table."""
    with s3_bucket() as bucket:
        books, other = Books(tmp_path), Books(tmp_path)
        books.lake, other.lake = (Lake(f"{bucket.url}/lake", bucket.options) for _ in range(2))
        others_source = other.open("b", [row(key) for key in (100, 101, 102)])
        publish, met = Lake.publish_after, []

        def publishes(lake: Lake, before: Any, asset: str, *rest: Any) -> Any:
            if lake is books.lake and asset == comes_in and not met:
                met.append(other.read(others_source).new_shards)
            return publish(lake, before, asset, *rest)

        monkeypatch.setattr(Lake, "publish_after", publishes)
        update = books.read(books.open("a", [row(1), row(2), row(3)]))
        new = [("sums-00002", "sums-00003"), ("sums-00000", "sums-00001")][comes_in.endswith("withdrawn")]
        assert update.new_shards == list(new)
        assert (update.counts.accepted, update.unchanged) == (3, 0)
        assert len(met) == 1
        assert sorted({*met[0], *new}) == [f"sums-{number:05d}" for number in range(4)]
        assert sorted(key for _, key in books.placed()) == ["1", "100", "101", "102", "2", "3"]
        assert all(
            each["shard"] == name for name in books.shas() for each in books.lake.rows("sums/ledger", campaign=name)
        )
        assert books.withdrawn() == {(f"{key}", f"{key}+{key}"): "removed" for key in (100, 101, 102)}, (
            "ours was the last"
        )
