"""Verifiers that share nothing with ours but the question; they may be of no opinion, and never hang."""

from collections.abc import Iterator

import pytest

from genesys.faults import TaskFault
from genesys.quality.second_opinions import PlainMathVerifier, StrictOutputVerifier


@pytest.fixture(scope="module")
def plain() -> Iterator[PlainMathVerifier]:
    verifier = PlainMathVerifier()
    verifier.cpu_limit_s = 1  # type: ignore[misc]
    yield verifier
    verifier.shutdown()


@pytest.mark.parametrize(
    ("gold", "response", "score"),
    [
        ("1/2", "<think>\\boxed{3}</think> It is $\\boxed{0.5}$.", 1.0),
        ("1/2", "It is $\\boxed{0.25}$.", 0.0),
        (["7", "x+1"], "The answer is $1+x$.", 1.0),
        ("12", "<think>\\boxed{12}", 0.0),
        ("12", "I would rather not say.", None),
        pytest.param("2", "\\boxed{9^{9^{9^{9}}}}", None, marks=pytest.mark.slow),
    ],
)
def test_math_is_read_and_compared_by_math_verify_alone(
    plain: PlainMathVerifier, gold: object, response: str, score: float | None
) -> None:
    record = {"verification_info": {"ground_truth": gold}, "llm_response": response}
    assert plain.verify(record)["score"] == score


def test_a_task_without_gold_is_the_task_s_fault(plain: PlainMathVerifier) -> None:
    with pytest.raises(TaskFault):
        plain.verify({"verification_info": {}, "llm_response": "1"})


@pytest.mark.parametrize(
    ("gold", "response", "score"),
    [
        ("[1, 2]", '{"output": "[1, 2]"}', 1.0),
        ("[1, 2]", 'first {"output": "x"}, then\n{"output": [1, 2]} and {"other": 1}', 1.0),
        ("[1, 2]", '{"output": "[1,2]"}', 0.0),
        ("12", '{"output": "12 "}', 0.0),
        ("12", '<think>{"output": "12"}</think>', 0.0),
        ("12", "{" * 100_000, 0.0),
        ("12", '{"a":' * 100_000, 0.0),
        ("null", '{"output": null}', 0.0),
    ],
)
def test_an_output_is_compared_as_text(gold: str, response: str, score: float) -> None:
    record = {"verification_info": {"ground_truth": gold}, "llm_response": response}
    assert StrictOutputVerifier().verify(record)["score"] == score
