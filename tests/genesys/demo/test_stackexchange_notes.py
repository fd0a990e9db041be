"""The demo's questions: what becomes of each row, and that the judge says of a sample what its note says."""

from collections import Counter
from typing import Any

from genesys.choices import Acceptance
from genesys.curation.stackexchange.lane import STACKEXCHANGE
from genesys.demo.build import ANSWERS
from genesys.lane import LedgerRow
from genesys.settings import DEMO
from genesys.sources.files import read_jsonl
from genesys.teachers.script import Script
from genesys.verifiers.after_rules import JUDGED

TASKS = Script.read(ANSWERS / "stackexchange.toml").task
LEAST = Acceptance().by_task_type.get(JUDGED, Acceptance().default)


def test_the_judge_accepts_what_has_no_note_and_nothing_else() -> None:
    kept = [task for task in TASKS if task.sample]
    assert len(kept) == 7
    for task in kept:
        assert len(task.sample) == 4
        for sample in task.sample:
            if sample.finish_reason == "length":
                assert sample.judged is None, "a thinking that never ends is put before no judge"
                continue
            assert sample.judged is not None, task.problem
            assert (sample.judged >= LEAST) is not sample.note.startswith(("wrong", "right"))
            assert sample.judged_why


async def test_the_rules_come_to_their_end_with_each_row() -> None:
    found: Counter[str] = Counter()
    curate: Any = STACKEXCHANGE.curate
    for _, upstream in read_jsonl(DEMO / "stackexchange.jsonl"):
        assert isinstance(upstream, dict)
        assert set(upstream) == {"qid", "question", "answers", "date", "metadata"}
        try:
            statement = STACKEXCHANGE.identify(upstream).statement
        except ValueError as error:
            found[str(error)] += 1
            continue
        end = await curate.by_rules(LedgerRow("p", "h", "demo", upstream, "r", read=STACKEXCHANGE.read))
        found[end.reason if end else "asked about"] += 1
        assert (end is None) is any(statement.startswith(task.problem) for task in TASKS)
    assert found == {
        "asked about": 9,
        "site without objective questions": 1,
        "needs an image": 1,
        "too few votes": 1,
        "asks for recommendations": 1,
        "gold is a link": 1,
        "refers to another post": 1,
        "answers.0.pm_score: is null, expected a whole number": 1,
    }
