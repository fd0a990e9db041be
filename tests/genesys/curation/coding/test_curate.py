"""The coding lane's row function: what programs are run, and what their verdicts make of a row."""

import ast
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, end_of
from genesys.calls.journal import Journal
from genesys.curation.coding import curate as coding
from genesys.curation.coding.mutants import mutants
from genesys.faults import InfrastructureFault
from genesys.lanes import CODING
from genesys.ledger import ledger_rows, update_ledger
from genesys.outcomes import Outcome
from genesys.quality.benchmarks import open_benchmarks
from genesys.settings import DEMO, load_settings
from genesys.sources.opening import open_source
from genesys.stages.tasks import read_ledger_row
from genesys.tables.lake import Lake
from genesys.verifiers.runner import VerifierRunner
from tests.support import coding_rows as rows
from tests.support.lanes import ledger_row
from tests.support.local_code_verifier import LocalCodeVerifier
from tests.support.sandbox import opened
from tests.support.sandbox import settings as sandbox_settings
from tests.support.shared_data import needs_shared_data

WRONG = "print(2 * int(input()))"
CRASHES = "print(int(input()) // 0)"
SLOW = "while True:\n    pass\n"


@pytest.fixture
def ran() -> Iterator[list[dict[str, Any]]]:
    LocalCodeVerifier.ran.clear()
    yield LocalCodeVerifier.ran
    LocalCodeVerifier.ran.clear()


async def curate(folder: Path, row: dict[str, Any], verifier: type[Any] = LocalCodeVerifier, **options: Any) -> Outcome:
    async with VerifierRunner({"verifiable_code": verifier}) as runner:
        with Journal(folder) as journal:
            calls = Calls("row", journal.segment("test"), Roles(verifiers=runner))
            function = coding.curation(**options)
            work = Work(rows=lambda: [], row_id=lambda r: r.problem_id, function=function)
            return await end_of(work, ledger_row("row", row, CODING), calls)


def solutions(*sources: str) -> str:
    return json.dumps(sources)


def metadata(outcome: Outcome) -> dict[str, Any]:
    assert outcome.status == "accepted", (outcome.reason, outcome.detail)
    found: dict[str, Any] = outcome.records[0]["metadata"]
    return found


async def test_a_row_becomes_a_task_whose_tests_are_known_to_be_strong(tmp_path: Path, ran: list[Any]) -> None:
    outcome = await curate(tmp_path, rows.code_contests())
    [task] = outcome.records
    assert task["task_type"] == "verifiable_code"
    assert task["gold_standard_solution"] == rows.DOUBLE
    assert task["verification_info"]["language"] == "python"
    assert len(task["verification_info"]["test_cases"]) == 8
    assert "stop_at_first_failure" not in task["verification_info"]
    found = metadata(outcome)
    assert found["preflight"] == "passed"
    assert (found["golds_run"], found["golds_passed"]) == (1, 1)
    assert (found["mutants_run"], found["incorrect_run"], found["incorrect_caught"]) == (12, 1, 1)
    assert found["test_strength"] == round((found["mutants_caught"] + 1) / 13, 4) >= 0.6
    assert (found["time_limit"], found["memory_limit_bytes"], found["difficulty"]) == (1.5, 256_000_000, "B")
    gold, *wrong = ran
    assert gold["metadata"]["time_limit"] == 1.5
    assert all(record["verification_info"]["stop_at_first_failure"] for record in wrong)
    assert all(record["metadata"]["time_limit"] < 1.5 for record in wrong)


async def test_a_second_run_makes_no_call_again(tmp_path: Path, ran: list[Any]) -> None:
    first = await curate(tmp_path, rows.apps())
    made = len(ran)
    assert await curate(tmp_path, rows.apps()) == first
    assert len(ran) == made > 10


async def test_the_prompt_says_the_contract(tmp_path: Path) -> None:
    [task] = (await curate(tmp_path, rows.codeforces(input_mode="file"))).records
    assert "reads the input from the file `input.txt`" in task["prompt"]
    assert "2 s of time, 256 MB of memory" in task["prompt"]
    assert task["verification_info"]["output_file"] == "output.txt"
    called = rows.apps(
        input_output=json.dumps({"fn_name": "twice", "inputs": [[1], [2], [-3]], "outputs": [2, 4, -6]}),
        solutions=solutions("class Solution:\n    def twice(self, n: int) -> int:\n        return n * 2\n"),
        starter_code="class Solution:\n    def twice(self, n: int) -> int:\n        ",
    )
    [task] = (await curate(tmp_path / "other", called)).records
    assert "The tests call `twice`" in task["prompt"]
    assert "def twice(self, n: int) -> int:" in task["prompt"]
    assert "standard input" not in task["prompt"]


async def test_golds_that_disagree_mean_that_a_checker_is_needed(tmp_path: Path) -> None:
    outcome = await curate(tmp_path, rows.apps(solutions=solutions(rows.DOUBLE, WRONG)))
    assert (outcome.reason, outcome.detail) == ("needs a checker", "golds disagree on the output of test 1")


@pytest.mark.parametrize("other", [CRASHES, SLOW])
async def test_a_gold_that_gives_no_answer_is_no_disagreement(
    tmp_path: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalCodeVerifier, "limit_s", 0.3)
    found = metadata(await curate(tmp_path, rows.apps(solutions=solutions(other, rows.DOUBLE))))
    assert (found["golds_run"], found["golds_passed"]) == (2, 1)


async def test_no_passing_gold_drops_the_row(tmp_path: Path) -> None:
    outcome = await curate(tmp_path, rows.apps(solutions=solutions(CRASHES, WRONG + "\n")))
    assert outcome.reason in ("needs a checker", "gold fails its own verifier")
    outcome = await curate(tmp_path / "b", rows.apps(solutions=solutions(CRASHES)))
    assert (outcome.reason, outcome.detail) == ("gold fails its own verifier", "python: runtime error")


async def test_python_golds_go_first_and_what_is_not_run_is_passed_over(tmp_path: Path, ran: list[Any]) -> None:
    golds = {"language": [1, 4, 3], "solution": ["print 5", "class Main {}", rows.DOUBLE]}
    assert metadata(await curate(tmp_path, rows.code_contests(solutions=golds)))["gold_language"] == "python"
    assert ran[0]["verification_info"]["language"] == "python"
    neither = {"language": [1, 4], "solution": ["print 5", "class Main {}"]}
    found = metadata(await curate(tmp_path / "b", rows.code_contests(solutions=neither)))
    assert (found["preflight"], found["golds_run"]) == ("no gold", 0)


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler here")
async def test_a_gold_in_another_language_is_marked(tmp_path: Path, ran: list[Any]) -> None:
    source = (
        "#include <iostream>\nint main() {\n    long n; std::cin >> n;\n"
        '    std::cout << (n > 3 ? 2 * n : n - 1) << "\\n";\n}\n'
    )
    row = rows.code_contests(solutions={"language": [2], "solution": [source]})
    outcome = await curate(tmp_path, row)
    assert metadata(outcome)["gold_language"] == "cpp"
    assert outcome.records[0]["gold_standard_solution"] == f"```cpp\n{source.rstrip()}\n```"
    assert outcome.records[0]["verification_info"]["language"] == "python"


async def test_without_golds_a_row_is_kept_unless_the_lane_wants_them(tmp_path: Path) -> None:
    found = metadata(await curate(tmp_path, rows.codeforces()))
    assert (found["preflight"], found["test_strength"]) == ("no gold", None)
    outcome = await curate(tmp_path / "b", rows.codeforces(), require_gold=True)
    assert (outcome.status, outcome.reason) == ("rejected", "no gold")


async def test_weak_tests_drop_the_row(tmp_path: Path) -> None:
    weak = json.dumps({"inputs": ["4"], "outputs": ["8"]})
    gold = "n = int(input())\nif n < 0:\n    n = -n - 7\nif n > 100:\n    n = n % 100 + 3\nprint(n * 2)\n"
    outcome = await curate(tmp_path, rows.apps(input_output=weak, solutions=solutions(gold)))
    assert outcome.reason == "tests are too weak"
    assert "of 12 wrong programs are caught" in str(outcome.detail)


async def test_incorrect_solutions_that_pass_count_against_the_tests(tmp_path: Path) -> None:
    passing = [f"# {n}\n{rows.DOUBLE}" for n in range(15)]
    row = rows.code_contests(incorrect_solutions={"language": [3] * 15, "solution": passing})
    outcome = await curate(tmp_path, row)
    assert outcome.reason == "tests are too weak"
    assert "of 22" in str(outcome.detail)


async def test_a_checker_takes_other_answers(tmp_path: Path) -> None:
    checker = (
        "import sys\na, b, c = (open(name).read().split() for name in sys.argv[1:])\n"
        "print(int(abs(int(c[0])) == abs(int(b[0]))))"
    )
    [task] = (await curate(tmp_path, rows.codeforces(generated_checker=checker))).records
    assert task["verification_info"]["checker"] == {"language": "python", "source": checker}


@pytest.mark.parametrize(
    ("checker", "word"),
    [
        ("a, b = (open(name).read() for name in sys.argv[2:])\nprint(1 if a == b else f'wrong: {a} is not {b}')", "1"),
        ("print(1)", ""),
        ("print(int(len(open(sys.argv[3]).read().split()) == 1))", "0"),
    ],
)
async def test_a_checker_that_takes_what_any_program_prints_drops_the_row(
    tmp_path: Path, checker: str, word: str
) -> None:
    outcome = await curate(tmp_path, rows.codeforces(generated_checker=f"import sys\n{checker}\n"))
    assert outcome.reason == "its checker takes anything"
    assert f"prints {word!r} " in str(outcome.detail)


async def test_what_every_test_expects_may_be_one_word(tmp_path: Path) -> None:
    tests = [{"input": given, "output": "1"} for given in ("1", "2", "3")]
    checker = "import sys\na, b = (open(name).read().split() for name in sys.argv[2:])\nprint(int(a == b))\n"
    row = rows.codeforces(official_tests=tests, examples=tests[:1], generated_checker=checker)
    assert (await curate(tmp_path, row)).status == "accepted"


async def test_an_infrastructure_fault_is_no_verdict(tmp_path: Path) -> None:
    class Broken:
        version = "broken"

        def verify(self, result: Any) -> dict[str, Any]:
            raise InfrastructureFault("no sandbox", final=True)

    assert (await curate(tmp_path, rows.apps(), verifier=Broken)).status == "errored"


def test_mutants_are_distinct_and_parse_and_are_the_same_again() -> None:
    found = mutants("python", rows.DOUBLE, 12, "seed")
    assert len(set(found)) == 12
    assert ast.unparse(ast.parse(rows.DOUBLE)) not in found
    for mutant in found:
        ast.parse(mutant)
    assert found == mutants("python", rows.DOUBLE, 12, "seed") != mutants("python", rows.DOUBLE, 12, "other")


def test_mutants_leave_alone_what_decides_nothing() -> None:
    source = (
        'import sys\n"""About 7."""\nsys.setrecursionlimit(10 ** 6)\nINF = 10 ** 9\n'
        'room = [0] * 5\nif __name__ == "__main__":\n    print(input())\n'
    )
    for mutant in mutants("python", source, 20, ""):
        for kept in (
            "About 7.",
            "setrecursionlimit(10 ** 6)",
            "INF = 10 ** 9",
            "] * 5",
            "if __name__ == '__main__':",
        ):
            assert kept in mutant


def test_what_does_not_parse_has_no_mutants() -> None:
    assert mutants("python", "print 5", 12) == []


def test_mutants_of_other_languages_keep_templates_strings_and_streams() -> None:
    source = (
        "#include <vector>\n// a < b\nint main() {\n  std::vector<int> v(3); int s = 0;\n"
        '  for (int i = 0; i < 3; i++) s += v[i] * 2;\n  std::cout << "a < b" << s << std::endl;\n}\n'
    )
    found = mutants("cpp", source, 30, "")
    assert len(set(found)) >= 6
    for mutant in found:
        assert "#include <vector>" in mutant
        assert "vector<int>" in mutant
        assert '<< "a < b" << s <<' in mutant


@needs_shared_data
async def test_real_rows_pass_their_preflight(tmp_path: Path) -> None:
    ends = [await curate(tmp_path / str(n), row) for n, row in enumerate(rows.real_apps())]
    assert [(end.status, end.reason) for end in ends] == [
        ("accepted", None),
        ("rejected", "needs a checker"),
        ("accepted", None),
    ]
    assert all(metadata(ends[n])["test_strength"] >= 0.6 for n in (0, 2))


@pytest.mark.parametrize("isolation", ["process", pytest.param("docker", marks=pytest.mark.docker)])
async def test_with_the_real_verifier_the_demo_rows_end_as_they_should(tmp_path: Path, isolation: str) -> None:
    with opened(isolation):
        pass  # skips where there is no engine
    settings = load_settings(DEMO / "genesys.toml", sandbox=sandbox_settings(isolation))
    sources = [open_source(settings.source(source)) for source in settings.lanes["coding"].sources]
    lake = Lake(tmp_path / "lake")
    benchmarks = open_benchmarks(settings)
    counts = update_ledger(lake, CODING, sources, shard_size=16, benchmarks=benchmarks).counts
    assert (counts.accepted, counts.rejected) == (8, {"broken row": 1, "duplicate": 1, "overlaps a benchmark": 1})
    ends: list[str] = []
    async with VerifierRunner(settings=settings) as runner:
        with Journal(tmp_path / "journal") as journal:
            for row in (read_ledger_row(CODING, row) for row in ledger_rows(lake, CODING, "coding-00000")):
                calls = Calls(row.problem_id, journal.segment("test"), Roles(verifiers=runner))
                work = Work(rows=lambda: [], row_id=lambda r: r.problem_id, function=CODING.curate)
                end = await end_of(work, row, calls)
                ends.append(end.reason or metadata(end)["preflight"])
    assert ends == [
        "passed",
        "passed",
        "tests are too weak",
        "passed",
        "no gold",
        "interactive",
        "needs a checker",
        "passed",
    ]


@pytest.mark.parametrize(
    ("columns", "detail"),
    [
        ({"question": "Double it. Send solutions to ann@judge.io"}, "e-mail address in statement"),
        ({"solutions": solutions(f"# by ann@judge.io\n{rows.DOUBLE}")}, "e-mail address in solution 1"),
    ],
)
async def test_a_row_with_somebodys_address_is_dropped_before_a_program_runs(
    tmp_path: Path, ran: list[Any], columns: dict[str, Any], detail: str
) -> None:
    outcome = await curate(tmp_path, rows.apps(**columns))
    assert (outcome.reason, outcome.detail) == ("holds personal data", detail)
    assert outcome.step == "no secrets or personal data"
    assert ran == []


async def test_a_dropped_row_says_at_which_step(tmp_path: Path) -> None:
    dropped = [
        (rows.apps(question=" "), "a problem that can be a task"),
        (rows.apps(solutions=solutions(WRONG)), "golds pass the tests"),
    ]
    for number, (row, step) in enumerate(dropped):
        assert (await curate(tmp_path / str(number), row)).step == step
    assert (await curate(tmp_path / "c", rows.codeforces(), require_gold=True)).step == "a gold that was run"
