"""kill -9 in the middle of Dagster runs: nothing lost, nothing repeated, the same tables byte for byte."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from genesys.calls.journal import Journal
from genesys.settings import load_settings
from genesys.tables.lake import Lake
from tests.support import shared_data
from tests.support.drive_calls import request_sha
from tests.support.killing import run_killed
from tests.support.openai_server import OpenAIServer

PROBLEMS, SAMPLES, KILLS = 24, 3, int(os.environ.get("GENESYS_KILLS", "4"))
SETTINGS = f"""
samples = {SAMPLES}
[sampling]
max_tokens = 256
[teacher]
kind = "openai"
model = "test-model"
base_urls = ["BASE_URL"]
concurrency = 4
[lanes.math]
shard_size = 10
sources = [{{ path = "problems.jsonl" }}]
"""


def prepare(folder: Path, base_url: str) -> Path:
    """Settings and problems that rules alone can curate."""
    (folder / "dagster").mkdir(parents=True)
    rows = [
        shared_data.numina_row(f"What is {n}+{n}? [[gold:{2 * n}]]", f"It is $\\boxed{{{2 * n}}}$.", str(2 * n), "sums")
        for n in range(10, 10 + PROBLEMS)
    ]
    shared_data.write(folder / "problems.jsonl", rows)
    (folder / "genesys.toml").write_text(SETTINGS.replace("BASE_URL", base_url))
    return folder


def command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.support.drive_pipeline", str(folder)]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"DAGSTER_HOME": str(folder / "dagster")}


def tables(folder: Path) -> dict[str, str]:
    """SHA-256 of every part of every table."""
    lake = Lake(load_settings(folder / "genesys.toml").path("{state}/lake"))
    found = {}
    for asset in (
        "math/ledger",
        "math/tasks",
        "math/generations",
        "math/verifications",
        "dataset/filtered",
        "dataset/sft",
    ):
        for partition in lake.partitions(asset):
            for campaign, part in lake.need(asset, partition).parts.items():
                assert not part.unfinished
                found[f"{asset}/{partition}/{campaign}"] = part.data.sha256
    return found


def durable_requests(folder: Path) -> set[str]:
    """The requests whose answers stand in the journal, as the server's log names them."""
    with Journal(folder / "state" / "journal", readonly=True) as journal:
        return {request_sha(entry) for segment in journal.segments() for entry in segment.entries(kind="chat")}


class Killing:
    """One state after another on which runs are killed, and what must hold of each."""

    def __init__(self, folder: Path, server: OpenAIServer, expected: dict[str, str]) -> None:
        self._folder, self._server, self._expected = folder, server, expected
        self._states = 0
        self.link = folder / "current"
        """The present state, under the name that the command is given."""
        self.fresh()

    def fresh(self) -> None:
        """A state on which nothing was run yet."""
        self.state = prepare(self._folder / f"killed-{self._states}", self._server.base_url)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(self.state)
        self._states += 1
        self._seen_before = len(self._server.log())
        self._durable: list[tuple[int, set[str]]] = []

    def called(self) -> bool:
        """Whether a call of the present run has arrived, so that a kill falls between the first and the last."""
        return len(self._server.log()) > self._seen_before

    def killed(self, _: int) -> bool:
        """Remember what was durable at this kill."""
        self._seen_before = len(self._server.log())
        self._durable.append((self._seen_before, durable_requests(self.state)))
        return True

    def finished(self) -> None:
        """A run got to its end: its tables are those of a run that nobody killed, and no durable call was repeated."""
        assert tables(self.state) == self._expected
        log = self._server.log()
        for position, durable in self._durable:
            repeated = [seen for seen in log[position:] if seen.sha256 in durable]
            assert not repeated, f"{len(repeated)} finished calls were made again"
        self.fresh()


@pytest.mark.timeout(3600)
def test_killed_dagster_runs_lose_and_repeat_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("GENESYS_KILL_SEED", str(random.randrange(10**6))))
    with OpenAIServer(log=tmp_path / "log.jsonl", latency_min=0.05, latency_max=0.4, p_right=0.6) as server:
        whole = prepare(tmp_path / "whole", server.base_url)
        subprocess.run(command(whole), check=True, env=environment(whole))
        expected = tables(whole)
        generations = [name for name in expected if name.startswith("math/generations")]
        assert len(generations) == 3
        killing = Killing(tmp_path, server, expected)
        run_killed(
            command(killing.link),
            environment(killing.link),
            KILLS,
            seed,
            (0.0, 1.5),
            ready=killing.called,
            after_kill=killing.killed,
            when_finished=killing.finished,
            whole_group=True,
        )
        subprocess.run(command(killing.link), check=True, env=environment(killing.link))
        killing.finished()
