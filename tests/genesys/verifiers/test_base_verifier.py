"""A verdict names the version that gave it, and a change of what decides it changes that version."""

import subprocess
import sys
import textwrap

import pytest

from genesys.verifiers.base_verifier import BaseVerifier, verifier_version
from genesys.verifiers.math_verifier import MathVerifier


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
