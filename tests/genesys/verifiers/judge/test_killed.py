"""kill -9 in the midst of verdicts: what a judge has answered durably it is not asked again."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.journal import Journal
from tests.support.drive_judging import SEGMENT, calls_of, request_sha
from tests.support.judge_server import JudgeServer
from tests.support.killing import run_killed

REPO = Path(__file__).parents[4]
KILLS = int(os.environ.get("GENESYS_KILLS", "4"))
SEED = int(os.environ.get("GENESYS_KILL_SEED", str(random.SystemRandom().randrange(2**31))))
ROWS = 30 * KILLS


def command(server: JudgeServer, folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.support.drive_judging", str(folder), server.base_url, str(ROWS)]


def run(server: JudgeServer, folder: Path) -> dict[str, Any]:
    done = subprocess.run(command(server, folder), cwd=REPO, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def durable(folder: Path) -> set[str]:
    if not any(folder.rglob("*.journal")):
        return set()
    with Journal(folder, readonly=True) as journal:
        return {request_sha(entry) for entry in journal.segment(SEGMENT).entries(kind="chat")}


def verdicts(folder: Path) -> int:
    with Journal(folder, readonly=True) as journal:
        return sum(1 for _ in journal.segment(SEGMENT).entries(kind="verdict"))


@pytest.mark.slow
@pytest.mark.timeout(120 + 30 * KILLS)
def test_killed_in_the_midst_of_verdicts(tmp_path: Path) -> None:
    here = tmp_path / "journal"
    kept: list[tuple[int, set[str]]] = []
    in_the_midst = 0
    with JudgeServer(latency_min=0.02, latency_max=0.1) as server:

        def arrivals() -> list[str]:
            return [seen.sha256 for seen in server.log()]

        def after_kill(number: int) -> bool:
            nonlocal in_the_midst
            found = durable(here)
            kept.append((len(arrivals()), found))
            in_the_midst += len(found) > verdicts(here) * (calls_of(1) - 1) if found else 0
            return bool(found)

        size = {"log": 0}
        run_killed(
            command(server, here),
            None,
            KILLS,
            SEED,
            (0.05, 0.6),
            cwd=REPO,
            before_start=lambda: size.update(log=server.log_path.stat().st_size),
            ready=lambda: server.log_path.stat().st_size > size["log"],
            after_kill=after_kill,
        )
        ended = run(server, here)
        seen = arrivals()
    assert in_the_midst, "no kill left a verdict half reached"
    for position, before in kept:
        assert not before & set(seen[position:]), f"what was durable was asked again (seed {SEED})"
    assert len(set(seen)) == calls_of(ROWS) - ROWS == len(durable(here))
    assert len(ended["scores"]) == ROWS
    assert all(score == float(int(ident[2:]) % 3 > 0) for ident, score in ended["scores"].items())
    assert ended["made"] + ended["replayed"] == calls_of(ROWS)
