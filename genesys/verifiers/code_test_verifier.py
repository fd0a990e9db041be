"""The place of the verifier of programs. It gives no verdict: this version has no sandbox for untrusted code."""

from __future__ import annotations

from typing import Any

from genesys.calls.errors import InfrastructureFault
from genesys.verifiers.base_verifier import BaseVerifier


class CodeVerifier(BaseVerifier):
    """Stands for ``verifiable_code``; every record of that type ends as errored, never with a made-up score."""

    version = "no-sandbox"

    def verify(self, result: Any) -> Any:
        """Refuse: running a model's program needs a sandbox.

        Raises:
            InfrastructureFault: Always, and final: trying again within this run is useless.
        """
        raise InfrastructureFault(
            "CodeVerifier cannot check verifiable_code: a response is untrusted code, and this version has no sandbox "
            "to run it in. The row stays errored and without a score. Register a verifier with a sandbox of your own: "
            'VERIFIER_REGISTRY["verifiable_code"] = TheClass.',
            final=True,
        )
