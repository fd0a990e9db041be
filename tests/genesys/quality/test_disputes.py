"""When the responses to a task dispute its gold: counted votes, and who has none."""

import math
import random
from math import comb
from typing import Any

import pytest

from genesys.quality.disputes import Ballot, Dispute, find_dispute, telling
from genesys.settings import DisputeSettings

RULE = DisputeSettings()


def ballots(*answers: str | None, teacher: str = "t", gold: str = "gold") -> list[Ballot]:
    """One response each; the gold's text is an accepted answer, None no answer."""
    return [
        Ballot(f"{teacher}-{number:03}", teacher, answer == gold, answer, answer or "", f"{teacher} {number}")
        for number, answer in enumerate(answers)
    ]


def found(votes: list[Ballot], **more: Any) -> Dispute | None:
    return find_dispute("p", votes, more.pop("rule", RULE), **more)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (["12"] * 4, "disputed"),
        (["12"] * 3, None),  # too few
        (["12"] * 3 + ["13"], None),  # a share of 3/4, but of three
        (["12"] * 6 + ["13", "14"], "disputed"),
        (["12"] * 5 + ["13"] * 3, None),
        (["12"] * 4 + ["13"] * 4, None),  # a tie
        (["12"] * 4 + [None] * 12, "disputed"),  # who says nothing has no vote
        (["12"] * 3 + [None] * 13, None),
        ([None] * 16, None),
        ([], None),
        (["gold"] * 4, None),
        (["12"] * 4 + ["gold"], "contested"),
        (["12"] * 15 + ["gold"], "contested"),
        (["12"] * 4 + ["gold"] * 2, None),  # 4 of 6
        (["12"] * 3 + ["gold"], None),
    ],
)
def test_so_many_and_such_a_share_must_agree(answers: list[str | None], kind: str | None) -> None:
    dispute = found(ballots(*answers))
    assert (dispute.kind if dispute else None) == kind


def test_the_votes_say_who_gave_which_answer_the_leading_one_first() -> None:
    dispute = found(ballots("12", "12", "13", "12", None, "12") + ballots("12", "12", teacher="u"))
    assert dispute is not None
    assert [(votes.answer, votes.votes, votes.teachers) for votes in dispute.answers] == [
        ("12", 6, {"t": 4, "u": 2}),
        ("13", 1, {"t": 1}),
    ]
    assert dispute.leader.response_ids == ("t-000", "t-001", "t-003", "t-005", "u-000", "u-001")
    assert (dispute.voters, dispute.agreeing) == (7, 0)
    assert str(dispute) == "6 of 7 answers agree on 12, none with the gold; teachers: t, u"


def test_the_teacher_with_the_most_votes_is_named_first_and_of_equals_the_first_by_name() -> None:
    dispute = found(ballots("12", teacher="b") + ballots("12", "12", teacher="c") + ballots("12", teacher="a"))
    assert dispute is not None
    assert list(dispute.leader.teachers.items()) == [("c", 2), ("a", 1), ("b", 1)]


def test_samples_of_several_teachers_are_counted_together() -> None:
    few = [*ballots("12", "12"), *ballots("12", "12", teacher="u")]
    assert found(few) is not None
    assert found([*few, *ballots("13", "13", teacher="v")]) is None


def test_a_later_sample_that_agrees_with_the_gold_ends_the_dispute() -> None:
    votes = ballots("12", "12", "12", "12")
    assert found(votes).kind == "disputed"  # type: ignore[union-attr]
    dispute = found([*votes, *ballots("gold", teacher="u")])
    assert dispute is not None
    assert (dispute.kind, dispute.agreeing) == ("contested", 1)
    assert found([*votes, *ballots("gold", "gold", teacher="u")]) is None


def test_the_same_words_of_the_same_teacher_are_one_vote() -> None:
    """Sampled without chance, a teacher repeats itself; a response may also stand in two campaigns."""
    same = [Ballot(f"r{n}", "t", False, "12", "12", "same text") for n in range(16)]
    assert found(same) is None
    assert found([*same, *ballots("12", "12")]) is None
    assert found([*same, *ballots("12", "12", "12")]) is not None
    others = [Ballot(f"r{n}", f"teacher {n}", False, "12", "12", "same text") for n in range(4)]
    assert found(others) is not None


def test_of_two_verdicts_on_the_same_words_the_one_that_accepts_counts() -> None:
    """One of two campaigns with the same response was verified again since, by a better verifier."""
    twice = [Ballot("r", "u", accepted, "0012", "0012", "text") for accepted in (False, True)]
    for votes in (twice, twice[::-1]):
        dispute = found([*ballots("12", "12", "12", "12"), *votes])
        assert dispute is not None
        assert (dispute.kind, dispute.agreeing, dispute.voters) == ("contested", 1, 5)


def test_an_accepted_response_counts_whether_or_not_its_answer_can_be_named() -> None:
    accepted = Ballot("r", "u", True, None, "", "text")
    assert found([*ballots("12", "12", "12", "12"), accepted]).kind == "contested"  # type: ignore[union-attr]


def test_the_order_of_the_responses_does_not_matter() -> None:
    votes = [*ballots("12", "12", "13", "12", "12", "12", "12"), *ballots("gold", teacher="u")]
    first = found(votes)
    assert first is not None
    for seed in range(10):
        shuffled = random.Random(seed).sample(votes, len(votes))  # noqa: S311
        assert found(shuffled) == first


# Other spellings --------------------------------------------------------------------------------------------------


def by_value(left: str, right: str) -> bool:
    return float(left) == float(right)


def test_other_spellings_of_an_answer_are_counted_with_it_if_they_can_be_compared() -> None:
    votes = ballots("0.5", ".5", "0.50", "5e-1")
    assert found(votes) is None
    dispute = found(votes, same=by_value)
    assert dispute is not None
    assert [(votes.answer, votes.votes) for votes in dispute.answers] == [(".5", 4)]


def test_the_majority_is_found_though_the_commonest_spelling_is_another_answers() -> None:
    votes = ballots("7", "7", "1", "1.0", "01", "1e0", "1.00", "001", "1.")
    dispute = found(votes, same=by_value)
    assert dispute is not None
    assert [(votes.answer, votes.votes) for votes in dispute.answers] == [("001", 7), ("7", 2)]


def test_few_comparisons_are_made_where_all_answers_differ() -> None:
    asked = []

    def same(left: str, right: str) -> bool:
        asked.append((left, right))
        return False

    assert found(ballots("1", "2", "3", "4"), same=same) is None
    assert len(asked) == 1
    asked.clear()
    assert found(ballots(*map(str, range(500))), same=same) is None
    assert len(asked) <= 126 * 126
    asked.clear()
    assert found(ballots("1", "2", "3", "4", *["gold"] * 2), same=same) is None
    assert asked == [], "they cannot come to three quarters"


@pytest.mark.parametrize("seed", range(30))
def test_the_search_finds_what_comparing_all_with_all_finds(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    values = chance.choices([1, 2, 3, None], weights=[8, 1, 1, 1], k=chance.randint(4, 14))
    spelt = [None if value is None else chance.choice([f"{value}", f"{value}.0", f"0{value}"]) for value in values]
    counts = {value: values.count(value) for value in (1, 2, 3)}
    most = max(counts.values())
    expected = most >= 4 and most / sum(counts.values()) >= 0.75
    assert (found(ballots(*spelt), same=by_value) is not None) == expected


# The numbers ------------------------------------------------------------------------------------------------------


def by_chance(samples: int, draw: float, rule: DisputeSettings) -> float:
    """How likely a wrong answer is to get enough votes, if it draws this share of all samples."""
    least = max(rule.votes, math.ceil(rule.share * samples))
    return sum(comb(samples, n) * draw**n * (1 - draw) ** (samples - n) for n in range(least, samples + 1))


def test_a_trap_that_draws_a_third_of_the_samples_rarely_makes_a_dispute_by_chance() -> None:
    assert by_chance(4, 1 / 3, RULE) == pytest.approx(0.0123, abs=1e-3)
    assert max(by_chance(samples, 1 / 3, RULE) for samples in range(4, 101)) < 0.05
    assert by_chance(4, 1 / 2, RULE) == pytest.approx(0.0625)
    assert by_chance(5, 1 / 2, RULE) == pytest.approx(0.1875)
    assert by_chance(16, 1 / 2, RULE) == pytest.approx(0.0384, abs=1e-4)


@pytest.mark.parametrize(("share", "total", "least"), [(0.55, 20, 11), (0.7, 10, 7), (0.8, 5, 4), (0.6, 5, 3)])
def test_a_share_is_reached_by_just_so_many(share: float, total: int, least: int) -> None:
    rule = DisputeSettings(votes=2, share=share)
    for votes in (least, least - 1):
        answers = ["12"] * votes + [f"other {n}" for n in range(total - votes)]
        assert (found(ballots(*answers), rule=rule) is not None) == (votes == least)


def test_what_is_most_telling_comes_first() -> None:
    many = find_dispute("many", ballots(*["12"] * 9), RULE)
    several = find_dispute("several", [*ballots("12", "12"), *ballots("12", "12", teacher="u")], RULE)
    contested = find_dispute("contested", ballots(*["12"] * 20, "gold"), RULE)
    assert many is not None
    assert several is not None
    assert contested is not None
    order = [dispute.problem_id for dispute in sorted([contested, many, several], key=telling)]
    assert order == ["several", "many", "contested"]


def test_a_long_answer_is_cut_but_counted_whole() -> None:
    long = "9" * 10_000
    assert found(ballots(*(long + str(n) for n in range(4)))) is None
    dispute = found(ballots(*[long] * 4))
    assert dispute is not None
    assert len(dispute.leader.answer) == 500
    assert len(str(dispute)) < 200
