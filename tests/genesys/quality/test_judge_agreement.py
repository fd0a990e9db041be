"""What a table says of its judges: agreement, and what sways them."""

from typing import Any

import pytest

from genesys.quality.judge_agreement import JudgeTally


def info(
    *votes: tuple[str, str, float | None], unanimous: bool = True, rule: str = "judge", **more: Any
) -> dict[str, Any]:
    cast = [{"judge": judge, "model": judge, "order": order, "score": score} for judge, order, score in votes]
    return {"rule": rule, "agreement": {"unanimous": unanimous}, "votes": cast, **more}


FIRST, SECOND = "gold-first", "response-first"


def test_agreement_between_judges_and_between_orders() -> None:
    tally = JudgeTally()
    tally.add(1.0, info(("a", FIRST, 1.0), ("a", SECOND, 0.8), ("b", FIRST, 0.5), ("b", SECOND, 0.5)))
    tally.add(None, info(("a", FIRST, 0.4), ("a", SECOND, 0.2), unanimous=False, rule="judge/disagreement"))
    assert tally.figures() == {
        "judged": 2,
        "judges_agree": 0.5,
        "judges_disagree_for_good": 1,
        "difference_between_judges": pytest.approx(0.4),
        "order_effect": pytest.approx(0.4 / 3, abs=1e-4),
        "difference_between_orders": pytest.approx(0.4 / 3, abs=1e-4),
    }
    assert {model: len(scores) for model, scores in tally.scores.items()} == {"a": 4, "b": 2}


def test_other_verdicts_say_nothing() -> None:
    tally = JudgeTally()
    tally.add(0.0, {"rule": "judge/no-answer", "votes": []})
    tally.add(1.0, {"rule": "boxed/exact"})
    tally.add(None, {})
    assert tally.figures() == {"judged": 0, "judges_disagree_for_good": 0}


def test_what_judges_said_after_rules_counts() -> None:
    tally = JudgeTally()
    judged = {"score": 0.9, **info(("a", FIRST, 0.9))}
    tally.add(1.0, {"rule": "judge-after-rules", "ruled": {}, "judged": judged})
    assert tally.figures()["judged_after_rules"] == tally.figures()["judged"] == 1


@pytest.mark.parametrize(("sign", "effect"), [(1, 1.0), (-1, -1.0)])
def test_a_judge_that_pays_by_length_is_seen(sign: int, effect: float) -> None:
    tally = JudgeTally()
    for length in range(10, 30):
        score = 0.5 + sign * length / 100
        tally.add(score, info(("a", FIRST, score), lengths={"response": length, "gold": 20}))
    assert tally.figures()["length_effect"] == pytest.approx(effect)


def test_few_or_equal_scores_have_no_length_effect() -> None:
    few, equal = JudgeTally(), JudgeTally()
    for length in range(1, 30):
        equal.add(0.5, info(("a", FIRST, 0.5), lengths={"response": length, "gold": 20}))
        if length < 9:
            few.add(length / 10, info(("a", FIRST, length / 10), lengths={"response": length, "gold": 20}))
    assert "length_effect" not in few.figures()
    assert "length_effect" not in equal.figures()
