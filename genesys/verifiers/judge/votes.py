"""Votes made into a decision: pure, and the same for the same votes. Nobody is asked here."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from genesys.verifiers.judge.question import Order


@dataclass(frozen=True)
class Vote:
    """What one judge said when asked once."""

    judge: str
    """The role: ``judge``, ``judge-2``, ..., ``tie-breaker``."""
    model: str
    order: Order
    round: int
    score: float | None = None
    why: str = ""
    calls: tuple[str, ...] = ()
    """Keys of the calls that it took; the last one gave the score."""
    missing: Literal["", "infrastructure", "refused"] = ""
    trouble: str = ""

    def record(self) -> dict[str, Any]:
        """As the verdict's info holds it."""
        kept: dict[str, Any] = {"judge": self.judge, "model": self.model, "order": self.order, "round": self.round}
        told: dict[str, Any] = {"score": self.score, "why": self.why}
        if self.missing:
            told = {self.missing: self.trouble}
        return {**kept, **told, "calls": list(self.calls)}


@dataclass(frozen=True)
class Opinion:
    """What a judge's votes come to."""

    judge: str
    score: float | None
    """None: its votes are as many on one side as on the other."""
    votes: tuple[float, ...]


@dataclass(frozen=True)
class Rules:
    """How votes are counted.

    Args:
        threshold: The least score that is accepted; on which side of it a score lies is what judges must agree on.
        quorum: So many judges have to be on one side.
        tolerance: Votes of that side may be so far apart, else the score is not settled.
        aggregate: How scores of one side become one.
    """

    threshold: float
    quorum: int
    tolerance: float
    aggregate: Literal["median", "mean"]

    def accepts(self, score: float) -> bool:
        """On which side a score lies."""
        return score >= self.threshold

    def joined(self, scores: Sequence[float]) -> float:
        """One score of several on one side; it is on that side as well."""
        value = statistics.median(scores) if self.aggregate == "median" else statistics.fmean(scores)
        return min(max(value, min(scores)), max(scores))


@dataclass(frozen=True)
class Decision:
    """What the votes come to."""

    score: float | None
    """None: judges disagree."""
    is_settled: bool
    """Nothing further has to be asked."""
    sides: tuple[int, int]
    """Judges that accept, judges that do not."""


def opinions_of(votes: Iterable[Vote], rules: Rules) -> list[Opinion]:
    """Opinions of the judges all of whose votes are there, in order of their first vote."""
    by_judge: dict[str, list[Vote]] = {}
    for vote in votes:
        by_judge.setdefault(vote.judge, []).append(vote)
    return [
        _opinion(judge, [vote.score for vote in cast if vote.score is not None], rules)
        for judge, cast in by_judge.items()
        if not any(vote.missing for vote in cast)
    ]


def _opinion(judge: str, scores: list[float], rules: Rules) -> Opinion:
    accepting = [score for score in scores if rules.accepts(score)]
    others = [score for score in scores if not rules.accepts(score)]
    if len(accepting) == len(others):
        return Opinion(judge, None, tuple(scores))
    return Opinion(judge, rules.joined(max(accepting, others, key=len)), tuple(scores))


def decide(opinions: Sequence[Opinion], rules: Rules, *, tie_breaker: Opinion | None = None) -> Decision:
    """Count.

    A side wins with the quorum and more judges than the other; where both are as many, the tie-breaker's side does. The
    score is that of the winning side alone, so that it never lies on the other.

    Args:
        opinions: Of the judges.
        rules: How they are counted.
        tie_breaker: Its opinion, where it was asked: it counts as one more judge.
    """
    counted = [*opinions, *([tie_breaker] if tie_breaker else [])]
    said = [(one, one.score) for one in counted if one.score is not None]
    accepting = [(one, score) for one, score in said if rules.accepts(score)]
    others = [(one, score) for one, score in said if not rules.accepts(score)]
    sides = (len(accepting), len(others))
    won = max(accepting, others, key=len)
    if len(accepting) == len(others):
        if tie_breaker is None or tie_breaker.score is None:
            return Decision(None, False, sides)
        won = accepting if rules.accepts(tie_breaker.score) else others
    if len(won) < rules.quorum:
        return Decision(None, False, sides)
    votes = [vote for one, _ in won for vote in one.votes]
    is_settled = max(votes) - min(votes) <= rules.tolerance + 1e-9
    return Decision(rules.joined([score for _, score in won]), is_settled, sides)


def is_unanimous(votes: Iterable[Vote], rules: Rules) -> bool:
    """Whether all votes lie on one side, no further apart than tolerated."""
    scores = [vote.score for vote in votes if vote.score is not None]
    if len({rules.accepts(score) for score in scores}) > 1:
        return False
    return not scores or max(scores) - min(scores) <= rules.tolerance + 1e-9


def spoken_for(votes: Sequence[Vote], score: float) -> str:
    """The explanation of the vote that is nearest to the score, the earliest of several."""
    cast = [vote for vote in votes if vote.score is not None]
    return min(cast, key=lambda vote: abs((vote.score or 0.0) - score)).why if cast else ""
