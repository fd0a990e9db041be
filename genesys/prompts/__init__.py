"""Prompts: one Jinja file each, with the type of its answer. Where one is used stands with its lane or verifier.

A prompt's hash covers its file and its answer's JSON schema, and is part of lineage.
"""

from __future__ import annotations

import functools
import importlib.resources
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import jinja2
from pydantic import BaseModel, ValidationError

from genesys.chat import Message
from genesys.hashing import digest
from genesys.lenient_json import dicts
from genesys.prompts.blocks import last_block
from genesys.well_formed import well_formed_value

Answer = TypeVar("Answer", bound=BaseModel)
Role = Literal["curator", "judge"]


@functools.cache
def _environment() -> jinja2.Environment:
    """Prompts are text for models, not HTML: nothing is escaped, and an unknown variable is an error."""
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - see above
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def _template(source: str) -> jinja2.Template:
    """Compiled once: that takes longer than all the rest of what is done for most rows."""
    return _environment().from_string(source)


@dataclass(frozen=True)
class PromptFile:
    """A text with variables.

    Args:
        name: The file ``genesys/prompts/<name>.jinja``.
    """

    name: str

    @functools.cached_property
    def source(self) -> str:
        """Text of the file."""
        return (importlib.resources.files("genesys.prompts") / f"{self.name}.jinja").read_text("utf-8")

    @functools.cached_property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that change when the file does."""
        return digest(self.source, 16)

    def text(self, **variables: Any) -> str:
        """The whole file for these variables.

        Raises:
            jinja2.UndefinedError: A variable that the file uses was not given.
        """
        return _template(self.source).render(**variables).strip()


@dataclass(frozen=True)
class Prompt(PromptFile, Generic[Answer]):
    """A question to a curator or judge with a typed answer; its file has the blocks ``system`` and ``user``.

    Args:
        name: The file ``genesys/prompts/<name>.jinja``.
        answer: What the model must answer, as a pydantic model; its schema is sent along where the endpoint takes one.
        role: Who is asked.
        max_tokens: Token limit of the answer, the thinking included.
        block: A field of the answer that the model writes as a fenced block before the JSON object with the others:
            programs and long texts come to harm as JSON strings. An answer of this field alone needs no object.
    """

    answer: type[Answer]
    role: Role = "curator"
    max_tokens: int = 4096
    block: str | None = None

    @functools.cached_property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that change when the file or the answer's schema does."""
        said = [self.source, self.answer.model_json_schema()]
        return digest([*said, self.block] if self.block else said, 16)

    def render(self, **variables: Any) -> tuple[Message, ...]:
        """The messages for these variables.

        Raises:
            jinja2.UndefinedError: A variable that the file uses was not given.
        """
        template = _template(self.source)
        messages = []
        roles: tuple[Literal["system", "user"], ...] = ("system", "user")
        for role in roles:
            if (block := template.blocks.get(role)) is not None:
                text = "".join(block(template.new_context(variables))).strip()
                messages.append(Message(role=role, content=text))
        return tuple(messages)

    def sampling(self, structured: bool) -> dict[str, Any]:
        """Sampling parameters: greedy, and with the answer's schema where the endpoint takes one.

        No schema allows for a fenced block before the object.
        """
        parameters: dict[str, Any] = {"temperature": 0.0, "max_tokens": self.max_tokens}
        if structured and not self.block:
            schema = {"name": self.name, "schema": self.answer.model_json_schema()}
            parameters["response_format"] = {"type": "json_schema", "json_schema": schema}
        return parameters

    def read(self, text: str) -> Answer:
        """The typed answer in what a model wrote: the last JSON object after its thinking that fits the schema.

        A fenced block, where the prompt has one, is the last that is not labelled as JSON.
        A well-formed text can name half a character all the same, as an escape of its JSON.

        Raises:
            ValueError: There is none; says what the nearest one lacks.
        """
        said, given = text.rpartition("</think>")[2], {}
        if self.block:
            if (found := last_block(said)) is None:
                raise ValueError(f"{self.name}: the answer has no fenced block: {text[-200:]!r}")
            given, said = {self.block: well_formed_value(found[0])}, found[1]
        objects = list(dicts(said)) or ([{}] if given else [])
        trouble = "no JSON object"
        for candidate in reversed(objects):
            try:
                return self.answer.model_validate(well_formed_value(candidate) | given)
            except ValidationError as error:
                trouble = f"{error.error_count()} fields do not fit"
        raise ValueError(f"{self.name}: the answer has {trouble}: {text[-200:]!r}")
