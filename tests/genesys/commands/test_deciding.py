"""``genesys override`` and ``genesys withdraw``: what people decide, what they are told, and what the audit says."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genesys.commands import audit as audit_command
from genesys.commands import override as override_command
from genesys.commands import withdraw as withdraw_command
from genesys.faults import GenesysError
from genesys.ledger import problem_id, update_ledger
from genesys.ledger_marks import withdrawn_versions
from genesys.overrides import open_overrides
from genesys.settings import load_settings
from genesys.sources.opening import open_source
from genesys.verifiers.registry import VERIFIER_REGISTRY
from tests.support.tiny_lane import TinyVerifier, World, write_rows

SETTINGS = """
[lake]
root = "lake"
[journal]
root = "journal"
[release.publish]
to = "published"
[lanes.sums]
sources = [{ path = "rows.jsonl", name = "tiny/sums", license = "cc0-1.0" }]
"""
ROW = problem_id("tiny/sums", "1")
WHY = ("--why", "Its author asked", "--by", "Ada")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lane that was run, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    world = World.at(folder)
    world.update()
    world.run()
    return folder


@pytest.fixture
def world(made: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    shutil.copytree(made, here, dirs_exist_ok=True)
    world = World.at(here)
    (here / "genesys.toml").write_text(SETTINGS)
    for command in (audit_command, override_command, withdraw_command):
        monkeypatch.setattr(command, "LANES", {"sums": world.lane})
    monkeypatch.setitem(VERIFIER_REGISTRY, "tiny_sum", TinyVerifier)
    return world


def override(*argv: str) -> None:
    assert override_command.main(list(argv)) == 0


def decided() -> dict[str, str]:
    return {ident: one.action for ident, one in open_overrides(load_settings()).decisions.items()}


def response(world: World, problem: str = ROW) -> str:
    return str(next(row["response_id"] for row in world.rows("generations") if row["problem_id"] == problem))


@pytest.mark.parametrize("name", ["its id", "its key", "its place", "a response"])
def test_a_row_is_withdrawn_by_whatever_it_is_called(
    world: World, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"its id": ROW, "its key": "1", "its place": "rows.jsonl:1", "a response": response(world)}
    assert withdraw_command.main([names[name], *WHY]) == 0
    assert decided() == {ROW: "withdraw"}
    assert {ident for ident, _ in withdrawn_versions(world.lake, world.lane)} == {ROW}
    text = capsys.readouterr().out
    assert f"Withdrawn: row {ROW} of tiny/sums (key 1; sums, sums-00000)." in text
    assert f"Tasks made of it: {ROW}." in text


def test_what_is_called_like_nothing_is_an_error_and_nothing_is_written(world: World) -> None:
    with pytest.raises(GenesysError, match="nothing is called nobody"):
        withdraw_command.main(["nobody", *WHY])
    assert decided() == {}


def test_a_key_that_several_rows_have_is_asked_about(world: World) -> None:
    other = write_rows(world.folder / "other.jsonl", [{"id": 1, "question": "7+7", "answer": "14"}])
    sources = [open_source(world.source), open_source(replace_source(world, other))]
    update_ledger(world.lake, world.lane, sources, shard_size=100)
    with pytest.raises(GenesysError, match="2 source rows are called 1; name one by its id"):
        withdraw_command.main(["1", *WHY])


def replace_source(world: World, path: Path) -> Any:
    return world.source.model_copy(update={"path": str(path), "name": "other/sums"})


def publish(folder: Path, rows: list[dict[str, str]]) -> None:
    (folder / "lineage").mkdir(parents=True)
    table = pa.Table.from_pylist(
        rows, schema=pa.schema(dict.fromkeys(("row_id", "problem_id", "family_id"), pa.string()))
    )
    pq.write_table(table, folder / "lineage" / "lineage-00000-of-00001.parquet")


def test_releases_that_hold_it_are_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    other = {"row_id": "x", "problem_id": "x", "family_id": "x"}
    publish(world.folder / "published" / "set-1", [other, other | {"row_id": ROW}, other | {"family_id": ROW}])
    publish(world.folder / "published" / "set-2", [other])
    publish(world.folder / "published" / "set-3", [])
    (world.folder / "published" / "set-3" / "lineage" / "lineage-00000-of-00001.parquet").write_bytes(b"no table")
    withdraw_command.main([ROW, *WHY])
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Published: ")]
    assert len(told) == 2
    assert told[0].endswith("set-1: 2 traces of it")
    assert "set-3: cannot be read" in told[1]


def test_without_releases_that_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    withdraw_command.main([ROW, *WHY])
    assert "No release below " in capsys.readouterr().out


def test_a_withdrawal_is_taken_back_in_the_ledger_too(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    withdraw_command.main([ROW, *WHY])
    override("undo", ROW, *WHY)
    assert decided() == {}
    assert withdrawn_versions(world.lake, world.lane) == frozenset()
    assert "It was: withdraw, Its author asked (Ada, " in capsys.readouterr().out


def test_tasks_and_responses_are_banned_accepted_and_rejected(world: World) -> None:
    ident = response(world)
    override("ban", ROW, *WHY)
    override("accept", ident, *WHY)
    assert decided() == {ROW: "ban", ident: "accept"}
    override("reject", ident, *WHY)
    assert decided() == {ROW: "ban", ident: "reject"}


def test_a_gold_is_mended(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    override("mend", ROW, "--truth", "4", "--gold", "4", *WHY)
    (decision,) = open_overrides(load_settings()).decisions.values()
    assert (decision.verification_info, decision.gold_standard_solution) == ({"ground_truth": "4"}, "4")
    assert (decision.row_id, decision.by) == (ROW, "Ada")
    assert "`genesys run --lane sums` tries it" in capsys.readouterr().out
    world.overrides = open_overrides(load_settings())
    world.run()
    right = {row["response_id"] for row in world.rows("verifications") if row["problem_id"] == ROW and row["accepted"]}
    assert right == {
        row["response_id"] for row in world.rows("generations") if row["problem_id"] == ROW and row["sample_index"] == 1
    }


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("ban", "nobody", *WHY), "no task or response has the id nobody"),
        (("accept", ROW, *WHY), "no response has the id"),
        (("mend", "nobody", "--truth", "4", *WHY), "no task has the id nobody"),
        (("mend", ROW, *WHY), "a mend wants --gold, --truth or --info"),
        (("mend", ROW, "--info", "[]", *WHY), "--info has to be a JSON object"),
        (("mend", ROW, "--info", "{", *WHY), "--info is no JSON"),
        (("ban", ROW, "--gold", "4", *WHY), "are for a mend"),
        (("ban", ROW), "wants an id and --why"),
        (("ban", ROW, "--why", " "), "wants an id and --why"),
        (("undo", ROW, *WHY), "nothing is decided of"),
    ],
)
def test_a_decision_that_lacks_something_is_refused_and_not_written(
    world: World, argv: tuple[str, ...], told: str
) -> None:
    with pytest.raises(GenesysError, match=told):
        override_command.main(list(argv))
    assert decided() == {}


def test_a_gold_that_no_verifier_could_read_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(override_command, "gold_problem", lambda task: f"{task['verification_info']} is no sum")
    with pytest.raises(GenesysError, match="could be verified with this gold: {'ground_truth': 'four'} is no sum"):
        override_command.main(["mend", ROW, "--truth", "four", *WHY])


def test_decisions_are_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    override("list")
    assert capsys.readouterr().out == "Nothing is decided.\n"
    override("ban", ROW, *WHY)
    capsys.readouterr()
    override("list")
    assert capsys.readouterr().out.startswith(f"ban       {ROW}  Its author asked (Ada, ")


def test_the_audit_shows_what_people_decided(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    ident = response(world)
    override("accept", ident, *WHY)
    withdraw_command.main([ROW, *WHY])
    capsys.readouterr()
    assert audit_command.main([ident]) == 0
    text = capsys.readouterr().out
    assert f"decision on {ident}: accept: Its author asked (Ada, " in text
    assert f"decision on {ROW}: withdraw: Its author asked (Ada, " in text
    assert audit_command.main([ROW]) == 0
    assert f"decision on {ROW}: withdraw" in capsys.readouterr().out


def test_a_mended_task_replays(world: World) -> None:
    override("mend", ROW, "--truth", "4", "--gold", "4", *WHY)
    world.overrides = open_overrides(load_settings())
    world.run()
    assert audit_command.main([response(world), "--replay"]) == 0
    assert audit_command.main([ROW, "--replay"]) == 0
