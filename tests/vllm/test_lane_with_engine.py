"""Real problems through the whole graph with a real vLLM engine as the teacher: noise, so none may be accepted."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from genesys.demo.build import build_recorded
from genesys.settings import Settings, load_settings
from genesys.stores import open_lake
from genesys.teachers.script import Script, ScriptedTask
from genesys_dagster.pipeline import Pipeline
from tests.support import shared_data
from tests.vllm.conftest import RunningEngine

pytestmark = [pytest.mark.vllm, shared_data.needs_shared_data, pytest.mark.timeout(1800)]

SETTINGS = """
samples = 1
[sampling]
temperature = 1.0
max_tokens = 48
[curator]
kind = "recorded"
id = "rules-and-recorded-answers"
journal = "{state}/recorded"
[teacher]
kind = "TEACHER"
id = "tiny-random-qwen2"
model = "tiny-random-qwen2"
base_urls = ["ENGINE"]
journal = "{state}/recorded"
concurrency = 64
[benchmarks]
default = false

[lanes.math]
shard_size = 1024
sources = [{ path = "math500.jsonl" }, { path = "olympiadbench.jsonl" }, { path = "gsm8k.jsonl" }]
"""


def settings_for(folder: Path, teacher: str, engine: str = "") -> Settings:
    (folder / "genesys.toml").write_text(SETTINGS.replace("TEACHER", teacher).replace("ENGINE", engine))
    return load_settings(folder / "genesys.toml")


def record_curator(folder: Path) -> int:
    """Recorded curator answers for what the rules leave open: every problem has an answer that can be checked."""
    rows = {
        "math500": shared_data.math500(),
        "olympiadbench": shared_data.olympiadbench(),
        "gsm8k": shared_data.gsm8k(),
    }
    for name, found in rows.items():
        shared_data.write(folder / f"{name}.jsonl", found)
    problems = {row["problem"]: row for found in rows.values() for row in found}
    direct = '{"possible": false, "problem": "", "answer": "", "why": "options are the question"}'
    script = Script.model_construct(
        task=tuple(
            ScriptedTask.model_construct(
                problem=problem,
                curator={
                    "numina_checkable": '{"checkable": true, "kind": "final_answer", "why": ""}',
                    "numina_direct_question": direct,
                    "numina_final_answer": '{"found": false, "answer": "", "why": ""}',
                },
                sample=(),
            )
            for problem in problems
        )
    )
    build_recorded(settings_for(folder, "recorded"), script)
    return sum(map(len, rows.values()))


def test_a_random_model_is_never_accepted_and_all_sums_hold(vllm_engine: RunningEngine, tmp_path: Path) -> None:
    total = record_curator(tmp_path)
    settings = settings_for(tmp_path, "openai", vllm_engine.base_url)
    with dg.instance_for_test() as instance, Pipeline(settings, instance) as pipeline:
        ends = list(pipeline.runs())
    assert [end for end in ends if not end.success or end.problems] == []

    lake = open_lake(settings)
    assert lake.need("math/withdrawn").counts.rows == total
    tasks = responses = verdicts = refused = tokens = 0
    for shard in lake.partitions("math/tasks"):
        tables = ("tasks", "generations", "verifications")
        curated, sampled, judged = (lake.need(f"math/{name}", shard) for name in tables)
        for manifest in (curated, sampled, judged):
            assert manifest.counts.balanced
            assert not manifest.counts.errored
        assert judged.counts.accepted == 0
        assert (sampled.counts.rows, judged.counts.rows) == (curated.counts.accepted, sampled.counts.accepted)
        tasks, responses = tasks + curated.counts.accepted, responses + sampled.counts.rows
        verdicts, tokens = verdicts + judged.counts.rows, tokens + sampled.figure("completion_tokens")
        # Prompts over the tiny context window: the engine refuses them, and that is the task's fault.
        refused += sampled.counts.rejected["task fault"]
    assert tasks == responses == verdicts + refused
    assert refused < 10
    assert tasks > 0.9 * total
    assert tokens > tasks
    assert list(lake.rows("dataset/sft")) == []
