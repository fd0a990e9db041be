"""``llm_judgeable_groundtruth_similarity``: a judge compares a response with the gold. Its accuracy is unmeasured.

The judge is the role ``[judge]`` of ``genesys.toml`` and the environment. The thinking is cut off, and the response is
quoted between marks that it cannot contain.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from genesys.calls.errors import InfrastructureFault, TaskFault
from genesys.hashing import digest
from genesys.prompts import Prompt
from genesys.teachers.base import ChatRequest, Teacher
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.thinking import after_thinking


class Judgement(BaseModel):
    """The judge's answer."""

    why: str = ""
    score: Annotated[float, Field(ge=0, le=1)]


SIMILARITY = Prompt("judge_similarity", Judgement, role="judge")
TRIALS = 3


class LlmJudgeVerifier(BaseVerifier):
    """Scores a response from 0 to 1 by its likeness to the gold; 0.8 is accepted unless the settings say otherwise."""

    max_parallel: ClassVar[int] = 64
    timeout: ClassVar[float | None] = None  # the teacher's own time limits apply, retries and all
    rests_on: ClassVar[tuple[str, ...]] = ("genesys.verifiers.llm_judge_verifier", "genesys.prompts")

    def __init__(self) -> None:
        """Nothing is contacted before the first response."""
        self._stack = AsyncExitStack()
        self._judge: Teacher | None = None
        self._structured = False

    async def verify(self, result: Any) -> dict[str, Any]:
        """Ask the judge, again where its answer cannot be read.

        Raises:
            TaskFault: The task has no gold to compare with.
            InfrastructureFault: No judge is set up or reached, or it gave no readable answer.
        """
        gold = result["gold_standard_solution"]
        if not gold:
            raise TaskFault("gold_standard_solution is empty: there is nothing to compare with")
        response = after_thinking(result["llm_response"]).strip()
        if not response:
            return {"score": 0.0, "verification_result_info": {"rule": "judge/no-answer", "reason": "no answer"}}
        judge = await self._open()
        messages = SIMILARITY.render(
            task=result["prompt"],
            instructions=result["verification_info"].get("judging_instructions"),
            gold=gold,
            response=response,
            mark=f"=== {digest(['mark', response], 32)} ===",
        )
        trouble = ""
        for trial in range(TRIALS):
            request = ChatRequest(messages=messages, sampling=SIMILARITY.sampling(self._structured), trial=trial)
            answer = (await judge.complete(request)).answer
            if answer.refused is not None:
                raise TaskFault(f"the judge's endpoint refuses this request: {answer.refused}")
            try:
                found = SIMILARITY.read(answer.content)
            except ValueError as error:
                trouble = str(error)
                continue
            info = {"rule": "judge", "why": found.why, "judge": judge.teacher_id, "prompt_hash": SIMILARITY.hash}
            return {"score": found.score, "verification_result_info": info}
        raise InfrastructureFault(f"the judge {judge.teacher_id} gave no readable verdict {TRIALS} times: {trouble}")

    async def _open(self) -> Teacher:
        if self._judge is None:
            from genesys.settings import load_settings
            from genesys.teachers.casting import open_teacher

            settings = load_settings()
            if settings.judge.kind == "none":
                raise InfrastructureFault(
                    "no judge is set up: give [judge] kind, model and base_urls in genesys.toml", final=True
                )
            self._judge = await open_teacher(settings, settings.judge, self._stack)
            self._structured = settings.judge.structured
        return self._judge

    async def shutdown(self) -> None:
        """Close the judge's connections."""
        await self._stack.aclose()
