"""What is said to a model, what it says, and what a teacher is. Transport and retries stand in ``genesys.teachers``."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"


class Message(BaseModel):
    """One turn of a chat."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant"]
    content: str


class ChatRequest(BaseModel):
    """All that determines an answer (``payload``), and for whom it is asked (the other fields)."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[Message, ...]
    sampling: dict[str, Any]
    """temperature, top_p, max_tokens, seed, ... as the endpoint takes them."""
    sample_index: int = 0

    row_id: str = ""
    name: str = ""
    """The prompt's name, or ``sample``; for people and recorded answers, not part of the key."""
    group: str = ""
    """Calls of one group begin with the same text, as the samples of a prompt do; not part of the key. Where it costs
    nothing they go to one endpoint, which has read that text already."""
    trial: int = 0

    @property
    def continues(self) -> bool:
        """Whether the last message is the beginning of the answer, to go on from."""
        return self.messages[-1].role == "assistant"

    def payload(self, teacher_id: str) -> dict[str, Any]:
        """What the call's key is a hash of."""
        return {
            "teacher_id": teacher_id,
            "messages": [message.model_dump() for message in self.messages],
            "sampling": self.sampling,
            "sample_index": self.sample_index,
        }


class ChatAnswer(BaseModel):
    """What a teacher said, with the thinking apart where the endpoint keeps it apart."""

    model_config = ConfigDict(frozen=True)

    content: str
    reasoning: str | None = None
    finish_reason: str
    """``stop``, or ``length`` when the token limit cut the answer off, or what else the endpoint says."""
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    """Of the prompt's tokens those that the endpoint had read before, where it says so: some charge less for them."""
    completion_tokens: int | None = None
    model: str | None = None
    """The model's name as the endpoint reports it."""
    refused: str | None = None
    """Why the endpoint will never answer this request (prompt over the context window, content filter)."""

    @property
    def text(self) -> str:
        """The rendering published as ``llm_response``: thinking in ``<think>`` marks, then the content."""
        if not self.reasoning:
            return self.content
        closing = THINK_CLOSE if self.content or self.finish_reason != "length" else ""
        return f"{THINK_OPEN}\n{self.reasoning.strip()}\n{closing}\n\n{self.content}".rstrip()


class Completed(BaseModel):
    """An answer and how it was got; the second half varies from run to run."""

    model_config = ConfigDict(frozen=True)

    answer: ChatAnswer
    seconds: float = 0.0
    attempts: int = 1
    endpoint: str | None = None
    tier: str = ""
    """At which of the teacher's prices it was had (``genesys.settings.prices``); empty: the usual ones."""
    engine_seconds: float = 0.0
    """Its share of the time in which the teacher was busy, where that is what is paid for."""


class Teacher(Protocol):
    """Answers chat requests; used by as many tasks at once as ask.

    One that has ``guards_calls = True`` sees to it himself that a call which two processes ask for is made once.
    """

    teacher_id: str
    """Names weights and quantization, not an URL: part of every call's key."""

    @property
    def concurrency(self) -> int:
        """Calls that may be in flight at once, all endpoints together; it may change while a run goes on."""
        ...

    async def complete(self, request: ChatRequest) -> Completed:
        """Answer.

        Raises:
            InfrastructureFault: No answer could be had; the row ends as errored.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections and processes."""
        ...
