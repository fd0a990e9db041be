"""No hack is accepted by ``code_output_prediction``, and none takes long."""

import time

import pytest

from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.runner import checked_result
from tests.genesys.verifiers.reward_hacks.output_cases import HACKS, Hack

LIMIT_S = 10.0


@pytest.mark.parametrize("hack", HACKS, ids=lambda hack: hack.name)
def test_a_hack_is_rejected(hack: Hack):
    record = {"verification_info": {"ground_truth": hack.gold}, "llm_response": hack.response}
    began = time.process_time()
    result = checked_result(CodeUnderstandingVerifier().verify(record))
    assert result["score"] == 0.0, result["verification_result_info"]
    assert time.process_time() - began < LIMIT_S
