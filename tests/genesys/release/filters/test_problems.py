"""Which problems go as another one in other words, and which only look like one."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from genesys.release.filters.problems import near_problems
from genesys.settings.release import DuplicateSettings
from tests.support import planted
from tests.support.compared import gone, one_each, traces_of

NEAR = near_problems(DuplicateSettings())
TRAIN = (
    "A train covers 240 kilometers in 3 hours and then rests for 20 minutes. How far does it get in the next 5 hours?"
)
SIMPLE = r"Find the largest integer $n$ such that $n^2 + \frac{3}{4}n \leq 1,000$."


@pytest.mark.parametrize(
    ("prompt", "edited"),
    [
        (TRAIN, TRAIN.upper().replace("?", " ??")),
        (TRAIN, f"Question 7: {TRAIN}\nPlease reason step by step, and put your final answer within \\boxed{{}}."),
        (TRAIN, TRAIN.replace("train", "bus").replace("rests", "stops")),
        (TRAIN, TRAIN.replace("3 hours", "three hours").replace("20", "twenty")),
        (SIMPLE, r"Determine the greatest integer \(n\) such that \(n^{2}+\dfrac34 n \le 1000\)"),
        ("How many even numbers lie between 5 and 95?", "Between 5 and 95, how many even numbers lie there?"),
    ],
    ids=["case", "asked with care", "things", "numbers in words", "notation", "order"],
)
def test_the_same_problem(tmp_path: Path, prompt: str, edited: str) -> None:
    found = gone(NEAR, one_each([prompt, edited], tmp_path))
    assert found.keys() == {"rp000001"}
    assert found["rp000001"].startswith("of p000000, likeness ")


@pytest.mark.parametrize(
    ("prompt", "other"),
    [
        (TRAIN, TRAIN.replace("240", "250")),
        (TRAIN, TRAIN.replace("3 hours", "5 hours").replace("next 5", "next 3")),
        (TRAIN, TRAIN.replace("20 minutes", "20 hours")),
        (SIMPLE, SIMPLE.replace("largest", "smallest")),
        (SIMPLE, SIMPLE.replace("+", "-")),
        (SIMPLE, SIMPLE.replace(r"\leq", r"\geq")),
        ("Is 91 a prime number?", "Is 91 not a prime number?"),
        ("Find $1 + 2 + 4$.", "Find $2 + 4$."),
        ("What is twenty five plus six?", "What is twenty six plus five?"),
    ],
    ids=["number", "numbers exchanged", "unit", "contrary", "sign", "comparison", "negation", "one", "in words"],
)
def test_another_problem(tmp_path: Path, prompt: str, other: str) -> None:
    assert gone(NEAR, one_each([prompt, other], tmp_path)) == {}


def test_problems_of_one_family_or_of_two_languages_are_no_duplicates(tmp_path: Path) -> None:
    prompt = "Write a function that returns the sum of the first 10 items of a list."
    rows = [
        {"problem_id": "p1", "prompt": prompt, "family_id": "f", "language": "python"},
        {"problem_id": "p2", "prompt": prompt + " ", "family_id": "f", "language": "python"},
        {"problem_id": "p3", "prompt": prompt + "!", "family_id": "g", "language": "rust"},
        {"problem_id": "p4", "prompt": prompt.lower(), "family_id": "h", "language": "python"},
    ]
    responses = [{"response_id": f"r{row['problem_id']}", "problem_id": row["problem_id"], "text": "x"} for row in rows]
    assert gone(NEAR, traces_of(rows, responses, tmp_path)) == {"rp4": "of p1, likeness 1.00"}


def test_all_traces_of_the_problem_go_and_a_problem_without_traces_is_no_twin(tmp_path: Path) -> None:
    rows = [{"problem_id": name, "prompt": TRAIN} for name in ("p1", "p2", "p3")]
    responses = [{"response_id": f"{name}{n}", "problem_id": name, "text": "x"} for name in ("p2", "p3") for n in "ab"]
    assert gone(NEAR, traces_of(rows, responses, tmp_path)) == dict.fromkeys(("p3a", "p3b"), "of p2, likeness 1.00")


def test_a_long_prompt_is_told_by_all_of_its_words(tmp_path: Path) -> None:
    rnd = random.Random(4)
    vocabulary = [f"{one}{two}" for one in ("ka", "lo", "mi", "ne", "so") for two in planted.PLACES]
    same, one, two = (" ".join(rnd.choices(vocabulary, k=count)) for count in (600, 900, 900))
    other = " ".join(f"x{word}" for word in two.split())
    found = gone(NEAR, one_each([f"{same} {one}", f"{same} {one} indeed", f"{same} {other}"], tmp_path))
    assert found.keys() == {"rp000001"}


def test_recall_and_precision_on_a_planted_set(tmp_path: Path) -> None:
    rnd = random.Random(11)
    prompts = planted.problems(5, 300)
    count, wanted = len(prompts), {}
    for kinds, same in ((planted.EDITS, True), (planted.TWINS, False)):
        for name, edit in kinds.items():
            for place in rnd.sample(range(count), 40):
                if (edited := edit(prompts[place], rnd)) != prompts[place]:
                    wanted[f"rp{len(prompts):06}"] = name if same else None
                    prompts.append(edited)
    found = gone(NEAR, one_each(prompts, tmp_path))
    planted_ones = {name for name, kind in wanted.items() if kind}
    right = len(planted_ones & found.keys())
    missed = Counter(wanted[name] for name in planted_ones - found.keys())
    assert right / len(planted_ones) >= 0.95, missed
    assert right / len(found) >= 0.95, sorted(found.keys() - planted_ones)[:5]
