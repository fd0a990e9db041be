"""What a card says is true of the tables, and no name in them can break out of its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from genesys.overrides import Overrides
from genesys.release.chain import chain_recipe, filters_of
from genesys.release.publishing.markdown import code, plain, table
from genesys.release.publishing.release import plan_release
from genesys.settings import Settings
from genesys.tables.columns import ERROR_RATES
from genesys.tables.lake import WHOLE, Lake, Part
from tests.support.set_tables import SetTables

HOSTILE = (
    "evil | <img src=x onerror=alert(1)> [here](http://x.example) `c` **b** {{ 7*7 }}\n---\nlicense: mit\n# H\n```"
)


def card(tmp_path: Path, odd: dict[str, Any] | None = None, **publish: Any) -> str:
    lake = Lake(tmp_path / "lake")
    SetTables(lake, odd=odd or {}).write()
    return card_of(lake, tmp_path, **publish)


def card_of(lake: Lake, tmp_path: Path, **publish: Any) -> str:
    return plan_release(lake, Settings(state=str(tmp_path), release={"publish": publish}), []).card


def row(text: str, *begin: str) -> list[str]:
    """Cells of the table row that begins so."""
    line = next(line for line in text.splitlines() if line.startswith("| " + " | ".join(begin) + " |"))
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_the_head_is_one_that_the_hub_reads(tmp_path: Path) -> None:
    found = DatasetCard(card(tmp_path, title="Owls: a\n---\nset")).data.to_dict()
    assert found["pretty_name"] == "Owls: a --- set"
    assert found["size_categories"] == ["n<1K"]
    assert [config["config_name"] for config in found["configs"]] == ["raw", "sft", "preference", "rl"]
    splits = {info["config_name"]: info["splits"] for info in found["dataset_info"]}
    assert [(split["name"], split["num_examples"]) for split in splits["sft"]] == [("train", 12), ("test", 4)]
    assert {"coding", "python", "reasoning"} <= set(found["tags"])


def test_its_numbers_are_those_of_the_tables(tmp_path: Path) -> None:
    text = card(tmp_path)
    assert row(text, "coding") == ["coding", "12", "8", "4", "4", "4", "16", "50.0%"]
    assert row(text, "python") == ["python", "12", "8", "4", "4", "4", "16", "50.0%"]
    assert row(text, "big/teacher") == ["big/teacher", "16", "8", "16", "50.0%"]
    assert row(text, "secrets and personal data") == ["secrets and personal data", "secret", "8", "all"]
    assert row(text, "verdict") == ["verdict", "not accepted: wrong \\| answer", "8", ""]
    assert "Of 32 traces with a verdict, 16 passed every filter" in text
    assert row(text, "[BAAI/TACO](https://huggingface.co/datasets/BAAI/TACO)")[1:] == ["Apache-2.0", "4", "12"]
    assert row(text, "code\\_task") == ["code\\_task", "`4ecaf559062dce23`", "24"]
    assert "50.0% of the traces of `raw` (12) have the verdict of a language model" in text


def test_citations_are_of_the_recipe_and_of_the_sources_that_are_in_it(tmp_path: Path) -> None:
    text = card(tmp_path, citation="@misc{mine,\n  title = {Mine}\n}")
    bibliography = text[text.index("```bibtex") :]
    assert [entry for entry in re.findall(r"@misc{(\w+)", bibliography)] == [
        "mine",
        "synthetic1",
        "taco",
        "h4stackexchange",
    ]


def test_a_hostile_name_stays_in_its_cell(tmp_path: Path) -> None:
    text = card(tmp_path, dict.fromkeys(("source", "lane", "task_type", "language", "license"), HOSTILE))
    found = DatasetCard(text)
    assert found.data.license == "other"
    assert not any("evil" in tag for tag in found.data.tags)
    page = MarkdownIt("commonmark", {"html": True}).enable("table")
    html = page.render(found.text)
    clean = page.render(DatasetCard(card(tmp_path / "b")).text)
    assert "<img" not in html
    assert 'x.example"' not in html, "no link"
    assert "{{ 7*7 }}" in html, "a name is no template"
    for tag in ("<h1>", "<h2>", "<hr", "<pre>", "<table>"):
        assert html.count(tag) == clean.count(tag), tag


def test_values_as_plain_text() -> None:
    assert plain("a|b *c* <d> www.x.example me@x.example\x1b[0m\nnext") == (
        "a\\|b \\*c\\* \\<d\\> www\\.x.example me\\@x.example\\\\u001b\\[0m next"
    )
    assert plain("x" * 500).endswith("…")
    assert code("a`b|c") == "`a'b\\|c`"
    assert table(("a",), [], most=3) == ""
    assert table(("a",), [("x",)] * 5, most=3).endswith("(2 more)")


def test_own_words_and_limits_stand_as_they_were_written(tmp_path: Path) -> None:
    text = card(tmp_path, description="About *owls*.", limits=["Owls only."], title="Owls # 1")
    assert "\nAbout *owls*.\n" in text
    assert "\n- Owls only.\n" in text
    assert "\n# Owls \\# 1\n" in text


RATE = {
    "lane": "coding",
    "task_type": "verifiable_code",
    "kind": "wrong accept",
    "method": "mutants",
    "trials": 200,
    "errors": 4,
    "rate": 0.02,
    "low": 0.008,
    "high": 0.05,
    "unsaid": 0,
    "meaning": "of mutants of golds, those that passed",
}


def test_estimated_rates_of_wrong_verdicts_stand_in_it_once_they_were_made(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    SetTables(lake).write()
    assert "was not estimated" in card_of(lake, tmp_path)
    unknown = {**RATE, "kind": "wrong reject", "trials": 0, "errors": 0, "rate": None, "low": None, "high": None}
    data = lake.write("dataset/error_rates", WHOLE, ERROR_RATES, [RATE, unknown])
    lake.publish("dataset/error_rates", WHOLE, {"all": Part(data=data, fingerprint="1")})
    text = card_of(lake, tmp_path)
    assert (
        row(text, "coding", "verifiable\\_code", "mutants: 4 of 200, 2.0% (0.8% to 5.0%)")[-1] == "mutants: no trials"
    )
    assert "of mutants of golds, those that passed" in text
    assert "was not estimated" not in text


def test_the_card_speaks_of_the_settings_by_which_the_choice_was_made(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    SetTables(lake).write()
    settings = Settings(
        state=str(tmp_path),
        release={"people": {"secrets": "keep"}, "difficulty": {"least": 0.25, "most": 0.75}, "benchmarks": False},
    )
    filters = chain_recipe(filters_of(settings, Overrides())).settings["filters"]
    filters[0][1] = {"decisions": {"row-1": "withdrawn by Ann"}}
    part = lake.need("dataset/filtered").parts["all"].model_copy(update={"settings": {"filters": filters}})
    lake.publish("dataset/filtered", WHOLE, {"all": part})
    against = plan_release(lake, Settings(state=str(tmp_path)), []).against
    assert [problem.partition(" than")[0] for problem in against] == [
        "[release] says something else of difficulty, secrets and personal data"
    ]
    release = plan_release(lake, settings, [])
    assert "Traces with secrets are in the data all the same" in release.card
    assert row(release.card, "kept: solved, 25% to 75%") == ["kept: solved, 25% to 75%", "8"]
    assert "were not compared with public test sets" in release.card
    assert "Ann" not in release.manifest_text({}), "who decided what stays here"
