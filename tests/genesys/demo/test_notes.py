"""The demo's answers are what their notes say: read by a person, and held against the verifier."""

import contextlib
import json
from collections import Counter
from typing import Any

import pytest

from genesys.curation.math.problem import read
from genesys.curation.math.rules import stated_answer
from genesys.demo.build import ANSWERS
from genesys.lanes import CODING
from genesys.quality.disputes import Ballot, find_dispute
from genesys.quality.votes import vote_of
from genesys.settings import DEMO, DisputeSettings
from genesys.sources import read_jsonl
from genesys.teachers.script import Script, ScriptedTask
from genesys.verifiers.runner import VerifierRunner
from tests.support.local_code_verifier import LocalCodeVerifier


def gold(task: ScriptedTask, row: dict[str, Any]) -> str:
    """The gold that curation gives the task."""
    if "numina_direct_question" in task.curator:
        return str(json.loads(task.curator["numina_direct_question"])["answer"])
    return stated_answer(read(row)) or str(json.loads(task.curator["numina_final_answer"])["answer"])


async def test_every_sample_of_a_math_problem_gets_the_verdict_that_its_note_says() -> None:
    files = ("numina_math_1_5.jsonl", "numina_math_cot.jsonl")
    rows = [row for name in files for _, row in read_jsonl(DEMO / name) if isinstance(row, dict)]
    samples, wrong, disputed = 0, [], []
    async with VerifierRunner() as runner:
        for task in Script.read(ANSWERS).task:
            row = next((row for row in rows if row["problem"].startswith(task.problem)), None)
            if row is None:
                continue  # of another lane
            ballots = []
            for number, sample in enumerate(task.sample):
                record = {
                    "problem_id": task.problem,
                    "task_type": "verifiable_math",
                    "verification_info": {"ground_truth": gold(task, row)},
                    "llm_response": sample.text.strip(),
                    "finish_reason": sample.finish_reason,
                }
                verdict = await runner.verify(record)
                score = verdict["score"]
                samples += 1
                if score != float(not sample.note.startswith("wrong")):
                    wrong.append((task.problem, number, score, sample.note))
                vote = None if score else vote_of(verdict, "verifiable_math", sample.finish_reason)
                said, written = (vote.answer, vote.written) if vote else (None, "")
                ballots.append(Ballot(str(number), "by hand", score == 1.0, said, written, sample.text))
            if dispute := find_dispute(task.problem, ballots, DisputeSettings()):
                disputed.append((task.problem, dispute.kind, dispute.leader.answer, "wrong by the gold" in sample.note))
    assert wrong == []
    assert disputed == [("A straight garden path is 60 m long.", "disputed", "13", True)]
    assert samples == 96


async def test_every_sample_of_a_coding_problem_gets_the_verdict_that_its_note_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LocalCodeVerifier, "limit_s", 1.0)
    statements = {}
    for name in ("apps", "code_contests", "codeforces", "taco"):
        for _, row in read_jsonl(DEMO / f"coding_{name}.jsonl"):
            with contextlib.suppress(ValueError):
                problem = CODING.read(row)
                statements.setdefault(problem.statement, problem)
    reasons: Counter[str] = Counter()
    for task in Script.read(ANSWERS).task:
        problem = next((p for statement, p in statements.items() if statement.startswith(task.problem)), None)
        for sample in task.sample if problem else ():
            info: dict[str, Any] = {"language": "python", "test_cases": list(problem.tests)}
            if problem.checker:
                info["checker"] = {"language": "python", "source": problem.checker.source}
            verdict = LocalCodeVerifier().verify({"llm_response": sample.text, "verification_info": info})
            assert (verdict["score"] == 1.0) is not sample.note.startswith("wrong"), (task.problem, sample.note)
            reasons[verdict["verification_result_info"].get("reason", "passed")] += 1
    assert reasons == {"passed": 7, "wrong answer": 6, "runtime error": 4, "no code": 2, "time limit": 1}
