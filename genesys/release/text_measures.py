"""What is told of a text while it is at hand: the one place where filters' measures of texts are called.

What each of them means stands in its own module; where a text comes from, and where its measures go, in ``measuring``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from genesys.quality import text_faults
from genesys.quality.benchmarks import Benchmarks, benchmark_revisions, open_benchmarks
from genesys.quality.signatures import text_signature
from genesys.quality.statements import problem_marks
from genesys.quality.text_faults import faults_of, findings_of, parted
from genesys.settings import DisputeSettings, Settings

VERSION = "1"

Row = dict[str, Any]


@dataclass
class TextMeasures:
    """What is measured, as the settings want it; made once a process, what is slow to open when it is first wanted."""

    settings: Settings
    disputes: DisputeSettings

    @property
    def versions(self) -> dict[str, str]:
        """What decides the measures besides texts and settings."""
        return {"measures": VERSION, "text_faults": text_faults.VERSION}

    @property
    def recipe(self) -> Row:
        """The settings that do."""
        benchmarks = self.settings.benchmarks.recipe if self.settings.release.benchmarks else {}
        chosen = self.settings.release.format.model_dump(mode="json")
        return {"votes": self.disputes.votes, "format": chosen, **({"benchmarks": benchmarks} if benchmarks else {})}

    def revisions(self) -> dict[str, str]:
        """Of what is read besides the lake."""
        return benchmark_revisions(self.settings) if self.settings.release.benchmarks else {}

    def response(self, prompt: str, text: str, generation: Row, *, signed: bool) -> Row:
        """The columns of ``MEASURED`` that its text decides.

        Args:
            prompt: What it answers.
            text: Thinking in its marks, then the answer.
            generation: finish_reason and completion_tokens of it.
            signed: Whether it may be compared with others.
        """
        thinking, answer = parted(text)
        wanted, tokens = self.settings.release.format, generation["completion_tokens"]
        signed_by, numbers = text_signature(text) if signed else (None, None)
        return {
            "thinking_chars": len(thinking.strip()),
            "answer_chars": len(answer.strip()),
            "faults": faults_of(prompt, thinking, answer, generation["finish_reason"], wanted, tokens=tokens),
            "findings": findings_of(prompt, text),
            "numbers": numbers,
            "signature": signed_by,
        }

    def prompt(self, prompt: str) -> Row:
        """The columns of ``MEASURED_PROBLEMS`` that its prompt decides."""
        return {
            **problem_marks(prompt),
            "overlap": self._benchmarks.overlap(prompt) if self._benchmarks else None,
        }

    @cached_property
    def _benchmarks(self) -> Benchmarks | None:
        return open_benchmarks(self.settings) if self.settings.release.benchmarks else None
