"""Rules first, and judges only where they reject: off by default, marked where it is on, and never over no answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from genesys.calls.verdicts import Subject
from genesys.choices import Acceptance
from genesys.faults import GenesysError, TaskFault
from genesys.settings import Settings
from genesys.stages.verdicts import verdict_on
from genesys.verifiers.after_rules import JUDGED, RULE
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.llm_judge_verifier import LlmJudgeVerifier
from genesys.verifiers.runner import VerifierRunner
from tests.support.judge_server import JudgeServer
from tests.support.judging import GOLD, WRONG, Court, court, judge_role, record, settings_of


class Ruled(BaseVerifier):
    """Rules that know one word alone."""

    version: ClassVar[str] = "7"
    info: ClassVar[dict[str, Any]] = {}

    def verify(self, result: Any) -> dict[str, Any]:
        if result["llm_response"] == "task fault":
            raise TaskFault("rules cannot say")
        accepts = result["llm_response"] == "exactly"
        info = {"rule": "boxed/text" if accepts else "boxed/different", "extracted_answer": "x", **self.info}
        return {"score": float(accepts), "verification_result_info": info}


class Programs(Ruled):
    executes = True


REGISTRY: dict[str, type[Any]] = {"ruled": Ruled, "programs": Programs, JUDGED: LlmJudgeVerifier}


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as server:
        yield server


async def response_verdict(
    judges: Court, response: str, **changes: Any
) -> tuple[float | None, dict[str, Any], str | None]:
    judged = record(response, task_type="ruled", **changes)
    calls = judges.calls()
    found = await verdict_on(Subject.of(judged), calls, Settings().acceptance)
    assert calls.entries[-1].kind == "verdict"
    return found


async def test_it_is_off_by_default(server: JudgeServer, tmp_path: Path) -> None:
    async with court(tmp_path, settings_of(server), REGISTRY) as judges:
        score, info, reason = await response_verdict(judges, GOLD)
    assert (score, info["rule"], reason) == (0.0, "boxed/different", "wrong answer")


async def test_judges_are_asked_where_rules_reject(server: JudgeServer, tmp_path: Path) -> None:
    before = server.stats()["requests"]
    async with court(tmp_path, settings_of(server, after_rules=("ruled",)), REGISTRY) as judges:
        score, info, reason = await response_verdict(judges, "exactly")
        assert (score, info["rule"], reason) == (1.0, "boxed/text", None)
        assert server.stats()["requests"] == before, "what rules accept is no judge's business"
        score, info, reason = await response_verdict(judges, GOLD)
        assert (score, info["rule"], reason) == (1.0, RULE, None)
        assert info["ruled"] == {"score": 0.0, "rule": "boxed/different"}
        assert info["judged"]["score"] == 1.0
        assert len(info["judged"]["votes"]) == 2
        assert info["extracted_answer"] == "x"
        score, info, reason = await response_verdict(judges, WRONG)
        assert (score, info["rule"], reason) == (0.0, RULE, "wrong answer")


@pytest.mark.parametrize(
    "info",
    [{"rule": "boxed/no-answer"}, {"rule": "boxed/time-limit"}, {"rule": "x/worker-died"}, {"reason": "no answer"}],
)
async def test_what_has_no_answer_or_came_to_no_end_stays_with_the_rules(
    server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, info: dict[str, Any]
) -> None:
    monkeypatch.setattr(Ruled, "info", info)
    before = server.stats()["requests"]
    async with court(tmp_path, settings_of(server, "generous", after_rules=("ruled",)), REGISTRY) as judges:
        score, found, _ = await response_verdict(judges, GOLD)
    assert score == 0.0
    assert found.items() >= info.items()
    assert server.stats()["requests"] == before


async def test_golds_of_the_curation_are_the_rules_alone(server: JudgeServer, tmp_path: Path) -> None:
    async with court(tmp_path, settings_of(server, "generous", after_rules=("ruled",)), REGISTRY) as judges:
        verdict = await judges.verdict(record(GOLD, task_type="ruled"))
    assert verdict == {"score": 0.0, "verification_result_info": {"rule": "boxed/different", "extracted_answer": "x"}}


async def test_the_task_fault_of_one_does_not_become_the_others_verdict(server: JudgeServer, tmp_path: Path) -> None:
    async with court(tmp_path, settings_of(server, "generous", after_rules=("ruled",)), REGISTRY) as judges:
        assert await response_verdict(judges, "task fault") == (None, {"fault": "rules cannot say"}, "task fault")
        score, info, _ = await response_verdict(judges, WRONG, gold_standard_solution="")
    assert (score, info["rule"]) == (0.0, "boxed/different")
    assert "nothing to compare" in info["judge_after_rules"]["fault"]


def identity(settings: Settings, task_type: str) -> tuple[str, str]:
    runner = VerifierRunner(REGISTRY, settings=settings)
    return runner.identity(runner.response_kind(task_type))


def test_name_and_version_show_it(server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, union = settings_of(server), settings_of(server, after_rules=("ruled",))
    assert identity(plain, "ruled") == ("Ruled", "7")
    name, version = identity(union, "ruled")
    assert name == "RuledThenLlmJudgeVerifier"
    assert version.startswith("judge-after-rules-")
    assert identity(settings_of(server, "generous", after_rules=("ruled",)), "ruled")[1] != version
    monkeypatch.setattr(Ruled, "version", "8")
    assert identity(union, "ruled")[1] != version
    assert identity(union, JUDGED) == identity(plain, JUDGED)


async def test_it_is_refused_where_it_would_mean_nothing(server: JudgeServer) -> None:
    for task_type, why in (("programs", "tests no judge can outvote"), (JUDGED, "judged already")):
        async with VerifierRunner(REGISTRY, settings=settings_of(server, after_rules=(task_type,))) as runner:
            assert why in str(await runner.ready(task_type))


def test_a_misspelt_task_type_is_an_error(server: JudgeServer) -> None:
    with pytest.raises(GenesysError, match=r"after_rules: no verifier for ruledd \(known: .*ruled"):
        VerifierRunner(REGISTRY, settings=settings_of(server, after_rules=("ruledd",)))


async def test_no_judge_is_said_before_any_row(server: JudgeServer) -> None:
    settings = settings_of(server, after_rules=("ruled",)).model_copy(update={"judge": judge_role(server, kind="x")})
    async with VerifierRunner(REGISTRY, settings=settings) as runner:
        assert await runner.ready("ruled") is None
    nobody = Settings(judging=settings.judging)
    async with VerifierRunner(REGISTRY, settings=nobody) as runner:
        assert "no judge is set up" in str(await runner.ready("ruled"))


def test_the_least_score_that_keeps_judges_out_is_part_of_the_version(server: JudgeServer) -> None:
    settings = settings_of(server, after_rules=("ruled",))
    lower = settings.model_copy(
        update={"acceptance": Acceptance(by_task_type={**settings.acceptance.by_task_type, "ruled": 0.5})}
    )
    found = [VerifierRunner(REGISTRY, settings=one).identity("ruled+judge") for one in (settings, lower)]
    assert found[0] != found[1]
