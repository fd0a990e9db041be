"""`make mutants`, in a project of two small modules: which mistakes in them does no test notice?"""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/mutants.py"
SETTINGS = '[project]\nname = "small"\n[tool.mutmut]\nsource_paths = ["small"]\npytest_add_cli_args = []\n'
FILES = {
    "pyproject.toml": SETTINGS,
    "small/__init__.py": "",
    "small/held.py": "def twice(x):\n    return x * 2\n",
    "small/loose.py": "def small(x):\n    return x < 100\n",
    "tests/small/test_small.py": (
        "from small.held import twice\nfrom small.loose import small\n\n"
        "def test_twice():\n    assert twice(3) == 6\n\ndef test_small():\n    assert small(3)\n"
    ),
}


def ask(folder: Path, module: str) -> list[int]:
    """Mutants of a module: all, tried, caught, survived, untested."""
    words = [sys.executable, "scripts/mutants.py", module]
    run = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    return [int(number) for number in run.stdout.splitlines()[-1].removeprefix(module).split()]


@pytest.mark.slow
def test_modules_that_are_asked_about_one_after_the_other(tmp_path: Path) -> None:
    for name, text in (FILES | {"scripts/mutants.py": SCRIPT.read_text("utf-8")}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    held = ask(tmp_path, "small/held.py")
    loose = ask(tmp_path, "small/loose.py")
    assert held[0] == held[1] == held[2] > 0
    assert loose[0] == loose[1] == loose[3] > 0
    assert ask(tmp_path, "small/held.py") == held
