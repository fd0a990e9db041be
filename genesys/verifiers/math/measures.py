"""What the words of a unit mean: a product of powers of units, counted things, and how two of them convert.

Where a unit stands in an answer is found in ``units``; mathematics other than that of units is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from genesys.verifiers.math.measure_names import POWER_WORDS, Factors, unit_named

if TYPE_CHECKING:
    import pint

# A word with several meanings has the one that the other side names.
_READINGS = {
    "pound": ("pound", "sterling"), "yen": ("yen", "yuan"), "cent": ("cent", "euro_cent"),
    "ounce": ("ounce", "fluid_ounce"), "degree": ("degree", "celsius", "fahrenheit"),
    "minute": ("minute", "arcminute"), "second": ("second", "arcsecond"), "coulomb": ("coulomb", "celsius"),
}  # fmt: skip
_PINT_NAMES = {"celsius": "degree_Celsius", "fahrenheit": "degree_Fahrenheit"}
# Money and angles get dimensions of their own: pint holds angles for plain numbers and its pi is a decimal.
_DEFINITIONS = (
    "own_degree = [own_angle]", "own_arcminute = own_degree / 60", "own_arcsecond = own_degree / 3600",
    "own_revolution = 360 * own_degree", "own_dollar = [own_dollars]", "own_cent = own_dollar / 100",
    "own_euro = [own_euros]", "own_euro_cent = own_euro / 100", "own_sterling = [own_pounds]",
    "own_penny = own_sterling / 100", "own_rupee = [own_rupees]", "own_paisa = own_rupee / 100",
    "own_ruble = [own_rubles]", "own_kopeck = own_ruble / 100", "own_yuan = [own_yuans]", "own_yen = [own_yens]",
    "own_won = [own_wons]", "own_peso = [own_pesos]", "own_unit = [own_units]",
)  # fmt: skip
_OWN = frozenset(definition.split()[0].removeprefix("own_") for definition in _DEFINITIONS)
_TEMPERATURES = ("celsius", "fahrenheit")
# Words which say only that something is counted, or how a value is meant, and so contradict no unit.
_EMPTY = frozenset((
    "total", "altogether", "each", "exactly", "approximately", "approx", "about", "around", "roughly", "nearly",
    "only", "of", "the", "a", "an", "and", "in", "at", "on", "to", "by", "per", "for", "from", "long", "wide",
    "high", "tall", "deep", "thick", "away", "apart", "old", "ago", "later", "left", "respectively", "more",
    "overall", "us", "every", "all", "whole", "consecutive", "different", "distinct", "possible", "such",
    "value", "worth", "length", "area", "volume",
))  # fmt: skip
# Nouns for what combinatorics counts and for what an equation has; one stands for another.
_SYNONYMS = {
    **dict.fromkeys(("arrangement", "possibility", "combination", "permutation", "method", "choice", "manner"), "way"),
    **dict.fromkeys(("outcome", "case", "option", "selection", "configuration", "possibilitie"), "way"),
    **dict.fromkeys(("root", "value", "answer"), "solution"),
    **dict.fromkeys(("people", "persons", "men"), "person"),
    "children": "child", "women": "woman", "mice": "mouse", "dice": "die", "vertices": "vertex",
}  # fmt: skip
_COMMANDS = (
    (re.compile(r"\\(?:cdot|times|bullet|ast)(?![A-Za-z])|[·⋅×∙]"), "*"),
    (re.compile(r"\^?\s*\{?\s*\\(?:circ|degree)(?![A-Za-z])\s*\}?|º"), "°"),
    (re.compile(r"\\mu(?![A-Za-z])"), "µ"),
    (re.compile(r"\\Omega(?![A-Za-z])|\bohms?\b"), "Ω"),
    (re.compile(r"\\([$%&])"), r"\1"),
    (re.compile(r"\\[A-Za-z]*frac\s*\{(.*?)\}\s*\{(.*?)\}(?=\s*(?:\Z|\\))"), r"(\1)/(\2)"),
    (re.compile(r"\^\s*\{?\s*([-−]?)\s*(\d)\s*\}?"), r"^\1\2 "),
    (re.compile(r"\\[A-Za-z]+|\\.|[{}~,]"), " "),
    (re.compile(r"°\s*([CFK])(?![A-Za-z])"), r" deg\1 "),
    (re.compile(r"\bdegrees?\s+(?:([CFK])\b|([Cc])elsius|([Ff])ahrenheit|([Kk])elvin)"), r"deg\1\2\3\4"),
    (re.compile(r"\b([ap])\.\s?m\b\.?", re.IGNORECASE), r"\1m"),
    (re.compile(r"\b([ap])m\b", re.IGNORECASE), r" \1mclock "),
    (re.compile(r"([kMµμ])\s+(?=Ω)|(?<=[µμ])\s+"), r"\1"),
    (re.compile(r"(?<=[a-z])\.(?=[a-z])"), "*"),
    (re.compile(r"\blight[ -]year|\bnautical mile|\bfluid ounce|\bfl\.? oz"), lambda m: re.sub(r"[^a-z]", "", m[0])),
)
_SUPERSCRIPTS = str.maketrans({"²": "^2", "³": "^3", "⁻": "^-", "¹": "1", "−": "-"})
_TOKEN = re.compile(
    r"(?P<word>[A-Za-zµμΩ°€£¥₹₽₩¢$]+)|\^\s*(?P<power>-?\d+)|(?P<digit>(?<=[A-Za-z])[23])|(?P<sign>[*/()])"
)
_POWER_AFTER = {"squared": 2, "cubed": 3, "sq": 2}
_PLURAL = re.compile(r"(?<=[a-z][xzs])es$|(?<=[sc]h)es$|(?<=[a-z][a-rt-z])s$")
_BREAKS = frozenset(("per", "of", "in", "for", "from", "on", "each", "with"))


@dataclass(frozen=True, slots=True)
class Measure:
    """What a unit says.

    Attributes:
        factors: Units of measure with their powers, sorted by name; ``km/h`` is kilometer^1 and hour^-1.
        nouns: Counted things in the singular, in their order.
        head: The noun that the others only describe: the last before "of" or "per".
    """

    factors: Factors
    nouns: tuple[str, ...]
    head: str


@dataclass(frozen=True, slots=True)
class Factor:
    """How a value turns into the same quantity in another unit: ``value * scale * pi**pi + offset``, exactly."""

    scale: Fraction
    offset: Fraction = Fraction(0)
    pi: int = 0


@lru_cache(maxsize=4096)
def read_measure(unit: str) -> Measure:
    """The meaning of a unit's text, in LaTeX or words; a text that says nothing has neither factors nor nouns."""
    plain = unit.translate(_SUPERSCRIPTS)
    for pattern, replacement in _COMMANDS:
        plain = pattern.sub(replacement, plain)
    return _Reader([match for match in _TOKEN.finditer(plain[:200])]).read()


@lru_cache(maxsize=4096)
def factor_between(source: Factors, target: Factors) -> Factor | None:
    """How a value in one unit of measure converts into another; ``None`` for units of different dimensions."""
    meanings = [list(product(*map(_readings, side))) for side in (source, target)]
    pairs = list(product(*meanings))
    if any(sorted(left) == sorted(right) for left, right in pairs):
        return Factor(Fraction(1))
    return next((factor for left, right in pairs if (factor := _converted(left, right))), None)


def _readings(factor: tuple[str, int]) -> list[tuple[str, int]]:
    name, power = factor
    return [(reading, power) for reading in _READINGS.get(name, (name,))]


def _converted(source: Factors, target: Factors) -> Factor | None:
    """The factor of two readings, by pint; radians are rewritten as degrees over pi first, so that pi stays exact."""
    (left, left_pi), (right, right_pi) = _without_radians(source), _without_radians(target)
    registry = _registry()
    try:
        zero, one = (
            registry.Quantity(Fraction(value), _pint_unit(registry, left)).to(_pint_unit(registry, right)).magnitude
            for value in (0, 1)
        )
    except _pint_errors():
        return None
    scale, offset = Fraction(one) - Fraction(zero), Fraction(zero)
    turns = left_pi - right_pi
    return Factor(scale * Fraction(180) ** -turns, offset, turns) if scale else None


def _without_radians(factors: Factors) -> tuple[Factors, int]:
    """The same unit with degrees for radians, and the power of (180/pi) that was left out."""
    radians = sum(power for name, power in factors if name == "radian")
    return tuple(("degree", power) if name == "radian" else (name, power) for name, power in factors), -radians


def _pint_unit(registry: Any, factors: Factors) -> Any:
    unit = registry.Unit("dimensionless")
    for name, power in factors:
        pint_name = f"own_{name}" if name in _OWN else _PINT_NAMES.get(name, name)
        if name in _TEMPERATURES and factors != ((name, 1),):
            pint_name = f"delta_{pint_name}"  # "per degree Celsius" is about a difference, whose zero is no matter
        unit = unit * registry.Unit(pint_name) ** power
    return unit


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[Any]:
    """Pint's table with exact numbers; reading it takes a few tenths of a second, so only when two units differ."""
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(non_int_type=Fraction)
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _pint_errors() -> tuple[type[Exception], ...]:
    """What pint raises for units that do not convert."""
    import pint

    return (pint.DimensionalityError, pint.UndefinedUnitError, pint.OffsetUnitCalculusError)


class _Reader:
    """Reads the tokens of one unit from left to right."""

    def __init__(self, tokens: list[re.Match[str]]) -> None:
        self._tokens = tokens
        self._powers: dict[str, int] = {}
        self._last: Factors = ()
        self._nouns: list[str] = []
        self._head = ""
        self._broken = False
        self._sign = 1
        self._next_power = 1

    def read(self) -> Measure:
        """The measure of all tokens."""
        for index, token in enumerate(self._tokens):
            if token["word"]:
                self._word(token["word"], index)
            elif token["power"] or token["digit"]:
                self._raise(int(token["power"] or token["digit"]))
            elif token["sign"] == "/":
                self._sign = -1
        factors = tuple(sorted((name, power) for name, power in self._powers.items() if power))
        if factors == (("unit", 1),):
            factors = ()  # "5 units" says nothing, "5 square units" says that it is an area
        return Measure(factors, tuple(self._nouns), self._head)

    def _word(self, word: str, index: int) -> None:
        lower = word.lower()
        follows = index + 1 < len(self._tokens) and bool(self._tokens[index + 1]["word"])
        if lower in _POWER_AFTER and self._last:
            self._raise(_POWER_AFTER[lower])
            return
        if lower in POWER_WORDS and follows and self._next_is_unit(index):
            self._next_power = POWER_WORDS[lower]
            return
        preposition = bool(index) and self._next_power == 1 and self._sign == 1
        meant = unit_named(word, in_is_inch=not follows and not preposition)
        if lower == "per":
            self._sign = -1
        if lower in _BREAKS and not meant:
            self._broken = True
        if meant:
            self._last = ()
            for name, power in meant:
                self._add(name, power * self._sign * self._next_power)
            self._next_power = 1
        elif lower not in _EMPTY:
            self._noun(lower)

    def _next_is_unit(self, index: int) -> bool:
        return bool(unit_named(self._tokens[index + 1]["word"]))

    def _add(self, name: str, power: int) -> None:
        self._powers[name] = self._powers.get(name, 0) + power
        self._last = (*self._last, (name, power))

    def _raise(self, exponent: int) -> None:
        last, self._last = self._last, ()
        for name, power in last:
            self._powers[name] += power * exponent - power
        self._last = ()

    def _noun(self, lower: str) -> None:
        singular = _PLURAL.sub("", lower.removesuffix("ies") + "y" if lower.endswith("ies") else lower)
        noun = _SYNONYMS.get(singular, _SYNONYMS.get(lower, singular))
        if len(noun) < 2:
            return
        self._nouns.append(noun)
        if not self._broken:
            self._head = noun
