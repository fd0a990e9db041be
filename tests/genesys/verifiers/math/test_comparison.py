"""A decision names its rule, and what may pick and choose is not asked."""

import pytest

from genesys.verifiers.math.comparison import compare_answers, is_for_algebra
from genesys.verifiers.math.context import Context


@pytest.mark.parametrize(
    ("gold", "answer", "equal", "rule"),
    [
        ("x+1", "1+x", True, "formula"),
        (r"\sqrt8", r"2\sqrt2", True, "value"),
        ("600/7", "85.71", True, "rounded"),
        ("600/7", "85.7", False, "value"),
        ("5 km", "5000 m", True, "unit-conversion"),
        ("5 km", "5 kg", False, "unit"),
        (r"28\%", "0.28", True, "percent"),
        ("90^\\circ", "90", True, "degrees"),
        ("B", "(B)", True, "choice"),
        ("1101_2", "1101", True, "base"),
        ("Yes", "no", False, "words"),
        ("3:4", r"\frac34", True, "ratio"),
        ("x > 3", r"(\frac62, \infty)", True, "region"),
        ("w=16, d=3", "d=3, w=16", True, "names"),
        ("w=16, d=3", "w=3, d=16", False, "names"),
        ("1,2", "2,1", True, "items"),
        ("(1,2)", "(2,1)", False, "tuple"),
        (r"\{1,2\}", r"\{2,1,1\}", True, "set"),
        (r"\pm 3", "3, -3", True, "plus-minus"),
        (r"k\pi+\frac{\pi}{4}, k \in \mathbb{Z}", r"n\pi-\frac{3\pi}{4}", True, "family"),
        ("2x+4y-3=0", r"y=-\frac12 x+\frac34", True, "equation"),
        ("xy = 6", r"\frac6x", True, "solved-equation"),
        ("x = 5", "2x + 1 = 11", False, "unsolved"),
        ("5", "9^{9^{9^{9}}}", False, "too-big"),
        ("12:05", "12:06", False, "clock"),
        ("8:05", "08:05", True, "clock"),
        ("2.236", r"\sqrt5+i", False, "value"),
        (r"\frac{100}{7}\%", "0.14286", True, "percent"),
        ("(3,-3)", r"\pm 3", False, "kind"),
        (r"\pm 3", "(3,-3)", False, "kind"),
        (r"\pi", "3.142", False, "value"),
        (r"\pi", "3.1416", True, "rounded"),
        ("2.33", "2.333", True, "rounded"),
        ("Paolo: 5", "Anna: 5", False, "name"),
        ("x+y=3", "2x+2y=6", True, "equation"),
        ("1, 2", "1,2", True, "items"),
        ("x+y=3", "x+y=3", True, "equation"),
        ("x<y", "x<y", True, "inequality"),
        (
            r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
            r"\begin{bmatrix} 1 & 2 \\ 3 & 5 \end{bmatrix}",
            False,
            "matrix",
        ),
    ],
)
def test_the_rule_is_named(gold, answer, equal, rule):
    decision = compare_answers(gold, answer, Context())
    assert (decision.equal, decision.rule) == (equal, rule)


def test_an_approximation_counts_beside_the_gold_but_not_beside_the_answer():
    assert compare_answers(r"\frac{1+\sqrt{97}}{8} \approx 1.356", "1.356", Context()).equal
    assert not compare_answers("5", r"\sqrt2 \approx 5", Context()).equal


def test_what_our_reader_does_not_know_is_nobodys_decision():
    assert compare_answers("5", r"\int_0^1 x dx", Context()) is None


@pytest.mark.parametrize(
    "answer", [r"6 \boxed{5}", r"\text{either } 5 \text{ perhaps}", "maybe five or 5", r"\verb|5|"]
)
def test_algebra_is_not_asked_where_it_would_pick_and_choose(answer):
    assert not is_for_algebra("5", answer)


def test_algebra_is_asked_for_formulas():
    assert is_for_algebra(r"\frac12", r"\int_0^1 x \, dx")
    assert is_for_algebra("1", r"\begin{vmatrix} 1 & 0 \\ 0 & 1 \end{vmatrix}")
