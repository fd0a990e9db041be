r"""Reads one formula in clean LaTeX, or as models write it in plain text, into a tree. No relations, lists or units.

Where notation is ambiguous it is read as people mean it: a whole number before a proper fraction is a mixed number,
``\sin 2x`` takes the product, ``x(2x+3)`` is a product, ``f(x)`` an unknown function of x.
"""

from __future__ import annotations

from fractions import Fraction

from genesys.verifiers.math.notation import (
    ANGLE_SIGNS,
    AROUND,
    CLOSING,
    DIVIDED,
    DOTS,
    INVERSES,
    LETTERS,
    MARKS,
    OPERANDS,
    SAME_LETTER,
    TIMES,
    UNKNOWN_FUNCTIONS,
)
from genesys.verifiers.math.tokens import END, Token, Unreadable, tokenize
from genesys.verifiers.math.tree import (
    Call,
    Constant,
    Degrees,
    Negative,
    Node,
    Number,
    PlusMinus,
    Power,
    Product,
    Quotient,
    Series,
    Sum,
    Symbol,
    children,
    rebuilt,
)

MAX_TOKENS = 1500
MAX_DEPTH = 60
_HALF = Number(Fraction(1, 2))


def parse(text: str) -> Node:
    """The tree of a formula.

    Raises:
        Unreadable: It is something else, has words in it, or is longer or deeper than this reads.
    """
    tokens = tokenize(text)
    if not tokens or len(tokens) > MAX_TOKENS:
        raise Unreadable(text[:80])
    reader = _Reader(tokens)
    node = reader.expression()
    if reader.peek() is not END:
        raise Unreadable(reader.peek().text)
    return node


class _Reader:
    """Recursive descent over tokens; each method reads what its name says and stops behind it."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self._open: list[str] = []

    def peek(self, ahead: int = 0) -> Token:
        index = self._position + ahead
        return self._tokens[index] if index < len(self._tokens) else END

    def expression(self) -> Node:
        self._enter()
        terms = [self._signed_term(first=True)]
        while self.peek().text in ("+", "-", r"\pm", r"\mp"):
            terms.append(self._signed_term(first=False))
        self._depth -= 1
        return terms[0] if len(terms) == 1 else Sum(tuple(terms))

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable("too deep")

    def _signed_term(self, *, first: bool) -> Node:
        sign = self.peek().text
        if sign in ("+", "-", r"\pm", r"\mp"):
            self._position += 1
            if self.peek().text in ("+", "-"):  # 3 + -2
                return _signed(sign, self._signed_term(first=True))
            return _signed(sign, self._term())
        if not first:
            raise Unreadable(sign)
        return self._term()

    def _term(self) -> Node:
        node = self._factor()
        factors = [node]
        while True:
            token = self.peek()
            if token.text in TIMES:
                self._position += 1
                factors.append(self._signed_factor())
            elif token.text in (r"\bmod", r"\mod"):
                self._position += 1
                factors = [Call("mod", (_product(factors), self._signed_factor()))]
            elif token.text in DIVIDED:
                self._position += 1
                factors = [Quotient(_product(factors), self._signed_factor())]
            elif self._begins_factor(token):
                following = self._factor()
                if _is_mixed(factors[-1], following):
                    factors[-1] = Sum((factors[-1], following))
                elif isinstance(following, Number) and token.kind == "number":
                    raise Unreadable("two numbers side by side")
                else:
                    factors.append(following)
            else:
                return _product(factors)

    def _signed_factor(self) -> Node:
        if self.peek().text in ("-", "+", r"\pm"):
            sign = self._next().text
            return _signed(sign, self._signed_factor())
        return self._factor()

    def _begins_factor(self, token: Token) -> bool:
        if token.kind in ("number", "letter", "function"):
            return True
        if token.text in ("|", r"\vert"):
            return not (self._open and self._open[-1] == token.text)
        return token.text in CLOSING or token.text in OPERANDS

    def _factor(self) -> Node:
        return self._with_postfix(self._atom())

    def _with_postfix(self, node: Node) -> Node:
        while True:
            token = self.peek()
            if token.text == "^":
                self._position += 1
                node = self._raised(node)
            elif token.text == "!":
                self._position += 1
                double = self.peek().text == "!"
                self._position += double
                node = Call("double_factorial" if double else "factorial", (node,))
            elif token.text in ANGLE_SIGNS:
                self._position += 1
                node = Degrees(node)
            elif token.text in (r"\%", "%"):
                self._position += 1
                node = Quotient(node, Number(Fraction(100)))
            else:
                return node

    def _raised(self, base: Node) -> Node:
        inside = [self.peek(), self.peek(1), self.peek(2)]
        texts = [token.text for token in inside]
        if texts[0] in ANGLE_SIGNS:
            self._position += 1
            return Degrees(base)
        if texts[0] == "{" and texts[1] in ANGLE_SIGNS and texts[2] == "}":
            self._position += 3
            return Degrees(base)
        if texts[0] == r"\prime":
            raise Unreadable("a derivative")
        return Power(base, self._script())

    def _script(self) -> Node:
        """What stands behind ``^``: a group, else one factor's worth without a further power."""
        self._enter()
        node = self._bare_script()
        self._depth -= 1
        return node

    def _bare_script(self) -> Node:
        if self.peek().text in ("-", "+"):
            sign = self._next().text
            return _signed(sign, self._script())
        node = self._atom()
        if self.peek().text == "^":  # 2^3^2 climbs
            self._position += 1
            return self._raised(node)
        return node

    def _atom(self) -> Node:
        token = self._next()
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "letter":
            return self._letter(token.text)
        if token.kind == "function":
            return self._function(token.text)
        if token.text in CLOSING:
            return self._group(token.text)
        if token.text in DOTS:
            return Symbol("…")
        return self._command(token.text)

    def _group(self, opening: str) -> Node:
        closing = CLOSING[opening]
        self._open.append(closing)
        node = self.expression()
        self._open.pop()
        self._expect(closing)
        around = AROUND.get(opening)
        return Call(around, (node,)) if around else node

    def _letter(self, name: str) -> Node:
        marked = self._subscripted(name)
        if marked != name:
            return Symbol(marked)
        if name == "e":
            return Constant("e")
        if name == "i":
            return Constant("i")
        if name in UNKNOWN_FUNCTIONS and self.peek().text == "(":
            return Call(f"?{name}", self._arguments())
        return Symbol(name)

    def _subscripted(self, name: str) -> str:
        while True:
            if self.peek().text == "_":
                self._position += 1
                name += "_" + self._raw()
            elif self.peek().text == "'":
                self._position += 1
                name += "'"
            else:
                return name

    def _raw(self) -> str:
        """The text of a group or of one token, blanks aside; what a subscript says is only a name."""
        token = self._next()
        if token.text != "{":
            return token.text
        depth, texts = 1, []
        while depth:
            token = self._next()
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            texts.append(token.text)
        return "".join(texts[:-1])

    def _command(self, text: str) -> Node:
        if text in LETTERS:
            return self._greek(text)
        if text in MARKS:
            return Symbol(self._subscripted(f"{text[1:]}:{self._raw()}"))
        match text:
            case r"\pi":
                return Constant("pi")
            case r"\infty":
                return Constant("inf")
            case r"\frac":
                return Quotient(self._argument(), self._argument())
            case r"\sqrt":
                return self._root()
            case r"\binom" | r"\dbinom" | r"\tbinom":
                return Call("binomial", (self._argument(), self._argument()))
            case r"\exp":
                return Power(Constant("e"), self._one_argument())
            case r"\sum" | r"\prod":
                return self._series("sum" if text == r"\sum" else "product")
            case _:
                raise Unreadable(text or "the end")

    def _greek(self, text: str) -> Node:
        name = self._subscripted(SAME_LETTER.get(text, text))
        return Symbol(name)

    def _argument(self) -> Node:
        r"""An argument of a command: a group, or one digit or sign as in ``\frac12``."""
        token = self.peek()
        if token.kind == "number" and len(token.text) > 1 and "." not in token.text:
            self._tokens[self._position] = Token("number", token.text[1:])
            return _number(token.text[0])
        return self._atom()

    def _root(self) -> Node:
        if self.peek().text != "[":
            return Power(self._argument(), _HALF)
        self._position += 1
        degree = self.expression()
        self._expect("]")
        return Power(self._argument(), Quotient(Number(Fraction(1)), degree))

    def _series(self, kind: str) -> Node:
        self._expect("_")
        self._expect("{")
        index = self._next()
        self._expect("=")
        low = self.expression()
        self._expect("}")
        self._expect("^")
        high = self._script()
        if index.kind not in ("letter",):
            raise Unreadable("an index of several letters")
        body = self._term()
        return Series("sum" if kind == "sum" else "product", index.text, low, high, _unit_as_symbol(body, index.text))

    def _function(self, name: str) -> Node:
        exponent: Node | None = None
        base: Node | None = None
        while self.peek().text in ("^", "_"):
            if self._next().text == "_":
                base = self._script()
            else:
                exponent = self._script()
        arguments = self._arguments() if self.peek().text in ("(", "[", "{", "|") else (self._one_argument(),)
        if exponent == Negative(Number(Fraction(1))) and f"a{name}" in INVERSES:
            return Call(f"a{name}", arguments)
        node = _applied(name, arguments, base)
        return Power(node, exponent) if exponent is not None else node

    def _arguments(self) -> tuple[Node, ...]:
        opening = self._next().text
        closing = CLOSING[opening]
        self._open.append(closing)
        found = [self.expression()]
        while self.peek().text in (",", ";"):
            self._position += 1
            found.append(self.expression())
        self._open.pop()
        self._expect(closing)
        if opening == "|":
            return (Call("abs", tuple(found)),)
        return tuple(found)

    def _one_argument(self) -> Node:
        r"""The argument of a function without parentheses: a product up to the next sign or function."""
        if self.peek().text in ("-", "+"):
            return _signed(self._next().text, self._one_argument())
        if self.peek().kind == "function":
            return self._factor()
        factors = [self._factor()]
        while self._begins_factor(self.peek()) and self.peek().kind != "function" and self.peek().text != "(":
            factors.append(self._factor())
        angle = any(factor == Constant("pi") for factor in factors)
        if angle and self.peek().text == "/" and self.peek(1).kind == "number":  # \sin \pi/3
            self._position += 1
            return Quotient(_product(factors), self._factor())
        return _product(factors)

    def _next(self) -> Token:
        token = self.peek()
        if token is END:
            raise Unreadable("it ends too soon")
        self._position += 1
        return token

    def _expect(self, text: str) -> None:
        if self._next().text != text:
            raise Unreadable(f"no {text}")


def _number(text: str) -> Number:
    point = text.find(".")
    return Number(Fraction(text), len(text) - point - 1 if point >= 0 else None)


def _signed(sign: str, node: Node) -> Node:
    if sign == "+":
        return node
    if sign == "-":
        return Negative(node)
    return PlusMinus(1 if sign == r"\pm" else -1, node)


def _product(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _is_mixed(whole: Node, fraction: Node) -> bool:
    """Whether a whole number and the fraction right behind it are one mixed number."""
    if not isinstance(whole, Number) or not isinstance(fraction, Quotient) or whole.decimals is not None:
        return False
    top, low = fraction.top, fraction.low
    if not isinstance(top, Number) or not isinstance(low, Number):
        return False
    return top.value.denominator == low.value.denominator == 1 and 0 < top.value < low.value


def _applied(name: str, arguments: tuple[Node, ...], base: Node | None) -> Node:
    """A function's call with the special spellings settled."""
    if name == "exp":
        return Power(Constant("e"), arguments[0])
    if name == "lg":
        return Call("log", (arguments[0], Number(Fraction(10))))
    if name == "log" and base is not None:
        return Call("log", (arguments[0], base))
    if base is not None:
        raise Unreadable(f"{name} with a subscript")
    return Call(name, arguments)


def _unit_as_symbol(node: Node, index: str) -> Node:
    """Where i is the index of a series it is no imaginary unit in its body."""
    if index != "i":
        return node
    if node == Constant("i"):
        return Symbol("i")
    return rebuilt(node, tuple(_unit_as_symbol(part, index) for part in children(node)))
