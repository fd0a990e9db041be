"""What a job's execution says, the same in a container and in a process: ends, outputs, limits, function calls."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from genesys.job import FunctionCall, Job, Language, Limits, Run, RunResult
from genesys.sandbox.sandbox import Sandbox
from tests.support.sandbox import DOUBLE, QUICK, has, job, opened


@pytest.fixture(
    scope="module", params=[pytest.param("docker", marks=pytest.mark.docker), pytest.param("process", id="process")]
)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with opened(request.param) as found:
        found.kind = request.param  # type: ignore[attr-defined]
        yield found


def one(sandbox: Sandbox, *args: object, **more: object) -> RunResult:
    execution = sandbox.execute(job(*args, **more))  # type: ignore[arg-type]
    assert execution.compiled.ok, execution.compiled.message
    assert len(execution.runs) == 1
    return execution.runs[0]


@pytest.mark.parametrize("language", ["python", "javascript", "cpp", "rust"])
def test_each_language_runs_each_input_afresh(sandbox: Sandbox, language: Language) -> None:
    in_process = sandbox.kind == "process"  # type: ignore[attr-defined]
    if in_process and (language == "rust" or not has(language)):
        pytest.skip("this machine has no such compiler for other users")
    execution = sandbox.execute(job(language, DOUBLE[language], "3", "-4", "500000000"))

    assert [run.stdout.strip() for run in execution.runs] == [b"6", b"-8", b"1000000000"]
    assert [run.end for run in execution.runs] == ["exit"] * 3
    assert {run.exit_code for run in execution.runs} == {0}
    assert execution.isolation == ("process" if in_process else "container")
    assert bool(execution.image) is not in_process
    assert all(execution.toolchain.values())


def test_a_compiled_program_is_not_compiled_again(sandbox: Sandbox) -> None:
    if sandbox.kind == "process":  # type: ignore[attr-defined]
        pytest.skip("processes keep no binaries")
    source = DOUBLE["cpp"] + f"// {time.time_ns()}\n"
    first = sandbox.execute(job("cpp", source, "1")).compiled
    again = sandbox.execute(job("cpp", source, "2"))

    assert not first.cached
    assert again.compiled.cached
    assert again.compiled.seconds < 0.05
    assert again.runs[0].stdout.strip() == b"4"


def test_a_program_that_does_not_compile_says_why(sandbox: Sandbox) -> None:
    for language, source, message in [
        ("python", "print(1", "SyntaxError"),
        ("cpp", "int main() { retrun 1; }", "retrun"),
    ]:
        execution = sandbox.execute(job(language, source))  # type: ignore[arg-type]

        assert not execution.compiled.ok
        assert message in execution.compiled.message
        assert execution.runs == ()


def test_exit_codes_signals_and_both_outputs_are_told_apart(sandbox: Sandbox) -> None:
    run = one(sandbox, "python", "import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(3)")
    assert (run.end, run.exit_code, run.stdout, run.stderr) == ("exit", 3, b"out\n", b"err\n")

    run = one(sandbox, "python", "import os\nos.abort()")
    assert (run.end, run.exit_code, run.signal) == ("exit", None, 6)

    run = one(sandbox, "python", "1 / 0")
    assert run.exit_code == 1
    assert b"ZeroDivisionError" in run.stderr
    assert b"python_program" not in run.stderr  # the frames of the runner are none of the program's business


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("while True: pass", "cpu_limit"),
        ("import time\ntime.sleep(60)", "wall_limit"),
        ("x = bytearray(900 << 20)", "memory_limit"),
        ("x = []\nwhile True: x.append(bytearray(1 << 20))", "memory_limit"),
        ("while True: print('x' * 1000)", "output_limit"),
        ("import sys\nwhile True: sys.stderr.write('x' * 65536)", ("output_limit", "cpu_limit")),
        ("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass", "cpu_limit"),
    ],
)
def test_each_limit_has_an_end_of_its_own(sandbox: Sandbox, source: str, end: str | tuple[str, ...]) -> None:
    started = time.monotonic()
    run = one(sandbox, "python", source, limits=Limits(cpu_s=0.3, wall_s=0.8, memory_mb=128, output_bytes=1 << 20))

    assert run.end in end
    assert len(run.stdout) <= 1 << 20
    assert time.monotonic() - started < 10


def test_what_threads_and_time_outs_used_is_told(sandbox: Sandbox) -> None:
    run = one(sandbox, "python", "x = bytearray(100 << 20)\nfor i in range(3_000_000): pass")

    assert 100 < run.memory_mb < 160
    assert 0.02 < run.cpu_s <= run.wall_s * 2


def test_output_up_to_the_limit_comes_whole(sandbox: Sandbox) -> None:
    limits = Limits(cpu_s=5, wall_s=10, output_bytes=8 << 20)
    run = one(sandbox, "python", "import sys\nsys.stdout.write('é' * (4 << 20))", limits=limits)

    assert run.end == "exit"
    assert run.stdout == "é".encode() * (4 << 20)


def test_input_comes_whole_and_in_every_way_it_is_read(sandbox: Sandbox) -> None:
    text = "naïve ☃\r\n" * 100_000
    source = "import sys, hashlib\nprint(hashlib.sha256({}).hexdigest())"
    found = set()
    for read in ("sys.stdin.buffer.read()", "open(0, 'rb').read()", "open('/dev/stdin', 'rb').read()"):
        found.add(one(sandbox, "python", source.format(read), text).stdout)
    assert len(found) == 1


def test_dev_stdout_is_the_same_stream(sandbox: Sandbox) -> None:
    source = "for i in range(3):\n  with open('/dev/stdout', 'w') as f: f.write(str(i))"
    assert one(sandbox, "python", source).stdout == b"012"


def test_a_run_sees_nothing_of_the_one_before(sandbox: Sandbox) -> None:
    source = "import os\nprint(os.listdir('.'))\nopen('left', 'w').write('x')\nos.makedirs('a/b')\nos.chmod('a', 0)"
    execution = sandbox.execute(job("python", source, "", "", ""))

    assert [run.stdout for run in execution.runs] == [b"[]\n"] * 3


def test_files_go_in_and_come_back(sandbox: Sandbox) -> None:
    source = "open('out.txt', 'w').write(open('in.txt').read() * 2)\nimport os\nos.symlink('/etc/passwd', 'link')"
    run = Run(files={"in.txt": b"ab"}, collect=("out.txt", "link", "none"))
    result = sandbox.execute(Job("python", source.encode(), (run,), QUICK)).runs[0]

    assert result.files == {"out.txt": b"abab"}  # a link is no file, wherever it leads


def test_a_file_named_like_a_path_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        sandbox.execute(Job("python", b"", (Run(files={"../x": b""}),), QUICK))


@pytest.mark.parametrize(
    ("source", "args", "value"),
    [
        ("def f(a, b): return a + b", (2, 3), "5"),
        ("def f(x: List[int]) -> int:\n  return Counter(x).most_common(1)[0]", ([1, 2, 2],), "[2, 2]"),
        ("class Solution:\n  def f(self, n):\n    return {n: (1, 2)}", (7,), '{"7": [1, 2]}'),
        ("f = lambda s: {*s}", ("ba",), '["a", "b"]'),
        ("def f(s): print('noise'); return s * 2", ("ü",), '"\\u00fc\\u00fc"'),
        ("if __name__ == '__main__':\n  print(input())\ndef f(): return map(str, [1])", (), '["1"]'),
    ],
)
def test_a_function_is_called_and_its_value_handed_back(
    sandbox: Sandbox, source: str, args: tuple[object, ...], value: str
) -> None:
    run = Run(call=FunctionCall("f", args))
    result = sandbox.execute(Job("python", source.encode(), (run,), QUICK)).runs[0]

    assert (result.end, result.exit_code, result.value) == ("exit", 0, value), result.stderr


def test_a_function_that_is_not_there_or_raises_gives_no_value(sandbox: Sandbox) -> None:
    for source, said in [("def g(): pass", b"no function f"), ("def f(): raise KeyError('k')", b"KeyError")]:
        result = sandbox.execute(Job("python", source.encode(), (Run(call=FunctionCall("f", ())),), QUICK)).runs[0]
        assert (result.exit_code, result.value) == (1, None)
        assert said in result.stderr


def test_a_watcher_sees_every_run_in_order_and_can_stop(sandbox: Sandbox) -> None:
    seen = []

    def watch(result: RunResult) -> bool:
        seen.append((result.index, result.stdout))
        return result.index < 2

    execution = sandbox.execute(job("python", "print(input())", *map(str, range(50))), watch)

    assert seen == [(0, b"0\n"), (1, b"1\n"), (2, b"2\n")]
    assert [run.end for run in execution.runs] == ["exit"] * 3 + ["not_run"] * 47
    assert {run.stdout for run in execution.runs} == {b""}  # the watcher had them
    assert sandbox.execute(job("python", "print(input())", "next")).runs[0].stdout == b"next\n"


def test_what_python_does_at_its_end_is_done(sandbox: Sandbox) -> None:
    source = """
import atexit, threading, time, sys
atexit.register(lambda: print("at exit"))
threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
sys.setrecursionlimit(10**6)
def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
print(deep(50_000))
"""
    assert one(sandbox, "python", source).stdout == b"50000\nthread\nat exit\n"


def test_random_numbers_differ_between_runs_and_sets_do_not(sandbox: Sandbox) -> None:
    execution = sandbox.execute(job("python", "import random\nprint(random.random())", "", ""))
    assert execution.runs[0].stdout != execution.runs[1].stdout
    execution = sandbox.execute(job("python", "print({'a', 'b', 'c', 'd', 'e'})", "", "", ""))
    assert len({run.stdout for run in execution.runs}) == 1


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("function f(a, b) { console.log('noise'); return [a + b, undefined]; }", "[3,null]"),
        ("const f = async (a, b) => ({ sum: a + b, big: 2n ** 70n });", '{"sum":3,"big":1180591620717411303424}'),
        ("class Solution { f(a, b) { return new Map([[a, b]]); } }", "[[1,2]]"),
        ("module.exports = { f: (a, b) => new Set([a, b]) };", "[1,2]"),
    ],
)
def test_a_function_of_javascript_is_called(sandbox: Sandbox, source: str, value: str) -> None:
    if not has("javascript"):
        pytest.skip("no node here")
    run = Run(call=FunctionCall("f", (1, 2)))
    result = sandbox.execute(Job("javascript", source.encode(), (run,), QUICK)).runs[0]

    assert (result.end, result.exit_code, result.value) == ("exit", 0, value), result.stderr


def test_the_precompiled_header_can_be_included_twice(sandbox: Sandbox) -> None:
    result = one(sandbox, "cpp", '#include <bits/stdc++.h>\n#include <bits/stdc++.h>\nint main() { std::puts("1"); }')
    assert (result.end, result.stdout) == ("exit", b"1\n"), result.stderr


def test_a_compiled_program_can_have_threads_and_what_is_newer_than_cpp17(sandbox: Sandbox) -> None:
    source = """#include <bits/stdc++.h>
int main() {
  std::atomic<int> n{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) threads.emplace_back([&] { n++; });
  for (auto& thread : threads) thread.join();
  std::vector<int> v{3, 1, 2};
  std::ranges::sort(v);
  std::cout << n << v[0] << std::async(std::launch::async, [] { return 7; }).get() << std::endl;
}"""
    result = one(sandbox, "cpp", source)
    assert (result.end, result.stdout) == ("exit", b"417\n"), result.stderr
