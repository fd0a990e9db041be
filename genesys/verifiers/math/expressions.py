"""Finds formulas and plain numbers in prose; which of them is the answer is decided in ``answer``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesys.verifiers.math.measure_names import begins_with_measure
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
_ALIGNED = re.compile(r"\s*\\begin\{(aligned|align|split|gathered)\*?\}(.*)\\end\{\1\*?\}\s*[.,]?\s*", re.DOTALL)
_PERCENT = re.compile(r"\s*(?:\\?%|percent(?:age)?\b|per cent\b|pct\b)(?!\s+points?\b)", re.IGNORECASE)
# "and" may join counted things: "5 apples and 3 pears".
_JOINT = re.compile(r"[\s,;]*(?:and|or)?[\s,;$€£]*|(?:\s+[A-Za-z]{3,20}){1,2}[\s,;]+(?:and|or)\s+")
_TEXT_GROUP = re.compile(r"\\(?:text|mathrm)[a-z]*\{[^{}]{0,60}\}")
_TOKEN = re.compile(rf"(?:\\(?:text|mathrm)[a-z]*\{{[^{{}}{MASK}]{{0,60}}\}}|[^\s{MASK}])+|{MASK}+")
_STRONG = re.compile(r"\d|\\[A-Za-z]|[π√∞]")
_OPERATOR = re.compile(r"(?:[-+*/=<>≤≥×÷^≈]|\\(?:times|cdot|div|le|ge|leq|geq|pm|equiv)|≡|\(mod)+")
_LETTER = re.compile(r"\(?[A-Za-z]\)?")
_KNOWN_NAMES = re.compile(r"\\[A-Za-z]+|sin|cos|tan|cot|log|ln|exp|sqrt|arcsin|arccos|arctan|max|min|gcd|lcm|mod|inf")
_SUFFIX_REACH = 80
_EDGE = " \t\n.,;:!?\"'*`$"
_PROSE_WORD = re.compile(r"(?<![A-Za-z\\{])[A-Za-z]{2,}(?![A-Za-z}])")
# "12m²" in prose is an area; in a formula it might be a product.
_AREA_OR_VOLUME = re.compile(r"(?<=\d)(mm|cm|km|m|ft|in)([²³])\Z")
_WORD_UNIT = r"(?:(?:square|cubic|sq\.?|cu\.?)\s)?[A-Za-zµΩ]+(?:\^\{?\d\}?|[²³])?"
_NEXT_WORDS = re.compile(
    rf"\s*(?P<unit>{_WORD_UNIT}(?:\s?(?:/|per\s){_WORD_UNIT})?"
    r"|\\(?:text|textbf|textrm|mathrm|mbox)\s*\{[^{}]{1,60}\}(?:\^\{?\d\}?)?"
    r"|\^\s*\{?\s*\\circ\s*\}?(?:\s*(?:[CF](?![A-Za-z])|\\(?:text|mathrm)\{[CF]\}))?|°\s?[CF]?)"
)
_CLOSES_FORMULA = re.compile(r"\s*(?:\$|\\\)|\\\]|\*\*)?")
_ENDS_IN_UNIT = re.compile(r"\d\\text\{ [a-z]+\}\Z")
_PREPOSITION = re.compile(r"in\s+[A-Za-z]")
# What stands between a value and the same value said once more, rounded.
_RESTATED = re.compile(
    r"[\s,(]*(?:or|which is|that is|i\.e\.,?)?\s*(?:approximately|approx\.?|about|roughly|≈|\\approx)[\s$]*(?:\\\()?",
    re.IGNORECASE,
)


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
    return _join([_with_suffix(expression, sentence) for expression in found], sentence)


def _formulas(sentence: str) -> list[Expression]:
    expressions = []
    for match in _FORMULA.finditer(sentence):
        content = next(match.group(name) for name in ("display", "bracket", "paren", "lines", "inline") if match[name])
        lines = match["lines"] or _last_lines(content)
        if lines:
            content = lines.rstrip().removesuffix(r"\\").split(r"\\")[-1].replace("&", "")
        if content.strip():
            expressions.append(Expression(content.strip(), match.start(), match.end()))
    return expressions


def _last_lines(content: str) -> str:
    """The lines of an aligned derivation inside a formula; empty for other content."""
    match = _ALIGNED.fullmatch(content)
    return match.group(2) if match else ""


def _plain(sentence: str) -> list[Expression]:
    """Runs of mathematical tokens outside formulas that hold at least a digit or a command."""
    masked = mask_formulas(sentence)
    runs: list[list[re.Match[str]]] = [[]]
    depth = 0
    for token in _TOKEN.finditer(masked):
        if not _is_mathematical(token.group()):
            runs.append([])
            depth = 0
            continue
        runs[-1].append(token)
        depth += sum(map(token.group().count, "([{")) - sum(map(token.group().count, ")]}"))
        # A comma or colon at a token's end closes the run: "for n = 3, 5 cases" holds two expressions, "(3, 5)" one.
        if token.group()[-1] in ",;:" and depth <= 0:
            runs.append([])
            depth = 0
    return [expression for run in runs if (expression := _run_expression(run, masked)) is not None]


def _is_mathematical(token: str) -> bool:
    bare = _TEXT_GROUP.sub("", token).strip(_EDGE)
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
    if (edge == 0 and token[0] == "(" != token[-1]) or (edge == -1 and token[-1] == ")" and token[0] != "("):
        return len(run) > 1  # "(x," and "y)" belong to a tuple
    neighbour = run[1 if edge == 0 else -2].group() if len(run) > 1 else ""
    return bool(_OPERATOR.fullmatch(neighbour))


def _join(found: list[Expression], sentence: str) -> list[Expression]:
    joined: list[Expression] = []
    for expression in found:
        gap = sentence[joined[-1].end : expression.start] if joined else "."
        if not gap.strip() and _ENDS_IN_UNIT.search(joined[-1].text) and _ENDS_IN_UNIT.search(expression.text):
            last = joined.pop()  # "2 hours 30 minutes"
            joined.append(Expression(f"{last.text} {expression.text}", last.start, expression.end))
            continue
        if joined and gap.strip() and len(gap) < 60 and (_JOINT.fullmatch(gap) or gap.strip() == "="):
            last = joined.pop()
            between = " = " if gap.strip() == "=" else ", "
            joined.append(Expression(last.text.rstrip(",") + between + expression.text, last.start, expression.end))
        else:
            joined.append(expression)
    return joined


def _with_suffix(expression: Expression, sentence: str) -> Expression:
    """The expression with the percent sign or the unit that follows it; other words are not part of an answer."""
    suffix, length = suffix_behind(sentence[expression.end : expression.end + _SUFFIX_REACH])
    if not suffix:
        return expression
    return Expression(expression.text + suffix, expression.start, expression.end + length)


def suffix_behind(rest: str) -> tuple[str, int]:
    r"""The percent sign or unit of measure that a text begins with.

    Args:
        rest: What follows a value; may begin with the end of its formula.

    Returns:
        The suffix as LaTeX, as ``\text{ km}``, and how much of the text it takes; empty and 0 where there is none.
        Words that name no unit of measure are none: they may be anything.
    """
    start = _CLOSES_FORMULA.match(rest).end()  # type: ignore[union-attr]
    percent = _PERCENT.match(rest, start)
    if percent:
        return r"\%", percent.end()
    match = _NEXT_WORDS.match(rest, start)
    if not match or _PREPOSITION.match(match["unit"] + rest[match.end() :]):
        return "", 0
    unit = match["unit"]
    words = re.findall(r"[A-Za-zµΩ]+", re.sub(r"\\[A-Za-z]+", " ", unit))
    if "\\circ" not in unit and "°" not in unit and not begins_with_measure(words):
        return "", 0
    if not split_unit(clean(f"1 {unit}"))[1]:
        return "", 0
    return (unit if unit[0] in "\\^°" else rf"\text{{ {unit}}}"), match.end()


def without_rounded(expressions: list[Expression], sentence: str) -> list[Expression]:
    """Expressions without a last one that only repeats the one before it, rounded: "3√2, or about 4.24"."""
    while len(expressions) > 1 and _RESTATED.fullmatch(sentence[expressions[-2].end : expressions[-1].start]):
        expressions = expressions[:-1]
    return expressions
