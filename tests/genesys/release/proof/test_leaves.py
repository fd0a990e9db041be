import hashlib
import json
from typing import Any

import pytest

from genesys.faults import GenesysError
from genesys.release.proof.leaves import OF_LINEAGE, OF_ROW, leaf
from genesys.tables.columns import LINEAGE, PROVEN, RAW

ROW: dict[str, Any] = {name: f"{name} é\u2028\U0001f40d" for name in RAW.names} | {"score": 0.75, "in_source_id": None}
ORIGIN: dict[str, Any] = {name: f"{name} of it" for name in LINEAGE.names} | {
    "sample_index": 3,
    "prompt_hashes": ["p1", "p2"],
    "task_call_keys": [],
    "toolchain": None,
}


def test_a_leaf_is_what_the_documented_lines_of_python_give() -> None:
    text = json.dumps([ROW, ORIGIN], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert leaf(ROW, ORIGIN) == hashlib.sha256(b"\0" + text.encode()).hexdigest()


def test_the_bytes_of_a_leaf_stay_as_they_are_for_ever() -> None:
    assert leaf(ROW, ORIGIN) == "57f730b594439309835caf7efdfda6fc010f28e7adf471a40703fc7217fa6176"


def test_a_leaf_covers_every_published_column_and_every_column_of_the_lineage() -> None:
    """A new column of either table needs a new format of leaves, or it would be outside the proof."""
    assert set(OF_ROW) == set(RAW.names)
    assert set(OF_LINEAGE) == set(LINEAGE.names) == set(PROVEN.names) - {"leaf"}
    before = leaf(ROW, ORIGIN)
    for name in OF_ROW:
        assert leaf(ROW | {name: "another"}, ORIGIN) != before
    for name in OF_LINEAGE:
        assert leaf(ROW, ORIGIN | {name: "another"}) != before


def test_a_leaf_depends_on_neither_the_order_of_columns_nor_on_further_ones() -> None:
    turned = dict(reversed(ROW.items())), dict(reversed(ORIGIN.items()))
    assert leaf(turned[0] | {"more": 1}, turned[1] | {"leaf": "ab"}) == leaf(ROW, ORIGIN)


def test_null_is_neither_an_empty_text_nor_a_zero() -> None:
    leaves = {leaf(ROW | {"score": value}, ORIGIN) for value in (None, 0.0, "", "null")}
    assert len(leaves) == 4


def test_a_missing_column_is_named_with_the_trace() -> None:
    short = {name: value for name, value in ORIGIN.items() if name != "row_hash"}
    with pytest.raises(GenesysError, match=r"response_id é.*lineage has no column 'row_hash'"):
        leaf(ROW, short | {"response_id": ROW["response_id"]})
