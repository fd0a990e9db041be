"""What a card says is true of the tables, and no name in them can break out of its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from genesys.release.publishing.markdown import code, plain, table
from genesys.release.publishing.release import plan_release
from genesys.settings import Settings
from genesys.tables.lake import Lake
from tests.support.set_tables import SetTables

HOSTILE = (
    "evil | <img src=x onerror=alert(1)> [here](http://x.example) `c` **b** {{ 7*7 }}\n---\nlicense: mit\n# H\n```"
)


def card(tmp_path: Path, odd: dict[str, Any] | None = None, **publish: Any) -> str:
    lake = Lake(tmp_path / "lake")
    SetTables(lake, odd=odd or {}).write()
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
    assert splits["sft"] == [{"name": "train", "num_examples": 12}, {"name": "test", "num_examples": 4}]
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


@pytest.mark.parametrize("column", ["source", "lane", "task_type", "license"])
def test_a_hostile_name_stays_in_its_cell(tmp_path: Path, column: str) -> None:
    text = card(tmp_path, {column: HOSTILE})
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
