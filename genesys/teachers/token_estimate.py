"""How many tokens a call will take, told before it is made from those that were: for limits of tokens a minute."""

from __future__ import annotations

from genesys.chat import ChatAnswer, ChatRequest

_NEWEST = 0.05
"""Weight of the newest call in the running means."""
_PER_CHAR = 0.3
"""Tokens a character of a prompt, until answers have told."""
_UNKNOWN = 1000.0
"""Tokens of an answer, until one has told and if none is the most."""


class TokenEstimate:
    """Running means of one model's calls."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._per_char = _PER_CHAR
        self._answer: float | None = None

    def of(self, request: ChatRequest) -> float:
        """Tokens that the call will take, prompt and answer."""
        most = request.sampling.get("max_completion_tokens") or request.sampling.get("max_tokens")
        answer = self._answer if self._answer is not None else _UNKNOWN
        if isinstance(most, int):
            answer = min(answer, float(most))
        return _chars(request) * self._per_char + answer

    def learn(self, request: ChatRequest, answer: ChatAnswer) -> float | None:
        """Take in what a call took; gives that, if the endpoint told."""
        if answer.prompt_tokens is None or answer.completion_tokens is None:
            return None
        if chars := _chars(request):
            self._per_char += _NEWEST * (answer.prompt_tokens / chars - self._per_char)
        known = answer.completion_tokens if self._answer is None else self._answer
        self._answer = known + _NEWEST * (answer.completion_tokens - known)
        return float(answer.prompt_tokens + answer.completion_tokens)


def _chars(request: ChatRequest) -> int:
    return sum(len(message.content) for message in request.messages)
