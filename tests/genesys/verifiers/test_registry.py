"""Which verifier a task type gets: built in, set in code, or installed as a plug-in."""

import sys

import pytest

from genesys.faults import InfrastructureFault
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.code_test_verifier import CodeVerifier
from genesys.verifiers.llm_judge_verifier import LlmJudgeVerifier
from genesys.verifiers.math_verifier import MathVerifier
from genesys.verifiers.registry import VERIFIER_REGISTRY, VerifierRegistry
from genesys.verifiers.runner import VerifierRunner

RECORD = {"task_type": "installed", "llm_response": "x", "verification_info": {}}


class Mine(BaseVerifier):
    def verify(self, result):
        return {"score": 1.0, "verification_result_info": {"by": "Mine"}}


def install(folder, package, entries, source):
    """Lay a package and its metadata into a folder, as an installer would."""
    (folder / f"{package}.py").write_text(source)
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = "".join(f"{name} = {target}\n" for name, target in entries.items())
    (metadata / "entry_points.txt").write_text(f"[genesys.verifiers]\n{lines}")


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("plugin_"):
            del sys.modules[name]


def test_the_task_types_of_genesys_have_their_classes():
    assert VERIFIER_REGISTRY["verifiable_math"] is MathVerifier
    assert VERIFIER_REGISTRY["verifiable_code"] is CodeVerifier
    assert VERIFIER_REGISTRY["llm_judgeable_groundtruth_similarity"] is LlmJudgeVerifier
    assert VERIFIER_REGISTRY["code_output_prediction"] is CodeUnderstandingVerifier
    assert VERIFIER_REGISTRY["verifiable_code_understanding"] is CodeUnderstandingVerifier


def test_it_is_used_like_a_dict():
    registry = VerifierRegistry({"a": Mine})
    registry["b"] = Mine
    assert registry.get("c") is None
    assert "b" in registry
    assert dict(registry) == {"a": Mine, "b": Mine}
    del registry["a"]
    assert list(registry) == ["b"]
    with pytest.raises(KeyError):
        registry["a"]


def test_an_instance_in_place_of_a_class_is_refused():
    with pytest.raises(TypeError, match="takes a verifier class"):
        VerifierRegistry()["mine"] = Mine()


PLUGIN = """
from genesys.verifiers.base_verifier import BaseVerifier
class V(BaseVerifier):
    def verify(self, result):
        return {"score": 0.5, "verification_result_info": {"by": "plug-in"}}
"""


async def test_an_installed_plugin_verifies(site):
    install(site, "plugin_good", {"installed": "plugin_good:V"}, PLUGIN)
    async with VerifierRunner(VerifierRegistry()) as runner:
        assert (await runner.verify(RECORD))["score"] == 0.5


def test_plugins_are_imported_only_when_asked_for(site):
    install(site, "plugin_lazy", {"installed": "plugin_lazy:V"}, PLUGIN)
    registry = VerifierRegistry()
    assert "installed" in registry
    assert list(registry) == ["installed"]
    assert "plugin_lazy" not in sys.modules
    assert registry["installed"].__name__ == "V"


async def test_a_broken_plugin_is_named_and_the_rest_goes_on(site):
    install(site, "plugin_broken", {"broken": "plugin_broken:V"}, "import a_module_nobody_has\n")
    install(site, "plugin_fine", {"installed": "plugin_fine:V"}, PLUGIN)
    async with VerifierRunner(VerifierRegistry({"mine": Mine})) as runner:
        with pytest.raises(InfrastructureFault) as caught:
            await runner.verify(RECORD | {"task_type": "broken"})
        for said in ("'broken'", "plugin_broken", "a_module_nobody_has"):
            assert said in str(caught.value)
        assert (await runner.verify(RECORD))["score"] == 0.5
        assert (await runner.verify(RECORD | {"task_type": "mine"}))["score"] == 1.0


def test_a_plugin_that_is_no_class_is_named(site):
    install(site, "plugin_value", {"value": "plugin_value:V"}, "V = 3\n")
    with pytest.raises(InfrastructureFault, match="plugin_value.*is not a class"):
        VerifierRegistry()["value"]


def test_two_plugins_for_one_task_type_are_an_error_that_names_both(site):
    install(site, "plugin_left", {"installed": "plugin_left:V"}, PLUGIN)
    install(site, "plugin_right", {"installed": "plugin_right:V"}, PLUGIN)
    with pytest.raises(InfrastructureFault, match="plugin_left.*plugin_right"):
        VerifierRegistry()["installed"]


def test_what_is_set_in_code_wins_over_a_plugin(site):
    install(site, "plugin_over", {"installed": "plugin_over:V"}, PLUGIN)
    registry = VerifierRegistry({"installed": Mine})
    assert registry["installed"] is Mine
    assert len(registry) == 1
