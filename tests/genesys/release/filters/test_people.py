"""What people decided of traces: bans, withdrawn rows, and verdicts that were overturned."""

from typing import Any

import pytest

from genesys.overrides import Action, Decision, Overrides
from genesys.release.filters.people import DECIDED, filter_, overturned
from tests.genesys.release.filters.traces_of import ends, traces

SEEN = traces(
    [{"problem_id": "a"}, {"problem_id": "a"}, {"problem_id": "b"}, {"problem_id": "c"}],
    [
        {"problem_id": "a", "row_id": "row-1", "family_id": "root"},
        {"problem_id": "b", "row_id": "row-1", "family_id": "b"},
        {"problem_id": "c", "row_id": "row-2", "family_id": "root"},
    ],
)


def decision(ident: str, action: Action, **more: Any) -> Decision:
    return Decision(**{"id": ident, "action": action, "why": "It is wrong", "by": "Ada", "at": "2026-01-02", **more})


def found(*decisions: Decision) -> dict[int, tuple[str, str | None]]:
    return ends(filter_(Overrides.of(decisions)), SEEN)


WHY = "It is wrong (Ada, 2026-01-02)"


@pytest.mark.parametrize(
    ("ident", "action", "gone"),
    [
        ("a", "ban", {0: "banned", 1: "banned"}),
        ("r001", "ban", {1: "banned"}),
        ("row-1", "ban", {}),
        ("row-1", "withdraw", {0: "withdrawn", 1: "withdrawn", 2: "withdrawn"}),
        ("b", "withdraw", {2: "withdrawn"}),
        ("root", "withdraw", {0: "withdrawn", 1: "withdrawn", 3: "withdrawn"}),
        ("r002", "withdraw", {2: "withdrawn"}),
        ("a", "accept", {}),
        ("elsewhere", "ban", {}),
    ],
)
def test_what_people_banned_or_withdrew_goes(ident: str, action: Action, gone: dict[int, str]) -> None:
    assert found(decision(ident, action)) == {row: (reason, WHY) for row, reason in gone.items()}


def test_what_was_undone_stays() -> None:
    assert found(decision("a", "ban"), decision("a", "undo")) == {}


def test_a_trace_goes_once_and_its_row_before_itself() -> None:
    said = found(decision("a", "ban"), decision("row-1", "withdraw", why="Asked by its author"))
    assert {reason for reason, _ in said.values()} == {"withdrawn"}


def test_without_decisions_nothing_changes() -> None:
    assert found() == {}
    same = overturned(SEEN.rows, Overrides())
    assert same.drop(DECIDED).equals(SEEN.rows)
    assert same[DECIDED].null_count() == SEEN.rows.height


def test_a_person_overturns_a_verdict_and_is_named() -> None:
    rows = traces([{"accepted": False, "reason": "wrong answer", "score": 0.0}, {}, {}]).rows
    said = overturned(rows, Overrides.of([decision("r000", "accept"), decision("r001", "reject")]))
    assert said.select("accepted", "reason", DECIDED).rows() == [
        (True, None, WHY),
        (False, "rejected by a person", WHY),
        (True, None, None),
    ]
    assert said["score"].to_list() == [0.0, 1.0, 1.0], "the verifier's score stays"
    assert said.schema["reason"] == rows.schema["reason"]
