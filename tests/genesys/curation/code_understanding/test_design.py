"""What is drawn of a row: depth, kinds, ideas and inputs by design, the same each time; the difficulty said of it."""

from __future__ import annotations

from collections import Counter
from random import Random
from statistics import mean

import jinja2
import pytest

from genesys.curation.code_understanding import difficulty
from genesys.curation.code_understanding.design import DEPTHS, KINDS, design, our_seeds, rng_of
from genesys.curation.code_understanding.evolve import EVOLVE
from genesys.curation.code_understanding.inputs import INPUTS, LENGTH_WEIGHTS, LENGTHS, Input, inputs
from genesys.curation.code_understanding.problem import Material, read_news
from tests.support.upstream.code_understanding import rows

NEWS = Material("https://news.example/1", text="x")


def test_our_ideas_are_many_and_each_is_there_once() -> None:
    seeds = our_seeds()
    assert len(seeds) >= 150
    assert len({seed.name for seed in seeds}) == len({seed.idea for seed in seeds}) == len(seeds)
    assert all(10 <= len(seed.idea.split()) <= 60 for seed in seeds)
    assert len({seed.topic for seed in seeds}) >= 12


def test_each_kind_of_evolution_has_a_wording_of_its_own() -> None:
    told = {}
    for kind in KINDS:
        said = EVOLVE.render(code="C", kind=kind, trouble="", signature="S", language_name="L")[1].content
        told[kind] = said.partition("in this one way:\n")[2].partition("Keep what the function does now")[0].strip()
    assert len(KINDS) >= 6
    assert len(set(told.values())) == len(KINDS)
    assert all(len(text) > 100 for text in told.values()), "none is empty"
    with pytest.raises(jinja2.UndefinedError):
        EVOLVE.render(code="C")


def test_depths_and_kinds_are_drawn_by_their_weights() -> None:
    drawn = [design(NEWS, f"row {number}", "python") for number in range(3000)]
    depths = Counter(len(one.kinds) for one in drawn)
    for depth, weight in enumerate(DEPTHS):
        assert depths[depth] / 3000 == pytest.approx(weight / sum(DEPTHS), abs=0.03)
    kinds = Counter(kind for one in drawn for kind in one.kinds)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) > 0.7 * max(kinds.values())
    assert all(len(set(one.kinds)) == len(one.kinds) for one in drawn)
    assert {len(one.seeds) for one in drawn} == {1, 2}


def test_the_ideas_of_a_row_are_those_of_all_its_languages_and_a_users_idea_is_his() -> None:
    found = {language: design(NEWS, "row", language) for language in ("python", "rust", "cpp", "javascript")}
    assert len({one.seeds for one in found.values()}) == 1
    assert len({one.kinds for one in found.values()}) > 1, "depths are drawn for each language"
    own = design(Material("mine", idea="Turn it round.", topic="order"), "row", "rust")
    assert [(seed.name, seed.idea, seed.topic) for seed in own.seeds] == [("mine", "Turn it round.", "order")]


def test_inputs_have_lengths_by_design_and_half_of_them_come_from_the_news() -> None:
    material = [read_news(row) for row in rows(300)]
    drawn = [inputs(rng_of(f"row {number}", "python", "inputs"), one.text) for number, one in enumerate(material)]
    assert all(len({one.text for one in found}) == len(found) == INPUTS for found in drawn)
    flat = [one for found in drawn for one in found]
    for (low, high), weight in zip(LENGTHS, LENGTH_WEIGHTS, strict=True):
        share = mean(low <= len(one.text) <= high for one in flat)
        assert share == pytest.approx(weight / sum(LENGTH_WEIGHTS), abs=0.05)
    assert mean(one.kind == "news" for one in flat) == pytest.approx(0.5, abs=0.06)
    kinds = {one.kind for one in flat}
    assert kinds == {"news", "letters", "words", "digits", "mixed", "brackets", "unicode"}
    assert all(one.text == one.text.strip() and one.text.encode() for one in flat)


def test_pieces_of_a_text_are_whole_words_of_it() -> None:
    text = "One two  three\nfour five six seven eight nine ten eleven twelve thirteen, fourteen fifteen sixteen."
    plain = " ".join(text.split())
    for number in range(30):
        for one in inputs(Random(number), text):
            if one.kind == "news":
                assert f" {one.text} " in f" {plain} "
    assert {one.kind for one in inputs(Random(0), "")}.isdisjoint({"news"})
    assert len(inputs(Random(1), "short")) == INPUTS, "a text too short for any length is left alone"


def test_the_same_row_draws_the_same() -> None:
    one, other = (inputs(rng_of("row", "rust", "inputs"), "") for _ in range(2))
    assert one == other
    assert one != inputs(rng_of("row", "cpp", "inputs"), "")
    assert isinstance(one[0], Input)


def test_difficulty_grows_with_depth_input_and_function() -> None:
    base = difficulty.predicted(1, 40, 120)
    assert difficulty.predicted(2, 40, 120) == base + 1
    assert difficulty.predicted(1, 80, 120) > base
    assert difficulty.predicted(1, 40, 240) > base
    assert difficulty.predicted(0, 16, 64) == 2.0
    assert [difficulty.level(value) for value in (1.5, 4.0, 6.99, 7.0, 12.0)] == [
        "easy",
        "medium",
        "medium",
        "hard",
        "hard",
    ]
