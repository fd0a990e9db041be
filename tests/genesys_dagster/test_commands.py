"""``genesys demo`` and ``genesys ui`` as a new user runs them: in an empty folder, from a process of their own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from genesys.chat import ChatAnswer, ChatRequest
from genesys.cli import main as genesys_command
from genesys.faults import GenesysError, InfrastructureFault
from genesys.lanes import LANES
from genesys.sandbox.isolation import isolation_of
from genesys.settings import load_settings
from genesys.tables.lake import Lake
from genesys_dagster import internals
from genesys_dagster.commands import ui
from genesys_dagster.commands.summary import Summary
from genesys_dagster.partitions import known_partitions, made_partitions
from tests.genesys_dagster.conftest import Graph
from tests.genesys_dagster.projects import project
from tests.support.openai_server import OpenAIServer
from tests.support.processes import descendants, seconds_until_gone
from tests.support.tiny_lane import TinyTeacher

TOP = Path(__file__).parents[2]
COMMAND = "import sys; from genesys_dagster.commands.{name} import main; sys.exit(main(sys.argv[1:]))"
SHARDS = dict.fromkeys(LANES, 1) | {"math": 3}
"""The demo's lanes, with their shards."""
STAGES = ("tasks", "generations", "verifications")


def command(name: str, *words: str) -> list[str]:
    return [sys.executable, "-c", COMMAND.format(name=name), *words]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GENESYS_", "DAGSTER_"))}
    return kept | {"PYTHONPATH": str(TOP)}


def demo(folder: Path) -> str:
    done = subprocess.run(
        command("demo"), cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def languages_not_run(said: str) -> set[str]:
    """Languages that this machine does not have, in whatever lane."""
    return set(re.findall(r"^(?:Not run)? +\w+ in (\w+): ", said, re.MULTILINE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the demo ran once, and what it said."""
    place = tmp_path_factory.mktemp("demo")
    return place, demo(place)


def counts(said: str) -> dict[str, tuple[int, ...]]:
    """The table of the summary: rows in, accepted, rejected, errored by table."""
    rows = re.findall(r"^\s+(\w+/\w+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*$", said, re.MULTILINE)
    return {name: tuple(map(int, numbers)) for name, *numbers in rows}


def test_the_demo_ends_in_a_summary_whose_sums_hold(folder: tuple[Path, str]) -> None:
    _, said = folder
    found = counts(said)
    tables = [f"{lane}/{table}" for lane in LANES for table in ("ledger", *STAGES)]
    assert sorted(found) == sorted([*tables, "dataset/filtered", "dataset/sft"])
    assert all(rows == accepted + rejected + errored for rows, accepted, rejected, errored in found.values())
    for lane in LANES:
        spoken = len(set(LANES[lane].languages) - languages_not_run(said)) if LANES[lane].languages else 1
        assert found[f"{lane}/tasks"][0] == spoken * found[f"{lane}/ledger"][1]
        samples, rows_kept = found[f"{lane}/generations"][0], found[f"{lane}/tasks"][1]
        several = lane == "code_understanding"  # a row of it makes a task of each depth and input
        assert samples > 4 * rows_kept and samples % 4 == 0 if several else samples == 4 * rows_kept
        assert found[f"{lane}/verifications"][0] == found[f"{lane}/generations"][1]
        listed = re.findall(rf"^\s+{lane}/tasks\s+(\d+)\s{{2}}\S", said, re.MULTILINE)
        assert sum(map(int, listed)) == found[f"{lane}/tasks"][2], "every rejected row has its reason"
        assert f"{lane}: " in said.split("Pass rate", 1)[1], "each lane's own pass rate"
    assert found["dataset/filtered"][0] == sum(found[f"{lane}/verifications"][0] for lane in LANES)
    assert found["dataset/sft"][0] == found["dataset/filtered"][1]
    assert not any(errored for *_, errored in found.values())
    assert ("Not run" in said) is bool(languages_not_run(said))


def test_the_demo_says_whose_answers_these_are_and_what_comes_next(folder: tuple[Path, str]) -> None:
    place, said = folder
    assert "written by hand" in said
    assert "not a model's" in said
    file = re.search(r"^\s+(state/demo/lake/dataset/sft/\S+\.parquet)", said, re.MULTILINE)
    assert file is not None
    assert (place / file.group(1)).is_file()
    steps = said.split("Try next\n")[1].splitlines()
    assert [re.sub(r".*genesys (\w+).*", r"\1", step) for step in steps] == ["ui", "audit", "init"]


def test_a_forecast_of_what_is_done_has_nothing_to_come_and_cuts_no_figure(folder: tuple[Path, str]) -> None:
    place, said = folder
    asked = [sys.executable, "-c", "from genesys.commands.forecast import main; main(['--config', 'demo'])"]
    done = subprocess.run(
        asked, cwd=place, env=environment() | {"COLUMNS": "60"}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    tokens = re.search(r"Tokens +([\d,]+) asked, ([\d,]+) answered", said)
    assert tokens is not None
    for name, told in (("Asked", tokens[1]), ("Answered", tokens[2])):
        assert re.search(rf"^{name} +{told} tokens in all; {told} so far$", done.stdout, re.MULTILINE)
    for lane in LANES:
        assert re.search(rf"^ +{lane} +generations +demo-ans\S*… +[\d,]+ +[\d,]+ +[\d,]+ *$", done.stdout, re.MULTILINE)


def test_a_second_demo_repeats_no_call_and_changes_nothing(folder: tuple[Path, str]) -> None:
    place, said = folder
    again = demo(place)
    assert counts(again) == counts(said)
    assert re.search(r"Calls\s+0 made now, 0 answered from the journal", again)
    assert re.findall(r"\S+\.parquet", again) == re.findall(r"\S+\.parquet", said)


def test_the_instance_has_every_partition_materialized(folder: tuple[Path, str]) -> None:
    place, said = folder
    with internals.instance_of(place / "state" / "demo" / "dagster", keep_output=True) as instance:
        for name, number in SHARDS.items():
            assert len(instance.get_dynamic_partitions(f"{name}_shards")) == number
            lacking = languages_not_run(said) if LANES[name].languages else set()
            wanted = {one for one in known_partitions(instance, LANES[name]) if one.language not in lacking}
            for stage in STAGES:
                assert made_partitions(instance, LANES[name], dg.AssetKey([name, stage])) == wanted


def test_settings_of_ones_own_beside_the_demo_take_nothing_of_it(
    folder: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "here"
    shutil.copytree(folder[0], here)
    monkeypatch.chdir(here)
    monkeypatch.setenv("DAGSTER_HOME", "set by the command, and so put back")
    with OpenAIServer(answer_chars=120) as server:
        project(here, server)
        assert genesys_command(["run"]) == 0
        assert server.stats()["requests"] == 12, "nobody is asked the demo's problems"
    (part,) = Lake(here / "state" / "lake").need("dataset/filtered").parts.values()
    assert {row["source"] for row in Lake(here / "state" / "lake").rows("math/ledger")} == {"mine"}
    assert part.counts["rows"] == 12
    capsys.readouterr()
    assert genesys_command(["audit", "--config", "demo"]) == 2
    assert "Responses in dataset/filtered" in capsys.readouterr().out, "the demo is still there under its name"


def test_the_demos_programs_ran_in_the_sandbox_that_is_there_and_their_verdicts_say_in_which(
    folder: tuple[Path, str],
) -> None:
    place, said = folder
    assert "containers if a Docker engine has the sandbox's image" in said
    isolation = {"docker": "container", "process": "process"}[isolation_of(load_settings("demo").sandbox)]
    lake = Lake(place / "state" / "demo" / "lake")
    infos = [json.loads(row["verification_result_info"]) for row in lake.rows("coding/verifications", "coding-00000")]
    assert {info["isolation"] for info in infos if "isolation" in info} == {isolation}
    assert not any("measured" in info for info in infos)
    assert any(info["passed"] == info["total"] for info in infos)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_ui_runs_the_demos_programs_as_the_demo_does(
    folder: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder[0])
    environment, _ = ui._environment(ui.UiOptions())
    for name in ("GENESYS_CONFIG", "GENESYS__STATE"):
        monkeypatch.setenv(name, environment[name])
    settings = load_settings()
    assert settings.sandbox.isolation == "any"
    assert settings.path(settings.lake.root) == str(folder[0] / "state" / "demo" / "lake")


@contextmanager
def running_ui(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The UI on a folder's state; ended at the end of the block if it was not before."""
    port = free_port()
    with (folder / "ui.out").open("wb") as out:
        process = subprocess.Popen(
            command("ui", "--port", str(port)),
            cwd=folder,
            env=environment(),
            stdout=out,
            stderr=subprocess.STDOUT,
            # As a terminal starts it; the tests themselves may run where Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            until = time.monotonic() + 150
            while b"The Dagster UI is at" not in (folder / "ui.out").read_bytes():
                assert process.poll() is None, (folder / "ui.out").read_text()
                assert time.monotonic() < until, (folder / "ui.out").read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}", process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(60)


def graphql(url: str, query: str) -> Any:
    content = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{url}/graphql", content, {"content-type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - http, to this machine
        return json.load(response)["data"]


@pytest.mark.slow
def test_a_killed_ui_leaves_no_process_either(folder: tuple[Path, str]) -> None:
    place, _ = folder
    with running_ui(place) as (_, process):
        began = descendants(process.pid)
        process.kill()
        seconds_until_gone(began, 30)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(GenesysError, match=rf"127\.0\.0\.1:{port} cannot be used .*--port"):
            ui.main(["--port", str(port)])


def test_a_summary_tells_what_failed_and_why(graph: Graph) -> None:
    def out(request: ChatRequest) -> ChatAnswer:
        raise InfrastructureFault("no route to the endpoint", final=True)

    graph.teacher = TinyTeacher(answer=out)
    ends = graph.run()
    said = StringIO()
    summary = Summary(graph.settings, ends, 1.0)
    summary.print(said)
    assert summary.errored == 12
    assert "Failed: sums sums-00000" in said.getvalue()
    assert "no route to the endpoint" in said.getvalue()
    assert "infrastructure" in said.getvalue()


@pytest.fixture(scope="module")
def shown(folder: tuple[Path, str]) -> Iterator[tuple[str, int]]:
    """Address and process of a UI on the demo's state; Ctrl-C ends it after all tests that look at it."""
    with running_ui(folder[0]) as (url, process):
        yield url, process.pid
        began = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        seconds_until_gone(began, 10)


@pytest.mark.slow
def test_the_ui_shows_the_demo_and_leaves_no_process(shown: tuple[str, int]) -> None:
    """That nothing is left is seen when it ends."""
    url, pid = shown
    query = "{ assetNodes { assetKey { path } partitionStats { numPartitions numMaterialized } } }"
    nodes = graphql(url, query)["assetNodes"]
    stats = {tuple(node["assetKey"]["path"]): node["partitionStats"] for node in nodes}
    for stage in STAGES:
        assert stats["math", stage] == {"numPartitions": 3, "numMaterialized": 3}
    assert len(descendants(pid)) >= 4


@pytest.mark.slow
@pytest.mark.browser
def test_a_browser_sees_the_partitions(shown: tuple[str, int], tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here")
    page = f"{shown[0]}/assets/math/verifications?view=partitions&partition=math-00000"
    words = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=30000", "--dump-dom"]
    done = subprocess.run(
        [*words, f"--user-data-dir={tmp_path}", page], capture_output=True, text=True, check=False, timeout=120
    )
    assert "Materialized (3)" in done.stdout
    assert "pass_rate" in done.stdout
    assert "math-00002" in done.stdout


def test_the_demo_of_one_lane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert genesys_command(["demo", "--lane", "poetry", "--state", str(tmp_path)]) == 2
    assert "--lane poetry: the demo has math, coding" in capsys.readouterr().err
    assert not list(tmp_path.iterdir()), "nothing was begun"
