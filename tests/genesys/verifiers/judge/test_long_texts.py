"""Texts made to be slow to read. They are read in the loop in which all rows live, and it may not stand still."""

from __future__ import annotations

import time

import pytest

from genesys.verifiers.judge.quoting import plain
from genesys.verifiers.judge.reading import Unreadable, read_judgement

SIZE = 100_000
LIMIT = 2.0  # seconds of processor time; each took minutes when reading went back and forth


@pytest.mark.parametrize(
    "text", ["<" + " " * SIZE, "<" + "\n" * SIZE, "[" + " " * SIZE, "<<" + " " * SIZE, "< / " * (SIZE // 4)]
)
def test_a_response_is_quoted_in_time(text: str):
    begun = time.process_time()
    assert plain(text).replace(" ", "").startswith(text[0])
    assert time.process_time() - begun < LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "ok" + "\n" * (SIZE - 3) + "e",
        "the\n" * (SIZE // 4),
        "score: 1" + " " * (SIZE - 9) + "x",
        "score\n" * (SIZE // 6),
        "> \n" * (SIZE // 3),
        '{"a":' * (SIZE // 5),
        '{"score": ' * (SIZE // 10),
        "\\" * SIZE,
    ],
    ids=lambda text: text[:8],
)
def test_what_a_judge_wrote_is_read_in_time(text: str):
    begun = time.process_time()
    with pytest.raises(Unreadable):
        read_judgement(text, code="8f3a", data=["Is it right?"])
    assert time.process_time() - begun < LIMIT


def test_a_score_may_stand_below_its_name():
    assert read_judgement("My verdict:\n**Score:**\n0.8 *", code="8f3a", data=[]).score == 0.8
