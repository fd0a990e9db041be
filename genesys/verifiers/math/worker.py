"""The process that compares answers; started by ``pool``, it talks JSON lines over pipes.

``comparison`` goes first; what it cannot read goes to Math-Verify and SymPy, which are imported when that happens.

How it is served, and what bounds an answer's CPU time and memory, stands in ``genesys.workers.serving``.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from genesys.verifiers.math.comparison import compare_answers, is_for_algebra
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision
from genesys.workers import serving


@functools.cache
def load_algebra() -> Callable[[str, str], bool]:
    """Import Math-Verify, which takes seconds, and give the function that compares a gold with an answer."""
    from math_verify import LatexExtractionConfig, parse, verify
    from sympy.core.random import seed

    logging.disable(logging.CRITICAL)  # it warns at each call that its own time limit is off
    # Boxes have been read already, and the texts are wrapped as one formula, so only formulas are looked for.
    target = [LatexExtractionConfig(boxed_match_priority=-1)]

    def read(text: str) -> list[Any]:
        return list(parse(f"${text}$", extraction_config=target, parsing_timeout=None, raise_on_error=True))

    def compare(gold: str, answer: str) -> bool:
        seed(0)  # SymPy tries random points; which ones must not depend on the questions before
        return bool(
            verify(read(gold), read(answer), allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True)
        )

    return compare


def answer_question(question: dict[str, Any], cpu_s: int) -> dict[str, Any]:
    """Compare an answer with its golds.

    Args:
        question: ``{"pairs": [[gold, answer], ...], "prompt": text}``.
        cpu_s: CPU seconds for all pairs together. Beyond them the kernel ends this process with SIGXCPU.

    Returns:
        ``{"match": index of the first pair that is equal, or None, "rule": what decided}``.

    Raises:
        MemoryError: As it says.
    """
    context = _context(question["prompt"])
    first: Decision | None = None
    for index, (gold, answer) in enumerate(question["pairs"]):
        decision = decide(gold, answer, context, cpu_s)
        if decision.equal:
            return {"match": index, "rule": decision.rule}
        first = first or decision
    return {"match": None, "rule": first.rule if first else "none"}


@functools.lru_cache(maxsize=256)
def _context(prompt: str) -> Context:
    """One for all samples of a task, so that its prompt is read once."""
    return Context(prompt)


def decide(gold: str, answer: str, context: Context, cpu_s: int) -> Decision:
    """The decision on one pair: our own reading, else computer algebra.

    Raises:
        MemoryError: As it says.
    """
    try:
        decision = compare_answers(gold, answer, context)
    except MemoryError:
        raise
    except Exception:  # an answer that our reader falls over is one that it cannot read
        decision = None
    if decision is not None:
        return decision
    if not is_for_algebra(gold, answer):
        return Decision(False, "unreadable")
    algebra = load_algebra()
    serving.limit_cpu(cpu_s)  # its import took seconds that are not the answer's
    try:
        return Decision(algebra(gold, answer), "math-verify")
    except MemoryError:
        raise
    except Exception:  # SymPy raises of all kinds on odd input: not shown equal, which is the verdict
        return Decision(False, "math-verify")


def main() -> None:
    """Answer questions until the parent has no more."""
    serving.main(answer_question)


if __name__ == "__main__":
    main()
