"""``verifiable_code``: runs a response's program on the task's tests in the sandbox. Rules are in ``code``."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.job import Execution, FunctionCall, Job, Language, Run
from genesys.sandbox.probing import lacking
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.code import returns
from genesys.verifiers.code.blocks import Program, extract_program
from genesys.verifiers.code.checker import Executes, check
from genesys.verifiers.code.grading import Grading
from genesys.verifiers.code.limits import TIME_FACTORS
from genesys.verifiers.code.tests import CallTest, CodeTask, Test, harnessed, read_task
from genesys.verifiers.sources import named_contents

if TYPE_CHECKING:
    from genesys.settings import SandboxSettings, Settings

_LOG = logging.getLogger(__name__)
_HEAD_CHARS = 2000
SANDBOX_MODULES = (
    "genesys.sandbox.container",
    "genesys.job",
    "genesys.sandbox.process",
    "genesys.sandbox.runner",
    "genesys.sandbox.sandbox",
    "genesys.sandbox.worker",
)
"""What decides how a program is run."""


class CodeVerifier(BaseVerifier):
    """Scores a program by the share of the task's tests that it passes.

    A test is passed by a program that ends by itself with exit code 0 within its limits and writes, or returns, what
    the task expects. A program that crosses its time limit ``max_time_outs`` times is not run on the tests left, which
    count as not passed. The info of a verdict holds:

    - ``rule``: ``tests``, or ``checker`` where the task has one; ``code``: how the program was found in the response
      (see ``code.blocks.Program``), with ``/returns`` where ``code.returns`` mended it.
    - ``reason``: ``passed``, else what became of the first test that was not: ``wrong answer``, ``runtime error``,
      ``time limit``, ``memory limit``, ``output limit``; or ``compile error`` or ``no code``.
    - ``passed`` and ``total``, and ``tests``: verdict, exit code and signal of each, the first thousand.
    - ``first_failure``: its index and the beginning of what was expected.
    - ``isolation`` and ``toolchain``: who kept the program in, and a fingerprint of compilers and interpreters.
    - ``measured``: whatever varies from run to run: times (s), memory (MiB), and the beginnings of what the compiler
      and the first test that failed wrote.

    What a call of a function means: in Python and JavaScript the program is loaded and its function (or the method of
    its class ``Solution``) is called with the test's arguments; Rust and C++ need the task's ``harness``. Once the
    sandbox was opened, by the first record, it stays open until ``shutdown``.
    """

    # The sandbox has slots of its own; a few more records keep them busy while others are read and compared.
    max_parallel = min(64, 2 * (os.cpu_count() or 2) + 2)
    timeout = None  # every run has limits, and a machine under load makes no verdict
    executes = True
    max_time_outs: ClassVar[int] = 3
    time_factors: ClassVar[Mapping[Language, float]] = TIME_FACTORS
    rests_on = ("genesys.verifiers.code", "genesys.verifiers.thinking", "genesys.schemas", *SANDBOX_MODULES)

    def __init__(self) -> None:
        """Open no sandbox yet."""
        self._sandbox: Executes | None = None
        self._settings: SandboxSettings | None = None
        self._lock = threading.Lock()
        self._lacking: dict[str, str | None] = {}
        self._probing = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """A verifier whose sandbox is that of these settings; without them it is that of ``genesys.toml``."""
        verifier = cls()
        verifier._settings = settings.sandbox
        return verifier

    @classmethod
    def place(cls, settings: Settings | None) -> str:
        """Isolation, and what the image is built from: known without an engine, so that any machine can replay."""
        from genesys.sandbox.image import image_name
        from genesys.sandbox.isolation import isolation_of
        from genesys.settings import load_settings

        sandbox = (settings or load_settings()).sandbox
        if isolation_of(sandbox) == "process":
            return "process"
        return f"container-{digest([image_name(sandbox), sandbox.base_image, sandbox.memory_mb], 12)}"

    @classmethod
    def execution_place(cls, settings: Settings | None) -> str:
        """What decides what comes of a program: where it runs, and the code that runs it. No rules of verdicts."""
        sources = sorted({content for name in SANDBOX_MODULES for content in named_contents(name)})
        return f"{cls.place(settings)}-{digest(sources, 16)}"

    def ready(self) -> str | None:
        """Open the sandbox, its image built first where that was not done: once, and not for each record in turn.

        Raises:
            InfrastructureFault: It cannot be opened; the message says what to do.
        """
        self._opened()
        return None

    def lacks(self, language: str) -> str | None:
        """Why programs of a language cannot be run here; found out by running one, once.

        Raises:
            InfrastructureFault: There is no sandbox.
        """
        sandbox = self._opened()
        with self._probing:
            if language not in self._lacking:
                self._lacking[language] = lacking(sandbox.execute, language)
            return self._lacking[language]

    def open_sandbox(self) -> Executes:
        """The sandbox of the settings; a subclass may bring another one.

        Raises:
            InfrastructureFault: It cannot be opened; the message says what to do.
        """
        from genesys.sandbox.sandbox import open_sandbox
        from genesys.settings import load_settings

        return open_sandbox(self._settings or load_settings().sandbox, lambda line: _LOG.info("%s", line))

    def verify(self, result: Any) -> dict[str, Any]:
        """Score from 0 to 1; see the class for the info. May be called from several threads.

        Raises:
            TaskFault: The tests cannot be read, the files of one have no room, or the task's checker does not work.
            InfrastructureFault: There is no sandbox, or it broke.
        """
        task = read_task(result["verification_info"], _field(result, "metadata"), self.time_factors)
        program = extract_program(result["llm_response"], task.language, task.function)
        grading = Grading(task, self.max_time_outs)
        if program is None:
            return _verdict(grading, {"code": "none"}, {}, reason="no code")
        sandbox = self._opened()
        execution = sandbox.execute(_job(task, program), grading.watch)
        is_refused = returns.MESSAGE in execution.compiled.message
        if is_refused and returns.is_wrapped_source(_field(result, "source")):
            program = Program(returns.mended(program.source), f"{program.rule}/returns")
            execution = sandbox.execute(_job(task, program), grading.watch)
        if execution.isolation == "process" and grading.passed == 0 and (why := self.lacks(task.language)):
            # On a machine of its own making a compiler that is not there looks like a program that does not compile.
            raise InfrastructureFault(why, final=True)
        info = {
            "code": program.rule,
            "isolation": execution.isolation,
            "toolchain": digest(["toolchain", execution.toolchain], 16),
        }
        compiled = execution.compiled
        where = f"{execution.isolation} {execution.image}".rstrip()
        measured: dict[str, Any] = {
            "endpoint": where,
            "compile_s": round(compiled.seconds, 4),
            "compile_cached": compiled.cached,
        }
        if not compiled.ok:
            measured["compile_message"] = compiled.message[:_HEAD_CHARS]
            return _verdict(grading, info, measured, reason="compile error")
        if task.checker is not None:
            check(sandbox, task.checker, grading.claims, grading.heard)
        return _verdict(grading, info, measured | grading.measured())

    def execute(self, job: Job) -> Execution:
        """Run a program that is no response: see ``genesys.calls.execution``.

        Raises:
            InfrastructureFault: There is no sandbox, it broke, or this machine cannot run the language.
        """
        execution = self._opened().execute(job)
        fails = not any(run.succeeded for run in execution.runs)
        if execution.isolation == "process" and fails and (why := self.lacks(job.language)):
            raise InfrastructureFault(why, final=True)
        return execution

    def shutdown(self) -> None:
        """End the sandbox; a later ``verify`` would open it again."""
        with self._lock:
            sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close()

    def _opened(self) -> Executes:
        with self._lock:
            if self._sandbox is None:
                self._sandbox = self.open_sandbox()
            return self._sandbox


def _job(task: CodeTask, program: Program) -> Job:
    source = harnessed(task.harness, program.source) if task.harness is not None else program.source
    runs = tuple(_run(task, test) for test in task.tests)
    # A lone surrogate, which JSON can bring, is in no file of a program.
    return Job(task.language, source.encode(errors="replace"), runs, task.limits)


def _run(task: CodeTask, test: Test) -> Run:
    """One test as a run. Expected outputs stay here."""
    if isinstance(test, CallTest):
        if task.harness is None:
            return Run(call=FunctionCall(test.function, test.args))
        return Run(stdin=json.dumps(test.args).encode() + b"\n")
    given = test.stdin.encode(errors="replace")
    return Run(
        stdin=given,
        files={task.input_file: given} if task.input_file else {},
        collect=(task.output_file,) if task.output_file else (),
    )


def _field(result: Any, name: str) -> Any:
    """A field that a record need not have; records read by key alone."""
    try:
        return result[name]
    except KeyError:
        return None


def _verdict(
    grading: Grading, info: dict[str, Any], measured: dict[str, Any], *, reason: str | None = None
) -> dict[str, Any]:
    """The result in Genesys' form."""
    passed, total = grading.passed, len(grading.task.tests)
    return {
        "score": passed / total,
        "verification_result_info": {
            "rule": "tests" if grading.task.checker is None else "checker",
            "reason": reason or grading.reason(),
            "passed": passed,
            "total": total,
            **info,
            **grading.shown(),
            "measured": measured,
        },
    }
