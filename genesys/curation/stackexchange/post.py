"""What every source of questions is brought into: one typed question with its answers, whatever the upstream columns.

What becomes of it stands in ``curate``; which columns make it, in a module a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Answer:
    """An answer as upstream has it.

    Args:
        answer_id: The site's number of it.
        html: Its text.
        pm_score: log2(1 + upvotes), rounded, plus 1 if it was accepted; -1 if more people voted it down.
        is_accepted: By who asked.
        author: Name that is shown; empty where the account is gone.
        author_url: Of the author's profile; empty where upstream has none.
        written: The day, where upstream has it.
    """

    answer_id: int
    html: str
    pm_score: int
    is_accepted: bool
    author: str = ""
    author_url: str = ""
    written: date | None = None

    @property
    def vote_level(self) -> int:
        """log2(1 + upvotes), rounded: the score without what acceptance adds. Below 0 where it was voted down."""
        return self.pm_score - 1 if self.is_accepted and self.pm_score > 0 else self.pm_score

    @property
    def rank(self) -> tuple[int, bool, int]:
        """By which answers are compared: votes, then the asker's word, then who was first."""
        return self.vote_level, self.is_accepted, -self.answer_id


@dataclass(frozen=True)
class Question:
    """A question with its answers."""

    site: str
    """Host, as in ``math.stackexchange.com``."""
    qid: int
    html: str
    answers: tuple[Answer, ...]
    asked: date | None
    url: str
    asker_url: str = ""
    """Of the profile of who asked."""
    asker: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()

    @property
    def gold(self) -> Answer | None:
        """The most upvoted answer."""
        return max(self.answers, key=lambda answer: answer.rank, default=None)

    @property
    def accepted(self) -> Answer | None:
        """The one that the asker accepted."""
        return next((answer for answer in self.answers if answer.is_accepted), None)

    @property
    def contrast(self) -> Answer | None:
        """The answer that readers liked least, where they liked it clearly less than the gold."""
        worst, gold = min(self.answers, key=lambda answer: answer.rank, default=None), self.gold
        if worst is None or gold is None or worst.vote_level > 0 or gold.vote_level - worst.vote_level < 2:
            return None
        return worst
