"""Model families are told from names as people write them, and a judge of the teacher's family is refused."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from genesys.faults import InfrastructureFault
from genesys.settings import DEMO, JudgingSettings, Settings, load_settings
from genesys.settings.roles import RoleSettings
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.judge.family import families_of
from genesys.verifiers.judge.panel import Panel
from genesys.verifiers.runner import VerifierRunner


@pytest.mark.parametrize(
    ("name", "families"),
    [
        ("Qwen/Qwen3-32B", {"qwen"}),
        ("qwq-32b-preview", {"qwen"}),
        ("deepseek-ai/DeepSeek-R1", {"deepseek"}),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", {"deepseek", "qwen"}),
        ("nvidia/Llama-3.1-Nemotron-70B-Instruct-HF", {"llama", "nemotron"}),
        ("mistralai/Mixtral-8x22B", {"mistral"}),
        ("mistralai/Magistral-Small", {"mistral"}),
        ("google/gemma-3-27b-it", {"google"}),
        ("gemini-2.5-pro", {"google"}),
        ("gpt-4o-mini", {"openai"}),
        ("openai/gpt-oss-120b", {"openai"}),
        ("o3", {"openai"}),
        ("o4-mini-2025-04-16", {"openai"}),
        ("claude-sonnet-4-20250514", {"claude"}),
        ("microsoft/phi-4", {"phi"}),
        ("/models/my-qwen2.5-finetune/", {"qwen"}),
        ("01-ai/Yi-34B", {"yi"}),
        ("THUDM/glm-4-9b", {"glm"}),
        ("CohereLabs/c4ai-command-r-plus", {"cohere"}),
        ("team/Sophia-7B", {"sophia-7b"}),
        ("/models/Sophia-7B/", {"sophia-7b"}),
        ("yield-model", {"yield-model"}),
        ("foo3", {"foo3"}),
        ("", set()),
    ],
)
def test_families(name: str, families: set[str]) -> None:
    assert families_of(name) == families


def test_without_a_name_there_is_no_family() -> None:
    assert families_of(None, " ") == set()


def test_what_a_person_says_counts() -> None:
    assert families_of("Qwen/Qwen3-8B", family="Ours") == {"ours"}
    assert families_of("served", "Qwen/Qwen3-8B") == {"qwen"}


def settings(judge: str, teacher: str = "", **judging: Any) -> Settings:
    def role(model: str, **more: Any) -> RoleSettings:
        return RoleSettings(kind="openai", model=model, base_urls=("http://nowhere.invalid/v1",), **more)

    return Settings(
        judge=role(judge), teacher=role(teacher) if teacher else RoleSettings(), judging=JudgingSettings(**judging)
    )


async def ready(chosen: Settings) -> str | None:
    async with VerifierRunner(settings=chosen) as runner:
        return await runner.ready(JUDGED)


async def test_a_judge_of_the_teachers_family_is_refused_before_any_row() -> None:
    said = await ready(settings("Qwen/Qwen3-32B", "Qwen/Qwen3-8B"))
    assert said is not None
    assert "same model family" in said
    assert "same_family = true" in said
    assert await ready(settings("Qwen/Qwen3-32B", "Qwen/Qwen3-8B", same_family=True)) is None
    assert await ready(settings("mistral-small", "Qwen/Qwen3-8B")) is None
    assert "same model family" in str(await ready(settings("served-model", "served-model")))


async def test_further_judges_and_the_tie_breaker_are_looked_at_too() -> None:
    qwen = RoleSettings(kind="openai", model="qwen3-max")
    for judging in ({"judges": (qwen,)}, {"tie_breaker": qwen}):
        assert "qwen" in str(await ready(settings("mistral-small", "Qwen/Qwen3-8B", **judging)))


async def test_a_family_that_a_person_names_overrides_the_name() -> None:
    chosen = settings("our-judge", "our-teacher")
    related = chosen.model_copy(
        update={name: getattr(chosen, name).model_copy(update={"family": "ours"}) for name in ("judge", "teacher")}
    )
    assert "ours" in str(await ready(related))
    assert await ready(chosen) is None


@pytest.mark.parametrize("record", [{"teacher_id": "qwen3-8b-fp8", "model_name": ""}, {"model_name": "Qwen/Qwen3-8B"}])
def test_whoever_wrote_the_response_counts_whatever_the_settings_say(record: dict[str, str]) -> None:
    from genesys.calls.context import Roles

    panel = Panel.of(settings("Qwen/Qwen3-32B"))
    with pytest.raises(InfrastructureFault, match="same model family") as caught:
        panel.refuse_relatives(record, Roles())
    assert caught.value.final
    Panel.of(settings("mistral-small")).refuse_relatives(record, Roles())
    Panel.of(settings("Qwen/Qwen3-32B", same_family=True)).refuse_relatives(record, Roles())
    panel.refuse_relatives({}, Roles())


def test_without_settings_the_judge_is_known_by_the_id_that_it_answers_under() -> None:
    from genesys.calls.context import Roles

    judge = SimpleNamespace(teacher_id="qwen3-32b")
    roles = Roles(judge=cast("Any", judge))
    with pytest.raises(InfrastructureFault, match="the judge qwen3-32b is of the same model family"):
        Panel.of(None).refuse_relatives({"model_name": "Qwen/Qwen3-8B"}, roles)
    Panel.of(None).refuse_relatives({"model_name": "mistral-small"}, roles)


async def test_nobody_set_up_is_said_with_what_to_write() -> None:
    said = await ready(Settings())
    assert said is not None
    assert all(part in said for part in ("no judge is set up", "[judge]", "model =", "base_urls ="))
    assert await ready(load_settings(DEMO / "genesys.toml")) is None, "the demo has one, written by hand"


async def test_settings_that_cannot_work_are_said_before_any_row() -> None:
    twin = RoleSettings(kind="openai", model="mistral-small")
    assert "several judges" in str(await ready(settings("mistral-small", judges=(twin,))))
    assert "quorum is 3" in str(await ready(settings("mistral-small", quorum=3)))


def test_the_version_covers_who_judges_and_how_and_nothing_else() -> None:
    base = settings("mistral-small")
    prints = {Panel.of(base).fingerprint()}
    other = RoleSettings(kind="openai", model="gemma-3")
    deciding: list[dict[str, Any]] = [
        {"votes": 1}, {"orders": "gold-first"}, {"aggregate": "mean"}, {"quorum": 2}, {"tolerance": 0.1},
        {"judges": (other,)}, {"tie_breaker": other}, {"further_rounds": 0}, {"temperature": 0.5},
        {"max_tokens": 100}, {"max_chars": 1000},
    ]  # fmt: skip
    for changes in deciding:
        prints.add(Panel.of(settings("mistral-small", **changes)).fingerprint())
    prints.add(Panel.of(settings("mistral-large")).fingerprint())
    assert len(prints) == 2 + len(deciding)
    same = [
        settings("mistral-small", same_family=True),
        settings("mistral-small", sample=9, after_rules=("verifiable_math",)),
    ]
    moved = base.judge.model_copy(update={"base_urls": ("http://elsewhere.invalid/v1",), "concurrency": 3})
    same += [settings("mistral-small", "Qwen/Qwen3-8B"), base.model_copy(update={"judge": moved})]
    assert {Panel.of(one).fingerprint() for one in same} == {Panel.of(base).fingerprint()}
