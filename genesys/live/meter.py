"""From what was counted at several moments to speeds, and to when the last row may end. No clock is read here.

Three things keep the estimate honest. Rows that the journal answered say nothing of the speed. The first rows to end
are the short ones: nothing is said before as many have ended as are in flight. And the last rows do not end at the
speed of those before: a few long answers are waited for alone, for as long as rows have been seen to take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from genesys.live.view import Eta

SPEED_WINDOW = 600.0
"""Seconds over which the speed of rows is taken; where few rows ended in them, it is the whole pass."""
FEWEST_ENDS = 5
"""Rows that have to have ended before anything is said of the time left, and as many as are in flight."""
TOKEN_WINDOW = 10.0
ERROR_WINDOW = 60.0
SPACING = 1.0
"""Seconds between two moments that are kept at least."""
TOKENS_PER_CHAR = 0.25
"""Until an endpoint has said how many tokens its answers had."""


@dataclass(frozen=True)
class Traffic:
    """What has passed an endpoint since it was opened."""

    answered: int = 0
    failed: int = 0
    completion_tokens: int = 0
    """Of finished answers."""
    finished_chars: int = 0
    """Of the same answers, as they were heard."""
    heard_chars: int = 0
    """Of all, those in flight included."""


@dataclass(frozen=True)
class Sample:
    """What was counted at one moment."""

    at: float
    """Seconds, by any clock that does not jump."""
    rows: int = 0
    """That stand as ended; fewer again when failed ones are tried once more."""
    ended: int = 0
    """How often a row has ended."""
    replayed: int = 0
    """Of these, answered wholly by the journal."""
    running: int = 0
    youngest: float = 0.0
    """Seconds that the row in flight has taken that began last; ``oldest``: first."""
    oldest: float = 0.0
    retrying: bool = False
    traffic: dict[str, Traffic] = field(default_factory=dict)
    """By endpoint."""

    @property
    def fresh(self) -> int:
        """How often a row has ended by work of this run."""
        return self.ended - self.replayed


@dataclass(frozen=True)
class _Mark:
    sample: Sample
    exposure: float
    """Seconds that rows were in flight so far, all rows together."""


class Meter:
    """Takes samples in the order of their times, and tells speeds by them. Memory is bounded."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self._marks: deque[_Mark] = deque()
        self._first: _Mark | None = None
        self._now: _Mark | None = None

    def add(self, sample: Sample) -> None:
        """Take what was counted now."""
        before = self._now
        if before is None or before.sample.retrying != sample.retrying:
            # What is tried again has another speed than what went before.
            self._marks.clear()
            self._first = self._now = _Mark(sample, 0.0)
            self._marks.append(self._now)
            return
        passed = sample.at - before.sample.at
        self._now = _Mark(sample, before.exposure + passed * (before.sample.running + sample.running) / 2)
        if sample.at - self._marks[-1].sample.at >= SPACING:
            self._marks.append(self._now)
        while self._marks[0].sample.at < sample.at - SPEED_WINDOW:
            self._marks.popleft()

    @property
    def rows_per_second(self) -> float | None:
        """Rows that end by work of this run; None before one did."""
        if self._now is None:
            return None
        per_row, width = self._seconds_per_row(), self._width()
        return width / per_row if per_row and width else None

    def tokens_per_second(self) -> dict[str, float]:
        """By endpoint: what is heard now, turned into tokens by what finished answers had of both."""
        assert self._now is not None, "nothing was added"  # noqa: S101
        now, per_char = self._now.sample, self._tokens_per_char()
        then = self._before(TOKEN_WINDOW)
        seconds = now.at - then.at
        if seconds <= 0:
            return dict.fromkeys(now.traffic, 0.0)
        return {
            name: max(0, one.heard_chars - then.traffic.get(name, Traffic()).heard_chars) * per_char / seconds
            for name, one in now.traffic.items()
        }

    @property
    def error_rate(self) -> float | None:
        """The share of the attempts of late that failed; None if none ended."""
        if self._now is None:
            return None
        now, then = self._now.sample.traffic, self._before(ERROR_WINDOW).traffic
        answered = sum(one.answered - then.get(name, Traffic()).answered for name, one in now.items())
        failed = sum(one.failed - then.get(name, Traffic()).failed for name, one in now.items())
        return failed / (answered + failed) if answered + failed > 0 else None

    def eta(self, total: int | None, took: Sequence[float] = (), *, nobody_answers: bool = False) -> Eta:
        """When the last row may end.

        Args:
            total: Rows in all, if that is known.
            took: Seconds that rows of late have taken, those left out that the journal answered.
            nobody_answers: Whether all endpoints are out of reach.
        """
        if self._now is None or total is None:
            return Eta(why="number of rows not known")
        now = self._now.sample
        left = max(0, total - now.rows)
        if left == 0:
            return Eta(seconds=0.0)
        if nobody_answers:
            return Eta(why="no endpoint answers")
        if self._reads_journal():
            return Eta(why="reading the journal")
        per_row, width = self._seconds_per_row(), self._width()
        waiting = max(0, left - now.running)
        needed = max(FEWEST_ENDS, width if waiting else 0)
        if per_row is None or width == 0 or self._fresh_since(self._base()) < needed or not took:
            return Eta(why="time left not known yet")
        slow = slowest_of(took, min(width, left))
        if waiting:
            return Eta(seconds=waiting * per_row / width + slow)
        if now.oldest > max(took):  # longer than any before it
            return Eta(why="last rows overdue")
        return Eta(seconds=max(0.0, slow - now.youngest), at_least=True)

    def _reads_journal(self) -> bool:
        """Whether the journal has answered more rows than anybody else in the last seconds."""
        assert self._now is not None  # noqa: S101 - asked after a sample
        now, then = self._now.sample, self._before(3 * SPACING)
        return now.replayed - then.replayed > now.fresh - then.fresh

    def _before(self, seconds: float) -> Sample:
        """The oldest sample that is no older than this, or the one before the present one."""
        return min(self._since(seconds), key=lambda sample: sample.at, default=self._marks[-1].sample)

    def _since(self, seconds: float) -> Iterator[Sample]:
        """The samples that were kept in the last seconds, the newest first."""
        assert self._now is not None  # noqa: S101 - asked after a sample
        since = self._now.sample.at - seconds
        return takewhile(lambda sample: sample.at >= since, (mark.sample for mark in reversed(self._marks)))

    def _base(self) -> _Mark:
        """Since when the speed is taken."""
        assert self._first is not None  # noqa: S101 - asked after a sample
        is_enough = self._fresh_since(self._marks[0]) >= max(FEWEST_ENDS, self._width())
        return self._marks[0] if is_enough else self._first

    def _fresh_since(self, mark: _Mark) -> int:
        assert self._now is not None  # noqa: S101 - asked after a sample
        return self._now.sample.fresh - mark.sample.fresh

    def _seconds_per_row(self) -> float | None:
        """Seconds in flight for each row that ended; the seconds of those that have not ended yet count too."""
        assert self._now is not None  # noqa: S101 - asked after a sample
        base = self._base()
        fresh = self._fresh_since(base)
        return (self._now.exposure - base.exposure) / fresh if fresh > 0 else None

    def _width(self) -> int:
        """Rows side by side: the most of late, since a moment may find some between two rows."""
        assert self._now is not None  # noqa: S101 - asked after a sample
        return max(self._now.sample.running, *(sample.running for sample in self._since(TOKEN_WINDOW)), 0)

    def _tokens_per_char(self) -> float:
        assert self._now is not None  # noqa: S101 - asked after a sample
        traffic: Iterable[Traffic] = self._now.sample.traffic.values()
        tokens = sum(one.completion_tokens for one in traffic)
        chars = sum(one.finished_chars for one in traffic)
        return tokens / chars if tokens and chars else TOKENS_PER_CHAR


def slowest_of(took: Sequence[float], rows: int) -> float:
    """How long the slowest of so many rows takes, going by how long others took."""
    inorder = sorted(took)
    return inorder[min(len(inorder) - 1, round(len(inorder) * rows / (rows + 1)))]
