"""Tasks as users bring them: all task types, in the forms of SYNTHETIC-1's files, by a grammar of our own.

Rows are made one by one, whatever their number, and no two are alike. No model is asked about them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, Any]

_WHO = (
    "A ferry",
    "A baker",
    "The night train",
    "A weather station",
    "A librarian",
    "The pump",
    "A choir",
    "A lighthouse",
)
_DOES = ("counts", "stores", "sends", "mends", "weighs", "sorts", "repeats", "collects")
_WHAT = ("parcels", "loaves", "signals", "readings", "pages", "litres", "songs", "lamps")
_WHEN = ("before dawn", "each hour", "on market days", "in winter", "without a pause", "after the rain")
_SITES = ("gardening", "sailing", "electronics", "history", "cooking")
WRONG = "WRONG"
"""Stands in a program that fails its tests, for a verifier that runs nothing."""


def rows(count: int, seed: int = 0) -> Iterator[Row]:
    """Sound rows, one task type after the other."""
    for number in range(count):
        dice = random.Random(f"{seed}/{number}")
        yield _KINDS[number % len(_KINDS)](number, seed, dice)


def _story(number: int, seed: int, dice: random.Random) -> str:
    sentences = [
        f"{dice.choice(_WHO)} {dice.choice(_DOES)} {dice.randint(2, 9999)} {dice.choice(_WHAT)} {dice.choice(_WHEN)}."
        for _ in range(dice.choice((1, 1, 2, 3, 8)))
    ]
    return f"Note {number} of book {seed}. {' '.join(sentences)}"


def _row(number: int, seed: int, source: str, task_type: str, **columns: Any) -> Row:
    return {
        "problem_id": f"{source}_{seed}_{number}",
        "source": source,
        "task_type": task_type,
        "in_source_id": str(number),
        **columns,
    }


def _math(number: int, seed: int, dice: random.Random) -> Row:
    """As verifiable-math has it: Python literals as text."""
    a, b = dice.randint(2, 10_000), dice.randint(2, 10_000)
    answer = dice.choice((str(a + b), f"\\frac{{{a}}}{{{b}}}", f"{a}x+{b}", f"({a}, {b})"))
    return _row(
        number,
        seed,
        "olympiads",
        "verifiable_math",
        prompt=f"{_story(number, seed, dice)} With a = {a} and b = {b}, find the final value. Put it into \\boxed{{}}.",
        gold_standard_solution=f"We find \\boxed{{{answer}}}." if number % 2 else None,
        verification_info=str({"ground_truth": answer}),
        metadata="{}",
    )


def _program(number: int, seed: int, dice: random.Random) -> Row:
    """As verifiable-coding has it: JSON text with tests, a gold in a fence."""
    a, b = dice.randint(2, 99), dice.randint(2, 99)
    inputs = sorted(dice.sample(range(1, 500), 5))
    tests = [{"type": "stdin_stdout", "input": f"{n}\n", "output": f"{n * a + b}\n"} for n in inputs]
    return _row(
        number,
        seed,
        "apps",
        "verifiable_code",
        prompt=f"{_story(number, seed, dice)} Read n and print n times {a} plus {b}, in Python.",
        gold_standard_solution=f"```python\nn = int(input())\nprint(n * {a} + {b})\n```",
        verification_info=json.dumps({"language": "python", "test_cases": tests}),
        metadata=json.dumps({"difficulty": "interview", "memory_limit": None, "time_limit": "2 seconds"}),
    )


def _function(number: int, seed: int, dice: random.Random) -> Row:
    """A function to be written, its arguments and results as text; its gold is a bare program, or there is none."""
    by, name = dice.randint(2, 99), f"settle_{number}"
    tests = [
        {"type": "function_call", "fn_name": name, "input": f"[{n}]", "output": str(n % by)}
        for n in dice.sample(range(1000), 4)
    ]
    gold = f"def {name}(n):\n    rest = n % {by}\n    return rest\n"
    return _row(
        number,
        seed,
        "taco",
        "verifiable_code",
        prompt=f"{_story(number, seed, dice)} Write `{name}(n)`, the rest of n divided by {by}.",
        gold_standard_solution=gold if number % 4 else "",
        verification_info={"language": "python", "test_cases": tests},
        metadata={"difficulty": None, "time_limit": None},
    )


def _answer(number: int, seed: int, dice: random.Random) -> Row:
    """As stackexchange has it: free text with a gold."""
    thing, use = dice.choice(_WHAT), dice.randint(2, 9999)
    return _row(
        number,
        seed,
        "stackexchange",
        "llm_judgeable_groundtruth_similarity",
        prompt=f"{_story(number, seed, dice)} Why does it need {use} {thing}?",
        gold_standard_solution=f"Because {use} {thing} last for one round, and the next delivery comes a round later.",
        verification_info={"judging_instructions": "Accept any answer that names the delivery."}
        if number % 3
        else None,
        metadata=str({"site": dice.choice(_SITES), "score": dice.randint(1, 90)}),
        license="CC-BY-SA-4.0",
        attribution=f"asked on {dice.choice(_SITES)}",
    )


def _output(number: int, seed: int, dice: random.Random) -> Row:
    """As code-understanding has it, under either of its names."""
    text = "".join(dice.choices("abcdefgh XYZ-0123456789", k=dice.randint(3, 60))).strip() + str(number)
    return _row(
        number,
        seed,
        "synthetic-code",
        ("code_output_prediction", "verifiable_code_understanding")[number % 2],
        prompt=f"{_story(number, seed, dice)} What does `s[::-1].upper()` give for s = {text!r}? Answer as JSON.",
        gold_standard_solution=None,
        verification_info=json.dumps({"ground_truth": text[::-1].upper()}),
        metadata=None,
        family_id=f"synthetic-code_{seed}_root",
    )


_KINDS = (_math, _program, _function, _answer, _output)


def _with(**columns: Any) -> Callable[[Row], Row]:
    return lambda row: {**row, **columns}


def _math_with(**info: Any) -> Callable[[Row], Row]:
    return _with(task_type="verifiable_math", verification_info=info)


def _code_with(**info: Any) -> Callable[[Row], Row]:
    return _with(task_type="verifiable_code", verification_info=info)


_TEST = {"type": "stdin_stdout", "input": "1\n", "output": "1\n"}
_JUDGED = "llm_judgeable_groundtruth_similarity"
_LONG_GOLD = "It stands here word for word, all of it, and nothing is left to be found."

BREAKAGES: dict[str, Callable[[Row], Row | str]] = {
    "no prompt": lambda row: {name: value for name, value in row.items() if name != "prompt"},
    "empty prompt": _with(prompt=" \n "),
    "prompt is a list": _with(prompt=["What?"]),
    "null source": _with(source=None),
    "half a character": lambda row: json.dumps(row)[:-1] + ', "x": "\\ud800"}',
    "cut line": lambda row: json.dumps(row)[: len(json.dumps(row)) // 2],
    "no object": lambda row: json.dumps(list(row)),
    "info is a list": _with(verification_info="[1, 2]"),
    "info is no literal": _with(verification_info="{'ground_truth': "),
    "info holds a set": _with(task_type="verifiable_math", verification_info="{'ground_truth': {1, 2}}"),
    "info hides half a character": _with(verification_info='{"ground_truth": "\\ud800"}'),
    "metadata is a number": _with(metadata=7),
    "unknown type": _with(task_type="riddle"),
    "no ground truth": _math_with(ground_truth=""),
    "unknown language": _code_with(language="cobol", test_cases=[_TEST]),
    "no tests": _code_with(language="python", test_cases=[]),
    "tests without outputs": _code_with(language="python", test_cases=[{"type": "stdin_stdout", "input": "1"}]),
    "no gold to judge by": _with(task_type=_JUDGED, gold_standard_solution=" ", verification_info={}),
    "rubric of nothing": _with(
        task_type=_JUDGED, gold_standard_solution=_LONG_GOLD, verification_info={"rubric": [{"weight": 1}]}
    ),
    "no output to predict": _with(task_type="code_output_prediction", verification_info={}),
    "prompt too long": lambda row: {**row, "prompt": row["prompt"] + " and so on" * 20_001},
    "gold in its prompt": lambda row: {
        **row,
        "task_type": _JUDGED,
        "prompt": f"{row['prompt']} {_LONG_GOLD}",
        "gold_standard_solution": _LONG_GOLD,
        "verification_info": {},
    },
    "somebody's address": lambda row: {**row, "prompt": f"{row['prompt']} Ask jana.novakova@posta-brno.cz."},
    "gold that fails": lambda row: _code_with(language="python", test_cases=[_TEST])(
        row | {"gold_standard_solution": f"```python\nprint('{WRONG}')\n```"}
    ),
    "gold without a program": lambda row: _code_with(language="python", test_cases=[_TEST])(
        row | {"gold_standard_solution": "```text\nThink about it.\n```"}
    ),
}
