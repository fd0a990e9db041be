"""What watches one stage of one run from within its process: counters read now and then, made into a view.

It is asked by other threads than the one whose loop runs the rows, and only reads what that one counts.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from genesys.calls.engine import Progress
from genesys.calls.roles import Roles
from genesys.live.meter import Meter, Sample, Traffic
from genesys.live.view import EndpointLine, RunView, State
from genesys.outcomes import Counts

MOST_ENDPOINTS, MOST_REASONS, MOST_CHARS = 16, 8, 200
"""A view stays small, however large the fleet."""
VERDICTS = "verifications"
"""The stage whose accepted rows are verdicts."""
CLASSES = (1_000, 4_000, 16_000, 64_000, 256_000)
_ATTEMPTS = 5


class Monitor:
    """One stage of one run.

    Args:
        run_id: The run.
        lane: Of the stage.
        shard: Of the stage.
        stage: Its name, as in ``generations``.
        total: How many rows there are, if that is known.
    """

    def __init__(self, run_id: str, *, lane: str = "", shard: str = "", stage: str, total: int | None = None) -> None:
        """Nothing runs yet."""
        self.run_id, self.lane, self.shard, self.stage, self.total = run_id, lane, shard, stage, total
        self.state: State = "running"
        self.progresses: list[Progress] = []
        """Of the campaigns that run, or have run."""
        self._asked: list[tuple[str, Roles]] = []
        self._began, self._began_at = time.monotonic(), time.time()
        self._lock, self._meter = threading.Lock(), Meter()
        self._newest: RunView | None = None

    def progress(self) -> Progress:
        """What the next campaign's rows are counted in."""
        progress = Progress()
        self.progresses.append(progress)
        return progress

    def ask(self, roles: Roles, teacher: str = "teacher") -> None:
        """These are asked from now on; the teacher among them has this name."""
        self._asked.append((teacher, roles))

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def view(self) -> RunView:
        """What is known now."""
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    self._newest = self._look()
                    break
                except RuntimeError:  # something grew while it was gone through
                    continue
            assert self._newest is not None, "five times in a row"  # noqa: S101 - it takes microseconds
            return self._newest

    def _look(self) -> RunView:
        counts, now = Counts(), time.monotonic()
        for progress in self.progresses:
            counts.merge(progress.counts)
        ages = [now - began for progress in self.progresses for began in list(progress.began.values())]
        fleets = list(self._fleets())
        lines, traffic, chars = _endpoints(fleets)
        sample = Sample(
            at=now,
            rows=counts.rows,
            ended=sum(one.ended for one in self.progresses),
            replayed=sum(one.replayed for one in self.progresses),
            running=len(ages),
            youngest=min(ages, default=0.0),
            oldest=max(ages, default=0.0),
            retrying=any(one.retrying for one in self.progresses),
            traffic=traffic,
        )
        self._meter.add(sample)
        speeds = self._meter.tokens_per_second() if traffic else {}
        shown = [line.model_copy(update={"tokens_per_second": round(speeds[key], 1)}) for key, line in lines.items()]
        shown.sort(key=lambda line: (line.state == "open", -line.failed if line.last_error else 0))
        took = [seconds for one in self.progresses for seconds in list(one.took)]
        parked = bool(shown) and all(line.state == "parked" for line in shown)
        stats = [one.stats for one in self.progresses]
        return RunView(
            run_id=self.run_id,
            lane=self.lane,
            shard=self.shard,
            stage=self.stage,
            pid=os.getpid(),
            host=socket.gethostname(),
            started_at=self._began_at,
            seen_at=self._began_at + now - self._began,
            state=self.state,
            rows=counts.rows,
            total=None if self.total is None else max(self.total, counts.rows),
            running=sample.running,
            accepted=counts.accepted,
            rejected=_most(counts.rejected),
            errored=_most(counts.errored),
            pass_rate=self._pass_rate(counts),
            retrying=sample.retrying,
            rows_per_second=self._meter.rows_per_second,
            oldest_row=round(sample.oldest, 1) if ages else None,
            eta=self._meter.eta(self.total, took, nobody_answers=parked),
            calls_made=sum(one.made for one in stats),
            calls_from_journal=sum(one.replayed for one in stats),
            prompt_tokens=sum(one.prompt_tokens for one in stats),
            completion_tokens=sum(one.completion_tokens for one in stats),
            tokens_per_second=round(sum(speeds.values()), 1) if traffic else None,
            error_rate=self._meter.error_rate,
            in_flight=sum(line.in_flight for line in shown),
            queue=sum(fleet.waiting for fleet in fleets),
            endpoints=tuple(shown[:MOST_ENDPOINTS]),
            more_endpoints=max(0, len(shown) - MOST_ENDPOINTS),
            in_flight_chars=_histogram(chars),
        )

    def _pass_rate(self, counts: Counts) -> float | None:
        """Of the rows where these are verdicts, else of verdicts that rows were given on the way."""
        if self.stage == VERDICTS:
            reached, passed = counts.accepted + counts.rejected.total(), counts.accepted
        else:
            reached = sum(one.stats.verdicts for one in self.progresses)
            passed = sum(one.stats.passed for one in self.progresses)
        return passed / reached if reached else None

    def _fleets(self) -> Iterator[_Fleet]:
        """Every teacher that has endpoints, once."""
        seen = set[int]()
        for number, (name, roles) in enumerate(self._asked):
            named = {"curator": roles.curator, name: roles.teacher, "judge": roles.judge, **roles.further}
            for role, teacher in named.items():
                # Whoever is opened when first asked has endpoints from then on.
                asked = getattr(teacher, "opened", teacher)
                if hasattr(asked, "views") and id(asked) not in seen:
                    seen.add(id(asked))
                    yield _Fleet(f"{number} {role}", role, asked)


@dataclass(frozen=True)
class _Fleet:
    """Endpoints of one role."""

    key: str
    role: str
    teacher: Any

    @property
    def waiting(self) -> int:
        """Calls that wait for a place at one."""
        return getattr(getattr(self.teacher, "pool", None), "waiting", 0)


def _endpoints(fleets: list[_Fleet]) -> tuple[dict[str, EndpointLine], dict[str, Traffic], list[int]]:
    """How each stands, what has passed it, and the characters so far of each call in flight."""
    lines, traffic, chars = dict[str, EndpointLine](), dict[str, Traffic](), list[int]()
    for fleet in fleets:
        for one in fleet.teacher.views():
            key = f"{fleet.key} {one.url}"
            lines[key] = EndpointLine(
                role=fleet.role,
                url=one.url,
                state=one.state,
                in_flight=one.in_flight,
                limit=one.limit,
                answered=one.answered,
                failed=one.failed,
                parked_for=round(one.parked_for, 1),
                last_error=one.last_error[:MOST_CHARS],
            )
            traffic[key] = Traffic(
                answered=one.answered,
                failed=one.failed,
                completion_tokens=one.completion_tokens,
                finished_chars=one.answered_chars,
                heard_chars=one.heard_chars,
            )
            chars += one.chars_in_flight
    return lines, traffic, chars


def _histogram(chars: list[int]) -> dict[str, int]:
    """How many are below each bound and not below the one before it; ``more`` are above all."""
    found = dict.fromkeys([*map(str, CLASSES), "more"], 0)
    for number in chars:
        found[next((str(bound) for bound in CLASSES if number < bound), "more")] += 1
    return {name: number for name, number in found.items() if number}


def _most(reasons: Any) -> dict[str, int]:
    """The most frequent reasons; what a verifier of a user's own calls one may be long."""
    inorder = reasons.most_common()
    kept = {reason[:80]: number for reason, number in islice(inorder, MOST_REASONS)}
    rest = sum(number for _, number in inorder[MOST_REASONS:])
    return kept | ({"other": kept.get("other", 0) + rest} if rest else {})
