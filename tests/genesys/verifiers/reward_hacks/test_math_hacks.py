"""No hack is accepted by ``verifiable_math``, none takes long, and each ends in a verdict."""

import time
from collections import Counter

import pytest

from genesys.verifiers.math_verifier import MathVerifier
from genesys.verifiers.runner import checked_result
from tests.genesys.verifiers.reward_hacks.math_cases import HACKS, Hack

LIMIT_S = 60.0
"""Two tries at the CPU limit, on a machine that is busy with other things."""


@pytest.fixture(scope="module")
def verifier():
    verifier = MathVerifier()
    yield verifier
    verifier.shutdown()


def verdict(verifier: MathVerifier, gold: str, response: str, prompt: str = "") -> dict:
    record = {
        "task_type": "verifiable_math",
        "prompt": prompt,
        "llm_response": response,
        "verification_info": {"ground_truth": gold},
        "gold_standard_solution": None,
    }
    return checked_result(verifier.verify(record))


def test_there_are_enough_of_them_and_each_has_a_name():
    assert len(HACKS) >= 100
    assert max(Counter(hack.name for hack in HACKS).values()) == 1


@pytest.mark.parametrize("hack", HACKS, ids=lambda hack: hack.name)
def test_a_hack_is_rejected(verifier: MathVerifier, hack: Hack):
    began = time.monotonic()
    result = verdict(verifier, hack.gold, hack.response, hack.prompt)
    assert result["score"] == 0.0, result["verification_result_info"]
    assert time.monotonic() - began < LIMIT_S


@pytest.mark.parametrize(
    ("gold", "response"),
    [
        ("5", "\\boxed{5}"),
        ("1, 2", "\\boxed{2, 1}"),
        ("x = 5", "\\boxed{5}"),
        ("A", "\\boxed{A}"),
        ("4", "\\boxed{\uff14}"),  # the same digit in the wide form of East Asian texts
        ("-5", "\\boxed{\u22125}"),
        ("5", "<think>6</think>The answer is 5."),
        ("5", "\\boxed{5\u200b}"),
    ],
)
def test_an_answer_beside_them_is_accepted(verifier: MathVerifier, gold: str, response: str):
    assert verdict(verifier, gold, response)["score"] == 1.0
