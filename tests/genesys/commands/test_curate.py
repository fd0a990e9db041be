"""``genesys curate``: what rules alone make of a source, for a person and for a program; refused with reasons."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesys.commands import curate as command
from genesys.faults import GenesysError
from genesys.lanes import LANES
from genesys.settings import load_settings
from tests.support.tiny_lane import ROWS, stepped_lane, sums_lane, write_rows

ADDRESS = "jane@uni-bonn.de"
MATH: list[Any] = [
    {"problem": "What is $1+1$?", "solution": "It is $\\boxed{2}$.", "answer": "2"},
    {"problem": "Prove that it is so.", "solution": "It is.", "answer": "proof"},
    {"problem": "Show it once more.", "solution": "Clear.", "question_type": "proof"},
    {"problem": f"Write to {ADDRESS} what 2+2 is.", "solution": "$\\boxed{4}$", "answer": "4"},
    {"problem": "what is  $1+1$?", "solution": "Two.", "answer": "2"},
    '{"problem": "half',
    {"problem": "How fast is it?", "solution": "So it goes 72 km/h."},
]


def judged(here: Path, *words: str) -> dict[str, Any]:
    assert command.main([*words, "--json", "found.json"]) == 0
    found: dict[str, Any] = json.loads((here / "found.json").read_text("utf-8"))
    return found


def left(levels: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [(level["name"], level["left"], level["lost"]) for level in levels]


def test_each_step_says_how_many_it_left_and_why_it_dropped_the_others(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(here / "rows.jsonl", MATH)
    found = judged(here, "math", "rows.jsonl", "--list", "10")
    assert left(found["ledger"]) == [("rows in", 7, 0), ("sound", 6, 1), ("no duplicate", 5, 1), ("in shards", 5, 0)]
    assert {(one["step"], one["reason"]): one["rows"] for one in found["reasons"]} == {
        ("ledger", "broken row"): 1,
        ("ledger", "duplicate"): 1,
        ("nothing rules it out", "proof"): 2,
        ("no secrets or personal data", "holds personal data"): 1,
    }
    assert left(found["rules"]) == [
        ("rows in", 5, 0),
        ("nothing rules it out", 3, 2),
        ("no secrets or personal data", 2, 1),
        ("kept", 2, 0),
    ]
    assert ("curator", "a final answer") in {(one["by"], one["step"]) for one in found["left_to"]}
    assert [row["row"] for row in found["kept"]] == ["rows.jsonl:1", "rows.jsonl:7"]
    assert found["kept"][0]["statement"] == "What is $1+1$?"
    dropped = {row["row"]: row for row in found["dropped"]}
    assert sorted(dropped) == [f"rows.jsonl:{number}" for number in (2, 3, 4, 5, 6)]
    assert dropped["rows.jsonl:3"]["reason"] == "proof"
    assert dropped["rows.jsonl:6"]["detail"].startswith("rows.jsonl:6: line: not JSON")
    text = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in ("nothing rules it out 3 2", "2 proof", "1 holds personal data", "kept by rules 2", "Kept, 2 of them"):
        assert line in lines, text
    assert '"a final answer" (curator)' in text
    assert ADDRESS not in text + json.dumps(found), "what was found is never told"
    assert "e-mail address in problem" in text


def test_rows_that_are_listed_are_drawn_from_all_and_always_the_same(here: Path) -> None:
    rows = [{"problem": f"What is {number} + 1?", "answer": str(number + 1)} for number in range(500)]
    write_rows(here / "rows.jsonl", rows)
    found = judged(here, "math", "rows.jsonl", "--list", "20")
    places = [int(row["row"].partition(":")[2]) for row in found["kept"]]
    assert len(set(places)) == 20
    assert places == sorted(places)
    assert places[-1] > 250
    assert judged(here, "math", "rows.jsonl", "--list", "20") == found
    assert judged(here, "math", "rows.jsonl")["kept"] == []
    assert judged(here, "math", "rows.jsonl", "--max-rows", "30")["ledger"][0]["left"] == 30


def test_the_lanes_own_sources_are_judged_where_none_is_named(here: Path) -> None:
    write_rows(here / "rows.jsonl", MATH)
    (here / "genesys.toml").write_text('[lanes.math]\nsources = [{ path = "rows.jsonl", max_rows = 2 }]\n')
    assert judged(here, "math")["ledger"][0]["left"] == 2
    assert not (here / "state").exists(), "nothing of the state is made"


def test_test_sets_are_looked_at_where_they_are_wanted(here: Path) -> None:
    words = "A farmer has seventeen sheep, all but nine of them run away; how many sheep are left on the farm at night?"
    rows = [{"problem": words, "answer": "9"}, {"problem": "What is $1+1$?", "answer": "2"}]
    write_rows(here / "rows.jsonl", rows)
    write_rows(here / "set.jsonl", [{"question": words}])
    (here / "genesys.toml").write_text(
        '[benchmarks]\ndefault = false\n[[benchmarks.further]]\npath = "set.jsonl"\ncolumn = "question"\n'
    )
    found = judged(here, "math", "rows.jsonl", "--benchmarks", "--list", "5")
    assert ("no benchmark overlap", 1, 1) in left(found["ledger"])
    assert [(row["row"], row["reason"]) for row in found["dropped"]] == [("rows.jsonl:1", "overlaps a benchmark")]


def test_a_lane_of_one_function_has_no_rules_to_be_judged_by(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANES, "sums", sums_lane())
    write_rows(here / "rows.jsonl", ROWS)
    found = judged(here, "sums", "rows.jsonl")
    assert left(found["rules"]) == [("rows in", 4, 0), ("kept", 4, 0)]
    assert found["left_to"] == [{"by": "its own function", "step": "all of it"}]


def test_no_model_is_asked_and_rules_after_it_are_not_judged(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANES, "sums", stepped_lane())
    write_rows(here / "rows.jsonl", ROWS)
    found = judged(here, "sums", "rows.jsonl")
    assert left(found["rules"])[-1] == ("kept", 3, 0)
    assert found["left_to"] == [{"by": "curator", "step": "a sum"}]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["poetry", "rows.jsonl"], "there is no lane poetry; there are "),
        (["math"], r"\[lanes.math\] has no sources in these settings: name one"),
        (["math", "nowhere.jsonl"], "nowhere.jsonl"),
        (["coding", "rows.jsonl"], "has no column .*the coding lane needs "),
        (["math", "rows.jsonl", "--language", "rust"], "the math lane knows no rust; it has no languages"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_what_to_do(here: Path, words: list[str], says: str) -> None:
    (here / "genesys.toml").write_text("samples = 1\n")
    write_rows(here / "rows.jsonl", [row for row in MATH if isinstance(row, dict)])
    with pytest.raises(GenesysError, match=says):
        command.main(words)


@pytest.mark.parametrize("name", load_settings("demo").lanes)
def test_every_lane_of_the_demo_can_be_judged(here: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    sources = load_settings("demo").lanes[name].sources
    if any(source.lane for source in sources):
        pytest.skip("it reads what another lane kept, which takes calls")
    assert command.main([name, "--config", "demo", "--list", "3"]) == 0
    said = capsys.readouterr().out
    assert "kept by rules" in said
    assert "mistake in a row function" not in said
