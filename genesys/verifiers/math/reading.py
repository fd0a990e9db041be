"""Reads an answer's text into what it says (``answers``). Every part of an answer passes through here.

A text may say two things ("(0, 1)" is a point or an interval, "1,234" a number or two): then it has several readings,
and two answers are the same when a reading of one equals a reading of the other.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from genesys.verifiers.math import regions
from genesys.verifiers.math.answers import Answer, Named, Ratio, Region, Row, Scalar
from genesys.verifiers.math.conditions import domain_of, flattened, without_conditions
from genesys.verifiers.math.exact import NotRational, exact_value
from genesys.verifiers.math.identity import Undecided, same
from genesys.verifiers.math.names import denies, is_name, names_in
from genesys.verifiers.math.outer import cut
from genesys.verifiers.math.parser import parse
from genesys.verifiers.math.prose import has_words, is_sentence, read_words
from genesys.verifiers.math.relations import read_region, read_relations
from genesys.verifiers.math.remainders import FREE, read_remainders
from genesys.verifiers.math.rounding import rounds_to
from genesys.verifiers.math.scalars import plain_numbers, read_ratio, read_scalar
from genesys.verifiers.math.shapes import lines_of, read_grid, read_order, read_pieces, read_set, read_tuple
from genesys.verifiers.math.text import clean
from genesys.verifiers.math.tokens import Unreadable
from genesys.verifiers.math.tree import Call, Constant, Node, Number, Quotient, Symbol, symbols
from genesys.verifiers.math.vectors import components

MAX_TEXT = 3000
MAX_MEMBERS = 200
_APPROXIMATELY = r"\\(?:approx|simeq|doteq|cong|fallingdotseq)(?![A-Za-z])|≈|≃|≅"
_GROUPS = r";|\\lor(?![A-Za-z])|\\text\s*\{\s*,?\s*or\s*\}|(?<![A-Za-z\\])or(?![A-Za-z])"
_ITEMS = (
    r",|\\text\s*\{\s*,?\s*(?:and|with)\s*,?\s*\}|(?<![A-Za-z\\])and(?![A-Za-z])|\\\\|\\q?quad(?![A-Za-z])|\n|\\land"
    r"|(?<![A-Za-z\\])&(?!amp)"
)
_AMBIGUOUS_GROUPS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")
_LABEL = re.compile(r"\s*(?P<name>[A-Za-z][A-Za-z0-9_' .()-]{0,40}?)\s*:\s*(?P<value>[^:]+)\Z")
_BRACKET = re.compile(r"[(\[]|\\\{")
_DECIMAL_COMMA = re.compile(r"[-+]?(?:0,\d+|\d+,\d{2}|\d{4,},\d+)")
_ELEMENT_OF_SET = re.compile(r"(?:[A-Za-z](?:_\{?\w\}?)?|\([A-Za-z, ]+\))\s*\\in\s*(?=\\\{[^|:<>=]*\\\}\s*\Z)")
_COLUMN = re.compile(r"\\binom\s*\{(?P<top>[^{}]*)\}\s*\{(?P<low>[^{}]*)\}")
_RELATED = re.compile(r"\\(?:ne|neq|ge|geq|le|leq|in)(?![A-Za-z])|[<>]")
_PAIR = re.compile(r"\(|\[")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text may say.

    Attributes:
        answers: Every reading, the likeliest first.
        whole: Letters which it calls whole numbers.
    """

    answers: tuple[Answer, ...]
    whole: frozenset[str] = frozenset()


@functools.lru_cache(maxsize=2048)
def read(text: str, *, is_gold: bool = False) -> Reading:
    """What an answer says.

    Args:
        text: As extracted.
        is_gold: A gold's approximate value counts beside its exact one. Of an answer only the first counts: it might
            call approximate what is another answer.

    Raises:
        Unreadable: Nothing that this reader knows.
    """
    text = clean(text)
    if not text or len(text) > MAX_TEXT:
        raise Unreadable(text[:80])
    reader = _Reader()
    answers: list[Answer] = []
    trouble: Unreadable | None = None
    for piece in cut(text, _APPROXIMATELY) or [text]:
        try:
            answers += reader.readings(piece) if piece else []
        except Unreadable as error:
            trouble = error
        if answers and not is_gold:
            break
    if not answers:
        raise trouble or Unreadable(text[:80])
    for answer in tuple(answers):
        if isinstance(answer, Scalar):
            answers += components(answer.node)
    return Reading(tuple(dict.fromkeys(answers)), frozenset(reader.whole) - _arguments(text))


def _arguments(text: str) -> frozenset[str]:
    """Letters that are arguments of functions: a condition on them makes no family of numbers."""
    return frozenset(re.findall(r"(?<![A-Za-z\\])[a-zA-Z]\(([a-z])\)\s*=", text))


class _Reader:
    """Reads the parts of one answer, and collects the letters that it calls whole numbers."""

    def __init__(self) -> None:
        self.whole: set[str] = set()

    def readings(self, text: str) -> list[Answer]:
        """All readings of a text that states one value."""
        region = read_region(without_conditions(text).text)
        answers: list[Answer] = []
        binomial = _COLUMN.fullmatch(text)
        if binomial:
            answers.append(Row("tuple", (self.answer(binomial["top"]), self.answer(binomial["low"]))))
        if _ELEMENT_OF_SET.match(text):
            text = _ELEMENT_OF_SET.sub("", text)
            region = None
        if region is not None and not _may_be_point(text):
            bare = without_conditions(text)
            self.whole |= bare.whole
            return [region]
        try:
            answers.append(self.answer(text))
        except Unreadable:
            if region is None:
                raise
        if region is not None:
            answers.append(region)
        if _AMBIGUOUS_GROUPS.search(text):
            spaced = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", ", ", text)
            answers.append(self.answer(spaced))
        decimal = text.replace(r"\$", "").strip()
        if _DECIMAL_COMMA.fullmatch(decimal):
            answers.append(read_scalar(decimal.replace(",", ".")))
        return answers

    def answer(self, text: str) -> Answer:
        """One answer, with whatever stands around it.

        Raises:
            Unreadable: It is none.
        """
        text = text.strip().strip(",;").strip()
        pieces = read_pieces(text, self.answer)
        if pieces is not None:
            return pieces
        if lines := lines_of(text):
            return _listed([self.answer(line) for line in lines])
        remainders = read_remainders(text)
        if remainders is not None:
            self.whole.add(FREE)
            return remainders
        if not _BRACKET.search(text):
            text = _AMBIGUOUS_GROUPS.sub(lambda number: number.group().replace(",", ""), text)
        if is_sentence(without_conditions(text).text):
            return read_words(text)
        groups = [group for group in cut(text, _GROUPS) or [text] if group]
        if len(groups) > 1:
            return _listed([self.answer(group) for group in self._undeclared(groups)])
        items = [item for item in cut(text, _ITEMS) or [text] if item]
        if len(items) > 1:
            return _listed([self.answer(item) for item in _joined_names(self._undeclared(items))])
        bare = without_conditions(text)
        self.whole |= bare.whole
        if not bare.text:
            raise Unreadable(text[:80])
        if bare.text != text:
            return self.answer(bare.text)
        return self._single(text)

    def _undeclared(self, items: list[str]) -> list[str]:
        r"""The items that are answers; ``k \in \mathbb{Z}`` among them is a condition."""
        kept = []
        for item in items:
            letters = domain_of(item)
            if letters is None:
                kept.append(item)
                continue
            self.whole |= letters
            while len(kept) > 1 and re.fullmatch(r"[a-z]", kept[-1]):  # k, m \in \mathbb{Z}
                self.whole.add(kept.pop())
        return kept or items

    def _single(self, text: str) -> Answer:
        """An answer that is no list.

        Raises:
            Unreadable: It is none.
        """
        text = text.strip()
        for shape in (read_order, read_set, read_grid, read_tuple):
            answer = shape(text, self.answer)
            if answer is not None:
                return answer
        region = None if _PAIR.match(text) else read_region(text)
        named = region or self._named(text) or self._labelled(text)
        if named is not None:
            return named
        ratio = read_ratio(text) if ":" in text or "to" in text or r"\colon" in text else None
        if ratio is not None:
            return ratio
        relations = read_relations(text)
        if relations:
            return relations[0] if len(relations) == 1 else Row("list", tuple(relations))
        try:
            return read_scalar(text)
        except Unreadable:
            if has_words(text):
                return read_words(text)
            raise

    def _named(self, text: str) -> Answer | None:
        """``x = 5``, ``f(x) = x^2``, ``x = y = 3``, ``z = 1 + 1 = 2``; equations that name nothing are none."""
        sides = cut(text, r"(?<![<>!:])=|:=|\\equiv(?![A-Za-z])(?!.*mod)|\\Leftrightarrow(?![A-Za-z])")
        if not sides or len(sides) < 2 or not all(sides):
            return None
        name, last = sides[0], sides[-1]
        value = self.answer(last)
        equation = _equation(sides[-2], last)
        names = names_in(name)
        if names and isinstance(value, Row) and value.kind == "tuple" and len(names) == len(value.items):
            return Row("list", tuple(Named(one, item) for one, item in zip(names, value.items, strict=True)))
        if is_name(name):
            return Named(re.sub(r"\s+", "", flattened(name)), value, equation)
        if isinstance(value, Ratio) or (equation is None and not _is_formula(name)):
            return Named("", value, equation)
        if equation is not None and _is_value(*equation):
            return Named("", value, equation, name if symbols(equation[0]) else "")
        return None

    def _labelled(self, text: str) -> Answer | None:
        """``Paolo: 18``."""
        match = _LABEL.fullmatch(flattened(text))
        if match is None or not re.search(r"[A-Za-z]{2,}", match["name"]) or denies(match["name"]):
            return None
        return Named(match["name"].strip(), self.answer(match["value"]))


def _may_be_point(text: str) -> bool:
    """Whether a region's text may as well be a point or a list: one pair of round or square brackets."""
    return bool(_PAIR.match(text)) and "infty" not in text and cut(text, r"\\cup(?![A-Za-z])|∪") == [text.strip()]


def _joined_names(items: list[str]) -> list[str]:
    """``a = 4, -8, -10``: a name before the first of several values holds for all, so that it says nothing."""
    named = [item for item in items if "=" in item]
    if (
        len(named) == 1
        and named[0] == items[0]
        and len(items) > 1
        and not any(map(_RELATED.search, items[1:]))
        and is_name(items[0].partition("=")[0])
    ):
        return [items[0].rpartition("=")[2].strip(), *items[1:]]
    return items


def _listed(answers: list[Answer]) -> Answer:
    """Several answers as one: tuples where the same names come again, regions joined, else a list."""
    if len(answers) == 1:
        return answers[0]
    if all(isinstance(answer, Region) for answer in answers):
        return regions.union(answer for answer in answers if isinstance(answer, Region))
    functions = [answer for answer in answers if isinstance(answer, Named) and "(" in answer.name]
    if len(functions) == 1 and answers[0] is functions[0] and all(isinstance(other, Region) for other in answers[1:]):
        return functions[0]  # where it is defined: f(x) = ..., x > 0
    flat: list[Answer] = []
    for answer in answers:
        is_list = isinstance(answer, Row) and answer.kind == "list"
        named = is_list and all(isinstance(item, Named) for item in answer.items)  # type: ignore[union-attr]
        if is_list and not named:
            flat.extend(answer.items)  # type: ignore[union-attr]
        else:
            flat.append(answer)
    return _by_names(_continued(flat))


def _continued(answers: list[Answer]) -> list[Answer]:
    """``1, 2, 3, ..., 10`` with all its members, where it goes up in equal steps."""
    places = [
        index for index, answer in enumerate(answers) if isinstance(answer, Scalar) and answer.node == Symbol("…")
    ]
    if len(places) != 1 or places[0] < 2 or places[0] != len(answers) - 2:
        return answers
    known = [answer.node for answer in answers if isinstance(answer, Scalar)]
    try:
        values = [exact_value(node) for node in known if node != Symbol("…")]
    except (NotRational, ZeroDivisionError):
        return answers
    if len(values) != len(answers) - 1:
        return answers
    first, step, last = values[0], values[1] - values[0], values[-1]
    steps = [b - a for a, b in zip(values[:-2], values[1:-1], strict=True)]
    if (
        not step
        or set(steps) != {step}
        or (last - first) / step > MAX_MEMBERS
        or ((last - first) / step).denominator > 1
    ):
        return answers
    return [Scalar(Number(first + index * step)) for index in range(int((last - first) / step) + 1)]


def _by_names(answers: list[Answer]) -> Row:
    """``x=1, y=2, x=3, y=4`` are two solutions of two letters each."""
    names = [answer.name for answer in answers if isinstance(answer, Named)]
    width = len(set(names))
    if len(names) == len(answers) and 1 < width < len(names) and len(names) % width == 0:
        rows = [answers[start : start + width] for start in range(0, len(answers), width)]
        if all(len({answer.name for answer in row if isinstance(answer, Named)}) == width for row in rows):
            return Row("list", tuple(Row("list", tuple(row)) for row in rows))
    return Row("list", tuple(answers))


def _is_formula(text: str) -> bool:
    """Whether a text can be read as a formula: then it is no name, and what stands behind it not its value."""
    try:
        parse(plain_numbers(flattened(text)))
    except Unreadable:
        return False
    return True


def _equation(left: str, right: str) -> tuple[Node, Node] | None:
    try:
        return parse(plain_numbers(flattened(left))), parse(plain_numbers(flattened(right)))
    except Unreadable:
        return None


def _holds(left: Node, right: Node) -> bool:
    """Whether an equation between numbers is true, or is so when rounded: ``6 = 5`` says nothing."""
    try:
        return same(left, right) or rounds_to(left, right) or rounds_to(right, left)
    except Undecided:
        return False


def _is_value(left: Node, right: Node) -> bool:
    """Whether an equation says the value of something: of a number, of a quotient, of a function."""
    if symbols(right):
        return False
    if not symbols(left):
        return _holds(left, right)
    return isinstance(left, Quotient | Call | Constant | Symbol)
