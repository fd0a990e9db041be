"""The lane on a folder of commits in CommitPack's columns, each kind of breakage among them several times."""

import asyncio
import json
from collections import Counter

import pytest

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, Completed
from genesys.lanes import LANES
from genesys.ledger import update_ledger
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_asset, tasks_stage
from genesys.tables.lake import Lake
from genesys.verifiers.edited_file import before_of, normal
from genesys.verifiers.golds import gold_problem
from tests.support.upstream.swe import BREAKAGES, ENDS, curator, rows

COUNT, TIMES = 1000, 3
LANE = LANES["swe"]


class Curator:
    """Answers as the generator's rows want it, and counts."""

    teacher_id, concurrency = "written-curator", 64

    def __init__(self):
        self.asked = Counter()

    async def complete(self, request):
        self.asked[request.name] += 1
        return Completed(answer=ChatAnswer(content=curator(request), finish_reason="stop"), endpoint="here")

    async def aclose(self):
        pass


def folder_of(place):
    """A thousand commits; every fifteenth or so is broken in one of the ways, in turn."""
    kinds = [name for name in BREAKAGES for _ in range(TIMES)]
    step = COUNT // len(kinds)
    lines, broken = [], {}
    for number, row in enumerate(rows(COUNT, seed=11)):
        kind = kinds[number // step] if number % step == 0 and number // step < len(kinds) else None
        if kind is not None:
            broken[number + 1] = kind
            row = BREAKAGES[kind](row)
        lines.append(row if isinstance(row, str) else json.dumps(row))
    (place / "commits.jsonl").write_text("".join(line + "\n" for line in lines))
    return broken


async def through(stage, lake, journal, roles):
    await run_stage(stage, journal, roles, again=0)
    await seal_stage(stage, lake, journal, roles)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("swe")
    broken = folder_of(place)
    lake, teacher = Lake(place / "lake"), Curator()
    update = update_ledger(lake, LANE, [open_source(Source(path=str(place / "commits.jsonl")))], shard_size=400)
    ends = {}
    with Journal(place / "journal") as journal:
        roles = Roles(curator=teacher)
        for shard in update.new_shards:
            stage = tasks_stage(lake, LANE, shard, verifier_versions={})
            asyncio.run(through(stage, lake, journal, roles))
            for part in lake.need(tasks_asset(LANE), shard).parts.values():
                assert part.outcomes is not None
                for outcome in lake.file_rows(tasks_asset(LANE), shard, part.outcomes):
                    assert outcome["row_id"] not in ends
                    ends[outcome["row_id"]] = outcome
    return lake, update, broken, ends, teacher


def test_every_row_ends_once_and_each_breakage_with_its_reason(run):
    lake, update, broken, ends, _ = run
    assert update.counts.rows == COUNT
    assert update.counts.balanced
    in_ledger = {row["problem_id"]: row["row"] for shard in update.new_shards for row in ledger(lake, shard)}
    assert set(ends) == set(in_ledger)
    kinds = {row_id: broken.get(number) for row_id, number in in_ledger.items()}
    wanted = Counter((kind, ENDS.get(kind)) for kind in kinds.values())
    assert Counter((kinds[row_id], end["reason"]) for row_id, end in ends.items()) == wanted
    assert {end["status"] for end in ends.values()} == {"accepted", "rejected"}
    at_the_ledger = Counter(kind for kind in broken.values() if ENDS[kind] == "broken row")
    assert update.counts.rejected == {"broken row": at_the_ledger.total()}
    assert set(Counter(broken.values()).values()) == {TIMES}
    assert set(broken.values()) == set(BREAKAGES)


def ledger(lake, shard):
    return lake.rows("swe/ledger", campaign=shard)


def test_the_curator_is_asked_twice_about_a_kept_row_and_never_about_another(run):
    _, _, broken, _, teacher = run
    assert teacher.asked == {"swe_instruction": COUNT - len(broken), "swe_check": COUNT - len(broken)}


def test_tasks_show_the_file_before_and_nothing_of_the_file_after(run):
    lake, update, *_ = run
    languages = Counter()
    for shard in update.new_shards:
        for row in lake.rows(tasks_asset(LANE), shard):
            info, metadata = json.loads(row["verification_info"]), json.loads(row["metadata"])
            task = row | {"verification_info": info, "metadata": metadata}
            assert gold_problem(task) is None
            before, gold = before_of(task), task["gold_standard_solution"]
            come = set(normal(gold).split("\n")) - set(normal(before).split("\n"))
            assert come
            assert not come & set(row["prompt"].split("\n"))
            assert row["license"] in {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "BSD-2-Clause", "Unlicense"}
            assert metadata["commit"] in row["attribution"]
            languages[info["language"], metadata["preflight"]["broken"]] += 1
    assert {language for language, _ in languages} == {
        *("python", "javascript", "typescript", "go", "java", "rust", "ruby", "cpp", "csharp", "php", "kotlin")
    }
    # What rules can prove: every language with a parser refuses a broken gold, and Kotlin, without one, none.
    assert {told for (language, told) in languages if language != "kotlin"} == {"refused"}
    assert {told for (language, told) in languages if language == "kotlin"} == {"left to the judge"}


def test_the_generator_is_lazy_and_repeats_nothing():
    found = list(rows(3000, seed=4))
    assert len({LANE.identify(row).statement for row in found}) == 3000
    assert len({row["commit"] for row in found}) == 3000
    assert next(rows(10**9))["commit"] == next(rows(1))["commit"]
    assert next(rows(1, seed=1)) != next(rows(1, seed=2))
