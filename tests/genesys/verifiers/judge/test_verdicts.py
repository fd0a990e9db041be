"""Whole verdicts over real endpoints: votes, panels, ties, and trouble that never becomes a score."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import InfrastructureFault, TaskFault
from genesys.settings import JudgingSettings, Settings
from genesys.settings.roles import RoleSettings
from tests.support.judge_server import JudgeServer
from tests.support.judging import GOLD, WRONG, court, judge_role, record, settings_of


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as server:
        yield server


async def verdict(folder: Path, settings: Settings, judged: dict[str, Any] | None = None) -> dict[str, Any]:
    async with court(folder, settings) as judges:
        return await judges.verdict(judged or record(GOLD))


def models(info: dict[str, Any]) -> list[str]:
    return [vote["model"] for vote in info["votes"]]


async def test_one_judge_votes_in_both_orders(server: JudgeServer, tmp_path: Path) -> None:
    found = await verdict(tmp_path, settings_of(server))
    info = found["verification_result_info"]
    assert (found["score"], info["rule"], info["why"]) == (1.0, "judge", "I compared them.")
    assert [vote["order"] for vote in info["votes"]] == ["gold-first", "response-first"]
    assert info["agreement"] == {"unanimous": True, "accepting": 1, "rejecting": 0, "quorum": 1, "threshold": 0.8}
    assert [key for vote in info["votes"] for key in vote["calls"]] == found["calls"]
    assert info["lengths"] == {"response": len(GOLD), "gold": len(GOLD)}
    assert (await verdict(tmp_path, settings_of(server), record(WRONG)))["score"] == 0.0


async def test_a_verdict_says_how_much_of_a_long_response_no_judge_saw(server: JudgeServer, tmp_path: Path) -> None:
    info = (await verdict(tmp_path / "long", settings_of(server, max_chars=1000), record("x" * 3000)))[
        "verification_result_info"
    ]
    assert 1900 < info["left_out"] < 2100
    assert "left_out" not in (await verdict(tmp_path / "short", settings_of(server)))["verification_result_info"]


async def test_one_vote_costs_one_call(server: JudgeServer, tmp_path: Path) -> None:
    before = server.stats()["requests"]
    found = await verdict(tmp_path, settings_of(server, votes=1))
    assert server.stats()["requests"] - before == 1
    assert [vote["order"] for vote in found["verification_result_info"]["votes"]] == ["gold-first"]


@pytest.mark.parametrize("structured", [True, False])
async def test_a_schema_is_sent_where_the_endpoint_takes_one(
    server: JudgeServer, tmp_path: Path, structured: bool
) -> None:
    settings = Settings(judge=judge_role(server, structured=structured))
    assert (await verdict(tmp_path, settings))["score"] == 1.0
    body = server.bodies[-1]
    assert ("response_format" in body) == structured
    if structured:
        schema = body["response_format"]["json_schema"]["schema"]
        assert list(schema["properties"]) == ["code", "why", "score"], "the reasons come before the score"
        assert (schema["properties"]["score"]["minimum"], schema["properties"]["score"]["maximum"]) == (0, 1)
    assert (body["temperature"], body["max_tokens"]) == (0.0, 8192)


async def test_a_judge_that_likes_the_first_place_is_found_out(server: JudgeServer, tmp_path: Path) -> None:
    before = len(server.bodies)
    found = await verdict(tmp_path, settings_of(server, "first-place"))
    seeds = sorted(body.get("seed", 0) for body in server.bodies[before:])
    assert seeds == [0, 0, 3, 3], "a further round asks as no vote before it did"
    info = found["verification_result_info"]
    assert (found["score"], info["rule"], info["reason"]) == (None, "judge/disagreement", "judges disagree")
    assert [vote["score"] for vote in info["votes"]] == [1.0, 0.0, 1.0, 0.0]
    assert [vote["round"] for vote in info["votes"]] == [0, 0, 1, 1]
    once = await verdict(tmp_path, settings_of(server, "first-place", further_rounds=0))
    assert (once["score"], len(once["verification_result_info"]["votes"])) == (None, 2)


async def test_repeated_votes_are_trials_of_their_own(server: JudgeServer, tmp_path: Path) -> None:
    before = len(server.bodies)
    found = await verdict(tmp_path, settings_of(server, votes=5))
    bodies = server.bodies[before:]
    assert len(found["calls"]) == len(set(found["calls"])) == len(bodies) == 5
    assert sorted(body["temperature"] for body in bodies) == [0.0, 0.0, 0.7, 0.7, 0.7]
    assert sorted(body.get("seed", 0) for body in bodies) == [0, 0, 3, 3, 6]


class TestPanel:
    async def test_a_majority_of_three_decides(self, server: JudgeServer, tmp_path: Path) -> None:
        found = await verdict(tmp_path, settings_of(server, "generous", "strict", "even"))
        info = found["verification_result_info"]
        assert (found["score"], info["rule"]) == (pytest.approx(0.875), "judge")
        assert info["agreement"] | {"threshold": 0} == {
            "unanimous": False, "accepting": 2, "rejecting": 1, "quorum": 2, "threshold": 0
        }  # fmt: skip
        assert [vote["judge"] for vote in info["votes"]] == [n for n in ("judge", "judge-2", "judge-3") for _ in "12"]

    async def test_a_higher_quorum_is_held_to(self, server: JudgeServer, tmp_path: Path) -> None:
        settings = settings_of(server, "generous", "strict", "even", quorum=3, further_rounds=0)
        found = await verdict(tmp_path, settings)
        assert found["score"] is None

    @pytest.mark.parametrize(("breaker", "accepts"), [("half", False), ("even", True)])
    async def test_the_tie_breaker_is_asked_only_in_a_tie(
        self, server: JudgeServer, tmp_path: Path, breaker: str, accepts: bool
    ) -> None:
        settings = settings_of(server, "generous", "strict", tie_breaker=breaker)
        found = await verdict(tmp_path / "torn", settings)
        info = found["verification_result_info"]
        assert info["rule"] == "judge/tie-broken"
        assert models(info) == ["generous", "generous", "strict", "strict", breaker, breaker]
        assert (found["score"] >= 0.8) == accepts
        agreed = settings_of(server, "generous", "honest", tie_breaker=breaker)
        calm = (await verdict(tmp_path / "calm", agreed))["verification_result_info"]
        assert (calm["rule"], set(models(calm))) == ("judge", {"generous", "honest"})

    async def test_votes_of_one_side_but_far_apart_are_looked_at_again(
        self, server: JudgeServer, tmp_path: Path
    ) -> None:
        found = await verdict(
            tmp_path / "a", settings_of(server, "half", "strict", tie_breaker="honest"), record(WRONG)
        )
        assert (found["score"], found["verification_result_info"]["rule"]) == (pytest.approx(0.1), "judge/tie-broken")
        near = await verdict(tmp_path / "b", settings_of(server, "half", "strict", tolerance=0.4), record(WRONG))
        assert (near["score"], near["verification_result_info"]["rule"]) == (pytest.approx(0.3), "judge")

    async def test_mean_and_median(self, server: JudgeServer, tmp_path: Path) -> None:
        kinds = ("half", "strict", "honest")
        for aggregate, score in (("median", 0.1), ("mean", 0.2)):
            settings = settings_of(server, *kinds, aggregate=aggregate, tolerance=1.0)
            assert (await verdict(tmp_path, settings, record(WRONG)))["score"] == pytest.approx(score)


class TestReading:
    async def test_latex_in_the_explanation_loses_nothing(self, server: JudgeServer, tmp_path: Path) -> None:
        found = await verdict(tmp_path, settings_of(server, "latex"))
        assert found["score"] == 1.0
        assert "\\(x\\)" in found["verification_result_info"]["why"]

    async def test_85_is_asked_again_and_told_why(self, server: JudgeServer, tmp_path: Path) -> None:
        found = await verdict(tmp_path, settings_of(server, "of-100"))
        assert found["score"] == 1.0
        assert [len(vote["calls"]) for vote in found["verification_result_info"]["votes"]] == [2, 2]
        assert "the score 85 was not from 0 to 1" in server.bodies[-1]["messages"][1]["content"]

    async def test_150_is_never_a_score(self, server: JudgeServer, tmp_path: Path) -> None:
        with pytest.raises(InfrastructureFault, match="no readable verdict in 3 trials; at last the score 150"):
            await verdict(tmp_path, settings_of(server, "of-150"))

    async def test_what_was_never_readable_is_asked_once_more_by_the_next_run(
        self, server: JudgeServer, tmp_path: Path
    ) -> None:
        for expected in (3, 1, 1):
            before = server.stats()["requests"]
            with pytest.raises(InfrastructureFault, match="no readable verdict"):
                await verdict(tmp_path, settings_of(server, "rubbish", votes=1))
            assert server.stats()["requests"] - before == expected

    async def test_an_answer_cut_off_at_the_token_limit_is_none(self, server: JudgeServer, tmp_path: Path) -> None:
        with pytest.raises(InfrastructureFault, match="cut off at the token limit|no readable"):
            await verdict(tmp_path, settings_of(server, "parrot-before", max_tokens=64, votes=1), record(WRONG * 20))


class TestTrouble:
    @pytest.mark.parametrize(
        "fault", ["hang", "reset", "error_500", "html", "invalid_json", "empty_choices", "null_content", "early_end"]
    )
    async def test_an_endpoint_in_trouble_gives_no_score(self, tmp_path: Path, fault: str) -> None:
        with JudgeServer(faults={fault: 1.0}) as broken:
            settings = Settings(
                judge=judge_role(broken, attempts=1, patience=0.5, timeout=1.5, idle_timeout=1.0),
                judging=JudgingSettings(votes=1),
            )
            async with court(tmp_path, settings) as judges:
                with pytest.raises(InfrastructureFault):
                    await judges.verdict(record(GOLD))
                broken.control(faults={})
            assert (await verdict(tmp_path, settings))["score"] == 1.0, "the next run goes on"

    async def test_one_judge_out_of_reach_is_no_vote(self, server: JudgeServer, tmp_path: Path) -> None:
        away = RoleSettings(kind="openai", model="away", base_urls=("http://127.0.0.1:9/v1",), attempts=1, patience=0.2)

        def panel(*others: RoleSettings) -> Settings:
            return Settings(judge=judge_role(server), judging=JudgingSettings(judges=others, votes=1))

        with pytest.raises(InfrastructureFault, match=r"not judged: judge-2 \(away\)"):
            await verdict(tmp_path / "two", panel(away))
        found = await verdict(tmp_path / "three", panel(away, judge_role(server, "generous")))
        assert found["score"] == pytest.approx(0.975)
        votes = found["verification_result_info"]["votes"]
        assert "infrastructure" in votes[1]
        assert "score" not in votes[1]

    async def test_what_the_others_said_is_not_asked_again(self, server: JudgeServer, tmp_path: Path) -> None:
        away = RoleSettings(
            kind="openai", model="strict", base_urls=("http://127.0.0.1:9/v1",), attempts=1, patience=0.2
        )
        settings = Settings(judge=judge_role(server), judging=JudgingSettings(judges=(away,), further_rounds=0))
        with pytest.raises(InfrastructureFault):
            await verdict(tmp_path, settings)
        before = server.stats()["requests"]
        back = settings.judging.model_copy(update={"judges": (judge_role(server, "strict"),)})
        found = await verdict(tmp_path, settings.model_copy(update={"judging": back}))
        assert server.stats()["requests"] - before == 2, "the judge that answered before is not asked again"
        assert found["score"] is None

    async def test_an_endpoint_that_refuses_the_request_says_nothing_of_the_response(self, tmp_path: Path) -> None:
        with JudgeServer(context_tokens=10) as small:
            found = await verdict(tmp_path, settings_of(small))
        info = found["verification_result_info"]
        assert (found["score"], info["rule"], info["reason"]) == (None, "judge/refused", "judges refuse")
        assert "maximum context length" in info["why"]

    async def test_a_wrong_key_is_no_verdict(self, tmp_path: Path) -> None:
        with JudgeServer(api_key="right") as closed, pytest.raises(InfrastructureFault):
            await verdict(tmp_path, settings_of(closed))

    async def test_a_judge_without_an_endpoint_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
        settings = Settings(judge=RoleSettings(kind="openai", model="m"))
        with pytest.raises(InfrastructureFault, match="no endpoint for m: give base_urls"):
            await verdict(tmp_path, settings)

    async def test_nobody_set_up_is_no_verdict(self, tmp_path: Path) -> None:
        with pytest.raises(InfrastructureFault, match="no judge is set up"):
            await verdict(tmp_path, Settings())

    async def test_a_task_without_a_gold_asks_nobody(self, server: JudgeServer, tmp_path: Path) -> None:
        before = server.stats()["requests"]
        with pytest.raises(TaskFault, match="nothing to compare with"):
            await verdict(tmp_path, settings_of(server), record(GOLD, gold_standard_solution=""))
        assert server.stats()["requests"] == before
