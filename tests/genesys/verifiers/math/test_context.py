"""What a task's own text says about how its answer is meant."""

import pytest

from genesys.verifiers.math.context import Context


@pytest.mark.parametrize(
    ("prompt", "letters"),
    [
        ("Let $a$, $b$ and $c$ be positive real numbers.", {"a", "b", "c"}),
        ("Simplify $\\sqrt{x^2}$ for $x > 0$.", {"x"}),
        ("A circle of radius $r$ is drawn.", {"r"}),
        ("Find all positive integers $m$ and $n$.", {"m", "n"}),
        ("Complete the square on the left side: $x^2 + 6x$.", set()),
        ("Simplify the square root of $x^2$.", set()),
        ("", set()),
    ],
)
def test_letters_that_are_positive(prompt, letters):
    assert Context(prompt).positive == letters


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("Find the intervals on which $f(x) = x^3 - 3x$ is increasing.", False),
        ("The monotonically decreasing interval of the function is ____.", False),
        ("Given that $f$ is decreasing on its domain, find the range of $a$.", True),
        ("Solve $x^2 < 4$.", True),
    ],
)
def test_the_ends_of_intervals_matter_but_for_monotonicity(prompt, count):
    assert Context(prompt).ends_count == count


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        (r"How many? (A) 3 (B) 5 (C) 7", {"A": "3", "B": "5", "C": "7"}),
        ("Which?\nA. red\nB. blue\nC. green", {"A": "red", "B": "blue", "C": "green"}),
        (r"$\textbf{(A)}\ \frac12 \qquad\textbf{(B)}\ 2$", {"A": r"\frac12", "B": "2"}),
        ("Point A lies on the line. Point B does not.", {}),
        ("Only (A) is given.", {}),
    ],
)
def test_options_of_a_multiple_choice(prompt, options):
    assert Context(prompt).options == options
