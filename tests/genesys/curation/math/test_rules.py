"""Rules on NuminaMath rows: certain drops, multiple choice, stated answers, and what is left to the curator."""

import pytest

from genesys.curation.math import rules
from genesys.curation.math.problem import MathProblem, read


def row(problem: str = "What is $1+1$?", solution: str = "It is $\\boxed{2}$.", **columns: object) -> MathProblem:
    return read({"problem": problem, "solution": solution, **columns})


@pytest.mark.parametrize(
    ("upstream", "reason"),
    [
        (row(problem_is_valid="No"), "upstream: problem invalid"),
        (row(problem_is_valid="Incomplete"), "upstream: problem invalid"),
        (row(solution_is_valid="No"), "upstream: solution invalid"),
        (row(question_type="proof"), "proof"),
        (row(answer="proof"), "proof"),
        (row("Prove that $a^2+b^2 \\ge 2ab$ for real $a$, $b$.", "Since $(a-b)^2\\ge 0$ the claim follows."), "proof"),
        (row("3. Show that the sum of two odd numbers is even.", "Write them as 2k+1."), "proof"),
        (row("How long is $AB$ in ![](https://example.org/a.png)?"), "needs a figure"),
        (row(solution="  ", answer="notfound"), "no final answer"),
        (row(answer="63", solution="So the number is $\\boxed{36}$."), "answer contradicts solution"),
        (row(answer="1,000", solution="\\boxed{100}"), "answer contradicts solution"),
    ],
)
def test_certain_drops(upstream: dict[str, object], reason: str) -> None:
    drop = rules.reason_to_drop(upstream)
    assert drop is not None
    assert drop.reason == reason


@pytest.mark.parametrize(
    "upstream",
    [
        row(),
        row(problem_is_valid="Yes", solution_is_valid="yes", question_type="math-word-problem"),
        row(problem_is_valid=None),
        row("Prove that there is one such $n$, and find it.", "The only one is $\\boxed{4}$."),
        row("Show me the sum of 1 and 2: how many is it?"),
        row(answer="1,000", solution="\\boxed{1000}"),
        row(answer="0.5", solution="\\boxed{\\frac12}"),
        row(answer="C", solution="\\boxed{30}"),
    ],
)
def test_no_drop_where_a_rule_is_not_certain(upstream: dict[str, object]) -> None:
    assert rules.reason_to_drop(upstream) is None


@pytest.mark.parametrize(
    "problem",
    [
        "What is $2+2$? (A) 3 (B) 4 (C) 5 (D) 6",
        "Find $x$.\n$\\textbf{(A)}\\ 1 \\qquad \\textbf{(B)}\\ 2 \\qquad \\textbf{(C)}\\ 3$",
        "Find $x$.\n\nA. 1\nB. 2\nC. 3\nD. 4",
        "Find it: A) one B) two C) three",
        "$\\text{(A) }1 \\text{(B) }2 \\text{(C) }3$",
    ],
)
def test_options_are_seen(problem: str) -> None:
    assert rules.lists_options(problem)


@pytest.mark.parametrize(
    "problem",
    [
        "In triangle $ABC$ with sides $A$, $B$. Find $C$.",
        "Points A, B and C lie on a line. How far is A from C?",
        "Let $A(1,2)$, $B(3,4)$ and $C(5,6)$ be points.",
        "Options (C), (B) and (A) are mentioned backwards only: (C) 1 (B) 2 (A) 3",
    ],
)
def test_letters_of_points_are_no_options(problem: str) -> None:
    assert not rules.lists_options(problem)


@pytest.mark.parametrize(
    ("upstream", "answer"),
    [
        (row(answer="$\\frac{1}{2}$"), "\\frac{1}{2}"),
        (row(answer="\\boxed{5}"), "5"),
        (row(answer="notfound"), "2"),
        (row(solution="First \\boxed{1}, then \\boxed{\\sqrt{2}}."), "\\sqrt{2}"),
        (row(solution="No box at all: 7."), None),
        (row(solution="An open box \\boxed{7"), None),
        (row(solution="\\boxed{ }"), None),
        (row(answer="$a$ and $b$"), "$a$ and $b$"),
    ],
)
def test_stated_answer(upstream: dict[str, object], answer: str | None) -> None:
    assert rules.stated_answer(upstream) == answer


@pytest.mark.parametrize(
    ("problem", "answer", "plain"),
    [
        ("What is $3^2$?", "9", True),
        ("Find the area in square units.", "\\frac{3\\sqrt{2}}{4}", True),
        ("Find all functions $f$ with $f(f(x))=x$.", "f(x)=x", False),
        ("What is $1+1$? What is $2+2$?", "2", False),
        ("Solve. (a) Find $x$. (b) Find $y$.", "3", False),
        ("In the figure, what is $x$?", "3", False),
        ("Explain how many there are.", "3", False),
        ("The sum is unknown.", "3", False),
        ("How many are there?", "1" * 80, False),
    ],
)
def test_only_plain_questions_pass_without_being_asked_about(problem: str, answer: str, plain: bool) -> None:
    assert rules.plainly_checkable(problem, answer) is plain


def test_a_letter_is_no_answer() -> None:
    assert rules.is_letter("(B)")
    assert rules.is_letter("\\textbf{(C)}")
    assert rules.is_letter("$D$")
    assert not rules.is_letter("x")
    assert not rules.is_letter("2B")
    assert not rules.is_letter(None)


def test_a_problem_without_its_options_ends_before_the_first() -> None:
    assert rules.without_options("Twice two? (A) 3 (B) 4 (C) 5").strip() == "Twice two?"
    assert rules.without_options("Angle A) and side B) are given.") == "Angle A) and side B) are given."
