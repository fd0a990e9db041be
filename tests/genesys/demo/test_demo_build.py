"""The demo's recorded journal: complete, rebuilt when what it was made from changes, and not otherwise."""

import asyncio
import shutil
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatRequest, Message
from genesys.curation.math.numina_math import TASK
from genesys.demo.build import ANSWERS, build_recorded
from genesys.faults import GenesysError
from genesys.lane import Lane, LedgerRow
from genesys.lanes import LANES
from genesys.ledger import update_ledger
from genesys.outcomes import Outcome, accepted
from genesys.quality.judge_calibration import calibrate
from genesys.settings import DEMO, JudgingSettings, LaneSettings, Settings, load_settings
from genesys.settings.roles import RoleSettings
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.chosen import draws_of
from genesys.stages.generations import generations_stage
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.stages.verifications import verifications_stages
from genesys.tables.lake import Lake
from genesys.teachers.casting import open_teacher, with_judges
from genesys.teachers.recorded import RecordedTeacher
from genesys.teachers.script import Script
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.runner import VerifierRunner
from tests.support.tiny_lane import sums_lane, write_rows


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(DEMO / "genesys.toml", state=str(tmp_path / "state"))


def recorded_calls(settings: Settings) -> Counter[str]:
    found: Counter[str] = Counter()
    with Journal(settings.path(settings.teacher.journal), readonly=True) as journal:
        for segment in journal.segments():
            found.update({name: count for (_, name), count in segment.counts().items()})
    return found


def test_the_journal_holds_every_written_sample_and_is_made_once(settings: Settings) -> None:
    assert build_recorded(settings) is True
    samples = sum(len(task.sample) for task in Script.read(ANSWERS).task)
    assert recorded_calls(settings)["sample"] == samples
    assert build_recorded(settings) is False


def test_a_gold_that_is_written_to_fail_is_followed_by_the_next_attempt(settings: Settings) -> None:
    build_recorded(settings)
    # Five tasks in three languages; one gold fails once, another one twice and once more.
    found = recorded_calls(settings)
    assert (found["translate_statement"], found["translate_gold"]) == (15, 15 + 1 + 2)


def test_a_mended_answer_is_recorded_anew(settings: Settings, tmp_path: Path) -> None:
    build_recorded(settings)
    mended = tmp_path / "answers"
    shutil.copytree(ANSWERS, mended)
    text = (mended / "math.toml").read_text("utf-8")
    assert "\\boxed{7}" in text
    (mended / "math.toml").write_text(text.replace("\\boxed{7}", "\\boxed{8}", 1), "utf-8")
    assert build_recorded(settings, Script.read(mended)) is True


def test_a_changed_prompt_is_recorded_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build_recorded(settings)
    before = recorded_calls(settings)
    for name in ("hash", "source"):
        TASK.__dict__.pop(name, None)
    monkeypatch.setitem(TASK.__dict__, "source", "{{ problem }} Answer in \\boxed{}.")
    assert build_recorded(settings) is True
    assert recorded_calls(settings) == before


def test_what_was_not_recorded_is_said_plainly(settings: Settings) -> None:
    build_recorded(settings)
    teacher = RecordedTeacher(settings.path(settings.teacher.journal), settings.teacher.teacher_id)
    request = ChatRequest(messages=(Message(role="user", content="Something else"),), sampling={}, name="sample")
    with pytest.raises(GenesysError, match="no recorded answer.*set up a teacher"):
        asyncio.run(teacher.complete(request))


def test_an_entry_that_fits_two_problems_is_an_error(tmp_path: Path) -> None:
    script = Script.model_validate({"task": [{"problem": "What is the sum of the"}]})
    with pytest.raises(GenesysError, match="fit 2 problems"):
        script.by_row([("a", "What is the sum of the first"), ("b", "What is the sum of the last")])


def test_a_misspelt_field_of_the_script_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('[[task]]\nproblem = "What is the sum of these"\n[[task.sample]]\ntxt = "2"\n')
    with pytest.raises(GenesysError, match=r"task\.0\.sample\.0\.txt"):
        Script.read(path)


def free_text_lane() -> Lane:
    """Sums again, but compared with their gold by a judge."""
    sums = sums_lane(name="told")

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        return accepted(
            {
                "task_type": JUDGED,
                "prompt": f"Say in words what {row.upstream['question']} is.",
                "gold_standard_solution": row.upstream["answer"],
                "verification_info": {"judging_instructions": "The number counts."},
            }
        )

    return replace(sums, curate=curate, prompts=(), task_types=(JUDGED,))


TOLD = """
[[task]]
problem = "What is 1 + 2 in words?"
[[task.sample]]
text = "It is three."
judged = 1.0
[[task.sample]]
text = "It is {wrong}."
judged = 0.0
judged_why = "It is not."
[[task]]
problem = "What is 2 + 2 in words?"
[[task.sample]]
text = "It is three."
judged = 0.0
[[task.sample]]
text = "<think>Hm</think>It is four."
judged = 0.9
"""


@pytest.fixture
def told(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The demo's settings with a judged lane of two tasks in the place of its own lanes."""
    monkeypatch.setitem(LANES, "told", free_text_lane())  # type: ignore[arg-type]
    rows = [{"id": n, "question": f"What is {n} + 2 in words?", "answer": w} for n, w in ((1, "three"), (2, "four"))]
    source = Source(path=str(write_rows(tmp_path / "rows.jsonl", rows)), name="told")
    return settings.model_copy(update={"samples": 2, "lanes": {"told": LaneSettings(sources=(source,))}})


def scores(settings: Settings, folder: Path) -> list[float | None]:
    """Run the lane with recorded answers alone, as the pipeline does."""
    found = asyncio.run(_scores(settings, folder))
    return [row["score"] for row in found]


async def _scores(settings: Settings, folder: Path) -> list[dict[str, Any]]:
    lake, lane = Lake(folder / "lake"), LANES["told"]
    async with AsyncExitStack() as stack, VerifierRunner(settings=settings) as runner:
        teacher = await open_teacher(settings, settings.teacher, stack)
        roles = with_judges(Roles(teacher=teacher, verifiers=runner), settings, stack)
        opened = [open_source(settings.source(source)) for source in settings.lanes["told"].sources]
        (shard,) = update_ledger(lake, lane, opened, shard_size=10).new_shards
        with Journal(folder / "journal") as journal:
            stages = [lambda: [tasks_stage(lake, lane, shard, verifier_versions={})]]
            stages.append(lambda: [generations_stage(lake, lane, shard, draws_of(settings)[0])])
            stages.append(
                lambda: verifications_stages(lake, lane, shard, runner=runner, acceptance=settings.acceptance)
            )
            for make in stages:
                for stage in make():
                    await run_stage(stage, journal, roles)
                    await seal_stage(stage, lake, journal, roles)
            tried = await calibrate(
                list(lake.rows("told/tasks", shard)),
                lambda row_id: Calls(row_id, journal.segment("tried"), roles),
                size=settings.judging.sample,
                threshold=0.8,
            )
    assert (tried.problems, tried.untried, len(tried.trials)) == ([], [], 4)
    return list(lake.rows("told/verifications", shard))


def test_a_judge_says_of_each_response_what_was_written_beside_it(told: Settings, tmp_path: Path) -> None:
    """The text of one sample stands with both tasks, right with the one and wrong with the other."""
    script = tmp_path / "answers.toml"
    script.write_text(TOLD.format(wrong="five"))
    assert build_recorded(told, Script.read(script)) is True
    assert scores(told, tmp_path / "first") == [1.0, 0.0, 0.0, 0.9]


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        ({"judging": JudgingSettings(max_tokens=512)}, True),
        ({"judging": JudgingSettings(votes=1)}, True),
        ({"judge": RoleSettings(kind="recorded", id="another", journal="{state}/recorded")}, True),
        ({"judge": RoleSettings(kind="recorded", id="j", journal="{state}/recorded", timeout=5.0)}, False),
    ],
)
def test_what_decides_a_judgement_has_it_recorded_anew(
    change: dict[str, Any], anew: bool, told: Settings, tmp_path: Path
) -> None:
    script = tmp_path / "answers.toml"
    script.write_text(TOLD.format(wrong="five"))
    told = told.model_copy(update={"judge": RoleSettings(kind="recorded", id="j", journal="{state}/recorded")})
    build_recorded(told, Script.read(script))
    assert build_recorded(told.model_copy(update=change), Script.read(script)) is anew
