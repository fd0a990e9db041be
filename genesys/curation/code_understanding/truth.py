"""The ground truth: what a function makes of its inputs, by running it twice, and whether that is worth asking for.

Both executions are trials of one durable call: other processes, other seeds of hashes. What they do not agree on is
chance. Expected outputs never enter the sandbox, since there are none: what comes out is the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from genesys.calls.context import Calls
from genesys.calls.execution import Executed, Ran
from genesys.curation.code_understanding.functions import Function, stands_in
from genesys.curation.code_understanding.inputs import PROBES, Input

NOT_COMPILED = "does not compile"
FAILS = "fails on an input"
TOO_SLOW = "takes too long"
NOT_DETERMINISTIC = "non-deterministic"
CONSTANT = "constant"
IDENTITY = "identity"
TRIVIAL = "trivial"
TOO_LONG = "output too long"
EMPTY = "output empty"
NO_TEXT = "output is no text"
HIDDEN = "output stands in the function"

MOST_OUTPUT_CHARS = 600
MOST_GROWTH = 6
"""An output may have so many times the characters of its input, and a few more for short ones."""
LEAST_OUTPUT_CHARS = 3
"""Half of the outputs must be at least so long: one that is a digit or two can be guessed."""
FEWEST_CASES = 3
"""Inputs, of all that a function is tried on, that it must make something of."""

_ONE_STEP: tuple[Callable[[str], str], ...] = (
    str.upper, str.lower, str.swapcase, str.title, str.capitalize, str.strip, lambda s: s[::-1],
    lambda s: "".join(sorted(s)), lambda s: str(len(s)), lambda s: s + s, lambda s: s.replace(" ", ""),
    lambda s: " ".join(s.split()), lambda s: " ".join(s.split()[::-1]), lambda s: s.upper()[::-1],
    lambda s: s.lower()[::-1],
)  # fmt: skip
"""What needs no thought to follow; a function that does one of these and nothing else is trivial."""


@dataclass(frozen=True)
class Case:
    """An input of which the function makes something worth asking for."""

    given: Input
    output: str


@dataclass(frozen=True)
class Truth:
    """What a function was found to do.

    Args:
        cases: In the order of the inputs.
        behaviour: What it made of every input and probe; two functions that do the same have the same.
        dropped: Inputs without a case, by reason.
        keys: Of the two executions.
        toolchain: Of the first.
    """

    cases: tuple[Case, ...]
    behaviour: tuple[bytes, ...]
    dropped: dict[str, int]
    keys: tuple[str, ...]
    toolchain: str


@dataclass(frozen=True)
class Flaw:
    """Why a function is dropped: a counted reason, and what a person should know."""

    reason: str
    detail: str | None = None


async def truth_of(function: Function, given: tuple[Input, ...], calls: Calls) -> Truth | Flaw:
    """Run a function twice on its inputs, and on the probes that it has to take as well.

    Raises:
        InfrastructureFault: It could not be run; nothing is known of it then.
    """
    texts = (*(one.text for one in given), *PROBES)
    job = function.job(texts)
    trials = []
    for number in range(2):
        trials.append(await calls.execute(job, number))
        if (flaw := _failure(trials[-1], texts)) is not None:
            return flaw
    first, second = ([run.stdout for run in trial.runs] for trial in trials)
    for text, one, other in zip(texts, first, second, strict=True):
        if one != other:
            return Flaw(NOT_DETERMINISTIC, f"given {text!r}")
    cases, dropped = _cases(function, given, first)
    if (flaw := _worthless(given, [_text(output) for output in first[: len(given)]])) is not None:
        return flaw
    if len(cases) < FEWEST_CASES:
        return Flaw(dropped.most_common(1)[0][0], f"{len(cases)} of {len(given)} inputs are left")
    keys = tuple(trial.key for trial in trials)
    return Truth(cases, tuple(first), dict(sorted(dropped.items())), keys, trials[0].toolchain)


def _failure(trial: Executed, texts: tuple[str, ...]) -> Flaw | None:
    if not trial.compiled:
        return Flaw(NOT_COMPILED)
    for text, run in zip(texts, trial.runs, strict=True):
        if not run.succeeded:
            return Flaw(_reason(run), f"given {text!r}")
    return None


def _reason(run: Ran) -> str:
    if run.end in ("cpu_limit", "wall_limit"):
        return TOO_SLOW
    return TOO_LONG if run.end == "output_limit" else FAILS


def _cases(function: Function, given: tuple[Input, ...], outputs: list[bytes]) -> tuple[tuple[Case, ...], Counter[str]]:
    """Inputs with outputs that can be asked for; the others counted by reason."""
    cases, dropped = [], Counter[str]()
    for one, raw in zip(given, outputs, strict=False):
        output = _text(raw)
        if output is None or ("\ufffd" in output and "\ufffd" not in one.text):
            dropped[NO_TEXT] += 1
        elif not output.strip():
            dropped[EMPTY] += 1
        elif output == one.text:
            dropped[IDENTITY] += 1
        elif len(output) > min(MOST_OUTPUT_CHARS, MOST_GROWTH * len(one.text) + 20):
            dropped[TOO_LONG] += 1
        elif stands_in(function, output):
            dropped[HIDDEN] += 1
        else:
            cases.append(Case(one, output))
    return tuple(cases), dropped


def _worthless(given: tuple[Input, ...], outputs: list[str | None]) -> Flaw | None:
    """What is wrong with what a function does altogether."""
    texts = [one.text for one in given]
    if 2 * sum(output == text for output, text in zip(outputs, texts, strict=True)) > len(texts):
        return Flaw(IDENTITY)
    if 2 * len(set(outputs)) <= len(outputs):
        return Flaw(CONSTANT, f"{len(set(outputs))} outputs of {len(outputs)} inputs")
    if any(outputs == [step(text) for text in texts] for step in _ONE_STEP):
        return Flaw(TRIVIAL, "one plain step")
    lengths = sorted(len(output or "") for output in outputs)
    if 0 < lengths[len(lengths) // 2] < LEAST_OUTPUT_CHARS:
        return Flaw(TRIVIAL, f"half of the outputs have fewer than {LEAST_OUTPUT_CHARS} characters")
    return None


def _text(output: bytes) -> str | None:
    try:
        return output.decode()
    except UnicodeDecodeError:
        return None
