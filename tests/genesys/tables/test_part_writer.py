"""Rows that come as Arrow tables make the same file as those that come one by one."""

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesys.faults import GenesysError
from genesys.tables.columns import CHAT, FLAG, INT, REAL, TEXT, TEXTS
from genesys.tables.part_writer import PartWriter

SCHEMA = pa.schema({"ident": TEXT, "texts": TEXTS, "chat": CHAT, "number": INT, "share": REAL, "flag": FLAG})
WORDS = st.none() | st.text(st.sampled_from("ab \né漢😀"), max_size=12)
TURN = st.none() | st.fixed_dictionaries({"role": WORDS, "content": WORDS})
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "ident": WORDS,
            "texts": st.none() | st.lists(WORDS, max_size=3),
            "chat": st.none() | st.lists(TURN, max_size=3),
            "number": st.none() | st.integers(-5, 5),
            "share": st.none() | st.floats(0, 1),
            "flag": st.none() | st.booleans(),
        }
    ),
    max_size=40,
)


def writer(path: Path, group: int, chars: int) -> PartWriter:
    made = PartWriter(path, SCHEMA, {}, contextlib.nullcontext)
    made.GROUP, made.GROUP_CHARS = group, chars  # type: ignore[misc]
    return made


@settings(deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 40), max_size=4), group=st.integers(1, 9), chars=st.integers(1, 90))
def test_tables_give_the_bytes_of_single_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], cuts: list[int], group: int, chars: int
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    singly, together = writer(folder / "one", group, chars), writer(folder / "two", group, chars)
    for row in rows:
        singly.add(row)
    table = pa.Table.from_pylist(rows, SCHEMA)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    for start, end in zip(edges, edges[1:], strict=False):
        together.add_table(table.slice(start, end - start).select(SCHEMA.names[::-1]))
    assert singly.finish() == together.finish()
    assert pq.read_table(folder / "two").to_pylist() == rows


def test_columns_that_are_not_those_of_the_table_are_named(tmp_path: Path) -> None:
    part = writer(tmp_path / "part", 9, 9)
    with pytest.raises(GenesysError, match="missing: chat, flag, number, share, texts, wrong"):
        part.add_table(pa.table({"ident": ["a"], "wrong": ["b"]}))


def test_single_rows_and_tables_do_not_mix(tmp_path: Path) -> None:
    part = writer(tmp_path / "part", 9, 9)
    part.add({"ident": "a"})
    with pytest.raises(GenesysError, match="either one by one or as tables"):
        part.add_table(SCHEMA.empty_table())
