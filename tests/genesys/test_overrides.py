"""The table of what people decided: what counts of it, what stops its reader, and that no decision is lost."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import GenesysError
from genesys.locks import ByteLocks
from genesys.overrides import Action, Decision, Overrides, decide, open_overrides, parse, read_overrides
from genesys.settings import Settings
from tests.support.s3 import s3_bucket

LINE: dict[str, Any] = {
    "id": "p1",
    "action": "ban",
    "why": "It is wrong",
    "by": "Ada",
    "at": "2026-01-02T03:04:05+00:00",
}


def decision(ident: str = "p1", action: Action = "ban", **more: Any) -> Decision:
    return Decision(**LINE | {"id": ident, "action": action} | more)


def settings_at(folder: Path, **release: Any) -> Settings:
    return Settings(state=str(folder), release=release)


def test_without_a_file_nothing_is_decided(tmp_path: Path) -> None:
    assert open_overrides(settings_at(tmp_path)).decisions == {}


def test_decisions_are_read_as_they_were_written(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    mend = decision("p2", "mend", verification_info={"ground_truth": "12\n“é”"}, row_id="r2")
    decide(settings, decision())
    decide(settings, mend, decision("r1", "withdraw"))
    assert open_overrides(settings).decisions == {"p1": decision(), "p2": mend, "r1": decision("r1", "withdraw")}
    assert open_overrides(settings).withdrawn == {"r1"}


def test_the_last_line_about_an_id_counts() -> None:
    lines = [decision(), decision(action="mend", gold_standard_solution="12"), decision("q"), decision("q", "undo")]
    assert Overrides.of(lines).decisions == {"p1": lines[1]}
    assert Overrides.of([*lines, decision("q", "accept")]).which("accept") == {"q": decision("q", "accept")}


def test_the_version_is_that_of_what_counts_in_whatever_order() -> None:
    one, other = decision("a"), decision("b")
    assert Overrides.of([one, other]).version == Overrides.of([other, one]).version
    assert Overrides.of([one, other, decision("b", "undo")]).version == Overrides.of([one]).version
    assert Overrides.of([one]).version != Overrides.of([decision("a", why="Another reason")]).version
    assert Overrides().version == Overrides.of([decision(action="undo")]).version


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "Invalid JSON"),
        ("[]", "row: Input should be an object"),
        (json.dumps(LINE | {"action": "bann"}), "action: Input should be"),
        (json.dumps({name: LINE[name] for name in LINE if name != "why"}), "why: Field required"),
        (json.dumps(LINE | {"why": "  "}), "why: is empty"),
        (json.dumps(LINE | {"id": 3}), "id: Input should be a valid string"),
        (json.dumps(LINE | {"at": "yesterday"}), "at: "),
        (json.dumps(LINE | {"problem": "p1"}), "problem: Extra inputs"),
        (json.dumps(LINE | {"action": "mend"}), "a mend names gold_standard_solution"),
        (json.dumps(LINE | {"gold_standard_solution": "12"}), "only a mend has gold_standard_solution"),
        (json.dumps(LINE)[:-9], "Invalid JSON"),
    ],
)
def test_a_line_that_cannot_be_read_stops_the_reader_and_is_named(tmp_path: Path, line: str, told: str) -> None:
    settings = settings_at(tmp_path)
    path = tmp_path / "overrides.jsonl"
    path.write_text(json.dumps(LINE) + "\n\n" + line + "\n", "utf-8")
    with pytest.raises(GenesysError) as failed:
        open_overrides(settings)
    assert f"{path}:3: " in str(failed.value)
    assert told in str(failed.value)
    with pytest.raises(GenesysError):
        decide(settings, decision("q"))
    assert path.read_text("utf-8").count("\n") == 3, "nothing was written behind a line that cannot be read"


def test_every_broken_line_is_named_up_to_a_number() -> None:
    with pytest.raises(GenesysError) as failed:
        parse(b"{\n" * 15, "here.jsonl")
    assert "here.jsonl:10: " in str(failed.value)
    assert "here.jsonl:11: " not in str(failed.value)
    assert "and 5 more" in str(failed.value)


def test_a_file_that_is_no_text_is_named() -> None:
    with pytest.raises(GenesysError, match="here:1: is not UTF-8 at byte 1"):
        parse(b"\xff\n", "here")


def test_a_file_whose_last_line_has_no_end_is_gone_on_with(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    (tmp_path / "overrides.jsonl").write_text(json.dumps(LINE), "utf-8")
    decide(settings, decision("q"))
    assert set(open_overrides(settings).decisions) == {"p1", "q"}


def test_a_folder_in_its_place_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match="is a folder"):
        read_overrides(str(tmp_path))


WRITER = """
import sys
from genesys.overrides import Decision, decide
from genesys.settings import Settings
settings = Settings(state=sys.argv[1])
for number in range(20):
    decide(settings, Decision(id=f"{sys.argv[2]}-{number}", action="ban", why="w" * 3000, by="b", at="2026-01-02"))
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in ("a", "b", "c")]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(open_overrides(settings_at(tmp_path)).decisions) == 60


def test_a_lock_that_a_killed_process_left_stops_nobody(tmp_path: Path) -> None:
    locks = ByteLocks(tmp_path / ".overrides.jsonl.lock")
    assert locks.acquire(0)
    locks.close()
    decide(settings_at(tmp_path), decision())
    assert set(open_overrides(settings_at(tmp_path)).decisions) == {"p1"}


@pytest.mark.s3
def test_decisions_stand_on_object_storage_too() -> None:
    with s3_bucket() as (bucket, options):
        settings = Settings(
            release={"overrides": f"{bucket}/decisions.jsonl"},
            lake={"root": f"{bucket}/lake", "storage_options": options},
        )
        assert open_overrides(settings).decisions == {}
        decide(settings, decision("a"))
        decide(settings, decision("b"))
        assert set(open_overrides(settings).decisions) == {"a", "b"}
