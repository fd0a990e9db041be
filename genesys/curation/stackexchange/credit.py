"""Whose words these are and under which licence, as CC BY-SA asks for it: names, profiles, addresses, the licence.

Stack Exchange licenses what was written before 8 April 2011 under CC BY-SA 2.5, until 1 May 2018 under 3.0, later under
4.0. A text that was edited since may be under a later one; upstream does not tell. Names stand here and nowhere else.
"""

from __future__ import annotations

from datetime import date

from genesys.curation.stackexchange.post import Answer, Question

_FROM = ((date(2018, 5, 2), "CC-BY-SA-4.0"), (date(2011, 4, 8), "CC-BY-SA-3.0"), (date.min, "CC-BY-SA-2.5"))


def licence_of(written: date) -> str:
    """The licence of what was written on a day, by its SPDX name."""
    return next(name for begins, name in _FROM if written >= begins)


def licence(question: Question, gold: Answer) -> str | None:
    """The later one of question and gold, since each may be used under later versions; None where no day is known."""
    days = [day for day in (question.asked, gold.written) if day is not None]
    return licence_of(max(days)) if days else None


def answer_url(question: Question, answer: Answer) -> str:
    """The address of an answer."""
    return f"https://{question.site}/a/{answer.answer_id}"


def attribution(question: Question, gold: Answer, licence_name: str) -> str:
    """Who wrote question and gold, where they stand, and that they were changed."""
    return (
        f"Question {question.url} by {_person(question.asker, question.asker_url)}; "
        f"answer {answer_url(question, gold)} by {_person(gold.author, gold.author_url)}; "
        f"both of {question.site} (Stack Exchange), {licence_name}, turned from HTML into Markdown"
    )


def _person(name: str, profile: str) -> str:
    named = " ".join(name.split())
    if named and profile:
        return f"{named} ({profile})"
    return named or profile or "an author whom the source does not name"
