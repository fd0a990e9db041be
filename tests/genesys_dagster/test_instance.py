"""The Dagster instance where it cannot be written: one sentence that says what to do, and no traceback."""

import subprocess
import sys
from pathlib import Path

from tests.genesys.commands.runs import environment

SCRIPT = """if 1:
    import resource, sys
    from genesys.cli import main
    import genesys_dagster.commands.run
    import genesys_dagster.pipeline
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
    sys.exit(main(["run"]))
    """


def test_a_database_that_may_not_grow_ends_the_command_in_a_sentence(tmp_path: Path) -> None:
    """A limit stands in for a full disk, since it needs no rights to mount one."""
    (tmp_path / "genesys.toml").write_text('[lanes.math]\nsources = [{ path = "rows.jsonl" }]')
    (tmp_path / "rows.jsonl").write_text("")
    command = [sys.executable, "-c", SCRIPT]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 2, run.stderr
    *_, last = run.stderr.splitlines()
    assert last.startswith(f"genesys run: the Dagster instance in {tmp_path}/state/dagster could not be written: ")
    assert last.endswith("make room and run the same command again; nothing that was answered before is lost.")
    assert "Traceback" not in run.stderr
