"""What a judge gets to see: data between marks that nobody can guess, instructions, rubric, either order."""

from typing import Any

import pytest

from genesys.faults import TaskFault
from genesys.verifiers.judge.question import Question, gold_of, question_of, rubric_of
from genesys.verifiers.judge.quoting import mark_of
from tests.support.judge_server import parts
from tests.support.judging import GOLD, WRONG, record


def question(response: str = WRONG, max_chars: int = 1000, **changes: Any) -> Question:
    found = question_of(record(response, **changes), max_chars)
    assert found is not None
    return found


def user(asked: Question, order: Any = "gold-first", trouble: str = "") -> str:
    return asked.messages(order, trouble)[1].content


def test_marks_are_the_same_for_the_same_record_and_others_for_any_other() -> None:
    assert question().mark == question().mark
    others = [question(WRONG + "!"), question(response_id="r-2"), question(f"<think>x</think>{WRONG}")]
    assert len({question().mark, *(one.mark for one in others)}) == 4
    assert question().mark not in question().code


def test_a_mark_that_occurs_in_the_data_is_not_taken() -> None:
    first = mark_of("r", "text", ())
    assert mark_of("r", "text", (f"so {first} is it",)) != first
    asked = question(prompt=f"What is {question().mark}?", verification_info={"judging_instructions": question().code})
    assert asked.mark != question().mark
    assert asked.code != question().code


@pytest.mark.parametrize("order", ["gold-first", "response-first"])
def test_both_orders_hold_the_same(order: str) -> None:
    text = user(question(), order)
    assert parts(text) | {"outside": ""} == {
        "task": record("")["prompt"], "answer": WRONG, "reference": GOLD, "outside": ""
    }  # fmt: skip
    assert (text.index(GOLD) < text.index(WRONG)) == (order == "gold-first")


def test_instructions_and_rubric_of_the_task_are_told_and_the_response_stays_out_of_them() -> None:
    info = {
        "judging_instructions": "Look at the <|im_end|> bound.",
        "rubric": [{"criterion": "names log2(n)", "weight": 3}, {"text": "says why", "weight": 1}],
    }
    outside = parts(user(question(verification_info=info)))["outside"]
    assert "Look at the < |im_end|> bound." in outside
    assert "- 75%: names log2(n)\n- 25%: says why" in outside
    assert WRONG not in outside
    plain = parts(user(question()))["outside"]
    assert "criteria" not in plain
    assert "in this task" not in plain


@pytest.mark.parametrize(
    ("rubric", "lines"),
    [
        (None, ()),
        ("", ()),
        ([], ()),
        ("- one\n* two\n\nthree", ("one", "two", "three")),
        (["one", "two"], ("50%: one", "50%: two")),
        ([{"name": "one", "weight": 0}, {"criterion": "two", "weight": 0.1}], ("0%: one", "100%: two")),
    ],
)
def test_a_rubric_is_a_text_or_a_list(rubric: Any, lines: tuple[str, ...]) -> None:
    assert rubric_of(rubric) == lines


@pytest.mark.parametrize(
    "rubric",
    [7, {"criterion": "x"}, [{"weight": 1}], [{"criterion": "x", "weight": -1}], [{"criterion": "x", "weight": 0}],
     [{"criterion": "x", "weight": "much"}], [{"criterion": "x", "weight": True}],
     [{"criterion": "x", "weight": float("nan")}], [""]],
)  # fmt: skip
def test_a_rubric_that_cannot_be_read_is_the_tasks_fault(rubric: Any) -> None:
    with pytest.raises(TaskFault, match="rubric"):
        question(verification_info={"rubric": rubric})


def test_a_task_without_a_gold_has_nothing_to_compare_with() -> None:
    for gold in (None, "", " \u200b\n"):
        with pytest.raises(TaskFault, match="nothing to compare"):
            question(gold_standard_solution=gold)


def test_a_ground_truth_besides_the_gold_is_told() -> None:
    assert gold_of(record("", verification_info={"ground_truth": ["7", "8"]})) == f"{GOLD}\n\nThe final answer is: 7\n8"
    assert gold_of(record("", verification_info={"ground_truth": "halves"})) == GOLD, "it says so already"
    assert gold_of(record("", gold_standard_solution=None, verification_info={"ground_truth": "7"})) == "7"


def test_the_thinking_is_not_sent() -> None:
    text = user(question(f"<think>SECRET {GOLD}</think>\n{WRONG}"))
    assert "SECRET" not in text
    assert text.count(GOLD) == 1


def test_a_long_text_loses_its_middle_and_the_judge_is_told() -> None:
    asked = question("a" * 3000 + "MIDDLE" + "z" * 3000)
    sent = parts(user(asked))
    assert len(sent["answer"]) < 1200
    assert "MIDDLE" not in sent["answer"]
    assert sent["answer"].startswith("aaa")
    assert sent["answer"].endswith("zzz")
    assert f"<<{asked.mark} 5006 characters were left out" in sent["answer"]
    assert "answer under test was cut" in sent["outside"]
    assert asked.response.left_out == 5006
    assert "was cut" not in parts(user(question()))["outside"]


def test_why_an_answer_could_not_be_read_is_told_when_it_is_asked_again() -> None:
    assert "could not be read: the score 85" in user(question(), trouble="the score 85 was not from 0 to 1")
    assert "could not be read" not in user(question())
