"""What of a task is drawn before anything is asked: its idea, its depth, the kinds of its evolution.

Everything is a function of the row and the language alone. The shares are chosen, not measured: a third of the
functions is evolved once or not at all, so that there is something for weak teachers, and a quarter four or five times.
"""

from __future__ import annotations

import functools
import importlib.resources
import random
import tomllib
from dataclasses import dataclass

from genesys.curation.code_understanding.problem import Material
from genesys.hashing import derived_seed, digest

DEPTHS = (15, 20, 20, 20, 15, 10)
"""Weights of the depths 0 to 5 up to which a function is evolved."""
COMBINED = 0.6
"""Share of news texts whose function is written from two ideas: else few ideas would give equal functions."""
KINDS = (
    "condition", "state", "compose", "window", "structure", "encoding", "recursion", "control_flow", "arithmetic",
    "lookup", "two_passes", "interaction",
)  # fmt: skip
"""Kinds of evolution; ``understanding_evolve.jinja`` has a wording for each."""


@dataclass(frozen=True)
class Seed:
    """What a function is written from."""

    name: str
    idea: str
    topic: str | None = None


@dataclass(frozen=True)
class Design:
    """All that was drawn for a row in a language.

    Args:
        seeds: One or two ideas.
        numbers: Small numbers for whatever an idea leaves open.
        kinds: One for each round of evolution: as many as the function is to be deep.
    """

    seeds: tuple[Seed, ...]
    numbers: tuple[int, ...]
    kinds: tuple[str, ...]


@functools.cache
def our_seeds() -> tuple[Seed, ...]:
    """The ideas that come with the package, in their order."""
    text = _seeds_text()
    return tuple(
        Seed(name, idea, topic) for topic, ideas in tomllib.loads(text).items() for name, idea in ideas.items()
    )


@functools.cache
def seeds_version() -> str:
    """Changes when the ideas do, and with them what a row draws."""
    return digest(_seeds_text(), 8)


def _seeds_text() -> str:
    return (importlib.resources.files(__package__) / "seeds.toml").read_text("utf-8")


def rng_of(row_id: str, language: str, what: str) -> random.Random:
    """Random numbers of a row in a language, for one purpose."""
    return random.Random(derived_seed("code_understanding", what, row_id, language))


def design(material: Material, row_id: str, language: str) -> Design:
    """Draw the design of a row in a language.

    The ideas of a news text are the same in all languages, which so become versions of one family.
    """
    if material.idea is not None:
        seeds: tuple[Seed, ...] = (Seed(material.name, material.idea, material.topic),)
    else:
        ideas = rng_of(row_id, "", "ideas")
        seeds = tuple(ideas.sample(our_seeds(), 2 if ideas.random() < COMBINED else 1))
    rng = rng_of(row_id, language, "design")
    depth = rng.choices(range(len(DEPTHS)), DEPTHS)[0]
    numbers = tuple(sorted(rng.sample(range(2, 13), 3)))
    return Design(seeds, numbers, tuple(rng.sample(KINDS, depth)))
