"""What a person chooses about a campaign: how responses are sampled, and from which score on one is accepted."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_SAMPLES = 500
TEACHER = "teacher"
"""The first teacher's name in the plan."""


Temperature = Annotated[float, Field(ge=0)]


class Sampling(BaseModel):
    """How responses are sampled; part of the campaign's name.

    Any further field goes to the endpoint as it is: ``top_k``, ``min_p``, ``reasoning_effort``, ``chat_template``,
    ``chat_template_kwargs``.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    temperature: Temperature | Annotated[tuple[Temperature, ...], Field(min_length=1)] = 0.6
    """Several are taken in turn: sample 0 has the first, sample 1 the second."""
    top_p: float = 0.95
    max_tokens: int = 16384


class StopRule(BaseModel):
    """When a task has enough responses before it has all: rules on verdicts, taken as the responses come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accepted: int = Field(default=0, ge=0, le=MOST_SAMPLES)
    """So many accepted responses are enough; 0: never."""
    alike: int = Field(default=0, ge=0, le=MOST_SAMPLES // 2)
    """The first so many are all accepted (the task is easy), or the first twice as many all rejected (it is hopeless);
    0: never."""

    @model_validator(mode="after")
    def _says_something(self) -> StopRule:
        if not self.accepted and not self.alike:
            raise ValueError("a rule to stop by names `accepted`, `alike`, or both")
        return self


class PlanLine(BaseModel):
    """One line of the sampling plan: a teacher, how it is sampled, how often. A shard's responses are those of all."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    teacher: str = TEACHER
    """``teacher`` is the section of this name; any other is a section ``[teachers.NAME]``."""
    samples: int | None = Field(default=None, ge=1, le=MOST_SAMPLES)
    """Responses per task, at most; by default the settings' ``samples``."""
    sampling: dict[str, Any] = Field(default_factory=dict)
    """What differs from ``[sampling]``."""
    seed: int | None = None
    """By default the settings' ``seed``."""
    system_prompt: str | None = None
    """In place of the lane's."""
    prefill: str = ""
    """What each response begins with: the teacher goes on from there."""
    continue_cut: int = Field(default=0, ge=0, le=50)
    """A response that the token limit cut is continued so many times at most."""
    stop: StopRule | None = None


class Acceptance(BaseModel):
    """The least score that counts as accepted, per task type."""

    model_config = ConfigDict(frozen=True)

    default: float = Field(default=1.0, gt=0, le=1)
    by_task_type: dict[str, float] = Field(default_factory=lambda: {"llm_judgeable_groundtruth_similarity": 0.8})

    def accepts(self, task_type: str, score: float | None) -> bool:
        """Null is never accepted."""
        return score is not None and score >= self.by_task_type.get(task_type, self.default)
