"""A whole lane by batches: killed while one is under way, it makes the tables that direct calls make."""

import subprocess
import time
from collections import Counter
from pathlib import Path

import dagster as dg
import pytest

from genesys.settings import load_settings
from genesys_dagster.pipeline import Pipeline, RunEnd
from tests.genesys_dagster.test_killed_runs import command, environment, tables
from tests.support import shared_data
from tests.support.judge_server import JudgeServer
from tests.support.openai_server import OpenAIServer

ROLE = """
kind = "openai"
model = "{model}"
base_urls = ["{server.base_url}"]
"""
SETTINGS = """
samples = 2
[sampling]
max_tokens = 256
[judging]
after_rules = ["verifiable_math"]
votes = 1
[lanes.math]
sources = [{ path = "problems.jsonl" }]
"""
BATCH = "batch = { quiet = 0.3, poll = 0.1, longest_poll = 0.2 }\n"


def prepare(folder: Path, server: OpenAIServer, judges: JudgeServer, *, batch: bool) -> Path:
    """Three problems: one whose answer the curator is asked for, and a judge who is asked after the rules."""
    (folder / "dagster").mkdir(parents=True)
    rows = [
        shared_data.numina_row(f"What is {n}+{n}? [[gold:{2 * n}]]", f"It is $\\boxed{{{2 * n}}}$.", str(2 * n), "sums")
        for n in (10, 11, 12)
    ]
    rows[0] |= {"answer": "", "solution": "Twice ten makes 20."}
    shared_data.write(folder / "problems.jsonl", rows)
    cast = {"curator": ("reader", server), "teacher": ("writer", server), "judge": ("honest", judges)}
    sections = "".join(
        f"[{role}]" + ROLE.format(model=model, server=place) + BATCH * batch for role, (model, place) in cast.items()
    )
    (folder / "genesys.toml").write_text(SETTINGS.replace("[sampling]", sections + "[sampling]"))
    return folder


def run(folder: Path) -> list[RunEnd]:
    settings = load_settings(folder / "genesys.toml")
    with dg.DagsterInstance.ephemeral() as instance, Pipeline(settings, instance) as pipeline:
        return list(pipeline.runs())


@pytest.mark.slow  # two whole lanes through Dagster, and a process that is killed in a third
def test_a_lane_by_batches_killed_on_its_way_has_the_tables_of_direct_calls(tmp_path: Path) -> None:
    with OpenAIServer(p_right=0.4, answer_chars=120) as server, JudgeServer() as judges:
        direct = prepare(tmp_path / "direct", server, judges, batch=False)
        assert all(end.success for end in run(direct))
        before = [len(place.log()) for place in (server, judges)]
        assert min(before) > 0, "curator, teacher and judge are all asked"

        batched = prepare(tmp_path / "batched", server, judges, batch=True)
        server.control(batch_hold=True)
        process = subprocess.Popen(command(batched), env=environment(batched))
        try:
            latest = time.monotonic() + 120
            while not server.batches()["batches"]:
                assert time.monotonic() < latest, "no batch was sent"
                assert process.poll() is None, "it ended before it was killed"
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
        server.control(batch_hold=False)
        assert all(end.success for end in run(batched))

        assert tables(batched) == tables(direct)
        for place, count in zip((server, judges), before, strict=True):
            paid = Counter(seen.sha256 for seen in place.log()[count:])
            assert paid.total() == count, "each call was made by batch"
            assert set(paid.values()) == {1}, "nothing is paid twice"
        models = {batch["model"] for place in (server, judges) for batch in place.batches()["batches"]}
        assert models == {"reader", "writer", "honest"}
