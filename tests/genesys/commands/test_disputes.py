"""``genesys disputes``: what a person and a program read, from tables and from a plain file."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import s3fs

from genesys.commands import disputes as command
from genesys.faults import GenesysError
from genesys.lineage.evidence import gather
from genesys.lineage.places import find
from genesys.lineage.published import release_link
from genesys.release import filtered
from genesys.release.filtered import make_filtered
from genesys.tables.lake import WHOLE
from tests.genesys.commands.runs import genesys
from tests.support.disputing import NAMING, teacher_saying
from tests.support.s3 import s3_bucket
from tests.support.tiny_lane import ROWS, World, sums_lane, write_rows

SETTINGS = """
[lake]
root = "lake"
"""
SAID = {"1+2": ["4"], "5+5": ["10", "11"]}
"""A wrong gold, and one that is reached once in sixteen times."""


@pytest.fixture
def world(here: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World.at(here, teacher=teacher_saying(SAID), registry=NAMING, samples=16)
    (here / "genesys.toml").write_text(SETTINGS)
    monkeypatch.setattr(command, "LANES", {"sums": world.lane, "other": sums_lane(name="other")})
    world.update()
    world.run()
    return world


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert command.main(list(words)) == 0
    return capsys.readouterr().out


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(said(capsys, "--json", *words))


def test_a_person_reads_prompt_gold_votes_and_what_to_audit(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    make_filtered(world.lake, [world.lane])
    text = said(capsys)
    lines = text.splitlines()
    (row,) = [row for row in world.rows("tasks") if "1+2" in row["prompt"]]
    assert lines[0] == f"disputed  {row['problem_id']}  lane sums, shard sums-00000"
    assert lines[1:6] == [
        "    source   tiny/sums",
        "    prompt   What is 1+2?",
        "    gold     3",
        "    votes    16 answers, none of them the gold's",
        "          16 4  (tiny: 16)",
    ]
    ids = {row["response_id"] for row in world.rows("generations")}
    assert lines[6].endswith(" and 12 more")
    assert set(lines[6].removesuffix(" and 12 more").split()[1:]) <= ids
    assert text.index("disputed  ") < text.index("contested  ")
    assert "16 answers, 1 of them the gold's" in text
    assert lines[-1] == (
        "1 disputed, 1 contested of 3 tasks with verdicts (from dataset/filtered; at least 4 responses and 75% of all "
        "answers agree)."
    )


def test_a_program_reads_all_of_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    make_filtered(world.lake, [world.lane])
    found = listed(capsys)
    assert (found["counted_from"], found["tasks"], found["notes"]) == ("dataset/filtered", 3, [])
    assert found["rule"]["votes"] == 4
    first, second = found["entries"]
    assert (first["kind"], first["gold"], first["source"], first["lane"]) == ("disputed", "3", "tiny/sums", "sums")
    assert first["answers"][0]["votes"] == len(first["answers"][0]["response_ids"]) == 16
    assert (second["kind"], second["agreeing"], second["voters"]) == ("contested", 1, 16)


def test_before_the_choice_was_made_and_with_another_rule_votes_are_counted_now(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = listed(capsys)
    assert (before["counted_from"], len(before["entries"])) == ("verifications", 2)
    make_filtered(world.lake, [world.lane])
    stricter = listed(capsys, "--share", "0.95")
    assert (stricter["counted_from"], stricter["rule"]["share"]) == ("verifications", 0.95)
    assert [entry["kind"] for entry in stricter["entries"]] == ["disputed"]
    assert listed(capsys, "--min-votes", "17")["entries"] == []
    assert listed(capsys)["entries"] == before["entries"], "nothing was written"


def test_what_changed_since_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    make_filtered(world.lake, [world.lane])
    write_rows(world.source_file, [*ROWS, {"id": 9, "question": "7+7", "answer": "14"}])
    world.update()
    world.run()
    (note,) = listed(capsys)["notes"]
    assert "materialize it again" in note
    assert "sums/verifications/sums-00001" in note or "changed since" in note
    make_filtered(world.lake, [world.lane])
    assert listed(capsys)["notes"] == []


def test_only_the_lanes_that_are_asked_for(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    make_filtered(world.lake, [world.lane])
    assert len(listed(capsys, "--lane", "sums")["entries"]) == 2
    assert listed(capsys, "--lane", "other")["entries"] == []
    with pytest.raises(GenesysError, match="--lane nowhere: there is no such lane; there are other, sums"):
        command.main(["--lane", "nowhere"])


def test_an_empty_state_is_no_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "genesys.toml").write_text(SETTINGS)
    text = said(capsys)
    assert text.startswith("0 disputed, 0 contested (from verifications")
    assert "There are no verdicts in" in text


@pytest.mark.s3
def test_tables_on_object_storage_read_the_same(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_filtered(world.lake, [world.lane])
    with s3_bucket() as bucket:
        shutil.copytree(world.lake.root, "copy")
        s3fs.S3FileSystem(**bucket.options).put("copy/", f"{bucket.url}/lake/", recursive=True)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.options["key"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.options["secret"])
        endpoint = bucket.options["client_kwargs"]["endpoint_url"]
        Path("s3.toml").write_text(
            f'[lake]\nroot = "{bucket.url}/lake"\n[lake.storage_options.client_kwargs]\nendpoint_url = "{endpoint}"\n'
        )
        for words in ([], ["--min-votes", "5"]):
            assert listed(capsys, "--config", "s3.toml", *words) == listed(capsys, *words)


def test_the_audit_of_a_response_says_that_its_gold_is_disputed(world: World) -> None:
    make_filtered(world.lake, [world.lane])
    ident = next(row["response_id"] for row in ends(world) if row["reason"] == "disputed gold")
    facts = release_link(gather(world.lake, find(world.lake, [world.lane], ident))).facts
    assert facts["dropped"] == "disputed gold: 16 of 16 answers agree on 4, none with the gold; teachers: tiny"


def ends(world: World) -> list[dict[str, Any]]:
    part = world.lake.need(filtered.ASSET).parts[filtered.CAMPAIGN]
    return list(world.lake.file_rows(filtered.ASSET, WHOLE, part.companions[filtered.ENDS_FILE]))


# A file -----------------------------------------------------------------------------------------------------------


def record(problem: str, number: int, answer: str | None, gold: str = "3", **more: Any) -> dict[str, Any]:
    info = {"extracted_answer": answer, "canonical_answer": answer, "rule": "boxed/exact", "ground_truth": gold}
    return {
        "problem_id": problem,
        "response_id": f"{problem}-{number}",
        "source": "mine",
        "in_source_id": 7,
        "task_type": "verifiable_math",
        "prompt": f"Problem {problem}?",
        "verification_info": json.dumps({"ground_truth": gold}),
        "llm_response": f"Response {number}: {answer}",
        "model_name": "some-model",
        "score": float(answer == gold),
        "verification_result_info": info,
    } | more


def test_a_file_needs_no_tables(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [record("wrong", n, "4") for n in range(4)]
    records += [record("right", n, "3" if n % 2 else "4") for n in range(8)]
    records += [record("cut", n, "4", finish_reason="length") for n in range(8)]
    records += [record("same", n, "4", llm_response="always this") for n in range(8)]
    records += [{"error": "broken", "line": 3, "raw": "{"}, record("none", 0, "4", score=None), {"prompt": "?"}]
    path = write_rows(here / "x_verified.jsonl", [*records, "not json"])
    found = listed(capsys, "--file", str(path))
    (entry,) = found["entries"]
    assert (entry["problem_id"], entry["kind"], entry["gold"], entry["source"]) == ("wrong", "disputed", "3", "mine")
    assert (entry["in_source_id"], entry["lane"]) == ("7", None)
    assert entry["answers"] == [
        {
            "answer": "4",
            "votes": 4,
            "teachers": {"some-model": 4},
            "response_ids": [f"wrong-{n}" for n in range(4)],
        }
    ]
    assert (found["tasks"], found["counted_from"]) == (4, str(path))
    (note,) = found["notes"]
    assert note.startswith("4 of 32 records")
    assert "disputed  wrong\n    source   mine, 7\n    prompt   Problem wrong?\n" in said(capsys, "--file", str(path))
    assert listed(capsys, "--file", str(path), "--min-votes", "5")["entries"] == []


def test_equal_answers_in_other_words_count_where_the_acceptance_is_lower(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What agrees with a gold is what the settings accept."""
    path = write_rows(here / "x.jsonl", [record("p", n, "4", score=0.5) for n in range(4)])
    assert len(listed(capsys, "--file", str(path))["entries"]) == 1
    for accepted in ("default = 0.5", "by_task_type = { verifiable_math = 0.5 }"):
        (here / "genesys.toml").write_text(f"[acceptance]\n{accepted}\n")
        assert listed(capsys, "--file", str(path))["entries"] == []


def test_a_file_with_verdicts_that_genesys_verify_wrote(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [
        {
            "problem_id": "p",
            "response_id": str(n),
            "source": "mine",
            "task_type": "verifiable_math",
            "prompt": "What is a half of 7?",
            "verification_info": {"ground_truth": "3"},
            "llm_response": text,
            "model_name": "some-model",
        }
        for n, text in enumerate(
            ["\\boxed{7/2}", "It is \\boxed{3.5}.", "So \\boxed{\\frac72}", "\\boxed{\\frac{7}{2}}"]
        )
    ]
    write_rows(here / "x.jsonl", tasks)
    assert genesys("verify", "--file", "x.jsonl", cwd=here).returncode == 0
    (entry,) = listed(capsys, "--file", "x_verified.jsonl")["entries"]
    assert (entry["kind"], entry["answers"][0]["votes"]) == ("disputed", 4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--file", "nowhere.jsonl"], "nowhere.jsonl: there is no such file"),
        (["--file", "x.txt"], "expected a .jsonl or .parquet file"),
        (["--file", "x.jsonl", "--lane", "math"], "a file has none"),
        (["--share", "0.5"], "share: "),
        (["--min-votes", "1"], "min_votes: "),
        (["--config", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_what_cannot_be_done_is_said(here: Path, words: list[str], message: str) -> None:
    for name in ("x.txt", "x.jsonl"):
        (here / name).write_text("")
    with pytest.raises(GenesysError, match=message):
        command.main(words)
