"""The translated coding lane's row function: what is asked, what is run, and what becomes of a task."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesys.chat import ChatRequest
from genesys.curation.coding.curate import prompt as coding_prompt
from genesys.curation.coding.problem import CodeProblem
from genesys.curation.translated_coding import proof
from genesys.curation.translated_coding.lane import TRANSLATED_CODING
from genesys.curation.translated_coding.parent import read, statement_of
from genesys.curation.translated_coding.spelling import LANGUAGES
from genesys.sandbox.sandbox import Sandbox
from genesys.verifiers.code_test_verifier import CodeVerifier
from tests.support.sandbox import opened
from tests.support.translating import Curator, Knowing, curate
from tests.support.upstream import translated_coding as upstream

PAIR, LIST, PROGRAM = 0, 1, 2
"""Rows of the three kinds."""


@pytest.fixture(autouse=True)
def few_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "MUTANTS", 3)
    monkeypatch.setattr(proof, "SPARE_MUTANTS", 1)
    Knowing.ran.clear()


def accepted(outcome: Any) -> dict[str, Any]:
    assert outcome.status == "accepted", (outcome.reason, outcome.detail)
    [task] = outcome.records
    return dict(task)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [PAIR, LIST, PROGRAM])
async def test_a_python_task_becomes_one_in_another_language(tmp_path: Path, language: str, number: int) -> None:
    row = upstream.row(number)
    task = accepted(await curate(tmp_path, row, language))
    found = upstream.rule(number)
    assert task["gold_standard_solution"].strip() == upstream.program(found, language).strip()
    assert task["verification_info"]["language"] == language
    assert ("harness" in task["verification_info"]) == (language != "javascript" and number != PROGRAM)
    assert [test["output"] for test in task["verification_info"]["test_cases"]] == [
        test["output"] for test in row["verification_info"]["test_cases"]
    ]
    assert f"```{language}" in task["prompt"]
    assert "Python" not in task["prompt"]
    assert "2 s of time" in task["prompt"]
    assert (task["family_id"], task["parent_ids"]) == (row["family_id"], [row["problem_id"]])
    assert (task["license"], task["attribution"], task["source_url"]) == tuple(
        row[name] for name in ("license", "attribution", "source_url")
    )
    about = task["metadata"]
    assert (about["translated_from"], about["gold_origin"], about["attempts"]) == (row["problem_id"], "translated", 1)
    assert (about["mutants_run"], about["mutants_caught"], about["test_strength"]) == (3, 3, 1.0)
    assert (about["difficulty"], about["name"]) == ("EASY", f"Exercise {number}")


async def test_each_language_has_a_task_of_its_own(tmp_path: Path) -> None:
    tasks = [accepted(await curate(tmp_path / name, upstream.row(PAIR), name)) for name in LANGUAGES]
    assert len({task["problem_id"] for task in tasks}) == 3
    assert len({task["family_id"] for task in tasks}) == 1


async def test_wrong_programs_are_stopped_early_and_get_little_time(tmp_path: Path) -> None:
    accepted(await curate(tmp_path, upstream.row(PAIR), "rust"))
    gold, *wrong = Knowing.ran
    assert (gold["metadata"]["time_limit"], "stop_at_first_failure" in gold["verification_info"]) == (2.0, False)
    assert {record["metadata"]["time_limit"] for record in wrong} == {0.4}
    assert all(record["verification_info"]["stop_at_first_failure"] for record in wrong)


async def test_a_second_run_asks_and_runs_nothing_again(tmp_path: Path) -> None:
    curator = Curator()
    first = await curate(tmp_path, upstream.row(LIST), "cpp", curator)
    asked, ran = len(curator.asked), len(Knowing.ran)
    assert await curate(tmp_path, upstream.row(LIST), "cpp", curator) == first
    assert (len(curator.asked), len(Knowing.ran)) == (asked, ran)


class Failing(Curator):
    """A curator whose first golds are wrong."""

    def __init__(self, *golds: str) -> None:
        super().__init__()
        self.golds = list(golds)
        self.answer = self._say

    def _say(self, request: ChatRequest) -> str:
        if request.name == "translate_gold" and self.golds:
            return f"```\n{self.golds.pop(0)}\n```"
        return upstream.curator(request)


async def test_a_gold_that_fails_is_written_again_with_what_failed(tmp_path: Path) -> None:
    curator = Failing("fn settle_0_0() {}")
    task = accepted(await curate(tmp_path, upstream.row(PAIR), "rust", curator))
    assert task["metadata"]["attempts"] == 2
    said = curator.asked[-1].messages[-1].content
    for part in ("attempt 2 of 3", "fn settle_0_0() {}", "It is not right: wrong answer", "[16, 10]", "\n7\n", "\n8\n"):
        assert part in said, part
    assert "attempt" not in curator.asked[-2].messages[-1].content


async def test_a_gold_that_never_passes_drops_the_task(tmp_path: Path) -> None:
    # The same program again is not run again, and is no call made twice.
    outcome = await curate(tmp_path, upstream.row(PAIR), "rust", Failing("one", "two", "two"))
    assert (outcome.reason, outcome.step) == ("translated gold fails its tests", "a gold passes all tests")
    assert outcome.detail == "wrong answer in the last of 3 attempts"
    assert len(Knowing.ran) == 2


async def test_a_problem_without_a_gold_gets_one_that_the_curator_writes(tmp_path: Path) -> None:
    row = upstream.row(PAIR) | {"gold_standard_solution": None}
    curator = Curator()
    task = accepted(await curate(tmp_path, row, "cpp", curator))
    assert task["metadata"]["gold_origin"] == "written"
    system, user = (message.content for message in curator.asked[-1].messages)
    assert "write programs in C++" in system
    assert "The solution in" not in user


async def test_a_gold_that_is_in_the_language_already_is_not_translated(tmp_path: Path) -> None:
    gold = f"```cpp\n{upstream.program(upstream.rule(PROGRAM), 'cpp')}```"
    row = upstream.row(PROGRAM) | {"gold_standard_solution": gold}
    row["metadata"] = row["metadata"] | {"gold_language": "cpp"}
    curator = Curator()
    task = accepted(await curate(tmp_path, row, "cpp", curator))
    assert [request.name for request in curator.asked] == ["translate_statement"]
    assert (task["metadata"]["gold_origin"], task["metadata"]["attempts"]) == ("source", 0)
    assert "gold_language" not in task["metadata"]
    rust = accepted(await curate(tmp_path / "rust", row, "rust", curator))
    assert "The solution in C++" in curator.asked[-1].messages[-1].content
    assert rust["metadata"]["gold_origin"] == "translated"


class Lenient(Knowing):
    """Takes whatever compiles."""

    def verify(self, result: Any) -> dict[str, Any]:
        verdicts = [{"verdict": "passed"} for _ in result["verification_info"]["test_cases"]]
        return {"score": 1.0, "verification_result_info": {"reason": "passed", "tests": verdicts}}


async def test_tests_that_catch_no_wrong_program_drop_the_task(tmp_path: Path) -> None:
    outcome = await curate(tmp_path, upstream.row(PAIR), "rust", verifier=Lenient)
    assert (outcome.reason, outcome.detail) == ("no wrong program fails", "3 were run")


class Timid(Knowing):
    """Catches one wrong program of three."""

    def verify(self, result: Any) -> dict[str, Any]:
        self.ran.append(result)
        verdict = "wrong_answer" if len(self.ran) == 2 else "passed"
        return {"score": float(verdict == "passed"), "verification_result_info": {"tests": [{"verdict": verdict}]}}


async def test_the_floor_holds_where_tests_were_never_tried(tmp_path: Path) -> None:
    assert (
        accepted(await curate(tmp_path, upstream.row(PAIR), "rust", verifier=Timid))["metadata"]["mutants_caught"] == 1
    )
    Knowing.ran.clear()
    row = upstream.row(PAIR) | {"gold_standard_solution": None}
    outcome = await curate(tmp_path / "other", row, "rust", verifier=Timid)
    assert (outcome.reason, outcome.detail) == ("tests are too weak", "1 of 3 wrong programs are caught")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: "", "rewritten statement is empty"),
        (lambda text: f"{text} Use Python.", "rewritten statement speaks of Python"),
        (lambda text: text.replace("16", "sixteen"), "rewritten statement has other numbers"),
        (lambda text: f"{text}\n    return ((61 + (a * 3)) + (b * 8))", "rewritten statement holds the solution"),
        (lambda text: f"{text}\n    ((61 + (a*3)) + (b*8))\n", "rewritten statement holds the solution"),
        (lambda text: text + " A python looks on.", None),
    ],
)
async def test_a_statement_that_lost_or_gives_away_something_is_not_used(
    tmp_path: Path, change: Any, reason: str | None
) -> None:
    def answer(request: ChatRequest) -> str:
        if request.name != "translate_statement":
            return upstream.curator(request)
        before = request.messages[-1].content.split("==========")[1].strip()
        return f'````\n{change(before)}\n````\n{{"possible": true}}'

    outcome = await curate(tmp_path, upstream.row(PAIR), "rust", Curator(answer))
    assert outcome.reason == reason


async def test_a_partition_without_a_language_is_refused(tmp_path: Path) -> None:
    outcome = await curate(tmp_path, upstream.row(PAIR), "python")
    assert outcome.status == "errored"
    assert "not 'python'" in (outcome.detail or "")


async def test_the_names_of_functions_that_a_language_keeps_are_changed_in_tests_too(tmp_path: Path) -> None:
    row = json.loads(json.dumps(upstream.row(PAIR)).replace("settle_0_0", "match"))
    asked: list[str] = []

    def answer(request: ChatRequest) -> str:
        asked.append(request.messages[-1].content)
        return upstream.curator(request)

    outcome = await curate(tmp_path, row, "rust", Curator(answer))
    assert "fn match_(a: i64, b: i64) -> i64" in asked[0]
    assert "it was called `match`" in asked[0]
    info = accepted(outcome)["verification_info"]
    assert {test["fn_name"] for test in info["test_cases"]} == {"match_"}
    assert "::std::string::String" in info["harness"]
    assert "match_(genesys_reader" in info["harness"]


def test_the_statement_is_what_the_coding_lanes_prompt_says_before_its_contract() -> None:
    said = "Count the boats.\n\nWrite a whole program in Python 3, they said."
    for problem in (
        CodeProblem(said),
        CodeProblem(said, fn_name="boats"),
        CodeProblem(said, fn_name="boats", starter_code="def boats(a):\n    ", time_limit=2.0),
        CodeProblem(said, starter_code="import sys", input_file="in.txt", output_file="out.txt"),
    ):
        assert statement_of(coding_prompt(problem)) == said
    assert statement_of("A task that somebody brought.") == "A task that somebody brought."


def test_rows_of_the_generator_say_what_the_coding_lane_says() -> None:
    for number in (PAIR, PROGRAM):
        row, found = upstream.row(number), upstream.rule(number)
        name = None if number == PROGRAM else found.name
        problem = CodeProblem(upstream.statement(found), fn_name=name, time_limit=2.0)
        assert " ".join(row["prompt"].split()) == " ".join(coding_prompt(problem).split())
        assert read(row).statement == upstream.statement(found)


@pytest.mark.docker
@pytest.mark.parametrize("number", [LIST, PROGRAM])
async def test_golds_and_wrong_programs_are_really_run(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "MUTANTS", 2)
    with opened("docker") as box:

        class Real(CodeVerifier):
            def open_sandbox(self) -> Sandbox:
                return box

            def shutdown(self) -> None:
                """The sandbox serves the next language too."""

        for language in LANGUAGES:
            broken = "{" if language == "javascript" else "fn main( {" if language == "rust" else "int main( {"
            curator = Failing(f"{broken} settle_1_0")
            task = accepted(await curate(tmp_path / language, upstream.row(number), language, curator, Real))
            about = task["metadata"]
            assert (about["attempts"], about["mutants_run"]) == (2, 2)
            assert about["mutants_caught"] > 0
            trouble = "runtime error" if language == "javascript" else "compile error"
            assert f"It is not right: {trouble}" in curator.asked[-1].messages[-1].content


def test_the_lane_asks_about_tasks_alone() -> None:
    assert TRANSLATED_CODING.languages == LANGUAGES
    assert TRANSLATED_CODING.identify(upstream.row(PAIR)).key == upstream.row(PAIR)["problem_id"]
