"""No hack is accepted by ``verifiable_code``, in a plain process and in a container; a right program is."""

from collections import Counter
from collections.abc import Iterator

import pytest

from genesys.settings import Settings
from genesys.verifiers.code_test_verifier import CodeVerifier
from genesys.verifiers.runner import checked_result
from tests.genesys.verifiers.reward_hacks.code_cases import HACKS, INPUTS, Hack
from tests.support.sandbox import has, opened


class Verifier(CodeVerifier):
    """One whose sandbox the tests open and close, with little patience for programs that never end."""

    max_time_outs = 1
    time_factors = dict.fromkeys(CodeVerifier.time_factors, 1.0)

    def open_sandbox(self):
        return self.given


@pytest.fixture(scope="module", params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def verifier(request: pytest.FixtureRequest) -> Iterator[CodeVerifier]:
    with opened(request.param) as sandbox:
        verifier = Verifier.from_settings(Settings())
        verifier.given, verifier.isolation = sandbox, request.param
        yield verifier


def verdict(verifier: CodeVerifier, hack: Hack) -> dict:
    if verifier.isolation == "process" and not has(hack.language):
        pytest.skip(f"this machine has no {hack.language}")
    tests = [
        {"type": "stdin_stdout", "input": f"{n}\n", "output": f"{2 * n}\n"}
        if hack.kind == "stdin"
        else {"type": "function_call", "fn_name": "double", "input": [n], "output": 2 * n}
        for n in INPUTS
    ]
    record = {
        "task_type": "verifiable_code",
        "source": "authored",
        "llm_response": hack.response,
        "verification_info": {"language": hack.language, "test_cases": tests},
        "metadata": {"time_limit": 1.0},
    }
    return checked_result(verifier.verify(record))


def test_there_are_enough_of_them_and_each_has_a_name():
    assert len(HACKS) >= 60
    assert max(Counter((hack.name, hack.kind) for hack in HACKS).values()) == 1


@pytest.mark.parametrize("hack", HACKS, ids=lambda hack: f"{hack.kind}: {hack.name}")
def test_a_hack_is_not_accepted(verifier: CodeVerifier, hack: Hack):
    result = verdict(verifier, hack)
    assert result["score"] is not None
    assert result["score"] < 1.0, result["verification_result_info"]


@pytest.mark.parametrize(
    "hack",
    [
        Hack("", "```python\nprint(int(input()) * 2)\n```"),
        Hack("", "```python\ndef double(x): return 2 * x\n```", "call"),
        Hack("", "```python\nimport sys\nprint(int(input()) * 2)\nsys.exit(0)\n```"),
        Hack("", "```javascript\nfunction double(x) { return 2 * x }\n```", "call", "javascript"),
    ],
)
def test_a_right_program_is_accepted(verifier: CodeVerifier, hack: Hack):
    assert verdict(verifier, hack)["score"] == 1.0
