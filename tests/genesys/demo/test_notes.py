"""The demo's answers are what their notes say: read by a person, and held against the verifier."""

import json
from typing import Any

from genesys.curation import numina_rules
from genesys.demo.build import ANSWERS
from genesys.settings import DEMO
from genesys.sources import read_jsonl
from genesys.teachers.script import Script, ScriptedTask
from genesys.verifiers.runner import VerifierRunner


def gold(task: ScriptedTask, row: dict[str, Any]) -> str:
    """The gold that curation gives the task."""
    if "numina_direct_question" in task.curator:
        return str(json.loads(task.curator["numina_direct_question"])["answer"])
    return numina_rules.stated_answer(row) or str(json.loads(task.curator["numina_final_answer"])["answer"])


async def test_every_sample_gets_the_verdict_that_its_note_says() -> None:
    files = ("numina_math_1_5.jsonl", "numina_math_cot.jsonl")
    rows = [row for name in files for _, row in read_jsonl(DEMO / name) if isinstance(row, dict)]
    samples, wrong = 0, []
    async with VerifierRunner() as runner:
        for task in Script.read(ANSWERS).task:
            row = next(row for row in rows if row["problem"].startswith(task.problem))
            for number, sample in enumerate(task.sample):
                record = {
                    "problem_id": task.problem,
                    "task_type": "verifiable_math",
                    "verification_info": {"ground_truth": gold(task, row)},
                    "llm_response": sample.text.strip(),
                    "finish_reason": sample.finish_reason,
                }
                score = (await runner.verify(record))["score"]
                samples += 1
                if score != float(not sample.note.startswith("wrong")):
                    wrong.append((task.problem, number, score, sample.note))
    assert wrong == []
    assert samples == 92
