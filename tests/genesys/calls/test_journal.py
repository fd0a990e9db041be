"""The journal on a local folder: what stands in it stands, and comes back, whatever happened to the process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesys.calls import database
from genesys.calls.entry import Entry, Failure
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.faults import GenesysError, InfrastructureFault
from tests.support.calls import entry, text_of


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal") as opened:
        yield opened


@pytest.fixture
def segment(journal: Journal) -> Segment:
    return journal.segment("math/math-00000")


def failure(key: str, error: str = "down") -> Failure:
    return Failure(key=key, kind="chat", name="sample", row_id="r", error=error, attempts=1, failed_at=1.0)


class TestPutAndGet:
    async def test_what_was_put_is_there_for_everybody(self, segment: Segment, tmp_path: Path) -> None:
        assert segment.get(entry(1).key) is None
        await segment.put(entry(1))
        assert segment.get(entry(1).key) == entry(1)
        with Journal(tmp_path / "journal", readonly=True) as another:
            assert another.segment("math/math-00000").get(entry(1).key) == entry(1)

    async def test_the_first_answer_wins(self, segment: Segment) -> None:
        await segment.put(entry(1, text="first"))
        assert text_of(await segment.put(entry(1, text="second"))) == "first"
        assert text_of(segment.get(entry(1).key)) == "first"

    async def test_thousands_at_once(self, segment: Segment) -> None:
        await asyncio.gather(*(segment.put(entry(n)) for n in range(2000)))
        assert [found.row_id for found in segment.entries()] == [f"row-{n}" for n in range(2000)]

    def test_without_an_event_loop_and_from_many_threads(self, segment: Segment) -> None:
        numbers = [range(start, start + 50) for start in range(0, 400, 50)]
        threads = [threading.Thread(target=lambda n=n: [segment.put_now(entry(i)) for i in n]) for n in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert segment.counts() == {("chat", "sample"): 400}

    async def test_a_caller_that_is_cancelled_harms_nobody(self, segment: Segment) -> None:
        """The record of a caller that no longer waits is kept, and the writer serves the others."""
        tasks = [asyncio.create_task(segment.put(entry(n))) for n in range(200)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(segment.put(entry(1000)), 10)
        assert all(segment.get(entry(n).key) for n in range(200))

    async def test_a_record_that_cannot_be_kept_fails_alone(self, segment: Segment) -> None:
        bad = entry(1).model_copy(update={"name": "half a \ud800"})
        results = await asyncio.gather(segment.put(entry(0)), segment.put(bad), segment.put(entry(2)),
                                       return_exceptions=True)  # fmt: skip
        assert isinstance(results[1], UnicodeEncodeError)
        assert [type(result) for result in (results[0], results[2])] == [Entry, Entry]

    async def test_a_row_may_be_named_after_a_file_whose_name_is_no_utf_8(self, segment: Segment) -> None:
        """Else its calls would be made, paid and thrown away, in each run."""
        await segment.put(entry(1).model_copy(update={"row_id": os.fsdecode(b"bad\xff.jsonl:1")}))
        segment.note_failure(failure(entry(2).key).model_copy(update={"row_id": os.fsdecode(b"bad\xff.jsonl:2")}))
        await segment.flush()
        assert [found.row_id for found in segment.entries()] == ["bad?.jsonl:1"]
        assert [found.row_id for found in segment.failures()] == ["bad?.jsonl:2"]


class TestInspection:
    async def test_entries_by_what_they_are(self, segment: Segment) -> None:
        for n, name in enumerate(("sample", "sample", "checkable")):
            await segment.put(entry(n, name=name))
        assert segment.counts() == {("chat", "checkable"): 1, ("chat", "sample"): 2}
        assert [found.row_id for found in segment.entries(name="sample")] == ["row-0", "row-1"]
        assert [found.row_id for found in segment.entries(row_id="row-2", kind="chat")] == ["row-2"]
        assert [found.key for found in segment.entries(key=entry(1).key[:12])] == [entry(1).key]
        assert list(segment.entries(kind="verdict")) == []

    async def test_a_failure_stands_until_the_call_is_answered(self, segment: Segment) -> None:
        key = entry(1).key
        segment.note_failure(failure(key, "first"))
        segment.note_failure(failure(key, "then"))
        segment.note_failure(failure("0" * 64, "half a \ud800"))
        await segment.put(entry(2))  # notes are written in order, but nobody waits for them
        found = segment.failure(key)
        assert found is not None
        assert (found.error, found.attempts) == ("then", 2)
        assert {each.error for each in segment.failures()} == {"then", "half a ?"}
        await segment.put(entry(1))
        assert segment.failure(key) is None

    async def test_names(self, journal: Journal) -> None:
        for name in ("math/math-00001", "math/math-00000", "generate"):
            await journal.segment(name).put(entry(1))
        assert journal.names() == ["generate", "math/math-00000", "math/math-00001"]
        assert [segment.name for segment in journal.segments()] == journal.names()
        assert [segment.name for segment in journal.segments(["math/math-00001"])] == ["math/math-00001"]

    @pytest.mark.parametrize("name", ["../up", "a/../../b", "/abs", "a//b", "", "a b", "a/"])
    def test_a_name_stays_inside_the_folder(self, journal: Journal, name: str) -> None:
        with pytest.raises(GenesysError, match="no segment name"):
            journal.segment(name)

    def test_thousands_of_segments_are_looked_through_with_few_files_open(self, tmp_path: Path) -> None:
        script = """if 1:
            import resource, sys
            resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
            from genesys.calls.journal import Journal
            from genesys.teachers.recorded import RecordedTeacher
            with Journal(sys.argv[1], readonly=True) as journal:
                print(sum(1 for segment in journal.segments() for _ in segment.entries()))
            """
        with Journal(tmp_path) as journal:
            for n in range(60):
                with contextlib.closing(journal.open(f"s-{n:03d}")) as segment:
                    segment.put_now(entry(n))
        run = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
        assert run.stdout == "60\n"


class TestReadonly:
    async def test_nothing_is_written_nor_made(self, tmp_path: Path) -> None:
        with Journal(tmp_path / "journal") as journal:
            await journal.segment("s").put(entry(1))
        journal = Journal(tmp_path / "journal", readonly=True)
        segment = journal.segment("s")
        with pytest.raises(GenesysError, match="opened for reading"):
            await segment.put(entry(2))
        with pytest.raises(GenesysError, match="opened for reading"):
            await segment.once(entry(2).key, lambda: pytest.fail("it was called"))
        with pytest.raises(GenesysError, match="opened for reading"):
            journal.remove("s")
        with pytest.raises(GenesysError, match="no journal segment"):
            journal.segment("other/one")
        assert not (tmp_path / "journal/other").exists()

    async def test_it_sees_what_a_running_writer_adds(self, segment: Segment, tmp_path: Path) -> None:
        await segment.put(entry(1))
        with Journal(tmp_path / "journal", readonly=True) as reading:
            await segment.put(entry(2))
            assert reading.segment("math/math-00000").get(entry(2).key) is not None

    def test_a_folder_that_cannot_be_written(self) -> None:
        """Recordings are shared on read-only disks; root passes all rights, so the test gives the root up."""
        script = """if 1:
            import os, sys
            from genesys.calls.journal import Journal
            if os.getuid() == 0:
                os.setgid(65534); os.setuid(65534)
            with Journal(sys.argv[1], readonly=True) as journal:
                print([segment.counts() for segment in journal.segments()])
                print([len(list(journal.stored(name).calls())) for name in journal.names()])
            """
        with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
            folder = Path(name) / "j"
            with Journal(folder) as journal:
                journal.segment("frozen").put_now(entry(1))
                journal.segment("closed").put_now(entry(1))
                journal.segment("frozen").freeze()
            folder.parent.chmod(0o755)
            for path in [*folder.iterdir(), folder]:
                path.chmod(0o555 if path.is_dir() else 0o444)
            command = [sys.executable, "-c", script, folder]
            run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPO)
            folder.chmod(0o755)
        assert run.stdout == "[{('chat', 'sample'): 1}, {('chat', 'sample'): 1}]\n[1, 1]\n", run.stderr


REPO = Path(__file__).parents[3]


class TestWrongFiles:
    def test_a_newer_format_is_refused_and_left_alone(self, journal: Journal, tmp_path: Path) -> None:
        path = tmp_path / "journal/s.journal"
        path.parent.mkdir()
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            db.execute("create table meta(format integer, more text)")
            db.execute(f"insert into meta values({database.FORMAT + 1}, 'x')")
        before = path.read_bytes()
        for readonly in (False, True):
            with pytest.raises(GenesysError, match=f"format {database.FORMAT + 1}.*reads format {database.FORMAT}"):
                Journal(tmp_path / "journal", readonly=readonly).segment("s")
        assert path.read_bytes() == before

    @pytest.mark.parametrize("content", [b"{}" * 4000, b"SQLite format 3\0" + b"x" * 4096])
    def test_a_file_of_another_kind(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "s.journal").write_bytes(content)
        with pytest.raises(GenesysError, match=r"s\.journal"):
            Journal(tmp_path).segment("s")

    def test_a_database_of_somebody_else(self, tmp_path: Path) -> None:
        with contextlib.closing(sqlite3.connect(tmp_path / "s.journal")) as db, db:
            db.execute("create table theirs(x)")
        with pytest.raises(GenesysError, match="format"):
            Journal(tmp_path).segment("s")

    def test_a_place_that_cannot_be_written_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises((GenesysError, OSError), match="file"):
            Journal(tmp_path / "file").segment("s")

    @pytest.mark.parametrize("tables", ["", "pragma journal_mode=wal"])
    def test_one_that_was_never_finished_is_empty_to_a_reader(self, tmp_path: Path, tables: str) -> None:
        """What a kill leaves while a segment is made must not hide the others."""
        with Journal(tmp_path) as journal:
            journal.segment("a/whole").put_now(entry(1))
        with contextlib.closing(sqlite3.connect(tmp_path / "a/half.journal")) as db:
            db.execute(tables)
        with Journal(tmp_path, readonly=True) as journal:
            counts = {segment.name: segment.counts() for segment in journal.segments()}
            half = journal.segment("a/half")
            assert (half.get(entry(1).key), list(half.entries()), list(half.failures())) == (None, [], [])
        assert counts == {"a/half": {}, "a/whole": {("chat", "sample"): 1}}
        with Journal(tmp_path) as journal:
            journal.segment("a/half").put_now(entry(2))
            assert journal.segment("a/half").get(entry(2).key) == entry(2)


class TestDamage:
    """A disk or a copy that changes what was written: it is named, and never another answer."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        with Journal(tmp_path) as journal:
            for number in range(50):
                journal.segment("s").put_now(entry(number, chars=3000))
            journal.segment("s").freeze()
        return tmp_path / "s.journal"

    async def test_of_a_record_fails_its_row_and_says_how_to_go_on(self, path: Path) -> None:
        blob, content = entry(7, chars=3000).to_bytes(), bytearray(path.read_bytes())
        content[content.index(blob[:200]) + 100] ^= 1
        path.write_bytes(content)
        with Journal(path.parent) as journal:
            with pytest.raises(InfrastructureFault, match=rf"s\.journal.*{entry(7).key}") as caught:
                journal.segment("s").get(entry(7).key)
            assert caught.value.final
            assert not caught.value.fatal
            assert journal.segment("s").get(entry(8).key) == entry(8, chars=3000)
        command = re.search(r'"(delete .*)"', str(caught.value))
        assert command is not None
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            assert db.execute(command[1]).rowcount == 1
        with Journal(path.parent) as journal:
            assert journal.segment("s").get(entry(7).key) is None

    async def test_of_what_leads_to_a_record(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        path.write_bytes(content)
        with contextlib.closing(sqlite3.connect(path)) as db, pytest.raises(InfrastructureFault, match=r"good copy"):
            database.find_entry(db, entry(7).key, path)


class TestRemoving:
    async def test_a_segment_is_removed_whole(self, journal: Journal, tmp_path: Path) -> None:
        await journal.segment("a/s").put(entry(1))
        journal.remove("a/s")
        assert journal.names() == []
        # What its calls used is kept: money that was spent stays spent.
        assert {path.name for path in (tmp_path / "journal/a").iterdir()} == {"s.lock", "s.spent.json"}
        await journal.segment("a/s").put(entry(2))
        assert journal.segment("a/s").get(entry(1).key) is None

    async def test_not_while_another_process_writes_to_it(self, journal: Journal, tmp_path: Path) -> None:
        await journal.segment("s").put(entry(1))
        with Journal(tmp_path / "journal") as other, pytest.raises(GenesysError, match="in use"):
            other.remove("s")
        journal.close()
        with Journal(tmp_path / "journal") as other:
            assert other.segment("s").get(entry(1).key) is not None
            other.remove("s")
            assert other.names() == []


RECORDS = 12


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segment and its log as kill -9 leaves them, each record in a transaction of its own."""
    folder = tmp_path_factory.mktemp("crashed")
    script = f"""if 1:
        import os, sys
        from genesys.calls.journal import Journal
        from tests.support.calls import entry
        segment = Journal(sys.argv[1]).segment("s")
        for n in range({RECORDS}):
            segment.put_now(entry(n, chars=3000))
        os.kill(os.getpid(), 9)
        """
    subprocess.run([sys.executable, "-c", script, folder], cwd=REPO, check=False)
    assert (folder / "s.journal-wal").stat().st_size > 10_000
    return folder


class TestTornLog:
    """A process or machine that dies in mid-write leaves a log that ends anywhere, or in anything."""

    def reopened(self, crashed: Path, folder: Path, log: bytes) -> set[str]:
        shutil.copytree(crashed, folder)
        (folder / "s.journal-shm").unlink(missing_ok=True)
        (folder / "s.journal-wal").write_bytes(log)
        with Journal(folder) as journal:
            found = list(journal.segment("s").entries())
            number = RECORDS + 1
            journal.segment("s").put_now(entry(number))
            assert journal.segment("s").get(entry(number).key) == entry(number)
        with Journal(folder) as journal:
            assert len(list(journal.segment("s").entries())) == len(found) + 1
        for record in found:
            assert record == entry(int(record.row_id.removeprefix("row-")), chars=3000)
        return {record.row_id for record in found}

    def test_cut_anywhere_it_holds_the_records_before_the_cut(self, crashed: Path, tmp_path: Path) -> None:
        log = (crashed / "s.journal-wal").read_bytes()
        assert len(self.reopened(crashed, tmp_path / "whole", log)) == RECORDS
        step = max(len(log) // 60, 1)
        cuts = [0, 1, 31, 32, 33, 55, 56, *range(100, len(log), step), len(log) - 1]
        counts = []
        for cut in cuts:
            found = self.reopened(crashed, tmp_path / f"cut-{cut}", log[:cut])
            assert found == {f"row-{n}" for n in range(len(found))}, f"a gap after a cut at byte {cut}"
            counts.append(len(found))
        assert counts == sorted(counts)
        assert counts[0] == 0
        assert counts[-1] >= RECORDS - 1

    @pytest.mark.parametrize("garbage", [b"\0" * 5000, b"\xff" * 4120, b"torn", bytes(range(256)) * 40])
    def test_garbage_after_the_last_record_is_not_read(self, crashed: Path, tmp_path: Path, garbage: bytes) -> None:
        log = (crashed / "s.journal-wal").read_bytes()
        assert len(self.reopened(crashed, tmp_path / "j", log + garbage)) == RECORDS

    def test_a_flipped_bit_drops_what_follows_and_nothing_before(self, crashed: Path, tmp_path: Path) -> None:
        log = bytearray((crashed / "s.journal-wal").read_bytes())
        log[len(log) // 2] ^= 0x10
        found = self.reopened(crashed, tmp_path / "j", bytes(log))
        assert 0 < len(found) < RECORDS
        assert found == {f"row-{n}" for n in range(len(found))}


class TestOnce:
    async def test_one_asker_of_many_makes_the_call(self, segment: Segment) -> None:
        made = 0

        async def make() -> Entry:
            nonlocal made
            made += 1
            await asyncio.sleep(0.02)
            return entry(1)

        found = await asyncio.gather(*(segment.once(entry(1).key, make) for _ in range(50)))
        assert (made, set(map(text_of, found))) == (1, {text_of(entry(1))})
        await segment.once(entry(1).key, make)
        assert made == 1

    async def test_it_is_durable_before_anybody_gets_it(self, segment: Segment, tmp_path: Path) -> None:
        async def make() -> Entry:
            return entry(1)

        await segment.once(entry(1).key, make)
        copy = tmp_path / "copy"
        shutil.copytree(tmp_path / "journal", copy)  # as the disk is now, with nothing closed
        with Journal(copy) as after_crash:
            assert after_crash.segment("math/math-00000").get(entry(1).key) == entry(1)

    async def test_who_made_it_sees_what_a_replay_will(self, segment: Segment) -> None:
        """Else a row could end otherwise when it is run again: JSON knows no tuples, and only texts as keys."""

        async def make() -> Entry:
            result = {"pair": (1, 2), "by number": {3: Path("x")}}
            return entry(1).model_copy(update={"kind": "verdict", "result": result})

        made = await segment.once(entry(1).key, make)
        assert made == segment.get(entry(1).key)
        assert made.result == {"pair": [1, 2], "by number": {"3": "x"}}

    async def test_a_failure_reaches_all_who_wait_and_is_not_kept(self, segment: Segment) -> None:
        async def fail() -> Entry:
            await asyncio.sleep(0.01)
            raise InfrastructureFault("down")

        async def make() -> Entry:
            return entry(1)

        errors = await asyncio.gather(*(segment.once(entry(1).key, fail) for _ in range(3)), return_exceptions=True)
        assert [str(error) for error in errors] == ["down"] * 3
        assert await segment.once(entry(1).key, make) == entry(1)

    async def test_when_its_maker_is_cancelled_the_next_one_takes_over(self, segment: Segment) -> None:
        started: list[str] = []

        async def make(who: str, seconds: float) -> Entry:
            started.append(who)
            await asyncio.sleep(seconds)
            return entry(1, text=who)

        first = asyncio.create_task(segment.once(entry(1).key, lambda: make("first", 60)))
        await asyncio.sleep(0.02)
        others = [asyncio.create_task(segment.once(entry(1).key, lambda: make("next", 0.01))) for _ in range(3)]
        await asyncio.sleep(0.02)
        first.cancel()
        assert {text_of(found) for found in await asyncio.gather(*others)} == {"next"}
        assert started == ["first", "next"]

    async def test_when_its_maker_is_cancelled_as_it_is_written_all_get_what_was_written(
        self, segment: Segment
    ) -> None:
        """Its call is paid and its answer stands: nobody makes another one."""
        made: list[str] = []
        slow = threading.Event()

        async def make() -> Entry:
            made.append(f"answer {len(made)}")
            return entry(1, text=made[-1])

        async def ask() -> str:
            return text_of(await segment.once(entry(1).key, make))

        segment._writer.submit(lambda db: slow.wait(10) and None)
        first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
        for _ in range(2):  # also one that is cancelled again while it waits for the disk
            await asyncio.sleep(0.02)
            first.cancel()
        await asyncio.sleep(0.02)
        slow.set()
        assert await asyncio.wait_for(second, 10) == "answer 0"
        assert first.cancelled() or (await asyncio.wait([first]) and first.cancelled())
        assert (made, text_of(segment.get(entry(1).key))) == (["answer 0"], "answer 0")

    async def test_two_journals_of_one_process_exclude_each_other(self, segment: Segment, tmp_path: Path) -> None:
        makers: list[str] = []

        async def make(who: str) -> Entry:
            makers.append(who)
            await asyncio.sleep(0.1)
            return entry(1, text=who)

        with Journal(tmp_path / "journal") as other:
            second = other.segment("math/math-00000")
            found = await asyncio.gather(
                segment.once(entry(1).key, lambda: make("a")), second.once(entry(1).key, lambda: make("b"))
            )
        assert len(makers) == 1
        assert {text_of(each) for each in found} == set(makers)

    async def test_a_call_is_held_and_given_back_by_itself(self, segment: Segment, tmp_path: Path) -> None:
        """One that runs holds up no other; one that ends gives none back that still runs: it would be paid twice."""
        made: list[int] = []
        slow = asyncio.Event()

        async def ask(segment: Segment, number: int) -> Entry:
            async def make() -> Entry:
                made.append(number)
                if number == 1:
                    await slow.wait()
                return entry(number)

            return await segment.once(entry(number).key, make)

        with Journal(tmp_path / "journal") as journal:
            other = journal.segment("math/math-00000")
            first = asyncio.create_task(ask(segment, 1))
            await asyncio.sleep(0.02)
            assert await asyncio.wait_for(ask(other, 2), 10) == entry(2)
            assert await asyncio.wait_for(ask(segment, 3), 10) == entry(3)
            second = asyncio.create_task(ask(other, 1))
            await asyncio.sleep(0.1)
            slow.set()
            assert await asyncio.gather(first, second) == [entry(1)] * 2
        assert made == [1, 2, 3]

    async def test_an_answer_is_made_into_json_once(self, segment: Segment) -> None:
        """What its asker sees is read from the very text that is kept: so it costs no more, and cannot differ."""
        told = []

        class Score:
            def __str__(self) -> str:
                told.append("0.5")
                return told[-1]

        async def make() -> Entry:
            return entry(1).model_copy(update={"kind": "verdict", "result": {"score": Score()}})

        made = await segment.once(entry(1).key, make)
        assert made.result == {"score": "0.5"}
        assert told == ["0.5"]
        assert made == segment.get(entry(1).key)

    async def test_a_killed_process_gives_its_calls_back(self, segment: Segment, tmp_path: Path) -> None:
        script = """if 1:
            import asyncio, sys
            from genesys.calls.journal import Journal
            from tests.support.calls import entry
            async def make():
                print("at it", flush=True)
                await asyncio.sleep(600)
            asyncio.run(Journal(sys.argv[1]).segment("math/math-00000").once(entry(1).key, make))
            """
        command = [sys.executable, "-c", script, tmp_path / "journal"]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPO)
        assert holder.stdout is not None
        with holder.stdout:
            assert holder.stdout.readline() == b"at it\n"

        async def make() -> Entry:
            return entry(1)

        try:
            asking = asyncio.create_task(segment.once(entry(1).key, make))
            await asyncio.sleep(0.3)
            assert not asking.done(), "it was called a second time, side by side"
        finally:
            holder.kill()
            holder.wait()
        began = time.monotonic()
        assert await asyncio.wait_for(asking, 10) == entry(1)
        assert time.monotonic() - began < 2


def test_another_process_is_just_making_the_same_file(tmp_path: Path) -> None:
    """SQLite does not wait for it by itself, whatever its time-out says."""
    other = sqlite3.connect(tmp_path / "s.journal", isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    other.execute("create table x(y)")
    ending = threading.Timer(0.3, other.rollback)
    ending.start()
    with Journal(tmp_path) as journal:
        journal.segment("s").put_now(entry(1))
    ending.join()
    other.close()


def test_many_processes_make_and_fill_one_segment(tmp_path: Path) -> None:
    """All open a segment that is not there yet at the same moment, and write the same and their own."""
    script = """if 1:
        import sys, time
        from genesys.calls.journal import Journal
        from tests.support.calls import entry
        number, start = int(sys.argv[2]), float(sys.argv[3])
        time.sleep(max(0, start - time.time()))
        with Journal(sys.argv[1]) as journal:
            for n in [*range(20), *range(100 * number, 100 * number + 50)]:
                journal.segment("a/s").put_now(entry(n, text=f"{number}" if n < 20 else None))
        """
    start = str(time.time() + 3.0)
    processes = [
        subprocess.Popen([sys.executable, "-c", script, tmp_path, str(n), start], cwd=REPO, stderr=subprocess.PIPE)
        for n in range(1, 7)
    ]
    for process in processes:
        assert process.communicate()[1] == b""
        assert process.returncode == 0
    with Journal(tmp_path) as journal:
        found = list(journal.segment("a/s").entries())
    assert len(found) == len({record.key for record in found}) == 20 + 6 * 50
