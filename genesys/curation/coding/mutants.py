"""Wrong variants of a right program, by which the tests of a task are tried: tests that let them pass test little.

Which slips there are stands in ``slips`` (Python, by its syntax tree) and ``tokens`` (other languages); here
they are chosen: kinds of slips take turns, so that few mutants cover many kinds. Some mutants are equal to the original
by chance, which is why a share of caught ones is asked for, and not all.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import TypeVar

from genesys.curation.coding.slips import Site, python_sites
from genesys.curation.coding.tokens import token_changes
from genesys.hashing import derived_seed

Each = TypeVar("Each")


def mutants(language: str, source: str, k: int, seed: str = "") -> list[str]:
    """Up to ``k`` wrong variants of a program, distinct from it and from each other; all of them parse.

    Args:
        language: ``python``, ``cpp``, ``javascript`` or ``rust``.
        source: The program.
        k: How many to give at most. Where single changes are too few they are changed once more; a program of one
            plain call has fewer all the same.
        seed: Chooses among the variants; the same seed gives the same ones.
    """
    order = random.Random(derived_seed("mutants", seed))  # noqa: S311 - a choice that a rerun must make again
    return (_python_mutants if language == "python" else _token_mutants)(source, k, order)


def _python_mutants(source: str, k: int, order: random.Random) -> list[str]:
    try:
        original = ast.unparse(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return _variants(original, k, partial(_python_variants, order=order))


def _token_mutants(source: str, k: int, order: random.Random) -> list[str]:
    return _variants(source, k, partial(_token_variants, order=order))


def _variants(original: str, k: int, changed: Callable[[str], Iterator[str]]) -> list[str]:
    """Up to ``k`` distinct programs: those with one slip, and where they are too few, with one more."""
    found: list[str] = []
    once: list[str] = []
    for base in chain([original], once):  # the second is filled when the original has no more to change
        for mutant in changed(base):
            if mutant != original and mutant not in found:
                found.append(mutant)
            if len(found) == k:
                return found
        if base == original:
            once += found
    return found


def _python_variants(source: str, order: random.Random) -> Iterator[str]:
    for site in _in_turns(python_sites(source), order, lambda site: site.kind):
        if (mutant := _changed(source, site)) is not None:
            yield mutant


def _token_variants(source: str, order: random.Random) -> Iterator[str]:
    for change in _in_turns(token_changes(source), order, lambda change: change.kind):
        yield source[: change.start] + change.text + source[change.end :]


def _in_turns(items: list[Each], order: random.Random, kind: Callable[[Each], str]) -> Iterator[Each]:
    """Items of different kinds in turns, each kind in random order."""
    groups: dict[str, list[Each]] = {}
    for item in items:
        groups.setdefault(kind(item), []).append(item)
    for group in groups.values():
        order.shuffle(group)
    waiting = list(groups.values())
    while waiting:
        for group in waiting:
            yield group.pop()
        waiting = [group for group in waiting if group]


def _changed(source: str, site: Site) -> str | None:
    """The program with one slip; None where the outcome does not parse."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        if number == site.node:
            site.slip(node)
            break
    try:
        changed = ast.unparse(ast.fix_missing_locations(tree))
        compile(changed, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return changed
