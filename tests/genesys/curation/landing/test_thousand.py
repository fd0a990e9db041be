"""A thousand tasks of all types, broken ones among them, through ledger and curation: each ends once, with a reason."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.curation.landing.lane import LANDING
from genesys.landing.checking import Checker
from genesys.ledger import BROKEN, update_ledger
from genesys.outcomes import Counts
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.tables.lake import Lake
from genesys.verifiers.code.blocks import extract_program
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner
from tests.support.upstream.landing import BREAKAGES, WRONG, rows

SOUND, EACH = 1000, 4
AT_THE_LEDGER = {
    "no prompt": "prompt: missing",
    "empty prompt": "prompt: is empty",
    "prompt is a list": "prompt: Input should be a valid string",
    "null source": "source: Input should be a valid string",
    "half a character": "line: not valid Unicode",
    "cut line": "line: not JSON",
    "no object": "line: not a JSON object",
    "info is a list": "verification_info: holds list",
    "info is no literal": "verification_info: is neither JSON nor a Python literal",
    "info holds a set": "verification_info: cannot be written as JSON",
    "info hides half a character": "verification_info: holds half a character",
    "metadata is a number": "metadata: is int",
}
AT_CURATION = {
    "unknown type": ("errored", "unknown task type", "a type that has a verifier"),
    "no ground truth": ("rejected", "ground truth cannot be read", "all that its verifier needs"),
    "unknown language": ("rejected", "tests cannot be read", "all that its verifier needs"),
    "no tests": ("rejected", "tests cannot be read", "all that its verifier needs"),
    "tests without outputs": ("rejected", "tests cannot be read", "all that its verifier needs"),
    "no gold to judge by": ("rejected", "no gold to judge by", "all that its verifier needs"),
    "rubric of nothing": ("rejected", "judging instructions cannot be read", "all that its verifier needs"),
    "no output to predict": ("rejected", "no ground truth", "all that its verifier needs"),
    "prompt too long": ("rejected", "too long", "of a size that can be used"),
    "gold in its prompt": ("rejected", "the prompt holds the gold", "prompt does not hold the gold"),
    "somebody's address": ("rejected", "holds personal data", "no secrets or personal data"),
    "gold that fails": ("rejected", "gold fails its own verifier", "gold passes its verifier"),
    "gold without a program": ("rejected", "gold holds no program", "gold passes its verifier"),
}


class Presumes:
    """``verifiable_code`` without running anything: a program is right that is the gold's, word for word."""

    version = "presumes"

    def verify(self, result: Any) -> dict[str, Any]:
        language = result["verification_info"]["language"]
        program = extract_program(result["llm_response"], language)
        is_right = program is not None and program.source.strip() in result["gold_standard_solution"]
        passed = is_right and WRONG not in result["llm_response"]
        tests = [{"verdict": "passed" if passed else "wrong_answer"}]
        return {"score": float(passed), "verification_result_info": {"tests": tests, "reason": "wrong answer"}}


def lines() -> list[tuple[str, str]]:
    """(kind, line) of sound and broken rows in between."""
    found = [("sound", json.dumps(row)) for row in rows(SOUND)]
    spare = rows(EACH * len(BREAKAGES), seed=1)
    for place, name in enumerate(name for _ in range(EACH) for name in BREAKAGES):
        broken = BREAKAGES[name](next(spare))
        found.insert(10 * place + 5, (name, broken if isinstance(broken, str) else json.dumps(broken)))
    return found


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("brought")
    (folder / "tasks.jsonl").write_text("".join(f"{line}\n" for _, line in lines()), "utf-8")
    return folder


def run(folder: Path, lake: Lake) -> tuple[Counts, dict[int, str], list[dict[str, Any]], list[dict[str, Any]]]:
    """Ledger counts, what it says of broken rows by their number, outcomes and tasks of all shards."""
    source = Source(path=str(folder), name="test/landing")
    counts = update_ledger(lake, LANDING, [open_source(source)], shard_size=600).counts
    [withdrawn] = lake.need("landing/withdrawn").parts.values()
    assert withdrawn.outcomes is not None
    ended = list(lake.file_rows("landing/withdrawn", "_", withdrawn.outcomes))
    broken = {
        int(row["row_id"].split(":")[1]): json.loads(row["detail"])["where"] for row in ended if row["reason"] == BROKEN
    }
    outcomes, tasks = asyncio.run(_curated(folder, lake))
    return counts, broken, outcomes, tasks


async def _curated(folder: Path, lake: Lake) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    registry = {**VERIFIER_REGISTRY, "verifiable_code": Presumes}
    outcomes: list[dict[str, Any]] = []
    with Journal(folder / "journal") as journal:
        async with VerifierRunner(registry) as runner:
            roles = Roles(verifiers=runner)
            for shard in lake.need("landing/ledger").parts:
                stage = tasks_stage(lake, LANDING, shard, verifier_versions={})
                await run_stage(stage, journal, roles, again=0)
                part = await seal_stage(stage, lake, journal, roles)
                assert part.outcomes is not None
                outcomes += lake.file_rows("landing/tasks", shard, part.outcomes)
                assert Counts.from_dict(part.counts).balanced
    return outcomes, [task for shard in lake.need("landing/ledger").parts for task in lake.rows("landing/tasks", shard)]


@pytest.fixture(scope="module")
def world(brought: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    return (lake, *run(brought, lake))


def test_every_row_ends_once_and_each_breakage_with_its_reason(world: tuple[Any, ...]) -> None:
    lake, counts, broken, outcomes, tasks = world
    kinds = [kind for kind, _ in lines()]
    assert counts.rows == len(kinds) == SOUND + EACH * len(BREAKAGES)
    assert counts.balanced
    assert len(outcomes) == counts.accepted
    assert set(BREAKAGES) == set(AT_THE_LEDGER) | set(AT_CURATION)
    assert len(BREAKAGES) >= 10
    placed = {row["problem_id"]: row["row"] for row in lake.rows("landing/ledger")}
    ends: dict[str, Counter[Any]] = defaultdict(Counter)
    for outcome in outcomes:
        end = (outcome["status"], outcome["reason"], outcome["step"])
        ends[kinds[placed[outcome["row_id"]] - 1]][end] += 1
    for row, where in broken.items():
        expected = AT_THE_LEDGER[kinds[row - 1]]
        assert expected in where
        ends[kinds[row - 1]]["broken"] += 1
    assert ends.pop("sound") == {("accepted", None, None): SOUND}
    assert ends == {
        **{name: {"broken": EACH} for name in AT_THE_LEDGER},
        **{name: {end: EACH} for name, end in AT_CURATION.items()},
    }
    assert len(tasks) == SOUND


def test_tasks_say_whose_they_are_and_how_far_their_gold_was_tried(world: tuple[Any, ...]) -> None:
    tasks = world[-1]
    assert len({task["problem_id"] for task in tasks}) == len({task["task_hash"] for task in tasks}) == SOUND
    tried = Counter((task["task_type"], json.loads(task["metadata"])["preflight"]) for task in tasks)
    assert tried == {
        ("verifiable_math", "passed"): 200,
        ("verifiable_code", "passed"): 350,
        ("verifiable_code", "no gold"): 50,
        ("code_output_prediction", "passed"): 200,
        ("llm_judgeable_groundtruth_similarity", "not tried: a judge decides"): 200,
    }
    for task, row in zip(sorted(tasks, key=_number), rows(SOUND), strict=True):
        assert json.loads(task["metadata"])["landed_problem_id"] == row["problem_id"]
        assert task["source"] == row["source"]
        assert task["in_source_id"] == row["in_source_id"]
        assert task["license"] == row.get("license")
        assert task["attribution"] == row.get("attribution")
    families = {task["family_id"] for task in tasks if task["task_type"] == "code_output_prediction"}
    assert len(families) == 1  # as its owner has it


def _number(task: dict[str, Any]) -> int:
    return int(task["in_source_id"])


async def test_genesys_land_names_what_its_lane_would_drop_by_rules(brought: Path) -> None:
    checker = Checker({}, shown=1000)
    kept = [await checker.line(row, "tasks.jsonl") for row in open_source(Source(path=str(brought))).rows()]
    told = {int(line.split(":")[1]): line for line in checker.found.first_broken}
    kinds = [kind for kind, _ in lines()]
    needs_a_verifier = {name for name, end in AT_CURATION.items() if end[2] == "gold passes its verifier"}
    wrong = [number for number, kind in enumerate(kinds, 1) if kind not in {"sound", *needs_a_verifier}]
    assert sorted(told) == wrong
    assert sum(line is not None for line in kept) == SOUND + EACH * len(needs_a_verifier)
    assert checker.found.rows == checker.found.good + checker.found.broken
    for number, line in told.items():
        kind = kinds[number - 1]
        expected = AT_THE_LEDGER.get(kind) or AT_CURATION[kind][1]
        assert expected in line, kind


def test_a_newer_revision_cuts_only_what_is_new(brought: Path, world: tuple[Any, ...], tmp_path: Path) -> None:
    lake = world[0]
    newer = tmp_path / "newer"
    newer.mkdir()
    more = [json.dumps(row) for row in rows(SOUND + 7)][SOUND:]
    mended = json.dumps(next(rows(1)) | {"metadata": {"mended": True}})
    text = (brought / "tasks.jsonl").read_text("utf-8").splitlines()
    (newer / "tasks.jsonl").write_text("\n".join([mended, *text[1:], *more]) + "\n", "utf-8")
    before = set(lake.need("landing/ledger").parts)
    update = update_ledger(lake, LANDING, [open_source(Source(path=str(newer), name="test/landing"))], shard_size=600)
    added = [lake.need("landing/ledger").parts[name].data.rows for name in update.new_shards]
    assert sum(added) == 8
    assert before.isdisjoint(update.new_shards)
