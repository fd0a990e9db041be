"""Texts and chats made column by column are those that are made row by row."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys.release.chats import asked, last_content, one_message, rendered, with_reply
from genesys.stages.sampling import rendering
from genesys.tables.columns import CHAT, MESSAGES, TEXT

Row = dict[str, Any]

TEXTS = st.text(st.sampled_from('ab<think>/ \n\t\x1c\u00a0\u3000\u200b漢😀\\"'), max_size=8)
TURNS = st.fixed_dictionaries({"role": TEXTS, "content": st.none() | TEXTS, "reasoning": st.none() | TEXTS})
EXCHANGES = st.lists(TURNS, min_size=1, max_size=4)
GENERATIONS = st.lists(
    st.fixed_dictionaries({"messages": EXCHANGES, "finish_reason": st.sampled_from(["stop", "length"])}),
    max_size=6,
)


def columns(rows: list[Row], cut: int = 0) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """As tables give them: in pieces, of which some begin in the middle of what is in memory."""
    messages = pa.array([row["messages"] for row in rows], MESSAGES)
    reasons = pa.array([row["finish_reason"] for row in rows], TEXT)
    pieces = [(whole.slice(0, cut), whole.slice(cut)) for whole in (messages, reasons)]
    return pa.chunked_array(pieces[0], MESSAGES), pa.chunked_array(pieces[1], TEXT)


@given(GENERATIONS, st.integers(0, 3))
def test_hostile_responses_are_rendered_as_one_by_one(rows: list[Row], cut: int) -> None:
    messages, reasons = columns(rows, min(cut, len(rows)))
    expected = [rendering(row) for row in rows]
    assert rendered(messages, reasons).to_pylist() == expected
    chats = with_reply(asked(messages), rendered(messages, reasons))
    assert chats.type == CHAT
    assert chats.to_pylist() == [
        [
            *({"role": turn["role"], "content": turn["content"]} for turn in row["messages"][:-1]),
            {"role": "assistant", "content": text},
        ]
        for row, text in zip(rows, expected, strict=True)
    ]
    assert last_content(chats).to_pylist() == expected


@pytest.mark.parametrize("start", [0, 1, 2])
def test_a_part_of_a_column_is_read_as_that_part(start: int) -> None:
    rows = [
        {"messages": [{"role": "user", "content": f"q{n}", "reasoning": None}] * (n + 1), "finish_reason": "stop"}
        for n in range(4)
    ]
    messages, _ = columns(rows)
    found = asked(messages.slice(start)).to_pylist()
    assert [len(chat) for chat in found] == list(range(start, 4))
    answered = with_reply(asked(messages).slice(start), pa.array([f"a{n}" for n in range(start, 4)]))
    assert [chat[-1]["content"] for chat in answered.to_pylist()] == [f"a{n}" for n in range(start, 4)]
    assert [chat[:-1] for chat in answered.to_pylist()] == found


def test_white_space_is_what_the_standard_library_takes_for_it() -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    rows = [
        {"messages": [{"role": "a", "content": "", "reasoning": f"{one}x{one}"}], "finish_reason": "length"}
        for one in every
        if one.isspace() or ord(one) < 0x3100
    ]
    assert rendered(*columns(rows)).to_pylist() == [rendering(row) for row in rows]


def test_a_chat_of_one_message() -> None:
    assert one_message("user", pa.chunked_array([["a", None]])).to_pylist() == [
        [{"role": "user", "content": "a"}],
        [{"role": "user", "content": None}],
    ]
