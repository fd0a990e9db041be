"""``llm_judgeable_groundtruth_similarity``: judges compare a response with the gold. Their accuracy is unmeasured.

In which form a task wants its answer, and what rules say before a judge is asked, stands with ``judge.forms``; what is
asked with ``judge.question``, how with ``judge.asking``, what votes come to with ``judge.votes``, who judges with
``judge.panel``. docs/judging.md tells all of it in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from genesys.faults import InfrastructureFault
from genesys.syntax.parsing import PARSERS
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.judge.asking import cast_votes
from genesys.verifiers.judge.forms import Settled, form_of
from genesys.verifiers.judge.panel import Panel
from genesys.verifiers.judge.question import SIMILARITY, Question, question_of
from genesys.verifiers.judge.votes import Decision, Vote, decide, is_unanimous, opinions_of, spoken_for

if TYPE_CHECKING:
    from genesys.calls.context import Calls
    from genesys.settings import Settings

__all__ = ["SIMILARITY", "LlmJudgeVerifier"]

Verdict = dict[str, Any]


class LlmJudgeVerifier(BaseVerifier):
    """Scores a response from 0 to 1 by its likeness to the gold; 0.8 is accepted unless the settings say otherwise."""

    max_parallel: ClassVar[int] = 64
    timeout: ClassVar[float | None] = None  # the teacher's own time limits apply, retries and all
    asks: ClassVar[bool] = True
    rests_on: ClassVar[tuple[str, ...]] = (
        "genesys.verifiers.edited_file",
        "genesys.verifiers.judge.asking",
        "genesys.verifiers.judge.forms",
        "genesys.verifiers.judge.panel",
        "genesys.verifiers.judge.question",
        "genesys.verifiers.judge.quoting",
        "genesys.verifiers.judge.reading",
        "genesys.verifiers.judge.votes",
        "genesys.verifiers.code.blocks",
        "genesys.verifiers.thinking",
        "genesys.syntax",
        "genesys.workers",
        *PARSERS,
        "genesys.chat",
        "genesys.lenient_json",
        "genesys.prompts",
        "genesys.well_formed",
    )

    def __init__(self, settings: Settings | None = None) -> None:
        """Nothing is contacted: judges are the row's calls to make."""
        self._panel = Panel.of(settings)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The panel that the settings name."""
        return cls(settings)

    @classmethod
    def place(cls, settings: Settings | None) -> str:
        """Who judges and how, as a hash."""
        return Panel.of(settings).fingerprint()

    def ready(self) -> str | None:
        """Whether there is a judge, and of another family than the teacher."""
        return self._panel.missing()

    async def verify(self, result: Any, calls: Calls) -> Verdict:  # type: ignore[override]
        """Have the response judged.

        Raises:
            TaskFault: The task has no gold to compare with, or no readable rubric.
            InfrastructureFault: Too few judges could be reached or read to settle it. What the others said stands in
                the journal.
            NotReady: No judge is set up, or one is of the teacher's family.
        """
        panel = self._panel
        form = form_of(result)
        found = await asyncio.to_thread(form.read, result) if form.blocks else form.read(result)
        if isinstance(found, Settled):
            return found.verdict()
        question = question_of(result, panel.chosen.max_chars, found)
        if question is None:
            info = {"rule": "judge/no-answer", "reason": "no answer", "votes": []}
            return {"score": 0.0, "verification_result_info": info}
        for role in panel.all_roles:
            calls.roles.chat(role)  # says who is missing before anybody is asked
        panel.refuse_relatives(result, calls.roles)
        votes = await cast_votes(calls, panel.roles, question, panel.chosen)
        decision, rule = decide(opinions_of(votes, panel.rules), panel.rules), "judge"
        if not decision.is_settled:
            _fail_if_unreached(votes)
            votes, decision, rule = await self._further(calls, question, votes, decision)
        return _verdict(question, votes, decision, rule, panel, found.facts)

    async def _further(
        self, calls: Calls, question: Question, votes: list[Vote], decision: Decision
    ) -> tuple[list[Vote], Decision, str]:
        """Ask the tie-breaker, or where there is none everybody once more."""
        panel = self._panel
        if panel.tie_breaker is not None:
            said = await cast_votes(calls, [panel.tie_breaker], question, panel.chosen)
            _fail_if_unreached(said)
            opinion = next(iter(opinions_of(said, panel.rules)), None)
            decided = decide(opinions_of(votes, panel.rules), panel.rules, tie_breaker=opinion)
            return [*votes, *said], decided, "judge/tie-broken"
        rule = "judge"
        for number in range(1, panel.chosen.further_rounds + 1):
            reached = [role for role in panel.roles if not any(vote.missing for vote in votes if vote.judge == role)]
            said = await cast_votes(calls, reached, question, panel.chosen, number)
            _fail_if_unreached(said)
            votes = [*votes, *said]
            decision, rule = decide(opinions_of(votes, panel.rules), panel.rules), "judge/further-votes"
            if decision.is_settled:
                break
        return votes, decision, rule


def _fail_if_unreached(votes: Sequence[Vote]) -> None:
    """What is not settled without the votes that infrastructure failed is not settled at all: the next run goes on."""
    unreached = [vote for vote in votes if vote.missing == "infrastructure"]
    if unreached:
        told = dict.fromkeys(f"{vote.judge} ({vote.model}): {vote.trouble}" for vote in unreached)
        raise InfrastructureFault(f"not judged: {'; '.join(told)}")


def _verdict(
    question: Question,
    votes: Sequence[Vote],
    decision: Decision,
    rule: str,
    panel: Panel,
    facts: Mapping[str, Any],
) -> Verdict:
    info: Verdict = {"rule": rule, **facts}
    if decision.score is None:
        is_refused = any(vote.missing == "refused" for vote in votes)
        info["rule"] = "judge/refused" if is_refused else "judge/disagreement"
        info["reason"] = "judges refuse" if is_refused else "judges disagree"
        info["why"] = next((vote.trouble for vote in votes if vote.missing), "")
    else:
        info["why"] = spoken_for(votes, decision.score)
    accepting, rejecting = decision.sides
    info |= {
        "agreement": {
            "unanimous": is_unanimous(votes, panel.rules),
            "accepting": accepting,
            "rejecting": rejecting,
            "quorum": panel.rules.quorum,
            "threshold": panel.rules.threshold,
        },
        "votes": [vote.record() for vote in votes],
        "lengths": {"response": len(question.response.text), "gold": len(question.gold.text)},
        "prompt_hash": SIMILARITY.hash,
    }
    if question.response.left_out:
        info["left_out"] = question.response.left_out
    return {"score": decision.score, "verification_result_info": info}
