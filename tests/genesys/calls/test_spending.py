"""What calls used is known to the token, whoever wrote them, wherever they stand, and after they are gone."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from genesys.calls import database
from genesys.calls.account import Account
from genesys.calls.context import Calls
from genesys.calls.engine import run_rows
from genesys.calls.entry import Entry, call_key
from genesys.calls.journal import Journal
from genesys.calls.spending import Sums
from genesys.calls.usage import Payee, Usage, usage_of
from genesys.chat import ChatAnswer, ChatRequest, Message
from genesys.faults import InfrastructureFault
from genesys.outcomes import Outcome, accepted
from tests.support.calls import FakeTeacher, entry, question, roles_of, work_of

NAME = "a/s"


def paid(number: int, teacher_id: str = "t", *, stage: str = "", at: float | None = None, **told: int | None) -> Entry:
    """A finished call of a teacher, which told how many tokens it took."""
    tokens = {"prompt_tokens": 10, "completion_tokens": number, **told}
    answer = ChatAnswer(content="x" * 40, finish_reason="stop", **tokens)
    payload = {"teacher_id": teacher_id, "messages": [{"role": "user", "content": f"{number:20}"}]}
    result = {"answer": answer.model_dump()}
    return entry(number).model_copy(
        update={
            "key": call_key("chat", payload),
            "payload": payload,
            "result": result,
            "stage": stage,
            "made_at": float(number) if at is None else at,
        }
    )


def total(sums: Sums) -> tuple[int, int, int]:
    used = sum(sums.values(), Usage())
    return used.calls, used.prompt_tokens, used.completion_tokens


def kept(folder: Path, *entries: Entry, root: str = "") -> Sums:
    """The account of a journal after these calls."""
    with Journal(root or folder, cache=folder if root else None) as journal:
        for one in entries:
            journal.segment(NAME).put_now(one)
        return journal.segment(NAME).spent()


def test_each_call_counts_once_for_who_was_paid_and_for_what(tmp_path: Path) -> None:
    sums = kept(
        tmp_path,
        paid(1, stage="tasks"),
        paid(2, stage="generations", cached_tokens=7),
        paid(2, stage="verifications"),  # the same call again
        paid(3, "other", stage="generations"),
    )
    assert sums == {
        Payee("tasks", "sample", "t", ""): Usage(1, 1, 10, 0, 1),
        Payee("generations", "sample", "t", ""): Usage(1, 1, 10, 7, 2),
        Payee("generations", "sample", "other", ""): Usage(1, 1, 10, 0, 3),
    }
    assert Account(tmp_path).segments() == {NAME: sums}


def test_what_an_endpoint_does_not_tell_is_taken_from_the_texts_and_said_to_be(tmp_path: Path) -> None:
    [used] = kept(tmp_path, paid(1, prompt_tokens=None, completion_tokens=None)).values()
    assert (used.prompt_tokens, used.completion_tokens, used.estimated) == (5, 10, 1)


def test_a_refused_request_and_a_recorded_answer_cost_nothing() -> None:
    refused = ChatAnswer(content="", finish_reason="refused", refused="too long")
    found = usage_of(paid(1).model_copy(update={"result": {"answer": refused.model_dump()}}))
    assert found is not None
    assert (found[1].tokens, found[1].estimated) == (0, 0)
    found = usage_of(paid(1).model_copy(update={"endpoint": "recorded"}))
    assert found is not None
    assert found[0].tier == "recorded"


def forget_account(path: Path) -> None:
    """The file as a version wrote it that kept no account."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("drop table spent")


def test_a_journal_of_before_is_summed_once(tmp_path: Path) -> None:
    kept(tmp_path, *map(paid, range(5)))
    forget_account(tmp_path / "a/s.journal")
    with Journal(tmp_path, readonly=True) as journal:
        assert total(journal.segment(NAME).spent()) == (5, 50, 10), "also where nothing may be written"
    for _ in range(2):
        assert total(kept(tmp_path)) == (5, 50, 10)
    assert total(kept(tmp_path, paid(100))) == (6, 60, 110)


def test_what_a_version_without_an_account_adds_is_summed_when_the_file_is_opened(tmp_path: Path) -> None:
    kept(tmp_path, paid(1))
    one = paid(2)
    with contextlib.closing(database.connect(tmp_path / "a/s.journal", readonly=False)) as db, db:
        row = (one.key, one.kind, one.name, one.row_id, one.made_at, one.to_bytes())
        db.execute(f"insert into calls({database.COLUMNS}) values(?,?,?,?,?,?)", row)
    for _ in range(2):
        assert total(kept(tmp_path)) == (2, 20, 3)


def test_an_account_follows_the_parts_on_object_storage_and_counts_what_two_machines_paid_for(tmp_path: Path) -> None:
    root = f"memory://{tmp_path.name}"
    kept(tmp_path / "one", paid(1), root=root)
    apart = f"memory://{tmp_path.name}-apart"
    kept(tmp_path / "two", paid(2), root=apart)
    assert total(kept(tmp_path / "three", root=root)) == (1, 10, 1)
    with Journal(root, cache=tmp_path / "one") as first, Journal(root, cache=tmp_path / "four") as second:
        first.segment(NAME).put_now(paid(5, at=1.0))
        second.segment(NAME).put_now(paid(5, at=2.0))
    assert total(kept(tmp_path / "five", root=root)) == (3, 30, 11), "both were paid, though one answer stands"
    assert total(kept(tmp_path / "five", root=root)) == (3, 30, 11)


def test_what_a_removed_journal_cost_stays_known(tmp_path: Path) -> None:
    kept(tmp_path, paid(1), paid(2))
    shutil.copytree(tmp_path, tmp_path.with_name("killed"))
    account = Account(tmp_path)
    assert total(account.segments()[NAME]) == (2, 20, 3)
    Journal(tmp_path).remove(NAME)
    assert total(account.segments()[NAME]) == (2, 20, 3)
    kept(tmp_path, paid(7))
    assert total(account.segments()[NAME]) == (3, 30, 10)
    Journal(tmp_path).remove(NAME)
    assert total(Account(tmp_path).segments()[NAME]) == (3, 30, 10)


def test_a_removal_that_was_killed_halfway_counts_nothing_twice(tmp_path: Path) -> None:
    kept(tmp_path, paid(1), paid(2))
    shutil.copy(tmp_path / "a/s.journal", tmp_path / "before")
    Journal(tmp_path).remove(NAME)
    shutil.copy(tmp_path / "before", tmp_path / "a/s.journal")
    assert total(Account(tmp_path).segments()[NAME]) == (2, 20, 3)


async def test_an_answer_that_cannot_be_used_was_paid_for(tmp_path: Path) -> None:
    def useless(answer: ChatAnswer) -> None:
        raise InfrastructureFault("it says nothing")

    request = ChatRequest(messages=question("?"), sampling={}, name="vote")
    with Journal(tmp_path) as journal:
        segment = journal.segment(NAME)
        calls = Calls("row", segment, roles_of(FakeTeacher()), stage="verifications")
        for _ in range(2):
            with pytest.raises(InfrastructureFault):
                await Calls(calls.row_id, segment, calls.roles, stage=calls.stage).chat_call(
                    "judge", request, check=useless
                )
        await segment.flush()
        assert segment.spent() == {Payee("verifications", "vote", "fake", ""): Usage(2, 2, 6, 0, 10)}
        assert segment.counts() == {("unkept", "vote"): 2}


async def test_a_call_that_rows_share_was_paid_by_one_of_them(tmp_path: Path) -> None:
    async def shared(row: int, calls: Calls) -> Outcome:
        await calls.sample((Message(role="user", content="the same"),), {}, 0)
        await calls.sample(question(f"row {row}"), {}, 0)
        return accepted()

    with Journal(tmp_path) as journal:
        progress = await run_rows(work_of(4, shared), journal.segment(NAME), roles_of(FakeTeacher()))
    assert sum(progress.stats.paid.values(), Usage()).calls == 5
    assert progress.stats.completion_tokens == 8 * 5, "as many were used"
