"""Labelled answers to real problems; skipped where the shared data is not there."""

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from genesys.faults import TaskFault
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.math_verifier import MathVerifier

SHARED = Path(os.environ.get("GENESYS_SHARED_DATA") or Path(__file__).parents[4] / "shared/data")
CASES = SHARED / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the shared data is not beside the checkout")


def counts(verifier, name):
    """True and false accepts and rejects of a file of labelled records."""

    def outcome(case):
        try:
            accepted = verifier.verify(case)["score"] == 1.0
        except TaskFault:
            accepted = False
        return accepted, case["expected_score"] == 1.0

    cases = [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]
    with ThreadPoolExecutor(verifier.max_parallel) as threads:
        return Counter(threads.map(outcome, cases))


@pytest.fixture(scope="module")
def math():
    verifier = MathVerifier()
    yield verifier
    verifier.shutdown()


def test_gsm8k_is_judged_without_an_error(math):
    found = counts(math, "math_gsm8k.jsonl")
    assert found[True, True] == 504
    assert found[False, False] == 750
    assert found[True, False] == found[False, True] == 0


# Floors, as measured; Math-Verify alone has 20, 45 and 14 right accepts here, and 1, 0 and 1 wrong ones.
@pytest.mark.parametrize(("name", "accepts"), [("authored", 34), ("hardverify", 84), ("verifybench", 15)])
def test_no_wrong_answer_is_accepted_and_no_fewer_right_ones(math, name, accepts):
    found = counts(math, f"math_{name}.jsonl")
    assert found[True, False] == 0
    assert found[True, True] >= accepts


def test_predicted_outputs_are_judged_without_an_error():
    found = counts(CodeUnderstandingVerifier(), "output_prediction.jsonl")
    assert found[True, False] == found[False, True] == 0
    assert found[True, True] == 401
