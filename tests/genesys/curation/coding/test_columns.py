"""Rows of the four sources in every form they come in -> one problem; what is broken, and what is dropped."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from genesys.curation.coding.cleaning import MAX_TEST_CHARS, MAX_TESTS, clean, whole
from genesys.curation.coding.origins import bare_statement, marks
from genesys.curation.coding.problem import CodeProblem, Solution
from genesys.faults import GenesysError
from genesys.lanes import CODING
from genesys.ledger import update_ledger
from genesys.outcomes import Outcome
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.tables.lake import Lake
from tests.support import coding_rows as rows
from tests.support.shared_data import needs_shared_data
from tests.support.tiny_lane import write_rows

MAKERS: dict[str, Callable[..., dict[str, Any]]] = {
    "apps": rows.apps,
    "code_contests": rows.code_contests,
    "codeforces": rows.codeforces,
    "taco": rows.taco,
}


def reason(problem: CodeProblem) -> str | None:
    outcome = whole(problem) or clean(problem, "r")
    return outcome.reason if isinstance(outcome, Outcome) else None


def found_tests(**columns: Any) -> list[dict[str, Any]]:
    return list(CODING.read(rows.apps(**columns)).tests)


def io(inputs: Any, outputs: Any, **more: Any) -> str:
    return json.dumps({"inputs": inputs, "outputs": outputs, **more})


@pytest.mark.parametrize("name", MAKERS)
def test_each_shape_is_known_by_its_columns_and_gives_the_same_tests(name: str) -> None:
    row = MAKERS[name]()
    assert CODING.adapter(row).name == name
    problem = CODING.read(row)
    found = {(test["input"], test["output"]) for test in problem.tests}
    assert found == set(zip(rows.INPUTS, rows.OUTPUTS, strict=True))
    assert rows.STATEMENT in problem.statement
    assert problem.golds == (() if name == "codeforces" else (Solution("python", rows.DOUBLE),))


def test_limits_and_names_are_read_from_every_form() -> None:
    contests = CODING.read(rows.code_contests())
    assert (contests.time_limit, contests.memory_limit_bytes) == (1.5, 256_000_000)
    assert (contests.difficulty, contests.url) == ("B", "https://codeforces.com/problemset/problem/9999/B")
    assert contests.input_file is None
    taco = CODING.read(rows.taco())
    assert (taco.time_limit, taco.memory_limit_bytes, taco.tags) == (2.0, 256 << 20, ("Implementation", "Mathematics"))
    codeforces = CODING.read(rows.codeforces(input_mode="file", generated_checker="print(1)"))
    assert (codeforces.input_file, codeforces.output_file) == ("input.txt", "output.txt")
    assert (codeforces.time_limit, codeforces.memory_limit_bytes) == (2.0, 256 << 20)
    assert codeforces.checker == Solution("python", "print(1)")
    nothing = rows.taco(time_limit=None, memory_limit=None, tags=None, url=None, name=None, starter_code=None)
    assert CODING.read(nothing).time_limit is None


def test_languages_of_code_contests_are_numbers_or_names() -> None:
    numbers = CODING.read(
        rows.code_contests(solutions={"language": [0, 1, 2, 3, 4], "solution": ["u", "p", "c", "3", "j"]})
    )
    names = ["UNKNOWN_LANGUAGE", "PYTHON", "CPP", "PYTHON3", "JAVA"]
    listed = [{"language": n, "solution": s} for n, s in zip(names, ["u", "p", "c", "3", "j"], strict=True)]
    assert numbers.golds == CODING.read(rows.code_contests(solutions=listed)).golds
    assert [each.language for each in numbers.golds] == ["unknown", "python2", "cpp", "python", "java"]


@pytest.mark.parametrize(
    "given",
    [{"inputs": ["1"], "outputs": ["2"]}, '{"inputs": ["1"], "outputs": ["2"]}', "{'inputs': ['1'], 'outputs': ['2']}"],
)
def test_tests_come_parsed_as_json_or_as_python(given: Any) -> None:
    assert found_tests(input_output=given) == [{"type": "stdin_stdout", "input": "1", "output": "2"}]


def test_inputs_may_be_lists_of_lines_and_numbers() -> None:
    found = found_tests(input_output=io([["2", "1 5"], 7, [[1, 2], [3]]], [["6"], 8, "x"]))
    assert [(test["input"], test["output"]) for test in found] == [("2\n1 5", "6"), ("7", "8"), ("1 2\n3", "x")]


def test_function_calls_keep_their_arguments() -> None:
    found = found_tests(input_output=io([[[1, 2], 5], "[3]\n4", "plain"], [9, "[1]", "word"], fn_name="f"))
    assert [(test["input"], test["output"]) for test in found] == [
        ([[1, 2], 5], 9),
        ([[3], 4], [1]),
        (["plain"], "word"),
    ]
    assert {test["fn_name"] for test in found} == {"f"}


def test_an_integer_that_python_cannot_write_costs_only_its_test() -> None:
    text = '{"fn_name": "f", "inputs": [[%s], [1]], "outputs": [1, 2]}' % ("9" * 5000)
    assert [test["input"] for test in found_tests(input_output=text)] == [[1]]
    assert len(found_tests(input_output=io(["9" * 5000], ["1"]))) == 1
    assert (
        reason(CODING.read(rows.apps(input_output=text.replace("[1]]", "[%s]]" % ("8" * 5000)))))
        == "tests cannot be read"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (rows.apps(input_output='{"inputs": ["1"'), "input_output: is neither JSON"),
        (rows.apps(solutions=5), "solutions: is int"),
        (rows.apps(question=5), "question: is int"),
        (rows.apps(problem_id=None), "problem_id: is empty"),
        (rows.taco(input_output="[1]"), "input_output: is list"),
        (rows.taco(question=" "), "question: is empty"),
        (rows.code_contests(name=""), "name: is empty"),
        (rows.code_contests(solutions={"language": [3], "solution": []}), "solutions: solutions has 1 language"),
        (rows.code_contests(public_tests=3), "public_tests: expected input and output"),
        (rows.codeforces(id=None), "id: is empty"),
    ],
)
def test_a_broken_row_says_which_field(row: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        CODING.identify(row)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (rows.apps(input_output=""), "no tests"),
        (rows.apps(input_output=None), "no tests"),
        (rows.apps(input_output=io([], [])), "no tests"),
        (rows.apps(input_output=io(["1", "2"], ["1"])), "tests of unequal length"),
        (rows.apps(input_output=io(["1", "2"], ["", None])), "tests without outputs"),
        (rows.apps(input_output=io(["1"], ["2" * (MAX_TEST_CHARS + 1)])), "tests too large"),
        (rows.apps(input_output=io(["1 2 3..."], ["2"])), "tests cut short"),
        (rows.apps(input_output=io(["1", "1 "], ["2", "3"])), "needs a checker"),
        (rows.apps(question="Print any of them. " + rows.STATEMENT), "needs a checker"),
        (rows.apps(question="This is an interactive problem. " + rows.STATEMENT), "interactive"),
        (rows.apps(question=f"As <image> shows, {rows.STATEMENT}"), "needs an image"),
        (rows.apps(question=""), "statement is empty"),
        (rows.apps(starter_code="class Solution { public: int f() {} };"), "not a Python problem"),
        (rows.codeforces(interaction_format="Ask."), "interactive"),
        (rows.codeforces(executable=False), "upstream: cannot be executed"),
        (rows.codeforces(description=None), "statement is empty"),
        (rows.apps(), None),
    ],
)
def test_what_makes_no_task_is_dropped_for_a_reason(row: dict[str, Any], expected: str | None) -> None:
    assert reason(CODING.read(row)) == expected


def test_a_checker_of_its_own_takes_several_answers() -> None:
    row = rows.codeforces(output_format="Print any of them.", generated_checker="print(1)")
    found = clean(CODING.read(row), "r")
    assert not isinstance(found, Outcome)
    assert found.needs_checker is not None


def test_a_picture_beside_the_examples_is_left_out_and_costs_nothing() -> None:
    found = clean(
        CODING.read(rows.apps(question=rows.apps()["question"] + "\n\n-----Note-----\n\nSee [Image] here.")), "r"
    )
    assert not isinstance(found, Outcome)
    assert "[Image]" not in found.problem.statement


def test_of_many_tests_the_first_stay_and_others_are_drawn_by_the_row() -> None:
    many = [str(number) for number in range(400)]
    problem = CODING.read(rows.apps(input_output=io([*many, "3", "0 "], [*many, "3", "0"])))
    kept = {name: [test["input"] for test in clean(problem, name).problem.tests] for name in ("r", "r", "s")}  # type: ignore[union-attr]
    assert kept["r"][:50] == many[:50]
    assert len(set(kept["r"])) == MAX_TESTS
    assert kept["r"] == sorted(kept["r"], key=int)
    assert kept["r"] != kept["s"]
    again = clean(problem, "r")
    assert not isinstance(again, Outcome)
    assert [test["input"] for test in again.problem.tests] == kept["r"]


def test_copies_of_a_problem_share_marks_whatever_the_source() -> None:
    found = {name: set(marks(CODING.read(make()))) for name, make in MAKERS.items()}
    assert found["apps"] & found["code_contests"] & found["codeforces"] == {
        "problem:codeforces/9999/b",
        f"statement:{_statement_mark()}",
    }
    # TACO's row has no address here: it is known by its words.
    assert f"statement:{_statement_mark()}" in found["taco"]


def _statement_mark() -> str:
    return next(mark for mark in marks(CODING.read(rows.apps())) if mark.startswith("statement")).partition(":")[2]


def test_the_same_set_of_tests_is_a_mark_in_any_order_unless_it_says_little() -> None:
    long = [f"{n} {n * n} {n * n * n}" for n in range(20)]
    one = CODING.read(rows.apps(question="A", input_output=io(long, long), url=""))
    two = CODING.read(rows.taco(question="B", input_output=io(long[::-1], [each + "\n" for each in long[::-1]])))
    other = CODING.read(rows.taco(question="B", input_output=io(long, long[::-1])))
    assert [mark.partition(":")[0] for mark in marks(one)] == ["tests"]
    assert marks(one) == marks(two) != marks(other)
    assert marks(CODING.read(rows.apps(question="A", input_output=io(["1"], ["1"]), url=""))) == ()


def test_formulas_as_latex_and_as_text_are_the_same_statement() -> None:
    latex = (
        "Given $n$ numbers $a_1, a_2, \\ldots, a_n$ ($1 \\le n \\le 10^{9}$), "
        "find $\\min(a_i) \\cdot x_{1}$ modulo $7$.\n\n"
        "-----Input-----\n\nNumbers.\n"
    )
    plain = (
        "Given n numbers a_1, a_2, ..., a_n (1 ≤ n ≤ 10^9), find min(a_i) · x1 modulo 7.\n\n"
        "Input\n\nNumbers.\n\nExample\n\nInput\n\n1 5"
    )
    assert bare_statement(latex) == bare_statement(plain)
    assert bare_statement(latex) != bare_statement(latex.replace("modulo $7$", "modulo $8$"))


def test_one_lane_reads_all_four_and_drops_their_copies(tmp_path: Any) -> None:
    opened = [
        open_source(Source(path=str(write_rows(tmp_path / f"{name}.jsonl", [make()])), name=name))
        for name, make in MAKERS.items()
    ]
    lake = Lake(tmp_path / "lake")
    update = update_ledger(lake, CODING, opened, shard_size=10)
    assert update.counts.as_dict()["rejected"] == {"duplicate": 3}
    [row] = lake.rows("coding/ledger")
    assert row["source"] == "apps"
    assert row["marks"] == list(marks(CODING.read(rows.apps())))


def test_a_source_of_no_known_shape_names_the_column_and_all_shapes(tmp_path: Any) -> None:
    broken = rows.taco()
    del broken["time_limit"]
    source = open_source(Source(path=str(write_rows(tmp_path / "x.jsonl", [broken])), name="x"))
    with pytest.raises(
        GenesysError, match=r"has no column time_limit; .*\(apps\); or .*\(code_contests\); or .*\(taco\)"
    ):
        update_ledger(Lake(tmp_path / "lake"), CODING, [source], shard_size=10)


@needs_shared_data
def test_real_rows_are_read_and_told_apart() -> None:
    real = [*rows.real_apps(), *rows.real_code_contests()]
    problems = [CODING.read(row) for row in real]
    all_marks = [mark for problem in problems for mark in marks(problem)]
    assert len(all_marks) == len(set(all_marks))
    assert [reason(problem) for problem in problems].count("needs a checker") == 3
    assert [reason(problem) for problem in problems].count("needs an image") == 1
    assert all(len(problem.tests) >= 35 for problem in problems[3:])
