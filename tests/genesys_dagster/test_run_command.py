"""``genesys run``: one's own lanes from a terminal, what it says, how it ends, and that it goes on after a kill."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.cli import main
from genesys.tables.lake import Lake
from tests.genesys.commands.runs import REPO, Watch, genesys, kill_when
from tests.genesys_dagster.projects import problem, project
from tests.support.openai_server import OpenAIServer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer_chars=120) as server:
        yield server


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "set by the command, and so put back")
    return tmp_path


def sft_rows(folder: Path) -> int:
    manifest = Lake(folder / "state" / "lake").need("dataset/sft")
    return sum(part.data.rows for part in manifest.parts.values())


def loaded_as_the_readme_says(folder: Path) -> int:
    """Rows of the SFT set by the README's own words, run on what `genesys publish` made."""
    assert main(["publish", str(folder / "sets"), "--yes"]) == 0
    (release,) = (folder / "sets").iterdir()
    readme = (REPO / "README.md").read_text("utf-8")
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "load_dataset" in block]
    assert "../sets/NAME-VERSION" in block
    names: dict[str, Any] = {}
    exec(block.replace("../sets/NAME-VERSION", str(release)), names)  # noqa: S102 - the README's
    assert "messages" in names["rows"].column_names
    return int(names["rows"].num_rows)


def test_from_a_file_of_problems_to_the_set_and_again_for_nothing(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    project(here, server)
    assert main(["run"]) == 0
    said = capsys.readouterr()
    assert "✓ math-00001" in said.err
    assert re.search(r"math/generations +12 +12 +0 +0 *\n", said.out)
    rows = sft_rows(here)
    assert 0 < rows < 12
    assert re.search(rf"state/lake/dataset/sft/_/\w+\.parquet  \(the SFT set, {rows} rows\)", said.out)
    steps = said.out.split("Try next\n")[1].splitlines()
    assert [re.sub(r".*genesys (\w+).*", r"\1", step) for step in steps] == ["ui", "audit"]
    assert loaded_as_the_readme_says(here) == rows
    asked = server.stats()["requests"]
    assert main(["run", "--lane", "math"]) == 0
    assert "everything stood there already" in capsys.readouterr().out
    assert server.stats()["requests"] == asked


def test_rows_that_errored_give_an_exit_code_of_their_own_and_say_why(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [problem(0), problem(1, "[[dead]] "), problem(2)]
    project(here, server, rows)
    assert main(["run"]) == 3
    said = capsys.readouterr().out
    assert "answered 500" in said
    assert re.search(r"Try next\n.*genesys calls why ", said)
    server.control(always_fail=None)
    assert main(["run"]) == 0
    assert "answered 500" not in capsys.readouterr().out


def test_broken_rows_of_a_source_are_named_also_by_the_second_run(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    project(here, server, [problem(0), *({"problem": number, "answer": "1"} for number in range(5))])
    for _ in range(2):
        assert main(["run"]) == 0
        said = capsys.readouterr().out
        assert "math: problems.jsonl:2: problem: is int, expected text" in said
        assert "math: problems.jsonl:5: " not in said
        assert "math: and 2 more broken rows, shown in the UI with math/ledger" in said


def test_killed_it_goes_on_and_asks_nothing_again(here: Path, server: OpenAIServer) -> None:
    project(here, server)
    server.control(latency_min=0.1, latency_max=0.2)
    watch = Watch(server, here / "state" / "journal")
    assert kill_when(lambda: server.stats()["completed"] >= 5, "run", cwd=here)
    before = watch.durable()
    run = genesys("run", cwd=here)
    assert run.returncode == 0, run.stdout + run.stderr
    assert sft_rows(here) > 0
    watch.assert_not_seen_again(before)


def test_without_settings_or_with_a_lane_that_is_not_in_them(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run"]) == 2
    assert "there is no genesys.toml here; `genesys init` writes one" in capsys.readouterr().err
    project(here, server)
    assert main(["run", "--lane", "maths"]) == 2
    assert "--lane maths: genesys.toml has no [lanes.maths]; it has math" in capsys.readouterr().err
    assert not (here / "state").exists()
