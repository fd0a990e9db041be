"""Slips that a person might make in a Python program: a boundary, a constant, an operator, a forgotten step.

Each is a place in the syntax tree and what is done to the node there. Which of them make a mutant is chosen in
``mutants``. What would only crash, or decides nothing about the answer, is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

Slip = Callable[[Any], None]
"""Changes a node in place."""
Found = Iterator[tuple[str, Slip]]
"""Kinds of slips, with the slips."""

_BOUNDARIES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.FloorDiv,
    ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "ceil": "floor", "floor": "ceil"}
_LARGEST_CONSTANT = 10**6
"""Larger ones stand for infinity or for room, where one more or less is no slip; moduli are the exception."""
_WRAPPERS = frozenset({"abs", "len", "set", "sorted", "reversed", "sum", "round", "bool"})
_MODULI = frozenset({10**9 + 7, 998244353, 10**9 + 9})
_TECHNICAL = frozenset(
    {"setrecursionlimit", "stack_size", "set_int_max_str_digits", "exit", "getattr", "open", "round"}
)
"""Calls whose constants decide nothing about the answer, or too little."""
_NO_ORDER = frozenset({"min", "max", "gcd", "lcm", "print", "zip", "map", "filter", "reduce", "isinstance", "partial"})
"""Calls whose arguments have no order, or of which one must come first."""


@dataclass(frozen=True)
class Site:
    """Where a slip can be made: the number of the node in the tree's own order, and what is done to it."""

    node: int
    kind: str
    slip: Slip


def python_sites(source: str) -> list[Site]:
    """All places for slips in a program.

    Raises:
        SyntaxError: It does not parse.
    """
    tree = ast.parse(source)
    spared, names = _spared(tree), _variables(tree)
    return [
        Site(number, kind, slip)
        for number, node in enumerate(ast.walk(tree))
        if id(node) not in spared
        for kind, slip in chain(_confusions(node, names), *(make(node) for make in _MAKERS))
    ]


def _variables(tree: ast.AST) -> list[str]:
    """Names that hold values: what is assigned to, and parameters."""
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    return sorted((stored | given) - {"self", "_", "input", "mod", "MOD"})


def _confusions(node: ast.AST, names: list[str]) -> Found:
    """One variable taken for another, where there are few enough to confuse."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names and len(names) > 1:
        other = names[(names.index(node.id) + 1) % len(names)]
        yield "variable", _set("id", lambda _: other)


def _spared(tree: ast.AST) -> set[int]:
    """Ids of nodes that decide nothing about the answer: docstrings, technical calls, types, the test for main."""
    spared: set[int] = set()

    def spare(node: ast.AST | None) -> None:
        spared.update(id(each) for each in (ast.walk(node) if node is not None else ()))

    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or (isinstance(node, ast.Call) and _name(node.func) in _TECHNICAL):
            spare(node)
        elif isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            spare(node.test)
            spared.add(id(node))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*node.decorator_list, node.returns, *(each.annotation for each in node.args.args)):
                spare(part)
        elif isinstance(node, ast.AnnAssign):
            spare(node.annotation)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and _is_number(node.left):
            spare(node)  # 10 ** 9: infinity
        elif isinstance(node, ast.JoinedStr):
            spare(node)
        spare(_room(node))
    return spared


def _room(node: ast.AST) -> ast.AST | None:
    """How much room is made (``[0] * (n + 1)``, ``[[] for _ in range(10)]``): a little more or less seldom shows."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
        return node.right
    if isinstance(node, ast.ListComp) and isinstance(node.elt, ast.List | ast.Constant | ast.BinOp | ast.Call):
        made = node.generators[0]
        used = {each.id for each in ast.walk(node.elt) if isinstance(each, ast.Name)}
        if isinstance(made.target, ast.Name) and made.target.id not in used and "input" not in ast.unparse(node.elt):
            return made.iter
    return None


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _set(name: str, made: Callable[[Any], object]) -> Slip:
    """A slip that replaces one field of a node."""
    return lambda node: setattr(node, name, made(node))


def _comparisons(node: ast.AST) -> Found:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for kind, table in (("boundary", _BOUNDARIES), ("opposite", _OPPOSITES)):
                if (other := table.get(type(operator))) is not None:
                    yield kind, _in_list("ops", place, other)


def _in_list(name: str, place: int, made: Callable[[], object]) -> Slip:
    def slip(node: Any) -> None:
        getattr(node, name)[place] = made()

    return slip


def _operators(node: ast.AST) -> Found:
    if isinstance(node, ast.BinOp | ast.AugAssign) and (other := _OPERATORS.get(type(node.op))) is not None:
        is_text = isinstance(node, ast.BinOp) and any(
            isinstance(side, ast.Constant | ast.List) and not _is_number(side) for side in (node.left, node.right)
        )
        if not is_text:  # "a" + b turned into "a" - b is no slip, it is a crash
            yield "operator", _set("op", lambda _: other())
    if isinstance(node, ast.BoolOp):
        yield "and or", _set("op", lambda n: ast.Or() if isinstance(n.op, ast.And) else ast.And())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not _is_number(node.operand):
        yield "operator", _set("op", lambda _: ast.UAdd())


def _constants(node: ast.AST) -> Found:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield "truth", _set("value", lambda _: not value)
    elif isinstance(value, int) and (value <= _LARGEST_CONSTANT or value in _MODULI):
        yield "constant", _set("value", lambda _: value + 1)
        if value > 0:
            yield "constant", _set("value", lambda _: value - 1)
    elif isinstance(value, float) and abs(value) > 1e-3:
        yield "constant", _set("value", lambda _: value + 1)
    elif isinstance(value, str) and any(map(str.isalnum, value)):
        yield "text", _set("value", lambda _: value + "x")


def _conditions(node: ast.AST) -> Found:
    if isinstance(node, ast.If | ast.IfExp):
        yield "negated", _set("test", lambda n: ast.UnaryOp(ast.Not(), n.test))
    if isinstance(node, ast.For | ast.comprehension) and _name(getattr(node.iter, "func", node.iter)) != "range":
        for part in ("[1:]", "[:-1]"):
            yield "skipped", _set("iter", partial(_part, part))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "dropped", _set("ifs", lambda n: n.ifs[1:])
    if isinstance(node, ast.If) and node.orelse and not isinstance(node.orelse[0], ast.If):
        yield "dropped", _set("orelse", lambda _: [])


def _part(part: str, node: ast.For | ast.comprehension) -> ast.expr:
    return ast.parse(f"list({ast.unparse(node.iter)}){part}", mode="eval").body


def _calls(node: ast.AST) -> Found:
    if not isinstance(node, ast.Call):
        return
    name = _name(node.func)
    if name in _NAMES:
        yield "name", _set("func", lambda n: _renamed(n.func, _NAMES[name]))
    if name == "range" and not any(isinstance(arg, ast.Starred) for arg in node.args):
        yield from _range_bounds(node)
    elif len(node.args) >= 2 and name not in _NO_ORDER:
        yield "swapped", _set("args", lambda n: [n.args[1], n.args[0], *n.args[2:]])
    if name in _WRAPPERS and len(node.args) == 1 and not node.keywords:
        yield "unwrapped", _set("func", lambda _: ast.parse("lambda value: value", mode="eval").body)
    if name == "sorted" and not node.keywords:
        yield "name", _set("keywords", lambda _: [ast.keyword("reverse", ast.Constant(True))])


def _renamed(node: ast.AST, name: str) -> ast.AST:
    if isinstance(node, ast.Attribute):
        return ast.Attribute(node.value, name, ast.Load())
    return ast.Name(name, ast.Load())


def _range_bounds(node: ast.Call) -> Found:
    last = 0 if len(node.args) == 1 else 1
    for place in range(min(len(node.args), 2)):
        for operator in (ast.Add, ast.Sub):
            if place == last or operator is ast.Add:
                yield "bound", _in_list("args", place, _plus(node.args[place], operator))


def _plus(node: ast.expr, operator: type[ast.operator]) -> Callable[..., ast.BinOp]:
    return lambda *_: ast.BinOp(node, operator(), ast.Constant(1))


def _places(node: ast.AST) -> Found:
    if isinstance(node, ast.Slice):
        for name in ("lower", "upper"):
            if (bound := getattr(node, name)) is not None:
                yield "bound", _set(name, _plus(bound, ast.Add))


def _results(node: ast.AST) -> Found:
    """What is returned or printed, taken twice: for programs that have little else to go wrong."""
    if isinstance(node, ast.Return) and node.value is not None:
        yield "doubled", _set("value", lambda n: ast.BinOp(n.value, ast.Add(), n.value))
    if isinstance(node, ast.Call) and _name(node.func) == "print" and node.args:
        yield "doubled", _set("args", lambda n: [ast.BinOp(n.args[0], ast.Add(), n.args[0]), *n.args[1:]])


def _statements(node: ast.AST) -> Found:
    """Forgotten steps. A step of a ``while`` stays, since a loop without it would rarely end."""
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if not isinstance(block, list) or isinstance(node, ast.While):
            continue
        for place, statement in enumerate(block):
            is_step = isinstance(statement, ast.AugAssign | ast.Break | ast.Continue | ast.Return) or (
                isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
                and _name(statement.value.func) not in _TECHNICAL
            )  # fmt: skip
            if is_step or (isinstance(statement, ast.If) and "__name__" not in ast.unparse(statement.test)):
                yield "dropped", _in_list(name, place, ast.Pass)


_MAKERS = (_comparisons, _operators, _constants, _conditions, _calls, _places, _results, _statements)
