"""How many workers there are: one for each slot, one more while one is replaced, however slowly they start."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from genesys.sandbox.pool import Pool
from genesys.sandbox.worker import Worker, WorkerDied
from tests.support.machine import wait_until

SLOTS = 2


class Counted(Worker):
    """A worker that is nothing but counted; with ``gate`` it starts no sooner than that opens."""

    lock = threading.Lock()
    there = 0
    most = 0

    def __init__(self, gate: threading.Event | None = None, dies: bool = False) -> None:
        super().__init__()
        self._dies = dies
        with Counted.lock:
            Counted.there += 1
            Counted.most = max(Counted.most, Counted.there)
        if gate is not None:
            assert gate.wait(10)

    def greet(self) -> None:
        if self._dies:
            raise WorkerDied("it did not start")

    def is_alive(self) -> bool:
        return True

    def close(self) -> None:
        with Counted.lock:
            Counted.there -= 1

    def _write(self, data: bytes, deadline: float) -> None:
        raise NotImplementedError

    def _read(self, deadline: float) -> bytes:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def _from_zero() -> None:
    Counted.there = Counted.most = 0


def test_workers_that_start_slowly_are_not_started_twice() -> None:
    gate = threading.Event()
    gate.set()
    pool = Pool(lambda: Counted(gate), SLOTS, jobs_per_worker=50)
    with ThreadPoolExecutor(SLOTS) as threads:
        taken = list(threads.map(lambda _: pool.take(), range(SLOTS)))
        gate.clear()  # from here all start as on a machine that has no time
        again = [threads.submit(pool.take) for _ in range(SLOTS)]
        wait_until(lambda: Counted.there == 2 * SLOTS, 5)
        for worker in taken:
            pool.give_back(worker, dead=True)
        wait_until(lambda: Counted.there <= SLOTS, 5)
        gate.set()
        used = [future.result(10) for future in again]
    for worker in used:
        pool.give_back(worker)
    wait_until(lambda: Counted.there == SLOTS, 5)
    assert Counted.there == SLOTS
    pool.close()
    assert (Counted.there, Counted.most) == (0, 2 * SLOTS)


def test_one_too_many_goes_when_it_is_given_back() -> None:
    pool = Pool(Counted, SLOTS, jobs_per_worker=50)
    taken = [pool.take() for _ in range(SLOTS + 1)]
    for worker in taken:
        pool.give_back(worker)
    wait_until(lambda: Counted.there == SLOTS, 5)
    assert Counted.there == SLOTS
    pool.close()


def test_a_worker_that_does_not_start_leaves_its_place() -> None:
    dies = [True, True, True]
    pool = Pool(lambda: Counted(dies=bool(dies and dies.pop())), SLOTS, jobs_per_worker=50)
    for _ in range(3):
        with pytest.raises(WorkerDied):
            pool.take()
    taken = [pool.take() for _ in range(SLOTS)]
    assert Counted.there == SLOTS
    for worker in taken:
        pool.give_back(worker)
    assert Counted.there == SLOTS, "none was thought to be one too many"
    pool.close()
