"""The four data sets of one choice: who is in which, what stands there, splits that do not leak, the same bytes."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.release import joined, lookups, preference, raw, rl, sorting
from genesys.release.choice import CAMPAIGN, LINEAGE, TEST
from genesys.release.leaks import Leak, leaks
from genesys.release.preference import make_preference
from genesys.release.proof.leaves import leaf
from genesys.release.raw import make_raw
from genesys.release.rl import make_rl
from genesys.release.sft import make_sft
from genesys.schemas import PUBLISHED_COLUMNS, Verification
from genesys.settings.release import PreferenceSettings
from genesys.stages.draws import Draw
from genesys.stages.records import HeldTask, response_record
from genesys.tables import columns
from genesys.tables.lake import WHOLE, Lake, Part
from genesys.tables.part_writer import PartWriter
from tests.support.choice import LEFT, End, Trace, by_verdict, choose
from tests.support.s3 import Bucket, s3_bucket
from tests.support.tiny_lane import TinyTeacher, World, answers, sums_lane, write_rows

Row = dict[str, Any]
MAKERS: dict[str, Callable[..., Part]] = {
    "dataset/raw": make_raw,
    "dataset/sft": make_sft,
    "dataset/preference": make_preference,
    "dataset/rl": make_rl,
}
SCHEMAS = {"dataset/raw": columns.RAW, "dataset/sft": columns.SFT}
SCHEMAS |= {"dataset/preference": columns.PREFERENCE, "dataset/rl": columns.RL}
KEYS = {"dataset/raw": "response_id", "dataset/sft": "response_id", "dataset/preference": "pair_id"}
KEYS |= {"dataset/rl": "problem_id"}


def said(request: ChatRequest) -> ChatAnswer:
    """Samples from 6 on are wrong: 6 and 7 in other words, 8 without a sound form, 9 cut off."""
    answer = answers(request)
    if request.name == "is_sum" or request.sample_index < 6:
        return answer
    text = {6: "It is 0", 7: "No answer: 0", 8: "faulty 0", 9: "cut off 0"}[request.sample_index]
    return answer.model_copy(update={"content": text, "finish_reason": "length" if text[0] == "c" else "stop"})


def world_at(
    folder: Path, problems: int = 6, first: int = 1, samples: int = 10, shard_size: int = 4, **fields: Any
) -> World:
    world = World.at(folder, samples=samples, teacher=TinyTeacher(answer=said), **fields)
    rows = [{"id": n, "question": f"{n}+{n}", "answer": str(n + n)} for n in range(first, first + problems)]
    write_rows(world.source_file, rows)
    world.update(shard_size=shard_size)
    world.run()
    return world


def by_number(task: Row) -> str:
    return "test" if int(task["gold_standard_solution"]) % 4 == 0 else "train"


def make_all(lake: Lake, lanes: Iterable[Any]) -> dict[str, Part]:
    lanes = list(lanes)
    return {asset: maker(lake, lanes) for asset, maker in MAKERS.items()}


def rows_of(lake: Lake, asset: str, which: str = "") -> list[Row]:
    part = lake.need(asset).parts[CAMPAIGN]
    return list(lake.file_rows(asset, WHOLE, part.companions[which] if which else part.data))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Six problems in two shards, three of them in the test split; all four data sets. To be read only."""
    world = world_at(tmp_path_factory.mktemp("world"))
    choose(world.lake, [world], split=by_number)
    make_all(world.lake, [world.lane])
    return world


@pytest.mark.parametrize("asset", MAKERS)
def test_each_split_and_the_lineage_are_tables_in_order(world: World, asset: str) -> None:
    part = world.lake.need(asset).parts[CAMPAIGN]
    assert (part.data.rows, part.companions[TEST].rows) == (part.figures["train_rows"], part.figures["test_rows"])
    assert part.data.rows == part.counts["records"] > 0 < part.companions[TEST].rows
    for file, schema in ((part.data, SCHEMAS[asset]), (part.companions[TEST], SCHEMAS[asset])):
        assert world.lake.footer(asset, WHOLE, file).schema.to_arrow_schema().remove_metadata().equals(schema)
        ids = [row[KEYS[asset]] for row in world.lake.file_rows(asset, WHOLE, file)]
        assert ids == sorted(set(ids))
    told = [row["problem_id" if asset == rl.ASSET else "response_id"] for row in rows_of(world.lake, asset, LINEAGE)]
    assert told == sorted(set(told))
    both = rows_of(world.lake, asset) + rows_of(world.lake, asset, TEST)
    named = {row[name] for row in both for name in row if name.endswith("response_id")}
    assert set(told) == (named or {row["problem_id"] for row in both})


def test_no_family_and_no_cluster_is_on_both_sides_of_any_two_data_sets(world: World) -> None:
    problems = {row["problem_id"]: row for row in rows_of(world.lake, "dataset/filtered", "problems")}
    sides: dict[str, set[str]] = {"family_id": set(), "cluster": set()}
    for asset in MAKERS:
        for split, which in (("train", ""), ("test", TEST)):
            for row in rows_of(world.lake, asset, which):
                for name, found in sides.items():
                    found.add(f"{problems[row['problem_id']][name]} {split}")
    for found in sides.values():
        assert len({place.split()[0] for place in found}) == len(found) == 6


def test_a_problem_on_both_sides_is_told_with_its_family_and_who_trains_on_it(tmp_path: Path) -> None:
    world = world_at(tmp_path, problems=4)
    choose(world.lake, [world], split=by_number)
    make_all(world.lake, [world.lane])
    assert leaks(world.lake, "dataset/rl") == []
    part = world.lake.need("dataset/sft").parts[CAMPAIGN]
    swapped = part.model_copy(update={"data": part.companions[TEST], "companions": {TEST: part.data}})
    world.lake.publish("dataset/sft", WHOLE, {CAMPAIGN: swapped})
    held_back = sorted(row["problem_id"] for row in rows_of(world.lake, "dataset/rl", TEST))
    assert leaks(world.lake, "dataset/rl") == [
        Leak(what, ident, "dataset/sft") for what in ("family", "cluster") for ident in held_back
    ]


def test_raw_holds_right_and_wrong_responses_as_genesys_publishes_them(world: World) -> None:
    found = rows_of(world.lake, raw.ASSET) + rows_of(world.lake, raw.ASSET, TEST)
    assert len(found) == 60
    assert tuple(found[0]) == PUBLISHED_COLUMNS
    by_id = {row["response_id"]: row for row in found}
    for shard in world.shards():
        tasks = {row["problem_id"]: HeldTask(row) for row in world.rows("tasks", shard)}
        verdicts = {row["response_id"]: row for row in world.rows("verifications", shard)}
        for generation in world.rows("generations", shard):
            verdict = verdicts[generation["response_id"]]
            record = response_record(tasks[generation["problem_id"]], generation) | {
                "score": verdict["score"],
                "verification_result_info": verdict["verification_result_info"],
            }
            assert by_id[generation["response_id"]] == Verification.read(record).published()


def test_raw_proves_each_trace_by_a_leaf_of_its_row_and_lineage(world: World) -> None:
    rows = {row["response_id"]: row for which in ("", TEST) for row in rows_of(world.lake, raw.ASSET, which)}
    lineage = rows_of(world.lake, raw.ASSET, LINEAGE)
    assert {row["leaf"] for row in lineage} == {leaf(rows[row["response_id"]], row) for row in lineage}
    assert len({row["leaf"] for row in lineage}) == 60


def test_what_may_not_be_published_is_in_no_data_set(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    banned = min(row["problem_id"] for row in world.rows("tasks"))

    def end(trace: Trace) -> End:
        if trace.task["problem_id"] == banned:
            return End("what people decided", "banned", True)
        if trace.generation["sample_index"] == 4:
            return End("secrets and personal data", "secret", True)
        return by_verdict(trace)

    choose(world.lake, [world], end)
    parts = make_all(world.lake, [world.lane])
    generated = [row for shard in world.shards() for row in world.rows("generations", shard)]
    index = {row["response_id"]: row["sample_index"] for row in generated}
    for asset in MAKERS:
        for row in rows_of(world.lake, asset) + rows_of(world.lake, asset, LINEAGE):
            assert row["problem_id"] != banned
            assert index.get(row.get("response_id")) != 4
    assert parts[raw.ASSET].counts["rejected"] == {"banned": 10, "secret": 5}
    assert parts[rl.ASSET].counts["rejected"] == {rl.UNPUBLISHABLE: 1}


def test_pairs_hold_a_chosen_response_and_a_sound_wrong_one(world: World) -> None:
    generations = {row["response_id"]: row for shard in world.shards() for row in world.rows("generations", shard)}
    found = rows_of(world.lake, preference.ASSET) + rows_of(world.lake, preference.ASSET, TEST)
    assert len(found) == 12
    for row in found:
        one, other = generations[row["chosen_response_id"]], generations[row["rejected_response_id"]]
        assert one["problem_id"] == other["problem_id"] == row["problem_id"]
        assert one["sample_index"] in (0, 2, 4, 5)
        assert other["sample_index"] in (1, 6, 7)
        assert (row["score_chosen"], row["score_rejected"]) == (1.0, 0.0)
        assert row["prompt"] == [{"role": "user", "content": one["messages"][0]["content"]}]
        for side, generation in (("chosen", one), ("rejected", other)):
            (turn,) = row[side]
            assert turn["role"] == "assistant"
            assert turn["content"].endswith(f"</think>\n\n{generation['messages'][-1]['content']}")
        assert row["pair_id"] == digest(["pair", row["chosen_response_id"], row["rejected_response_id"]], 24)
    part = world.lake.need(preference.ASSET).parts[CAMPAIGN]
    assert part.counts["rejected"] == {preference.UNLIKE: 12}
    assert 0 < part.figures["mean_length_difference"] < 0.25
    assert 0 < part.figures["mean_chosen_chars"] < part.figures["mean_rejected_chars"] < 40


def test_campaigns_that_ask_in_another_way_make_no_pair(tmp_path: Path) -> None:
    """The right response is to a system prompt, the wrong one to none."""
    world = world_at(tmp_path, problems=2, samples=1)
    told = sums_lane(system_prompt="Think.")
    wrong = TinyTeacher(answer=lambda request: answers(request.model_copy(update={"sample_index": 1})))
    other = World(world.folder, world.lake, lane=told, teacher=wrong, samples=1, draw=Draw("told", "tiny", 1))
    other.run("generations", "verifications")
    choose(world.lake, [world])
    part = make_preference(world.lake, [world.lane], preference=PreferenceSettings(difference=0.9))
    assert part.counts == {
        "rows": 2,
        "accepted": 0,
        "rejected": {preference.UNLIKE: 2},
        "errored": {},
        "records": 0,
    }


def test_rl_holds_what_a_verifier_needs_and_pass_rates_by_teacher(world: World) -> None:
    found = rows_of(world.lake, rl.ASSET) + rows_of(world.lake, rl.ASSET, TEST)
    assert len(found) == 6
    tasks = {row["problem_id"]: row for shard in world.shards() for row in world.rows("tasks", shard)}
    for row in found:
        task = tasks[row["problem_id"]]
        assert row["prompt"] == [{"role": "user", "content": task["prompt"]}]
        assert json.loads(row["verification_info"]) == {"ground_truth": task["gold_standard_solution"]}
        assert (row["responses"], row["pass_rate"], json.loads(row["pass_rates"])) == (10, 0.5, {"tiny": 0.5})


def test_rl_leaves_out_what_a_filter_of_problems_dropped_and_what_nobody_solved(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    ids = sorted(row["problem_id"] for shard in world.shards() for row in world.rows("tasks", shard))

    def end(trace: Trace) -> End:
        place = ids.index(trace.task["problem_id"])
        if by_verdict(trace) != LEFT:
            return by_verdict(trace)
        return {
            0: End("benchmarks", "overlaps a benchmark"),
            1: End("difficulty", "too easy"),
            2: End("caps", "more than enough of its problem"),
            3: End("length and format", "broken Markdown"),
        }.get(place, LEFT)

    choose(world.lake, [world], end)
    part = make_rl(world.lake, [world.lane])
    assert [row["problem_id"] for row in rows_of(world.lake, rl.ASSET)] == [ids[2], *ids[4:]]
    assert sum(part.counts["rejected"].values()) == 3
    assert {"overlaps a benchmark", "too easy"} < part.counts["rejected"].keys()


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the lanes' order, and however little is in memory at a time."""
    found = []
    for name in ("one", "two"):
        lake = Lake(tmp_path / name / "lake")
        worlds = [
            world_at(tmp_path / name / lane, problems, first, lake=lake, lane=sums_lane(name=lane))
            for lane, problems, first in (("sums", 6, 1), ("more", 9, 50))
        ]
        worlds = worlds[::-1] if name == "two" else worlds
        choose(lake, worlds, split=by_number)
        parts = make_all(lake, [world.lane for world in worlds])
        found.append({asset: [file.sha256 for file in part.files] for asset, part in parts.items()})
        monkeypatch.setattr(sorting, "HELD", 3000)
        monkeypatch.setattr(sorting, "HEAVY", 1000)
        monkeypatch.setattr(joined, "CHARACTERS", 50)
        monkeypatch.setattr(lookups, "KEPT", 1)
    assert found[0] == found[1]


def test_small_groups_of_rows_in_lane_tables_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks, verdicts and responses of a shard stand in several groups, of which few are read at a time."""
    found = []
    for name, group in (("one", 1024), ("two", 3)):
        with monkeypatch.context() as patch:
            patch.setattr(PartWriter, "GROUP", group)
            world = world_at(tmp_path / name, problems=11, shard_size=20)
            choose(world.lake, [world], split=by_number)
        monkeypatch.setattr(lookups, "KEPT", 1)
        make_all(world.lake, [world.lane])
        found.append({asset: rows_of(world.lake, asset) + rows_of(world.lake, asset, LINEAGE) for asset in MAKERS})
    assert found[0] == found[1]


def test_one_response_in_two_campaigns_is_in_raw_once(tmp_path: Path) -> None:
    world = world_at(tmp_path, problems=3)
    for table, schema in (("generations", columns.GENERATIONS), ("verifications", columns.VERIFICATIONS)):
        ((campaign, part),) = world.lake.need(f"sums/{table}", "sums-00000").parts.items()
        rows = [row | {"campaign": "again"} for row in world.rows(table)]
        file = world.lake.write(f"sums/{table}", "sums-00000", schema, rows)
        again = part.model_copy(update={"data": file, "outcomes": None, "timings": None})
        world.lake.publish(f"sums/{table}", "sums-00000", {"again": again})
    wrong = End("verdict", "wrong")
    choose(world.lake, [world], lambda trace: wrong if trace.generation["campaign"] == campaign else LEFT)
    made = make_raw(world.lake, [world.lane])
    assert made.counts["rejected"] == {raw.TWICE: 30}
    assert {row["campaign"] for row in rows_of(world.lake, raw.ASSET, LINEAGE)} == {"again"}


def test_nothing_is_made_again_until_settings_change(tmp_path: Path) -> None:
    world = world_at(tmp_path, problems=2)
    choose(world.lake, [world])
    first = make_preference(world.lake, [world.lane], run_id="one")
    assert make_preference(world.lake, [world.lane], run_id="two") == first
    other = make_preference(world.lake, [world.lane], preference=PreferenceSettings(per_problem=1), run_id="three")
    assert (other.run_id, other.data.rows, first.data.rows) == ("three", 2, 4)


@pytest.mark.parametrize("maker", [make_raw, make_preference, make_rl])
def test_a_choice_of_an_earlier_form_is_refused(tmp_path: Path, maker: Callable[..., Part]) -> None:
    world = world_at(tmp_path, problems=1)
    part = choose(world.lake, [world])
    world.lake.publish("dataset/filtered", WHOLE, {CAMPAIGN: part.model_copy(update={"companions": {}})})
    with pytest.raises(GenesysError, match="has no ends and no problems: materialize it again first"):
        maker(world.lake, [world.lane])


@pytest.mark.parametrize("maker", [make_raw, make_sft, make_preference, make_rl])
def test_a_lane_that_is_gone_is_named(world: World, maker: Callable[..., Part], tmp_path: Path) -> None:
    gone = world_at(tmp_path, problems=2)
    choose(gone.lake, [gone])
    with pytest.raises(GenesysError, match="of the lane sums, which is not there any more"):
        maker(gone.lake, [])


READ = """
import datasets, json, sys
files, options = json.loads(sys.argv[1])
for name, splits in files.items():
    found = datasets.load_dataset("parquet", data_files=splits, storage_options=options)
    print(json.dumps([name, {split: len(rows) for split, rows in found.items()}, str(found["train"].features)]))
"""


def read_by_datasets(files: dict[str, dict[str, str]], options: dict[str, Any], cache: Path) -> list[Any]:
    """What ``datasets.load_dataset`` makes of the splits, in a process of its own."""
    env = {"HF_HOME": str(cache), "PATH": "/usr/bin"} | ({} if options else {"HF_HUB_OFFLINE": "1"})
    call = [sys.executable, "-c", READ, json.dumps([files, options])]
    ended = subprocess.run(call, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("[")]


def split_files(lake: Lake) -> dict[str, dict[str, str]]:
    files = {}
    for asset in MAKERS:
        part = lake.need(asset).parts[CAMPAIGN]
        splits = (("train", part.data), ("test", part.companions[TEST]))
        files[asset] = {split: lake.uri(asset, WHOLE, file) for split, file in splits}
    return files


def check_read(found: list[Any]) -> None:
    sizes = {name: splits for name, splits, _ in found}
    features = {name: told for name, _, told in found}
    assert sizes == {
        "dataset/raw": {"train": 30, "test": 30},
        "dataset/sft": {"train": 12, "test": 12},
        "dataset/preference": {"train": 6, "test": 6},
        "dataset/rl": {"train": 3, "test": 3},
    }
    chat = "List({'role': Value('string'), 'content': Value('string')})"
    assert f"'messages': {chat}" in features["dataset/sft"]
    assert all(f"'{name}': {chat}" in features["dataset/preference"] for name in ("prompt", "chosen", "rejected"))
    assert f"'prompt': {chat}" in features["dataset/rl"]
    assert "'pass_rate': Value('float64')" in features["dataset/rl"]
    texts = [name for name in PUBLISHED_COLUMNS if name != "score"]
    assert all(f"'{name}': Value('string')" in features["dataset/raw"] for name in texts)
    assert "'score': Value('float64')" in features["dataset/raw"]


def test_datasets_reads_all_of_them_from_a_folder(world: World, tmp_path: Path) -> None:
    check_read(read_by_datasets(split_files(world.lake), {}, tmp_path))


@pytest.mark.s3
def test_datasets_reads_all_of_them_from_s3(tmp_path: Path) -> None:
    bucket: Bucket
    with s3_bucket() as bucket:
        world = world_at(tmp_path / "world", lake=Lake(f"{bucket.url}/lake", bucket.options))
        choose(world.lake, [world], split=by_number)
        make_all(world.lake, [world.lane])
        check_read(read_by_datasets(split_files(world.lake), bucket.options, tmp_path / "cache"))
