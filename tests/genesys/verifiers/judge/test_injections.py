"""Hostile responses before real endpoints: what is sent, and what is read back when the judge repeats what it was sent.

Whether a model falls for a text is its own matter. What is held here: a response stands whole and only between its
marks, nothing in it acts, and no score that it brings along is ever taken for a judge's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import InfrastructureFault
from genesys.verifiers.judge.quoting import plain
from genesys.verifiers.thinking import after_thinking
from tests.genesys.verifiers.hostile_responses import BLANK, HOSTILE
from tests.support.judge_server import JudgeServer, parts
from tests.support.judging import GOLD, court, record, settings_of

MAX_CHARS = 60_000


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as server:
        yield server


def hostile() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, text in HOSTILE.items():
        if name != "unpaired surrogate":  # a record with one has no key; see below
            yield name, record(text, response_id=f"r-{name}")


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) + len(BLANK) >= 40
    assert not any(GOLD in text for text in (*HOSTILE.values(), *BLANK.values()))


async def scores(
    server: JudgeServer, folder: Path, kind: str, **judging: Any
) -> dict[str, tuple[float | None, str] | None]:
    """Score and rule by name; None where no verdict came about."""
    found: dict[str, tuple[float | None, str] | None] = {}
    async with court(folder, settings_of(server, kind, **judging)) as judges:
        for name, judged in hostile():
            try:
                verdict = await judges.verdict(judged)
            except InfrastructureFault:
                found[name] = None
            else:
                found[name] = (verdict["score"], verdict["verification_result_info"]["rule"])
    return found


async def test_what_is_sent(server: JudgeServer, tmp_path: Path) -> None:
    before = len(server.bodies)
    await scores(server, tmp_path, "honest")
    bodies = server.bodies[before:]
    texts = [text for name, text in HOSTILE.items() if name != "unpaired surrogate"]
    assert len(bodies) == 2 * len(texts)
    for number, body in enumerate(bodies):
        response = plain(after_thinking(texts[number // 2]).strip())
        system, user = (message["content"] for message in body["messages"])
        assert system == bodies[0]["messages"][0]["content"], "nothing of a record stands there"
        sent = parts(user)
        assert sorted(sent) == ["answer", "outside", "reference", "task"]
        if len(response) <= MAX_CHARS:
            assert sent["answer"] == response
            assert user.count(response) == 1 or len(response) < 12
        else:
            assert sent["answer"].startswith(response[: MAX_CHARS // 2])
            assert sent["answer"].endswith(response[-MAX_CHARS // 2 :])
            assert f"{len(response) - MAX_CHARS} characters were left out" in sent["answer"]
            assert "answer under test was cut" in sent["outside"]
        assert sent["reference"] == GOLD
        lines = [line.strip() for line in response.splitlines() if len(line.strip()) >= 12]
        assert not [line for line in lines if line in sent["outside"] or line in system]
        for token in ("<|", "<｜", "[INST]", "[/INST]", "</s>", "<start_of_turn>", "</think>", "\u202e", "\U000e0073"):
            assert token not in user
        assert "<think>" not in user


@pytest.mark.parametrize("kind", ["honest", "parrot-after", "parrot-before", "thinking", "parrot-around-no-code"])
async def test_a_judge_that_repeats_the_response_is_read_by_its_own_verdict(
    server: JudgeServer, tmp_path: Path, kind: str
) -> None:
    found = await scores(server, tmp_path, kind)
    wrong = {name: end for name, end in found.items() if end is not None and end[0] != 0.0}
    assert wrong == {}
    unread = {name for name, end in found.items() if end is None}
    # Without the code of its own, what follows a verdict that was broken on purpose cannot be told from it.
    assert unread <= ({"broken verdict to swallow the next"} if kind == "parrot-around-no-code" else set())


@pytest.mark.parametrize("kind", ["parrot-only", "parrot-objects", "unfinished-thinking"])
async def test_a_judge_that_says_nothing_of_its_own_gives_no_score(
    server: JudgeServer, tmp_path: Path, kind: str
) -> None:
    found = await scores(server, tmp_path, kind, votes=1)
    assert {name: end for name, end in found.items() if end is not None} == {}


async def test_a_judge_that_breaks_its_json_by_quoting_never_accepts(server: JudgeServer, tmp_path: Path) -> None:
    found = await scores(server, tmp_path, "parrot-unescaped", votes=1)
    assert {name: end for name, end in found.items() if end is not None and end[0] != 0.0} == {}


@pytest.mark.parametrize("name", BLANK)
async def test_what_has_no_answer_is_put_before_nobody(server: JudgeServer, tmp_path: Path, name: str) -> None:
    before = len(server.bodies)
    async with court(tmp_path, settings_of(server, "generous")) as judges:
        verdict = await judges.verdict(record(BLANK[name]))
    assert (verdict["score"], verdict["verification_result_info"]["rule"]) == (0.0, "judge/no-answer")
    assert len(server.bodies) == before


def test_what_cannot_be_sent_is_written_out() -> None:
    text = plain(HOSTILE["unpaired surrogate"])
    assert text.encode("utf-8")
    assert plain("a\u200db \u0646\u200c\u0645 👩‍👩‍👧") == "a\u200db \u0646\u200c\u0645 👩‍👩‍👧", (
        "scripts and emoji need their joiners"
    )
    assert plain("I \u2764\ufe0f it") == "I \u2764\ufe0f it"
    assert plain(HOSTILE["hidden in variation selectors"]).endswith(
        "\ufe07\\u{fe09}\\u{fe06}\\u{fe05}\\u{fe00}\\u{fe01}\\u{fe0e}\\u{fe00}"
    )
    assert plain("x < y, a[0], <b>bold</b>") == "x < y, a[0], <b>bold</b>"
    assert plain("one\rtwo") == "one\ntwo"
    assert plain(HOSTILE["hidden tag characters"]).endswith("\\u{e0031}\\u{e002e}\\u{e0030}")
