"""Rows in the columns of NuminaMath-1.5, made by a grammar of our own, as many as one wants.

``rows`` are sound and make a task each; ``BREAKAGES`` break one, ``ENDS`` says how it then ends, and ``curator``
answers the lane's prompts about all of them.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from genesys.chat import ChatRequest

Row = dict[str, Any]
Made = tuple[str, Fraction, str]
"""(problem, answer, solution without its last sentence)."""

_NAMES = ("Ada", "Bo", "Chidi", "Dunja", "Edo", "Femi", "Greta", "Hana", "Ivo", "Jun", "Kaj", "Lin")
_PLACES = ("at the harbour", "in a small bakery", "on the market square", "in the school garden", "at the mill")
_THINGS = ("lemons", "marbles", "stamps", "tiles", "candles", "pencils", "buttons", "shells")
_ASIDES = (
    "The weather is fine and nobody is in a hurry.",
    "A friend who looks on says that there must be an easier way.",
    "All of this is written down carefully in a blue notebook, line by line, so that it can be checked later on.",
    "What is left over is of no account here.",
)


def rows(count: int, seed: int = 0) -> Iterator[Row]:
    """Sound rows, each of another problem; one at a time is in memory."""
    for number in range(seed * 10_000_000, seed * 10_000_000 + count):
        yield _row(number, random.Random(number))


def _row(number: int, chance: random.Random) -> Row:
    big, small = 2 + number % 997, 3 + number // 997
    problem, answer, steps = chance.choice(_KINDS)(big, small, chance)
    if chance.random() < 0.4:
        checks = (f"As a check, {big}+{more}={big + more}." for more in range(chance.randint(5, 60)))
        steps = f"{steps} {' '.join(checks)}"
    told = " ".join(chance.sample(_ASIDES, chance.randint(0, 3)))
    shape = chance.random()
    row = {
        "problem": f"{told} {problem}".strip(),
        "solution": f"{steps} The answer is $\\boxed{{{latex(answer)}}}$.",
        "answer": latex(answer),
        "problem_type": chance.choice(("Algebra", "Number Theory", "Geometry", "Other")),
        "question_type": "math-word-problem",
        "problem_is_valid": "Yes",
        "solution_is_valid": "Yes",
        "source": chance.choice(("own_school", "own_contest")),
        "synthetic": False,
    }
    if shape < 0.1:
        return row | _choices(row["problem"], answer, steps, chance)
    if shape < 0.2:
        return row | {"solution": f"{steps} So we arrive at {latex(answer)}.", "answer": "notfound"}
    if shape < 0.3:
        return row | {"problem": f"{row['problem']} Give the exact value, and explain nothing."}
    return row


def latex(value: Fraction) -> str:
    """A number as a solution writes it."""
    sign = "-" if value < 0 else ""
    whole = value.denominator == 1
    return str(value.numerator) if whole else f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _choices(problem: str, answer: Fraction, steps: str, chance: random.Random) -> Row:
    values = [answer + shift for shift in (0, 1, -1, 2)]
    chance.shuffle(values)
    letter = "ABCD"[values.index(answer)]
    options = "  ".join(f"({name}) ${latex(value)}$" for name, value in zip("ABCD", values, strict=True))
    return {
        "problem": f"{problem} {options}",
        "solution": f"{steps} So it is ${latex(answer)}$, which is option ({letter}).",
        "answer": letter,
        "question_type": "MCQ",
    }


def _story(big: int, small: int, chance: random.Random) -> Made:
    name, thing = chance.choice(_NAMES), chance.choice(_THINGS)
    each = chance.randint(3, 19)
    text = (
        f"{name} stands {chance.choice(_PLACES)} with {big * each + small} {thing}. After every customer has taken "
        f"{each} of them, {small} are left. How many customers came, if each took the same?"
    )
    return (
        text,
        Fraction(big),
        f"Taken were ${big * each + small}-{small}={big * each}$, and ${big * each}/{each}={big}$.",
    )


def _equation(big: int, small: int, chance: random.Random) -> Made:
    factor = chance.randint(2, 30)
    answer = Fraction(small - big, factor)
    return f"Solve for $x$: ${factor}x+{big}={small}$.", answer, f"We have ${factor}x={small - big}$."


def _roots(big: int, small: int, chance: random.Random) -> Made:
    lead = chance.randint(2, 12)
    text = f"Let $r$ and $s$ be the roots of ${lead}x^2-{big}x+{small}=0$. Compute $\\frac{{1}}{{r}}+\\frac{{1}}{{s}}$."
    return text, Fraction(big, small), f"By Vieta it is the sum ${big}/{lead}$ over the product ${small}/{lead}$."


def _remainder(big: int, small: int, chance: random.Random) -> Made:
    base = chance.randint(2, 9)
    text = f"What is the remainder when ${base}^{{{big}}}+{small}$ is divided by {chance.choice((7, 11, 13, 17)):d}?"
    modulus = int(text.rsplit(" ", 1)[1].rstrip("?"))
    return text, Fraction((pow(base, big, modulus) + small) % modulus), f"Powers of {base} repeat modulo {modulus}."


def _sum(big: int, small: int, chance: random.Random) -> Made:
    step = chance.randint(2, 40)
    total = Fraction(big * (2 * small + (big - 1) * step), 2)
    text = f"An arithmetic sequence begins with {small} and grows by {step}. Find the sum of its first {big} terms."
    return text, total, f"The last term is {small + (big - 1) * step}; take the mean of first and last, {big} times."


def _chance(big: int, small: int, chance: random.Random) -> Made:
    colour = chance.choice(("red", "green", "blue"))
    text = (
        f"A sack holds {big} {colour} and {small} white {chance.choice(_THINGS)}. Two are drawn at once without "
        "looking. What is the probability that they differ in colour?"
    )
    whole = big + small
    return text, Fraction(2 * big * small, whole * (whole - 1)), f"Of all pairs ${big}\\cdot {small}$ differ."


_KINDS: tuple[Callable[[int, int, random.Random], Made], ...] = (_story, _equation, _roots, _remainder, _sum, _chance)


def curator(request: ChatRequest) -> str:
    """The right answer to each of the lane's prompts about such a row, also a broken one."""
    said = request.messages[-1].content
    if request.name == "numina_direct_question":
        text = said.split("==========")[1].strip()
        letter = re.search(r"according to the source: ([A-D])", said)
        options = dict(re.findall(r"\(([A-D])\) \$(.*?)\$", text))
        answer = {
            "possible": True,
            "problem": text.partition("(A)")[0].strip(),
            "answer": options[letter[1]] if letter else "",
        }
    elif request.name == "numina_final_answer":
        found = re.search(r"we arrive at (\S+?)\.(?:\s|$)", said)
        answer = {"found": found is not None, "answer": found[1] if found else ""}
    else:
        good = "[nonsense]" not in said
        answer = {"checkable": good, "kind": "final_answer" if good else "unclear"}
    return json.dumps(answer)


def _without(name: str) -> Callable[[Row], Row]:
    return lambda row: {key: value for key, value in row.items() if key != name}


def _but(**changes: Any) -> Callable[[Row], Row]:
    return lambda row: row | {"question_type": "math-word-problem"} | changes


def _plain(row: Row) -> Row:
    """A row with a box and an answer, of whatever shape it was."""
    return row | {"solution": "It is $\\boxed{12}$.", "answer": "12", "question_type": "math-word-problem"}


BREAKAGES: dict[str, Callable[[Row], Row | str]] = {
    "no column problem": _without("problem"),
    "problem is a number": _but(problem=17),
    "empty problem": _but(problem=" \n "),
    "solution is a list": _but(solution=["It is 3."]),
    "answer is a mapping": _but(answer={"value": 3}),
    "half a character": lambda row: json.dumps(row | {"problem": row["problem"] + " \ud800"}),
    "broken JSON": lambda row: json.dumps(row)[:-20],
    "no object": lambda row: json.dumps([row["problem"]]),
    "nested without end": lambda row: '{"problem": ' + "[" * 50_000,
    "invalid upstream": _but(problem_is_valid="No"),
    "a proof": _but(question_type="proof", answer="proof"),
    "a figure": lambda row: _plain(row) | {"problem": row["problem"].partition("(A)")[0] + " ![](figure.png)"},
    "no answer at all": _but(answer="notfound", solution=""),
    "contradictory": lambda row: _plain(row) | {"problem": row["problem"].partition("(A)")[0], "answer": "13"},
    "no final answer": _but(answer="", solution="One can say a good deal about it."),
    "nonsense": lambda row: _plain(row) | {"problem": f"[nonsense] why {row['problem'].partition('(A)')[0]}"},
}
ENDS: dict[str, str] = {
    **dict.fromkeys(
        (
            "no column problem",
            "problem is a number",
            "empty problem",
            "solution is a list",
            "answer is a mapping",
            "half a character",
            "broken JSON",
            "no object",
            "nested without end",
        ),
        "broken row",
    ),
    "invalid upstream": "upstream: problem invalid",
    "a proof": "proof",
    "a figure": "needs a figure",
    "no answer at all": "no final answer",
    "contradictory": "answer contradicts solution",
    "no final answer": "no final answer",
    "nonsense": "not checkable: unclear",
}
"""The reason with which a row that is broken so ends."""
