"""GENESYS_REQUIRE turns the skip of a marked test into a failure, and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SETTINGS = "[pytest]\nmarkers =\n    docker: d\n    s3: s\n"

SKIPS_MARKED_DOCKER = {
    "in_body": "@pytest.mark.docker\ndef test_it():\n    pytest.skip('no engine')\n",
    "by_skipif": "@pytest.mark.docker\n@pytest.mark.skipif(True, reason='no engine')\ndef test_it(): pass\n",
    "in_fixture": (
        "pytestmark = pytest.mark.docker\n"
        "@pytest.fixture\ndef engine():\n    pytest.skip('no engine')\n"
        "def test_it(engine): pass\n"
    ),
    "at_import": "pytestmark = pytest.mark.docker\npytest.importorskip('no_such_module')\ndef test_it(): pass\n",
}
OTHERS = {
    "other_mark": "@pytest.mark.s3\ndef test_it():\n    pytest.skip('no server')\n",
    "no_mark_at_import": "pytest.importorskip('no_such_module')\n",
    "expected_failure": "@pytest.mark.docker\n@pytest.mark.xfail\ndef test_it(): assert False\n",
    "passes": "@pytest.mark.docker\ndef test_it(): pass\n",
}


def failures(folder: Path, require: str) -> tuple[set[str], str]:
    """Run all of the above under the project's conftest; give the files that failed, and the output."""
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    for name, source in (SKIPS_MARKED_DOCKER | OTHERS).items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n{source}")
    environment = {**os.environ, "GENESYS_REQUIRE": require, "PYTEST_ADDOPTS": ""}
    # A failed collection would otherwise keep the rest from running.
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-ra", "--continue-on-collection-errors"]
    run = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    failed = set(re.findall(r"^(?:FAILED|ERROR) test_(\w+)\.py", run.stdout, re.MULTILINE))
    assert (run.returncode != 0) == bool(failed), run.stdout
    return failed, run.stdout


def test_a_skip_of_a_required_marker_fails(tmp_path: Path) -> None:
    failed, output = failures(tmp_path, "s3x,docker")
    assert failed == set(SKIPS_MARKED_DOCKER)
    assert "docker must not be skipped here (GENESYS_REQUIRE)" in output
    assert "no engine" in output


def test_a_skip_is_a_skip_where_nothing_is_required(tmp_path: Path) -> None:
    failed, _ = failures(tmp_path, "")
    assert failed == set()
