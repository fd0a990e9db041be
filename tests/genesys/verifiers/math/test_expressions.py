"""Formulas, plain numbers and the units behind them, found in prose."""

import pytest

from genesys.verifiers.math.expressions import find_expressions, is_formula, mask_formulas, suffix_behind


@pytest.mark.parametrize(
    ("sentence", "texts"),
    [
        ("We have 3 cats, so $x^2$ is large", ["3", "x^2"]),
        ("It costs $5 and $7 more", ["5, 7"]),
        ("For n = 3, 5 cases remain", ["n = 3, 5"]),
        ("the point (2, x + 1) and nothing else", ["(2, x + 1)"]),
        ("a) the sum is 5", ["5"]),
        ("I have a dog", []),
        ("GPT4 is a model", []),
        ("x = 1, y = 2", ["x = 1, y = 2"]),
        (r"\(a\) is \[ 5 \]", ["a", "5"]),
        ("It is 28 percent of 50", [r"28\%", "50"]),
        ("after 3 days of rain", [r"3\text{ days}"]),
        ("after 3 rainy days", ["3"]),
    ],
)
def test_expressions_of_a_sentence(sentence: str, texts: list[str]) -> None:
    assert [expression.text for expression in find_expressions(sentence)] == texts


@pytest.mark.parametrize(
    ("rest", "suffix"),
    [
        (" cm.", r"\text{ cm}"),
        ("$ km/h", r"\text{ km/h}"),
        (r"\) square meters", r"\text{ square meters}"),
        (r"\text{ cm}^2$", r"\text{ cm}^2"),
        (r"^\circ$", r"^\circ"),
        (r"\% of it", r"\%"),
        (" percentage points", ""),
        (" in total", ""),
        (" in.", r"\text{ in}"),
        (" apples", ""),
        (" is right", ""),
        ("", ""),
    ],
)
def test_the_unit_or_percent_sign_behind_a_value(rest: str, suffix: str) -> None:
    found, length = suffix_behind(rest)
    assert found == suffix
    assert (length > 0) == bool(suffix)


def test_a_dot_inside_a_formula_is_masked() -> None:
    assert "." not in mask_formulas(r"see \[ a. \] and $b.$ and $$c.$$")


@pytest.mark.parametrize(
    ("text", "formula"), [("x^2 + 1", True), (r"\frac{1}{2}", True), ("Even", True), ("so it is 5", False), ("", False)]
)
def test_a_line_of_mathematics_without_prose(text: str, formula: bool) -> None:
    assert is_formula(text) is formula
