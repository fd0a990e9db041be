"""One function over many items in several processes, for work that is a shard long. What it does is the caller's.

Plain child processes, not ``multiprocessing``: ``genesys.workers.pool`` says why. Unlike its workers these do our own
work and see our environment. Where one process is asked for, or there is one item, all is done in this one.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import IO, Any, TypeVar

from genesys.faults import GenesysError, InfrastructureFault

Item = TypeVar("Item")
Result = TypeVar("Result")

_SIZE = 8
"""Bytes that say how long a message is."""


def processes_for(workers: int) -> int:
    """How many processes ``[release] workers`` asks for."""
    return workers or os.cpu_count() or 1


def in_processes(
    function: Callable[[Any, Item], Result], common: Any, items: Sequence[Item], workers: int
) -> Iterator[tuple[Item, Result]]:
    """Each item with what the function gives for it, in no order: whoever needs one sorts.

    Args:
        function: (common, item) -> result; one of a module, by whose name a child finds it. All three can be pickled.
        common: What all items share; a child gets it once, and may keep in it what is slow to make.
        items: What is to be done.
        workers: How many processes.

    Raises:
        GenesysError: What the function raised for an item; nothing further is begun then.
        InfrastructureFault: A process died.
    """
    count = min(workers, len(items))
    if count <= 1:
        for item in items:
            yield item, function(common, item)
        return
    crew = _Crew(function, common)
    with ThreadPoolExecutor(count) as threads:
        try:
            asked = {threads.submit(crew.ask, item): item for item in items}
            for done in as_completed(asked):
                yield asked.pop(done), done.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            crew.end()


class _Crew:
    """A child for each thread that asks."""

    def __init__(self, function: Callable[[Any, Any], Any], common: Any) -> None:
        self._begin = pickle.dumps((function, common))
        self._children: list[subprocess.Popen[bytes]] = []
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._ended = False

    def ask(self, item: Any) -> Any:
        """What the function gives for an item."""
        try:
            child = self._child()
            assert child.stdin is not None  # noqa: S101 - pipes were asked for
            assert child.stdout is not None  # noqa: S101
            send(child.stdin, pickle.dumps(item))
            is_right, answer = pickle.loads(receive(child.stdout))  # noqa: S301 - our own process
        except (OSError, EOFError) as error:
            raise self._death(item) from error
        if not is_right:
            raise answer
        return answer

    def _child(self) -> subprocess.Popen[bytes]:
        if not hasattr(self._mine, "child"):
            with self._lock:
                if self._ended:
                    raise OSError("ended")
                # It finds what we find, and -P keeps its working directory off its path.
                child = subprocess.Popen(
                    [sys.executable, "-P", "-m", __name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                )
                self._children.append(child)
            self._mine.child = child
            assert child.stdin is not None  # noqa: S101
            send(child.stdin, self._begin)
        mine: subprocess.Popen[bytes] = self._mine.child
        return mine

    def _death(self, item: Any) -> InfrastructureFault:
        code = self._mine.child.wait() if hasattr(self._mine, "child") else 0
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        return InfrastructureFault(
            f"the process that worked on {item} ended {how}. If the machine is short of memory, give [release] workers "
            "a smaller number (1: no further processes) and run the same again: what is finished is kept.",
            fatal=True,
        )

    def end(self) -> None:
        """Leave no child behind."""
        with self._lock:
            self._ended = True
            children, self._children = self._children, []
        for child in children:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what stood in its buffer has nobody to go to
                        pipe.close()


def send(stream: IO[bytes], message: bytes) -> None:
    """One message."""
    stream.write(len(message).to_bytes(_SIZE, "little") + message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """The next one.

    Raises:
        EOFError: The other side is gone.
    """
    head = stream.read(_SIZE)
    message = stream.read(int.from_bytes(head, "little")) if len(head) == _SIZE else b""
    if len(head) < _SIZE or len(message) < int.from_bytes(head, "little"):
        raise EOFError
    return message


def main() -> None:
    """The side of a child: it ends with its input, and so with its parent, however that ends."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries print to standard output now and then
    try:
        function, common = pickle.loads(receive(questions))  # noqa: S301 - our own parent
        while True:
            item = pickle.loads(receive(questions))  # noqa: S301
            send(answers, pickle.dumps(_answered(function, common, item)))
    except (EOFError, BrokenPipeError):
        return


def _answered(function: Callable[[Any, Any], Any], common: Any, item: Any) -> tuple[bool, Any]:
    try:
        return True, function(common, item)
    except GenesysError as error:
        return False, error
    except Exception as error:  # a mistake of ours, or a library's; not all of these can be pickled
        import traceback

        return False, RuntimeError(f"{item}: {type(error).__name__}: {error}\n{traceback.format_exc()}")


if __name__ == "__main__":
    main()
