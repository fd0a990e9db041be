"""The recorded journal of lanes with languages, and of lanes that read another lane."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from genesys.calls.journal import Journal
from genesys.demo.build import build_recorded
from genesys.lanes import LANES
from genesys.settings import LaneSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.sources import Source
from genesys.teachers.script import Script
from tests.support.spoken_lane import LANGUAGES, OF_SUMS, spoken_lane
from tests.support.tiny_lane import sums_lane, write_rows


def test_a_lane_with_languages_that_reads_another_is_recorded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each language has its own answers, unless one answer does for all."""
    for lane in (sums_lane(), spoken_lane()):
        monkeypatch.setitem(LANES, lane.name, lane)
    big = "1000000000+2000000000"
    rows = Source(path=str(write_rows(tmp_path / "rows.jsonl", [{"id": 1, "question": big, "answer": "3000000000"}])))
    recorded = RoleSettings(kind="recorded", id="written", journal=str(tmp_path / "recorded"))
    lanes = {"spoken": LaneSettings(sources=(OF_SUMS,)), "sums": LaneSettings(sources=(rows,))}
    settings = Settings(state=str(tmp_path), samples=2, curator=recorded, teacher=recorded, lanes=lanes)
    yes = '{"is_sum": true}'
    answers = tmp_path / "answers"
    write_answers(answers / "sums.toml", big, {"is_sum": yes}, [("Of sums.", None)] * 2)
    samples = [("In both.", None), ("Latin.", "latin"), ("Cobol.", "cobol")]
    write_answers(answers / "spoken.toml", f"What is {big}?", {"asked_in": yes}, samples)
    assert build_recorded(settings, Script.read(answers)) is True
    with Journal(settings.path(recorded.journal), readonly=True) as journal:
        assert [journal.segment("sums").counts()["chat", name] for name in ("is_sum", "sample")] == [1, 2]
        assert [journal.segment("spoken").counts()["chat", name] for name in ("asked_in", "sample")] == [2, 4]
        said = Counter(
            (entry.payload["messages"][-1]["content"].partition(":")[0], entry.result["answer"]["content"])
            for entry in journal.segment("spoken").entries()
            if entry.name == "sample"
        )
    in_both = {(f"In {language}", "In both."): 1 for language in LANGUAGES}
    assert said == in_both | {(f"In {language}", text): 1 for text, language in samples[1:]}
    assert build_recorded(settings, Script.read(answers)) is False


def write_answers(path: Path, problem: str, curator: dict[str, str], samples: Sequence[tuple[str, str | None]]) -> None:
    lines = ["[[task]]", f"problem = {json.dumps(problem)}", "[task.curator]"]
    lines += [f"{name} = {json.dumps(answer)}" for name, answer in curator.items()]
    for text, language in samples:
        lines += ["[[task.sample]]", f"text = {json.dumps(text)}"]
        lines += [f"language = {json.dumps(language)}"] if language else []
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines))
