"""A response that is not finished: what it says so far, and how what comes next is joined to it. No calls here.

A teacher is asked to go on by a last message of its own (``ChatRequest.continues``). Endpoints that keep the thinking
apart take it back as one text, so that both parts are put together for the question and taken apart in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from genesys.chat import THINK_CLOSE, THINK_OPEN, ChatAnswer


@dataclass(frozen=True)
class Partial:
    """What was said so far; ``is_thinking`` tells on which side of the thinking's end it stopped."""

    reasoning: str = ""
    content: str = ""
    is_thinking: bool = False

    @classmethod
    def prefilled(cls, prefill: str) -> Partial:
        """What a response is made to begin with."""
        if not prefill.startswith(THINK_OPEN):
            return cls(content=prefill)
        thought, closed, content = prefill.removeprefix(THINK_OPEN).partition(THINK_CLOSE)
        return cls(thought, content.lstrip("\n"), is_thinking=not closed)

    @property
    def text(self) -> str:
        """As one text to go on from, to the last space: nothing is stripped at the place where it was cut."""
        if not self.reasoning and not self.is_thinking:
            return self.content
        opened = THINK_OPEN + ("" if self.reasoning.startswith("\n") else "\n") + self.reasoning
        return opened if self.is_thinking else f"{opened.rstrip()}\n{THINK_CLOSE}\n\n{self.content}"

    def then(self, answer: ChatAnswer) -> Partial:
        """With what the teacher said next."""
        reasoning, content = answer.reasoning or "", answer.content
        was_cut = answer.finish_reason == "length"
        if not self.is_thinking:
            if self.reasoning:  # past the thinking; an endpoint may still take what follows for a part of it
                return Partial(self.reasoning, self.content + reasoning + content)
            return Partial(reasoning, self.content + content, is_thinking=bool(reasoning) and not content and was_cut)
        if not reasoning:  # an endpoint that does not look for thinking in what it was given to go on from
            reasoning, closed, content = content.partition(THINK_CLOSE)
            return Partial(self.reasoning + reasoning, content.lstrip("\n"), is_thinking=not closed and was_cut)
        return Partial(self.reasoning + reasoning, content, is_thinking=not content and was_cut)
