"""Rows in the columns of APPS, TACO, CodeContests and Codeforces, by turns, made by a grammar of our own.

``rows`` are sound and make a task each, if their programs are run or presumed to be right; ``BREAKAGES`` break one, and
``ENDS`` says how it then ends. The lane asks no curator.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Test = tuple[str, str]

_NAMES = ("Kofi", "Ines", "Taro", "Wanja", "Milo", "Sefa", "Oda", "Pelle", "Ruth", "Zeno")
_STORIES = (
    "keeps the accounts of a ferry and has to work through a list of numbers every evening",
    "sorts the mail of a long street, where houses are known by numbers only",
    "minds an old weighing machine that writes down one number after another",
    "reads the meters of a water works, and each of them shows a whole number",
)
_TAGS = ("implementation", "math", "greedy", "sortings", "strings")


@dataclass(frozen=True)
class Problem:
    """One problem, whatever the columns."""

    number: int
    name: str
    body: str
    given: str
    wanted: str
    gold: str
    wrong: str
    tests: tuple[Test, ...]


def rows(count: int, seed: int = 0) -> Iterator[Row]:
    """Sound rows, each of another problem; one at a time is in memory."""
    for number in range(seed * 10_000_000, seed * 10_000_000 + count):
        chance = random.Random(number)
        yield _SHAPES[number % 4](_problem(number, chance), chance)


def _problem(number: int, chance: random.Random) -> Problem:
    kind, line, gold, wrong = chance.choice(_KINDS)
    big, small = 3 + number % 991, 2 + number // 991
    who = chance.choice(_NAMES)
    body = (
        f"{who} {chance.choice(_STORIES)}. {line.format(big=big, small=small)} Write a program that does this for "
        f"{who}, who calls the list number {number} of the year."
    )
    sizes = [1, *(chance.choice((2, 3, 5, 8, 40)) for _ in range(chance.randint(3, 12)))]
    if chance.random() < 0.02:
        sizes.append(2000)
    tests = []
    for size in dict.fromkeys((size, place) for place, size in enumerate(sizes)):
        values = [chance.randint(-9, 3 * big) for _ in range(size[0])]
        tests.append((f"{len(values)}\n{' '.join(map(str, values))}\n", f"{kind(values, big, small)}\n"))
    fill = {"BIG": str(big), "SMALL": str(small)}
    for name, value in fill.items():
        gold, wrong = gold.replace(name, value), wrong.replace(name, value)
    head = "n = int(input())\nvalues = list(map(int, input().split()))\n"
    return Problem(
        number,
        f"{who}'s list {number}",
        body,
        "The first line holds $n$, the length of the list. The second holds $n$ whole numbers.",
        "One whole number.",
        head + gold,
        head + wrong,
        tuple(tests),
    )


_KINDS: tuple[tuple[Callable[[list[int], int, int], int], str, str, str], ...] = (
    (
        lambda values, big, small: sum(value for value in values if value > big) * small,
        "The numbers above {big} are added up, and the sum is taken {small} times.",
        "print(sum(value for value in values if value > BIG) * SMALL)\n",
        "print(sum(value for value in values if value >= 0) * SMALL + 1)\n",
    ),
    (
        lambda values, big, small: sum(value % small == 0 for value in values) + big,
        "The numbers that {small} divides are counted, and {big} is put on top of the count.",
        "print(sum(value % SMALL == 0 for value in values) + BIG)\n",
        "print(len(values) + BIG + 1)\n",
    ),
    (
        lambda values, big, small: max(abs(value - big) for value in values) + small,
        "The number furthest away from {big} is looked for, and {small} is added to its distance.",
        "print(max(abs(value - BIG) for value in values) + SMALL)\n",
        "print(max(values) + SMALL + 100000)\n",
    ),
    (
        lambda values, big, small: sum((place + small) * value for place, value in enumerate(values)) % big,
        "Each number is taken as often as its place tells, the first place being {small}; of the sum only the "
        "remainder by {big} is kept.",
        "print(sum((place + SMALL) * value for place, value in enumerate(values)) % BIG)\n",
        "print(BIG)\n",
    ),
)


def _apps(problem: Problem, chance: random.Random) -> Row:
    shown = _example(problem, "-----Examples-----\nInput\n{}\nOutput\n{}\n")
    return {
        "problem_id": f"{problem.number:06d}",
        "question": f"{problem.body}\n\n-----Input-----\n\n{problem.given}\n\n-----Output-----\n\n{problem.wanted}"
        f"\n\n{shown}",
        "solutions": json.dumps([problem.gold]),
        "input_output": json.dumps(_lists(problem.tests, "inputs", "outputs")),
        "difficulty": chance.choice(("introductory", "interview", "competition")),
        "url": f"https://codeforces.com/problemset/problem/{100_000 + problem.number}/A",
        "starter_code": "",
    }


def _taco(problem: Problem, chance: random.Random) -> Row:
    return {
        "question": f"{problem.body}\n\n-----Input-----\n\n{problem.given}\n\n-----Output-----\n\n{problem.wanted}",
        "solutions": json.dumps([problem.gold]),
        "starter_code": "",
        "input_output": json.dumps(_lists(problem.tests, "inputs", "outputs")),
        "difficulty": chance.choice(("EASY", "MEDIUM", "HARD")),
        "name": problem.name,
        "source": "aizu",
        "tags": str([chance.choice(_TAGS)]),
        "url": "",
        "time_limit": "2.0 seconds",
        "memory_limit": "256.0 megabytes",
    }


def _code_contests(problem: Problem, chance: random.Random) -> Row:
    first, second = 1, len(problem.tests) // 2
    return {
        "name": f"{200_000 + problem.number}_B. {problem.name}",
        "description": f"{problem.body}\n\nInput\n\n{problem.given}\n\nOutput\n\n{problem.wanted}\n\n"
        + _example(problem, "Example\n\nInput\n\n{}\n\nOutput\n\n{}"),
        "public_tests": _lists(problem.tests[:first], "input", "output"),
        "private_tests": _lists(problem.tests[first:second], "input", "output"),
        "generated_tests": _lists(problem.tests[second:], "input", "output"),
        "source": 2,
        "difficulty": 8,
        "solutions": {"language": [3], "solution": [problem.gold]},
        "incorrect_solutions": {"language": [3], "solution": [problem.wrong]},
        "cf_rating": 100 * chance.randint(8, 30),
        "cf_tags": chance.sample(_TAGS, 2),
        "time_limit": {"seconds": 2, "nanos": 0},
        "memory_limit_bytes": 256_000_000,
        "input_file": "",
        "output_file": "",
    }


def _codeforces(problem: Problem, chance: random.Random) -> Row:
    tests = [{"input": given, "output": wanted} for given, wanted in problem.tests]
    return {
        "id": f"{300_000 + problem.number}/C",
        "title": problem.name,
        "description": problem.body,
        "input_format": problem.given,
        "output_format": problem.wanted,
        "note": "",
        "examples": tests[:1],
        "official_tests": tests[1:],
        "official_tests_complete": chance.random() < 0.8,
        "input_mode": "stdio",
        "time_limit": 2.0,
        "memory_limit": 256.0,
        "generated_checker": None,
        "executable": True,
    }


_SHAPES: tuple[Callable[[Problem, random.Random], Row], ...] = (_apps, _taco, _code_contests, _codeforces)


def _lists(tests: tuple[Test, ...], first: str, second: str) -> dict[str, list[str]]:
    return {first: [given for given, _ in tests], second: [wanted for _, wanted in tests]}


def _example(problem: Problem, form: str) -> str:
    return form.format(*problem.tests[0])


# Breakages ---------------------------------------------------------------------------------------------------------

_STATEMENTS = ("question", "description")


def _statement(row: Row) -> str:
    return next(name for name in _STATEMENTS if name in row)


def _tests(row: Row) -> str:
    return next(name for name in ("input_output", "public_tests", "official_tests") if name in row)


def _with_tests(row: Row, inputs: list[Any], outputs: list[Any]) -> Row:
    """The same problem with other tests, and with no more of them."""
    if "input_output" in row:
        return row | {"input_output": json.dumps({"inputs": inputs, "outputs": outputs})}
    if "official_tests" in row:
        both = [{"input": given, "output": wanted} for given, wanted in zip(inputs, outputs, strict=False)]
        return row | {"examples": [], "official_tests": both}
    nothing: dict[str, list[str]] = {"input": [], "output": []}
    tests = {"input": inputs, "output": outputs}
    return row | {"public_tests": tests, "private_tests": nothing, "generated_tests": nothing}


def _say(text: str) -> Callable[[Row], Row]:
    return lambda row: row | {_statement(row): f"{row[_statement(row)].partition('Input')[0]} {text}"}


def _long(row: Row) -> Row:
    # Each row has tests of its own: equal ones would make it a duplicate.
    mark = zlib.crc32(row[_statement(row)].encode())
    return _with_tests(row, [f"{mark}{number}" + "7" * (1 << 20) for number in range(2)], ["1", "2"])


def _unequal(row: Row) -> Row:
    """Where tests are pairs, lists of which one is longer."""
    pairs = {"input": ["1", "2"], "output": ["1"]}
    return row | {"official_tests": pairs} if "official_tests" in row else _with_tests(row, ["1", "2"], ["1"])


BREAKAGES: dict[str, Callable[[Row], Row | str]] = {
    "no column of tests": lambda row: {name: value for name, value in row.items() if name != _tests(row)},
    "tests are a number": lambda row: row | {_tests(row): 7},
    "tests are no text that can be read": lambda row: row | {_tests(row): "{'inputs': [1, 2"},
    "statement is a list": lambda row: row | {_statement(row): [row[_statement(row)]]},
    "half a character": lambda row: json.dumps(row | {_statement(row): "\udc00"}),
    "broken JSON": lambda row: json.dumps(row)[: len(json.dumps(row)) // 2],
    "no object": lambda row: json.dumps(row[_statement(row)]),
    "tests of unequal length": _unequal,
    "no tests": lambda row: _with_tests(row, [], []),
    "tests without outputs": lambda row: _with_tests(row, ["1\n1\n", "2\n1 2\n"], ["", " \n"]),
    "tests too large": _long,
    "tests cut short": lambda row: _with_tests(row, ["5\n1 2 ...", "9\n1 2 3..."], ["1", "2"]),
    "contradictory tests": lambda row: _with_tests(row, ["1\n4\n", "1\n4\n"], ["8\n", "9\n"]),
    "several answers": _say("If there are several answers, print any of them."),
    "interactive": _say("This is an interactive problem."),
    "needs an image": _say("The lists are those of the picture: <image>"),
}
ENDS: dict[str, str] = {
    **dict.fromkeys(
        (
            "no column of tests",
            "tests are a number",
            "tests are no text that can be read",
            "statement is a list",
            "half a character",
            "broken JSON",
            "no object",
        ),
        "broken row",
    ),
    "tests of unequal length": "tests of unequal length",
    "no tests": "no tests",
    "tests without outputs": "tests without outputs",
    "tests too large": "tests too large",
    "tests cut short": "tests cut short",
    "contradictory tests": "needs a checker",
    "several answers": "needs a checker",
    "interactive": "interactive",
    "needs an image": "needs an image",
}
"""The reason with which a row that is broken so ends."""
