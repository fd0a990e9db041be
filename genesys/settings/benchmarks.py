"""``[benchmarks]``: public test sets whose rows no task may be. ``genesys.overlap`` says what an overlap is.

The default list is of sets that are open to everybody; GPQA, whose terms have to be accepted, is not among them, and
can be named under ``[[benchmarks.further]]`` by who has.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from genesys.overlap import RUN, SHARE
from genesys.settings.sections import Strict
from genesys.sources import Source

NEAR = 0.7
"""Likeness of statements, as ``genesys.quality.sameness`` counts it."""


class Benchmark(Strict):
    """One test set."""

    path: str
    """A hub id, or a local .jsonl or .parquet file, folder or glob."""
    column: str
    """The one that holds what is asked; several by ``+`` (``context+question``)."""
    key: str | None = None
    """The column by which a person finds the row again; by default its number."""
    name: str | None = None
    revision: str | None = None
    split: str = "test"
    config: str | None = None
    data_files: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        """Where its rows are."""
        return Source(**self.model_dump(exclude={"column", "key"}))

    @property
    def label(self) -> str:
        """What a person is told."""
        return self.name or self.path


DEFAULT = (
    Benchmark(path="HuggingFaceH4/MATH-500", column="problem", key="unique_id"),
    Benchmark(path="openai/gsm8k", config="main", column="question"),
    Benchmark(path="HuggingFaceH4/aime_2024", split="train", column="problem", key="id"),
    Benchmark(path="math-ai/aime25", column="problem", key="id"),
    Benchmark(
        path="Hothan/OlympiadBench", config="OE_TO_maths_en_COMP", split="train", column="context+question", key="id"
    ),
    Benchmark(path="TIGER-Lab/MMLU-Pro", column="question", key="question_id"),
    Benchmark(path="openai/openai_humaneval", column="prompt", key="task_id"),
    Benchmark(path="google-research-datasets/mbpp", config="full", column="text", key="task_id"),
    # A repository with a loading script: its files are named.
    Benchmark(
        path="livecodebench/code_generation_lite",
        data_files=("test*.jsonl",),
        column="question_content",
        key="question_id",
    ),
    Benchmark(path="cruxeval-org/cruxeval", column="code", key="id"),
    Benchmark(path="princeton-nlp/SWE-bench_Verified", column="problem_statement", key="instance_id"),
)


class BenchmarkSettings(Strict):
    """Which test sets, and what an overlap with them is."""

    default: bool = True
    """The list above, fetched from the hub once and kept in the state."""
    further: tuple[Benchmark, ...] = ()
    """Sets of your own, each a section ``[[benchmarks.further]]``."""
    words: int = Field(default=RUN, ge=5, le=100)
    """So many words in a row that both have are an overlap, ..."""
    share: float = Field(default=SHARE, ge=0, le=1)
    """... if they and further such runs cover this share of the benchmark's text."""
    likeness: float = Field(default=NEAR, gt=0, le=1)
    """A task with the numbers of a benchmark's text and words that are so much alike is that text, edited."""

    @property
    def chosen(self) -> tuple[Benchmark, ...]:
        """All of them."""
        return (*(DEFAULT if self.default else ()), *self.further)

    @property
    def recipe(self) -> dict[str, Any]:
        """What decides which rows overlap, besides what the sets hold; empty where there are no sets."""
        sets = [benchmark.model_dump() for benchmark in self.chosen]
        return {"sets": sets, "words": self.words, "share": self.share, "likeness": self.likeness} if sets else {}
