"""The records that verdicts are measured on: labelled files, the pairs of the tests, easy ones and such as hang."""

from __future__ import annotations

import json
import random
import sys
import tomllib
from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[2] / "tests/genesys/verifiers/math/cases"
MATH = "verifiable_math"
Record = dict[str, Any]


def read(path: Path) -> list[Record]:
    """The labelled records of a file."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    unlabelled = sum("expected_score" not in record for record in records)
    if unlabelled:
        sys.exit(
            f"{path}: {unlabelled} of {len(records)} records have no expected_score, so there is nothing to count."
        )
    return records


def own_pairs() -> list[Record]:
    """The labelled pairs of the tests, without the class of hostile ones, which Math-Verify does not survive."""
    pairs = []
    for path in sorted(CASES.glob("*.toml")):
        if path.stem != "hostile":
            named = ((path.stem, pair) for pair in tomllib.loads(path.read_text(encoding="utf-8"))["pair"])
            pairs += [math_record(pair, f"{name}-{number}") for number, (name, pair) in enumerate(named)]
    return pairs


def math_record(pair: Record, name: str) -> Record:
    """A record of a gold and the answer in its box, or the whole response."""
    response = pair.get("response", rf"The answer is $\boxed{{{pair.get('answer')}}}$.")
    return {
        "response_id": name,
        "task_type": MATH,
        "prompt": pair.get("prompt", ""),
        "verification_info": {"ground_truth": pair["gold"]},
        "llm_response": response,
        "expected_score": float(pair["equal"]),
    }


def easy(count: int, rng: random.Random) -> list[Record]:
    """Word problems' answers: a few sentences of sums, then a number; a half of them wrong."""
    endings = (r"The final answer is $\boxed{@}$.", "#### @", "The answer is @.", r"So the total is \boxed{\$@}.")
    records = []
    for number in range(count):
        first, second = rng.randrange(2, 400), rng.randrange(2, 60)
        gold = first * second
        told = gold if number % 2 == 0 else gold + rng.choice((-10, -1, 1, 10, second))
        steps = f"There are {first} boxes of {second} pens, that is, {first} * {second} = {told} pens.\n"
        shown = f"{told:,}" if number % 3 == 0 else str(told)
        pair = {
            "gold": str(gold),
            "equal": told == gold,
            "response": steps * 3 + endings[number % 4].replace("@", shown),
        }
        records.append(math_record(pair, f"easy-{number}"))
    return records


def hanging(count: int, rng: random.Random) -> list[Record]:
    """Wrong answers that would keep a naive comparison busy for ever, no two the same."""
    forms = (
        ("42", "{a}^{{{b}^{{{a}^{{{b}}}}}}}"),
        ("42", "{n}!"),
        ("42", "(({a}!)!)!"),
        ("42", r"\sum_{{k=1}}^{{10^{{12}}}} \frac{{1}}{{k^{{{a}}}+{b}}}"),
        ("x", "(x+{a})^{{{n}}}-(x-{b})^{{{n}}}"),
        ("x+y", "(x+y+z)^{{{b}000}}(x-{a}y)^{{{b}000}}"),
        (r"\frac{\pi}{4}", r"\int_0^1 \sin(\cos(\tan(e^{{x^{{{a}}}}}))) \ln(1+x^{{{b}}})\,dx"),
        ("42", r"\binom{{{n}0}}{{{n}}}"),
        (r"\sin x", r"\sin(\sin(\sin(\cos(x^{{{a}}}))))^{{{n}}}+\prod_{{k=1}}^{{{n}}} \cos(kx+{b})"),
        ("42", r"{a}^{{{n}}} \bmod {b}^{{{n}}}"),
    )
    records = []
    for number in range(count):
        gold, form = forms[number % len(forms)]
        values = {"a": 7 + 2 * number, "b": 9 + number, "n": rng.randrange(10**8, 10**9)}
        pair = {"gold": gold, "equal": False, "answer": form.format(**values)}
        records.append(math_record(pair, f"hanging-{number}"))
    return records
