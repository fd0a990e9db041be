"""When two answers are the same, by what they are. Every decision names its rule; what cannot be decided is None.

The gold is trusted and the answer is not: an answer may leave out a unit or a name, but not add a value to choose from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from genesys.verifiers.math import families, regions
from genesys.verifiers.math.answers import Answer, Grid, Named, Ratio, Region, Relation, Row, Scalar, Words
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision
from genesys.verifiers.math.equations import same_relation, solves
from genesys.verifiers.math.identity import TooBig, Undecided, same, value_of
from genesys.verifiers.math.names import same_name
from genesys.verifiers.math.quantities import same_quantity
from genesys.verifiers.math.reading import read
from genesys.verifiers.math.tokens import Unreadable
from genesys.verifiers.math.tree import Number, Quotient, has_signs, symbols, with_signs
from genesys.verifiers.math.words import ordinal_in_words, plain_words, same_words

MAX_ITEMS = 200


def compare(gold: str, answer: str, context: Context) -> Decision | None:
    """Compare an extracted answer with a gold.

    Args:
        gold: The gold's short answer.
        answer: What was extracted from the response.
        context: The task.

    Returns:
        The decision, or None where one of the two cannot be read or nothing can be computed.
    """
    try:
        left, right = read(gold, is_gold=True), read(answer)
    except Unreadable:
        return None
    undecided = False
    first: Decision | None = None
    for one in left.answers:
        for other in right.answers:
            try:
                decision = _Comparison(families.free_letters(left, right), context).decide(one, other)
            except TooBig:
                first = Decision(False, "too-big")
                continue
            except Undecided:
                undecided = True
                continue
            if decision.equal:
                return decision
            first = first or decision
    return None if undecided else first


class _Comparison:
    """Compares answers of two readings; the first is always the gold's."""

    def __init__(self, whole: frozenset[str], context: Context, *, as_sets: bool = True) -> None:
        self.whole = whole
        self.context = context
        self.as_sets = as_sets
        """Whether a value with a free whole number stands for all its values: not within a tuple."""

    def decide(self, gold: Answer, answer: Answer) -> Decision:
        """The decision on one reading of each.

        Raises:
            Undecided: A value cannot be computed.
        """
        if gold == answer:
            return Decision(True, _rule_of(gold))
        if isinstance(gold, Named) or isinstance(answer, Named):
            return self._named(gold, answer)
        for kinds, method in self._methods():
            if isinstance(gold, kinds[0]) and isinstance(answer, kinds[1]):
                return method(gold, answer)
        return self._unlike(gold, answer)

    def _methods(self) -> Sequence[tuple[tuple[type, type], Callable[..., Decision]]]:
        return (
            ((Scalar, Scalar), self._scalars),
            ((Row, Row), self._rows),
            ((Region, Region), self._regions),
            ((Relation, Relation), self._relations),
            ((Ratio, Ratio), self._ratios),
            ((Grid, Grid), self._grids),
            ((Words, Words), self._words),
            ((Relation, Scalar), self._solved),
        )

    def same(self, gold: Answer, answer: Answer) -> bool:
        """Whether two parts are equal."""
        return self.decide(gold, answer).equal

    # One value ------------------------------------------------------------------------------------------------

    def _scalars(self, gold: Scalar, answer: Scalar) -> Decision:
        doubles = has_signs(gold.node), has_signs(answer.node)
        if any(doubles):
            return Decision(all(doubles) and self._same_sets(_signed(gold), _signed(answer)), "plus-minus")
        decision = same_quantity(gold, answer, self.context)
        if decision.equal:
            return decision
        if self.as_sets and families.is_family(gold.node, self.whole) and families.is_family(answer.node, self.whole):
            return Decision(families.same_family([gold.node], [answer.node], self.whole), "family")
        return decision

    def _solved(self, gold: Relation, answer: Scalar) -> Decision:
        """The gold is an equation, the answer what one of its letters is."""
        return Decision(solves(gold, answer.node), "solved-equation")

    def _ratios(self, gold: Ratio, answer: Ratio) -> Decision:
        if len(gold.parts) != len(answer.parts):
            return Decision(False, "ratio")
        pairs = zip(gold.parts[1:], answer.parts[1:], strict=True)
        equal = all(same(Quotient(a, gold.parts[0]), Quotient(b, answer.parts[0])) for a, b in pairs)
        return Decision(equal, "ratio")

    def _words(self, gold: Words, answer: Words) -> Decision:
        return Decision(same_words(gold.text, answer.text, self.context.prompt), "words")

    # Names ----------------------------------------------------------------------------------------------------

    def _named(self, gold: Answer, answer: Answer) -> Decision:
        """A name may be left out or added; two names must not contradict one another."""
        left, right = _value(gold), _value(answer)
        if isinstance(gold, Named) and isinstance(answer, Named):
            if same_name(gold.name, answer.name) or families.with_argument_of(gold, answer) is not None:
                return self._marked(self._renamed(gold, answer), "name")
            if gold.equation and answer.equation:
                return self._relations(Relation("=", *gold.equation), Relation("=", *answer.equation))
            return Decision(False, "name")
        if isinstance(answer, Named) and isinstance(answer.value, Row) and isinstance(gold, Row) and answer.name == "":
            return self.decide(gold, answer.value)
        named, other = (gold, right) if isinstance(gold, Named) else (answer, left)
        if isinstance(other, Relation) and isinstance(named, Named) and named.equation:
            if named is gold and not symbols(named.equation[1]):
                return Decision(False, "unsolved")  # the equation that was to be solved has the gold as its solution
            equation = Relation("=", *named.equation)
            return self._relations(*((equation, other) if named is gold else (other, equation)))
        return self._marked(self.decide(left, right), "name")

    def _renamed(self, gold: Named, answer: Named) -> Decision:
        """Values of two names: ``f(t) = t^2`` is ``f(x) = x^2``."""
        decision = self.decide(gold.value, answer.value)
        if not decision.equal and isinstance(gold.value, Scalar) and isinstance(answer.value, Scalar):
            renamed = families.with_argument_of(gold, answer)
            return self.decide(gold.value, renamed) if renamed is not None else decision
        return decision

    def _marked(self, decision: Decision, rule: str) -> Decision:
        return Decision(decision.equal, rule if decision.equal and decision.rule == "value" else decision.rule)

    # Several values -------------------------------------------------------------------------------------------

    def _rows(self, gold: Row, answer: Row) -> Decision:
        if max(len(gold.items), len(answer.items)) > MAX_ITEMS:
            raise Undecided("too many items")
        kinds = {gold.kind, answer.kind}
        if kinds == {"tuple", "set"}:
            return Decision(False, "order")
        if "tuple" in kinds and not (kinds == {"tuple", "list"} and _of_tuples(gold, answer)):
            return self._in_order(gold.items, answer.items)
        if self.context.ordered and "set" not in kinds and _is_ordered(gold):
            return self._in_order(gold.items, answer.items)
        left, right = _expanded(gold), _expanded(answer)
        if all(isinstance(item, Named) for item in (*left, *right)) and len({_name(i) for i in left}) > 1:
            return self._by_name(left, right)
        if len({_name(item) for item in left if isinstance(item, Named)}) > 1 and not _any_named(right):
            return self._in_order(left, right)  # w = 16, d = 3 beside 16, 3
        # A solution of several letters that is listed twice is still that solution; a number given twice is not.
        are_points = all(isinstance(_value(item), Row) for item in (*left, *right))
        equal = self._same_sets(left, right, repeats_count="set" not in kinds and not are_points)
        return Decision(equal, "set" if "set" in kinds else "items") if equal else self._as_families(left, right)

    def _as_families(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> Decision:
        left, right = ([one.node for one in map(_value, side) if isinstance(one, Scalar)] for side in (gold, answer))
        are_values = len(left) == len(gold) and len(right) == len(answer)
        if are_values and any(families.is_family(node, self.whole) for node in left):
            return Decision(families.same_family(left, right, self.whole), "family")
        return Decision(False, "items")

    def _by_name(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> Decision:
        rest = list(answer)
        for item in gold:
            partner = next((other for other in rest if same_name(_name(item), _name(other))), None)
            if partner is None or not self.same(_value(item), _value(partner)):
                return Decision(False, "names")
            rest.remove(partner)
        return Decision(not rest, "names")

    def _in_order(self, gold: Sequence[Answer], answer: Sequence[Answer]) -> Decision:
        if len(gold) != len(answer):
            return Decision(False, "count")
        parts = _Comparison(self.whole, self.context, as_sets=False)
        equal = all(parts.same(a, b) for a, b in zip(gold, answer, strict=True))
        if not equal and len(gold) > 0:
            equal = families.same_parametrized(gold, answer)
        return Decision(equal, "tuple")

    def _same_sets(self, gold: Sequence[Answer], answer: Sequence[Answer], *, repeats_count: bool = False) -> bool:
        """Whether each of the gold's items has its own partner in the answer and none is left over."""
        left, right = list(gold), list(answer)
        if not repeats_count:
            left, right = self._distinct(left), self._distinct(right)
        if len(left) != len(right):
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

    def _grids(self, gold: Grid, answer: Grid) -> Decision:
        shapes = [(len(grid.rows), len(grid.rows[0])) for grid in (gold, answer)]
        if shapes[0] != shapes[1]:
            return Decision(False, "matrix")
        rows = zip(gold.rows, answer.rows, strict=True)
        return Decision(all(self.same(a, b) for row in rows for a, b in zip(*row, strict=True)), "matrix")

    # Regions and relations ------------------------------------------------------------------------------------

    def _regions(self, gold: Region, answer: Region) -> Decision:
        ends_count = self.context.ends_count
        if regions.same_region(gold, answer, ends_count=ends_count):
            return Decision(True, "region")
        return Decision(families.same_regions(gold, answer, self.whole, ends_count), "region")

    def _relations(self, gold: Relation, answer: Relation) -> Decision:
        return Decision(same_relation(gold, answer), "equation" if gold.sign == "=" else "inequality")

    # Different kinds ------------------------------------------------------------------------------------------

    def _unlike(self, gold: Answer, answer: Answer) -> Decision:
        """Answers of two kinds, where one is a way to say the other."""
        if isinstance(answer, Scalar) and isinstance(gold, Row):
            if has_signs(answer.node) and gold.kind != "tuple":
                return Decision(self._same_sets(_expanded(gold), _signed(answer)), "plus-minus")
            if len(gold.items) == 1 and gold.kind == "set":
                return self.decide(gold.items[0], answer)
        if isinstance(gold, Scalar) and isinstance(answer, Row):
            if has_signs(gold.node) and answer.kind != "tuple":
                return Decision(self._same_sets(_signed(gold), _expanded(answer)), "plus-minus")
            if len(answer.items) == 1 and answer.kind == "set":
                return self.decide(gold, answer.items[0])
        if isinstance(gold, Scalar) and isinstance(answer, Relation):
            return self._right_side(gold, answer)
        if isinstance(gold, Ratio) and isinstance(answer, Scalar):
            return self._ratio_value(gold, answer)
        if isinstance(gold, Scalar) and isinstance(answer, Ratio):
            return self._value_ratio(gold, answer)
        if isinstance(gold, Region) and isinstance(answer, Row | Scalar):
            return self._regions_of_points(gold, answer, gold_first=True)
        if isinstance(answer, Region) and isinstance(gold, Row | Scalar):
            return self._regions_of_points(answer, gold, gold_first=False)
        if isinstance(gold, Words) or isinstance(answer, Words):
            return self._words_and_others(gold, answer)
        return Decision(False, "kind")

    def _right_side(self, gold: Scalar, answer: Relation) -> Decision:
        """The answer says what something is worth: ``AB + BC = 17``."""
        names = symbols(answer.left)
        if answer.sign != "=" or symbols(answer.right) or not names or not all(name[0].isupper() for name in names):
            return Decision(False, "kind")
        return self._marked(self._scalars(gold, Scalar(answer.right)), "name")

    def _ratio_value(self, gold: Ratio, answer: Scalar) -> Decision:
        if len(gold.parts) != 2:
            return Decision(False, "ratio")
        decision = same_quantity(Scalar(Quotient(*gold.parts)), answer, self.context)
        return Decision(decision.equal, "ratio")

    def _value_ratio(self, gold: Scalar, answer: Ratio) -> Decision:
        if len(answer.parts) != 2:
            return Decision(False, "ratio")
        decision = same_quantity(gold, Scalar(Quotient(*answer.parts)), self.context)
        return Decision(decision.equal, "ratio")

    def _regions_of_points(self, region: Region, other: Row | Scalar, *, gold_first: bool) -> Decision:
        """Single numbers as a region: ``[2, 2]``; anything else is a different kind."""
        if isinstance(other, Row) and other.kind == "tuple":
            return Decision(False, "kind")
        items = _expanded(other) if isinstance(other, Row) else [other]
        nodes = [part.node for part in map(_value, items) if isinstance(part, Scalar)]
        if len(nodes) != len(items) or any(symbols(node) for node in nodes):
            return Decision(False, "kind")
        points = Region(tuple(map(regions.point, nodes)))
        return self._regions(*((region, points) if gold_first else (points, region)))

    def _words_and_value(self, words: Words, value: Scalar) -> Decision:
        """Words for an infinity or for a place in order."""
        if value.node in (regions.INFINITY, regions.MINUS_INFINITY):
            names = ("infinity", "infinite", "diverges") if value.node == regions.INFINITY else ("minus infinity",)
            return Decision(_plain(words) in names, "infinity")
        place = ordinal_in_words(words.text)
        return Decision(place is not None and same(Number(place), value.node), "words")

    def _words_and_others(self, gold: Answer, answer: Answer) -> Decision:
        """Words that name a region: "all real numbers", "no solution"."""
        for words, other in ((gold, answer), (answer, gold)):
            if isinstance(words, Words) and isinstance(other, Region):
                named = _REGIONS.get(_plain(words))
                if named is not None:
                    return Decision(regions.same_region(named, other), "region")
            if isinstance(words, Words) and isinstance(other, Scalar):
                return self._words_and_value(words, other)
        return Decision(False, "words")


def _rule_of(answer: Answer) -> str:
    """What a comparison of this kind of answer is called."""
    match answer:
        case Scalar(node):
            return "formula" if symbols(node) else "value"
        case Row(kind):
            return "items" if kind == "list" else kind
        case Relation(sign):
            return "equation" if sign == "=" else "inequality"
    return {Grid: "matrix", Region: "region", Ratio: "ratio", Words: "words", Named: "name"}[type(answer)]


def _plain(words: Words) -> str:
    return plain_words(words.text)


_REGIONS = {"reals": regions.EVERYTHING, "none": regions.NOTHING}


def _value(answer: Answer) -> Answer:
    return answer.value if isinstance(answer, Named) else answer


def _name(answer: Answer) -> str:
    return answer.name if isinstance(answer, Named) else ""


def _any_named(answers: Sequence[Answer]) -> bool:
    return any(isinstance(answer, Named) for answer in answers)


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
    return any(isinstance(_value(item), Row) for item in bare.items)


def _signed(scalar: Scalar) -> list[Answer]:
    """Both values of a plus-minus, else the value."""
    signs = (1, -1) if has_signs(scalar.node) else (1,)
    return [Scalar(with_signs(scalar.node, sign), scalar.unit, scalar.percent) for sign in signs]


def _expanded(row: Row) -> list[Answer]:
    r"""The items of a row, with ``\pm`` written out; in a tuple each sign is free."""
    if row.kind == "tuple":
        return _tuples(row)
    items: list[Answer] = []
    for item in row.items:
        value = _value(item)
        if isinstance(value, Scalar) and has_signs(value.node):
            items.extend(_signed(value))
        elif isinstance(value, Row) and value.kind == "tuple":
            items.extend(_tuples(value))
        else:
            items.append(item)
    return items


def _tuples(row: Row) -> list[Answer]:
    found: list[tuple[Answer, ...]] = [()]
    for item in row.items:
        choices = _signed(item) if isinstance(item, Scalar) else [item]
        found = [(*head, choice) for head in found for choice in choices]
        if len(found) > MAX_ITEMS:
            return [row]
    return [Row("tuple", items) for items in found]
