"""``dataset/report``: a page that needs nothing else, escapes everything, and shows nothing that may not be shown."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import GenesysError
from genesys.release.diversity import make_diversity
from genesys.release.report.make import make_report, page_now, report_facts, report_html
from genesys.settings import Settings
from genesys.tables.lake import Lake
from tests.support.released import by_verdict, release
from tests.support.s3 import s3_bucket
from tests.support.tiny_lane import TinyTeacher, World

HOSTILE = (
    "</pre><script>alert(1)</script><img src=http://x.example/a.png onerror=alert(2)>&lt; \u202egnp \x1b[2J {{ 7*7 }}"
)
ROWS = [{"id": number, "question": f"{number}+{number}", "answer": str(2 * number)} for number in range(8)]
SECRET = "write to anna.petrova@mail-of-anna.de about it"


def world_of(folder: Path, said: str = "It is", rows: Any = ROWS) -> World:
    """Eight problems with four responses, of which two are right."""

    def answer(request: ChatRequest) -> ChatAnswer:
        question = request.messages[-1].content
        if request.name == "is_sum":
            return ChatAnswer(content='{"is_sum": true}', finish_reason="stop", prompt_tokens=5)
        total = sum(map(int, re.findall(r"\d+", question)[:2])) + (request.sample_index > 1)
        reasoning = f"sample {request.sample_index}: {said}"
        return ChatAnswer(content=f"{said} {total}", reasoning=reasoning, finish_reason="stop", completion_tokens=9)

    world = World.at(folder, rows, teacher=TinyTeacher(answer=answer))
    world.update(shard_size=5)
    world.run()
    return world


def settings_of(world: World, **changes: Any) -> Settings:
    return Settings(state=str(world.folder), **changes)


def html_of(world: World, **changes: Any) -> str:
    make_report(world.lake, [world.lane], settings_of(world, **changes))
    found = report_html(world.lake)
    assert found is not None
    return found.decode()


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longest, and say nothing about texts."""
    monkeypatch.setattr("genesys.release.report.page.pictures", lambda facts: {})


class Tags(HTMLParser):
    """What a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def test_the_page_tells_all_sections_and_fetches_nothing(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    release(world.lake, [world.lane])
    make_diversity(world.lake)
    html = html_of(world)
    sections = re.findall(r'<h2 id="(\w+)">', html)
    assert sections == [
        *(
            "funnel",
            "rates",
            "difficulty",
            "lengths",
            "duplicates",
            "costs",
            "judges",
            "diversity",
            "disputed",
            "samples",
        )
    ]
    seen = Tags(html)
    assert {"script", "img", "link", "iframe", "object"}.isdisjoint(seen.names)
    links = [value for name, value in seen.attributes if name in ("href", "src", "xlink:href")]
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"url\((?!#)", html)
    assert len(html) < 5_000_000
    assert "<svg" in html
    assert "currentColor" in html
    facts = report_facts(world.lake)
    assert facts is not None
    assert (facts.traces, facts.chosen, facts.problems) == (32, 16, 8)
    assert [(step.name, step.left, step.lost) for step in facts.filters.steps if step.lost] == [("verdict", 16, 16)]
    assert facts.curation[0].steps[0].left == 8
    [whole] = [rate for rate in facts.rates if rate.scope == "all"]
    assert (whole.value, whole.responses) == (0.5, 32)
    assert facts.difficulty.rates.counts[5] == 8, "all were solved half the time"
    assert facts.costs.per_trace is not None


def test_what_others_wrote_stays_text(tmp_path: Path) -> None:
    world = world_of(tmp_path, said=HOSTILE)
    release(world.lake, [world.lane])
    html = html_of(world, release={"publish": {"title": "<b>mine</b>"}})
    seen = Tags(html)
    assert {"script", "img", "b"}.intersection(seen.names) == {"b"}
    assert html.count("<b>") == seen.names.count("b"), "those of the figures alone"
    assert "<b>mine" not in html
    assert "onerror=alert" in html
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "{{ 7*7 }}" in html


def test_names_from_tables_cannot_break_the_pictures(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    release(world.lake, [world.lane])
    make_report(world.lake, [world.lane], settings_of(world))
    facts = report_facts(world.lake)
    assert facts is not None
    from genesys.release.report.page import page

    named = [rate.model_copy(update={"group": r"$\frac{<script>}$ & " + rate.group}) for rate in facts.rates]
    html = page(facts.model_copy(update={"rates": tuple(named * 2)}), "t")
    assert "Pass rate by lane" in html
    assert "script" not in Tags(html).names


def test_traces_stand_side_by_side_and_the_same_ones_each_time(tmp_path: Path) -> None:
    worlds = [world_of(tmp_path / name) for name in "ab"]
    for world in worlds:
        release(world.lake, [world.lane])
        make_diversity(world.lake)
    assert html_of(worlds[0]) == html_of(worlds[1])
    facts = report_facts(worlds[0].lake)
    assert facts is not None
    beside = [sample for sample in facts.samples if sample.kind != "borderline"]
    assert [[trace.end for trace in sample.traces] for sample in beside] == [["accepted", "rejected"]] * 2
    assert [sample.problem_id for sample in beside] == sorted(
        row["problem_id"] for shard in worlds[0].shards() for row in worlds[0].rows("tasks", shard)
    )[:2]
    assert facts.samples[0].traces[0].thinking.endswith("It is\n</think>")
    assert {sample.why for sample in facts.samples if sample.kind == "borderline"} >= {
        "its problem was solved 2 times of 4"
    }


@pytest.mark.usefixtures("no_pictures")
def test_personal_data_and_what_may_not_be_published_are_never_shown(tmp_path: Path) -> None:
    world = world_of(tmp_path, said=SECRET)
    release(world.lake, [world.lane])
    assert "anna" not in html_of(world)
    facts = report_facts(world.lake)
    assert facts is not None
    assert facts.samples == ()

    other = world_of(tmp_path / "other", said="a licence forbids this")

    def forbidden(trace: dict[str, Any]) -> tuple[str, str] | None:
        return by_verdict(trace) if trace["shard"].endswith("1") else ("licences", "not allowed")

    release(other.lake, [other.lane], forbidden, frozenset({"licences"}))
    html_of(other)
    facts = report_facts(other.lake)
    assert facts is not None
    allowed = {row["problem_id"] for row in other.rows("tasks", other.shards()[1])}
    assert {sample.problem_id for sample in facts.samples} <= allowed
    assert facts.samples


@pytest.mark.usefixtures("no_pictures")
def test_long_texts_lose_their_middle(tmp_path: Path) -> None:
    world = world_of(tmp_path, said="begin " + "x" * 40_000 + " end")
    release(world.lake, [world.lane])
    html = html_of(world)
    assert len(html) < 400_000
    assert re.search(r"\[\.\.\. 3\d,\d{3} characters \.\.\.\]", html)


@pytest.mark.usefixtures("no_pictures")
def test_a_report_is_made_anew_only_when_something_it_tells_of_changed(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    lanes, settings = [world.lane], settings_of(world)
    assert report_html(world.lake) is None
    with pytest.raises(GenesysError, match="dataset/filtered"):
        make_report(world.lake, lanes, settings)
    release(world.lake, lanes)
    first = make_report(world.lake, lanes, settings)
    assert make_report(world.lake, lanes, settings).made_at == first.made_at
    html, stands = page_now(world.lake, lanes, settings)
    assert (html, stands) == (report_html(world.lake), True)
    make_diversity(world.lake)
    html, stands = page_now(world.lake, lanes, settings)
    assert not stands
    assert b"first that was measured so" in html
    assert report_html(world.lake) != html, "nothing was published"
    assert make_report(world.lake, lanes, settings).data != first.data


def test_a_report_without_a_single_verdict_is_a_page_too(tmp_path: Path) -> None:
    world = World.at(tmp_path, rows=[])
    world.update()
    world.run()
    release(world.lake, [world.lane])
    html = html_of(world)
    assert "No problem has both." in html
    assert "Not measured yet" in html


@pytest.mark.s3
@pytest.mark.usefixtures("no_pictures")
def test_a_lake_on_object_storage_gives_the_same_page(tmp_path: Path) -> None:
    with s3_bucket() as bucket:
        worlds = [
            World.at(tmp_path / "here"),
            World.at(tmp_path / "there", lake=Lake(f"{bucket.url}/lake", bucket.options)),
        ]
        for world in worlds:
            world.update()
            world.run()
            release(world.lake, [world.lane])
            make_diversity(world.lake)
        assert html_of(worlds[0]) == html_of(worlds[1])
