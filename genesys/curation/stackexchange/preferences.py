"""The columns of HuggingFaceH4/stack-exchange-preferences -> ``Question``. Nothing is decided here.

``metadata`` is a list of addresses: of the question, of its site, of the profile of who asked. ``title``, ``tags`` and
``author`` are read where a source has them besides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from genesys.curation.stackexchange.post import Answer, Question
from genesys.hashing import digest
from genesys.lane import Adapter, Identity

NEEDED = ("qid", "question", "answers", "date", "metadata")
_ANSWER = ("answer_id", "pm_score", "selected", "text")
_QUESTION_URL = re.compile(r"https?://([a-z0-9.-]+)/questions/(\d+)(?:[/?#]|$)", re.IGNORECASE)
_USER_URL = re.compile(r"https?://[a-z0-9.-]+/users/-?\d+(?:[/?#]|$)", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?")
_TAG = re.compile(r"<[^<>]*>")
_LARGEST = 2**31


def read(row: dict[str, Any]) -> Question:
    """A row as a question.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    addresses = _addresses(row["metadata"])
    site, number, url = _place(addresses)
    qid = _number(row["qid"], "qid")
    if qid != number:
        raise ValueError(f"metadata: the address is that of question {number}, qid is {qid}")
    html = _text(row["question"], "question")
    if not html.strip():
        raise ValueError("question: is empty")
    return Question(
        site=site,
        qid=qid,
        html=html,
        answers=_answers(row["answers"]),
        asked=_date(row["date"], "date"),
        url=url,
        asker_url=next((address for address in addresses if _USER_URL.match(address)), ""),
        asker=_text(row.get("author") or "", "author").strip(),
        title=unescape(_text(row.get("title") or "", "title")).strip(),
        tags=_tags(row.get("tags")),
    )


def identify(row: dict[str, Any]) -> Identity:
    """A question is its number on its site, by which its copies in other dumps are known as well.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    question = read(row)
    key = f"{question.site}/{question.qid}"
    words = " ".join(unescape(_TAG.sub(" ", question.html)).split())
    return Identity(key=key, statement=words, marks=(f"question:{digest(key, 24)}",))


PREFERENCES = Adapter("stack_exchange_preferences", NEEDED, identify, read)


def _addresses(value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"metadata: is {_kind(value)}, expected a list of addresses")
    return [item.strip() for item in value]


def _place(addresses: list[str]) -> tuple[str, int, str]:
    """(host, number, address) of the question."""
    for address in addresses:
        if found := _QUESTION_URL.match(address):
            host = (urlsplit(address).hostname or "").removeprefix("www.")
            if int(found[2]) < _LARGEST and host:
                return host, int(found[2]), address
    raise ValueError("metadata: has no address of the question, as https://SITE/questions/NUMBER")


def _answers(value: Any) -> tuple[Answer, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"answers: is {_kind(value)}, expected a list")
    found = tuple(_answer(item, f"answers.{place}") for place, item in enumerate(value))
    seen: set[int] = set()
    for answer in found:
        if answer.answer_id in seen:
            raise ValueError(f"answers: {answer.answer_id} is there twice")
        seen.add(answer.answer_id)
    if sum(answer.is_accepted for answer in found) > 1:
        raise ValueError("answers: several are selected, and a question has one accepted answer at most")
    return found


def _answer(value: Any, where: str) -> Answer:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: is {_kind(value)}, expected an object")
    if lacking := [name for name in _ANSWER if name not in value]:
        raise ValueError(f"{where}.{lacking[0]}: missing")
    if not isinstance(value["selected"], bool):
        raise ValueError(f"{where}.selected: is {_kind(value['selected'])}, expected true or false")
    score = _number(value["pm_score"], f"{where}.pm_score", least=-1)
    if score > 40:
        raise ValueError(f"{where}.pm_score: is {score}, and no answer has so many votes: expected log2(1 + upvotes)")
    profile = _text(value.get("author_profile") or "", f"{where}.author_profile").strip()
    return Answer(
        answer_id=_number(value["answer_id"], f"{where}.answer_id"),
        html=_text(value["text"], f"{where}.text"),
        pm_score=score,
        is_accepted=value["selected"],
        author=_text(value.get("author") or "", f"{where}.author").strip(),
        author_url=profile if profile.startswith(("http://", "https://")) else "",
        written=_date(value.get("date"), f"{where}.date"),
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where}: is {_kind(value)}, expected text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{where}: holds half a character") from None
    return value


def _number(value: Any, where: str, *, least: int = 1) -> int:
    """A whole number; frames with gaps make 12.0 of 12."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value != int(value):
        raise ValueError(f"{where}: is {_kind(value)}, expected a whole number")
    if not least <= value < _LARGEST:
        raise ValueError(f"{where}: is {value}, expected {least} or more")
    return int(value)


def _date(value: Any, where: str) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return date(*(int(part) for part in found.groups())) if found else _no_date(value, where)
    except ValueError:
        return _no_date(value, where)


def _no_date(value: Any, where: str) -> date:
    raise ValueError(f"{where}: is {str(value)[:40]!r}, expected a day as 2018/12/31")


def _tags(value: Any) -> tuple[str, ...]:
    """A list, or ``<a><b>`` as the dumps of the sites write it."""
    if value is None:
        return ()
    found = re.findall(r"[^<>|,\s]+", value) if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not all(isinstance(tag, str) for tag in found):
        raise ValueError(f"tags: is {_kind(value)}, expected a list of texts")
    return tuple(found)


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
