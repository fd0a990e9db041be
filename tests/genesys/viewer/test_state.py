"""Which traces a state has, and how they are chosen, searched and put together."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from genesys.faults import GenesysError
from genesys.tables.lake import Lake
from genesys.viewer import searching
from genesys.viewer.query import Query
from genesys.viewer.state import State
from genesys.viewer.trace import taken_apart
from tests.genesys.viewer.conftest import state_of
from tests.support.viewed import Viewed, program


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> State:
    viewed = Viewed(Lake(tmp_path_factory.mktemp("state") / "lake"))
    viewed.add("a1", "p1", prompt="Apples and pears", answer="Seven apples.", tokens=30)
    viewed.add("a2", "p1", answer="Eight pears.", score=0.0, step="verdict", reason="wrong answer", tokens=20)
    viewed.add("b1", "p2", prompt="Plums", answer="None.", thinking="PEARS perhaps", tokens=40, teacher="b/teacher")
    viewed.add("b2", "p2", score=None, tokens=10)
    viewed.add(
        "c1", "p3", lane="stackexchange", shard="stackexchange-00000", score=0.85, step="near-duplicate responses"
    )
    viewed.add(**program("d1", passes=True, problem="p4"))
    return state_of(viewed.write())


def found(state: State, **asked: str) -> list[str]:
    query = Query.read(asked)
    rows = state.index.find(query)
    if query.all_words:
        rows = state.index.ordered(state.search(rows, query.all_words, query.place, query.after).rows, query)
    return state.index.traces[rows]["response_id"].to_list()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "a1 a2 b1 b2 c1 d1"),
        ({"verdict": "accepted"}, "a1 b1 d1"),
        ({"verdict": "rejected"}, "a2 c1"),
        ({"verdict": "no score"}, "b2"),
        ({"lane": "math", "teacher": "b/teacher"}, "b1"),
        ({"type": "verifiable_code"}, "d1"),
        ({"language": "python"}, "d1"),
        ({"source": "tiny/set", "step": "verdict"}, "a2"),
        ({"reason": "wrong answer"}, "a2"),
        ({"step": "kept"}, "a1 b1 b2 d1"),
        ({"least": "0.5", "most": "0.9"}, "c1"),
        ({"shortest": "20", "longest": "30"}, "a1 a2"),
        ({"ident": "b"}, "b1 b2"),
        ({"ident": "p1"}, "a1 a2"),
        ({"ident": "row of p2"}, "b1 b2"),
        ({"ident": "nobody"}, ""),
        ({"lane": "no such lane"}, ""),
        ({"sort": "-length", "lane": "math"}, "b1 a1 a2 b2"),
        ({"sort": "score", "lane": "math"}, "a2 a1 b1 b2"),
        ({"sort": "-score", "lane": "math"}, "a1 b1 a2 b2"),
        ({"words": "pears"}, "a1 a2 b1"),
        ({"words": "pears", "place": "response"}, "a2 b1"),
        ({"words": "pears", "place": "prompt"}, "a1 a2"),
        ({"words": "PEARS perhaps"}, "b1"),
        ({"words": '"seven apples"'}, "a1"),
        ({"words": "apples seven"}, "a1"),
        ({"words": '"apples seven"'}, ""),
        ({"words": "pears", "verdict": "accepted", "sort": "-length"}, "b1 a1"),
        ({"words": ".*"}, ""),
    ],
)
def test_traces_are_chosen_by_what_is_asked(place: State, asked: dict[str, str], expected: str) -> None:
    assert found(place, **asked) == expected.split()


def test_a_search_stops_where_it_is_full_and_goes_on_from_there(
    viewed: Viewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST", 1)
    for number in range(3):
        viewed.add(f"r{number}", f"p{number}", shard=f"math-0000{number}", answer="the word")
    place = state_of(viewed.write())
    rows, seen, after = place.index.find(Query()), [], ""
    for left in (2, 1, 0):
        hits = place.search(rows, ["word"], "both", after)
        assert (hits.waiting, hits.searched) == (left, left + 1 - left)
        seen += place.index.traces[hits.rows]["response_id"].to_list()
        after = hits.last
    assert seen == ["r0", "r1", "r2"]


def test_addresses_say_the_whole_query_and_read_back_as_it(place: State) -> None:
    query = Query.read({"words": 'a "b c"', "least": "0.25", "page": "3", "step": "verdict", "unknown": "x"})
    assert Query.read(dict(pair.split("=") for pair in query.address().replace("+", " ").split("&"))).least == 0.25
    assert query.address() == "words=a+%22b+c%22&step=verdict&least=0.25&page=3"
    assert Query().address() == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"page": "0"},
        {"page": "x"},
        {"least": "nan"},
        {"longest": "-1"},
        {"sort": "name"},
        {"verdict": "good"},
        {"words": "w " * 21},
    ],
)
def test_what_cannot_be_asked_is_named(asked: dict[str, str]) -> None:
    with pytest.raises(GenesysError, match=next(iter(asked))[:4]):
        Query.read(asked)


def test_a_trace_has_all_that_the_tables_say_of_it(place: State) -> None:
    trace = place.trace(place.index.of_response("d1") or 0)
    assert trace.task["prompt"] == "Double a number."
    assert trace.response.thinking == "two and two"
    assert trace.info["passed"] == 2
    assert trace.measured["wall_s"] == [0.01, 0.25]
    assert [step.name for step in trace.steps] == ["source row", "task", "generation", "verdict", "release"]
    assert trace.said["problems"]["pass_rate"] == 0.5


def test_without_the_filters_tables_nothing_is_said_of_them(viewed: Viewed) -> None:
    viewed.add("a1")
    place = state_of(viewed.write(filtered=False))
    assert place.index.traces["is_filtered"].to_list() == [False]
    assert place.index.notes == ()
    assert place.trace(0).said["measured"] == {}


def test_a_broken_table_is_named_and_the_others_are_shown(viewed: Viewed, tmp_path: Path) -> None:
    viewed.add("a1")
    viewed.add("b1", "p2", shard="math-00001")
    lake = viewed.write()
    (broken,) = (tmp_path / "lake/math/generations/math-00000").glob("*.parquet")
    broken.write_bytes(b"no parquet")
    place = state_of(lake)
    assert place.index.traces["response_id"].to_list() == ["b1"]
    assert "math math-00000 is left out" in place.index.notes[0]


def test_the_same_response_in_two_shards_is_two_traces_each_with_its_own_end(viewed: Viewed) -> None:
    viewed.add("a1", step="standing", reason="stale task")
    viewed.add("a1", shard="math-00001")
    place = state_of(viewed.write())
    assert place.index.traces["step"].to_list() == ["standing", None]
    for shard, said in (("math-00000", "standing"), ("math-00001", None)):
        trace = place.trace(place.index.of_response("a1", shard=shard) or 0)
        assert (trace.ids["shard"], trace.said["ends"]["step"]) == (shard, said)


def test_an_empty_state_has_no_traces(tmp_path: Path) -> None:
    place = state_of(Lake(tmp_path / "lake"))
    assert len(place.index.traces) == 0
    assert found(place, words="x") == []


def test_new_tables_are_seen_when_they_are_read_again(viewed: Viewed) -> None:
    viewed.add("a1")
    place = state_of(viewed.write())
    assert len(place.index.traces) == 1
    viewed.add("a2")
    viewed.write()
    assert len(place.index.traces) == 1
    place.read_again()
    assert len(place.index.traces) == 2


def test_no_text_is_held_with_the_ids(place: State) -> None:
    assert not {"prompt", "messages", "llm_response"} & set(place.index.traces.columns)
    assert place.index.traces.schema["source"] == pl.Categorical


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think>\na\n</think>\n\nb", "a", "b"),
        ("a</think>b", "a", "b"),
        ("<think>never ends", "never ends", ""),
        ("no thinking", "", "no thinking"),
        ("<thinking>a <b> c</thinking>d", "a <b> c", "d"),
        ("", "", ""),
    ],
)
def test_thinking_is_told_from_the_answer(text: str, thinking: str, answer: str) -> None:
    assert taken_apart(text) == (thinking, answer)


def test_taking_apart_a_long_text_is_quick(tmp_path: Path, recwarn: Callable[..., None]) -> None:
    text = "<think>" + " \n" * 2_000_000 + "</think>end"
    assert taken_apart(text) == ("", "end")
