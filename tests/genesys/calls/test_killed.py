"""kill -9 at random moments: nothing that was durable is called again, and the table is that of an uninterrupted run.

GENESYS_KILLS=100 makes it long; GENESYS_KILL_SEED repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.journal import Journal
from genesys.tables.lake import Lake
from tests.support.drive_calls import ASSET, PARTITION, SEGMENT, calls_of, request_sha
from tests.support.killing import run_killed
from tests.support.openai_server import OpenAIServer

REPO = Path(__file__).parents[3]
KILLS = int(os.environ.get("GENESYS_KILLS", "10"))
SEED = int(os.environ.get("GENESYS_KILL_SEED", str(random.SystemRandom().randrange(2**31))))
ROWS, SAMPLES, CONCURRENCY = 250, 4, 8


def drive(server: OpenAIServer, folder: Path, rows: int = ROWS) -> list[str]:
    return [sys.executable, "-m", "tests.support.drive_calls", "--journal", str(folder / "journal"), "--lake",
            str(folder / "lake"), "--base-url", server.base_url, "--rows", str(rows), "--samples", str(SAMPLES),
            "--concurrency", str(CONCURRENCY)]  # fmt: skip


def run(server: OpenAIServer, folder: Path, rows: int = ROWS) -> dict[str, Any]:
    done = subprocess.run(drive(server, folder, rows), cwd=REPO, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def durable(folder: Path) -> set[str]:
    """The requests whose answers stand in the journal, as the server's log names them; its account says the same."""
    with Journal(folder / "journal", readonly=True) as journal:
        entries, spent = list(journal.segment(SEGMENT).entries()), journal.segment(SEGMENT).spent().values()
    assert sum(used.calls for used in spent) == len(entries)
    told = [entry.result["answer"]["completion_tokens"] for entry in entries]
    assert sum(used.completion_tokens for used in spent) == sum(told)
    return {request_sha(entry) for entry in entries}


class Campaign:
    """One run from an empty folder to its end, however often it is killed; then the next."""

    def __init__(self, server: OpenAIServer, base: Path) -> None:
        self.server, self.base = server, base
        self.number = 0
        self.finished: list[Path] = []
        self.sealed: set[str] = set()
        self.repeated_in_flight = 0
        self._begin()

    def _begin(self) -> None:
        self.number += 1
        self.folder = self.base / "now"
        self.first_request = len(self.server.log())
        self.kept: list[tuple[int, set[str]]] = []
        """After each kill: how far the server's log was, and what was durable."""

    def seen(self) -> list[str]:
        return [request.sha256 for request in self.server.log()[self.first_request :]]

    def before_start(self) -> None:
        self._log_bytes = self.server.log_path.stat().st_size

    def ready(self) -> bool:
        """A call of the run that was started last has reached the server."""
        return self.server.log_path.stat().st_size > self._log_bytes

    def after_kill(self, number: int) -> bool:
        here = self.folder / "journal"
        kept = durable(self.folder) if any(here.rglob("*.journal")) else set()
        self.kept.append((len(self.seen()), kept))
        return 0 < len(kept) < calls_of(ROWS, SAMPLES)

    def finish(self) -> None:
        """The run has ended by itself: look at all of it, and begin anew."""
        seen = self.seen()
        for position, kept in self.kept:
            again = kept & set(seen[position:])
            assert not again, f"{len(again)} calls that were durable were made again (seed {SEED})"
        answers = calls_of(ROWS, SAMPLES)
        assert len(set(seen)) == len(durable(self.folder)) == answers
        # In flight at the server, or answered and on their way to the disk.
        assert len(seen) - answers <= 2 * CONCURRENCY * len(self.kept)
        self.repeated_in_flight += len(seen) - answers
        rows = [(row["row"], row["sample_index"]) for row in Lake(self.folder / "lake").rows(ASSET, PARTITION)]
        assert rows == [(row, sample) for row in range(ROWS) for sample in range(SAMPLES)]
        (part,) = Lake(self.folder / "lake").need(ASSET, PARTITION).parts.values()
        self.sealed.add(part.data.sha256)
        self.folder.rename(self.base / f"run-{self.number}")
        self._begin()


@pytest.mark.slow
@pytest.mark.timeout(60 + 30 * KILLS)
def test_killed_at_random_moments(tmp_path: Path) -> None:
    with OpenAIServer(latency_min=0.01, latency_max=0.06) as server:
        campaign = Campaign(server, tmp_path)
        killed = run_killed(
            drive(server, tmp_path / "now"),
            None,
            KILLS,
            SEED,
            (0.0, 0.8),
            cwd=REPO,
            before_start=campaign.before_start,
            ready=campaign.ready,
            after_kill=campaign.after_kill,
            when_finished=campaign.finish,
        )
        run(server, tmp_path / "now")
        campaign.finish()
        uninterrupted = run(server, tmp_path / "whole")
    print(f"{len(killed.delays)} kills, {killed.not_counted} not counted, {campaign.number - 1} runs, "
          f"{campaign.repeated_in_flight} calls in flight repeated", file=sys.stderr)  # fmt: skip
    assert campaign.sealed == {uninterrupted["sha256"]}
    assert uninterrupted["made"] == calls_of(ROWS, SAMPLES)


def wait_for(server: OpenAIServer, completed: int) -> None:
    while server.stats()["completed"] < completed:
        time.sleep(0.01)


def test_two_runs_at_once_share_every_call(tmp_path: Path) -> None:
    """Two processes start the same stage; one of them is killed. Each call is seen by the server once."""
    with OpenAIServer(latency_min=0.01, latency_max=0.06) as server:
        command = drive(server, tmp_path, 80)
        first = subprocess.Popen(command, cwd=REPO, stdout=subprocess.DEVNULL)
        wait_for(server, 30)
        second = subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True)
        wait_for(server, 200)
        assert first.poll() is None
        first.kill()
        first.wait()
        found = json.loads(second.communicate()[0].splitlines()[-1])
        seen = [request.sha256 for request in server.log()]
        alone = run(server, tmp_path / "alone", 80)
    assert second.returncode == 0
    assert len(set(seen)) == calls_of(80, SAMPLES)
    assert len(seen) - len(set(seen)) <= 2 * CONCURRENCY
    assert found["sha256"] == alone["sha256"]
    assert found["replayed"] > 0, "the two did not share"


def test_the_names_of_requests_are_those_of_the_log(tmp_path: Path) -> None:
    """What the test above rests on."""
    with OpenAIServer() as server:
        run(server, tmp_path, 3)
        assert durable(tmp_path) == {request.sha256 for request in server.log()}
