"""The library knows nothing of Dagster: the graph imports the library, never the other way round."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import genesys
import genesys_dagster

LIBRARY, GRAPH = Path(genesys.__file__).parent, Path(genesys_dagster.__file__).parent
MODULES = sorted(LIBRARY.rglob("*.py"))
GRAPH_MODULES = sorted(GRAPH.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Top names of everything that a module imports, at its top or inside a function, by statement or by name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (str(a.value).partition(".")[0] for a in node.args if isinstance(a, ast.Constant))


def test_there_is_a_library_to_look_at() -> None:
    assert len(MODULES) > 30
    assert "genesys" in {name for path in GRAPH_MODULES for name in imported(path)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_no_module_of_the_library_names_dagster(path: Path) -> None:
    named = {name for name in imported(path) if name.startswith(("dagster", "genesys_dagster"))}
    assert not named


def test_the_whole_library_loads_without_dagster() -> None:
    code = """
import pkgutil, importlib, sys
import genesys
for module in pkgutil.walk_packages(genesys.__path__, "genesys."):
    importlib.import_module(module.name)
print(sorted(name for name in sys.modules if name.partition(".")[0].startswith(("dagster", "genesys_dagster"))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.parametrize("path", GRAPH_MODULES, ids=lambda path: str(path.relative_to(GRAPH)))
def test_annotations_of_the_graph_are_not_postponed(path: Path) -> None:
    assert "__future__" not in set(imported(path)), "Dagster cannot read postponed annotations"
