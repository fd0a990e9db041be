"""Which near-duplicates and overlaps with test sets are found in planted sets, by kind of edit and by length.

Base problems are made from a seed by ``tests.support.planted`` and, where they lie beside the checkout, taken from
GSM8K, MATH-500 and OlympiadBench. Each is edited in one way, so that it stays the same problem, or changed in one
thing, so that it is another one; all stand in one set, and a filter says which go. Beside ours stands what a person
would take instead: equal texts alone, and MinHash by rensa at its defaults with runs of five letters or of three words
and a likeness of 0.8, as examples of deduplication have it; and words in a row alone for test sets.

Expected before it was measured: recall and precision of 0.95 for ours, and none of the rivals above 0.8 in both.

    python benchmarks/near_duplicates.py [problems] [responses] [overlaps] [--seed 1] [--each 60]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from genesys.overlap import OverlapIndex, Text, words_of
from genesys.quality.benchmarks import Benchmarks
from genesys.quality.near_index import NearIndex
from genesys.release.filters.duplicates import near_responses
from genesys.release.filters.problems import near_problems
from genesys.settings.benchmarks import NEAR
from genesys.settings.release import DuplicateSettings
from tests.support import planted, shared_data
from tests.support.compared import gone, one_each, traces_of

Finder = Callable[[list[str]], set[int]]
"""Texts in order -> places of those that go."""


@dataclass
class Planted:
    """A set with what was planted in it."""

    texts: list[str]
    same: dict[int, str] = field(default_factory=dict)
    """Places of edited ones, and how."""
    other: dict[int, str] = field(default_factory=dict)


def plant(base: list[str], each: int, rnd: random.Random) -> Planted:
    """Base texts, then so many of each kind of edit and of twin."""
    made = Planted(list(base))
    for kinds, found in ((planted.EDITS, made.same), (planted.TWINS, made.other)):
        for name, edit in kinds.items():
            for place in rnd.sample(range(len(base)), min(each, len(base))):
                if (edited := edit(base[place], rnd)) != base[place]:
                    found[len(made.texts)] = name
                    made.texts.append(edited)
    return made


def ours(texts: list[str]) -> set[int]:
    """The filter ``near-duplicate problems`` with its defaults."""
    with tempfile.TemporaryDirectory() as folder:
        found = gone(near_problems(DuplicateSettings()), one_each(texts, Path(folder)))
    return {int(name.removeprefix("rp")) for name in found}


def equal(texts: list[str]) -> set[int]:
    """What ``drop_duplicates`` does."""
    seen: set[str] = set()
    return {place for place, text in enumerate(texts) if text in seen or seen.add(text)}  # type: ignore[func-returns-value]


def rensa_over(features: Callable[[str], list[str]]) -> Finder:
    """MinHash and its index as they come."""

    def find(texts: list[str]) -> set[int]:
        from rensa import RMinHash, RMinHashLSH

        index = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16)
        kept = {}
        found = set()
        for place, text in enumerate(texts):
            made = RMinHash(num_perm=128, seed=42)
            made.update(features(text) or [text])
            if any(made.jaccard(kept[other]) >= 0.8 for other in index.query(made)):
                found.add(place)
            else:
                index.insert(place, made)
                kept[place] = made
        return found

    return find


def letters(text: str) -> list[str]:
    """Runs of five."""
    return [text[at : at + 5] for at in range(len(text) - 4)]


def words(text: str) -> list[str]:
    """Runs of three."""
    parts = text.split()
    return [" ".join(parts[at : at + 3]) for at in range(max(1, len(parts) - 2))]


FINDERS: dict[str, Finder] = {
    "ours": ours,
    "equal texts": equal,
    "rensa, 5 letters, 0.8": rensa_over(letters),
    "rensa, 3 words, 0.8": rensa_over(words),
}


def base_sets(seed: int) -> dict[str, list[str]]:
    """Problems by where they come from."""
    sets = {"made": planted.problems(seed, 600)}
    if shared_data.FOLDER.is_dir():
        sets["GSM8K"] = [row["question"] for row in shared_data.read("sources/gsm8k_test.jsonl")]
        sets["MATH-500"] = [row["problem"] for row in shared_data.read("sources/math500.jsonl")]
        sets["OlympiadBench"] = [row["question"] for row in shared_data.read("sources/olympiadbench.jsonl")]
    return {name: list(dict.fromkeys(texts)) for name, texts in sets.items()}


def share(part: int, whole: int) -> str:
    """As a person reads it."""
    return f"{part / whole:.3f}" if whole else "-"


def problems(seed: int, each: int) -> None:
    """Recall and precision of each finder, then of ours by kind and by length."""
    print("| problems | finder | planted | recall | precision | seconds |\n|---|---|---|---|---|---|")
    kinds: dict[str, list[bool]] = defaultdict(list)
    lengths: dict[str, list[bool]] = defaultdict(list)
    for name, base in base_sets(seed).items():
        made = plant(base, each, random.Random(seed))
        for finder, find in FINDERS.items():
            begun = time.perf_counter()
            found = find(made.texts)
            seconds = time.perf_counter() - begun
            right = len(found & made.same.keys())
            print(
                f"| {name} | {finder} | {len(made.same)} | {share(right, len(made.same))} | "
                f"{share(right, len(found))} | {seconds:.2f} |"
            )
            if finder == "ours":
                for place, kind in (made.same | made.other).items():
                    kinds[kind].append(place in found)
                for place in made.same:
                    lengths[length_of(made.texts[place])].append(place in found)
    print("\n| ours, by kind | should go | went |\n|---|---|---|")
    for kind, went in kinds.items():
        print(f"| {kind} | {'yes' if kind in planted.EDITS else 'no'} | {sum(went)} of {len(went)} |")
    print("\n| ours, by length | recall |\n|---|---|")
    for length, went in sorted(lengths.items()):
        print(f"| {length} | {share(sum(went), len(went))} of {len(went)} |")


def length_of(text: str) -> str:
    """A bracket."""
    count = len(text.split())
    return next(f"{low:>3} to {low * 2 - 1} words" for low in (160, 80, 40, 20, 10, 5, 1) if count >= low or low == 1)


def responses(seed: int, each: int) -> None:
    """Labelled responses of real models to one problem: edited ones go, and those to other problems stay."""
    if not shared_data.FOLDER.is_dir():
        print("(responses: the real samples are not on this machine)")
        return
    by_problem: dict[str, list[str]] = defaultdict(list)
    for name in ("math_gsm8k", "math_verifybench", "code_apps"):
        for row in shared_data.read(f"cases/{name}.jsonl"):
            by_problem[row["prompt"]].append(row["llm_response"])
    rnd, wanted, rows, tasks = random.Random(seed), {}, [], []
    for number, (prompt, texts) in enumerate(sorted(by_problem.items())):
        if len(texts[0].split()) < 10:
            continue
        tasks.append({"problem_id": f"p{number:05}", "prompt": prompt})
        kind = rnd.choice([name for name in planted.EDITS if name != "numbers in words"])
        edited = planted.EDITS[kind](texts[0], rnd)
        for place, text in enumerate(dict.fromkeys([texts[0], edited])):
            rows.append({"response_id": f"r{number:05}.{place}", "problem_id": f"p{number:05}", "text": text})
        if edited != texts[0]:
            wanted[f"r{number:05}.1"] = kind
    with tempfile.TemporaryDirectory() as folder:
        found = gone(near_responses(DuplicateSettings()), traces_of(tasks, rows, Path(folder)))
    right = len(found.keys() & wanted.keys())
    print("\n| responses, edited | recall | precision |\n|---|---|---|")
    print(f"| {len(wanted)} | {share(right, len(wanted))} | {share(right, len(found))} |")


def embedded(text: str, rnd: random.Random) -> str:
    """Within a longer prompt."""
    before, after = planted.problems(rnd.randrange(10**6), 2)
    return f"{before}\n\n{text}\n\nAfter that, look at this one as well. {after}"


def half(text: str, rnd: random.Random) -> str:
    """The first or the last half of its words."""
    parts = text.split(" ")
    return " ".join(parts[: len(parts) // 2] if rnd.random() < 0.5 else parts[len(parts) // 2 :])


def overlaps(seed: int) -> None:
    """Half of a set is the test set; its problems are planted in many ways, and the other half is clean."""
    print("\n| test set | what | should be found | ours | words in a row alone |\n|---|---|---|---|---|")
    ways = {"whole": lambda text, _: text, "embedded": embedded, "half": half, **planted.EDITS}
    for name, texts in base_sets(seed).items():
        rows = [Text(name, str(place), text) for place, text in enumerate(texts[: len(texts) // 2])]
        index = OverlapIndex(rows)
        found = Benchmarks(index, {}, near=NearIndex(rows, NEAR))
        rnd = random.Random(seed)
        for way, change in (ways | planted.TWINS).items():
            least = 32 if way == "half" else 0
            edited = [
                new
                for row in rows
                if len(words_of(row.text)) >= least and ((new := change(row.text, rnd)) != row.text or way == "whole")
            ]
            report(name, way, "yes" if way in ways else "no", edited, found, index)
        report(name, "other half", "no", texts[len(texts) // 2 :], found, index)


def report(name: str, way: str, should: str, texts: list[str], found: Benchmarks, index: OverlapIndex) -> None:
    """One line."""
    ours_, alone = (sum(each.find(text) is not None for text in texts) for each in (found, index))
    print(f"| {name} | {way} | {should} | {ours_} of {len(texts)} | {alone} of {len(texts)} |")


def main() -> int:
    """All parts, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["problems", "responses", "overlaps"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=60, help="of each kind in each set")
    options = parser.parse_args()
    if "problems" in options.parts:
        problems(options.seed, options.each)
    if "responses" in options.parts:
        responses(options.seed, options.each)
    if "overlaps" in options.parts:
        overlaps(options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
