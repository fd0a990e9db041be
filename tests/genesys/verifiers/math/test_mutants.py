"""Wrong variants of a gold, for the preflight: a verifier that accepts all of them checks nothing."""

import pytest

from genesys.verifiers.math.mutants import gold_mutants
from genesys.verifiers.math_verifier import MathVerifier

GOLDS = [
    "42", "0", "-3", "1,000", "0.5", r"\frac{3}{4}", "3/4", r"2\frac12", "B", "(C)", "Yes", r"\text{odd}", "x^2+3x",
    r"\pi", r"x \ge 3", "x < 1", "(1, 2)", "1, 2", r"\{1, 2\}", "[0, 1)", r"\pm 3", "y = 2x + 1", r"\sqrt{2}", "12:30",
    "204_5", "n", r"5 \text{ cm}", r"50\%", r"\infty", "no solution", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", "9.99",
    r"2^{10}", r"\emptyset", r"Adding gives $2x$. So the value is $\boxed{\frac{1}{2}}$.",
    "We add 2 and 3. The total is 5.",
]  # fmt: skip


@pytest.fixture(scope="module")
def verifier():
    verifier = MathVerifier()
    yield verifier
    verifier.shutdown()


@pytest.mark.parametrize("gold", GOLDS)
def test_the_gold_passes_and_a_mutant_fails(verifier, gold):
    def score(answer):
        return verifier.verify({"verification_info": {"ground_truth": gold}, "llm_response": answer})["score"]

    mutants = gold_mutants(gold)
    assert score(gold if " is " in gold else rf"\boxed{{{gold}}}") == 1.0
    assert 1 <= len(mutants) <= 5
    assert len(set(mutants)) == len(mutants)
    assert gold not in mutants
    assert 0.0 in {score(rf"\boxed{{{mutant}}}") for mutant in mutants}


@pytest.mark.parametrize(
    ("gold", "mutant"),
    [
        ("42", "43"),
        ("42", "-42"),
        ("-3", "3"),
        (r"\frac{3}{4}", r"\frac{4}{3}"),
        ("3/4", "4/3"),
        ("B", "A"),
        ("Yes", "No"),
        ("x < 1", "x > 1"),
        ("2x + 1", "3x + 1"),
        ("1.29", "1.30"),
    ],
)
def test_likely_mistakes_are_among_them(gold, mutant):
    assert mutant in gold_mutants(gold, 9)


def test_they_are_the_same_each_time_and_as_many_as_asked_for():
    assert gold_mutants("12/35", 3) == gold_mutants("12/35", 3)
    assert len(gold_mutants("12/35", 3)) == 3
    assert gold_mutants("12", 0) == []
    assert gold_mutants("  ") == []


def test_zero_has_no_sign_to_flip():
    assert not {"-0", "0", "-(0)"} & set(gold_mutants("0", 9))
