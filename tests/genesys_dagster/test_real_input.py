"""Real problems through the whole graph: labelled GSM8K responses, replayed, give the labelled pass rate."""

from pathlib import Path

import dagster as dg

from genesys.demo.build import build_recorded
from genesys.lanes import LANES
from genesys.lineage.audit import audit
from genesys.settings import Settings, load_settings
from genesys.stores import open_journal, open_lake
from genesys.teachers.script import Sample, Script, ScriptedTask
from genesys_dagster.pipeline import Pipeline
from tests.support import shared_data

pytestmark = shared_data.needs_shared_data

CHECKABLE = '{"checkable": true, "kind": "final_answer", "why": "one number"}'
SETTINGS = """
samples = 2
[curator]
kind = "recorded"
id = "labelled"
journal = "{state}/recorded"
[teacher]
kind = "recorded"
id = "labelled"
journal = "{state}/recorded"
[lanes.math]
shard_size = 128
sources = [{ path = "gsm8k.jsonl", license = "MIT" }]
"""


def labelled_settings(folder: Path) -> tuple[Settings, int, int]:
    """Settings over the problems that have labelled responses, recorded; how many problems, and how many right."""
    responses = shared_data.gsm8k_responses()
    rows = [row for row in shared_data.gsm8k() if row["problem"] in responses]
    shared_data.write(folder / "gsm8k.jsonl", rows)
    (folder / "genesys.toml").write_text(SETTINGS)
    settings = load_settings(folder / "genesys.toml")
    script = Script(
        task=tuple(
            ScriptedTask(
                problem=row["problem"],
                curator={"numina_checkable": CHECKABLE},
                sample=tuple(Sample(text=r["llm_response"]) for r in responses[row["problem"]]),
            )
            for row in rows
        )
    )
    build_recorded(settings, script)
    right = sum(r["expected_score"] for row in rows for r in responses[row["problem"]])
    return settings, len(rows), int(right)


def test_labelled_gsm8k_responses_give_the_labelled_pass_rate_and_every_trace_audits(tmp_path: Path) -> None:
    settings, problems, right = labelled_settings(tmp_path)
    assert problems > 300
    with dg.DagsterInstance.ephemeral() as instance, Pipeline(settings, instance) as pipeline:
        ends = list(pipeline.runs())
    assert [end for end in ends if not end.success or end.problems] == []

    lake = open_lake(settings)
    rows = verdicts = accepted = 0
    for shard in lake.partitions("math/verifications"):
        tasks = lake.need("math/tasks", shard).counts
        assert tasks.accepted == tasks.rows, "every labelled problem is a task"
        counts = lake.need("math/verifications", shard).counts
        assert counts.balanced
        rows, verdicts, accepted = rows + tasks.rows, verdicts + counts.rows, accepted + counts.accepted
    assert rows == problems
    assert (verdicts, accepted) == (2 * problems, right)

    traces = list(lake.rows("dataset/sft"))
    chosen = lake.need("dataset/filtered").counts
    assert chosen.dropped.pop("verdict") == verdicts - right
    (part,) = lake.need("dataset/sft").parts.values()
    assert len(traces) + part.companions["test"].rows == right - chosen.dropped.total()
    assert set(chosen.dropped) == {"near-duplicate responses"}, "two models that solve it in nearly the same words"
    with open_journal(settings, readonly=True) as journal:
        for trace in traces:
            assert audit(lake, journal, LANES.values(), trace["response_id"]).agrees, trace["response_id"]
