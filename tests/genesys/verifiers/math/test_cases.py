"""Labelled pairs of a gold and an answer, one file a class in ``cases``: right or wrong as a careful person would say.

A pair gives ``gold`` (or a list), ``answer`` (what stands in the box) or ``response`` (a whole one), ``equal`` and the
principle behind it; ``prompt`` where it matters; ``missed`` says why the verifier gets it wrong as yet; ``algebra``,
that computer algebra decides, since our own reading does not. ``fill`` and ``times`` spell a long answer: they replace
its ``@@``.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from genesys.verifiers.math.comparison import compare_answers
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.pool import Outcome
from genesys.verifiers.math_verifier import MathVerifier

CASES = Path(__file__).parent / "cases"


class QuickMathVerifier(MathVerifier):
    """With a limit short enough for tests."""

    cpu_limit_s = 2
    max_parallel = 2
    workers = 2


class InPlaceVerifier(MathVerifier):
    """Compares in the test's own process, without computer algebra, so that a mistake is found where it is made."""

    def _workers(self):
        return self

    def compare(self, pairs, prompt=""):
        """As a worker does; what it would leave to computer algebra is not equal."""
        context = Context(prompt)
        decisions = [compare_answers(gold, answer, context) for gold, answer in pairs]
        match = next((at for at, decision in enumerate(decisions) if decision and decision.equal), None)
        shown = decisions[match or 0]
        return Outcome("different" if match is None else "equal", match, shown.rule if shown else "none")


def response_of(pair: dict[str, Any]) -> str:
    """The whole response of a pair: its own, or a sentence around the boxed answer."""
    text = pair["response"] if "response" in pair else pair["answer"]
    if "fill" in pair:
        text = text.replace("@@", pair["fill"] * pair["times"])
    if "response" in pair:
        return str(text)
    box = rf"\boxed{{{text}}}"
    return f"The answer is {box}." if "$" in text.replace(r"\$", "") else f"The answer is ${box}$."


def record_of(pair: dict[str, Any]) -> dict[str, Any]:
    """The pair as a record for a verifier."""
    return {
        "problem_id": "pair",
        "task_type": "verifiable_math",
        "prompt": pair.get("prompt", ""),
        "verification_info": {"ground_truth": pair["gold"]},
        "llm_response": response_of(pair),
    }


def pairs():
    """Every pair, known by its file and its line there."""
    for path in sorted(CASES.glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "[[pair]]"]
        for line, pair in zip(lines, tomllib.loads(text)["pair"], strict=True):
            marks = pytest.mark.xfail(reason=pair["missed"], strict=True) if "missed" in pair else ()
            yield pytest.param(pair, id=f"{path.stem}:{line}", marks=marks)


@pytest.fixture(scope="module")
def verifier():
    verifier = QuickMathVerifier()
    yield verifier
    verifier.shutdown()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("pair", list(pairs()))
def test_pair(verifier, pair):
    check(verifier, pair, pair["equal"])


@pytest.mark.parametrize("pair", list(pairs()))
def test_pair_in_place(pair):
    check(InPlaceVerifier(), pair, pair["equal"] and not pair.get("algebra", False))


def check(verifier: MathVerifier, pair: dict[str, Any], equal: bool) -> None:
    """Fail where the verdict on a pair is another one."""
    verdict = verifier.verify(record_of(pair))
    info = verdict["verification_result_info"]
    shown = f"{str(pair['gold'])[:200]} | {response_of(pair)[:200]} | {pair['why']}; rule {info['rule']}"
    assert verdict["score"] == (1.0 if equal else 0.0), shown


def test_no_class_is_one_sided():
    for path in CASES.glob("*.toml"):
        labels = [pair["equal"] for pair in tomllib.loads(path.read_text(encoding="utf-8"))["pair"]]
        assert len(labels) >= 14, path.stem
        assert labels.count(False) >= 4, path.stem
