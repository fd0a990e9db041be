"""``genesys`` itself: its help without its commands' imports, plug-ins, and how each kind of end is told."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genesys.cli import main
from tests.genesys.commands.runs import COMMAND, environment, genesys, started, task, wait_for, write
from tests.support.openai_server import OpenAIServer

HEAVY = ("pydantic", "polars", "pyarrow", "openai", "datasets", "rich", "sympy", "dagster", "vllm")


def plugin(folder: Path, code: str, entry: str = "mine = my_commands:main") -> dict[str, str]:
    """An installed distribution with a command of its own; gives the environment that has it."""
    info = folder / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[genesys.commands]\n{entry}\n")
    (folder / "my_commands.py").write_text(code)
    env = environment()
    return env | {"PYTHONPATH": f"{folder}:{env['PYTHONPATH']}"}


@pytest.mark.parametrize("command", ["generate", "verify"])
def test_commands_on_files_load_nothing_that_reads_tables(command: str) -> None:
    tables = ("numpy", "polars", "pyarrow")
    code = f"import sys, genesys.commands.{command}; print([m for m in {tables} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_help_lists_the_commands_and_imports_none(tmp_path: Path) -> None:
    code = (
        f"import sys; from genesys.cli import main; main(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    *lines, imported = run.stdout.splitlines()
    for command in ("generate", "verify", "calls", "gc", "init"):
        (line,) = [line for line in lines if line.split()[:1] == [command]]
        assert line.endswith("."), "the first line of its docstring"
    assert imported == "[]"


def test_without_a_command_the_help_and_an_exit_code_that_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "generate" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("genesys 0.")


def test_an_unknown_command_and_its_neighbour(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verfy"]) == 2
    assert capsys.readouterr().err == "genesys verfy: no such command. Did you mean `genesys verify`?\n"


def test_a_command_of_another_package(tmp_path: Path) -> None:
    code = '''
def main(argv):
    """Do my own thing.

    Not shown.
    """
    print(argv)
    return 7
'''
    env = plugin(tmp_path, code)
    assert "  mine      Do my own thing.\n" in genesys("--help", cwd=tmp_path, env=env).stdout
    run = genesys("mine", "--x", "1", cwd=tmp_path, env=env)
    assert (run.returncode, run.stdout) == (7, "['--x', '1']\n")


def test_a_broken_plugin_takes_nothing_else_away(tmp_path: Path) -> None:
    env = plugin(tmp_path, "import no_such_module_anywhere\nmain = no_such_module_anywhere.main\n")
    helped = genesys("--help", cwd=tmp_path, env=env)
    assert helped.returncode == 0
    assert "generate" in helped.stdout
    assert "no_such_module_anywhere" in helped.stdout
    run = genesys("mine", cwd=tmp_path, env=env)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_a_users_error_is_one_line_and_a_mistake_of_ours_is_not_hidden(tmp_path: Path) -> None:
    run = genesys("verify", "--file", "none.jsonl", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (2, "genesys verify: none.jsonl: there is no such file\n")
    env = plugin(tmp_path, "def main(argv):\n    return 1 // 0\n")
    assert "ZeroDivisionError" in genesys("mine", cwd=tmp_path, env=env).stderr


@pytest.mark.parametrize(
    ("number", "background"), [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True)]
)
def test_stopped_and_taken_up_again(
    tmp_path: Path, server: OpenAIServer, number: signal.Signals, background: bool
) -> None:
    server.control(latency_min=0.05, latency_max=0.3)
    tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(40)])
    words = ("generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", tasks, "--concurrency", "4")

    def as_in_a_script() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with started(*words, cwd=tmp_path, preexec_fn=as_in_a_script if background else None) as process:
        wait_for(lambda: server.stats()["completed"] >= 8)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=20)
        assert process.returncode == 128 + number
    assert complaint == "genesys generate: stopped. What was finished is kept: run the same command again.\n"
    run = genesys(*words, cwd=tmp_path)
    assert run.returncode == 0
    assert "40 responses in 1 files" in run.stdout
    assert server.stats()["requests"] <= 40 + 4, "only what was in flight was asked again"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_a_command_is_loading(tmp_path: Path, number: signal.Signals) -> None:
    code = f"import os, signal\nos.kill(os.getpid(), {int(number)})\nwhile True: signal.pause()\n"
    run = genesys("mine", cwd=tmp_path, env=plugin(tmp_path, code))
    assert run.returncode == 128 + number
    assert run.stderr == "genesys mine: stopped. What was finished is kept: run the same command again.\n"


def test_a_reader_that_goes_away(tmp_path: Path, server: OpenAIServer) -> None:
    tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(3)])
    made = genesys("generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", tasks, cwd=tmp_path)
    assert made.returncode == 0
    # A pipe that nobody reads from the start: the first line that is written fails.
    pipeline = f"{' '.join(COMMAND)} calls list --journal output/.journal | true; exit ${{PIPESTATUS[0]}}"
    for _ in range(3):
        run = subprocess.run(
            ["bash", "-c", pipeline], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
        )
        assert run.stderr == ""
        assert run.returncode == 128 + signal.SIGPIPE
