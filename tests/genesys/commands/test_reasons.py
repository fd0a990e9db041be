"""Why rows ended as they did: said while a run waits, and at its end; the first broken rows by file and line."""

import asyncio
from pathlib import Path

import pytest

from genesys.calls.engine import Progress
from genesys.chat import ChatRequest, Message
from genesys.cli import main
from genesys.commands import progress as display
from genesys.commands.reasons import ReasonedCounts
from genesys.outcomes import errored, rejected
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.genesys.commands.runs import response, task, write
from tests.support.openai_server import OpenAIServer

NOBODY = "http://127.0.0.1:9/v1"


def test_the_most_frequent_come_first_and_numbers_make_no_difference() -> None:
    parts = [ReasonedCounts(), ReasonedCounts()]
    for number in range(6):
        parts[number % 2].add(errored("infrastructure", f"answered 500\nafter {number}.5 s"))
    parts[0].add(errored("infrastructure", "key refused"))
    parts[0].add(rejected("wrong answer"))
    total = ReasonedCounts()
    for part in parts:
        total.merge(part)
    assert list(total.lines()) == [
        "  1 rejected: wrong answer",
        "  7 errored: infrastructure",
        "    6 x answered 500 after 0.5 s",
        "    1 x key refused",
    ]
    assert list(total.lines(said=["key refused"]))[-1] == "    6 x answered 500 after 0.5 s"


def test_generate_says_why_nobody_answered_and_how_to_see_more(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "tasks.jsonl", [task(i) for i in range(4)])
    words = ["generate", "--name_model", "m", "--base_url", NOBODY, "--data.path", "tasks.jsonl"]
    assert main([*words, "--attempts", "1", "--path_output", "my out"]) == 3
    told = capsys.readouterr().out
    assert "4 errored: infrastructure\n    4 x " in told
    assert NOBODY in told
    command = next(line for line in told.splitlines() if line.startswith("All that failed: "))
    assert command == "All that failed: genesys calls why --journal 'my out/.journal' --segment generate"
    assert main(["calls", "why", "--journal", "my out/.journal", "--segment", "generate"]) == 0
    assert "4 calls failed" in capsys.readouterr().out


def test_broken_rows_are_named_by_place_also_by_the_second_run(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here / "tasks.jsonl", [task(0), *["{torn"] * 6, {"problem_id": "p8"}])
    words = ["generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", "tasks.jsonl"]
    for _ in range(2):
        assert main(words) == 3
        told = capsys.readouterr().out
        assert "7 errored: broken row\n    tasks.jsonl:2: line: not JSON" in told
        assert "    tasks.jsonl:6: line: not JSON" in told
        assert "    ... and 2 more" in told
        assert "calls why" not in told, "no call has failed"


def test_verify_says_what_was_wrong_with_task_and_record(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "out.jsonl", [response(0, "1", verification_info={}), response(1, "1", verification_info="neither")])
    assert main(["verify", "--file", "out.jsonl"]) == 3
    told = capsys.readouterr().out
    assert "1 rejected: task fault\n    1 x The task has no usable gold" in told
    assert "1 errored: incomplete record\n    out.jsonl:2: verification_info: is neither JSON" in told
    assert "stay so until they are mended" in told


async def test_the_line_of_progress_names_the_trouble_and_only_while_it_lasts(server: OpenAIServer) -> None:
    teacher = OpenAITeacher("m", [server.base_url], attempts=1)
    request = ChatRequest(
        messages=(Message(role="user", content="x"),), sampling={}, sample_index=0, row_id="r", name="sample"
    )
    try:
        assert display.endpoint_trouble(teacher) == display.endpoint_trouble(None) == ""
        server.control(dead=True)
        with pytest.raises(Exception, match="127"):
            await asyncio.wait_for(teacher.complete(request), 20)
        trouble = display.endpoint_trouble(teacher)
        assert trouble.startswith("no answer for 0 s: http://127.0.0.1")
        state = display._state(Progress(), display.tokens, lambda: trouble)
        assert state.endswith(trouble)
        server.control(dead=False)
        await teacher.complete(request)
        assert display.endpoint_trouble(teacher) == ""
    finally:
        await teacher.aclose()
