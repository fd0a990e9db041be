"""What a response votes for, read from its verdict. How votes are counted stands in ``disputes``.

Answers that can be named vote: those of math, of output prediction, and of any verifier that gives
``canonical_answer`` or ``extracted_answer``. Not so a judged text: it has no answer that another could share, and low
scores alone do not tell a wrong gold from a hard task or a bad judge.

A program has no answer either, and tables do not keep what it wrote. It votes by the tests that it fails, where it ran
on all of them, ended by itself on each, and passed more than it failed: programs that have most of a problem right and
are all refused by the very same tests are the sign of a wrong test. It is a weaker sign than an answer, since programs
may also share an oversight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesys.schemas import parse_info

CODE = "verifiable_code"
JUDGED = "llm_judgeable_groundtruth_similarity"
_UNDECIDED = ("time-limit", "worker-died", "no-answer")
"""Ends of a rule which say that answer and gold were not compared."""
_LISTED = 6


@dataclass(frozen=True)
class Vote:
    """What a response says in place of the gold."""

    answer: str
    """Equal for the same answer."""
    written: str
    """For people, and for comparing with other spellings."""


def vote_of(verdict: Mapping[str, Any], task_type: str, finish_reason: str | None = None) -> Vote | None:
    """The vote of a response that was not accepted, None where it has none.

    Args:
        verdict: score and verification_result_info (JSON text or a mapping), and rule, extracted_answer and
            canonical_answer, which may also stand in the info.
        task_type: Of its task.
        finish_reason: Of the response, where it is known: one that was cut off has not said its last word.
    """
    if verdict["score"] is None or finish_reason == "length" or task_type == JUDGED:
        return None
    info = parse_info(verdict.get("verification_result_info"))
    if task_type == CODE:
        return _failed_tests(info)
    rule, extracted, canonical = (
        verdict[name] if verdict.get(name) is not None else info.get(name)
        for name in ("rule", "extracted_answer", "canonical_answer")
    )
    if str(rule).rpartition("/")[2] in _UNDECIDED:
        return None
    written = canonical if extracted is None else extracted
    answer = str(written or "").strip() if canonical is None else str(canonical)
    # A program may print nothing, which its verifier spells canonically; a blank is no answer otherwise.
    return Vote(answer, str(written)) if answer or canonical is not None else None


def _failed_tests(info: Mapping[str, Any]) -> Vote | None:
    tests, total = info.get("tests") or [], info.get("total") or 0
    verdicts = [test.get("verdict") for test in tests]
    failed = [number for number, verdict in enumerate(verdicts, 1) if verdict == "wrong_answer"]
    passed = verdicts.count("passed")
    # Of more tests than the verdict lists the rest are not known.
    if len(tests) != total or len(failed) + passed != total or not 0 < len(failed) < passed:
        return None
    listed = ", ".join(map(str, failed[:_LISTED])) + (f" and {len(failed) - _LISTED} more" if failed[_LISTED:] else "")
    noun = "test" if len(failed) == 1 else "tests"
    return Vote(",".join(map(str, failed)), f"other output on {noun} {listed} of {total}, right on the rest")
