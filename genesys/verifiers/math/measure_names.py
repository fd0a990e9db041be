"""Names of units of measure and money: the tables of words and symbols, and what one word names."""

from __future__ import annotations

from collections.abc import Sequence

# A unit of measure: named units with their powers, sorted by name; km/h is (("hour", -1), ("kilometer", 1)).
Factors = tuple[tuple[str, int], ...]

_PREFIXES = {
    "k": "kilo", "M": "mega", "G": "giga", "T": "tera", "h": "hecto", "d": "deci", "c": "centi", "m": "milli",
    "µ": "micro", "μ": "micro", "n": "nano", "p": "pico",
}  # fmt: skip
_PREFIX_WORDS = ("kilo", "mega", "giga", "tera", "hecto", "deca", "deci", "centi", "milli", "micro", "nano", "pico")
# Symbols are told apart by their case; a prefix may stand before those of the first line only.
_PREFIXED_SYMBOLS = {
    "m": "meter", "g": "gram", "s": "second", "l": "liter", "L": "liter", "N": "newton", "J": "joule", "W": "watt",
    "V": "volt", "A": "ampere", "C": "coulomb", "Hz": "hertz", "Pa": "pascal", "mol": "mole", "F": "farad",
    "H": "henry", "T": "tesla", "eV": "electron_volt", "bar": "bar", "cal": "calorie", "Ω": "ohm", "B": "byte",
}  # fmt: skip
_SYMBOLS = {"K": "kelvin", "t": "metric_ton", "h": "hour", "d": "day", "Wb": "weber", "lm": "lumen"}
_BASES = frozenset((
    "meter", "gram", "second", "liter", "newton", "joule", "watt", "volt", "ampere", "hertz", "pascal", "mole",
    "coulomb", "farad", "henry", "ohm", "tesla", "calorie", "byte", "bit", "bar", "kelvin", "weber", "lumen", "lux",
    "minute", "hour", "day", "week", "month", "year", "decade", "century", "inch", "foot", "yard", "mile", "acre",
    "hectare", "gallon", "quart", "pint", "cup", "teaspoon", "tablespoon", "pound", "ounce", "horsepower", "knot",
    "atmosphere", "torr", "dyne", "erg", "psi", "mmHg", "unit", "parsec", "light_year", "nautical_mile", "fluid_ounce",
    "degree", "radian", "arcminute", "arcsecond", "revolution", "celsius", "fahrenheit",
    "dollar", "cent", "euro", "sterling", "penny", "yuan", "yen", "rupee", "paisa", "ruble", "kopeck", "peso",
))  # fmt: skip
_WORDS = {
    "metre": "meter", "gramme": "gram", "kilo": "kilogram", "tonne": "metric_ton", "ton": "metric_ton", "sec": "second",
    "min": "minute", "hr": "hour", "yr": "year", "wk": "week", "mo": "month", "litre": "liter",
    "feet": "foot", "ft": "foot", "in": "inch", "yd": "yard", "mi": "mile", "ha": "hectare", "gal": "gallon",
    "qt": "quart", "tsp": "teaspoon", "tbsp": "tablespoon", "lb": "pound", "oz": "ounce",
    "hp": "horsepower", "atm": "atmosphere", "amp": "ampere", "deg": "degree", "°": "degree", "rad": "radian",
    "rev": "revolution", "electronvolt": "electron_volt", "ev": "electron_volt", "kcal": "kilocalorie",
    "degc": "celsius", "degf": "fahrenheit", "centigrade": "celsius", "degk": "kelvin", "degr": "degree",
    "lightyear": "light_year", "nauticalmile": "nautical_mile", "fluidounce": "fluid_ounce", "floz": "fluid_ounce",
    "$": "dollar", "usd": "dollar", "us$": "dollar", "buck": "dollar", "¢": "cent", "€": "euro", "eur": "euro",
    "£": "sterling", "gbp": "sterling", "pence": "penny", "pennies": "penny", "¥": "yen", "jpy": "yen", "cny": "yuan",
    "rmb": "yuan", "₹": "rupee", "rs": "rupee", "inr": "rupee", "paise": "paisa", "rouble": "ruble", "rub": "ruble",
    "₽": "ruble", "kopek": "kopeck",
    "₩": "won", "krw": "won", "mmhg": "mmHg", "centuries": "century", "henries": "henry",
}  # fmt: skip
_PRODUCTS = {
    **dict.fromkeys(("kph", "kmh", "kmph"), (("hour", -1), ("kilometer", 1))), "mph": (("hour", -1), ("mile", 1)),
    "mps": (("meter", 1), ("second", -1)), "rpm": (("minute", -1), ("revolution", 1)), "cc": (("centimeter", 3),),
    "kwh": (("hour", 1), ("kilowatt", 1)), "wh": (("hour", 1), ("watt", 1)), "sqft": (("foot", 2),),
    "sqm": (("meter", 2),), "sqcm": (("centimeter", 2),), "sqkm": (("kilometer", 2),),
}  # fmt: skip
# "Km" and "KG" are slips of case that can mean one thing only.
_SLIPS = {
    "km": "kilometer", "dm": "decimeter", "cm": "centimeter", "mm": "millimeter", "kg": "kilogram", "mg": "milligram",
    "ml": "milliliter", "cl": "centiliter", "dl": "deciliter", "hz": "hertz", "khz": "kilohertz", "pa": "pascal",
    "kpa": "kilopascal", "kb": "kilobyte", "kw": "kilowatt", "kj": "kilojoule",
}  # fmt: skip
POWER_WORDS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}


def begins_with_measure(words: Sequence[str]) -> bool:
    """Whether words begin with a unit of measure or a currency, perhaps squared or cubed."""
    first = 1 if len(words) > 1 and words[0].lower() in POWER_WORDS else 0
    return len(words) > first and bool(unit_named(words[first]))


def unit_named(word: str, *, in_is_inch: bool = True) -> Factors:
    """The unit that a word names, with its own case first, since ``mW`` is not ``MW``; empty for other words.

    Args:
        word: One word or symbol.
        in_is_inch: Whether "in" can be an inch here and no preposition.
    """
    if word in _PREFIXED_SYMBOLS:
        return ((_PREFIXED_SYMBOLS[word], 1),)
    if word in _SYMBOLS:
        return ((_SYMBOLS[word], 1),)
    if len(word) > 1 and word[0] in _PREFIXES and word[1:] in _PREFIXED_SYMBOLS:
        return ((_PREFIXES[word[0]] + _PREFIXED_SYMBOLS[word[1:]], 1),)
    lower = word.lower()
    if lower == "in" and not in_is_inch:
        return ()
    for name in (lower, lower.removesuffix("s"), lower.removesuffix("es")):
        if name in _PRODUCTS:
            return _PRODUCTS[name]
        if len(name) > 1 or name in _WORDS:
            known = _WORDS.get(name) or (name if name in _BASES else "") or _prefixed(name)
            if known:
                return ((known, 1),)
    return ()


def _prefixed(name: str) -> str:
    if name in _SLIPS:
        return _SLIPS[name]
    for prefix in _PREFIX_WORDS:
        if name.startswith(prefix):
            base = name.removeprefix(prefix)
            base = _WORDS.get(base, base)
            return prefix + base if base in _BASES else ""
    return ""
