"""What a call's key is made of, and that a record comes back as it went in."""

from __future__ import annotations

import json
from datetime import date

import pytest
import zstandard

from genesys.calls.entry import Entry, call_key
from genesys.chat import ChatRequest
from tests.support.calls import entry, question


def key_of(teacher_id: str = "t", **more: object) -> str:
    request = ChatRequest.model_validate({"messages": question("Why?"), "sampling": {"temperature": 0.5}} | more)
    return call_key("chat", request.payload(teacher_id), request.trial)


@pytest.mark.parametrize(
    "change",
    [
        {"messages": question("Why not?")},
        {"sampling": {"temperature": 0.6}},
        {"sampling": {"temperature": 0.5, "seed": 1}},
        {"sample_index": 1},
        {"trial": 1},
        {"teacher_id": "another"},
    ],
)
def test_all_that_determines_an_answer_is_in_its_key(change: dict[str, object]) -> None:
    assert key_of(**change) != key_of()  # type: ignore[arg-type]


@pytest.mark.parametrize("same", [{"row_id": "r"}, {"name": "a prompt"}, {"sampling": {"temperature": 0.5}}])
def test_for_whom_it_was_asked_is_not(same: dict[str, object]) -> None:
    assert key_of(**same) == key_of()  # type: ignore[arg-type]


def test_the_order_of_parameters_is_not() -> None:
    one, other = {"top_p": 0.9, "temperature": 0.5}, {"temperature": 0.5, "top_p": 0.9}
    assert key_of(sampling=one) == key_of(sampling=other)


def test_keys_stay_what_they_are() -> None:
    """A change of this value makes every journal in the world miss."""
    assert key_of() == "750abc133bad37aa4857c8d614170bb4bea8387151e9b69601e745c2133c4486"


def columns_of(record: Entry) -> dict[str, object]:
    return {name: getattr(record, name) for name in ("key", "kind", "name", "row_id", "made_at")}


def test_a_record_comes_back_as_it_went_in() -> None:
    record = entry(7, text="é \N{GRINNING FACE} \u2028 \x00 \\ \" '").model_copy(
        update={"seconds": 0.25, "attempts": 3}
    )
    assert Entry.from_bytes(record.to_bytes(), **columns_of(record)) == record


def test_what_json_has_no_form_for_is_kept_as_its_text() -> None:
    record = entry(7).model_copy(update={"result": {"day": date(2024, 2, 29), "big": 10**400}})
    found = Entry.from_bytes(record.to_bytes(), **columns_of(record)).result
    assert found == {"day": "2024-02-29", "big": 10**400}


HALVES = {"a \ud800": ["b \udc00", "\ud83d\ude00"]}
WITHOUT_HALVES = {"a \ufffd": ["b \ufffd", "\N{GRINNING FACE}"]}


def test_half_characters_are_replaced_since_no_table_could_hold_them() -> None:
    record = entry(7).model_copy(update={"result": HALVES})
    assert Entry.from_bytes(record.to_bytes(), **columns_of(record)).result == WITHOUT_HALVES


def test_also_in_records_of_before_when_they_were_kept() -> None:
    """A shard that could not be sealed for one of them gets well by itself."""
    text = json.dumps({"payload": {}, "result": HALVES}, ensure_ascii=False)
    blob = zstandard.compress(text.encode("utf-8", "surrogatepass"))
    assert Entry.from_bytes(blob, **columns_of(entry(7))).result == WITHOUT_HALVES


def test_a_flipped_bit_is_noticed_wherever_it_is() -> None:
    record = entry(7, text="The answer is 1234567. " + "abcdefgh" * 20)
    blob = record.to_bytes()
    for at in range(len(blob)):
        for bit in range(8):
            broken = bytearray(blob)
            broken[at] ^= 1 << bit
            try:
                found = Entry.from_bytes(bytes(broken), **columns_of(record))
            except ValueError:
                continue
            assert found == record, f"bit {bit} of byte {at} gives another answer in silence"
