"""Formulas are read as people mean them, and what is no formula is not read."""

from fractions import Fraction

import pytest

from genesys.verifiers.math.exact import exact_value
from genesys.verifiers.math.identity import value_of
from genesys.verifiers.math.parser import MAX_DEPTH, parse
from genesys.verifiers.math.tokens import Unreadable
from genesys.verifiers.math.tree import symbols


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\frac12", "1/2"),
        (r"\frac{1}{2}", "1/2"),
        (r"\frac1{20}", "1/20"),
        (r"2\frac{1}{2}", "5/2"),  # a mixed number
        (r"2\frac{3}{2}", "3"),  # no proper fraction: a product
        (r"-2\frac12", "-5/2"),
        ("-2^2", "-4"),
        ("2^-3", "1/8"),
        ("2^{3^2}", "512"),
        ("2^3^2", "512"),
        ("1/2/4", "1/8"),
        (r"6 \div 2 \cdot 3", "9"),
        ("3(4+5)", "27"),
        ("5!", "120"),
        (r"\binom{10}{3}", "120"),
        (r"17 \bmod 5", "2"),
        (r"\sqrt{\frac{4}{9}}", "2/3"),
        (r"\sqrt[3]{27}", "3"),
        ("|-3|", "3"),
        ("||-3|-5|", "2"),
        (r"\lfloor \frac72 \rfloor", "3"),
        (r"\max(2, 7)", "7"),
        ("25\\%", "1/4"),
    ],
)
def test_numbers(text, value):
    assert exact_value(parse(text)) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\sin 30^{\circ}", 0.5),
        (r"\sin\frac{\pi}{6}", 0.5),
        (r"\sin \pi/6", 0.5),
        (r"\sin^2 \frac{\pi}{6}", 0.25),
        (r"\sin^{-1} 1", 1.5707963),
        (r"\cos 2\pi \sin 1", 0.8414709),
        (r"\log_2 8", 3),
        (r"\lg 1000", 3),
        ("e^0", 1),
        (r"\tan\left(\arctan 7\right)".replace(r"\left", "").replace(r"\right", ""), 7),
    ],
)
def test_functions(text, value):
    assert value_of(parse(text)).real == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("x(2x+3)", {"x"}),
        ("ab_1c", {"a", "b_1", "c"}),
        ("a_{n+1}", {"a_n+1"}),
        (r"\vec{a}+\alpha", {"vec:a", r"\alpha"}),
        (r"2\pi r", {"r"}),
        ("sinx+cosy", {"x", "y"}),
        (r"\sum_{k=1}^{n} k", {"n"}),
        ("x'", {"x'"}),
    ],
)
def test_letters(text, letters):
    assert symbols(parse(text)) == letters


@pytest.mark.parametrize(
    "text",
    ["", "x = 5", "1, 2", "the answer", r"\text{five}", "2 3", "x+", "(1", r"\frac{1}", "{", "^", "1..2", r"\begin{x}"],
)
def test_what_is_no_formula(text):
    with pytest.raises(Unreadable):
        parse(text)


def test_what_is_nested_without_end_is_not_read():
    with pytest.raises(Unreadable):
        parse("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1))
    with pytest.raises(Unreadable):
        parse("1+" * 5000 + "1")
    with pytest.raises(Unreadable):
        parse("{" * 700 + "1" + "}" * 700)
    with pytest.raises(Unreadable):
        parse("^".join("2" * 700))
