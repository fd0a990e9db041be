"""The lines of docs/proof.md by which a stranger makes leaves and root again, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.published import changed, traces, write

DOCS = Path(__file__).parents[4] / "docs/proof.md"


def run(folder: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    script = tmp_path / "stranger.py"
    script.write_text(code, "utf-8")
    command = [sys.executable, "-I", str(script), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_stranger_makes_leaves_and_root_again_with_the_documented_lines(tmp_path: Path) -> None:
    done = run(write(tmp_path / "set", traces()), tmp_path)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_and_finds_what_was_tampered_with(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", traces())

    def tamper(rows: list[dict[str, Any]]) -> None:
        rows[0]["score"] = 0.5

    changed(folder / "raw/test-00000-of-00001.parquet", tamper)
    done = run(folder, tmp_path)
    assert done.returncode != 0
    assert traces()[0][0]["response_id"] in done.stderr


def test_a_single_trace_is_a_tree_too(tmp_path: Path) -> None:
    assert run(write(tmp_path / "set", traces()[:1]), tmp_path).stdout == "True\n"
