r"""Numbers by their remainders, in signs or in words: ``x \equiv 3 \pmod 7``, "all even integers"."""

from __future__ import annotations

import re
from fractions import Fraction

from genesys.verifiers.math.answers import Answer, Row, Scalar
from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.tree import Number, Product, Sum, Symbol

FREE = "k·"
"""The letter for any whole number in such a family: no text holds it."""
_CONGRUENT = re.compile(
    r"(?:.{0,60}?\bcongruent to|[A-Za-z]\s*\\equiv|[A-Za-z]\s*=)\s*"
    r"(?P<remainders>(?:\\pm\s*)?-?\d+(?:\s*(?:,|or|and|\\pm)\s*-?\d+)*)\s*,?\s*\(?\s*"
    r"(?:\\pmod|\\bmod|\\mod|mod(?:ulo)?)\s*\{?\s*(?P<modulus>[1-9]\d{0,5})\s*\}?\s*\)?",
    re.DOTALL,
)
_FAMILIES = re.compile(
    r"(?:all |any |every |the |set of )*"
    r"(?:(?P<kind>even|odd) (?:(?:integers?|numbers?|whole numbers?)(?: [a-z])?|[a-z])"
    r"|(?:integer )?multiples of\s+(?P<step>[1-9]\d{0,4}))"
)


def read_remainders(text: str) -> Answer | None:
    """The numbers that leave certain remainders, as families in ``FREE``; None for anything else."""
    flat = " ".join(flattened(text).split())
    congruent, named = _CONGRUENT.fullmatch(flat), _FAMILIES.fullmatch(flat.lower())
    if congruent:
        step, remainders = congruent["modulus"], re.findall(r"-?\d+", congruent["remainders"])
        if r"\pm" in congruent["remainders"]:
            remainders += [f"-{remainder}" for remainder in remainders]
    elif named:
        step, remainders = named["step"] or "2", ["1" if named["kind"] == "odd" else "0"]
    else:
        return None
    turns = Product((Number(Fraction(step)), Symbol(FREE)))
    found = tuple(Scalar(Sum((Number(Fraction(remainder)), turns))) for remainder in remainders)
    return found[0] if len(found) == 1 else Row("list", found)
