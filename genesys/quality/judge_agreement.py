"""What a table of judged verdicts says about its judges: how far they agree, and what sways them. Reads infos alone."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genesys.verifiers.after_rules import RULE

_FEW = 10
"""Below so many verdicts a correlation says nothing."""


@dataclass
class JudgeTally:
    """Judged verdicts, counted. Shares and means are None where there is nothing to say them of."""

    verdicts: int = 0
    """Those that judges were asked for."""
    unanimous: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    """Rules by which the verdicts were reached."""
    after_rules: int = 0
    """Among them those on responses that the rules had rejected."""
    scores: dict[str, list[float]] = field(default_factory=dict)
    """All votes, by the judge's model."""
    between_judges: list[float] = field(default_factory=list)
    """Absolute differences of two judges' mean votes on a response."""
    between_orders: list[float] = field(default_factory=list)
    """A judge's mean vote with the gold first less that with the response first."""
    lengths: list[tuple[float, float]] = field(default_factory=list)
    """Of each response: the logarithm of its length over the gold's, and its score."""

    def add(self, score: float | None, info: Mapping[str, Any]) -> None:
        """Count one verdict; one that no judge was asked for says nothing here."""
        if info.get("rule") == RULE:
            self.after_rules += 1
            judged = info["judged"]
            self.add(judged["score"], {name: value for name, value in judged.items() if name != "score"})
            return
        votes = [vote for vote in info.get("votes") or () if vote.get("score") is not None]
        if not votes or "agreement" not in info:
            return
        self.verdicts += 1
        self.unanimous += bool(info["agreement"]["unanimous"])
        self.ends[str(info["rule"])] += 1
        by_judge: dict[str, list[dict[str, Any]]] = {}
        for vote in votes:
            by_judge.setdefault(vote["judge"], []).append(vote)
            self.scores.setdefault(vote["model"], []).append(vote["score"])
        means = [_mean([vote["score"] for vote in cast]) for cast in by_judge.values()]
        self.between_judges += [abs(a - b) for a, b in itertools.combinations(means, 2)]
        for cast in by_judge.values():
            first = [vote["score"] for vote in cast if vote["order"] == "gold-first"]
            second = [vote["score"] for vote in cast if vote["order"] == "response-first"]
            if first and second:
                self.between_orders.append(_mean(first) - _mean(second))
        lengths = info.get("lengths") or {}
        if score is not None and lengths.get("response") and lengths.get("gold"):
            self.lengths.append((math.log(lengths["response"] / lengths["gold"]), score))

    def figures(self) -> dict[str, float | int]:
        """Everything that can be said, by name."""
        found: dict[str, float | int | None] = {
            "judged": self.verdicts,
            "judges_agree": self.unanimous / self.verdicts if self.verdicts else None,
            "judges_disagree_for_good": self.ends["judge/disagreement"],
            "difference_between_judges": _mean_or_none(self.between_judges),
            "order_effect": _mean_or_none(self.between_orders),
            "difference_between_orders": _mean_or_none([abs(value) for value in self.between_orders]),
            "length_effect": self._length_effect(),
        }
        if self.after_rules:
            found["judged_after_rules"] = self.after_rules
        return {name: round(value, 4) for name, value in found.items() if value is not None}

    def lines(self) -> list[str]:
        """For a person; empty where nothing was judged."""
        if not self.verdicts:
            return []
        figures = self.figures()
        told = [f"Judged: {self.verdicts:,} responses; all votes on one side {figures['judges_agree']:.1%}"]
        ends = {
            "judge/further-votes": "after further votes",
            "judge/tie-broken": "by the tie-breaker",
            "judge/disagreement": "without a score, since judges disagree",
            "judge/refused": "without a score, since judges refuse",
        }
        told += [f"  {self.ends[rule]:,} {words}" for rule, words in ends.items() if self.ends[rule]]
        names = {
            "difference_between_judges": "mean difference between judges",
            "difference_between_orders": "mean difference between orders",
            "order_effect": "gold first less response first",
            "length_effect": "rank correlation of score and length",
        }
        effects = [f"{words} {figures[name]:+.3f}" for name, words in names.items() if name in figures]
        return [*told, *([f"  {'; '.join(effects)}"] if effects else [])]

    def _length_effect(self) -> float | None:
        """Rank correlation of score and relative length: 0 if judges do not care how long a response is.

        It can come from the responses as well, where longer ones are better or worse.
        """
        if len(self.lengths) < _FEW:
            return None
        import polars as pl

        frame = pl.DataFrame(self.lengths, schema=["length", "score"], orient="row")
        value = frame.select(pl.corr("length", "score", method="spearman")).item()
        return None if value is None or math.isnan(value) else float(value)


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _mean_or_none(values: list[float]) -> float | None:
    return _mean(values) if values else None
