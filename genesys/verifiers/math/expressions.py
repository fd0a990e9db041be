"""Finds formulas and plain numbers in prose; which of them is the answer is decided in ``answer``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesys.verifiers.math.text import clean
from genesys.verifiers.math.units import split_unit

MASK = "\x00"
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<display>(?:[^$\\]|\\.){1,2000}?)\$\$"
    r"|\\\[(?P<bracket>.{1,2000}?)\\\]"
    r"|\\\((?P<paren>.{1,2000}?)\\\)"
    r"|\\begin\{(?P<name>align|aligned|equation|gather|eqnarray)\*?\}(?P<lines>.{1,2000}?)\\end\{(?P=name)\*?\}"
    # A closing dollar before a digit is the next price, not the end of a formula.
    r"|(?<!\\)\$(?P<inline>(?:[^$\\]|\\.){1,500}?)\$(?!\d)",
    re.DOTALL,
)
_PERCENT = re.compile(r"\s*(?:\\?%|percent(?:age)?\b|per cent\b|pct\b)", re.IGNORECASE)
_JOINT = re.compile(r"[\s,;]*(?:and|or)?[\s,;]*")
_STRONG = re.compile(r"\d|\\[A-Za-z]|[π√∞]")
_OPERATOR = re.compile(r"(?:[-+*/=<>≤≥×÷^≈]|\\(?:times|cdot|div|le|ge|leq|geq|pm))+")
_LETTER = re.compile(r"\(?[A-Za-z]\)?")
_KNOWN_NAMES = re.compile(r"\\[A-Za-z]+|sin|cos|tan|cot|log|ln|exp|sqrt|arcsin|arccos|arctan|max|min|gcd|lcm|mod|inf")
_EDGE = " \t\n.,;:!?\"'*`$"
_PROSE_WORD = re.compile(r"(?<![A-Za-z\\{])[A-Za-z]{2,}(?![A-Za-z}])")
# "12m²" in prose is an area; in a formula it might be a product.
_AREA_OR_VOLUME = re.compile(r"(?<=\d)(mm|cm|km|m|ft|in)([²³])\Z")
_NEXT_WORDS = re.compile(r"\s*(?:square |cubic )?[A-Za-z]+(?:\^\{?\d\}?|[²³])?")


@dataclass(frozen=True, slots=True)
class Expression:
    """A piece of mathematics in a text, with its percent sign or unit, and where it stands."""

    text: str
    start: int
    end: int


def mask_formulas(text: str) -> str:
    """The same text with every formula overwritten, so that dots and line breaks inside formulas end no sentence."""
    return _FORMULA.sub(lambda match: MASK * len(match.group()), text)


def is_formula(text: str) -> bool:
    """Whether a text is one line of mathematics without prose around it."""
    if not text or "\n" in text.strip() or _FORMULA.search(text):
        return False
    words = _PROSE_WORD.findall(_KNOWN_NAMES.sub(" ", clean(text)))
    return not words or (len(words) == 1 and len(text.split()) == 1)


def find_expressions(sentence: str) -> list[Expression]:
    """Formulas and plain expressions of a sentence in order; formulas joined by "and" or commas are one."""
    found = [*_formulas(sentence), *_plain(sentence)]
    found.sort(key=lambda expression: expression.start)
    return [_with_suffix(expression, sentence) for expression in _join(found, sentence)]


def _formulas(sentence: str) -> list[Expression]:
    expressions = []
    for match in _FORMULA.finditer(sentence):
        content = next(match.group(name) for name in ("display", "bracket", "paren", "lines", "inline") if match[name])
        if match["lines"]:
            content = content.rstrip().removesuffix(r"\\").split(r"\\")[-1].replace("&", "")
        if content.strip():
            expressions.append(Expression(content.strip(), match.start(), match.end()))
    return expressions


def _plain(sentence: str) -> list[Expression]:
    """Runs of mathematical tokens outside formulas that hold at least a digit or a command."""
    masked = mask_formulas(sentence)
    runs: list[list[re.Match[str]]] = [[]]
    for token in re.finditer(rf"[^\s{MASK}]+|{MASK}+", masked):
        # A comma or colon at a token's end closes the run: "for n = 3, 5 cases" holds two expressions.
        closes = token.group()[-1] in ",;:"
        if _is_mathematical(token.group()):
            runs[-1].append(token)
            if closes:
                runs.append([])
        else:
            runs.append([])
    return [expression for run in runs if (expression := _run_expression(run, masked)) is not None]


def _is_mathematical(token: str) -> bool:
    bare = token.strip(_EDGE)
    if _OPERATOR.fullmatch(bare) or _LETTER.fullmatch(bare):
        return True
    words = re.findall(r"[A-Za-z]{3,}", _KNOWN_NAMES.sub("", bare))
    return bool(_STRONG.search(bare)) and not words and not re.match(r"[A-Za-z]{2,}\d", bare)


def _run_expression(run: list[re.Match[str]], text: str) -> Expression | None:
    """A run as an expression, without single letters at its ends that no operator ties to it ("a", "I")."""
    while run and not _carries(run, 0):
        run = run[1:]
    while run and not _carries(run, -1):
        run = run[:-1]
    if not run:
        return None
    start, end = run[0].start(), run[-1].end()
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip(_EDGE + "=≈"))
    piece = piece.strip(_EDGE + "=≈")
    if not _STRONG.search(piece):
        return None
    said = _AREA_OR_VOLUME.sub(r"\\text{ \1}\2", piece)
    return Expression(said, start + left, start + left + len(piece))


def _carries(run: list[re.Match[str]], edge: int) -> bool:
    token = run[edge].group().strip(_EDGE)
    if not token or re.fullmatch(r"[=≈*/×÷^]+", token):
        return False
    if not _LETTER.fullmatch(token):
        return True
    neighbour = run[1 if edge == 0 else -2].group() if len(run) > 1 else ""
    return bool(_OPERATOR.fullmatch(neighbour))


def _join(found: list[Expression], sentence: str) -> list[Expression]:
    joined: list[Expression] = []
    for expression in found:
        gap = sentence[joined[-1].end : expression.start] if joined else ""
        if joined and gap.strip() and len(gap) < 20 and _JOINT.fullmatch(gap):
            last = joined.pop()
            text = f"{last.text.rstrip(',')}, {expression.text}"
            joined.append(Expression(text, last.start, expression.end))
        else:
            joined.append(expression)
    return joined


def _with_suffix(expression: Expression, sentence: str) -> Expression:
    """The expression with the percent sign or the unit that follows it; other words are not part of an answer."""
    rest = sentence[expression.end :]
    percent = _PERCENT.match(rest)
    if percent:
        return Expression(expression.text + r"\%", expression.start, expression.end + percent.end())
    word = _NEXT_WORDS.match(rest)
    if word:
        _, unit = split_unit(clean(f"{expression.text} {word.group().strip()}"))
        if unit:
            text = rf"{expression.text}\text{{ {word.group().strip()}}}"
            return Expression(text, expression.start, expression.end + word.end())
    return expression
