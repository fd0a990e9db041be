"""``verifiable_math``: reads the final answer of a response and compares it with the gold. Rules are in ``math``."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any, ClassVar

from genesys.faults import TaskFault
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.math.answer import Extracted, extract_answer, gold_answers
from genesys.verifiers.math.pool import WorkerPool
from genesys.verifiers.math.quick import canonical_answer, compare_quickly

_WORKERS = max(2, os.cpu_count() or 2)
_CALLS_PER_WORKER = 4
"""Most answers need no worker. With a call for each worker and no more, one hard answer would hold up the easy ones
behind it, and every verdict would wake the event loop by itself."""

MAX_ANSWER = 20_000
MAX_PROMPT = 8_000


class MathVerifier(BaseVerifier):
    """Checks the final answer of a response against ``verification_info.ground_truth``.

    That is a text, or a list of texts of which any may match. A gold is a short answer or a whole worked solution, of
    which the final answer counts. The info of a verdict holds:

    - ``extracted_answer``: what was read from the response, or null.
    - ``canonical_answer``: one spelling for it, equal for answers that are the same beyond doubt, or null.
    - ``rule``: how it was read and what decided, as ``boxed/exact``, ``phrase/math-verify``, ``last/number``,
      ``none/no-answer``, ``boxed/time-limit``, ``boxed/worker-died``. A lane that insists on the box looks for
      ``boxed/``.
    - ``ground_truth``: the gold's short answer that was matched, or else the first.

    Answers whose texts decide nothing go to worker processes, started when first needed and ended by ``shutdown``.
    """

    max_parallel = _CALLS_PER_WORKER * _WORKERS
    workers: ClassVar[int] = _WORKERS
    # Two tries at eight times the CPU limit and two starts, on a machine that is busy with other things, for each of
    # the calls that share a worker.
    timeout = _CALLS_PER_WORKER * 400.0
    cpu_limit_s: ClassVar[int] = 5
    memory_limit_bytes: ClassVar[int] = 2 << 30
    rests_on = (
        "genesys.verifiers.math",
        "genesys.verifiers.thinking",
        "genesys.workers",
        "dist:math-verify",
        "dist:mpmath",
        "dist:pint",
        "dist:sympy",
        "dist:latex2sympy2-extended",
    )

    def __init__(self) -> None:
        """Start no process yet."""
        self._pool: WorkerPool | None = None
        self._lock = threading.Lock()

    def verify(self, result: Any) -> dict[str, Any]:
        """Score 1 or 0 for a response; see the class for the info. May be called from several threads.

        Raises:
            TaskFault: The task has no gold.
            InfrastructureFault: Workers cannot be started or are killed from outside.
        """
        golds = read_golds((result["verification_info"] or {}).get("ground_truth"))
        answer = extract_answer(result["llm_response"], cut_off=_was_cut_off(result))
        if answer is None:
            return _verdict(False, "none/no-answer", None, golds[0])
        equal, rule, gold = self._compare(golds, answer, _prompt(result))
        return _verdict(equal, f"{answer.source}/{rule}", answer.text, gold)

    def same_answer(self, left: str, right: str) -> bool:
        """Whether two answers of responses, as they were extracted, say the same: by the rules of verdicts.

        Raises:
            InfrastructureFault: As for ``verify``.
        """
        decision = compare_quickly(left, right)
        if decision is not None:
            return decision.equal
        return self._workers().compare([(left[:MAX_ANSWER], right[:MAX_ANSWER])]).match is not None

    def shutdown(self) -> None:
        """End the worker processes; a later ``verify`` would start them again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _compare(self, golds: Sequence[str], answer: Extracted, prompt: str) -> tuple[bool, str, str]:
        """Whether the answer equals a gold, the rule that says so, and that gold."""
        open_golds = []
        refused = ""
        for gold in golds:
            decision = compare_quickly(gold, answer.text)
            if decision is None:
                open_golds.append(gold)
            elif decision.equal:
                return True, decision.rule, gold
            else:
                refused = refused or decision.rule
        if not open_golds:
            return False, refused, golds[0]
        outcome = self._workers().compare([(gold, answer.text[:MAX_ANSWER]) for gold in open_golds], prompt)
        if outcome.match is not None:
            return True, outcome.rule, open_golds[outcome.match]
        return False, outcome.rule, golds[0]

    def _workers(self) -> WorkerPool:
        with self._lock:
            # After a fork the pipes belong to the parent; writing into them would mix up two conversations.
            if self._pool is None or self._pool.owner != os.getpid():
                self._pool = WorkerPool(self.workers, self.cpu_limit_s, self.memory_limit_bytes)
            return self._pool


def read_golds(ground_truth: Any) -> list[str]:
    """The short answers of a ``ground_truth``: a text, a number, or a list of them.

    Raises:
        TaskFault: None of them says anything.
    """
    given = ground_truth if isinstance(ground_truth, list | tuple) else [ground_truth]
    texts = [str(gold) for gold in given if isinstance(gold, str | int | float) and not isinstance(gold, bool)]
    golds = list(dict.fromkeys(gold for text in texts for gold in gold_answers(text) if gold))
    if not golds:
        raise TaskFault(
            f"The task has no usable gold: verification_info.ground_truth is {str(ground_truth)[:80]!r}. "
            "Give it a short answer, or a worked solution that ends in one."
        )
    return golds


def _prompt(result: Any) -> str:
    """The task's text, where the record has one; its end holds the options and the question."""
    try:
        return str(result["prompt"] or "")[-MAX_PROMPT:]
    except KeyError:
        return ""


def _was_cut_off(result: Any) -> bool:
    """Whether the record says that the model was stopped at its token limit."""
    try:
        return bool(result["finish_reason"] == "length")
    except KeyError:
        return False


def _verdict(equal: bool, rule: str, extracted: str | None, gold: str) -> dict[str, Any]:
    """The result in Genesys' form."""
    info = {
        "extracted_answer": extracted,
        "canonical_answer": canonical_answer(extracted) or None if extracted else None,
        "rule": rule,
        "ground_truth": gold,
    }
    return {"score": 1.0 if equal else 0.0, "verification_result_info": info}
