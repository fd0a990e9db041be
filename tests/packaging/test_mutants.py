"""``make mutants`` begins anew where what it found out before says nothing of the modules that it is asked about."""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/mutants.py"


def test_modules_that_are_asked_about_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    begin = runpy.run_path(str(SCRIPT))["_begin_anew_for"]
    held, loose, found = Path("small/held.py"), Path("small/loose.py"), Path("mutants/found")
    begin([held, loose])
    found.touch()
    begin([held, loose])
    begin([loose])
    assert found.exists(), "it was about this module, too"
    begin([held])
    assert not found.exists(), "the last question was not about this one"
    assert Path("mutants/asked.txt").read_text() == "small/held.py"
