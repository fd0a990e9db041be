"""A verifier of programs in small, for tests of what is built on verdicts: plain subprocesses, no sandbox.

It runs programs that stand in tests, one after the other. What it says has the shape of the real one's verdicts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from genesys.verifiers.code.blocks import extract_program

_CALL = """
from typing import *
{source}
import json as _json, sys as _sys
_args = _json.loads(_sys.stdin.read())
_target = getattr(Solution(), {name!r}) if "Solution" in globals() else globals()[{name!r}]
print(_json.dumps(_target(*_args)))
"""


class LocalCodeVerifier:
    """``verifiable_code`` in Python by a process each test, and in C++ where a compiler is installed."""

    max_parallel = 2
    timeout = None
    version = "local"
    limit_s: ClassVar[float] = 2.0
    ran: ClassVar[list[dict[str, Any]]] = []
    """Every record verified, for tests that look at what was run."""

    def verify(self, result: Any) -> dict[str, Any]:
        info = result["verification_info"]
        self.ran.append(result)
        tests = info["test_cases"]
        program = extract_program(result["llm_response"], info["language"])
        if program is None:
            return _verdict([], len(tests), "no code")
        with tempfile.TemporaryDirectory() as folder:
            try:
                command = _command(Path(folder), info["language"], program.source, tests[0])
            except subprocess.CalledProcessError:
                return _verdict([], len(tests), "compile error")
            verdicts: list[str] = []
            for test in tests:
                verdicts.append(self._run(Path(folder), command, test, info))
                if info.get("stop_at_first_failure") and verdicts[-1] != "passed":
                    break
        return _verdict(verdicts, len(tests), "")

    def _run(self, folder: Path, command: list[str], test: dict[str, Any], info: dict[str, Any]) -> str:
        given = test["input"] if test["type"] == "stdin_stdout" else json.dumps(test["input"])
        if "input_file" in info:
            (folder / info["input_file"]).write_text(given)
        try:
            done = subprocess.run(
                command, input=given, capture_output=True, text=True, timeout=self.limit_s, cwd=folder, check=False
            )
        except subprocess.TimeoutExpired:
            return "time_limit"
        if done.returncode:
            return "runtime_error"
        output = (folder / info["output_file"]).read_text() if "output_file" in info else done.stdout
        return "passed" if self._is_right(folder, output, test, info) else "wrong_answer"

    def _is_right(self, folder: Path, output: str, test: dict[str, Any], info: dict[str, Any]) -> bool:
        if test["type"] == "function_call":
            value, wanted = json.loads(output), test["output"]
            return value == wanted or [value] == wanted
        if "checker" not in info:
            return output.split() == test["output"].split()
        names = []
        for name, text in (("input", test["input"]), ("expected", test["output"]), ("output", output)):
            (folder / name).write_text(text)
            names.append(str(folder / name))
        done = subprocess.run(
            [sys.executable, "-c", info["checker"]["source"], *names], capture_output=True, text=True, check=False
        )
        try:
            return done.returncode == 0 and float(done.stdout.split()[-1]) > 0
        except (IndexError, ValueError):
            return False  # as the real one has it: what a checker fails on is wrong


def _command(folder: Path, language: str, source: str, test: dict[str, Any]) -> list[str]:
    if language == "cpp":
        (folder / "main.cpp").write_text(source)
        subprocess.run(["g++", "-O1", "-o", folder / "main", folder / "main.cpp"], check=True, capture_output=True)
        return [str(folder / "main")]
    if test["type"] == "function_call":
        source = _CALL.format(source=source, name=test["fn_name"])
    (folder / "main.py").write_text(source)
    return [sys.executable, "-S", str(folder / "main.py")]


def _verdict(verdicts: list[str], total: int, reason: str) -> dict[str, Any]:
    passed = verdicts.count("passed")
    reason = reason or next((verdict.replace("_", " ") for verdict in verdicts if verdict != "passed"), "")
    info = {"rule": "tests", "passed": passed, "total": total, "tests": [{"verdict": verdict} for verdict in verdicts]}
    return {"score": passed / total, "verification_result_info": info | ({"reason": reason} if reason else {})}
