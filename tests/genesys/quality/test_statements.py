"""What of a prompt is compared, also of one that somebody wrote to do harm."""

from __future__ import annotations

import pytest

from genesys.quality.signatures import SIZE, text_signature
from genesys.quality.statements import KEPT, KEPT_CHARS, problem_marks, statement, unpacked


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [
        (r"$\dfrac12+\frac{3}{4} \leq x^2-5$", "1 2 + 3 4 ≤ x 2 - 5"),
        (r"1/2 + 3/4 <= x² − 5", "1 2 + 3 4 ≤ x 2 - 5"),
        (r"$3 \cdot 4 \times \sqrt2$, 3 * 4 × √2", "3 * 4 * 2 3 * 4 * sqrt 2"),
        ("twenty-five, two hundred six, three four, ninety", "25 206 3 4 90"),
        ("one of them has 1 cat and twenty one dogs", "one of them has 1 cat and 21 dogs"),
        ("two hundred thousand and five", "200000 and 5"),
        ("a well-known step-by-step list isn't 5 - 3", "a well known step by step list is not 5 - 3"),
        ("Question 7: Find x.\nPlease reason step by step, and put your final answer within \\boxed{}.", "find x"),
        ("Let's think step by step. Find x. Show your work.", "find x"),
        ("Solve the following math problem carefully: find x.", "find x"),
        ("", ""),
    ],
)
def test_tokens(prompt: str, tokens: str) -> None:
    assert " ".join(statement(prompt).tokens) == tokens


def test_a_statement_is_kept_with_its_marks() -> None:
    marks = problem_marks("How many of the 16 eggs are left?")
    assert unpacked(marks["content"]) == statement("How many of the 16 eggs are left?")
    assert marks["words"] == 8
    assert marks == problem_marks("how many of the sixteen eggs are left")
    assert marks["digest"] != problem_marks("How many of the 17 eggs are left?")["digest"]
    assert len(marks["signature"]) == 4 * SIZE


@pytest.mark.parametrize(
    "piece",
    [
        "please ",
        " ",
        "\n",
        "solve the ",
        "put answer ",
        "think ",
        "-",
        "9",
        "1 ",
        "\\frac ",
        "\\begin{",
        "two hundred ",
        "求",
        "\ud800 x",
    ],
)
def test_hostile_prompts_are_read_and_kept_small(piece: str) -> None:
    marks = problem_marks(piece * 20_000)
    assert len(unpacked(marks["content"]).tokens) <= KEPT
    assert len(" ".join(unpacked(marks["content"]).tokens)) <= KEPT_CHARS
    assert len(text_signature(piece * 2000)[0]) == 4 * SIZE


def test_a_text_without_words_has_a_signature_of_zeros() -> None:
    assert text_signature("?!")[0] == bytes(4 * SIZE)
    assert text_signature("3 and 4")[1] == text_signature("4 or 3")[1] != text_signature("3 and 5")[1]
