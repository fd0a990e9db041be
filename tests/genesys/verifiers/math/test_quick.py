"""What texts alone decide about two answers; each rule is exact, and all else is left to the workers."""

import pytest

from genesys.verifiers.math.decision import Decision
from genesys.verifiers.math.quick import canonical_answer, compare_quickly


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("42", "$42$"),
        ("42", "42."),
        ("5", r"\boxed{5}"),
        ("10000", "10{,}000"),
        ("1,000", "1000"),
        ("A", r"\text{A}"),
        (r"50\%", r"50\%"),
        (r"x \geq 3", r"x \ge 3"),
        (r"x \geq 3", "x≥3"),
        (r"\frac{1}{2}", r"\frac12"),
        (r"\dfrac{1}{2}", r"\tfrac 1 2"),
        (r"\sqrt{2}", r"\sqrt2"),
        ("x^2", "x²"),
        ("x^{2}", "x^2"),
        (r"\left(1, 2\right)", "(1,2)"),
        (r"3\pi", "3π"),
        ("-5", "−5"),
        (r"5\,\mathrm{cm}", r"5 \text{ cm}"),
        ("12", r"12^{\mathrm{th}}"),
        (r"\begin{pmatrix}1\\ 2\end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
    ],
)
def test_spellings_of_the_same(gold, answer):
    assert compare_quickly(gold, answer) == compare_quickly(answer, gold) == Decision(True, "exact")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\frac52", r"2\frac12"),
        ("1 1/2", r"\frac32"),
        ("0.5", "1/2"),
        ("5", "5.0"),
        ("3000", r"3\times10^3"),
        (r"\$18", r"\$18.00"),
        ("1,000", "1000.0"),
    ],
)
def test_plain_numbers_are_equal_by_value(gold, answer):
    assert compare_quickly(gold, answer) == Decision(True, "number")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [("12", "13"), ("1", r"2\frac12"), ("1 1/2", "11/2"), ("1,000", "1"), (r"\frac13", r"\frac23"), ("-5", "5")],
)
def test_plain_numbers_differ_by_value(gold, answer):
    assert compare_quickly(gold, answer) == Decision(False, "number")


def test_nothing_is_equal_to_nothing():
    assert compare_quickly("", "") == Decision(False, "exact")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\frac13", "0.33333333"),  # a decimal may be rounded
        (r"\$12", "€12"),
        ("12 cents", r"\$12"),
        ("1,2", "2,1"),
        ("B", "(B)"),
        ("Yes", "yes"),
        ("101_2", "5"),
        ("ab", "ba"),
        ("5", r"5, \text{garbage}"),
    ],
)
def test_texts_alone_do_not_decide_the_rest(gold, answer):
    assert compare_quickly(gold, answer) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("0.50", r"\frac12"), ("1,000", "1000"), (r"$\frac{1}{2}x$", r"\dfrac12 x"), (r"\boxed{7}", "7.0")],
)
def test_equal_answers_have_one_canonical_text(one, other):
    assert canonical_answer(one) == canonical_answer(other)


def test_different_answers_have_different_canonical_texts():
    answers = ["12", "1 2", "1,2", "1.2", "(1,2)", "12_3", "x12", "-12", r"12\%", "12 cm"]
    assert len({canonical_answer(answer) for answer in answers}) == len(answers)
