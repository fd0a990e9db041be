"""A finished shard's journal goes; one that holds an answer which somebody paid for and no table has, stays."""

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import InfrastructureFault
from genesys.garbage.found import USED_SINCE, Kept, Removable
from genesys.garbage.journals import in_journals
from genesys.lane import Lane
from genesys.settings import Settings
from tests.genesys.garbage.conftest import DAY, make_old
from tests.support.calls import entry
from tests.support.tiny_lane import TinyVerifier, World, answers, sums_lane

SEGMENT = "sums/sums-00000"


def found(world: World, journal: Journal | None = None, **settings: Any) -> list[Removable | Kept]:
    chosen = Settings(folder=str(world.folder), **settings)
    return list(in_journals(world.lake, journal or Journal(world.journal_root), chosen, time.time() - DAY))


def stopped(world: World, stage: str, after: int) -> None:
    """A run that is killed after so many answers, and everything left alone since."""
    count = 0

    def stops(request: ChatRequest) -> ChatAnswer:
        nonlocal count
        count += 1
        if count > after:
            raise InfrastructureFault("killed", fatal=True)
        return answers(request)

    world.teacher.answer = stops
    with contextlib.suppress(InfrastructureFault):
        world.run(stage)
    world.teacher.answer = answers
    make_old(world.folder)


def test_the_journal_of_a_finished_shard_goes(world: World) -> None:
    (item,) = found(world)
    assert isinstance(item, Removable)
    assert item.remove() == ""
    assert Journal(world.journal_root).names() == []


def test_answers_of_a_campaign_that_was_stopped_before_its_table_was_sealed(world: World) -> None:
    world.samples = 40
    stopped(world, "generations", after=60)
    (item,) = found(world)
    assert isinstance(item, Kept)
    assert item.why.startswith("60 finished calls of it are in no table yet")
    world.teacher.asked.clear()
    world.run("generations")
    assert len(world.teacher.asked) == 3 * 36 - 60


def test_answers_of_a_curation_that_was_stopped_before_its_table_was_sealed(world: World) -> None:
    world.lane = sums_lane(inline="{% block user %}Another prompt: {{ question }}{% endblock %}")
    stopped(world, "tasks", after=2)
    (item,) = found(world)
    assert isinstance(item, Kept)
    assert item.why.startswith("2 finished calls")


def test_answers_of_a_curation_that_was_stopped_before_responses_to_the_tasks_as_they_stand_were_sealed(
    world: World,
) -> None:
    as_it_stands = world.lane
    world.lane = sums_lane(inline="{% block user %}Another prompt: {{ question }}{% endblock %}")
    stopped(world, "tasks", after=2)
    world.lane, world.samples = as_it_stands, 5
    world.run("generations", "verifications")
    make_old(world.folder)
    (item,) = found(world)
    assert isinstance(item, Kept)
    assert item.why.startswith("2 finished calls")


def test_answers_that_a_later_content_of_the_table_has_superseded_hold_nothing(world: World) -> None:
    world.lane = sums_lane(inline="{% block user %}Another prompt: {{ question }}{% endblock %}")
    world.run()
    make_old(world.folder)
    (item,) = found(world)
    assert isinstance(item, Removable)


def test_verdicts_of_an_earlier_version_of_the_verifier_hold_nothing(world: World) -> None:
    class Newer(TinyVerifier):
        version = "8"

    world.registry["tiny_sum"] = Newer
    world.run("verifications")
    make_old(world.folder)
    (item,) = found(world)
    assert isinstance(item, Removable)


def test_answers_of_an_older_campaign_while_the_settings_name_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another teacher's samples were sealed after this one's run was stopped."""
    lanes: dict[str, Lane] = {"sums": world.lane}
    monkeypatch.setattr("genesys.garbage.journals.LANES", lanes)
    mine = world.teacher.teacher_id
    world.samples = 6
    stopped(world, "generations", after=3)
    world.teacher.teacher_id = "other"
    world.run("generations", "verifications")
    make_old(world.folder)
    (item,) = found(world)
    assert isinstance(item, Removable), "nobody names the campaign any more"
    teacher = {"kind": "recorded", "journal": "elsewhere", "id": mine, "model": "tiny"}
    (item,) = found(world, teacher=teacher, samples=6)
    assert isinstance(item, Kept)
    assert item.why.startswith("3 finished calls")
    (item,) = found(world, teacher=teacher | {"id": "other"}, samples=6)
    assert isinstance(item, Removable), "this one has all its samples"


def test_a_segment_that_is_used_after_it_was_found_stays(world: World) -> None:
    (item,) = found(world)
    assert isinstance(item, Removable)
    with Journal(world.journal_root) as journal:
        journal.segment(SEGMENT)
        assert "in use by another process" in item.remove()
        journal.segment(SEGMENT).put_now(entry(1))
    assert item.remove() == USED_SINCE
    with Journal(world.journal_root, readonly=True) as journal:
        assert journal.segment(SEGMENT).get(entry(1).key) == entry(1)


def test_a_shard_whose_tables_change_after_it_was_found_keeps_its_journal(world: World) -> None:
    (item,) = found(world)
    assert isinstance(item, Removable)
    (world.folder / "lake/sums/verifications/sums-00000/manifest.json").unlink()
    assert item.remove() == USED_SINCE


def test_a_segment_that_cannot_be_read_stays_and_the_others_are_looked_at(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update(shard_size=2)
    world.run()
    (world.journal_root / f"{SEGMENT}.journal").write_bytes(b"no database")
    make_old(tmp_path)
    kept, removable = found(world)
    assert isinstance(kept, Kept)
    assert "is no journal segment" in kept.why
    assert isinstance(removable, Removable)


@pytest.mark.parametrize(
    ("roles", "is_kept"),
    [
        ({"teacher": {"kind": "recorded", "id": "x", "journal": "journal"}}, True),
        ({"teacher": {"kind": "recorded", "id": "x", "journal": "lake/../journal/sums"}}, True),
        ({"judging": {"judges": [{"kind": "recorded", "id": "x", "journal": "journal"}]}}, True),
        ({"teacher": {"kind": "recorded", "id": "x", "journal": "journal-of-demo"}}, False),
    ],
)
def test_a_journal_that_recorded_teachers_read_stays(world: World, roles: Any, is_kept: bool) -> None:
    assert bool(found(world, **roles)) is not is_kept


def uploaded(world: World, root: str, machine: str) -> Journal:
    """A shared journal, opened by a machine with a log of its own."""
    journal = Journal(root, cache=world.folder / machine)
    with Journal(world.journal_root, readonly=True) as local:
        for each in local.segment(SEGMENT).entries():
            journal.segment(SEGMENT).put_now(each)
    journal.close()
    return journal


def test_what_another_machine_uploaded_lately_stays(world: World) -> None:
    root = f"memory://{world.folder.name}/lately"
    journal = uploaded(world, root, "one")
    make_old(world.folder)
    assert found(world, journal) == [], "its log here is old, its parts are not"


def test_what_another_machine_uploads_after_it_was_found_stays(world: World) -> None:
    root = f"memory://{world.folder.name}/after"
    journal = uploaded(world, root, "one")
    (item,) = in_journals(world.lake, journal, Settings(), time.time())
    assert isinstance(item, Removable)
    with Journal(root, cache=world.folder / "two") as other:
        other.segment(SEGMENT).put_now(entry(1))
    assert item.remove() == USED_SINCE
    with Journal(root, cache=world.folder / "three") as third:
        assert third.segment(SEGMENT).get(entry(1).key) == entry(1)
        assert len(list(third.segment(SEGMENT).entries())) > 10


def test_answers_that_only_the_store_has_keep_the_journal(world: World) -> None:
    """They were uploaded by a machine whose run was stopped, and were never fetched here."""
    root = f"memory://{world.folder.name}/stopped"
    uploaded(world, root, "one")
    with Journal(root, cache=world.folder / "two") as other:
        other.segment(SEGMENT).put_now(entry(1).model_copy(update={"made_at": time.time()}))
    (item,) = in_journals(world.lake, Journal(root, cache=world.folder / "one"), Settings(), time.time() + 1)
    assert isinstance(item, Kept)
    assert item.why.startswith("1 finished calls")
