"""The records of ``genesys generate`` and ``verify``: they read every upstream form and write the published one.

In a lane rows are dicts with the columns of ``genesys.tables.columns``.

Genesys' field names are never renamed; fields of ours are added with defaults, so that a file written by Genesys reads
here and the other way round. How files of such records are read stands in ``genesys.rows``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from genesys.hashing import digest

JsonDict = dict[str, Any]


def as_text(value: Any) -> str:
    """A mapping of free form as the JSON text that a table keeps; key order is kept, as upstream gave it."""
    return json.dumps(value, ensure_ascii=False, default=str)


def parse_info(value: Any) -> Any:
    """Read ``verification_info`` or ``metadata`` in any form upstream writes it.

    Args:
        value: A mapping, JSON text, Python-literal text, or null; empty text counts as null.

    Returns:
        A dict; null gives ``{}``.

    Raises:
        ValueError: The text is neither JSON nor a Python literal, or does not hold a mapping.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        if not value.strip():
            return {}
        parsed = parse_text(value)
        if parsed is None:
            return {}
        if isinstance(parsed, Mapping):
            return dict(parsed)
        raise ValueError(f"holds {type(parsed).__name__}, expected a mapping")
    raise ValueError(f"is {type(value).__name__}, expected a mapping, JSON text, Python-literal text or null")


def parse_text(text: str) -> Any:
    """JSON text, else Python-literal text, as a value.

    Raises:
        ValueError: It is neither; the message shows its beginning.
    """
    try:
        return json.loads(text)
    except ValueError:
        pass
    except RecursionError:
        raise ValueError("is nested too deeply to be read") from None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise ValueError(f"is neither JSON nor a Python literal: {text[:80]!r}") from None


Info = Annotated[JsonDict, BeforeValidator(parse_info)]


class Record(BaseModel):
    """What all records share: typed fields, reading by key as in ``record["prompt"]``, and unknown fields kept."""

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True, protected_namespaces=())

    def __getitem__(self, name: str) -> Any:
        """Genesys' verifiers read records like dicts."""
        try:
            return getattr(self, name) if name in type(self).model_fields else (self.model_extra or {})[name]
        except KeyError:
            raise KeyError(name) from None

    def get(self, name: str, default: Any = None) -> Any:
        """The field, or ``default`` where there is none."""
        return self[name] if name in self else default  # noqa: SIM401 - this is the very method

    def __contains__(self, name: object) -> bool:
        """Whether a field of this name stands in the record, ours or one that came along."""
        return name in type(self).model_fields or name in (self.model_extra or {})

    def keys(self) -> Iterator[str]:
        """Names of all fields; with ``__getitem__`` this makes ``dict(record)`` and ``{**record}`` work."""
        yield from type(self).model_fields
        yield from self.model_extra or {}

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Validate one upstream row.

        Raises:
            ValueError: Names each field that is wrong and why, on one line.
        """
        try:
            return cls.model_validate(dict(row))
        except ValidationError as error:
            raise ValueError(describe_validation(error)) from None


def describe_validation(error: ValidationError) -> str:
    """A pydantic error as one line a person can act on: ``field: reason; field: reason``."""
    parts = []
    for item in error.errors(include_url=False, include_context=False):
        field = ".".join(str(step) for step in item["loc"]) or "row"
        parts.append(f"{field}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(parts)


class Task(Record):
    """One problem with what is needed to verify an answer to it (Genesys' schema, plus lineage)."""

    problem_id: str
    """Hash of source and upstream row key; the same whatever the prompts."""
    source: str
    task_type: str
    """Chooses the verifier."""
    in_source_id: str | None = None
    prompt: str
    gold_standard_solution: str | None = None
    verification_info: Info = Field(default_factory=dict)
    metadata: Info = Field(default_factory=dict)

    hf_dataset_name: str | None = None
    task_hash: str | None = None
    """Hash of the curated content: what a teacher and a verifier see of the task."""
    family_id: str | None = None
    """The root problem; a problem's translations share it, and splits go by it."""
    parent_ids: tuple[str, ...] = ()
    round: int = 0
    source_url: str | None = None
    revision: str | None = None
    license: str | None = None
    attribution: str | None = None


class Response(Task):
    """A task with one sampled answer of a teacher."""

    llm_response: str
    """The rendering of the last message: ``<think>`` reasoning, if any, then the content."""
    response_id: str
    model_name: str
    generation_config: Info = Field(default_factory=dict)

    messages: tuple[JsonDict, ...] = ()
    """{role, content, reasoning?} of the whole exchange."""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    teacher_id: str | None = None
    campaign: str | None = None
    sample_index: int = 0
    cut_call_keys: tuple[str, ...] = ()
    """Calls whose answers the token limit cut, and that others continued."""


PUBLISHED_COLUMNS = (
    "response_id",
    "problem_id",
    "source",
    "in_source_id",
    "hf_dataset_name",
    "task_type",
    "prompt",
    "gold_standard_solution",
    "llm_response",
    "verification_info",
    "score",
    "verification_result_info",
    "metadata",
)
"""Columns of SYNTHETIC-1's published table, in order."""


class Verification(Response):
    """A response with its verdict."""

    score: float | None = Field(default=None, ge=0.0, le=1.0)
    """0 to 1; null when nothing could be said, which is never accepted."""
    verification_result_info: Info = Field(default_factory=dict)
    accepted: bool = False

    def published(self) -> JsonDict:
        """The record in the published columns; mappings of free form are JSON text there."""
        values = ((name, self.get(name)) for name in PUBLISHED_COLUMNS)
        return {
            name: json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else value
            for name, value in values
        }


TASK_CONTENT = ("task_type", "prompt", "gold_standard_solution", "verification_info")
"""What a teacher or verifier sees of a task; ``task_hash`` covers these."""


def task_hash(task: Mapping[str, Any] | Task) -> str:
    """The hash of a task's curated content, ``verification_info`` being a mapping."""
    return digest([task.get(name) for name in TASK_CONTENT], 24)
