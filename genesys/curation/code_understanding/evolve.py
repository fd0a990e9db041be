"""Writing a function and making it harder, round by round; each round is run and must do something new.

A round whose function is refused, fails, does what the one before it does or hardly differs from an earlier one is
asked for once more, with the reason. If that is refused too, the evolution ends with what stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pydantic import BaseModel

from genesys.calls.context import Calls
from genesys.curation.code_understanding.design import Design
from genesys.curation.code_understanding.functions import Function, read_function
from genesys.curation.code_understanding.inputs import Input
from genesys.curation.code_understanding.truth import Flaw, Truth, truth_of
from genesys.job import Language
from genesys.prompts import Prompt

ATTEMPTS = 2
"""How often a round of evolution is asked for."""
LEAST_NEW = 12
"""Runs of tokens that a round must have which an earlier one has not: that is a line or so, whatever names changed."""
SAME_BEHAVIOUR = "does what the one before it does"
TOO_NEAR = "near-duplicate of an earlier round"

SIGNATURES: dict[Language, str] = {
    "python": "def transform(s: str) -> str",
    "javascript": "function transform(s)",
    "rust": "fn transform(s: &str) -> String",
    "cpp": "std::string transform(const std::string& s)",
}
NAMES: dict[Language, str] = {"python": "Python 3", "javascript": "JavaScript", "rust": "Rust", "cpp": "C++"}


class WrittenFunction(BaseModel):
    """Answer of ``understanding_write`` and of ``understanding_evolve``."""

    code: str


WRITE = Prompt("understanding_write", WrittenFunction, block="code", max_tokens=6144)
EVOLVE = Prompt("understanding_evolve", WrittenFunction, block="code", max_tokens=8192)


@dataclass(frozen=True)
class Depth:
    """A function that stands, and how it was come by.

    Args:
        function: As it is shown.
        truth: What it was found to do.
        kinds: Of the rounds that led to it, in their order: as many as it is deep.
    """

    function: Function
    truth: Truth
    kinds: tuple[str, ...] = ()


@dataclass
class Evolution:
    """How far a function came."""

    depths: list[Depth]
    refused: Counter[str] = field(default_factory=Counter)
    """Attempts at rounds that came to nothing, by reason."""


async def write(language: Language, design: Design, example: str, calls: Calls) -> Function | Flaw:
    """Have the first function written."""
    ideas = [seed.idea for seed in design.seeds]
    said = await calls.ask(
        WRITE,
        ideas=ideas,
        example=example,
        numbers=list(design.numbers),
        signature=SIGNATURES[language],
        language_name=NAMES[language],
    )
    return _read(language, said.code, design)


async def evolve(first: Depth, design: Design, given: tuple[Input, ...], calls: Calls) -> Evolution:
    """Make a function harder, one round for each kind of the design."""
    evolution = Evolution([first])
    for kind in design.kinds:
        found = await _round(evolution, kind, design, given, calls)
        if found is None:
            break
        evolution.depths.append(found)
    return evolution


async def _round(
    evolution: Evolution, kind: str, design: Design, given: tuple[Input, ...], calls: Calls
) -> Depth | None:
    before, trouble = evolution.depths[-1], ""
    tried: set[Function] = {depth.function for depth in evolution.depths}
    for _ in range(ATTEMPTS):
        language = before.function.language
        said = await calls.ask(
            EVOLVE,
            code=before.function.code,
            kind=kind,
            trouble=trouble,
            signature=SIGNATURES[language],
            language_name=NAMES[language],
        )
        function = _read(language, said.code, design)
        found = function if isinstance(function, Flaw) else await _new(function, evolution, tried, given, calls)
        if isinstance(found, Truth) and isinstance(function, Function):
            return Depth(function, found, (*before.kinds, kind))
        trouble = found.reason if isinstance(found, Flaw) else ""
        evolution.refused[trouble] += 1
    return None


async def _new(
    function: Function, evolution: Evolution, tried: set[Function], given: tuple[Input, ...], calls: Calls
) -> Truth | Flaw:
    """What a round's function does, if it is new."""
    if function in tried:  # the same program again would be the same call again
        return Flaw(SAME_BEHAVIOUR)
    tried.add(function)
    if any(len(function.shingles - depth.function.shingles) < LEAST_NEW for depth in evolution.depths):
        return Flaw(TOO_NEAR)
    truth = await truth_of(function, given, calls)
    if isinstance(truth, Truth) and any(truth.behaviour == depth.truth.behaviour for depth in evolution.depths):
        return Flaw(SAME_BEHAVIOUR)
    return truth


def _read(language: Language, written: str, design: Design) -> Function | Flaw:
    found = read_function(language, written, tuple(seed.idea for seed in design.seeds))
    return found if isinstance(found, Function) else Flaw(*found)
