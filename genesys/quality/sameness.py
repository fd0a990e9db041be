"""Whether two statements are of one problem: the same numbers and signs, nothing contrary, and like words.

A problem is another one if a number differs, if two of its numbers change places, if a sign does, or if a word that
decides what is asked has its contrary in the other (``genesys.quality.contrasts``). What is left is how many of their
words they share, whatever the order: words of grammar count little, notation nothing, and each word once, so that a
name that changes throughout is one difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from genesys.quality.contrasts import NEGATIONS, contrary
from genesys.quality.statements import Statement

_SIGNS = frozenset("+-*<>≤≥≠±")
_LONG, _PHRASE = 4000, 4
FORMULAS, SYMBOLS = 0.7, 12
"""Statements with so many symbols in a row have to share this much of what follows what in their formulas."""


def likeness(one: Statement, two: Statement, *, numbers: bool = True) -> float:
    """How alike the words of two statements are, from 0 to 1.

    Args:
        one: In any order.
        two: The other.
        numbers: Whether numbers are words as well.
    """
    left, right = one.weights, two.weights
    both = sum(left[word] for word in left.keys() & right.keys() if numbers or not word[0].isdigit())
    whole = sum(weight for said in (left, right) for word, weight in said.items() if numbers or not word[0].isdigit())
    return 2 * both / whole if whole else 1.0


def glance(threshold: float) -> float:
    """What signatures have to tell of two statements for a look at their words.

    Signatures are an estimate, of fewer words than are looked at then.
    """
    return 0.6 * threshold / (2 - threshold)


def same_task(one: Statement, two: Statement) -> bool:
    """Whether nothing says that they are different problems, however like their words may be."""
    return (
        same_numbers(one, two)
        and not _other_signs(one, two)
        and not turned_round(one, two)
        and not _other_formulas(one, two)
    )


def same_numbers(one: Statement, two: Statement) -> bool:
    """Whether they have the same numbers in the same places; sentences may have changed theirs."""
    if one.numbers == two.numbers or one.digits == two.digits:
        return True
    left, right = _with_one(one), _with_one(two)
    if sorted(one.numbers) != sorted(two.numbers) and sorted(_numbers(left)) != sorted(_numbers(right)):
        return False
    return not _exchanged(left, right)


def shared_numbers(part: Statement, whole: Statement) -> tuple[int, int]:
    """How many numbers are the same, and how many differ, where a text has the words of another or of a piece of it."""
    from rapidfuzz.distance import Indel

    left, right = _with_one(part)[:_LONG], _with_one(whole)
    same = other = 0
    for change in Indel.opcodes(_masked(left), _masked(right)):
        if change.tag == "equal" and change.src_end - change.src_start >= _PHRASE:
            pairs = zip(
                left[change.src_start : change.src_end], right[change.dest_start : change.dest_end], strict=True
            )
            equal = [one == two for one, two in pairs if one[0].isdigit()]
            same, other = same + sum(equal), other + len(equal) - sum(equal)
    return same, other


def turned_round(one: Statement, two: Statement) -> bool:
    """Whether a word of one says the contrary of what the other says in its place."""
    left, right = Counter(one.words), Counter(two.words)
    only, other = left - right, right - left
    return any((word in only) != (word in other) for word in NEGATIONS & (only.keys() | other.keys())) or contrary(
        only, other
    )


def _with_one(made: Statement) -> list[str]:
    """Words and numbers, ``one`` among these."""
    return ["1" if word == "one" else word for word in made.tokens if word[0] not in _SIGNS]


def _numbers(tokens: list[str]) -> list[str]:
    return [token for token in tokens if token[0].isdigit()]


def _exchanged(left: list[str], right: list[str]) -> bool:
    """Whether another number stands where the words before and after it are the same."""
    from rapidfuzz.distance import Indel

    for change in Indel.opcodes(_masked(left), _masked(right)):
        if change.tag == "equal":
            # Words that an edit has parted say nothing of a number beside them.
            first, last = change.src_start + (change.src_start > 0), change.src_end - (change.src_end < len(left))
            shift = change.dest_start - change.src_start
            if left[first:last] != right[first + shift : last + shift]:
                return True
    return False


def _masked(words: list[str]) -> list[str]:
    return ["0" if word[0].isdigit() else word for word in words]


def _other_signs(one: Statement, two: Statement) -> bool:
    """Whether the same stands behind another sign."""
    left, right = Counter(_signed(one)), Counter(_signed(two))
    only: dict[str, set[str]] = {}
    for sign, token in left - right:
        only.setdefault(token, set()).add(sign)
    return any(only.get(token, set()) - {sign} for sign, token in (right - left))


def _signed(made: Statement) -> Iterator[tuple[str, str]]:
    for sign, token in zip(made.tokens, made.tokens[1:], strict=False):
        if sign in _SIGNS and token not in _SIGNS:
            yield sign, token


def _other_formulas(one: Statement, two: Statement) -> bool:
    """Whether what they say in symbols is something else, though it is said with the same words."""
    left, right = _followers(one), _followers(two)
    if min(left.total(), right.total()) < SYMBOLS:
        return False
    return 2 * (left & right).total() < FORMULAS * (left.total() + right.total())


def _followers(made: Statement) -> Counter[tuple[str, str]]:
    symbols = [token for token in made.tokens if len(token) == 1 or token[0].isdigit()]
    return Counter(zip(symbols, symbols[1:], strict=False))
