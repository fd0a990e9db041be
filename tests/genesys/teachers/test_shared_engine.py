"""An engine that runs share, from the first lease to the last, with a stand-in for vLLM that starts at once."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from genesys.chat import ChatRequest, Message, Teacher
from genesys.faults import InfrastructureFault
from genesys.teachers.engine_folder import EngineFolder, engine_folders
from genesys.teachers.engine_teacher import EngineTeacher
from genesys.teachers.openai_teacher import OpenAITeacher
from genesys.teachers.shared_engine import SharedEngine
from tests.support.processes import marked, seconds_until_gone, still_alive
from tests.support.stand_in_vllm import write_package
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")

REPO = Path(__file__).parents[3]
Make = Callable[..., SharedEngine]


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """Stands in the environment of every process that a test starts."""
    return f"MARK={tmp_path}"


@pytest.fixture
def engines(tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a state's engines; nothing of them is left after the test."""
    monkeypatch.setenv(*mark.split("="))
    monkeypatch.setenv("PYTHONPATH", str(write_package(tmp_path / "packages")))
    monkeypatch.setenv("STAND_IN", "plain")
    for name in ("VLLM_API_KEY", "GENESYS_VLLM_PYTHON"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "state" / "engines"
    yield folder
    for engine in engine_folders(folder):
        engine.ask_to_stop("force", 10)
        engine.close()
    seconds_until_gone(marked(mark), 15)


@pytest.fixture
def make(engines: Path, tmp_path: Path) -> Make:
    def engine(model: str = "some/model", *, idle_stop: float = 60.0, **settings: Any) -> SharedEngine:
        settings = {"num_gpus": 0, "start_timeout": 20.0, "stop_grace": 2.0} | settings
        return SharedEngine(engines, {"model": model, **settings}, cwd=tmp_path, idle_stop=idle_stop)

    return engine


def connect(url: str, api_key: str, stack: AsyncExitStack) -> Teacher:
    teacher = OpenAITeacher("some/model", [url], api_key=api_key, stream=False, attempts=4, longest_pause=0.2)
    stack.push_async_callback(teacher.aclose)
    return teacher


def teacher_of(engine: SharedEngine, **settings: Any) -> EngineTeacher:
    settings = {"teacher_id": "t", "concurrency": 8, "patience": 20.0} | settings
    return EngineTeacher(engine, connect, **settings)


def ask(text: str) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=text),), sampling={})


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def server_of(mark: str) -> int:
    """The process of the stand-in that answers."""
    return next(pid for pid in marked(mark) if command_line(pid).startswith(f"{sys.executable} -m vllm."))


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


async def test_the_next_attach_to_what_the_first_started_and_it_ends_some_time_after_the_last(
    make: Make, mark: str
) -> None:
    first = await make(idle_stop=0.6).attach()
    started = marked(mark)
    assert len(started) == 3, "keeper, supervisor and server"
    second = await make(idle_stop=0.6).attach()
    assert second.record == first.record
    assert marked(mark) == started
    first.close()
    await asyncio.sleep(1.5)
    assert still_alive(started) == started.keys(), "it ended under the second lease"
    second.close()
    third = await make(idle_stop=0.6).attach()
    assert third.record == first.record, "it did not wait for the next one"
    third.close()
    assert seconds_until_gone(started, 15) > 0.4
    ended = third.folder.path
    assert EngineFolder(ended).record().state == "ended"  # type: ignore[union-attr]


async def test_the_key_is_seen_by_its_owner_alone(make: Make, mark: str, engines: Path) -> None:
    attached = await make().attach()
    key = attached.api_key
    assert len(key) > 20
    assert all(key not in command_line(pid) for pid in marked(mark))
    holding = [path for path in engines.rglob("*") if path.is_file() and key in path.read_text()]
    assert [path.name for path in holding] == ["key"]
    assert key not in repr(attached)
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(holding[0].parent.stat().st_mode) == stat.S_IMODE(engines.stat().st_mode) == 0o700
    attached.close()


async def test_a_key_of_ones_own_is_kept_nowhere(make: Make, engines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "a-key-of-ones-own")
    teacher = teacher_of(make())
    await teacher.open()
    assert (await teacher.complete(ask("hello"))).answer.content == "You said: hello"
    assert [view.answered for view in teacher.views()] == [1], "whoever watches the run sees the engine"
    assert not [path for path in engines.rglob("*") if path.is_file() and "a-key-of-ones-own" in path.read_text()]
    await teacher.aclose()


async def test_of_many_who_come_at_once_one_starts_it(make: Make, mark: str) -> None:
    attached = await asyncio.gather(*(make().attach() for _ in range(8)))
    assert len({one.record.id for one in attached}) == 1
    assert sum(command_line(pid).startswith(f"{sys.executable} -m vllm.") for pid in marked(mark)) == 1
    assert attached[0].folder.leases == 7, "its own is not counted"
    for one in attached:
        one.close()


async def test_with_no_time_to_wait_it_ends_with_the_last_lease(make: Make, mark: str) -> None:
    attached = await make(idle_stop=0).attach()
    started = marked(mark)
    attached.close()
    assert seconds_until_gone(started, 10) < 10


async def test_a_run_that_is_killed_gives_its_lease_back(make: Make, mark: str, engines: Path, tmp_path: Path) -> None:
    run = "\n".join(
        (
            "import asyncio, sys, time",
            "from pathlib import Path",
            "from genesys.teachers.shared_engine import SharedEngine",
            "engine = {'model': 'some/model', 'num_gpus': 0, 'stop_grace': 2.0}",
            "shared = SharedEngine(Path(sys.argv[1]), engine, cwd=Path(sys.argv[2]), idle_stop=0.3)",
            "held = asyncio.run(shared.attach())",
            "print('up', flush=True)",
            "time.sleep(600)",
        )
    )
    environment = dict(os.environ)
    environment["PYTHONPATH"] += f"{os.pathsep}{REPO}"
    words = [sys.executable, "-c", run, str(engines), str(tmp_path)]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        started = marked(mark)
    finally:
        kill(process.pid)
        process.communicate()
    started.pop(process.pid)
    assert len(started) == 3
    seconds_until_gone(started, 10)


async def test_calls_go_on_after_the_engine_or_its_keeper_was_killed(
    make: Make, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    monkeypatch.setenv("STAND_IN_ASKED", str(asked))
    monkeypatch.setenv("STAND_IN_DELAY", "2")
    teacher = teacher_of(make(idle_stop=0))
    await teacher.open()
    ids = set()
    for victim in ("engine", "keeper"):
        attached = teacher._serving.attached  # type: ignore[union-attr]
        ids.add(attached.record.id)
        before = marked(mark)
        calls = [asyncio.create_task(teacher.complete(ask(f"{victim} {number}"))) for number in range(4)]
        while not asked.exists() or asked.read_text().count(victim) < 4:
            await asyncio.sleep(0.02)
        monkeypatch.setenv("STAND_IN_DELAY", "0")
        kill(server_of(mark) if victim == "engine" else attached.record.pid)
        answers = [(await call).answer.content for call in calls]
        assert answers == [f"You said: {victim} {number}" for number in range(4)]
        seconds_until_gone(before, 10)
        monkeypatch.setenv("STAND_IN_DELAY", "0")
    assert len(ids) == 2
    last = marked(mark)
    await teacher.aclose()
    seconds_until_gone(last, 10)


async def test_a_call_that_kills_its_engines_fails_alone(make: Make) -> None:
    teacher = teacher_of(make())
    await teacher.open()
    assert (await teacher.complete(ask("before"))).answer.content == "You said: before"

    async def others() -> None:
        while True:
            await teacher.complete(ask("another"))
            await asyncio.sleep(0.05)

    other = asyncio.create_task(others())
    with pytest.raises(InfrastructureFault, match="3 engines of some/model ended under this call"):
        await teacher.complete(ask("die"))
    assert (await teacher.complete(ask("after"))).answer.content == "You said: after"
    other.cancel()
    await teacher.aclose()


async def test_engines_that_answer_nothing_are_given_up(make: Make) -> None:
    teacher = teacher_of(make())
    await teacher.open()
    with pytest.raises(InfrastructureFault) as fault:
        await asyncio.gather(*(teacher.complete(ask("die")) for _ in range(3)))
    assert fault.value.final
    await teacher.aclose()


async def test_a_start_that_fails_is_told_to_all_who_wait_and_tried_again_by_the_next(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "dies")
    ends = await asyncio.gather(*(make().attach() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(end, InfrastructureFault) and end.final for end in ends)
    assert all("ValueError: no such model" in str(end) for end in ends)
    monkeypatch.setenv("STAND_IN", "plain")
    attached = await make().attach()
    attached.close()


async def test_whoever_gives_up_waiting_leaves_no_engine_behind(
    make: Make, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "hangs")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await make(idle_stop=0).attach()
    seconds_until_gone(marked(mark), 10)


async def test_when_the_state_is_removed_the_engine_ends_with_its_last_user(
    make: Make, mark: str, engines: Path
) -> None:
    teacher = teacher_of(make())
    await teacher.open()
    started = marked(mark)
    shutil.rmtree(engines.parent)
    await asyncio.sleep(1)
    assert (await teacher.complete(ask("still there"))).answer.content == "You said: still there"
    await teacher.aclose()
    seconds_until_gone(started, 10)


async def test_another_configuration_is_another_engine_and_the_old_one_idles_out(make: Make, mark: str) -> None:
    old = await make(idle_stop=0.5).attach()
    of_the_old = marked(mark)
    new = await make(idle_stop=60, engine_args={"mark": "1"}).attach()
    assert new.record.url != old.record.url
    old.close()
    seconds_until_gone(of_the_old, 10)
    assert not new.is_lost
    new.close()


async def test_an_idle_engine_makes_room_for_one_that_finds_too_little_memory(
    make: Make, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", f"takes 1 {tmp_path / 'memory'}")
    old = await make(num_gpus=1).attach()
    with pytest.raises(InfrastructureFault, match="free memory on device"):
        await make(num_gpus=1, engine_args={"mark": "1"}).attach()
    old.close()
    new = await make(num_gpus=1, engine_args={"mark": "1"}).attach()
    assert old.folder.path != new.folder.path
    new.close()


async def test_an_engine_that_a_person_stopped_is_not_started_again_by_those_who_used_it(make: Make, mark: str) -> None:
    teacher = teacher_of(make())
    await teacher.open()
    folder = EngineFolder(make().path)
    assert not await asyncio.to_thread(folder.ask_to_stop, "idle", 5), "it is in use"
    assert (await teacher.complete(ask("hello"))).answer.content == "You said: hello"
    assert await asyncio.to_thread(folder.ask_to_stop, "force", 15)
    with pytest.raises(InfrastructureFault, match="genesys engines --stop --force"):
        await teacher.complete(ask("hello"))
    assert not marked(mark)
    folder.close()
    await teacher.aclose()


async def test_the_process_id_in_the_record_is_never_trusted(make: Make, mark: str) -> None:
    """Another process may have it by now: here, a bystander's stands in the record of a keeper that was killed."""
    attached = await make().attach()
    before = marked(mark)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={})
    try:
        kill(attached.record.pid)
        attached.close()
        folder = EngineFolder(make().path)
        wait_until(lambda: not folder.is_kept, 10)  # a killed process ends a moment later
        record = folder.record()
        assert record is not None
        folder.tell(type(record)(**{**vars(record), "pid": bystander.pid}))
        folder.close()
        again = await make().attach()
        assert again.record.id != attached.record.id
        again.close()
        seconds_until_gone(before, 10)
        assert bystander.poll() is None
    finally:
        kill(bystander.pid)
        bystander.wait()
    assert time.time() - again.record.started < 60
