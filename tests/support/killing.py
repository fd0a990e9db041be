"""Kill a command with SIGKILL at random moments and start it again, until it has been killed often enough.

What the command is, and what must hold after a kill, is the caller's; so is fresh state when a run got to its end
before it could be killed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LIMIT_S = 300.0


@dataclass
class Killed:
    """What was done."""

    seed: int
    delays: list[float] = field(default_factory=list)
    """Seconds from the moment the command was ready to its kill, of the kills that count."""
    not_counted: int = 0
    """Kills before the first or after the last call."""
    finished: int = 0
    """Runs that got to their end before their kill."""


def run_killed(
    command: Sequence[str],
    env: Mapping[str, str] | None,
    kills: int,
    seed: int,
    delay_range: tuple[float, float],
    *,
    cwd: Path | None = None,
    before_start: Callable[[], None] = lambda: None,
    ready: Callable[[], bool] = lambda: True,
    after_kill: Callable[[int], bool | None] = lambda number: None,
    when_finished: Callable[[], None] = lambda: None,
    whole_group: bool = False,
) -> Killed:
    """Start ``command`` and kill it, again and again; the seed is printed, so that a failure can be repeated.

    Args:
        command: Started anew after each kill, always the same.
        env: Its environment, the caller's by default.
        kills: How many kills must count.
        seed: Of the random moments.
        delay_range: Seconds between ready and kill, drawn uniformly.
        cwd: Where it runs.
        before_start: Called before each start; notes what ``ready`` needs, say.
        ready: Asked every few milliseconds; from its first yes on the delay counts. For example: the server has seen a
            call of this run.
        after_kill: Called with the number of the kill when the process is gone; False means that it does not count.
        when_finished: Called when a run ended by itself before its kill: check what it made, and give it new work.
        whole_group: Kill all processes of its group, not only the command's own process.

    Raises:
        AssertionError: A run ended with another exit code than 0, or was never ready.
    """
    print(f"kills at random moments: seed {seed}", file=sys.stderr)
    moments, done = random.Random(seed), Killed(seed)
    while len(done.delays) < kills:
        delay = moments.uniform(*delay_range)
        before_start()
        with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as what the process leaves behind
            process = subprocess.Popen(
                list(command), env=env, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                _wait_until_ready(ready, process)
                time.sleep(delay)
            finally:
                ended = process.poll()
                _kill(process, whole_group=whole_group)
                process.wait()
            output.seek(0)
            said = output.read().decode(errors="replace")
        if ended is not None:
            assert ended == 0, f"seed {seed}: exit code {ended}\n{said}"
            done.finished += 1
            when_finished()
        elif after_kill(len(done.delays)) is False:
            done.not_counted += 1
        else:
            done.delays.append(delay)
    return done


def _wait_until_ready(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _LIMIT_S
    while not ready() and process.poll() is None:
        assert time.monotonic() < end, "the command was never ready to be killed"
        time.sleep(0.005)


def _kill(process: subprocess.Popen[bytes], *, whole_group: bool) -> None:
    if whole_group:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        process.kill()
