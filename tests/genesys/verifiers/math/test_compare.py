"""What texts alone decide about two answers; each rule is exact, and all else is left to SymPy."""

import pytest

from genesys.verifiers.math.compare import Decision, Question, canonical_answer, compare_texts


def decide(gold, answer):
    decision = compare_texts(gold, answer)
    return (decision.equal, decision.rule) if isinstance(decision, Decision) else "sympy"


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
    assert decide(gold, answer) == (True, "exact")
    assert decide(answer, gold) == (True, "exact")


@pytest.mark.parametrize(
    ("gold", "answer", "rule"),
    [
        (r"\frac52", r"2\frac12", "number"),
        ("1 1/2", r"\frac32", "number"),
        ("0.5", "1/2", "number"),
        ("5", "5.0", "number"),
        ("3000", r"3\times10^3", "number"),
        (r"\$18", "18.00", "number"),
        ("1000.99", r"\$1,000.99", "number"),
        ("2.74", "2,74", "number"),
        ("5", "5 cm", "number"),
        ("12 cm", "12", "number"),
        (r"15\text{ cm}^2", "15 square centimeters", "number"),
        ("1,2", "2,1", "items"),
        ("1,2", r"1 \text{ and } 2", "items"),
        (r"\{2,1\}", r"\{1,2\}", "items"),
        (r"\{1,1,2\}", r"\{1,2\}", "items"),
        ("1/2, 3", r"\{3, 0.5\}", "items"),
        ("Yes", "yes", "words"),
        ("B", "(B)", "choice"),
        ("B", "B. 12 apples", "choice"),
        (r"\$12", "12 dollars", "number"),
        ("101_2", "5_{10}", "base"),
    ],
)
def test_equal_by_rule(gold, answer, rule):
    assert decide(gold, answer) == (True, rule)


@pytest.mark.parametrize(
    ("gold", "answer", "rule"),
    [
        ("1,2", "1,3", "items"),
        ("12", "13", "number"),
        ("1", r"2\frac12", "number"),  # as a product it would be 1
        ("1 1/2", "11/2", "number"),
        ("1,000", "1", "number"),
        ("0.0000001", "0.0000002", "number"),
        (r"\frac13", "0.33", "number"),
        ("0,5", "5.5", "number"),
        (r"4 \text{ dollars}", r"4 \text{ solutions}", "unit"),
        ("5 cm", "5 kg", "unit"),
        (r"\$12", r"12 \text{ apples}", "unit"),
        ("5 cm", "5 cm^2", "unit"),
        ("(1,2)", "(2,1)", "items"),
        ("(1,2)", r"\{1,2\}", "order"),
        ("-2,-2", "-2", "count"),
        ("1,1,2", "1,2", "items"),
        ("A", r"\text{B}", "choice"),
        ("silent", "listen", "words"),
        ("Yes", "No", "words"),
        ("no", "on", "words"),
        ("12:00", "12:01", "clock"),
        ("12:05", r"\frac{12}{5}", "clock"),
        ("204_5", "204_6", "base"),
        ("", "", "exact"),
    ],
)
def test_different_by_rule(gold, answer, rule):
    assert decide(gold, answer) == (False, rule)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("x(2x+3)", "2x^2+3x"),
        ("ab", "ba"),
        (r"\pi", "3.14"),
        (r"\frac13", "0.33333333"),
        ("A", "A) and C)"),
        ("12 cents", r"\$12"),
        ("5x", "5"),  # bare letters are no unit
        ("5", r"5, \text{garbage}"),
        ("5", r"5 \text{ or } 6"),
        ("(0,1]", "(0,1)"),
        ("1/0", "2/0"),
        ("9" * 5000, "8" * 5000),
    ],
)
def test_all_else_is_for_sympy(gold, answer):
    assert decide(gold, answer) == "sympy"


def test_units_of_one_dimension_are_converted_before_sympy_compares():
    question = compare_texts("5 km", "5000 m")
    assert question == Question("5", r"(5000)\cdot\frac{1}{1000}")


def test_degrees_under_a_trigonometric_function_become_radians():
    assert compare_texts(r"\frac12", r"\sin 30^\circ") == Question(r"\frac12", r"\sin(\frac{30\pi}{180})")


@pytest.mark.parametrize(
    ("one", "other"),
    [("0.50", r"\frac12"), ("1,000", "1000"), (r"$\frac{1}{2}x$", r"\dfrac12 x"), (r"\boxed{7}", "7.0")],
)
def test_equal_answers_have_one_canonical_text(one, other):
    assert canonical_answer(one) == canonical_answer(other)


def test_different_answers_have_different_canonical_texts():
    answers = ["12", "1 2", "1,2", "1.2", "(1,2)", "12_3", "x12", "-12", r"12\%", "12 cm"]
    assert len({canonical_answer(answer) for answer in answers}) == len(answers)


@pytest.mark.parametrize("answer", [r"\frac{25}{2}\%", r"12.5\,\%", "12.5%", r"12\frac12\%"])
def test_percentages_are_compared_by_their_numbers(answer):
    assert compare_texts(r"12.5\%", answer) in (Decision(True, "exact"), Decision(True, "number"))
    assert compare_texts(r"12.4\%", answer) == Decision(False, "number")
