"""The rules alone on texts that people wrote: seventy posts of es.stackoverflow.com, English problems and solutions.

The posts are one text each, without votes, code marks or HTML; ``shaped`` brings them into the true columns, with votes
of ours in the order of the answers.
"""

import asyncio
import html
import re
from collections import Counter
from itertools import groupby
from typing import Any

import pytest

from genesys.curation.stackexchange import rules, wording
from genesys.curation.stackexchange.lane import STACKEXCHANGE
from genesys.curation.stackexchange.markdown import to_markdown
from genesys.curation.stackexchange.prose import split_math
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome
from tests.support.shared_data import needs_shared_data, read

pytestmark = needs_shared_data

_CODE = re.compile(r"[;{}<>=]|^\s{2,}\S|\w\(|^\s*(?:import|from|def|class|#|//|\$|@)", re.MULTILINE)


def paragraphs(text: str) -> str:
    """HTML of a plain text: lines that look like code are code, as they were on the site."""
    found = []
    for is_code, lines in groupby(text.split("\n"), key=lambda line: bool(_CODE.search(line)) and "¿" not in line):
        said = html.escape("\n".join(lines))
        if said.strip():
            found.append(f"<pre><code>{said}</code></pre>" if is_code else f"<p>{said}</p>")
    return "\n".join(found)


def shaped(site: str) -> list[dict[str, Any]]:
    rows = []
    for number, row in enumerate(read("sources/stackexchange.jsonl"), 1):
        question, *answers = row["text"].removeprefix("Q: ").split("\n\nA: ")
        told = [
            {"answer_id": n, "author": "", "pm_score": max(4 - n, 0), "selected": False, "text": paragraphs(text)}
            for n, text in enumerate(answers, 1)
        ]
        row = {"qid": number, "question": paragraphs(question), "answers": told, "date": "2016/01/01"}
        rows.append(row | {"metadata": [f"https://{site}/questions/{number}"]})
    return rows


def ends(rows: list[dict[str, Any]]) -> list[Outcome | None]:
    """By the rules alone; None is a row that they leave to the curator."""

    async def run() -> list[Outcome | None]:
        curate: Any = STACKEXCHANGE.curate
        return [
            await curate.by_rules(LedgerRow(str(number), "h", "real", row, "r", read=STACKEXCHANGE.read))
            for number, row in enumerate(rows)
        ]

    return asyncio.run(run())


def test_a_site_in_another_language_is_known_by_its_address() -> None:
    assert Counter(end and end.reason for end in ends(shaped("es.stackoverflow.com"))) == {"not English": 70}


def test_posts_in_spanish_are_known_by_their_words_as_well() -> None:
    found = Counter(end.reason if end else "kept" for end in ends(shaped("stackoverflow.com")))
    assert found["kept"] <= 3, "what has few words is left to the curator"
    assert found["not English"] >= 55
    assert sum(found.values()) == 70


TEXTS = {
    "gsm8k_test.jsonl": ("question", "answer"),
    "math500.jsonl": ("problem", "solution"),
    "olympiadbench.jsonl": ("question", "solution"),
    "apps.jsonl": ("question", None),
    "code_contests.jsonl": ("content", None),
}


@pytest.mark.parametrize("name", TEXTS)
def test_no_rule_on_wording_speaks_against_problems_and_solutions_in_english(name: str) -> None:
    question, solution = TEXTS[name]
    found: list[Any] = []
    for row in read(f"sources/{name}"):
        problem = to_markdown(paragraphs(row[question]))
        found.append(rules.english(problem.prose) or wording.first_of(wording.QUESTION_ALONE, problem.prose))
        found.append(wording.first_of(wording.QUESTION_OBJECTIVE, problem.prose))
        if solution:
            text = row[solution] if isinstance(row[solution], str) else "\n\n".join(row[solution])
            found.append(wording.first_of(wording.GOLD, to_markdown(paragraphs(text)).prose))
    assert [one for one in found if one] == []


@pytest.mark.parametrize("name", ["math500.jsonl", "olympiadbench.jsonl"])
def test_the_math_of_real_problems_is_kept_to_the_letter(name: str) -> None:
    question, solution = TEXTS[name]
    for row in read(f"sources/{name}"):
        for text in (row[question], row[solution or ""]):
            whole = text if isinstance(text, str) else "\n".join(text)
            kept = to_markdown(f"<p>{html.escape(whole)}</p>").text
            for part, is_math in split_math(whole.strip()):
                assert not is_math or part.strip() in kept, part
