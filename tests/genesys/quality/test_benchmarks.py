"""The public test sets: read, kept, and what is said where they cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genesys.faults import GenesysError
from genesys.quality.benchmarks import kept_at, open_benchmarks
from genesys.settings import Settings
from genesys.settings.benchmarks import DEFAULT, Benchmark, BenchmarkSettings
from tests.support.tiny_lane import write_rows

REPO = Path(__file__).parents[3]
TASK = "A train leaves the station at noon with twelve waggons and comes to the coast at four. How fast is it?"


def settings(folder: Path, *further: Benchmark) -> Settings:
    # As a file gives them: what the environment says of the section is put on top.
    sets = [benchmark.model_dump() for benchmark in further]
    values = {"state": str(folder / "state"), "folder": str(folder), "benchmarks": {"further": sets}}
    return Settings(**values)  # type: ignore[arg-type]


def test_local_sets_are_read_and_name_their_rows(tmp_path: Path) -> None:
    write_rows(tmp_path / "own.jsonl", [{"id": "t/1", "ask": "Short."}, {"id": "t/2", "ask": TASK}])
    write_rows(tmp_path / "two.jsonl", [{"given": TASK.replace("train", "bus"), "ask": "Well?"}])
    found = open_benchmarks(
        settings(
            tmp_path,
            Benchmark(path="own.jsonl", column="ask", key="id", name="ours"),
            Benchmark(path="two.jsonl", column="given+ask"),
        )
    )
    assert found is not None
    assert found.rows == {"ours": 2, "two.jsonl": 1}
    assert (found.overlap(TASK) or "").startswith("ours t/2, 100% of it: a train leaves the station")
    assert (found.overlap(TASK.replace("train", "bus") + " Well?") or "").startswith("two.jsonl 1, 100%")
    assert found.overlap("Nothing of that.") is None
    before = found.revisions["ours"]
    write_rows(tmp_path / "own.jsonl", [{"id": "t/1", "ask": "Shorter."}])
    again = open_benchmarks(settings(tmp_path, Benchmark(path="own.jsonl", column="ask", name="ours")))
    assert again is not None
    assert again.revisions["ours"] != before
    assert again.overlap(TASK) is None


def test_no_sets_are_no_work(tmp_path: Path) -> None:
    assert open_benchmarks(settings(tmp_path)) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": 1, "question": "Where?"}, r"own\.jsonl:1 has no text in ask; it has id, question"),
        ({"id": 1, "ask": None}, r"own\.jsonl:1 has no text in ask"),
        ("half", r"own\.jsonl:1: line: not JSON"),
    ],
)
def test_a_set_that_is_not_what_it_should_be_is_never_passed_over(tmp_path: Path, row: object, message: str) -> None:
    write_rows(tmp_path / "own.jsonl", [row])
    with pytest.raises(GenesysError, match=r"\[benchmarks\] own\.jsonl: .*" + message):
        open_benchmarks(settings(tmp_path, Benchmark(path="own.jsonl", column="ask")))


def test_a_set_of_the_hub_that_was_fetched_once_is_not_asked_for_again(tmp_path: Path) -> None:
    benchmark = Benchmark(path="nobody/nothing", column="problem")
    chosen = settings(tmp_path, benchmark)
    attempt = f"""
from genesys.quality.benchmarks import open_benchmarks
from genesys.faults import InfrastructureFault
from genesys.settings import Settings
try:
    found = open_benchmarks(Settings(**{chosen.model_dump()!r}))
    print(found.revisions, found.overlap({TASK!r}))
except InfrastructureFault as fault:
    print(fault)
"""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(REPO)}

    def said() -> str:
        ended = subprocess.run(
            [sys.executable, "-c", attempt], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    first = said()
    for part in ("nobody/nothing", "default = false", "[[benchmarks.further]]", "GENESYS__BENCHMARKS__DEFAULT=false"):
        assert part in first
    place = Path(first.partition("then stand in ")[2].partition(". Without")[0])
    assert place == tmp_path / "state" / "benchmarks"
    write_rows(kept_at(chosen, benchmark), [{"revision": "abc", "set": "nobody/nothing"}, ["7", TASK]])
    assert said().startswith("{'nobody/nothing': 'abc'} nobody/nothing 7, 100% of it: a train")


def test_the_default_list_is_on_and_turned_off_by_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENESYS__BENCHMARKS__DEFAULT")
    assert Settings().benchmarks.chosen == DEFAULT
    assert len({benchmark.label for benchmark in DEFAULT}) == len(DEFAULT)
    monkeypatch.setenv("GENESYS__BENCHMARKS__DEFAULT", "false")
    assert Settings().benchmarks.chosen == ()
    assert Settings().benchmarks.recipe == {}
    assert json.loads(json.dumps(BenchmarkSettings().recipe))["words"] == 13
