"""What calls used: tokens and time, by who answered and for which stage. Money stands in ``genesys.costs``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any, NamedTuple

from genesys.calls.entry import Entry

CHAT, UNKEPT = "chat", "unkept"
"""Kinds of entries that were paid for: a finished call, and an answer that was had and could not be used."""
RECORDED = "recorded"
"""The tier of answers that a recorded teacher gave: nobody is paid for them again."""
BATCH = "batch"
"""The tier of answers that a provider's Batch API gave."""
RESTORED = "restored"
"""The tier of entries that were put back from a table: they were paid for, and counted, when they were made."""
_CHARS_PER_TOKEN = 4.0


class Payee(NamedTuple):
    """Who was paid, and for what."""

    stage: str
    """The lane's table that the call was made for; empty where that was not kept."""
    name: str
    """The prompt's name, or ``sample``."""
    teacher_id: str
    tier: str
    """At which of its prices."""


@dataclass
class Usage:
    """Sums over calls. All of them are numbers that add up."""

    calls: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    """Calls whose endpoint told no tokens: they are taken from the length of the texts."""
    engine_seconds: float = 0.0
    seconds: float = 0.0
    """What the calls took one by one, those side by side counted each."""

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.prompt_tokens + self.completion_tokens

    def add(self, other: Usage) -> None:
        """Count what another one counted too."""
        for name in NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def as_dict(self) -> dict[str, float]:
        """For a manifest."""
        return {name: getattr(self, name) for name in NAMES}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Usage:
        """The inverse; what is not there is nothing."""
        return cls(**{name: values[name] for name in NAMES if name in values})


NAMES = tuple(field.name for field in fields(Usage))


def usage_of(entry: Entry) -> tuple[Payee, Usage] | None:
    """What a finished call used, and who was paid; None for one that no model answered."""
    if entry.kind not in (CHAT, UNKEPT):
        return None
    answer = entry.result["answer"]
    prompt, completion = answer.get("prompt_tokens"), answer.get("completion_tokens")
    told = prompt is not None and completion is not None
    estimated = not told and answer.get("refused") is None
    if estimated:
        asked = sum(len(str(message["content"])) for message in entry.payload.get("messages", ()))
        said = len(answer.get("content") or "") + len(answer.get("reasoning") or "")
        prompt = prompt if prompt is not None else round(asked / _CHARS_PER_TOKEN)
        completion = completion if completion is not None else round(said / _CHARS_PER_TOKEN)
    tier = RECORDED if entry.endpoint == "recorded" else "" if entry.tier == RESTORED else entry.tier
    payee = Payee(entry.stage, entry.name, str(entry.payload.get("teacher_id", "")), tier)
    return payee, Usage(
        calls=1,
        attempts=entry.attempts,
        prompt_tokens=prompt or 0,
        cached_tokens=answer.get("cached_tokens") or 0,
        completion_tokens=completion or 0,
        estimated=int(estimated),
        engine_seconds=entry.engine_seconds,
        seconds=entry.seconds,
    )
