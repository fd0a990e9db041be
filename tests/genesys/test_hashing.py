"""Identities: the same value has the same one in each process, and what cannot promise that has none."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from genesys.faults import GenesysError
from genesys.hashing import canonical_json, digest

REPO = Path(__file__).parents[2]


def test_the_order_of_keys_is_not_in_it_and_that_of_items_is() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest([1, 2]) != digest([2, 1])
    assert digest([1]) != digest(["1"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 1, 2, tzinfo=UTC), "2024-02-29 01:02:00+00:00"),
        (timedelta(hours=1), "1:00:00"),
        (Decimal("1.50"), "1.50"),
        (Path("a/b"), "a/b"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"\xff", "b'\\\\xff'"),
    ],
)
def test_what_parquet_files_hold_besides_is_taken_as_its_text(value: Any, text: str) -> None:
    assert canonical_json({"x": value}) == f'{{"x":"{text}"}}'.encode()


class Thing:
    """Has its address as its text."""


@pytest.mark.parametrize("value", [{"b", "a"}, frozenset("a"), Thing(), print, 1j])
def test_what_has_another_form_in_each_process_is_refused(value: Any) -> None:
    with pytest.raises(GenesysError, match=f"a {type(value).__name__} has no form that is the same in each process"):
        digest({"x": [value]})


def test_it_is_the_same_in_another_process() -> None:
    script = "from genesys.hashing import digest; print(digest({'b': 'x', 'a': [1.5, None, 10**30, 'é']}))"
    found = {
        subprocess.run([sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": seed}, cwd=REPO,
                       capture_output=True, text=True, check=True).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert found == {digest({"a": [1.5, None, 10**30, "é"], "b": "x"})}
