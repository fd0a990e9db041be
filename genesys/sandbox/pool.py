"""Workers that wait for jobs: taken by one thread at a time, replaced when they are tainted, worn or dead."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from genesys.sandbox.worker import Worker, WorkerDied


class Pool:
    """Workers, one for each program that may run at once; while one is replaced there may be one more, no longer.

    Args:
        open_worker: Starts one; raises WorkerDied.
        size: How many are in use at once at most.
        jobs_per_worker: A worker is replaced after so many jobs.
    """

    def __init__(self, open_worker: Callable[[], Worker], size: int, jobs_per_worker: int) -> None:
        """Start none yet."""
        self._open_worker, self._size, self._jobs_per_worker = open_worker, size, jobs_per_worker
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._alive = 0
        self._closed = False
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="sandbox-keeper")

    def take(self) -> Worker:
        """A worker, for one thread alone, to be given back.

        Raises:
            WorkerDied: None could be started.
        """
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
                self._alive += worker is None
            if worker is None:
                return self._start()
            if worker.is_alive():
                return worker
            self._retire(worker)

    def give_back(self, worker: Worker, *, dead: bool = False) -> None:
        """Done with a worker: it waits for the next job, or goes if it is dead, tainted or worn."""
        with self._lock:
            keep = not (dead or worker.tainted or self._closed) and worker.jobs < self._jobs_per_worker
            keep = keep and self._alive <= self._size
            if keep:
                self._idle.append(worker)
        if not keep:
            self._retire(worker)

    def close(self) -> None:
        """End all workers, and wait until they are gone."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
        self._keeper.shutdown(wait=True)

    def _start(self) -> Worker:
        """One that counts as alive before it is: else those that start at once would not know of each other."""
        worker = None
        try:
            worker = self._open_worker()
            worker.greet()
        except BaseException:
            if worker is not None:
                worker.close()
            with self._lock:
                self._alive -= 1
            raise
        return worker

    def _retire(self, worker: Worker) -> None:
        """End a worker and start another in its place, in the background: whoever gave it back need not wait."""
        with self._lock:
            self._alive -= 1
            if self._closed:
                worker.close()
                return
            self._keeper.submit(self._replace, worker)

    def _replace(self, worker: Worker) -> None:
        worker.close()
        with self._lock:
            wanted = not self._closed and self._alive < self._size
            self._alive += wanted
        if wanted:
            with contextlib.suppress(WorkerDied):  # whoever needs one next will hear why
                fresh = self._start()
                with self._lock:
                    closed = self._closed
                    if not closed:
                        self._idle.append(fresh)
                if closed:
                    fresh.close()
