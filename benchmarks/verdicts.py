"""Precision, recall and speed of our verdicts on labelled responses, beside plain Math-Verify in the same run.

    python benchmarks/verdicts.py FILE.jsonl [FILE.jsonl ...]    Response records with `expected_score`, 1 or 0
    python benchmarks/verdicts.py                                the pairs of tests/genesys/verifiers/math/cases
    ... --misses      also each verdict of ours that is not the label, with its rule
    ... --code        also records that need the sandbox
    ... --no-speed    precision and recall alone

Math-Verify is called as its README says: `verify(parse(gold), parse(response))` with its default configurations and its
own time limits. It gets the whole response; a gold that has no delimiters of its own goes between dollar signs, which
of the ways to hand over a gold serves it best; of a list of golds one has to match. It works in a process of its own,
which is killed and counted as a rejection where it is not back after a minute: its signals cannot stop one long
operation on integers. Records of other task types are verified by their own verifier, without a rival.

Speed is that of one process at a time: ours with one worker and one caller, Math-Verify with its one process, the same
responses in alternating rounds, the best round of each. Ours starts each round with empty caches and a new worker (its
start is not in the figure), Math-Verify keeps its caches. What Math-Verify does not survive is left out.

Expected: at least 3 times Math-Verify's speed on the whole mix and 5,000 responses a second on easy ones; of 10,000
responses of which 20 hang, those 20 are rejected and all others get the verdict that they get without them.
Returns 1 if a speed is missed, a verdict is lost, or a record has no verdict.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.verdict_parts.records import MATH, Record, easy, hanging, math_record, own_pairs, read
from benchmarks.verdict_parts.rival import Rival, rival_seconds
from genesys.commands.summary import wilson
from genesys.faults import InfrastructureFault, ResponseFault, TaskFault
from genesys.verifiers.math_verifier import MathVerifier
from genesys.verifiers.registry import executes
from genesys.verifiers.runner import VerifierRunner

RIVAL = "Math-Verify"
RATIO_GOAL = 3.0
EASY_GOAL = 5000.0
EASY = 4000
HANGING = 20
MIX = "the whole mix"


@dataclass(frozen=True)
class Verdict:
    """What a verifier made of a record."""

    accepted: bool
    rule: str = ""
    extracted: str | None = None
    lost: bool = False


class OneAtATime(MathVerifier):
    """Ours with a single worker process, for a fair race."""

    max_parallel = 1
    workers = 1


# Verdicts


async def ours(records: Sequence[Record]) -> list[Verdict]:
    """Our verdicts, on all cores, through the runner that also `genesys verify` uses."""
    async with VerifierRunner() as runner:

        async def one(record: Record) -> Verdict:
            try:
                verdict = await runner.verify(record)
            except (TaskFault, ResponseFault) as fault:
                return Verdict(False, f"{type(fault).__name__}: {fault}")
            except InfrastructureFault as fault:
                return Verdict(False, f"no verdict: {fault}", lost=True)
            info = verdict["verification_result_info"]
            return Verdict(verdict["score"] == 1.0, str(info.get("rule", "")), info.get("extracted_answer"))

        return list(await asyncio.gather(*map(one, records)))


# Precision and recall


def share(hits: int, of: int) -> str:
    """A share with its 95 % interval."""
    if not of:
        return "-"
    low, high = wilson(hits, of)
    return f"{hits / of:.3f} ({low:.3f} to {high:.3f})"


def row(name: str, who: str, records: Sequence[Record], verdicts: Sequence[Verdict]) -> str:
    """A line of the table."""
    labels = [record["expected_score"] == 1.0 for record in records]
    counts = Counter((verdict.accepted, label) for verdict, label in zip(verdicts, labels, strict=True))
    tp, fp, fn, tn = counts[True, True], counts[True, False], counts[False, True], counts[False, False]
    cells = (name, who, len(records), tp + fn, fp + tn, tp, fp, fn, tn, share(tp, tp + fp), share(tp, tp + fn))
    return "| " + " | ".join(map(str, cells)) + " |"


def print_misses(name: str, records: Sequence[Record], verdicts: Sequence[Verdict]) -> None:
    """Each verdict of ours that is not the label."""
    missed = [
        (record, verdict)
        for record, verdict in zip(records, verdicts, strict=True)
        if verdict.accepted != (record["expected_score"] == 1.0)
    ]
    print(f"\n{name}: {len(missed)} verdicts are not the label")
    for record, verdict in missed:
        gold = str((record["verification_info"] or {}).get("ground_truth"))
        kind = "wrong accept" if verdict.accepted else "wrong reject"
        said = str(verdict.extracted if verdict.extracted is not None else record["llm_response"])
        print(f"  {kind} {record['response_id']} [{verdict.rule}]: gold {gold[-160:]!r}, answer {said[-160:]!r}")


def print_accuracy(
    files: dict[str, list[Record]], rival: Rival, *, misses: bool
) -> tuple[int, dict[str, list[Record]]]:
    """The table of precision and recall; gives how many verdicts are missing, and what math Math-Verify survives."""
    head = (
        "records",
        "verifier",
        "rows",
        "right",
        "wrong",
        "tp",
        "fp",
        "fn",
        "tn",
        "precision (95 %)",
        "recall (95 %)",
    )
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    verdicts: dict[str, list[Verdict]] = {}
    survived: dict[str, list[Record]] = {}
    for name, records in files.items():
        verdicts[name] = asyncio.run(ours(records))
        print(row(name, "ours", records, verdicts[name]), flush=True)
        maths = [record for record in records if record["task_type"] == MATH]
        if maths:
            answers = rival.verdicts(maths)
            killed = answers.count(None)
            survived[name] = [record for record, answer in zip(maths, answers, strict=True) if answer is not None]
            theirs = [Verdict(bool(answer)) for answer in answers]
            print(row(name, f"{RIVAL} ({killed} killed)" if killed else RIVAL, maths, theirs), flush=True)
    for name, records in files.items() if misses else ():
        print_misses(name, records, verdicts[name])
    return sum(verdict.lost for found in verdicts.values() for verdict in found), survived


# Speed


def our_seconds(records: Sequence[Record]) -> float:
    """How long we take for them with one worker and empty caches."""
    for name, module in list(sys.modules.items()):
        if name.startswith("genesys.verifiers"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    verifier = OneAtATime()
    try:
        verifier.verify(math_record({"gold": "x^2-x", "equal": True, "answer": "x(x-1)"}, "start"))
        began = time.perf_counter()
        for record in records:
            try:
                verifier.verify(record)
            except (TaskFault, ResponseFault):  # an answer too
                continue
        return time.perf_counter() - began
    finally:
        verifier.shutdown()


def print_speed(loads: dict[str, list[Record]], rival: Rival, rounds: int) -> bool:
    """The table of speeds; gives whether the goals are met."""
    print("\n| responses | count | ours, per second | Math-Verify, per second | ratio |\n|---|---|---|---|---|")
    met = True
    for name, records in loads.items():
        mine, theirs = math.inf, math.inf
        for _ in range(rounds):
            mine = min(mine, our_seconds(records))
            theirs = min(theirs, rival.call(rival_seconds, records) or math.inf)
        count = len(records)
        print(f"| {name} | {count} | {count / mine:,.0f} | {count / theirs:,.0f} | {theirs / mine:.1f} |", flush=True)
        met &= not (name == "easy" and count / mine < EASY_GOAL)
        met &= not (name == MIX and theirs / mine < RATIO_GOAL)
    goals = f"{RATIO_GOAL:g} times on the mix, {EASY_GOAL:,.0f} a second on easy ones"
    print(f"\nGoals of speed ({goals}): {'met' if met else 'MISSED'}")
    return met


def print_hanging(pool: Sequence[Record], total: int, rng: random.Random) -> bool:
    """The run with responses that hang; gives whether those were rejected and all others kept their verdict."""
    calm = [rng.choice(pool) for _ in range(total - HANGING)]
    places = sorted(rng.sample(range(total), HANGING))
    mixed, hostile = list(calm), hanging(HANGING, rng)
    for place, record in zip(places, hostile, strict=True):
        mixed.insert(place, record)
    began = time.perf_counter()
    alone = asyncio.run(ours(calm))
    middle = time.perf_counter()
    together = asyncio.run(ours(mixed))
    ended = time.perf_counter()
    stopped = [together[place] for place in places]
    others = [verdict for place, verdict in enumerate(together) if place not in set(places)]
    changed = sum(a.accepted != b.accepted or b.lost for a, b in zip(alone, others, strict=True))
    wrong = sum(verdict.accepted or verdict.lost for verdict in stopped)
    rules = ", ".join(f"{count} {rule}" for rule, count in Counter(verdict.rule for verdict in stopped).most_common())
    print(
        f"\n{total:,} responses, {HANGING} of which hang, on {MathVerifier.workers} workers: "
        f"{ended - middle:.1f} s; without those {middle - began:.1f} s.\n"
        f"Of the {HANGING}, {HANGING - wrong} were rejected ({rules}); of the others, {changed} lost or changed theirs."
    )
    return not (wrong or changed)


def chosen(paths: Sequence[Path], *, code: bool) -> dict[str, list[Record]]:
    """The records to verify, by file."""
    files = {path.stem: read(path) for path in paths} if paths else {"our own pairs": own_pairs()}
    for name, records in list(files.items()):
        kept = [record for record in records if code or not executes(record["task_type"])]
        if len(kept) < len(records):
            print(f"{name}: {len(records) - len(kept)} records need the sandbox; add --code to verify them.\n")
        files[name] = kept
    return {name: records for name, records in files.items() if records}


def main() -> int:
    """Parse the words of the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--misses", action="store_true", help="list each verdict of ours that is not the label")
    parser.add_argument("--code", action="store_true", help="also verify records that need the sandbox")
    parser.add_argument("--no-speed", action="store_true", help="precision and recall alone")
    parser.add_argument("--rounds", type=int, default=3, help="of each contender (3)")
    parser.add_argument("--total", type=int, default=10_000, help="responses in the run with some that hang (10,000)")
    options = parser.parse_args()
    rng = random.Random(20)
    files = chosen(options.files, code=options.code)
    if not files:
        return 0
    rival = Rival()
    try:
        lost, maths = print_accuracy(files, rival, misses=options.misses)
        good = not lost
        if maths and not options.no_speed:
            simple = easy(EASY, rng)
            loads = (maths if len(maths) > 1 else {}) | {"easy": simple, MIX: sum(maths.values(), [])}
            good &= print_speed(loads, rival, options.rounds)
            good &= print_hanging([*loads[MIX], *simple], options.total, rng)
    finally:
        rival.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
