"""The chain of a response: whole when nothing was touched, and every kind of tampering found where it was done."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import ResponseFault
from genesys.lineage.places import UnknownResponse
from genesys.lineage.records import Audit
from genesys.release.filtered import make_filtered
from genesys.sources import Source
from genesys.tables.columns import LINEAGE
from tests.genesys.lineage.conftest import change_journal, data_file, forge, found, look, noted, published, release
from tests.support.tiny_lane import ROWS, World, write_rows

Row = dict[str, Any]
STEPS = ("source row", "ledger", "task", "generation", "verdict", "release")


def test_a_chain_that_nobody_touched_agrees_from_source_row_to_release(world: World) -> None:
    audit = look(world)
    assert audit.agrees
    assert noted(audit) == []
    assert tuple(link.step for link in audit.links) == STEPS
    assert (audit.lane, audit.shard) == ("sums", "sums-00000")
    source, ledger, task, generation, verdict, published_as = (link.facts for link in audit.links)
    row = ROWS[source["row"] - 1]
    assert (source["source"], source["file"], ledger["upstream_key"]) == ("tiny/sums", "rows.jsonl", str(row["id"]))
    assert task["prompt"] == f"What is {row['question']}?"
    assert task["prompt_hashes"][0].startswith("is_sum:")
    assert [(call["name"], call["asked"]) for call in task["calls"]] == [("is_sum", "tiny")]
    assert (generation["teacher_id"], generation["sampling"]["temperature"]) == ("tiny", 0.6)
    assert isinstance(generation["sampling"]["seed"], int)
    assert (verdict["verifier"], verdict["score"], verdict["rule"]) == ("TinyVerifier@7", 1.0, "last word")
    assert published_as["released"] is True
    assert Path(audit.link("release").where).is_file()


def test_every_response_has_a_chain_also_those_that_were_dropped(world: World) -> None:
    reasons = set()
    for row in world.rows("generations"):
        audit = look(world, row["response_id"])
        assert audit.agrees, found(audit)
        facts = audit.link("release").facts
        reasons.add((facts["at step"], (facts["dropped"] or "").partition(":")[0]))
        assert "dataset/raw" in facts["in"]
        assert facts["chosen"] is ("dataset/sft" in facts["in"])
    steps = {step: reason for step, reason in reasons}
    assert steps == {
        None: "",
        "verdict": "not accepted",
        "length and format": "cut off",
        "equal responses": "equal response",
    }


def test_a_wrong_response_is_found_in_each_data_set_that_holds_it(world: World) -> None:
    pair = next(world.lake.rows("dataset/preference"))
    expected = {"dataset/raw": "train", "dataset/preference": "train, rejected", "dataset/rl": "train"}
    audit = look(world, pair["rejected_response_id"])
    assert audit.agrees, found(audit)
    assert audit.link("release").facts["in"] == expected
    assert (audit.link("release").facts["chosen"], audit.link("release").facts["released"]) == (False, True)
    chosen = look(world, pair["chosen_response_id"]).link("release").facts["in"]
    assert chosen == expected | {"dataset/sft": "train", "dataset/preference": "train, chosen"}


def test_json_holds_links_findings_and_the_verdict_on_them(world: World) -> None:
    data_file(world, "tasks").unlink()
    value = json.loads(look(world).model_dump_json())
    assert [link["step"] for link in value["links"]] == list(STEPS)
    assert value["agrees"] is False
    assert value["findings"][0]["step"] == "task"
    assert set(value["links"][0]["checks"][0]) == {"what", "result", "detail"}


# Files -----------------------------------------------------------------------------------------------------------

TABLES = {
    "ledger": "ledger",
    "tasks": "task",
    "generations": "generation",
    "verifications": "verdict",
    "dataset/filtered": "release",
    "dataset/raw": "release",
    "dataset/sft": "release",
    "dataset/rl": "release",
}


@pytest.mark.parametrize(("asset", "step"), TABLES.items())
@pytest.mark.parametrize("how", ["one bit", "cut short", "gone", "nonsense"])
def test_a_file_that_was_altered_or_lost_is_found(world: World, asset: str, step: str, how: str) -> None:
    ident, path = published(world), data_file(world, asset)
    content = bytearray(path.read_bytes())
    if how == "one bit":
        content[-100] ^= 1  # in the footer's text, which readers do not look at
    elif how == "cut short":
        del content[len(content) // 2 :]
    elif how == "nonsense":
        content[:] = b"no table"
    path.unlink() if how == "gone" else path.write_bytes(content)
    audit = look(world, ident)
    assert not audit.agrees
    assert (step, f"SHA-256 of {path.name}") in found(audit)
    assert {at for at, _ in found(audit)} >= {step}


def test_an_altered_lineage_table_is_found(world: World) -> None:
    (part,) = world.lake.need("dataset/sft").parts.values()
    path = Path(world.lake.path("dataset/sft", "_", part.companions["lineage"]))
    ident = published(world)
    path.write_bytes(path.read_bytes()[:-1])
    assert ("release", f"SHA-256 of {path.name}") in found(look(world, ident))


def test_a_forged_lineage_table_is_found(world: World) -> None:
    ((campaign, part),) = world.lake.need("dataset/sft").parts.items()
    rows = list(world.lake.file_rows("dataset/sft", "_", part.companions["lineage"]))
    file = world.lake.write("dataset/sft", "_", LINEAGE, [row | {"license": "mine"} for row in rows])
    world.lake.publish(
        "dataset/sft", "_", {campaign: part.model_copy(update={"companions": part.companions | {"lineage": file}})}
    )
    assert found(look(world)) == [("release", "dataset/sft: published lineage")]


@pytest.mark.parametrize(
    ("settings", "what"),
    [({"teacher_id": "a better one"}, "teacher"), ({"seed": 8}, "sampling"), ({"sampling": {}}, "sampling")],
)
def test_a_forged_campaign_is_found(world: World, settings: Row, what: str) -> None:
    ((campaign, part),) = world.lake.need("sums/generations", "sums-00000").parts.items()
    forged = part.model_copy(update={"settings": part.settings | settings})
    world.lake.publish("sums/generations", "sums-00000", {campaign: forged})
    assert found(look(world)) == [("generation", what)]


def set_field(name: str, value: Any) -> Callable[[Row], Row]:
    return lambda row: row | {name: value}


def reworded(row: Row) -> Row:
    last = row["messages"][-1] | {"content": "It is 3, says the forger"}
    return row | {"messages": [*row["messages"][:-1], last]}


@pytest.mark.parametrize(
    ("asset", "change", "expected"),
    [
        ("ledger", set_field("upstream_row", json.dumps(ROWS[0] | {"answer": "9"})), ("ledger", "row_hash")),
        ("ledger", set_field("upstream_key", "77"), ("ledger", "problem_id")),
        ("ledger", set_field("statement_hash", "0" * 24), ("ledger", "statement_hash")),
        ("ledger", set_field("upstream_row", json.dumps(ROWS[0] | {"question": 7})), ("ledger", "identity")),
        ("tasks", set_field("gold_standard_solution", "9"), ("task", "task_hash")),
        ("tasks", set_field("prompt", "What is 9+9?"), ("generation", "messages")),
        ("tasks", set_field("row_hash", "0" * 32), ("task", "row_hash")),
        ("tasks", set_field("call_keys", ["0" * 64]), ("task", "call 00000000")),
        ("generations", reworded, ("generation", "answer in the journal")),
        ("generations", set_field("finish_reason", "length"), ("generation", "answer in the journal")),
        ("generations", set_field("teacher_id", "a better one"), ("generation", "call key")),
        ("generations", set_field("sample_index", 9), ("generation", "call key")),
        ("generations", set_field("generation_config", '{"seed": 1}'), ("generation", "sampling")),
        ("generations", set_field("call_key", "0" * 64), ("generation", "response_id")),
        ("generations", set_field("task_hash", "0" * 24), ("generation", "task_hash")),
        ("verifications", set_field("score", 0.5), ("verdict", "verdict in the journal")),
        ("verifications", set_field("score", None), ("verdict", "accepted")),
        ("verifications", set_field("accepted", False), ("verdict", "accepted")),
        ("verifications", set_field("verifier_version", "8"), ("verdict", "call key")),
        ("dataset/sft", set_field("score", 0.9), ("release", "dataset/sft: published row")),
        ("dataset/sft", set_field("messages", []), ("release", "dataset/sft: published row")),
        ("dataset/raw", set_field("llm_response", "It is 3"), ("release", "dataset/raw: published row")),
        ("dataset/raw", set_field("verification_info", "{}"), ("release", "dataset/raw: published row")),
        ("dataset/preference", set_field("prompt", []), ("release", "dataset/preference: published row")),
        ("dataset/preference", set_field("chosen", []), ("release", "dataset/preference: published row")),
        ("dataset/rl", set_field("gold_standard_solution", "7"), ("release", "dataset/rl: published row")),
    ],
)
def test_a_forger_who_mends_the_manifest_too_is_found(
    world: World, asset: str, change: Callable[[Row], Row], expected: tuple[str, str]
) -> None:
    ident = published(world)
    if asset == "dataset/preference":
        ident = next(world.lake.rows(asset))["chosen_response_id"]
    forge(world, asset, change)
    audit = look(world, ident)
    assert expected in found(audit)
    assert all(finding.detail for finding in audit.findings)


def test_a_response_that_was_never_accepted_but_is_chosen_is_found(world: World) -> None:
    wrong = next(row for row in world.rows("generations") if row["sample_index"] == 1)["response_id"]
    assert look(world, wrong).agrees
    ident = published(world)
    forge(world, "dataset/filtered", lambda row: row | {"response_id": wrong} if row["response_id"] == ident else row)
    assert ("release", "accepted") in found(look(world, wrong))


def test_tables_that_were_made_anew_leave_what_rests_on_them_stale(world: World) -> None:
    ident = published(world)
    replace(world, samples=5).run("generations", "verifications")
    assert {what for _, what in found(look(world, ident))} == {
        "input sums/generations/sums-00000",
        "input sums/verifications/sums-00000",
    }
    release(world)
    assert look(world, ident).agrees


def test_tables_of_another_shard_that_were_made_anew_do_not_concern_it(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update(shard_size=1)
    world.run()
    release(world)
    mine, other, *_ = ({row["response_id"] for row in world.rows("generations", shard)} for shard in world.shards())
    chosen = {row["response_id"] for row in world.lake.rows("dataset/sft")}
    changed = replace(world, samples=5)
    changed.shards = lambda: [world.shards()[1]]
    changed.run("generations", "verifications")
    assert look(world, min(mine & chosen)).agrees
    assert not look(world, min(other & chosen)).agrees


# Source rows -----------------------------------------------------------------------------------------------------


def row_of(world: World, ident: str) -> int:
    return int(look(world, ident).link("source row").facts["row"])


def test_a_tampered_source_row_is_found(world: World) -> None:
    ident = published(world)
    at = row_of(world, ident) - 1
    rows = list(ROWS)
    rows[at] = rows[at] | {"answer": "13"}
    write_rows(world.source_file, rows)
    audit = look(world, ident)
    assert found(audit) == [("source row", f"row {at + 1} of rows.jsonl")]
    assert "has other content in the source since it was read; materialize sums/ledger" in audit.findings[0].detail
    world.update()
    audit = look(world, ident)
    assert ("release", "source row") in found(audit)
    assert ("source row", "the source has changed since, and the ledger knows: superseded") in noted(audit)
    release(world)
    audit = look(world, ident)
    assert audit.agrees
    assert audit.link("release").facts["dropped"] == "superseded source row"


def test_a_source_row_that_is_gone_is_found(world: World) -> None:
    ident = published(world)
    at = row_of(world, ident) - 1
    write_rows(world.source_file, ROWS[:at] + ROWS[at + 1 :])
    assert "is gone from the source" in look(world, ident).findings[0].detail


def test_a_source_row_that_only_moved_agrees(world: World) -> None:
    ident = published(world)
    write_rows(world.source_file, ["broken", {"id": 99, "question": "8+8", "answer": "16"}, *ROWS])
    audit = look(world, ident)
    assert audit.agrees
    assert audit.link("source row").checks[0].detail.startswith("now row ")


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([], "no source called tiny/sums is set up here"),
        ([Source(path="/there/is/none.jsonl", name="tiny/sums")], "the source cannot be read any more"),
        ([Source(path="tiny/hub-id", name="tiny/sums")], "a data set of the hub is not fetched again"),
    ],
)
def test_a_source_that_cannot_be_read_again_is_noted(world: World, sources: list[Source], words: str) -> None:
    audit = look(world, sources=sources)
    assert audit.agrees
    assert words in noted(audit)[0][1]


# The journal -----------------------------------------------------------------------------------------------------


def test_a_journal_that_gc_removed_is_noted_and_no_discrepancy(world: World) -> None:
    shutil.rmtree(world.journal_root)
    audit = look(world)
    assert audit.agrees
    assert {step for step, _ in noted(audit)} == {"task", "generation", "verdict"}
    assert {detail for _, detail in noted(audit)} == {
        "the journal segment was removed by gc, or was never on this machine"
    }
    assert not world.journal_root.exists()


def test_a_call_that_is_missing_in_its_segment_is_found(world: World) -> None:
    change_journal(world, "delete from calls where kind = 'chat'")
    assert [step for step, _ in found(look(world))] == ["task", "generation"]
    change_journal(world, "delete from calls")
    assert [step for step, _ in found(look(world))] == ["task", "generation", "verdict"]


def test_a_journal_record_under_a_wrong_key_is_found(world: World) -> None:
    key = look(world).link("task").facts["calls"][0]["key"]
    change_journal(world, "delete from calls where key = ?", key)
    change_journal(world, "update calls set key = ? where id = (select min(id) from calls where name = 'is_sum')", key)
    assert ("task", f"call is_sum {key[:8]}") in found(look(world))


def test_a_journal_that_cannot_be_read_is_found(world: World) -> None:
    for path in world.journal_root.rglob("*.journal"):
        path.write_bytes(b"this is no database" * 1000)
    for path in world.journal_root.rglob("*.journal-*"):
        path.unlink()
    audit = look(world, replay=True)
    assert {step for step, _ in found(audit)} == {"task", "generation", "verdict"}
    assert "cannot be read" in audit.findings[0].detail


# States on the way -----------------------------------------------------------------------------------------------


def audit_of_first(world: World) -> Audit:
    return look(world, world.rows("generations")[0]["response_id"])


def test_a_response_that_is_not_verified_or_released_yet(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run("tasks", "generations")
    audit = audit_of_first(world)
    assert audit.agrees
    assert noted(audit) == [
        ("verdict", "there is none yet: the shard was not verified"),
        ("release", "was not made yet"),
    ]
    replace(world, registry={"tiny_sum": Failing}).run("verifications")
    assert "there is none yet: infrastructure: Verifier Failing raised" in noted(audit_of_first(world))[0][1]


def test_a_response_that_is_chosen_and_not_published_yet(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run()
    make_filtered(world.lake, [world.lane])
    chosen = next(world.lake.rows("dataset/filtered"))["response_id"]
    audit = look(world, chosen)
    assert audit.agrees, audit.findings
    assert noted(audit) == [("release", "none was made yet")]
    facts = {"chosen": True, "dropped": None, "at step": None, "released": False, "in": {}}
    assert audit.link("release").facts == facts


def test_a_response_that_its_verifier_could_not_read(tmp_path: Path) -> None:
    """Its journal holds why, and no score."""
    world = World.at(tmp_path, registry={"tiny_sum": Refusing})
    world.update()
    world.run()
    audit = audit_of_first(world)
    assert audit.agrees, audit.findings
    assert (audit.link("verdict").facts["score"], audit.link("verdict").facts["reason"]) == (None, "response fault")


class Refusing:
    version = "1"

    def verify(self, result: Any) -> Row:
        raise ResponseFault("no words at all")


class Failing:
    version = "1"

    def verify(self, result: Any) -> Row:
        raise OSError("the sandbox is down")


# Ids -------------------------------------------------------------------------------------------------------------


def test_the_beginning_of_an_id_will_do_if_only_one_has_it(world: World) -> None:
    ident = published(world)
    assert look(world, ident[:6]).response_id == ident


def test_an_unknown_id_is_told_with_ids_that_begin_alike(world: World) -> None:
    ident = published(world)
    with pytest.raises(UnknownResponse, match=f"no response has the id {ident[:-1]}x .*begin alike: .*{ident}"):
        look(world, f"{ident[:-1]}x")
    with pytest.raises(UnknownResponse, match="Some of dataset/filtered: "):
        look(world, "zzzz")


def test_an_ambiguous_beginning_is_told_with_those_that_have_it(world: World) -> None:
    ids = [row["response_id"] for row in world.rows("generations")]
    first = next(ident[0] for ident in ids if sum(other[0] == ident[0] for other in ids) > 1)
    alike = sorted(ident for ident in ids if ident[0] == first)
    with pytest.raises(UnknownResponse, match=f"{len(alike)} response ids begin with {first}: {', '.join(alike[:5])}"):
        look(world, first)


def test_an_id_in_a_table_that_cannot_be_read_is_told_so(world: World) -> None:
    dropped = next(row for row in world.rows("generations") if row["sample_index"] == 1)["response_id"]
    path = data_file(world, "generations")
    path.write_bytes(b"no table")
    with pytest.raises(UnknownResponse, match=f"{path.name} cannot be read"):
        look(world, dropped[:-1])  # a whole id is found through the lineage of dataset/raw


def test_before_anything_was_made_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownResponse, match="dataset/filtered is empty; ids stand in the column response_id"):
        look(World.at(tmp_path), "abcd")


def test_keys_of_verdicts_of_an_earlier_form_are_noted(world: World) -> None:
    ((campaign, part),) = world.lake.need("sums/verifications", "sums-00000").parts.items()
    earlier = part.model_copy(update={"versions": part.versions | {"verify": "1"}})
    world.lake.publish("sums/verifications", "sums-00000", {campaign: earlier})
    forge(world, "verifications", lambda row: row | {"call_key": "0" * 64})
    noted_now = [detail for step, detail in noted(look(world)) if step == "verdict"]
    assert any("earlier form" in detail for detail in noted_now)
    assert ("verdict", "call key") not in found(look(world))
