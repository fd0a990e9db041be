"""Several answers in one: lists, tuples, sets, matrices. How two of their parts compare is said in ``equality``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genesys.verifiers.math import families
from genesys.verifiers.math.answers import Answer, Grid, Named, Row, Scalar
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision
from genesys.verifiers.math.identity import Undecided, value_of
from genesys.verifiers.math.names import same_name
from genesys.verifiers.math.tree import has_signs, symbols, values_of_signs

MAX_ITEMS = 200
MAX_PAIRED = 50
"""Items that are paired by trial, each with each."""
_NUMBERED = re.compile(r"(?P<letter>[A-Za-z])_\{?\d\}?")
Same = Callable[[Answer, Answer], bool]


@dataclass(frozen=True)
class Rows:
    """Compares collections; the first is always the gold's.

    Args:
        same: Whether two parts are equal, where a value with a free whole number stands for all its values.
        same_in_place: The same within a tuple, where it stands for one.
        whole: Letters that stand for any whole number.
        context: The task.
    """

    same: Same
    same_in_place: Same
    whole: frozenset[str]
    context: Context

    def decide(self, gold: Row, answer: Row) -> Decision:
        """The decision on two collections.

        Raises:
            Undecided: They have too many items, or a value cannot be computed.
        """
        if max(len(gold.items), len(answer.items)) > MAX_ITEMS:
            raise Undecided("too many items")
        kinds = {gold.kind, answer.kind}
        if kinds == {"tuple", "set"}:
            return Decision(False, "order")
        if "tuple" in kinds and not (kinds == {"tuple", "list"} and _of_tuples(gold, answer)):
            return self._in_order(gold.items, answer.items if _any_named(gold.items) else _by_letters(answer))
        if self.context.ordered and "set" not in kinds and _is_ordered(gold):
            return self._in_order(gold.items, answer.items)
        left, right = expanded(gold), expanded(answer)
        if all(isinstance(item, Named) for item in (*left, *right)) and len({name_of(i) for i in left}) > 1:
            return self._byname_of(left, right)
        names = {name_of(item) for item in left if isinstance(item, Named)}
        if len(names) > 1 and not _any_named(right) and not self._are_labels(names):
            return self._in_order(left, right)  # w = 16, d = 3 beside 16, 3
        # A solution of several letters that is listed twice is still that solution; a number given twice is not.
        are_points = all(isinstance(value_in(item), Row) for item in (*left, *right))
        equal = self.same_sets(left, right, repeats_count="set" not in kinds and not are_points)
        return Decision(equal, "set" if "set" in kinds else "items") if equal else self._as_families(left, right)

    def _are_labels(self, names: set[str]) -> bool:
        """Whether names only number the solutions: x_1 and x_2, of which the task knows nothing."""
        heads = {_NUMBERED.fullmatch(name) for name in names}
        if None in heads or len({head["letter"] for head in heads if head}) > 1:
            return False
        return bool(self.context.prompt) and not any(_NUMBERED.search(word) for word in self.context.prompt.split())

    def _as_families(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> Decision:
        left, right = ([one.node for one in map(value_in, side) if isinstance(one, Scalar)] for side in (gold, answer))
        names = {name_of(item) for item in (*gold, *answer)} - {""}
        are_values = len(left) == len(gold) and len(right) == len(answer) and len(names) < 2
        if are_values and any(families.is_family(node, self.whole) for node in left):
            return Decision(families.same_family(left, right, self.whole), "family")
        return Decision(False, "items")

    def _byname_of(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> Decision:
        rest, partners = list(answer), []
        for item in gold:
            partner = next((other for other in rest if same_name(name_of(item), name_of(other))), None)
            if partner is None:
                return Decision(False, "names")
            partners.append(partner)
            rest.remove(partner)
        return Decision(not rest and self._in_order(gold, partners).equal, "names")

    def _in_order(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> Decision:
        if len(gold) != len(answer):
            return Decision(False, "count")
        # One letter may stand in several places, so that it cannot be chosen for each of them by itself.
        equal = all(self.same_in_place(value_in(a), value_in(b)) for a, b in zip(gold, answer, strict=True))
        if not equal and len(gold) > 0:
            equal = families.same_parametrized(gold, answer, self.whole)
        return Decision(equal, "tuple")

    def same_sets(self, gold: Sequence[Answer], answer: Sequence[Answer], *, repeats_count: bool = False) -> bool:
        """Whether each of the gold's items has its own partner in the answer and none is left over."""
        left, right = list(gold), list(answer)
        if not repeats_count:
            left, right = self._distinct(left), self._distinct(right)
        if len(left) != len(right):
            return False
        ordered = _by_value(left), _by_value(right)
        if ordered[0] and ordered[1] and all(self.same(a, b) for a, b in zip(*ordered, strict=True)):
            return True
        if len(left) > MAX_PAIRED:
            return False
        for item in left:
            partner = next((index for index, other in enumerate(right) if self.same(item, other)), None)
            if partner is None:
                return False
            del right[partner]
        return True

    def _distinct(self, items: Sequence[Answer]) -> list[Answer]:
        kept: list[Answer] = []
        for item in items:
            if not any(self.same(other, item) for other in kept):
                kept.append(item)
        return kept

    def grids(self, gold: Grid, answer: Grid) -> Decision:
        """The decision on two matrices."""
        shapes = [(len(grid.rows), len(grid.rows[0])) for grid in (gold, answer)]
        if shapes[0] != shapes[1]:
            return Decision(False, "matrix")
        rows = zip(gold.rows, answer.rows, strict=True)
        return Decision(all(self.same(a, b) for row in rows for a, b in zip(*row, strict=True)), "matrix")


def _by_value(items: Sequence[Answer]) -> list[Answer]:
    """Numbers in order of size, so that each is compared once; nothing where something else is among them."""
    keyed = [(value_of(item.node), item) for item in items if isinstance(item, Scalar) and not symbols(item.node)]
    if len(keyed) != len(items) or any(value is None for value, _ in keyed):
        return []
    return [item for _, item in sorted(keyed, key=lambda pair: ((pair[0] or 0j).real, (pair[0] or 0j).imag))]


def _by_letters(row: Row) -> Sequence[Answer]:
    """Values of single letters in the order of these, in which a bare tuple gives them."""
    names = [name_of(item) for item in row.items]
    is_lettered = len(set(names)) == len(names) and all(len(name) == 1 for name in names)
    return sorted(row.items, key=name_of) if is_lettered else row.items


def _is_ordered(row: Row) -> bool:
    """Whether numbers go up or down."""
    values = [value_of(item.node) for item in row.items if isinstance(item, Scalar) and not symbols(item.node)]
    if len(values) != len(row.items) or None in values:
        return False
    reals = [value.real for value in values if value is not None]
    return reals in (sorted(reals), sorted(reals, reverse=True))


def _of_tuples(gold: Row, answer: Row) -> bool:
    """Whether the bare list beside a tuple is a list of tuples, so that the two are no two spellings of one tuple."""
    bare = gold if gold.kind == "list" else answer
    return any(isinstance(value_in(item), Row) for item in bare.items)


def signed(scalar: Scalar) -> list[Answer]:
    """All values of a plus-minus, else the value."""
    return [Scalar(node, scalar.unit, scalar.percent) for node in values_of_signs(scalar.node)]


def expanded(row: Row) -> list[Answer]:
    r"""The items of a row, with ``\pm`` written out; in a tuple each sign is free."""
    if row.kind == "tuple":
        return _tuples(row)
    items: list[Answer] = []
    for item in row.items:
        value = value_in(item)
        if isinstance(value, Scalar) and has_signs(value.node):
            items.extend(signed(value))
        elif isinstance(value, Row) and value.kind == "tuple":
            items.extend(_tuples(value))
        else:
            items.append(item)
    return items


def _tuples(row: Row) -> list[Answer]:
    found: list[tuple[Answer, ...]] = [()]
    for item in row.items:
        choices = signed(item) if isinstance(item, Scalar) else [item]
        found = [(*head, choice) for head in found for choice in choices]
        if len(found) > MAX_PAIRED:
            return [row]
    return [Row("tuple", items) for items in found]


def value_in(answer: Answer) -> Answer:
    """An answer without its name."""
    return answer.value if isinstance(answer, Named) else answer


def name_of(answer: Answer) -> str:
    """The name of an answer, empty where it has none."""
    return answer.name if isinstance(answer, Named) else ""


def _any_named(answers: Sequence[Answer]) -> bool:
    return any(isinstance(answer, Named) for answer in answers)
