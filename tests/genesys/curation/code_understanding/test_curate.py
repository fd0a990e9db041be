"""From a row to its tasks: what is asked, what is dropped and why, what a task holds; each flaw with its reason."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest

from genesys.calls.context import CallStats
from genesys.chat import ChatRequest
from genesys.curation.code_understanding import curate as lane_curate
from genesys.curation.code_understanding.evolve import SAME_BEHAVIOUR, TOO_NEAR
from genesys.faults import InfrastructureFault
from genesys.job import Job
from genesys.settings import load_settings
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.runner import VerifierRunner
from tests.genesys.curation.code_understanding.conftest import REGISTRY, Curate, answer, ledger_row
from tests.support.upstream.code_understanding import FLAWS, curator, flawed, rows, seed_rows
from tests.support.upstream.running import RunsHere

NEWS = next(rows(1))
SEED = next(seed_rows(1))


def row_of_depth(depth: int, upstream: dict[str, Any] = NEWS, language: str = "python") -> Any:
    """A row that draws this depth."""
    tried = (ledger_row(upstream, language, f"row {number}") for number in range(500))
    return next(row for row in tried if len(lane_curate.begin(row).design.kinds) == depth)


async def test_each_depth_makes_tasks_of_one_family_that_know_their_parents(curate: Curate) -> None:
    row = row_of_depth(3)
    outcome = await curate(row)
    assert outcome.status == "accepted"
    by_round: dict[int, list[dict[str, Any]]] = {}
    for task in outcome.records:
        by_round.setdefault(task["round"], []).append(task)
    assert sorted(by_round) == [0, 1, 2, 3]
    assert all(len(tasks) == lane_curate.TASKS for tasks in by_round.values())
    assert {task["family_id"] for task in outcome.records} == {row.problem_id}
    assert len({task["problem_id"] for task in outcome.records}) == len(outcome.records)
    for depth, tasks in by_round.items():
        parents = [task["problem_id"] for task in by_round.get(depth - 1, [])]
        assert all(task["parent_ids"] == parents for task in tasks)
        assert all(task["metadata"]["depth"] == depth == len(task["metadata"]["evolved_by"]) for task in tasks)
    kinds = lane_curate.begin(row).design.kinds
    assert by_round[3][0]["metadata"]["evolved_by"] == list(kinds)
    inputs = [task["metadata"]["input"] for tasks in by_round.values() for task in tasks]
    assert len(set(inputs)) == len(inputs), "each depth asks about other inputs"


async def test_a_task_shows_function_and_input_and_its_gold_passes(curate: Curate) -> None:
    outcome = await curate(row_of_depth(1, SEED))
    for task in outcome.records:
        told = task["metadata"]
        assert told["function"].rstrip() in task["prompt"]
        assert json.dumps(told["input"], ensure_ascii=False) in task["prompt"]
        truth = task["verification_info"]["ground_truth"]
        assert truth not in task["prompt"]
        assert SEED["idea"] not in task["prompt"]
        for response, score in ((task["gold_standard_solution"], 1.0), (lane_curate.gold_of(truth[:-1]), 0.0)):
            record = {"verification_info": task["verification_info"], "llm_response": response}
            assert CodeUnderstandingVerifier().verify(record)["score"] == score
        assert told["predicted_difficulty"] > told["depth"]
        assert told["input_chars"] == len(told["input"])
        assert told["seeds"] == [SEED["seed_id"]]
        names: dict[str, Any] = {}
        exec(told["function"], names)  # noqa: S102 - of the grammar in tests
        assert names["transform"](told["input"]) == truth


async def test_the_languages_of_a_row_are_one_family_with_ids_of_their_own(curate: Curate) -> None:
    found = [await curate(ledger_row(NEWS, language)) for language in ("python", "javascript", "rust", "cpp")]
    ids = [task["problem_id"] for outcome in found for task in outcome.records]
    assert len(set(ids)) == len(ids)
    assert {task["family_id"] for outcome in found for task in outcome.records} == {"row"}
    for outcome, language in zip(found, ("python", "javascript", "rust", "cpp"), strict=True):
        assert {task["metadata"]["language"] for task in outcome.records} == {language}
        assert all(f"```{language}\n" in task["prompt"] for task in outcome.records)


@pytest.mark.parametrize(("flaw", "reason"), FLAWS.items())
async def test_each_flaw_of_a_function_has_its_reason(curate: Curate, flaw: str, reason: str) -> None:
    outcome = await curate(ledger_row(flawed(flaw), ident=flaw))
    assert (outcome.status, outcome.reason) == ("rejected", reason)
    assert outcome.step in ("function is written", "function holds up")


async def test_rows_that_rules_drop_cost_nothing(curate: Curate) -> None:
    async def never(request: ChatRequest) -> str:
        raise AssertionError("the curator was asked")

    short = await curate(ledger_row({**NEWS, "text": "Too short to cut from."}), never)
    assert (short.reason, short.step) == ("text is too short", "has a text to cut inputs from")
    mail = "Write to the office at jane.doe@harbour-board.org or ring the bell there. "
    personal = await curate(ledger_row({**NEWS, "text": mail * 9}), never)
    assert (personal.reason, personal.step) == ("holds personal data", "no secrets or personal data")


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_expected_outputs_never_enter_the_sandbox_and_one_job_has_all_inputs(
    curate: Curate, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    jobs: list[Job] = []
    execute = RunsHere.execute
    monkeypatch.setattr(RunsHere, "execute", lambda self, job: (jobs.append(job), execute(self, job))[1])
    outcome = await curate(row_of_depth(2, language=language))
    assert len(jobs) == 2 * 3, "each function is run twice"
    assert [job.hash_seed for job in jobs] == [0, 1] * 3
    assert {len(job.runs) for job in jobs} == {len(jobs[0].runs)}
    sent = b"".join(job.source + b"".join(run.stdin for run in job.runs) for job in jobs)
    for task in outcome.records:
        assert task["verification_info"]["ground_truth"].encode() not in sent


def evolving_to(*codes: str) -> Any:
    """A curator that answers so to one question for a harder function after another, and else as ever."""
    left = list(codes)

    async def reply(request: ChatRequest) -> str:
        if request.name != "understanding_evolve" or not left:
            return curator(request)
        asked.append(request.messages[-1].content)
        code = left.pop(0)
        return f"```python\n{code or asked[-1].split('==========')[1].strip()}\n```"

    asked: list[str] = []
    reply.asked = asked  # type: ignore[attr-defined]
    return reply


FAILS = "def transform(s):\n    return s[7]\n"


@pytest.mark.parametrize(
    ("codes", "depth", "refused"),
    [
        (("", ""), 0, {SAME_BEHAVIOUR: 2}),
        (
            (FAILS, FAILS + "\n\ndef other(t):\n    return [ch for ch in t if ch > 'a'][1:]\n"),
            0,
            {TOO_NEAR: 1, "fails on an input": 1},
        ),
        (("def no(s):\n    return s\n",), 2, {"no function transform": 1}),
    ],
)
async def test_a_round_that_comes_to_nothing_is_asked_for_once_more_with_the_reason(
    curate: Curate, codes: tuple[str, ...], depth: int, refused: dict[str, int]
) -> None:
    reply = evolving_to(*codes)
    outcome = await curate(row_of_depth(2), reply)
    assert max(task["round"] for task in outcome.records) == depth
    found = outcome.records[0]["metadata"]["rounds_refused"]
    assert sum(found.values()) == len(codes)
    assert found == refused
    assert "An earlier attempt was refused" not in reply.asked[0]
    if len(reply.asked) > 1:
        assert any(f"An earlier attempt was refused: {reason}." in reply.asked[1] for reason in found)


async def test_a_round_that_does_the_same_in_other_words_is_refused(curate: Curate) -> None:
    row = row_of_depth(1)
    first = (await curate(row_of_depth(1))).records[0]["metadata"]["function"]
    longer = first.replace(
        "def transform(s: str) -> str:\n    return ",
        "def transform(s: str) -> str:\n    kept = []\n    for place in range(len(s)):\n        kept.append(s[place])\n"
        "    s = ''.join(kept)\n    return ",
    )
    assert longer != first
    outcome = await curate(row, evolving_to(longer, longer + "\nunused = [3, 4, 5, 6]\n"))
    assert {task["round"] for task in outcome.records} == {0}
    assert outcome.records[0]["metadata"]["rounds_refused"][SAME_BEHAVIOUR] >= 1


async def test_a_replay_makes_no_call_and_gives_the_same_tasks(curate: Curate) -> None:
    row, stats = row_of_depth(2), CallStats()
    first = await curate(row, segment="one")
    again = await curate(row, None, segment="one", replay=True, stats=stats)
    assert again == first
    assert (stats.made, stats.replayed > 10) == (0, True)


async def test_a_sandbox_that_is_away_drops_no_row(curate: Curate, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: Any, job: Job) -> Any:
        raise InfrastructureFault("the engine is away")

    monkeypatch.setattr(RunsHere, "execute", away)
    with pytest.raises(InfrastructureFault):
        await curate(ledger_row(NEWS))


async def test_a_gold_that_its_verifier_refuses_makes_no_task(curate: Curate) -> None:
    class Never(CodeUnderstandingVerifier):
        version = "never"

        def verify(self, result: Any) -> dict[str, Any]:
            return {"score": 0.0, "verification_result_info": {}}

    class Always(CodeUnderstandingVerifier):
        version = "always"

        def verify(self, result: Any) -> dict[str, Any]:
            return {"score": 1.0, "verification_result_info": {}}

    for verifier, reason in ((Never, "gold fails its own verifier"), (Always, "no mutant of the gold fails")):
        runner = VerifierRunner(REGISTRY | {"code_output_prediction": verifier})
        outcome = await curate(ledger_row(NEWS), answer, runner)
        assert (outcome.reason, outcome.step) == (reason, "gold passes its verifier")


def test_mutants_are_other_outputs() -> None:
    for output in ("a", "ab", "aa", "7", "x y", "漢字", "aaaa"):
        made = lane_curate.mutants(output)
        assert made
        assert output not in made


def sandbox_settings(isolation: str) -> Any:
    network = os.environ.get("GENESYS__SANDBOX__BUILD_NETWORK", "host")
    return load_settings(None, sandbox={"isolation": isolation, "build_network": network})


async def test_python_functions_by_plain_processes_with_one_of_chance_among_them(curate: Curate) -> None:
    async with VerifierRunner(settings=sandbox_settings("process")) as runner:
        kept = await curate(row_of_depth(1), answer, runner)
        dropped = await curate(ledger_row(flawed("chance")), answer, runner)
    assert kept.status == "accepted"
    assert {task["round"] for task in kept.records} == {0, 1}
    assert (dropped.reason, dropped.step) == ("non-deterministic", "function holds up")


@pytest.mark.docker
@pytest.mark.parametrize("language", ["python", "javascript", "rust", "cpp"])
async def test_functions_of_every_language_in_the_sandbox(curate: Curate, language: str) -> None:
    from genesys.sandbox.sandbox import missing

    settings = sandbox_settings("docker")
    if reason := missing(settings.sandbox):
        pytest.skip(reason)
    ends: Counter[str] = Counter()
    async with VerifierRunner(settings=settings) as runner:
        for number, upstream in enumerate((*rows(2, seed=3), *seed_rows(1, seed=3))):
            outcome = await curate(ledger_row(upstream, language, f"{language} {number}"), answer, runner)
            ends[outcome.status] += 1
            for task in outcome.records:
                assert task["metadata"]["toolchain"]
    assert ends == {"accepted": 3}
