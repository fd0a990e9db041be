"""Responses as chats and as text, column by column: the same as ``stages.sampling.rendering`` gives row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesys.chat import THINK_CLOSE, THINK_OPEN
from genesys.tables.columns import CHAT


def rendered(messages: pa.ChunkedArray, finish_reason: pa.ChunkedArray) -> pa.Array:
    """``llm_response`` of each exchange: the thinking of its last message in marks, then its content.

    Args:
        messages: ``columns.MESSAGES``, none of them empty.
        finish_reason: How each ended.
    """
    chats = _whole(messages)
    last = pa.array(_lasts(chats))
    content = pc.fill_null(pc.struct_field(chats.values, "content").take(last), "")
    reasoning = pc.fill_null(pc.struct_field(chats.values, "reasoning").take(last), "")
    unended = pc.and_(pc.equal(content, ""), pc.fill_null(pc.equal(_whole(finish_reason), "length"), False))
    closing = pc.if_else(unended, "", THINK_CLOSE)
    thought = pc.binary_join_element_wise(
        THINK_OPEN + "\n", pc.utf8_trim_whitespace(reasoning), "\n", closing, "\n\n", content, ""
    )
    return pc.if_else(pc.equal(reasoning, ""), content, pc.utf8_rtrim_whitespace(thought))


def asked(messages: pa.ChunkedArray) -> pa.Array:
    """All messages but the last one, as a chat."""
    chats = _whole(messages)
    starts, lasts = chats.offsets.to_numpy(), _lasts(chats)
    kept = np.ones(len(chats.values), bool)
    kept[lasts] = False
    within = slice(starts[0], starts[-1])
    places = pa.array(np.arange(within.start, within.stop)[kept[within]])
    role, content = (pc.struct_field(chats.values, name).take(places) for name in ("role", "content"))
    return _chat(np.diff(starts) - 1, role, content)


def last_content(chats: pa.ChunkedArray) -> pa.Array:
    """The content of the last message of each chat."""
    whole = _whole(chats)
    return pc.struct_field(whole.values, "content").take(pa.array(_lasts(whole)))


def with_reply(chats: pa.Array, reply: pa.Array) -> pa.Array:
    """Chats with one more message each, the assistant's."""
    starts = chats.offsets.to_numpy()
    sizes = np.diff(starts)
    before = np.arange(starts[0], starts[-1])
    # Where each message goes: a chat's own, then the reply, whose place is after them in the values put end to end.
    places = np.insert(before - starts[0], np.cumsum(sizes), np.arange(len(chats)) + len(before))
    own = chats.values.slice(starts[0], len(before))
    role = pa.concat_arrays([pc.struct_field(own, "role"), pa.array(["assistant"] * len(chats), pa.string())])
    content = pa.concat_arrays([pc.struct_field(own, "content"), reply])
    return _chat(sizes + 1, role.take(pa.array(places)), content.take(pa.array(places)))


def one_message(role: str, content: pa.ChunkedArray) -> pa.Array:
    """Chats of a single message."""
    texts = _whole(content)
    return _chat(np.ones(len(texts), np.int64), pa.array([role] * len(texts), pa.string()), texts)


def _chat(sizes: Any, role: pa.Array, content: pa.Array) -> pa.Array:
    offsets = pa.array(np.concatenate(([0], np.cumsum(sizes))), pa.int32())
    turns = pa.StructArray.from_arrays([role, content], ["role", "content"])
    return pa.ListArray.from_arrays(offsets, turns).cast(CHAT)


def _lasts(chats: pa.ListArray) -> Any:
    return chats.offsets.to_numpy()[1:] - 1


def _whole(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
