"""Curation of questions: the gold, credit and licence, what is asked when, and what a task holds."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, end_of
from genesys.calls.journal import Journal
from genesys.curation.stackexchange.curate import INSTRUCTIONS, curation
from genesys.curation.stackexchange.lane import STACKEXCHANGE
from genesys.curation.stackexchange.rules import Limits
from genesys.curation.stackexchange.sites import Site
from genesys.outcomes import Outcome
from genesys.teachers.script import ScriptedTask, ScriptedTeacher
from tests.support.lanes import ledger_row

GOLD = (
    "<p>By induction: it holds for $n_0 = 1$, and what holds for $n$ holds for $n + 1$, since $a_{n+1} = a_n + 2$.</p>"
)
QUESTION = "<p>Why is $a_n$ odd for every $n$, if $a_1 = 1$ and each term is the one before it and two more?</p>"
GOOD = {"objective": True, "reasoning": True, "self_contained": True, "single": True, "kind": "proof"}
RIGHT = {"answers": True, "complete": True, "stands_alone": True, "right": True}


def answer(number: int, score: int, selected: bool = False, text: str = GOLD, **fields: Any) -> dict[str, Any]:
    return {"answer_id": number, "author": "", "pm_score": score, "selected": selected, "text": text, **fields}


def row(**columns: Any) -> dict[str, Any]:
    base = {"qid": 7, "question": QUESTION, "answers": [answer(1, 4)], "date": "2019/01/01"}
    return base | {"metadata": ["https://math.stackexchange.com/questions/7"]} | columns


async def ended(
    folder: Path,
    upstream: Mapping[str, Any],
    suitable: Mapping[str, Any] = GOOD,
    gold: Mapping[str, Any] = RIGHT,
    lane: Any = STACKEXCHANGE,
    **fields: Any,
) -> tuple[Outcome, list[str]]:
    """How a row ends, and what the curator was asked."""
    answers = {"stackexchange_suitable": json.dumps(suitable), "stackexchange_gold": json.dumps(gold)}
    task = ScriptedTask(problem="a problem of this test", curator=answers)
    with Journal(folder) as journal:
        read = replace(ledger_row("p", dict(upstream), lane), **fields)
        calls = Calls("p", journal.segment("test"), Roles(curator=ScriptedTeacher("written", {"p": task})))
        work = Work(rows=lambda: [], row_id=lambda r: r.problem_id, function=lane.curate)
        return await end_of(work, read, calls), [entry.name for entry in calls.entries]


async def test_a_question_becomes_a_task(tmp_path: Path) -> None:
    end, asked = await ended(tmp_path, row(title="Why odd?", tags=["induction"]))
    assert end.status == "accepted", end
    (task,) = end.records
    assert asked == ["stackexchange_suitable", "stackexchange_gold"]
    assert task["task_type"] == "llm_judgeable_groundtruth_similarity"
    assert "about mathematics" in task["prompt"]
    assert "# Why odd?\n\nWhy is $a_n$ odd for every $n$" in task["prompt"]
    assert task["gold_standard_solution"].startswith("By induction: it holds for $n_0 = 1$")
    assert task["verification_info"]["judging_instructions"].startswith(INSTRUCTIONS["proof"])
    assert (task["in_source_id"], task["license"]) == ("math.stackexchange.com/7", "CC-BY-SA-4.0")
    assert task["metadata"] == {
        "site": "math.stackexchange.com",
        "kind": "proof",
        "tags": ["induction"],
        "date": "2019-01-01",
        "question_url": "https://math.stackexchange.com/questions/7",
        "answers": 1,
        "pm_scores": [4],
        "gold": {"answer_id": 1, "pm_score": 4, "accepted": False},
        "accepted_answer_id": None,
        "accepted_is_gold": False,
    }


@pytest.mark.parametrize(
    ("answers", "gold"),
    [
        ([answer(1, 3), answer(2, 5), answer(3, 4)], 2),
        ([answer(1, 5), answer(2, 5, True)], 1),  # acceptance adds one to the score, and no vote
        ([answer(1, 4), answer(2, 5, True)], 2),  # as many votes: the asker's word decides
        ([answer(9, 4), answer(8, 4)], 8),  # who was first
        ([answer(1, -1), answer(2, 3)], 2),
    ],
)
async def test_the_gold_is_the_most_upvoted_answer(tmp_path: Path, answers: list[dict[str, Any]], gold: int) -> None:
    end, _ = await ended(tmp_path, row(answers=answers))
    (task,) = end.records
    assert task["metadata"]["gold"]["answer_id"] == gold
    accepted = next((one["answer_id"] for one in answers if one["selected"]), None)
    assert task["metadata"]["accepted_answer_id"] == accepted
    assert task["metadata"]["accepted_is_gold"] is (accepted == gold)
    assert f"/a/{gold} " in task["attribution"]


@pytest.mark.parametrize(
    ("scores", "contrast"), [((4, -1, 1), 2), ((4, 0), 2), ((4, 1), None), ((4,), None), ((4, 2, 0, -1), 4)]
)
async def test_the_answer_that_readers_liked_least_is_named(
    tmp_path: Path, scores: tuple[int, ...], contrast: int | None
) -> None:
    end, _ = await ended(tmp_path, row(answers=[answer(n, score) for n, score in enumerate(scores, 1)]))
    found = end.records[0]["metadata"].get("contrast")
    assert (found and found["answer_id"]) == contrast


@pytest.mark.parametrize(
    ("score", "selected", "kept"), [(3, False, True), (3, True, True), (2, False, False), (2, True, False)]
)
async def test_the_least_votes(tmp_path: Path, score: int, selected: bool, kept: bool) -> None:
    end, asked = await ended(tmp_path, row(answers=[answer(1, score, selected)]))
    assert (end.status == "accepted") is kept
    assert bool(asked) is kept, "nobody is asked about what rules drop"


@pytest.mark.parametrize(
    ("asked", "answered", "licence"),
    [
        ("2011/04/07", None, "CC-BY-SA-2.5"),
        ("2011/04/08", None, "CC-BY-SA-3.0"),
        ("2018/05/01", None, "CC-BY-SA-3.0"),
        ("2018/05/02", None, "CC-BY-SA-4.0"),
        ("2010/01/01", "2019/01/01", "CC-BY-SA-4.0"),
        (None, "2012/01/01", "CC-BY-SA-3.0"),
    ],
)
async def test_the_licence_by_the_day(tmp_path: Path, asked: str | None, answered: str | None, licence: str) -> None:
    end, _ = await ended(tmp_path, row(date=asked, answers=[answer(1, 4, date=answered)]))
    (task,) = end.records
    assert task["license"] == licence
    assert licence in task["attribution"]


async def test_without_a_day_the_source_says_the_licence_or_nobody_does(tmp_path: Path) -> None:
    end, _ = await ended(tmp_path / "a", row(date=None), license="CC-BY-SA-4.0")
    assert end.records[0]["license"] == "CC-BY-SA-4.0"
    end, _ = await ended(tmp_path / "b", row(date=None))
    assert (end.status, end.reason) == ("rejected", "licence unknown")


async def test_authors_are_named_in_the_attribution_and_nowhere_else(tmp_path: Path) -> None:
    metadata = ["https://math.stackexchange.com/questions/7", "https://math.stackexchange.com/users/5/"]
    said = answer(1, 4, author="Jana Quist", author_profile="https://math.stackexchange.com/users/6")
    end, _ = await ended(tmp_path, row(metadata=metadata, answers=[said]))
    (task,) = end.records
    assert task["attribution"] == (
        "Question https://math.stackexchange.com/questions/7 by https://math.stackexchange.com/users/5/; "
        "answer https://math.stackexchange.com/a/1 by Jana Quist (https://math.stackexchange.com/users/6); "
        "both of math.stackexchange.com (Stack Exchange), CC-BY-SA-4.0, turned from HTML into Markdown"
    )
    rest = json.dumps({name: value for name, value in task.items() if name != "attribution"})
    assert "Quist" not in rest
    assert "/users/" not in rest


async def test_addresses_of_people_are_put_out_and_secrets_drop_the_row(tmp_path: Path) -> None:
    end, _ = await ended(tmp_path / "a", row(question=QUESTION + "<p>Write to jana.quist@quistmail.se.</p>"))
    (task,) = end.records
    assert "quist" not in task["prompt"]
    assert task["metadata"]["redacted"] == {"email": 1}
    key = "AKIA" + "Q3ZX7RTN5KWJ2LPD"
    end, asked = await ended(tmp_path / "b", row(answers=[answer(1, 4, text=GOLD + f"<p>{key}</p>")]))
    assert (end.reason, asked) == ("holds a secret", [])
    assert key not in str(end)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("self_contained", "not self-contained"),
        ("objective", "not objective"),
        ("reasoning", "recall alone"),
        ("single", "several questions"),
    ],
)
async def test_the_curator_drops_a_question(tmp_path: Path, field: str, reason: str) -> None:
    end, asked = await ended(tmp_path, row(), GOOD | {field: False, "why": "so it is"})
    assert (end.status, end.reason, end.detail) == ("rejected", reason, "so it is")
    assert end.step == "suitable, says the curator"
    assert asked == ["stackexchange_suitable"]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("answers", "gold does not answer"),
        ("stands_alone", "gold refers to others"),
        ("complete", "gold incomplete"),
        ("right", "gold wrong"),
    ],
)
async def test_the_curator_drops_a_gold(tmp_path: Path, field: str, reason: str) -> None:
    end, _ = await ended(tmp_path, row(), gold=RIGHT | {field: False, "why": "so it is"})
    assert (end.status, end.reason, end.detail) == ("rejected", reason, "so it is")
    assert end.step == "gold answers, says the curator"


@pytest.mark.parametrize("text", ["&lt;/think&gt;", "&lt;think&gt; and so on"])
async def test_a_gold_that_a_judge_would_not_see_whole_is_dropped(tmp_path: Path, text: str) -> None:
    end, asked = await ended(tmp_path, row(answers=[answer(1, 4, text=GOLD + f"<p><code>{text}</code></p>" + GOLD)]))
    assert (end.reason, asked) == ("gold unreadable for a judge", [])


async def test_a_lane_may_have_bounds_and_sites_of_its_own(tmp_path: Path) -> None:
    gardens = {"gardens.example.org": Site("gardens", "the test says so")}
    lane = replace(STACKEXCHANGE, curate=curation(Limits(pm_score=5), gardens))
    there = row(metadata=["https://gardens.example.org/questions/7"])
    assert (await ended(tmp_path / "a", there, lane=lane))[0].reason == "too few votes"
    end, _ = await ended(tmp_path / "b", there | {"answers": [answer(1, 5)]}, lane=lane)
    assert "about gardens" in end.records[0]["prompt"]
    assert (await ended(tmp_path / "c", row(), lane=lane))[0].reason == "site not listed"


async def test_rules_come_before_the_first_question_to_the_curator() -> None:
    kinds = [step.by for step in curation().steps]
    assert kinds == sorted(kinds, key=lambda by: by != "rules")
    assert kinds[-2:] == ["curator", "curator"]
