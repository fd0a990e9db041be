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
from genesys.verifiers.math.identity import TooBig, Undecided, same
from genesys.verifiers.math.names import same_name
from genesys.verifiers.math.quantities import same_quantity
from genesys.verifiers.math.reading import read
from genesys.verifiers.math.rows import Rows, expanded, signed, value_in
from genesys.verifiers.math.tokens import Unreadable
from genesys.verifiers.math.tree import Number, Quotient, has_signs, symbols, with_signs
from genesys.verifiers.math.words import ordinal_in_words, plain_words, same_words


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
                decision = _Comparison(families.free_letters(left, right, context), context).decide(one, other)
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
        in_place = self.same if not as_sets else _Comparison(whole, context, as_sets=False).same
        self.rows = Rows(self.same, in_place, whole, context)

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
            ((Row, Row), self.rows.decide),
            ((Region, Region), self._regions),
            ((Relation, Relation), self._relations),
            ((Ratio, Ratio), self._ratios),
            ((Grid, Grid), self.rows.grids),
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
            return Decision(all(doubles) and self.rows.same_sets(signed(gold), signed(answer)), "plus-minus")
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
        left, right = value_in(gold), value_in(answer)
        if isinstance(gold, Named) and isinstance(answer, Named):
            if same_name(gold.name, answer.name) or families.with_argument_of(gold, answer) is not None:
                return self._marked(self._renamed(gold, answer), "name")
            if gold.equation and answer.equation:
                return self._relations(Relation("=", *gold.equation), Relation("=", *answer.equation))
            return Decision(False, "name")
        if isinstance(answer, Named) and answer.computed and not self.context.mentions(answer.computed):
            return Decision(False, "unsolved")
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

    # Regions and relations ------------------------------------------------------------------------------------

    def _regions(self, gold: Region, answer: Region) -> Decision:
        ends_count = self.context.ends_count
        if regions.same_region(gold, answer, ends_count=ends_count):
            return Decision(True, "region")
        return Decision(families.same_regions(gold, answer, self.whole, ends_count), "region")

    def _relations(self, gold: Relation, answer: Relation) -> Decision:
        if any(has_signs(side) for one in (gold, answer) for side in (one.left, one.right)):
            both = (
                [Relation(one.sign, with_signs(one.left, sign), with_signs(one.right, sign)) for sign in (1, -1)]
                for one in (gold, answer)
            )
            return Decision(self.rows.same_sets(*both), "equation")
        return Decision(same_relation(gold, answer), "equation" if gold.sign == "=" else "inequality")

    # Different kinds ------------------------------------------------------------------------------------------

    def _unlike(self, gold: Answer, answer: Answer) -> Decision:
        """Answers of two kinds, where one is a way to say the other."""
        if isinstance(answer, Scalar) and isinstance(gold, Row):
            if has_signs(answer.node) and gold.kind != "tuple":
                return Decision(self.rows.same_sets(expanded(gold), signed(answer)), "plus-minus")
            if len(gold.items) == 1 and gold.kind == "set":
                return self.decide(gold.items[0], answer)
        if isinstance(gold, Scalar) and isinstance(answer, Row):
            if has_signs(gold.node) and answer.kind != "tuple":
                return Decision(self.rows.same_sets(signed(gold), expanded(answer)), "plus-minus")
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
        items = expanded(other) if isinstance(other, Row) else [other]
        nodes = [part.node for part in map(value_in, items) if isinstance(part, Scalar)]
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
