"""When two equations or inequalities say the same, and when an expression is what an equation says of a letter."""

from __future__ import annotations

from fractions import Fraction

from genesys.verifiers.math.answers import Relation
from genesys.verifiers.math.exact import NotRational
from genesys.verifiers.math.identity import Undecided, same, value_at
from genesys.verifiers.math.tree import (
    Negative,
    Node,
    Number,
    Product,
    Sum,
    Symbol,
    children,
    rebuilt,
    symbols,
)

_ZERO = Number(Fraction(0))


def same_relation(gold: Relation, answer: Relation) -> bool:
    """Whether two relations hold in the same places.

    They do where the differences of their sides are a constant multiple of one another (a positive one for
    inequalities), or where the answer is the gold solved for a letter that stands in it linearly.

    Raises:
        Undecided: See ``identity``.
    """
    if gold.sign != answer.sign:
        return False
    left, right = _difference(gold), _difference(answer)
    letters = symbols(left) | symbols(right)
    if symbols(left) == symbols(right) and (factor := _factor(left, right, sorted(letters))) is not None:
        return gold.sign in ("=", "!=") or factor > 0
    for name, node in ((answer.left, answer.right), (answer.right, answer.left)):
        if (
            gold.sign == "="
            and isinstance(name, Symbol)
            and name.name not in symbols(node)
            and letters == symbols(left)
        ):
            return solves(gold, node, name.name)
    return False


def solves(gold: Relation, node: Node, letter: str | None = None) -> bool:
    """Whether an expression is the value of the one letter of an equation that it lacks.

    Args:
        gold: The equation.
        node: The expression.
        letter: That letter; by default the only one of the equation's that is not in the expression.

    Raises:
        Undecided: See ``identity``.
    """
    whole = _difference(gold)
    missing = symbols(whole) - symbols(node)
    if letter is None and len(missing) == 1:
        letter = next(iter(missing))
    if gold.sign != "=" or letter is None or not symbols(node) < symbols(whole):
        return False
    at = [_put(whole, letter, Number(Fraction(value))) for value in (0, 1, 2)]
    second_difference = Sum((at[2], Negative(Product((Number(Fraction(2)), at[1]))), at[0]))
    is_linear = same(second_difference, _ZERO) and not same(at[1], at[0])
    return is_linear and same(_put(whole, letter, node), _ZERO)


def _difference(relation: Relation) -> Node:
    return Sum((relation.left, Negative(relation.right)))


def _factor(left: Node, right: Node, letters: list[str]) -> float | None:
    """The constant by which one expression is a multiple of another; None where there is none."""
    ratios = []
    for index in range(8):
        values = [value_at(node, letters, index) for node in (left, right)]
        if values[0] is None or values[1] is None or abs(values[1]) < 1e-12:
            continue
        ratios.append(values[0] / values[1])
    if len(ratios) < 3 or any(abs(ratio - ratios[0]) > 1e-7 * abs(ratios[0]) for ratio in ratios):
        return None
    first = ratios[0]
    if abs(first) < 1e-12 or abs(first.imag) > 1e-9 * abs(first):
        return None
    exact = Number(Fraction(first.real).limit_denominator(10_000))
    try:
        # The doubles agree; a factor that is a plain fraction is proved, any other taken as it is.
        proved = same(left, Product((exact, right))) if abs(float(exact.value) - first.real) < 1e-9 else True
    except (Undecided, NotRational):
        proved = True
    return first.real if proved else None


def _put(node: Node, letter: str, value: Node) -> Node:
    """The tree with an expression in the place of a letter."""
    if isinstance(node, Symbol):
        return value if node.name == letter else node
    return rebuilt(node, tuple(_put(part, letter, value) for part in children(node)))
