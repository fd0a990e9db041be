"""Lengths of traces, accepted beside rejected, and which verdicts were near the bar; read from what was measured."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from genesys.choices import Acceptance
from genesys.release.diversity_rows import MEASURED, PROBLEMS
from genesys.release.report.facts import Spread, Table
from genesys.tables.lake import Lake

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

OF = {"thinking": "thinking_chars", "answer": "answer_chars", "tokens": "completion_tokens"}
NAMES = {"thinking": "thinking, characters", "answer": "answer, characters", "tokens": "completion tokens"}
EDGES = (0.0, 1.0, *(round(2 ** (step / 2), 3) for step in range(2, 49)))
"""Of the bars: none at all, and from then on half as much again."""
NEAR = 8
"""Verdicts near the bar that are remembered of each lane."""


@dataclass
class Lengths:
    """Counted over all shards."""

    counts: dict[tuple[str, bool], Array] = field(default_factory=dict)
    by_lane: dict[tuple[str, bool], list[Array]] = field(default_factory=dict)
    """Of each lane and verdict a count of ``OF``, in order."""
    near_bar: dict[str, list[tuple[float, str, str]]] = field(default_factory=dict)
    """By lane: how far from the bar, problem_id and response_id; the nearest first."""

    @classmethod
    def of(cls, lake: Lake, acceptance: Acceptance) -> Lengths:
        """Read shard after shard; what counts for nothing, and what holds secrets or personal data, is passed over."""
        found = cls()
        columns = ["response_id", "problem_id", "score", "accepted", "standing", "findings", *OF.values()]
        for partition in lake.partitions(MEASURED):
            for part in lake.need(MEASURED, partition).parts.values():
                types = lake.file_frame(
                    MEASURED, partition, part.companions[PROBLEMS], ["problem_id", "lane", "task_type"]
                )
                frame = lake.file_frame(MEASURED, partition, part.data, columns).filter(pl.col("standing").is_null())
                found._add(frame.join(types, on="problem_id"), acceptance)
        return found

    def _add(self, frame: pl.DataFrame, acceptance: Acceptance) -> None:
        for (lane, accepted), rows in frame.group_by(["lane", "accepted"]):
            own = self.by_lane.setdefault((str(lane), bool(accepted)), [])
            for place, (of, column) in enumerate(OF.items()):
                counted = _counted(rows[column])
                key = (of, bool(accepted))
                self.counts[key] = self.counts[key] + counted if key in self.counts else counted
                if place == len(own):
                    own.append(counted)
                else:
                    own[place] = own[place] + counted
        judged = frame.filter((pl.col("score") > 0) & (pl.col("score") < 1), pl.col("findings").list.len() == 0)
        for row in judged.iter_rows(named=True):
            far = round(abs(row["score"] - acceptance.by_task_type.get(row["task_type"], acceptance.default)), 6)
            near = self.near_bar.setdefault(row["lane"], [])
            bisect.insort(near, (far, row["problem_id"], row["response_id"]))
            del near[NEAR:]

    def spreads(self) -> tuple[Spread, ...]:
        """Counts between edges, from the first to the last that is not empty."""
        found = []
        for of, name in NAMES.items():
            both = [self.counts.get((of, accepted)) for accepted in (True, False)]
            held = [one for one in both if one is not None]
            if not held or not (filled := sum(held).nonzero()[0]).size:  # type: ignore[union-attr]
                continue
            cut = slice(int(filled[0]), int(filled[-1]) + 1)
            taken, refused = (
                tuple(map(int, one[cut])) if one is not None else (0,) * (cut.stop - cut.start) for one in both
            )
            found.append(Spread(of=name, edges=EDGES[cut.start : cut.stop + 1], accepted=taken, rejected=refused))
        return tuple(found)

    def table(self) -> Table:
        """Medians by lane; of a bar its middle."""
        rows = [
            (lane, "accepted" if accepted else "rejected", int(counts[0].sum()), *map(_median, counts))
            for (lane, accepted), counts in sorted(self.by_lane.items(), key=lambda item: (item[0][0], not item[0][1]))
        ]
        return Table.of(("lane", "verdict", "traces", *(f"median {name}" for name in NAMES.values())), rows)


def _counted(values: pl.Series) -> Array:
    import numpy as np

    held = values.drop_nulls().to_numpy()
    return np.histogram(held, bins=[*EDGES, 2.0**62])[0]


def _median(counts: Array) -> int | None:
    """Of a distribution in bars: as far into the bar as its share says."""
    total = int(counts.sum())
    if not total:
        return None
    below = 0
    for place, count in enumerate(map(int, counts)):
        if below + count >= total / 2:
            left, right = EDGES[place], EDGES[min(place + 1, len(EDGES) - 1)]
            return 0 if right <= 1 else round(left + (right - left) * (total / 2 - below) / count)
        below += count
    return None
