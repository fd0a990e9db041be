"""The cap is kept: by one run, by several at once, after kill -9, and what it stopped goes on when it is raised."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from genesys.calls.account import Account
from genesys.calls.engine import Progress, run_rows
from genesys.calls.journal import Journal
from genesys.calls.usage import Usage
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.costs import budget as budgets
from genesys.costs.budget import Budget
from genesys.costs.claims import Claims
from genesys.costs.paid import EngineClock, Paid
from genesys.outcomes import Outcome, accepted
from genesys.settings import BudgetSettings
from genesys.settings.prices import Prices
from genesys.settings.roles import RoleSettings
from tests.support.calls import question, work_of

ROLE = RoleSettings(kind="openai", model="fake", price_per_million_completion_tokens=1e6)
MOST = 100
"""Completion tokens that a call may take; a prompt is a token and costs nothing."""


@dataclass
class Spender:
    """Takes as many tokens as it likes below the limit, and a moment for it."""

    teacher_id: str = "fake"
    concurrency: int = 8
    asked: list[str] = field(default_factory=list)

    async def complete(self, request: ChatRequest) -> Completed:
        text = request.messages[-1].content
        self.asked.append(text)
        drawn = random.Random(text)
        await asyncio.sleep(drawn.uniform(0, 0.004))
        answer = ChatAnswer(
            content="x", finish_reason="stop", prompt_tokens=0, completion_tokens=drawn.randint(1, MOST)
        )
        return Completed(answer=answer)

    async def aclose(self) -> None:
        """Nothing is open."""


async def ask(row: int, calls: object) -> Outcome:
    await calls.sample(question(f"row {row}"), {"max_tokens": MOST}, 0)  # type: ignore[attr-defined]
    return accepted()


def budget_of(folder: Path, **caps: float) -> Budget:
    caps_set = BudgetSettings.model_validate(caps)
    return Budget(caps_set, folder, Prices.of({"teacher": ROLE}), fresh=0.02, settling=0.05)


async def run(folder: Path, rows: range, teacher: Spender, **caps: float) -> Progress:
    """A run under a cap, with what it needs for itself, as a process has it."""
    from genesys.calls.context import Roles

    budget = budget_of(folder, **caps)
    try:
        with Journal(folder) as journal:
            paid = Paid(teacher, ROLE, EngineClock(), budget)
            return await run_rows(work_of(rows, ask), journal.segment("a/s"), Roles(teacher=paid))
    finally:
        budget.close()


def spent(folder: Path) -> int:
    return sum(
        (used for sums in Account(folder).segments().values() for used in sums.values()), Usage()
    ).completion_tokens


@pytest.mark.parametrize("cap", ["max_cost", "max_tokens"])
async def test_a_run_ends_below_its_cap_and_goes_on_when_that_is_raised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, cap: str
) -> None:
    teacher = Spender()
    with caplog.at_level(logging.WARNING):
        first = await run(tmp_path, range(60), teacher, **{cap: 1000})
    assert 1000 - MOST - 10 <= spent(tmp_path) <= 1000
    assert first.counts.errored == {"budget": 60 - first.counts.accepted}
    assert first.counts.accepted == len(teacher.asked)
    [said] = [record.getMessage() for record in caplog.records]
    assert f"[budget] {cap} = 1,000" in said
    assert f"raise {cap}" in said
    second = await run(tmp_path, range(60), teacher, **{cap: 1_000_000})
    assert second.counts.accepted == 60
    assert len(teacher.asked) == len(set(teacher.asked)) == 60, "nothing is asked twice"


async def test_why_a_row_was_not_done_is_the_same_for_all(tmp_path: Path) -> None:
    await run(tmp_path, range(30), Spender(), max_tokens=300)
    with Journal(tmp_path, readonly=True) as journal:
        errors = {failure.error for failure in journal.segment("a/s").failures()}
    assert len(errors) == 1
    assert "run the same command again" in errors.pop()


async def test_a_cap_counts_what_was_spent_before_and_by_others(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        from genesys.calls.context import Roles

        await run_rows(work_of(range(20), ask), journal.segment("other/s"), Roles(teacher=Spender()))
    before, teacher = spent(tmp_path), Spender()
    await run(tmp_path, range(100, 160), teacher, max_tokens=before + 500)
    assert before < spent(tmp_path) <= before + 500


def test_runs_at_once_keep_the_cap_together(tmp_path: Path) -> None:
    teachers = [Spender() for _ in range(3)]
    together = threading.Barrier(3)

    def one(number: int) -> None:
        together.wait()
        rows = range(1000 * number, 1000 * number + 300)
        asyncio.run(run(tmp_path / "journal", rows, teachers[number], max_cost=9000))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 9000 - 2 * MOST <= spent(tmp_path / "journal") <= 9000
    assert sum(bool(teacher.asked) for teacher in teachers) > 1


@contextmanager
def claims(path: Path) -> Iterator[Claims]:
    found = Claims(path)
    try:
        yield found
    finally:
        found.close()


def test_what_a_killed_run_had_claimed_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "budget.claims"
    with claims(path) as mine:
        with claims(path) as other:
            other.claim(3.0, 7.0)
            assert mine.others() == (3.0, 7.0)
            other._locks.close()  # as the kernel does with a killed process's
            assert mine.others() == (0.0, 0.0)
        with claims(path) as third:
            assert third.others() == (0.0, 0.0)


async def test_calls_wait_for_what_those_in_flight_may_take(tmp_path: Path) -> None:
    """Of 250 tokens two calls may take all; the third starts when it is known how little they took."""
    budget = budget_of(tmp_path, max_tokens=250)
    most, began = budgets.Amount(0.0, 100.0), 0
    gate = asyncio.Event()

    async def call() -> None:
        nonlocal began
        async with budget.claim(most) as claim:
            began += 1
            await gate.wait()
            claim.spent = budgets.Amount(0.0, 1.0)

    tasks = [asyncio.create_task(call()) for _ in range(4)]
    while began < 2:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.03)
    assert began == 2
    gate.set()
    await asyncio.gather(*tasks)
    assert began == 4
    budget.close()


def test_an_engines_time_is_shared_by_the_calls_in_flight() -> None:
    clock = EngineClock()
    first = clock.began(100.0)
    second = clock.began(110.0)
    assert clock.ended(second, 130.0) == pytest.approx(10.0)
    assert clock.ended(first, 135.0) == pytest.approx(10.0 + 10.0 + 5.0)
    third = clock.began(1000.0)
    assert clock.ended(third, 1001.0) == pytest.approx(1.0), "idle time is nobody's"
