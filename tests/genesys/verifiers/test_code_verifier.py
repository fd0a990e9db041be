"""From a response to a verdict on its program. What the sandbox does is scripted here, but for the last tests."""

import json
import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from genesys.faults import InfrastructureFault, TaskFault
from genesys.job import Compiled, Execution, RunResult
from genesys.settings import SandboxSettings, Settings, load_settings
from genesys.verifiers.code.returns import mended
from genesys.verifiers.code_test_verifier import CodeVerifier
from genesys.verifiers.runner import VerifierRunner, checked_result

SHARED = Path(os.environ.get("GENESYS_SHARED_DATA") or Path(__file__).parents[4] / "shared/data")
CASES = SHARED / "cases"


def ran(stdout=b"", **more):
    return RunResult(0, more.pop("end", "exit"), more.pop("exit_code", 0), stdout=stdout, **more)


class Scripted:
    """Stands for the sandbox: ``answer(job, run)`` says what comes of each run, or of the compilation."""

    def __init__(self, answer):
        self.answer, self.jobs, self.closed = answer, [], 0

    def execute(self, job, watch=None, *, alone=False):
        self.jobs.append(job)
        results = []
        for index, run in enumerate(job.runs):
            result = self.answer(job, run)
            if isinstance(result, Compiled):
                return Execution(result)
            results.append(replace(result, index=index))
            if watch is not None and not watch(results[-1]):
                break
        rest = [RunResult(index, "not_run") for index in range(len(results), len(job.runs))]
        return Execution(Compiled(True), (*results, *rest), "container", {"python": "3.13"})

    def close(self):
        self.closed += 1


def echo(job, run):
    return ran(run.stdin)


def verifier_with(sandbox):
    class Verifier(CodeVerifier):
        def open_sandbox(self):
            return sandbox

    return Verifier()


def record(*tests, response="```python\nprint(input())\n```", metadata=None, source="authored", **info):
    return {
        "task_type": "verifiable_code",
        "source": source,
        "llm_response": response,
        "verification_info": {"language": "python", "test_cases": list(tests), **info},
        "metadata": metadata,
    }


def io_test(given, output):
    return {"type": "stdin_stdout", "input": given, "output": output}


def call_test(args, output):
    return {"type": "function_call", "fn_name": "f", "input": args, "output": output}


def verify(rec, answer=echo):
    sandbox = Scripted(answer)
    verdict = checked_result(verifier_with(sandbox).verify(rec))
    return verdict["score"], verdict["verification_result_info"], sandbox


def test_the_score_is_the_share_of_tests_passed():
    score, info, sandbox = verify(
        record(io_test("1\n", "1"), io_test("2\n", "3"), io_test("3\n", "3 \n"), io_test("", ""))
    )
    assert score == 0.75
    assert (info["passed"], info["total"], info["reason"]) == (3, 4, "wrong answer")
    assert [test["verdict"] for test in info["tests"]] == ["passed", "wrong_answer", "passed", "passed"]
    assert info["first_failure"] == {"index": 1, "expected": "3"}
    assert info["measured"]["first_failure"]["got"] == "2\n"
    assert (info["rule"], info["code"], info["isolation"]) == ("tests", "labelled", "container")
    assert sandbox.jobs[0].source == b"print(input())\n"


def test_expected_outputs_never_enter_the_sandbox():
    tests = [io_test("1", "secret-text"), call_test([1], "secret-value")]
    _, _, sandbox = verify(record(*tests, input_file="in.txt", output_file="out.txt"))
    assert b"secret" not in repr(sandbox.jobs).encode()


def test_what_varies_from_run_to_run_stands_apart():
    def one(seconds, words):
        return lambda job, run: ran(run.stdin + words, cpu_s=seconds, wall_s=seconds, memory_mb=seconds, stderr=words)

    rec = record(io_test("1", "2"))
    verdicts = [verify(rec, one(seconds, words))[1] for seconds, words in [(0.1, b"at 0x7f01"), (0.2, b"at 0x7f99")]]
    measured = [verdict.pop("measured") for verdict in verdicts]
    assert verdicts[0] == verdicts[1]
    assert measured[0] != measured[1]
    assert measured[0]["cpu_s"] == [0.1]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (ran(b"1", exit_code=1), "runtime error"),
        (ran(b"1", exit_code=None, signal=11), "runtime error"),
        (ran(b"1", exit_code=1, stderr=b"...\nMemoryError\n"), "memory limit"),
        (ran(b"1", end="cpu_limit", exit_code=None), "time limit"),
        (ran(b"1", end="wall_limit", exit_code=None), "time limit"),
        (ran(b"1", end="memory_limit", exit_code=None), "memory limit"),
        (ran(b"1", end="output_limit", exit_code=None), "output limit"),
        (ran(b"2"), "wrong answer"),
        (ran(b""), "wrong answer"),
        (ran(b"2", stderr=b"1"), "wrong answer"),
        (Compiled(False, "SyntaxError: broken("), "compile error"),
    ],
)
def test_a_right_output_alone_passes_no_test(result, reason):
    score, info, _ = verify(record(io_test("1", "1")), lambda job, run: result)
    assert (score, info["reason"], info["passed"]) == (0.0, reason, 0)


def test_no_code_is_a_verdict_and_needs_no_sandbox():
    score, info, sandbox = verify(
        record(io_test("1", "1"), response="<think>```python\nprint(1)\n```</think>I am stuck.")
    )
    assert (score, info["reason"], info["total"]) == (0.0, "no code", 1)
    assert not sandbox.jobs


def test_a_task_that_cannot_be_read_is_no_verdict():
    with pytest.raises(TaskFault, match="at least one"):
        verify(record())


def test_after_three_time_outs_the_rest_is_not_run():
    tests = [io_test(str(number), str(number)) for number in range(10)]
    late = {b"1", b"3", b"4", b"8"}
    score, info, _ = verify(
        record(*tests), lambda job, run: ran(run.stdin, end="cpu_limit" if run.stdin in late else "exit")
    )
    assert score == 0.2
    assert Counter(test["verdict"] for test in info["tests"]) == {"passed": 2, "time_limit": 3, "not_run": 5}


def test_an_option_stops_at_the_first_failure():
    tests = [io_test("1", "1"), io_test("2", "1"), io_test("3", "3")]
    score, info, _ = verify(record(*tests, stop_at_first_failure=True))
    assert [test["verdict"] for test in info["tests"]] == ["passed", "wrong_answer", "not_run"]
    assert score == pytest.approx(1 / 3)


def test_what_is_shown_of_a_thousand_tests_is_bounded():
    tests = [io_test("1", "x" * 1_000_000), *(io_test("1", "1") for _ in range(1999))]
    score, info, _ = verify(record(*tests), lambda job, run: ran(b"1", stderr=b"\xff" * 1_000_000))
    assert score == 1999 / 2000
    assert len(info["tests"]) == 1000
    assert len(json.dumps(info)) < 150_000


def test_limits_come_from_the_metadata():
    metadata = {"time_limit": "2 seconds", "memory_limit": 256, "memory_limit_bytes": 1 << 30}
    limits = verify(record(io_test("1", "1"), metadata=json.dumps(metadata)))[2].jobs[0].limits
    assert (limits.cpu_s, limits.memory_mb) == (10, 1024)


def test_programs_that_read_and_write_files():
    rec = record(io_test("7", "7"), input_file="in.txt", output_file="out.txt")

    def writes_file(job, run):
        assert run.collect == ("out.txt",)
        return ran(b"log", files={"out.txt": run.files["in.txt"]})

    assert verify(rec, writes_file)[0] == 1
    assert verify(rec, lambda job, run: ran(b"7", files={"out.txt": b""}))[0] == 0
    assert verify(rec)[0] == 1  # it wrote to standard output instead


def test_a_function_call_is_judged_by_the_value():
    def answer(job, run):
        assert (run.call.name, run.stdin) == ("f", b"")
        return ran(b"printed on the way", value=json.dumps(run.call.args[0]))

    tests = [call_test([[1, 2]], [1, 2]), call_test([9], [9]), call_test([True], 1), call_test(["a"], "b")]
    score, info, _ = verify(record(*tests), answer)
    assert [test["verdict"] for test in info["tests"]] == ["passed", "passed", "wrong_answer", "wrong_answer"]
    assert score == 0.5


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (ran(b"5"), "runtime error"),  # ended before the function returned
        (ran(value="5", exit_code=1), "runtime error"),
        (ran(value="this is no JSON"), "wrong answer"),
        (ran(value="[" * 100_000), "wrong answer"),
        (ran(value="9" * 100_000), "wrong answer"),
    ],
)
def test_a_value_that_is_none_passes_no_test(result, reason):
    score, info, _ = verify(record(call_test([1], 5)), lambda job, run: result)
    assert (score, info["reason"]) == (0.0, reason)


def test_a_function_in_cpp_is_called_by_the_tasks_harness():
    harness = "#include <iostream>\n{{solution}}\nint main() {}"
    rec = record(call_test([1, [2]], 3), response="```cpp\nint f();\n```", language="cpp", harness=harness)
    score, _, sandbox = verify(rec, lambda job, run: ran(b"debug\n3\n"))
    job = sandbox.jobs[0]
    assert score == 1
    assert job.source == b"#include <iostream>\nint f();\n\nint main() {}"
    assert (job.runs[0].stdin, job.runs[0].call) == (b"[1, [2]]\n", None)


def with_checker(says):
    """Programs echo; the checker, known by its arguments, does what ``says`` makes of its files."""
    return lambda job, run: says(run) if run.argv else ran(run.stdin)


CHECKED = [io_test("1", "one"), io_test("2", "two"), io_test("3", "three")]


def test_a_checker_judges_instead_of_a_comparison():
    seen = []

    def says(run):
        seen.append((run.argv, run.files))
        return ran(b"checking\n0.5\n" if run.files["solution_output.txt"] == b"2" else b"1\n")

    score, info, sandbox = verify(record(*CHECKED, checker={"language": "python", "source": "..."}), with_checker(says))
    assert score == pytest.approx(2 / 3)
    assert info["rule"] == "checker"
    assert [test["verdict"] for test in info["tests"]] == ["passed", "wrong_answer", "passed"]
    assert info["first_failure"]["index"] == 1
    assert seen[0] == (
        ("input.txt", "correct_output.txt", "solution_output.txt"),
        {"input.txt": b"1", "correct_output.txt": b"one", "solution_output.txt": b"1"},
    )
    assert b"three" not in repr(sandbox.jobs[0]).encode()


def test_a_checker_is_not_asked_about_a_program_that_failed_itself():
    def answer(job, run):
        return ran(b"1") if run.argv else ran(run.stdin, exit_code=int(run.stdin == b"2"))

    score, info, sandbox = verify(record(*CHECKED, checker="..."), answer)
    assert [test["verdict"] for test in info["tests"]] == ["passed", "runtime_error", "passed"]
    assert len(sandbox.jobs[1].runs) == 2
    assert score == pytest.approx(2 / 3)


def test_the_checkers_first_no_stops_where_the_task_says_so():
    rec = record(*CHECKED, checker="...", stop_at_first_failure=True)
    _, info, _ = verify(rec, with_checker(lambda run: ran(b"0")))
    assert [test["verdict"] for test in info["tests"]] == ["wrong_answer", "not_run", "not_run"]


@pytest.mark.parametrize(
    "result",
    [
        ran(b"", exit_code=1, stderr=b"IndexError"),
        ran(b"1", exit_code=1),
        ran(b""),
        ran(b"accepted"),
        ran(b"nan"),
        ran(b"2"),
        ran(b"1", end="cpu_limit", exit_code=None),
        ran(b"1", exit_code=None, signal=9),
        Compiled(False, "SyntaxError"),
    ],
)
def test_a_checker_that_fails_is_the_tasks_fault(result):
    with pytest.raises(TaskFault, match="checker"):
        verify(record(*CHECKED, checker="..."), with_checker(lambda run: result))


FELL = [
    ran(b"", exit_code=1, stderr=b"ValueError"),
    ran(b"1", exit_code=1),
    ran(b"expected 5, found x"),
    ran(b"", exit_code=None, signal=11),
]


@pytest.mark.parametrize("fell", FELL)
def test_what_a_working_checker_fails_on_is_a_wrong_output(fell):
    def says(run):
        expected, got = run.files["correct_output.txt"], run.files["solution_output.txt"]
        return ran(b"1") if got in (expected, b"1") else fell

    score, info, sandbox = verify(record(*CHECKED, checker="..."), with_checker(says))
    assert [test["verdict"] for test in info["tests"]] == ["passed", "wrong_answer", "wrong_answer"]
    assert score == pytest.approx(1 / 3)
    assert [len(job.runs) for job in sandbox.jobs] == [3, 3, 2]  # those it failed on are looked into, and no others


def test_a_limit_that_a_checker_crosses_says_nothing_of_the_output():
    def says(run):
        is_expected = run.files["solution_output.txt"] == run.files["correct_output.txt"]
        return ran(b"1") if is_expected else ran(b"", end="cpu_limit", exit_code=None)

    with pytest.raises(TaskFault, match="cpu_limit"):
        verify(record(*CHECKED, checker="..."), with_checker(says))


def test_large_outputs_go_to_the_checker_in_several_jobs():
    tests = [io_test("x" * 12_000_000, "y") for _ in range(4)]
    score, _, sandbox = verify(record(*tests, checker="..."), with_checker(lambda run: ran(b"1")))
    assert score == 1
    assert [len(job.runs) for job in sandbox.jobs] == [4, 1, 1, 1, 1]


def test_a_return_outside_of_functions_ends_a_program_of_apps():
    response = "```python\nif 1:\n    print(1)\n    return\ndef f():\n    return 2\n```"

    def answer(job, run):
        is_mended = b"    raise SystemExit; \ndef f():\n    return 2\n" in job.source
        return ran(b"1") if is_mended else Compiled(False, "SyntaxError: 'return' outside function")

    score, info, _ = verify(record(io_test("", "1"), response=response, source="codeparrot/apps"), answer)
    assert (score, info["code"]) == (1, "labelled/returns")
    assert verify(record(io_test("", "1"), response=response, source="codeforces"), answer)[0] == 0


def test_only_returns_outside_of_functions_are_mended():
    program = (
        "class A:\n    def h(self):\n        if 1:\n            return 3\nasync def g(): return 2\n"
        'for i in "ab":\n    s = """\nreturn\n"""\n    # return\n    if i: return\nreturn 5\n'
    )
    changed = [new for old, new in zip(program.split("\n"), mended(program).split("\n"), strict=True) if old != new]
    assert changed == ["    if i: raise SystemExit; ", "raise SystemExit; 5"]
    compile(mended(program), "program", "exec")
    assert mended("def (((") == "def ((("


def test_a_lost_sandbox_is_no_verdict():
    def lost(job, run):
        raise InfrastructureFault("the engine is gone")

    with pytest.raises(InfrastructureFault, match="gone"):
        verify(record(io_test("1", "1")), lost)


async def test_the_sandbox_is_opened_once_and_closed_by_the_runner():
    opened = []

    class Verifier(CodeVerifier):
        def open_sandbox(self):
            opened.append(Scripted(echo))
            return opened[-1]

    async with VerifierRunner({"verifiable_code": Verifier}) as runner:
        for _ in range(3):
            verdict = await runner.verify(record(io_test("1", "1")))
            assert verdict["score"] == 1
    assert [sandbox.closed for sandbox in opened] == [1]


def test_threads_share_one_verifier():
    barrier = threading.Barrier(4)

    def answer(job, run):
        barrier.wait(10)
        return ran(run.stdin)

    verifier = verifier_with(Scripted(answer))
    records = [record(io_test(str(number), str(number % 2))) for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        scores = [verdict["score"] for verdict in threads.map(verifier.verify, records)]
    assert scores == [1, 1, 0, 0]


@pytest.mark.parametrize("language", ["javascript", "cpp", "rust"])
def test_a_language_that_this_machine_lacks_makes_no_verdict(monkeypatch, language):
    """With plain processes a compiler that is not there fails like a program that does not compile."""
    monkeypatch.setenv("PATH", "/nowhere")
    verifier = CodeVerifier.from_settings(Settings(sandbox={"isolation": "process", "slots": 1}))
    try:
        assert verifier.lacks("python") is None
        assert f"{language} programs cannot be run here: " in verifier.lacks(language)
        assert "has to be on this machine's PATH" in verifier.lacks(language)
        program = f"```{language}\n1\n```"
        with pytest.raises(InfrastructureFault, match=f"{language} programs cannot be run here") as caught:
            verifier.verify(record(io_test("1", "1"), language=language, response=program))
        assert caught.value.final
        assert verifier.verify(record(io_test("1", "2")))["score"] == 0, "others have their verdict"
        assert "runs no cobol" in verifier.lacks("cobol")
    finally:
        verifier.shutdown()


# With the real sandbox, and labelled programs.

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the shared data is not beside the checkout")


@pytest.fixture(scope="module")
def real():
    """The sandbox of the settings."""
    verifier = CodeVerifier()
    try:
        verifier.ready()
    except InfrastructureFault as fault:
        pytest.skip(str(fault))
    yield verifier
    verifier.shutdown()


def disagreements(verifier, name):
    """Response ids judged otherwise than they are labelled, and how many there are of each label."""
    cases = [json.loads(line) for line in (CASES / f"code_{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    with ThreadPoolExecutor(4) as threads:
        accepted = [verdict["score"] == 1 for verdict in threads.map(verifier.verify, cases)]
    labels = [case["expected_score"] == 1 for case in cases]
    wrong = [c["response_id"] for c, said, label in zip(cases, accepted, labels, strict=True) if said != label]
    return wrong, Counter(labels)


@needs_cases
@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["python", "javascript", "cpp", "rust"])
def test_every_right_program_passes_and_no_buggy_one_does(real, language):
    wrong, labels = disagreements(real, f"humanevalpack_{language}")
    assert not wrong
    assert min(labels.values()) >= 68


@needs_cases
@pytest.mark.docker
@pytest.mark.timeout(900)
def test_labelled_solutions_of_apps_are_judged_without_an_error(real):
    wrong, labels = disagreements(real, "apps")
    assert not wrong
    assert labels == {True: 124, False: 11}


@pytest.mark.docker
@pytest.mark.timeout(300)
def test_each_kind_of_task_in_the_real_sandbox(real):
    checker = (
        "import sys\nn, right, got = (open(name).read().split() for name in sys.argv[1:])\n"
        "print(int(len(got) == 2 and sum(map(int, got)) == int(n[0])))\n"
    )
    split = record(io_test("7\n", "3 4"), response="```py\nn = int(input())\nprint(n, 0)\n```", checker=checker)
    assert real.verify(split)["score"] == 1
    assert real.verify({**split, "llm_response": "```py\nprint(3, 3)\n```"})["score"] == 0
    with pytest.raises(TaskFault, match="checker"):
        real.verify(record(io_test("7\n", "3 4"), response="```py\nprint(3, 4)\n```", checker="1 / 0"))

    strict = "import sys\nwant, got = (int(open(name).read()) for name in sys.argv[2:])\nprint(int(want == got))\n"
    word = record(io_test("", "42"), response="```py\nprint('forty-two')\n```", checker=strict)
    assert real.verify(word)["score"] == 0

    files = record(io_test("20 22\n", "42"), input_file="sum.in", output_file="sum.out")
    program = "a = map(int, open('sum.in').read().split())\nopen('sum.out', 'w').write(str(sum(a)))\n"
    assert real.verify({**files, "llm_response": f"```python\n{program}```"})["score"] == 1

    method = "class Solution:\n    def f(self, a: List[int]) -> int:\n        print('log')\n        return [sum(a)]\n"
    method = f"```python\n{method}```"
    assert real.verify(record(call_test([[1, 2]], 3), call_test([[4]], [4]), response=method))["score"] == 1
    script = "```js\nconst f = (a) => a.map(x => x / 2);\n```"
    assert real.verify(record(call_test([[1, 2]], [0.5, 1]), response=script, language="javascript"))["score"] == 1

    harness = (
        "#include <iostream>\n#include <string>\n{{solution}}\n"
        "int main() { std::string line; std::getline(std::cin, line);\n"
        '  std::cout << "\\n" << f(std::stoi(line.substr(1))) << "\\n"; }\n'
    )
    cpp = record(
        call_test([20], 40), language="cpp", harness=harness, response="```c++\nint f(int n) { return 2 * n; }\n```"
    )
    assert real.verify(cpp)["score"] == 1
    main = "fn main() {\n  let mut line = String::new();\n  std::io::stdin().read_line(&mut line).unwrap();\n"
    rust = record(
        call_test([20], "20!"),
        language="rust",
        harness=main + "  println!(\"{:?}\", f(line.trim().trim_matches(|c| c == '[' || c == ']')));\n}\n",
        response='```rust\nfn f(n: &str) -> String { format!("{}!", n) }\n```',
    )
    assert real.verify(rust)["score"] == 1


def test_a_verdict_is_made_anew_when_the_isolation_or_the_image_changes() -> None:
    def identity(**chosen: object) -> tuple[str, str]:
        settings = load_settings().model_copy(update={"sandbox": SandboxSettings.model_validate(chosen)})
        return VerifierRunner(settings=settings).identity("verifiable_code")

    known = [identity(), identity(isolation="process"), identity(image="mine:1"), identity(base_image="debian:sid")]
    assert len(set(known)) == 4
    assert {name for name, _ in known} == {"CodeVerifier"}
    assert identity(slots=7) == identity()  # how many at once decides nothing
