"""Without a sandbox there is no verdict on code."""

import pytest

from genesys.calls.errors import InfrastructureFault
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner


async def test_code_gets_no_score_and_a_clear_message():
    record = {"task_type": "verifiable_code", "llm_response": "```python\nprint(1)\n```", "verification_info": {}}
    async with VerifierRunner(VERIFIER_REGISTRY) as runner:
        with pytest.raises(InfrastructureFault, match="sandbox") as caught:
            await runner.verify(record)
    assert caught.value.final
