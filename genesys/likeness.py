"""Records too much like an earlier one of their part: found by MinHash, in row order, and dropped with a reason.

What records are compared by is a lane's (``Lane.likeness``). A part is looked at by itself: what is alike in two shards
is for the data set's own step to find, which sees them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from genesys.outcomes import Outcome, rejected

Row = dict[str, Any]

NEAR_DUPLICATE = "near-duplicate"
STEP = "unlike every earlier row"
"""The last step of a curation, as far as the funnel knows."""
THRESHOLD = 0.85
"""Estimated share of common features from which on two records are too much alike."""
PERMUTATIONS, BANDS = 128, 16
"""Hash functions, and the groups in which they are looked up: of pairs that share 85% one in 150 is missed so. An
estimate is off by three hundredths as a rule."""


@dataclass(frozen=True)
class Likeness:
    """What a record is compared by.

    Args:
        group: Records of one group are not compared with each other.
        features: What it is made of, for example runs of its tokens.
    """

    group: str
    features: frozenset[str]


Reader = Callable[[Row], Likeness | None]


@dataclass
class Unlike:
    """The records of a part that were kept so far, and whether the next one is too much like one of them."""

    read: Reader
    _kept: list[tuple[str, str, Any]] = field(default_factory=list)
    """Group, problem_id and signature of each set of features kept."""
    _known: dict[Likeness, str | None] = field(default_factory=dict)
    """Of the present row: a function that several of its records have is looked up once."""
    _index: Any = None

    def checked(self, outcome: Outcome) -> Outcome:
        """The outcome of a row, without the records that are too much like one of an earlier row."""
        self._known.clear()
        kept: list[Row] = []
        twin = None
        for record in outcome.records:
            likeness = self.read(record)
            found = None if likeness is None else self._twin(likeness, str(record["problem_id"]))
            twin = twin or found
            if found is None:
                kept.append(record)
        if outcome.records and not kept:
            return replace(rejected(NEAR_DUPLICATE, f"of {twin}"), step=STEP)
        return replace(outcome, records=tuple(kept))

    def _twin(self, likeness: Likeness, ident: str) -> str | None:
        """The problem_id of an earlier record that is too much like this; else this is kept to compare with."""
        if likeness not in self._known:
            self._known[likeness] = self._looked_up(likeness, ident)
        return self._known[likeness]

    def _looked_up(self, likeness: Likeness, ident: str) -> str | None:
        from rensa import RMinHash, RMinHashLSH

        if self._index is None:
            self._index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=BANDS)
        signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
        signature.update(sorted(likeness.features))
        for place in sorted(self._index.query(signature)):
            group, earlier, other = self._kept[place]
            if group != likeness.group and signature.jaccard(other) >= THRESHOLD:
                return str(earlier)
        self._index.insert(len(self._kept), signature)
        self._kept.append((likeness.group, ident, signature))
        return None
