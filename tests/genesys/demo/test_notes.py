"""The demo's answers are what their notes say: read by a person, and held against the verifier."""

import contextlib
import json
from collections import Counter
from typing import Any

import pytest

from genesys.curation.coding.curate import prompt
from genesys.curation.coding.preflight import fenced
from genesys.curation.coding.problem import CodeProblem, Solution
from genesys.curation.math.problem import read
from genesys.curation.math.rules import stated_answer
from genesys.curation.translated_coding.contract import Contract, contract
from genesys.curation.translated_coding.parent import read as read_parent
from genesys.curation.translated_coding.spelling import LANGUAGES
from genesys.demo.build import ANSWERS
from genesys.lanes import CODING, LANDING
from genesys.quality.disputes import Ballot, find_dispute
from genesys.quality.votes import vote_of
from genesys.sandbox.sandbox import Sandbox
from genesys.settings import DEMO, DisputeSettings, Settings
from genesys.sources.files import read_jsonl
from genesys.teachers.script import Script, ScriptedTask
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier, last_output
from genesys.verifiers.code_test_verifier import CodeVerifier
from genesys.verifiers.runner import VerifierRunner
from genesys.verifiers.thinking import after_thinking
from tests.support.local_code_verifier import LocalCodeVerifier
from tests.support.sandbox import opened


def answers_of(lane: str) -> list[ScriptedTask]:
    return [task for task in Script.read(ANSWERS).task if task.lane == lane]


def coding_problems() -> dict[str, CodeProblem]:
    """The demo's coding problems by their statements."""
    statements: dict[str, CodeProblem] = {}
    for name in ("apps", "code_contests", "codeforces", "taco"):
        for _, row in read_jsonl(DEMO / f"coding_{name}.jsonl"):
            with contextlib.suppress(ValueError):
                problem = CODING.read(row)
                statements.setdefault(problem.statement, problem)
    return statements


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
        for task in answers_of("math"):
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
    statements = coding_problems()
    reasons: Counter[str] = Counter()
    for task in answers_of("coding"):
        problem = next((p for statement, p in statements.items() if statement.startswith(task.problem)), None)
        for sample in task.sample if problem else ():
            info: dict[str, Any] = {"language": "python", "test_cases": list(problem.tests)}
            if problem.checker:
                info["checker"] = {"language": "python", "source": problem.checker.source}
            verdict = LocalCodeVerifier().verify({"llm_response": sample.text, "verification_info": info})
            assert (verdict["score"] == 1.0) is not sample.note.startswith("wrong"), (task.problem, sample.note)
            reasons[verdict["verification_result_info"].get("reason", "passed")] += 1
    assert reasons == {"passed": 7, "wrong answer": 6, "runtime error": 4, "no code": 2, "time limit": 1}


async def test_every_sample_of_a_landed_task_gets_the_verdict_that_its_note_says() -> None:
    tasks = []
    for _, row in read_jsonl(DEMO / "landing.jsonl"):
        with contextlib.suppress(ValueError):
            tasks.append(LANDING.read(row))
    wrong, samples = [], 0
    async with VerifierRunner(settings=Settings(sandbox={"isolation": "process"})) as runner:
        for written in Script.read(ANSWERS / "landing.toml").task:
            task = next(task for task in tasks if task.prompt.startswith(written.problem))
            for number, sample in enumerate(written.sample):
                samples += 1
                if sample.judged is not None:
                    score = float(sample.judged >= 0.8)
                else:
                    score = (await runner.verify(dict(task) | {"llm_response": sample.text.strip()}))["score"]
                if (score == 1.0) is sample.note.startswith("wrong"):
                    wrong.append((written.problem, number, score))
    assert wrong == []
    assert samples == 36


@pytest.mark.docker
def test_every_program_in_another_language_gets_the_verdict_that_is_written_beside_it() -> None:
    statements, reasons, failed = coding_problems(), Counter[str](), 0
    with opened("docker") as sandbox:

        class Verifier(CodeVerifier):
            def open_sandbox(self) -> Sandbox:
                return sandbox

        for task in answers_of("translated_coding"):
            problem = next(problem for statement, problem in statements.items() if statement.startswith(task.problem))
            made = {language: translated(problem, language) for language in LANGUAGES}
            for sample in task.sample:
                verdict = verified(Verifier(), made[sample.language or ""], sample.text, problem)
                assert (verdict["score"] == 1.0) is not sample.note.startswith("wrong"), (task.problem, sample, verdict)
                reasons[verdict["verification_result_info"]["reason"]] += 1
            for fails in task.fails:
                said = next(one for one in task.said if one.block and fails.program in one.block)
                language = next(name for name in LANGUAGES if f"```{name} block" in said.when)
                program = fenced(Solution(language, said.block or ""))
                info = verified(Verifier(), made[language], program, problem)["verification_result_info"]
                assert info["first_failure"]["index"] == fails.test
                assert info["measured"]["first_failure"]["got"] == fails.got
                failed += 1
    assert reasons == {"passed": 25, "wrong answer": 18, "runtime error": 4, "compile error": 4, "no code": 1}
    assert failed == 4


def translated(problem: CodeProblem, language: str) -> Contract:
    info: dict[str, Any] = {"language": "python", "test_cases": list(problem.tests)}
    if problem.checker:
        info["checker"] = {"language": "python", "source": problem.checker.source}
    gold = problem.golds[0].source if problem.golds else None
    row = {"problem_id": "p", "task_type": "verifiable_code", "prompt": prompt(problem), "gold_standard_solution": gold}
    made = contract(read_parent(row | {"verification_info": info, "metadata": {}}), language)
    assert isinstance(made, Contract)
    return made


def verified(verifier: CodeVerifier, made: Contract, response: str, problem: CodeProblem) -> dict[str, Any]:
    metadata = {"time_limit": problem.time_limit}
    return verifier.verify(
        {"source": "demo", "llm_response": response, "verification_info": made.info, "metadata": metadata}
    )


def test_every_sample_of_a_code_understanding_task_is_what_its_note_says() -> None:
    """The outputs themselves are found by running, in the demo; here: what is right is said the same way by all."""
    verifier, kept = CodeUnderstandingVerifier(), Counter[str]()
    for task in Script.read(ANSWERS).task:
        for when in {sample.when for sample in task.sample} if task.lane == "code_understanding" else ():
            samples = [sample for sample in task.sample if sample.when == when]
            assert len(samples) == 4, when
            right = [last_output(after_thinking(one.text)) for one in samples if not one.note.startswith("wrong")]
            assert len({str(said) for said in right}) == 1, when
            truth = str(right[0][0][0])
            for sample in samples:
                record = {"verification_info": {"ground_truth": truth}, "llm_response": sample.text.strip()}
                score = verifier.verify(record)["score"]
                assert score == float(not sample.note.startswith("wrong")), (when, sample.note)
            kept[str(samples[0].language)] += 1
    assert kept == {"python": 14, "javascript": 6, "rust": 4, "cpp": 2}
