"""Whether the responses to a task dispute its gold: they agree with one another, and not with it. Pure.

A preflight shows that a gold passes its own verifier, which a wrong gold does too. What speaks against a gold are
independent answers that agree on something else. What a response votes for is told in ``votes``.

How many must agree: were the gold right, a wrong answer that draws a third of all samples, which makes it a trap, would
by chance get four of four in 1.2 % of tasks, and four or more and three quarters of any larger number in less than 5 %.
One that draws half of them gets there in 6 % of tasks at four samples, in 19 % at five, in 4 % at sixteen. A teacher
that errs in the same way every time is not told from a wrong gold by counting, hence the word: disputed, not wrong.
Votes of another teacher tell the two apart.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from genesys.settings import DisputeSettings

Kind = Literal["disputed", "contested"]
"""``disputed``: no response agrees with the gold. ``contested``: some do, but by far the most agree on another answer.
A contested task is shown and stays: its gold can be reached, and a trap into which most samples fall is what a hard
task looks like."""
Same = Callable[[str, str], bool]
"""Whether two answers as written are the same."""

_ANSWER_CHARS = 500


@dataclass(frozen=True)
class Ballot:
    """One response as a voter."""

    response_id: str
    teacher: str
    accepted: bool
    """Whether it agrees with the gold."""
    answer: str | None
    """What it answers, equal for the same answer; None: it has no vote, unless it is accepted."""
    written: str
    """The answer as it stands in the response."""
    text: str
    """A hash of the whole response: a teacher that says the same word for word has said it once."""


class Votes(BaseModel):
    """One answer and who gave it."""

    model_config = ConfigDict(frozen=True)

    answer: str
    votes: int
    teachers: dict[str, int]
    """Votes by teacher, the most first."""
    response_ids: tuple[str, ...]


class Dispute(BaseModel):
    """One task whose gold the responses do not bear out."""

    model_config = ConfigDict(frozen=True)

    problem_id: str
    kind: Kind
    answers: tuple[Votes, ...]
    """Other answers than the gold's; the leading one first."""
    voters: int
    """Responses that gave an answer, the gold's or another, each teacher's equal texts counted once."""
    agreeing: int
    """Of those, responses that agree with the gold."""

    @property
    def leader(self) -> Votes:
        """The answer on which the most agree."""
        return self.answers[0]

    def __str__(self) -> str:
        """In a line, for a person."""
        with_gold = "none" if not self.agreeing else str(self.agreeing)
        return (
            f"{self.leader.votes} of {self.voters} answers agree on {shortened(self.leader.answer, 80)}, {with_gold} "
            f"with the gold; teachers: {', '.join(self.leader.teachers)}"
        )


def find_dispute(
    problem_id: str, ballots: Iterable[Ballot], rule: DisputeSettings, same: Same | None = None
) -> Dispute | None:
    """Count the votes of a task.

    Args:
        problem_id: The task.
        ballots: Of all its responses, whatever campaign or teacher they are of, in any order.
        rule: How many must agree.
        same: Finds equal answers in different spellings; without it those of equal ``Ballot.answer`` are equal.

    Returns:
        The dispute, None where the responses bear the gold out or do not say enough.
    """
    voters = _voters(ballots)
    others = [ballot for ballot in voters if not ballot.accepted]
    # More than half in any case, so that a tie is no dispute. The subtraction takes back what rounding added.
    least = max(rule.votes, math.ceil(rule.share * len(voters) - 1e-9))
    groups = _groups(others)
    leader = _leader(groups, len(others) - least, same or _never)
    if leader is None:
        return None
    led = {ballot.response_id for ballot in leader}
    rest = [group for group in groups if group[0].response_id not in led]
    agreeing = len(voters) - len(others)
    return Dispute(
        problem_id=problem_id,
        kind="contested" if agreeing else "disputed",
        answers=tuple(map(_votes, [leader, *rest])),
        voters=len(voters),
        agreeing=agreeing,
    )


def telling(dispute: Dispute) -> tuple[bool, int, int, str]:
    """A key to sort by, what is most telling first: disputed golds, agreement across teachers, many votes."""
    return dispute.kind != "disputed", -len(dispute.leader.teachers), -dispute.leader.votes, dispute.problem_id


def shortened(text: str, chars: int) -> str:
    """A text on one line, its end cut off where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= chars else f"{line[: chars - 3]}..."


def _voters(ballots: Iterable[Ballot]) -> list[Ballot]:
    """Those that count; of equal ones that with the least response_id, an accepted one before others.

    The same response may stand in two campaigns, and a teacher that is asked again with little chance in its sampling
    repeats itself; both would be evidence counted twice.
    """
    voters: dict[tuple[str, str], Ballot] = {}
    for ballot in sorted(ballots, key=lambda ballot: (not ballot.accepted, ballot.response_id)):
        if ballot.accepted or ballot.answer is not None:
            voters.setdefault((ballot.teacher, ballot.text), ballot)
    return list(voters.values())


def _groups(ballots: list[Ballot]) -> list[list[Ballot]]:
    """Voters by answer, the most votes first; of equally many that with the least answer."""
    by_answer: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        by_answer.setdefault(str(ballot.answer), []).append(ballot)
    return [by_answer[answer] for answer in sorted(by_answer, key=lambda answer: (-len(by_answer[answer]), answer))]


def _leader(groups: list[list[Ballot]], spare: int, same: Same) -> list[Ballot] | None:
    """All voters of the answer that leaves no more than ``spare`` of them aside, None if there is none.

    Comparing answers is slow, and most tasks without an accepted response are hard ones on which all answers differ.
    So an answer is given up when too many are found to differ from it, and the search when the answers given up have
    too many votes themselves: one comparison where four samples give four answers.
    """
    given_up = 0
    for group in groups:
        if given_up > spare:
            break
        members, missed = list(group), 0
        for other in groups:
            if other is not group and missed <= spare:
                if same(group[0].written, other[0].written):
                    members += other
                else:
                    missed += len(other)
        if missed <= spare:
            return members
        given_up += len(group)
    return None


def _never(left: str, right: str) -> bool:
    """Answers that are spelt differently are different."""
    return False


def _votes(group: list[Ballot]) -> Votes:
    teachers = Counter(ballot.teacher for ballot in group)
    return Votes(
        answer=group[0].written[:_ANSWER_CHARS],
        votes=len(group),
        teachers=dict(sorted(teachers.items(), key=lambda pair: (-pair[1], pair[0]))),
        response_ids=tuple(sorted(ballot.response_id for ballot in group)),
    )
