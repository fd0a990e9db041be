"""What is told of a text while it is at hand: the one place where filters' measures of texts are called.

What each of them means stands in its own module; where a text comes from, and where its measures go, in ``measuring``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from genesys.hashing import digest
from genesys.overlap import words_of
from genesys.quality.benchmarks import Benchmarks, benchmark_revisions, open_benchmarks
from genesys.quality.signatures import numbers_digest, signature, text_signature
from genesys.settings import DisputeSettings, Settings
from genesys.verifiers.thinking import split_thinking

VERSION = "1"
ID_LENGTH = 24
"""Hexadecimal digits by which equal texts are known."""

Row = dict[str, Any]


@dataclass
class TextMeasures:
    """What is measured, as the settings want it; made once a process, what is slow to open when it is first wanted."""

    settings: Settings
    disputes: DisputeSettings

    @property
    def versions(self) -> dict[str, str]:
        """What decides the measures besides texts and settings."""
        return {"measures": VERSION}

    @property
    def recipe(self) -> Row:
        """The settings that do."""
        benchmarks = self.settings.benchmarks.recipe if self.settings.release.benchmarks else {}
        return {"votes": self.disputes.votes, "format": self.settings.release.format.model_dump(), **benchmarks}

    def revisions(self) -> dict[str, str]:
        """Of what is read besides the lake."""
        return benchmark_revisions(self.settings) if self.settings.release.benchmarks else {}

    def response(self, prompt: str, text: str, finish_reason: str, *, signed: bool) -> Row:
        """The columns of ``MEASURED`` that its text decides.

        Args:
            prompt: What it answers.
            text: Thinking in its marks, then the answer.
            finish_reason: Why it ended.
            signed: Whether it may be compared with others.
        """
        thinking, answer = split_thinking(text)
        signed_by, numbers = text_signature(text) if signed else (None, None)
        return {
            "thinking_chars": len(thinking),
            "answer_chars": len(answer),
            "faults": self._faults(prompt, thinking, answer, finish_reason),
            "findings": self._findings(text),
            "numbers": numbers,
            "signature": signed_by,
        }

    def prompt(self, prompt: str) -> Row:
        """The columns of ``MEASURED_PROBLEMS`` that its prompt decides."""
        words = words_of(prompt)
        return {
            "digest": digest(words, ID_LENGTH),
            "words": len(words),
            "overlap": self._benchmarks.overlap(prompt) if self._benchmarks else None,
            "numbers": numbers_digest(words),
            "signature": signature(words),
        }

    def _faults(self, prompt: str, thinking: str, answer: str, finish_reason: str) -> list[str]:
        return []

    def _findings(self, text: str) -> list[str]:
        return []

    @cached_property
    def _benchmarks(self) -> Benchmarks | None:
        return open_benchmarks(self.settings) if self.settings.release.benchmarks else None
