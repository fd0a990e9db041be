"""The demo's recorded journal: complete, rebuilt when what it was made from changes, and not otherwise."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from genesys.calls.journal import Journal
from genesys.chat import ChatRequest, Message
from genesys.curation.math.numina_math import TASK
from genesys.demo.build import ANSWERS, build_recorded
from genesys.faults import GenesysError
from genesys.settings import DEMO, Settings, load_settings
from genesys.teachers.recorded import RecordedTeacher
from genesys.teachers.script import Script


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


def test_a_mended_answer_is_recorded_anew(settings: Settings, tmp_path: Path) -> None:
    build_recorded(settings)
    mended = tmp_path / "answers.toml"
    text = ANSWERS.read_text("utf-8")
    assert "\\boxed{7}" in text
    mended.write_text(text.replace("\\boxed{7}", "\\boxed{8}", 1), "utf-8")
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
