"""Columns of the data set as a question: what is read, and how a broken field is named."""

import json
from datetime import date
from typing import Any

import pytest

from genesys.curation.stackexchange.lane import STACKEXCHANGE
from genesys.curation.stackexchange.post import Question
from tests.support.upstream.stackexchange import rows

ROW = next(iter(rows(1)))
"""A sound row."""


def row(**columns: Any) -> dict[str, Any]:
    return ROW | columns


def answer(**fields: Any) -> dict[str, Any]:
    return ROW["answers"][0] | fields


def read(**columns: Any) -> Question:
    found = STACKEXCHANGE.read(row(**columns))
    assert isinstance(found, Question)
    return found


def test_a_row_as_a_question() -> None:
    found = read(
        qid=12.0,
        metadata=[
            " https://www.Stackoverflow.com/questions/12/a-title ",
            "https://stackoverflow.com",
            "https://stackoverflow.com/users/-1/",
        ],
        date="2018-05-02 10:11:12",
        title="  A &amp; B ",
        tags="<c++><stl>",
        answers=[answer(answer_id=3, author=None, author_profile="javascript:x", date="2019/01/02", pm_score=0)],
    )
    assert (found.site, found.qid, found.title, found.tags) == ("stackoverflow.com", 12, "A & B", ("c++", "stl"))
    assert (found.asked, found.asker_url) == (date(2018, 5, 2), "https://stackoverflow.com/users/-1/")
    (only,) = found.answers
    assert (only.author, only.author_url, only.written) == ("", "", date(2019, 1, 2))


def test_the_columns_of_the_data_set_suffice() -> None:
    needed = {name: ROW[name] for name in ("qid", "question", "answers", "date", "metadata")}
    found = STACKEXCHANGE.read(needed)
    assert (found.title, found.tags, found.asker) == ("", (), "")


def test_a_question_is_its_number_on_its_site() -> None:
    first = STACKEXCHANGE.identify(ROW)
    edited = STACKEXCHANGE.identify(row(question="<p>Put otherwise.</p>", date="2020/01/01"))
    elsewhere = STACKEXCHANGE.identify(row(metadata=[f"https://cs.stackexchange.com/questions/{ROW['qid']}"]))
    assert edited.key == first.key == f"{STACKEXCHANGE.read(ROW).site}/{ROW['qid']}"
    assert edited.marks == first.marks
    assert elsewhere.key != first.key
    assert elsewhere.marks != first.marks


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"qid": "7"}, "qid: is str, expected a whole number"),
        ({"qid": True}, "qid: is bool, expected a whole number"),
        ({"qid": 7.5}, "qid: is float, expected a whole number"),
        ({"qid": json.loads("Infinity")}, "qid: is float, expected a whole number"),
        ({"qid": 0}, "qid: is 0, expected 1 or more"),
        ({"qid": ROW["qid"] + 1}, f"metadata: the address is that of question {ROW['qid']}, qid is {ROW['qid'] + 1}"),
        ({"question": None}, "question: is null, expected text"),
        ({"question": " \n"}, "question: is empty"),
        ({"question": "\ud800"}, "question: holds half a character"),
        ({"metadata": None}, "metadata: is null, expected a list of addresses"),
        ({"metadata": "https://math.stackexchange.com/questions/1"}, "metadata: is str, expected a list of addresses"),
        ({"metadata": []}, "metadata: has no address of the question, as https://SITE/questions/NUMBER"),
        ({"metadata": ["https://e.org/q/1"]}, "metadata: has no address of the question"),
        ({"metadata": ["https://e.org/questions/99999999999999999999"]}, "metadata: has no address of the question"),
        ({"answers": {}}, "answers: is dict, expected a list"),
        ({"answers": [1]}, "answers.0: is int, expected an object"),
        ({"answers": [{"answer_id": 1}]}, "answers.0.pm_score: missing"),
        ({"answers": [answer(pm_score="3")]}, "answers.0.pm_score: is str, expected a whole number"),
        ({"answers": [answer(pm_score=-2)]}, "answers.0.pm_score: is -2, expected -1 or more"),
        ({"answers": [answer(pm_score=900)]}, "answers.0.pm_score: is 900, and no answer has so many votes"),
        ({"answers": [answer(selected=1)]}, "answers.0.selected: is int, expected true or false"),
        ({"answers": [answer(text=None)]}, "answers.0.text: is null, expected text"),
        ({"answers": [answer(), answer()]}, f"answers: {ROW['answers'][0]['answer_id']} is there twice"),
        ({"answers": [answer(answer_id=n, selected=True) for n in (1, 2)]}, "answers: several are selected"),
        ({"date": "yesterday"}, "date: is 'yesterday', expected a day as 2018/12/31"),
        ({"date": "2018/02/30"}, "date: is '2018/02/30', expected a day"),
        ({"date": 2018}, "date: is '2018', expected a day"),
        ({"tags": 5}, "tags: is int, expected a list of texts"),
        ({"title": 5}, "title: is int, expected text"),
    ],
)
def test_a_broken_field_is_named(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(")):
        STACKEXCHANGE.identify(row(**columns))
