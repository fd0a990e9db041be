"""Finds the unit or counted thing that ends a value and says whether two of them agree. See ``measures``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from genesys.verifiers.math.measure_names import begins_with_measure
from genesys.verifiers.math.measures import Factor, Measure, factor_between, read_measure

_SIGNS = "€£¥₹₽₩¢"
_ANY_UNIT = re.compile(rf"[A-Za-z$°′″'{_SIGNS}µμΩ]")
_ANY_VALUE = re.compile(r"[0-9\\]")
_TEXT = r"\\(?:text|textbf|textrm|textnormal|textit|mathrm|mathbf|mbox|hbox|operatorname|rm|unit|si)"
_POWER = r"(?:\s*\^\s*(?:\{\s*-?\s*\d\s*\}|-?\d)|[²³])?"
_TEXT_ATOM = rf"{_TEXT}\s*\{{[^{{}}]*(?:\^\{{[^{{}}]*\}}[^{{}}]*)*\}}{_POWER}"
_FRACTION_ATOM = rf"\\[dt]?frac\s*\{{\s*{_TEXT_ATOM}\s*\}}\s*\{{\s*{_TEXT_ATOM}\s*\}}"
_DEGREE_ATOM = (
    r"\{?\}?\s*(?:\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))|°|\\degree(?![A-Za-z]))(?:\s*[CFK](?![A-Za-z]))?"
)
_WORD_ATOM = rf"(?<![A-Za-z\\{{])[A-Za-zµμΩ]+\.?(?:-[A-Za-z]+)?{_POWER}(?![A-Za-z])"
_SIGN_ATOM = rf"\\?\$|[{_SIGNS}]|\\(?:Omega|mu)(?![A-Za-z])"
_ATOM = rf"(?:{_FRACTION_ATOM}|{_TEXT_ATOM}|{_DEGREE_ATOM}|{_WORD_ATOM}|{_SIGN_ATOM})"
_BETWEEN = r"(?:\s|~|\\[,;:! ]|\\cdot(?![A-Za-z])|\\times(?![A-Za-z])|[·⋅×*/(). -])*"
_ATOM_AT = re.compile(_ATOM)
# The unit's atoms and what stands between them, to the end; the longest such ending is tried first.
_TAIL = re.compile(rf"(?:\\[,;:! ]|~)*{_ATOM}(?:{_BETWEEN}{_ATOM}){{0,7}}[\s.~)]*\Z")
_TAIL_LENGTH = 120
_ENDS_IN_POWER = re.compile(r"[A-Za-z}]\s*\^\s*-?\d\Z")
_HAS_TEXT = re.compile(rf"{_TEXT}\s*\{{|\\Omega|\\mu|°|\\circ|\\degree|\\?\$|[{_SIGNS}]")
_MONEY = re.compile(
    rf"(?P<minus>-?)\s*(?P<unit>US\s?\\?\$|\\?\$|[{_SIGNS}]|{_TEXT}\s*\{{\s*(?:Rs\.?|USD|US\\?\$|\\?\$|EUR|RMB|[{_SIGNS}])\s*\}}"
    r"|(?:Rs\b\.?|USD\b|EUR\b|RMB\b|INR\b))[\s~]*(?=[-\d.\\(])"
)
_ANGLE = re.compile(
    r"(?P<minus>-?)\s*(?P<degrees>\d+(?:\.\d+)?)\s*\^?\s*\{?\s*(?:\\circ|°|\\degree|\\text\{\s*degrees?\s*\}|degrees?)\s*\}?[\s,]*"
    r"(?P<minutes>\d+(?:\.\d+)?)\s*(?:'(?!')|′|\^\s*\{?\s*\\prime\s*\}?|\\text\{\s*min(?:ute)?s?\s*\}|minutes?)\s*"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)\s*(?:''|\"|″|\^\s*\{?\s*\\prime\s*\\prime\s*\}?|\\text\{\s*sec(?:ond)?s?\s*\}|seconds?))?\s*\Z"
)
_NUMBER = r"\d+(?:\.\d+)?"
_PAIR = re.compile(
    rf"\s*(?:,|and\b|\\text\s*\{{\s*and\s*\}})?\s*(?P<value>{_NUMBER})[\s~]*(?:\\[,;: ])?\s*"
    rf"(?P<unit>{_TEXT_ATOM}|[A-Za-z]+\.?)"
)
# Words that say something about the value or join it to more, so that they are no unit and must stay.
_SAYS = re.compile(
    r"(?<![A-Za-z])(?:and|or|if|iff|where|when|whenever|while|mod|modulo|not|no|never|none|yes|is|are|was|be|as|such|that|"
    r"because|since|then|but|unless|except|otherwise|else|without|plus|minus|which|who|with|least|most|even|odd|prime|"
    r"positive|negative|real|rational|irrational|undefined|infinite|finite|divides|true|false|arbitrary|integers?|to|"
    r"garbage|wrong|correct|for|base|mean|equals?|satisf\w+|cannot|does|do|has|have|inches and)(?![A-Za-z])",
    re.IGNORECASE,
)
_FUNCTION = re.compile(r"\\?(?:arc)?(?:sin|cos|tan|cot|sec|csc)\b")
_MATHEMATICS = frozenset((
    "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "lim", "max", "min", "gcd", "lcm", "det",
    "sqrt", "frac", "pi", "inf", "infty", "deg", "dim",
))  # fmt: skip
_LETTERS_OF_UNITS = frozenset((
    "m", "s", "g", "h", "l", "L", "N", "J", "W", "V", "K",
))  # fmt: skip
_VALUE_END = tuple("0123456789)]}!%|")
_ENDS_IN_NAME = re.compile(r"\\(?:pi|theta|alpha|beta|infty|e)\Z|(?<![A-Za-z])[a-z]\Z")
_LEFT_OVER = re.compile(
    rf"(?<=[0-9)\]}}])\s*{_TEXT}\s*\{{\s*(?!,?\s*(?:and|or)\b)[^{{}}]*[A-Za-z]{{2}}"
    r"|(?<![A-Za-z\\])\d\s*[A-Za-z]{2,}|\\circ|°"
)
# A number, however it is written; only its name may be a letter.
_PLAIN_VALUE = re.compile(r"(?:\s*[A-Za-z]\s*=)?(?:[^A-Za-z\\]|\\[A-Za-z]+|\\.)+")
_CLOCK = re.compile(rf"(?:{_TEXT}\s*\{{)?\s*[ap]\.?\s?m\b\.?", re.IGNORECASE)
_PERCENT = re.compile(r"(?:percent(?:age)?|per cent|pct)\b(?!\s+points?\b)", re.IGNORECASE)
# Habits that hide a unit: {\\rm cm}, \\text{5 cm}, and the function \\min for minutes.
_DISGUISES = (
    (re.compile(r"(?<=\d)\s*\{\s*(?:\\rm)?\s+([A-Za-z][A-Za-z/ ]{0,40})\}\s*\Z"), r"\\text{ \1}"),
    (re.compile(r"\A\s*\\(?:text|mathrm|mbox)\s*\{\s*(\d[\d.,/]*)\s+([^{}]{1,80})\}\s*\Z"), r"\1\\text{ \2}"),
    (re.compile(r"(?<=[\d}])\s*\\(min|sec)\s*\Z"), r"\\text{ \1}"),
)
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALE = re.compile(rf"\A\W*(?P<word>{'|'.join(_SCALES)}|dozen)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Same:
    """Units that do not contradict one another: values are compared as they stand.

    Attributes:
        missing: The side that names no unit.
    """

    missing: Literal["", "gold", "answer", "both"] = ""


@dataclass(frozen=True, slots=True)
class Different:
    """Units of which one is never the other."""


def split_unit(text: str) -> tuple[str, str]:
    r"""Part an answer into its value and the unit that ends it, or the currency that opens it.

    Words in a text command are a unit unless they say something about the value, as "even" or "for all n" do. Bare
    words are one where they name a unit, or follow a plain number as in "5 apples"; a bare letter only after a blank,
    since ``5x`` is a product. A value in parts (``60^\circ 42'``, "2 hours 30 minutes") becomes one sum in one unit, a
    number word ("5 million dollars") a power of ten.

    Args:
        text: A single answer, no list, in the form that ``text.clean`` gives or near to it.

    Returns:
        The value and the unit's text; an empty unit where there is none, or where nothing would remain as value.
    """
    if not _ANY_UNIT.search(text) or not _ANY_VALUE.search(text) or len(text) > 2000:
        return text, ""
    for pattern, plain in _DISGUISES:
        text = pattern.sub(plain, text)
    parts = _parts(text)
    if parts:
        return parts
    money = _MONEY.match(text)
    rest = text[money.end() :].strip() if money else text
    value, unit = _split_tail(rest)
    if not money:
        return value, unit
    if value == rest and not _ends_as_value(rest):
        return text, ""
    return money["minus"] + value, f"{money['unit']} {unit}".strip()


def compare_units(gold: str, answer: str) -> Same | Factor | Different:
    """Whether an answer's unit is the gold's, converts into it, or contradicts it.

    Args:
        gold: The gold's unit as ``split_unit`` gives it.
        answer: The answer's unit.

    Returns:
        ``Same`` also where a side names none; a ``Factor`` that turns the answer's value into the gold's unit; or
        ``Different``.
    """
    return Same("both") if not gold and not answer else _compared(gold, answer)


@lru_cache(maxsize=4096)
def _compared(gold: str, answer: str) -> Same | Factor | Different:
    left, right = read_measure(gold), read_measure(answer)
    silent = {(True, True): "both", (True, False): "gold", (False, True): "answer"}
    missing = silent.get((_is_silent(left), _is_silent(right)))
    if missing:
        return Same(missing)  # type: ignore[arg-type]
    if left.factors and right.factors:
        if _is_same_power_of_unit(left, right):
            return Same()
        factor = factor_between(right.factors, left.factors)
        return Different() if factor is None else Same() if factor == Factor(Fraction(1)) else factor
    return Same() if left.head in right.nouns or right.head in left.nouns else Different()


def _is_silent(measure: Measure) -> bool:
    return not measure.factors and not measure.nouns


def _is_same_power_of_unit(left: Measure, right: Measure) -> bool:
    """Whether one side is in "square units" and the other in a square of something, or both cubic."""
    for one, other in ((left, right), (right, left)):
        if len(one.factors) == len(other.factors) == 1 and one.factors[0][0] == "unit":
            return one.factors[0][1] == other.factors[0][1]
    return False


def _split_tail(text: str) -> tuple[str, str]:
    """The value before the longest ending that is a unit."""
    if text[-1:].isdigit() and not _ENDS_IN_POWER.search(text):
        return text, ""
    offset = max(0, len(text) - _TAIL_LENGTH)
    tail = _TAIL.search(text, offset)
    if not tail:
        return text, ""
    for atom in _ATOM_AT.finditer(text, tail.start()):
        value, unit = text[: atom.start()], text[atom.start() :].strip(" ~.")
        if unit.endswith(")") and unit.count("(") < unit.count(")"):
            return text, ""
        value = re.sub(r"(?:\s|~|\\[,;:! ]|\{\})+\Z", "", value)
        if _is_unit(value, unit, text[len(value) : atom.start()]):
            return _scaled(value, unit)
    return text, ""


def _is_unit(value: str, unit: str, gap: str) -> bool:
    if not _ends_as_value(value) or _SAYS.search(unit) or _LEFT_OVER.search(value):
        return False
    if _DEGREE.match(unit):
        return not _FUNCTION.search(value)
    words = _WORDS.findall(_COMMANDS.sub(" ", unit.replace(r"\Omega", "Ω").replace(r"\mu", "µ")))
    if not words and not _HAS_TEXT.search(unit):
        return False
    if _PERCENT.match(" ".join(words)):
        return False  # a factor of the value, not what it measures
    if _CLOCK.match(unit):
        return bool(_PLAIN_VALUE.fullmatch(value))
    known = begins_with_measure(words) or bool(_HAS_TEXT.search(unit) and read_measure(unit).factors)
    if _HAS_TEXT.match(unit) or unit.startswith("\\"):
        return bool(known or not words or (len(words[0]) > 1 and _PLAIN_VALUE.fullmatch(value)))
    return _are_plain_words(words, known=known, value=value, gap=gap)


def _are_plain_words(words: list[str], *, known: bool, value: str, gap: str) -> bool:
    """Whether bare words are a unit: one that is known, or a few real words behind a plain number."""
    if any(word in _MATHEMATICS for word in words) and not known:
        return False
    if len(words[0]) == 1:
        return bool(gap.strip("\n") and words[0] in _LETTERS_OF_UNITS and _PLAIN_VALUE.fullmatch(value))
    if known:
        return bool(gap) or value[-1] not in ")}]"
    # Fewer letters might be variables: "5 abc" is a product.
    return bool(gap) and len(words) <= 5 and len(words[-1]) > 3 and bool(_PLAIN_VALUE.fullmatch(value))


def _ends_as_value(value: str) -> bool:
    return value.endswith(_VALUE_END) or bool(_ENDS_IN_NAME.search(value))


def _scaled(value: str, unit: str) -> tuple[str, str]:
    """A number word that opens the unit as a factor of the value."""
    words = _COMMANDS.sub(" ", unit)
    scale = _SCALE.match(words)
    if not scale:
        return value, unit
    word = scale["word"].lower()
    factor = "12" if word == "dozen" else f"10^{{{_SCALES[word]}}}"
    return rf"{value}\cdot {factor}", words[scale.end() :].strip(" {}~")


def _parts(text: str) -> tuple[str, str] | None:
    """A value given in parts of falling size, as one sum in the smallest of its units."""
    angle = _ANGLE.fullmatch(text.strip())
    if angle:
        value = rf"{angle['degrees']}+\frac{{{angle['minutes']}}}{{60}}"
        if angle["seconds"]:
            value += rf"+\frac{{{angle['seconds']}}}{{3600}}"
        return (f"-({value})" if angle["minus"] else value), "degree"
    pairs: list[tuple[str, str]] = []
    position = 0
    while len(pairs) < 4 and (pair := _PAIR.match(text, position)):
        pairs.append((pair["value"], pair["unit"]))
        position = pair.end()
    if len(pairs) < 2 or text[position:].strip(" ."):
        return None
    smallest = pairs[-1][1]
    if not read_measure(smallest).factors:
        return None
    terms = []
    for (value, unit), (part, below) in zip(pairs, pairs[1:], strict=False):
        size, next_size = (compare_units(smallest, name) for name in (unit, below))
        step = next_size.scale if isinstance(next_size, Factor) else Fraction(1)
        if not isinstance(size, Factor) or size.offset or size.pi or size.scale <= step * Fraction(part):
            return None  # "5 cm, 4 cm" are two values; each part is less than one of the unit before it
        terms.append(rf"{value}\cdot {size.scale}")
    terms.append(pairs[-1][0])
    return "+".join(terms), pairs[-1][1]


_DEGREE = re.compile(_DEGREE_ATOM)
_COMMANDS = re.compile(r"\\[A-Za-z]+|\\.")
_WORDS = re.compile(rf"[A-Za-zµμΩ°${_SIGNS}]+")
