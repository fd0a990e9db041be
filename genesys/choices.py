"""What a person chooses about a campaign: how responses are sampled, and from which score on one is accepted."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Sampling(BaseModel):
    """How responses are sampled; part of the campaign's name."""

    model_config = ConfigDict(frozen=True, extra="allow")

    temperature: float = 0.6
    top_p: float = 0.95
    max_tokens: int = 16384


class Acceptance(BaseModel):
    """The least score that counts as accepted, per task type."""

    model_config = ConfigDict(frozen=True)

    default: float = Field(default=1.0, gt=0, le=1)
    by_task_type: dict[str, float] = Field(default_factory=lambda: {"llm_judgeable_groundtruth_similarity": 0.8})

    def accepts(self, task_type: str, score: float | None) -> bool:
        """Null is never accepted."""
        return score is not None and score >= self.by_task_type.get(task_type, self.default)
