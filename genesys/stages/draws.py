"""A line of the sampling plan, settled: whom to ask, how, and how often; and which campaign that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from genesys.choices import TEACHER, Sampling, StopRule
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.recipe import Recipe
from genesys.stages.sampling import GENERATION_VERSION


@dataclass(frozen=True)
class Draw:
    """One line of the plan with its teacher.

    Args:
        teacher_id: In every call's key.
        model: The teacher's name at its endpoint.
        samples: Responses per task; with a rule to stop by, at most.
        sampling: Temperature and the like.
        seed: Each response's own seed is derived from it.
        system_prompt: In place of the lane's; None: the lane's.
        prefill: What each response begins with.
        continue_cut: How often a response that the token limit cut is continued.
        stop: When a task has enough before it has all.
        teacher: Whom the settings mean: the name of a line's teacher.
    """

    teacher_id: str
    model: str
    samples: int
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    system_prompt: str | None = None
    prefill: str = ""
    continue_cut: int = 0
    stop: StopRule | None = None
    teacher: str = TEACHER

    def campaign_settings(self, lane: Lane) -> dict[str, Any]:
        """What makes responses another draw than those of another campaign.

        Neither how many there are, nor how often one may be continued: more of either adds to what stands.
        """
        settings = {
            "teacher_id": self.teacher_id,
            "model": self.model,
            "sampling": self.sampling.model_dump(mode="json"),
            "seed": self.seed,
            "system_prompt": lane.system_prompt if self.system_prompt is None else self.system_prompt,
        }
        # Left out where they say nothing, so that campaigns keep the names that they had before there were these.
        settings |= {"prefill": self.prefill} if self.prefill else {}
        return settings | ({"stop": self.stop.model_dump()} if self.stop else {})

    def campaign(self, lane: Lane) -> str:
        """The campaign's name, of which each range of samples adds its end."""
        return digest(self.campaign_settings(lane), 12)

    def recipe(self, lane: Lane) -> Recipe:
        """What decides the responses to a shard's tasks, besides these."""
        settings = self.campaign_settings(lane) | {"samples": self.samples, "continue_cut": self.continue_cut}
        return Recipe({"generate": GENERATION_VERSION}, settings)
