"""A verdict names the version that gave it, and a change of what decides it changes that version."""

import ast
import importlib
import inspect
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import genesys
from genesys.verifiers.after_rules import JudgeAfterRules
from genesys.verifiers.base_verifier import BaseVerifier, verifier_version
from genesys.verifiers.math_verifier import MathVerifier
from genesys.verifiers.registry import VERIFIER_REGISTRY


class One(BaseVerifier):
    def verify(self, result):
        return {"score": 1.0, "verification_result_info": {}}


class Heir(One):
    def helper(self):
        return 2


class Declared(BaseVerifier):
    version = "2024-06"


def test_a_declared_version_is_taken_as_it_is():
    assert verifier_version(Declared) == "2024-06"
    assert verifier_version(Declared()) == "2024-06"


def test_without_one_the_source_decides():
    assert verifier_version(One) == verifier_version(One())
    assert len(verifier_version(One)) == 16
    assert verifier_version(Heir) != verifier_version(One)


def typed_in(score):
    """A class whose source stands in no file, as in a notebook."""
    space = {"BaseVerifier": BaseVerifier}
    exec(f"class Typed(BaseVerifier):\n    def verify(self, result):\n        return {{'score': {score}}}", space)  # noqa: S102
    return space["Typed"]


def test_a_class_without_a_file_has_a_version_that_follows_its_code():
    assert verifier_version(typed_in(0.5)) == verifier_version(typed_in(0.5))
    assert verifier_version(typed_in(0.5)) != verifier_version(typed_in(0.25))


def test_what_a_verifier_rests_on_is_part_of_its_version(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    rules = tmp_path / "rules_of_mine.py"

    class Resting(BaseVerifier):
        rests_on = ("rules_of_mine", "dist:pydantic")

    rules.write_text("LIMIT = 1\n")
    before = verifier_version(Resting)
    rules.write_text("LIMIT = 2\n")
    assert verifier_version(Resting) != before


def test_a_missing_module_is_named():
    class Resting(BaseVerifier):
        rests_on = ("rules_that_nobody_wrote",)

    with pytest.raises(ModuleNotFoundError, match="rules_that_nobody_wrote"):
        verifier_version(Resting)


@pytest.mark.parametrize("base", [MathVerifier, JudgeAfterRules])
def test_functions_beside_the_class_are_part_of_its_version(base, tmp_path, monkeypatch):
    """Of the class and of those it inherits from, whatever ``rests_on`` says."""
    source = Path(inspect.getfile(base)).read_text()
    versions = []
    for name, extra in (("first", ""), ("second", "\n\ndef _beside(): return 1\n")):
        name = f"{name}_{base.__name__}"
        (tmp_path / f"{name}.py").write_text(source + extra)
        monkeypatch.syspath_prepend(tmp_path)
        cls = getattr(importlib.import_module(name), base.__name__)
        versions.append(verifier_version(cls))
        assert verifier_version(type(base.__name__, (cls,), {"__module__": __name__})) != versions[-1]
    assert versions[0] == verifier_version(base), "a copy elsewhere says the same"
    assert versions[0] != versions[1]


MAY_CHANGE = {
    "genesys.job": "names of languages; the verifier that runs programs rests on it by name",
    "genesys.faults": "says whose fault it is that there is no verdict; gives none",
    "genesys.hashing": "makes ids and keys",
    "genesys.settings": "what of the settings decides stands in the verifier's place()",
    "genesys.choices": "the same",
    "genesys.calls.verdicts": "makes keys",
    "genesys.calls.context": "carries questions and answers; what was asked is in the keys of these calls",
    "genesys.sandbox": "nothing but words",
    "genesys.sandbox.binaries": "keeps what was compiled by its content",
    "genesys.sandbox.cores": "who waits for a core, and how long",
    "genesys.sandbox.image": "the hash of the image stands in the verifier's place()",
    "genesys.sandbox.isolation": "what it chooses stands in the verifier's place()",
    "genesys.sandbox.probing": "whether a language can be run; gives no verdict",
    "genesys.sandbox.pool": "which worker runs a program",
    "genesys.verifiers.sources": "hashes of code; gives no verdict",
    "genesys.verifiers.base_verifier": "what all verifiers have in common, none of which is a verdict",
    "genesys.verifiers.after_rules": "the name of the task type; the union has a version of its own",
    "genesys.verifiers.judge.family": "may refuse a judge, and never decides",
}
"""Modules that what a verifier rests on imports, and that may change without its verdicts being made anew."""


def file_of(module):
    path = Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported(tree):
    """Names of our modules that are imported at run time, also within functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("genesys"):
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                yield below if file_of(below) else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("genesys"))
        yield from imported(node)


BUILT_IN = {cls for cls in VERIFIER_REGISTRY.values() if cls.__module__.startswith("genesys.")} | {JudgeAfterRules}


@pytest.mark.parametrize("cls", sorted(BUILT_IN, key=lambda cls: cls.__name__))
def test_a_built_in_verifier_names_all_that_decides_its_verdicts(cls, monkeypatch):
    monkeypatch.chdir(Path(genesys.__file__).parents[1])
    named = [file_of(name) for name in cls.rests_on if not name.startswith("dist:")]
    packages = [module for file in named if file.stem == "__init__" for module in file.parent.rglob("*.py")]
    files = [file_of(cls.__module__), *named, *packages]
    covered = {".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files}
    found = {module: file for file in files for module in imported(ast.parse(file.read_bytes()))}
    unnamed = {module: str(file) for module, file in found.items() if module not in covered | MAY_CHANGE.keys()}
    assert not unnamed, "put these into its rests_on, or say in MAY_CHANGE why not"
    assert len(found) > 2


def test_the_math_verifier_rests_on_modules_that_are_there():
    assert len(verifier_version(MathVerifier)) == 16


def test_the_registry_imports_nothing_heavy():
    code = """
        import sys
        import genesys.verifiers.registry
        heavy = {"sympy", "math_verify", "torch", "datasets", "docker", "openai"} & set(sys.modules)
        assert not heavy, heavy
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
