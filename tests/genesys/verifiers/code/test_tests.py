"""What a task asks of a program, from every form in which it comes."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys.faults import TaskFault
from genesys.verifiers.code.limits import read_limits
from genesys.verifiers.code.tests import CallTest, OutputTest, harnessed, read_task

ADD = {"type": "stdin_stdout", "input": "1 2\n", "output": "3\n"}
CALL = {"type": "function_call", "fn_name": "add", "input": [1, 2], "output": 3}


def task(*tests, language="python", metadata=None, **more):
    return read_task({"language": language, "test_cases": list(tests), **more}, metadata)


@pytest.mark.parametrize("write", [lambda value: value, json.dumps, repr])
def test_every_level_may_be_text(write):
    for info in (
        write({"language": "python", "test_cases": [ADD, CALL]}),
        {"language": "python", "test_cases": write([ADD, CALL])},
        {"language": "python", "test_cases": [write(ADD), write(CALL)]},
        {"language": "python", "test_cases": write([write(ADD), write(CALL)])},
        {"language": "python", "test_cases": [ADD, {**CALL, "input": write([1, 2])}]},
    ):
        assert read_task(info).tests == (OutputTest("1 2\n", "3\n"), CallTest("add", (1, 2), (3,)))


def test_tests_may_come_as_columns():
    apps = {"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]}
    assert task_of(apps) == (OutputTest("1 2\n", "3\n"), OutputTest("3 4\n", "7\n"))
    assert task_of(json.dumps({"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]})) == (
        CallTest("add", (1, 2), ([3],)),
    )
    table = {"type": ["function_call", "stdin_stdout"], "fn_name": ["f", None], "input": [[1], "1"], "output": [2, "2"]}
    assert task_of(table) == (CallTest("f", (1,), (2,)), OutputTest("1", "2"))
    plural = {"types": table["type"], "fn_names": ["f", "f"], "inputs": table["input"], "outputs": table["output"]}
    assert task_of(plural) == task_of(table)
    with pytest.raises(TaskFault, match=r"input: 2, output: 1"):
        task_of({"inputs": ["1", "2"], "outputs": ["3"]})


def task_of(test_cases):
    return read_task({"language": "python", "test_cases": test_cases}).tests


def test_one_function_may_be_named_for_all_tests():
    assert task({"input": [1, 2], "output": 3}, fn_name="add").tests == (CallTest("add", (1, 2), (3,)),)


def test_lines_may_come_as_a_list():
    test = {"type": "stdin_stdout", "input": ["2", "1 2\n", 7], "output": ["3", 4.5]}
    assert task(test).tests == (OutputTest("2\n1 2\n7\n", "3\n4.5\n"),)
    assert task({"input": None, "output": 5}).tests == (OutputTest("", "5\n"),)
    assert task({"input": "\u00e9\r\n", "output": ""}).tests == (OutputTest("\u00e9\r\n", ""),)


@pytest.mark.parametrize(
    ("given_input", "output", "args", "expected"),
    [
        ([[1, 2], "a"], [3], ([1, 2], "a"), ([3],)),
        ('[1, 2]\n"a"', "[3]", ([1, 2], "a"), ([3],)),
        ("[5]", "5", (5,), (5,)),
        ("[5]", "five", (5,), ("five",)),
        ([5], "5", (5,), ("5",)),
        ([5], "[5, 6]", (5,), ("[5, 6]", [5, 6])),
        ([5], None, (5,), (None,)),
        ((1, (2, 3)), {1: 2}, (1, (2, 3)), ({1: 2},)),
        ([], True, (), (True,)),
    ],
)
def test_arguments_and_values(given_input, output, args, expected):
    test = {"type": "function_call", "fn_name": "f", "input": given_input, "output": output}
    assert task(test).tests == (CallTest("f", args, expected),)


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"language": "cobol", "test_cases": [ADD]}, "language is str 'cobol'.*python, javascript, cpp, rust"),
        ({"test_cases": [ADD]}, "language is missing"),
        ({"language": "python"}, "test_cases is missing.*at least one"),
        ({"language": "python", "test_cases": []}, "at least one"),
        ({"language": "python", "test_cases": "[}"}, "test_cases is neither JSON"),
        ({"language": "python", "test_cases": [ADD, 5]}, r"test_cases\[1\] is int '5'"),
        ({"language": "python", "test_cases": [ADD, "{"]}, r"test_cases\[1\] is neither JSON"),
        ({"language": "python", "test_cases": [{**ADD, "type": "interactive"}]}, r"\[0\].type is str 'interactive'"),
        ({"language": "python", "test_cases": [{"type": "stdin_stdout", "input": "1"}]}, r"\[0\].output is missing"),
        ({"language": "python", "test_cases": [{**ADD, "output": None}]}, r"\[0\].output is missing"),
        ({"language": "python", "test_cases": [{**ADD, "output": {"a": 1}}]}, r"\[0\].output is dict"),
        ({"language": "python", "test_cases": [{**ADD, "input": [["1"]]}]}, r"\[0\].input is list.*lines"),
        ({"language": "python", "test_cases": [{**CALL, "fn_name": ""}]}, r"\[0\].fn_name"),
        ({"language": "python", "test_cases": [{**CALL, "input": 5}]}, r"\[0\].input is int '5'; write the arguments"),
        ({"language": "python", "test_cases": [{**CALL, "input": "abc"}]}, r"\[0\].input is str 'abc'"),
        ({"language": "python", "test_cases": [{**CALL, "input": [{1, 2}]}]}, r"\[0\].input cannot be written as JSON"),
        ({"language": "rust", "test_cases": [CALL]}, r"harness.*\{\{solution\}\}"),
        ({"language": "cpp", "test_cases": [CALL]}, r"harness.*\{\{solution\}\}"),
        ({"language": "cpp", "test_cases": [CALL, ADD], "harness": "int main() {}"}, "two tasks"),
        ({"language": "python", "test_cases": [ADD], "checker": {"language": "python"}}, "checker is dict"),
        ({"language": "python", "test_cases": [ADD], "checker": {"language": "c", "source": "x"}}, "checker.language"),
        ({"language": "python", "test_cases": [ADD], "input_file": "../x"}, "plain file name"),
        ("[1]", "verification_info holds list"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_tasks_fault(info, says):
    with pytest.raises(TaskFault, match=says):
        read_task(info)


def test_options():
    plain = task(ADD, language="C++17")
    assert (plain.language, plain.checker, plain.harness, plain.input_file) == ("cpp", None, None, None)
    assert not plain.stop_at_first_failure
    full = task(
        ADD,
        checker="import sys\nprint(1)",
        input_file="in.txt",
        output_file="out.txt",
        stop_at_first_failure=True,
    )
    assert (full.checker.language, full.checker.source) == ("python", "import sys\nprint(1)")
    assert (full.input_file, full.output_file, full.stop_at_first_failure) == ("in.txt", "out.txt", True)
    assert task(ADD, checker='{"language": "C++", "source": "int main() {}"}').checker.language == "cpp"
    assert task(ADD, checker="", input_file="stdin", output_file=None).checker is None


def test_a_task_says_of_itself_what_its_outputs_are():
    assert task(ADD, {**ADD, "output": "0.5"}).reals
    assert not task(ADD).reals
    assert task({**CALL, "output": [3]}, {**CALL, "output": [[3, 4]]}).wraps
    assert not task({**CALL, "output": [3]}, {**CALL, "output": [3, 4]}).wraps


def test_a_harness_stands_around_or_after_the_solution():
    assert harnessed("a\n{{solution}}\nb {{solution}}", "{{x}}") == "a\n{{x}}\nb {{solution}}"
    assert harnessed("int main() {}", "int f();") == "int f();\nint main() {}"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (2, 2),
        (2.5, 2.5),
        ("2 seconds", 2),
        ("1 second", 1),
        ("2.0 s", 2),
        ("3", 3),
        ("1500 ms", 1.5),
        ("1500 milliseconds", 1.5),
        ({"seconds": 2, "nanos": 500_000_000}, 2.5),
        ({"seconds": 4, "nanos": None}, 4),
        (None, 10),
        ("None", 10),
        ("", 10),
        ("soon", 10),
        (0, 10),
        (-1, 10),
        (True, 10),
        (float("nan"), 10),
        (float("inf"), 60),
        ({"seconds": 0, "nanos": 0}, 10),
        ([2], 10),
        (0.01, 1),
        (1e9, 60),
        (10**400, 60),
    ],
)
def test_time_limits(value, seconds):
    limits = read_limits({"time_limit": value}, "cpp")
    assert limits.cpu_s == pytest.approx(seconds)
    assert limits.wall_s >= max(10, 3 * limits.cpu_s)


def test_each_language_has_its_factor_on_what_the_task_says():
    limits = {name: read_limits({"time_limit": 2}, name).cpu_s for name in ("python", "javascript", "cpp", "rust")}
    assert limits == {"python": 10, "javascript": 4, "cpp": 2, "rust": 2}
    assert read_limits({}, "python").cpu_s == read_limits({}, "rust").cpu_s == 10


@pytest.mark.parametrize(
    ("metadata", "megabytes"),
    [
        ({}, 512),
        ({"memory_limit": 1024}, 1024),
        ({"memory_limit": "1024"}, 1024),
        ({"memory_limit": "512 megabytes"}, 512),
        ({"memory_limit": "512 MB"}, 512),
        ({"memory_limit": "1 GB"}, 1024),
        ({"memory_limit": "524288 KB"}, 512),
        ({"memory_limit": 1024, "memory_limit_bytes": 536_870_912}, 512),
        ({"memory_limit": 1024, "memory_limit_bytes": 0}, 1024),
        ({"memory_limit": 64}, 256),
        ({"memory_limit": 1e9}, 2048),
        ({"memory_limit": -5}, 512),
        ({"memory_limit": "lots"}, 512),
    ],
)
def test_memory_limits(metadata, megabytes):
    assert read_limits(metadata, "python").memory_mb == megabytes


def test_a_program_may_write_twice_the_largest_expected_output():
    assert task(ADD).limits.output_bytes == 64 << 10
    assert task(ADD, {**ADD, "output": "\u00e9" * 100_000}).limits.output_bytes == 400_000 + 4096


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "input", "output", "fn_name"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_whatever_stands_for_tests_is_read_or_the_tasks_fault(value):
    with contextlib.suppress(TaskFault):
        found = read_task({"language": "python", "test_cases": value}, {"time_limit": value, "memory_limit": value})
        assert found.tests
