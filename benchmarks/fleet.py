"""A fleet with speeds 1:2:4 of which one dies halfway and the quickest answers 429 for a minute: wall time, affinity.

The ideal is what was available: each endpoint's slots by its mean seconds a call, while it was up and did not refuse
(``tests/support/fleet.py`` says it in full). It is below what any schedule can reach.

Expected before it was measured, on two quiet cores with the servers beside the client:
- wall time within 15 % of the ideal, with affinity and without: what is lost is the time until the parked endpoint is
  tried again (5 s on the mean, 10 s at most), a few first bytes until it is full again, and the last calls;
- with affinity nine of ten calls whose prompt was read somewhere go there, without it four or five of ten;
- one call in a hundred is made a second time at the end.

    python benchmarks/fleet.py [--short] [--slots 32]          about seven minutes; --short: one
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from genesys.teachers.hedging import Hedging
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.support.fleet import Plan, ideal, run, three_endpoints


def plan_of(options: argparse.Namespace) -> Plan:
    """Three minutes at best, of which one with 429s; half a minute with --short."""
    unit = 1 / 6 if options.short else 1.0
    seconds = 180 * unit
    quickest = 2.0 * unit
    refuses, dies = (60 * unit, 120 * unit), 90 * unit
    whole = options.slots / quickest
    calls = whole * (1.75 * 60 + 0.75 * 30 + 0.25 * 30 + 1.25 * 60) * unit
    plan = Plan(options.slots, quickest, refuses, dies, retry_after=2.0 * unit, calls=round(calls))
    assert abs(ideal(plan) - seconds) < 0.5
    return plan


async def measured(plan: Plan, *, affinity: bool, hedging: bool) -> tuple[float, float, OpenAITeacher]:
    """Seconds, seconds of processor time, and the teacher as it was at the end."""
    with three_endpoints(plan, chars=4000, pieces=20) as servers:
        teacher = OpenAITeacher(
            "m",
            [server.base_url for server in servers],
            concurrency=plan.slots,
            hedging=Hedging() if hedging else None,
            affinity=affinity,
        )
        before = time.process_time()
        seconds = await run(plan, servers, teacher)
        used = time.process_time() - before
        await teacher.aclose()
    return seconds, used, teacher


def main() -> None:
    """Measure with affinity and without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a sixth of all times")
    parser.add_argument("--slots", type=int, default=32)
    options = parser.parse_args()
    plan = plan_of(options)
    best = ideal(plan)
    print(f"{plan.calls:,} calls, prompts sampled {plan.group} times, {plan.slots} at once at each of three endpoints;")
    print(
        f"the quickest refuses from {plan.refuses[0]:.0f} to {plan.refuses[1]:.0f} s, "
        f"the second dies at {plan.dies:.0f} s"
    )
    print("affinity  second attempts   ideal  measured   ratio   at home   made twice (first)   ms of processor a call")
    for affinity, hedging in ((True, True), (False, True), (True, False)):
        seconds, used, teacher = asyncio.run(measured(plan, affinity=affinity, hedging=hedging))
        hedger = teacher.hedger
        print(f"{'on' if affinity else 'off':<8}  {'on' if hedging else 'off':<15}  {best:>5.1f} s  {seconds:>6.1f} s  "
              f"{seconds / best:>6.3f}  {teacher.pool.homes.share or 0:>7.0%}   {hedger.hedged:>6} ({hedger.won:>3})"
              f"  {used / plan.calls * 1e3:>17.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
