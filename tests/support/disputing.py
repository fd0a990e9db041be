"""The tiny lane with answers that dispute a gold: which sample says what stands in the test."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from genesys.chat import ChatAnswer, ChatRequest
from tests.support.tiny_lane import TinyTeacher, spelt


class NamingVerifier:
    """Says 1 when the last word is the ground truth, and names the answer as the verifiers of math do."""

    version = "1"

    def verify(self, result: Any) -> dict[str, Any]:
        last = result["llm_response"].split()[-1]
        is_answer = last.isdigit()
        return {
            "score": float(last == result["verification_info"]["ground_truth"]),
            "verification_result_info": {
                "rule": "last/exact" if is_answer else "none/no-answer",
                "extracted_answer": last if is_answer else None,
                "canonical_answer": last if is_answer else None,
            },
        }


NAMING: dict[str, type[Any]] = {"tiny_sum": NamingVerifier}


def teacher_saying(
    said: Mapping[str, Sequence[str]], *, teacher_id: str = "tiny", cut_off: bool = False, words: str = "sample"
) -> TinyTeacher:
    """A teacher whose samples end in these words, by question; the last one is said by all further samples.

    Args:
        said: As in ``{"1+2": ["4", "4", "3"]}``; of other questions the sum is said.
        teacher_id: Its name.
        cut_off: Whether it is stopped at its token limit every time.
        words: ``sample`` makes every text another one, anything else makes equal answers equal texts.
    """

    def answer(request: ChatRequest) -> ChatAnswer:
        question = request.messages[-1].content
        if request.name == "is_sum":
            return ChatAnswer(content=json.dumps({"is_sum": "+" in question}), finish_reason="stop")
        question = question.removeprefix("What is ").removesuffix("?")
        left, right = question.split("+")
        found = said.get(question, [str(int(left) + int(right))])
        text = found[min(request.sample_index, len(found) - 1)]
        number = spelt(request.sample_index) if words == "sample" else 0
        return ChatAnswer(
            content=f"{words} {number} of {teacher_id}: {text}", finish_reason="length" if cut_off else "stop"
        )

    return TinyTeacher(teacher_id=teacher_id, answer=answer)
