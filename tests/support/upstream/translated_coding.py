"""Tasks as the coding lane makes them, by a grammar that writes one rule in words and in four languages.

A row's statement names its number and seed, from which everything about it can be made again: so the curator and a
stand-in for the verifier need no memory. Rows are made one by one, whatever their number.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from genesys.chat import ChatRequest
from genesys.hashing import digest

Row = dict[str, Any]
Tree = tuple[Any, ...]

_SUBJECTS = ("A potter", "A ferryman", "A beekeeper", "A clockmaker", "A baker", "A gardener", "A weaver", "A miller")
_THINGS = ("pots", "crates", "hives", "wheels", "loaves", "beds", "threads", "sacks", "bells", "lamps", "ropes")
_PLACES = ("by the harbour", "on the hill", "behind the mill", "in the old town", "at the market", "near the bridge")
_CALLED = re.compile(r"[Ee]xercise (\d+) of collection (\d+)")
_LANGUAGE = re.compile(r"(JavaScript|Rust|C\+\+)")
LANGUAGES = {"JavaScript": "javascript", "Rust": "rust", "C++": "cpp"}


@dataclass(frozen=True)
class Rule:
    """One row's rule: what is done to ``a`` and ``b``, how tests give them, and what the story is."""

    number: int
    seed: int
    kind: str
    tree: Tree
    story: str
    pairs: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        return f"settle_{self.number}_{self.seed}"

    def value(self, a: int, b: int) -> int:
        return _value(self.tree, {"a": a, "b": b})

    def result(self, a: int, b: int) -> Any:
        """What a test of this kind expects."""
        return [self.value(each, b) for each in range(a)] if self.kind == "list" else self.value(a, b)


def rule(number: int, seed: int = 0) -> Rule:
    """The rule of one row."""
    order = random.Random(f"{seed}/{number}")
    kind = ("pair", "list", "program")[number % 3]
    story = (
        f"{order.choice(_SUBJECTS)} {order.choice(_PLACES)} keeps {order.choice(_THINGS)} and {order.choice(_THINGS)}."
    )
    low, high = (1, 6) if kind == "list" else (-20, 20)
    count = order.randint(6, 12)
    pairs = tuple((order.randint(low, high), order.randint(-20, 20)) for _ in range(count))
    tree = ("+", ("+", _tree(order, 3), ("*", "a", order.randint(2, 9))), ("*", "b", order.randint(2, 9)))
    return Rule(number, seed, kind, tree, story, tuple(dict.fromkeys(pairs)))


def _tree(order: random.Random, depth: int) -> Any:
    if depth == 0 or order.random() < 0.15:
        return order.choice(["a", "b", order.randint(1, 99), order.randint(1, 99)])
    sign = order.choice(["+", "-", "*", "max", "min", "if"])
    if sign == "*":
        return ("*", _tree(order, depth - 1), order.randint(2, 9))
    if sign == "if":
        return ("if", "a", order.choice(["b", order.randint(1, 20)]), _tree(order, depth - 1), _tree(order, depth - 1))
    return (sign, _tree(order, depth - 1), _tree(order, depth - 1))


def _value(tree: Any, given: dict[str, int]) -> int:
    if not isinstance(tree, tuple):
        return given[tree] if isinstance(tree, str) else int(tree)
    parts = [_value(part, given) for part in tree[1:]]
    if tree[0] == "if":
        return parts[2] if parts[0] < parts[1] else parts[3]
    first, second = parts
    return {"+": first + second, "-": first - second, "*": first * second, "max": max(parts), "min": min(parts)}[
        tree[0]
    ]


def _said(tree: Any) -> str:
    """A rule in words."""
    if not isinstance(tree, tuple):
        return str(tree)
    parts = [_said(part) for part in tree[1:]]
    if tree[0] == "if":
        return f"({parts[2]} where {parts[0]} is below {parts[1]}, otherwise {parts[3]})"
    word = {"+": "plus", "-": "minus", "*": "times"}.get(tree[0])
    if word:
        return f"({parts[0]} {word} {parts[1]})"
    return f"(the {'larger' if tree[0] == 'max' else 'smaller'} of {parts[0]} and {parts[1]})"


_FORMS: dict[str, dict[str, str]] = {
    "python": {"max": "max({}, {})", "min": "min({}, {})", "if": "({2} if {0} < {1} else {3})"},
    "javascript": {"max": "Math.max({}, {})", "min": "Math.min({}, {})", "if": "({} < {} ? {} : {})"},
    "rust": {"max": "i64::max({}, {})", "min": "i64::min({}, {})", "if": "(if {} < {} {{ {} }} else {{ {} }})"},
    "cpp": {"max": "std::max<long long>({}, {})", "min": "std::min<long long>({}, {})", "if": "({} < {} ? {} : {})"},
}


def _written(tree: Any, language: str) -> str:
    if not isinstance(tree, tuple):
        return str(tree)
    parts = [_written(part, language) for part in tree[1:]]
    form = _FORMS[language].get(tree[0])
    return form.format(*parts) if form else f"({parts[0]} {tree[0]} {parts[1]})"


_WHOLE = {
    "python": "a, b = map(int, input().split())\nprint({rule})\n",
    "javascript": "const [a, b] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);\n"
    "console.log({rule});\n",
    "rust": "use std::io::Read;\n\nfn main() {{\n    let mut text = String::new();\n"
    "    std::io::stdin().read_to_string(&mut text).unwrap();\n"
    "    let both: Vec<i64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();\n"
    '    let (a, b) = (both[0], both[1]);\n    println!("{{}}", {rule});\n}}\n',
    "cpp": "#include <bits/stdc++.h>\n\nint main() {{\n    long long a, b;\n    std::cin >> a >> b;\n"
    "    std::cout << ({rule}) << std::endl;\n}}\n",
}
_PAIR = {
    "python": "def {name}(a, b):\n    return {rule}\n",
    "javascript": "function {name}(a, b) {{\n  return {rule};\n}}\n",
    "rust": "fn {name}(a: i64, b: i64) -> i64 {{\n    {rule}\n}}\n",
    "cpp": "#include <algorithm>\n\nlong long {name}(long long a, long long b) {{\n    return {rule};\n}}\n",
}
_LIST = {
    "python": "def {name}(stock, b):\n    return [{rule} for a in stock]\n",
    "javascript": "function {name}(stock, b) {{\n  return stock.map((a) => {rule});\n}}\n",
    "rust": "fn {name}(stock: Vec<i64>, b: i64) -> Vec<i64> {{\n    stock.into_iter().map(|a| {rule}).collect()\n}}\n",
    "cpp": "#include <bits/stdc++.h>\n\nstd::vector<long long> {name}(std::vector<long long> stock, long long b) {{\n"
    "    std::vector<long long> settled;\n    for (long long a : stock) settled.push_back({rule});\n"
    "    return settled;\n}}\n",
}


def program(found: Rule, language: str) -> str:
    """A right program in any of the four languages."""
    forms = {"program": _WHOLE, "pair": _PAIR, "list": _LIST}[found.kind]
    return forms[language].format(name=found.name, rule=_written(found.tree, language))


def statement(found: Rule) -> str:
    """A rule as a problem."""
    asked = {
        "program": "One line holds a and b. Print the settled number.",
        "pair": "You are given a and b. Return the settled number.",
        "list": "You are given a list of numbers and b. Return the list of what each number a of it is settled to.",
    }[found.kind]
    a, b = found.pairs[0]
    given = list(range(a)) if found.kind == "list" else a
    return (
        f"{found.story} This is exercise {found.number} of collection {found.seed}.\n\n"
        f"A number a is settled with a number b by this rule: it becomes {_said(found.tree)}.\n\n{asked}\n\n"
        f"Example: {given} and {b} give {found.result(a, b)}."
    )


def _tests(found: Rule) -> list[Row]:
    if found.kind == "program":
        return [
            {"type": "stdin_stdout", "input": f"{a} {b}\n", "output": f"{found.value(a, b)}\n"} for a, b in found.pairs
        ]
    given = [[list(range(a)), b] if found.kind == "list" else [a, b] for a, b in found.pairs]
    wanted = [found.result(a, b) for a, b in found.pairs]
    return [
        {"type": "function_call", "fn_name": found.name, "input": args, "output": output}
        for args, output in zip(given, wanted, strict=True)
    ]


def row(number: int, seed: int = 0) -> Row:
    """One row of the coding lane's table of tasks."""
    found = rule(number, seed)
    asks = (
        "Write a whole program in Python 3. It reads the input from standard input and writes the output, and nothing "
        "besides, to standard output."
        if found.kind == "program"
        else f"Write it in Python 3. The tests call `{found.name}` with its arguments and compare what it returns: "
        "read nothing, print nothing, and do not call it yourself."
    )
    ident = digest(["coding", seed, number], 24)
    return {
        "problem_id": ident,
        "task_hash": digest([ident], 24),
        "row_id": ident,
        "family_id": ident,
        "parent_ids": [],
        "round": 0,
        "source": "made/problems",
        "in_source_id": f"exercise {number}",
        "hf_dataset_name": "made/problems",
        "task_type": "verifiable_code",
        "prompt": f"{statement(found)}\n\n{asks}\nLimits for each test: 2 s of time.\n\nThink the problem through, "
        "then end your answer with the complete solution in one ```python block.",
        # Some have none, as problems of Codeforces.
        "gold_standard_solution": None if number % 21 == 20 else program(found, "python"),
        "verification_info": {"language": "python", "test_cases": _tests(found)},
        "metadata": {"difficulty": "EASY", "time_limit": 2.0, "name": f"Exercise {number}", "tags": ["made"]},
        "source_url": f"https://example.org/{number}",
        "revision": "r1",
        "license": "Apache-2.0",
        "attribution": "The genesys_dagster authors",
    }


def rows(count: int, seed: int = 0) -> Iterator[Row]:
    """Sound rows, none twice."""
    return (row(number, seed) for number in range(count))


def asked(text: str) -> Rule:
    """The rule that a prompt, or a task, is about."""
    found = _CALLED.search(text)
    assert found is not None, text[:200]
    return rule(int(found[1]), int(found[2]))


def curator(request: ChatRequest) -> str:
    """Right answers to the lane's prompts about these rows."""
    said = "\n".join(message.content for message in request.messages)
    if request.name == "translate_statement":
        before = said.split("==========")[1].strip()
        possible = "repr" not in before
        after = (
            before.replace("a list of numbers", "many numbers").replace("Return the list of", "Return")
            if possible
            else ""
        )
        return f"````\n{after}\n````\n{json.dumps({'possible': possible, 'why': 'It is about Python itself.'})}"
    language = _LANGUAGE.search(said)
    assert language is not None
    return f"```\n{program(asked(said), LANGUAGES[language[1]])}```"


def _info(change: Callable[[Row], None]) -> Callable[[Row], Row]:
    def broken(row: Row) -> Row:
        info = json.loads(json.dumps(row["verification_info"]))
        change(info)
        return row | {"verification_info": info}

    return broken


def _calls(*tests: tuple[list[Any], Any], name: str = "f") -> Callable[[Row], Row]:
    made = [{"type": "function_call", "fn_name": name, "input": given, "output": wanted} for given, wanted in tests]
    return _info(lambda info: info.update(test_cases=made))


def _contradict(info: Row) -> None:
    for test in info["test_cases"]:
        test["output"] = "wrong\n" if test["type"] == "stdin_stdout" else 10**6


BREAKAGES: dict[str, Callable[[Row], Row | str]] = {
    "a column is missing": lambda row: {name: value for name, value in row.items() if name != "verification_info"},
    "prompt of a wrong type": lambda row: row | {"prompt": 17},
    "empty prompt": lambda row: row | {"prompt": "  "},
    "half a character": lambda row: row | {"prompt": row["prompt"] + "\ud83d"},
    "broken JSON": lambda row: json.dumps(row)[:-40],
    "info that is no mapping": lambda row: row | {"verification_info": "[1, 2"},
    "gold of a wrong type": lambda row: row | {"gold_standard_solution": 5},
    "another task type": lambda row: row | {"task_type": "verifiable_math"},
    "another language": _info(lambda info: info.update(language="cpp")),
    "no tests": _info(lambda info: info.update(test_cases=[])),
    "a test without an output": _info(lambda info: info["test_cases"][0].pop("output")),
    "mixed arguments": _calls(([[1, "x", []]], 1), ([[2]], 2)),
    "mixed results": _calls(([1], True), ([2], "no")),
    "integers without a bound": _calls(([1], 2**70), ([2**65], 3)),
    "different numbers of arguments": _calls(([1], 2), ([1, 2], 3)),
    "returns nothing": _calls(([1], None), ([2], None)),
    "a name with dots": _calls(([1], 2), ([2], 3), name="shop.sell"),
    "tests of two kinds": _info(
        lambda info: info["test_cases"].extend(
            [
                {"type": "stdin_stdout", "input": "1", "output": "2"},
                {"type": "function_call", "fn_name": "f", "input": [1], "output": 2},
            ]
        )
    ),
    "contradictory tests": _info(_contradict),
    "about Python itself": lambda row: row | {"prompt": "Print what repr says of it. " + row["prompt"]},
}
