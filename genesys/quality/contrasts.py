"""Words that decide which problem it is: two that are alike but for ``largest`` and ``smallest`` are two problems.

Data, and the one question asked of it. A word that stands in no group decides nothing: names and things may change.
"""

from __future__ import annotations

from collections.abc import Iterable

_GROUPS = """
max maximal maximum maximize maximise largest greatest biggest highest longest most heaviest tallest farthest | min
    minimal minimum minimize minimise smallest least lowest shortest fewest lightest nearest
sum add total addition plus | product multiply multiplied multiplication | difference subtract subtraction minus |
    quotient ratio divide divided division | average mean | median | mode | range | variance | gcd gcf hcf | lcm
more greater larger bigger higher longer older taller faster heavier above over exceeds | less fewer smaller lower
    shorter younger slower lighter below under
increase increases increased increasing rises rose grew gains gained ascending nondecreasing | decrease decreases
    decreased decreasing falls fell shrank loses lost descending nonincreasing
even | odd
first | second | third | fourth | fifth | sixth | last final
before prior earlier | after later
area | perimeter circumference | volume | radius | diameter | length | width | height | angle | diagonal |
    hypotenuse | slope | intercept | midpoint | centroid | circumradius | inradius
circle | square | triangle | rectangle | hexagon | pentagon | octagon | trapezoid | parallelogram | rhombus |
    ellipse | parabola | hyperbola
sphere | cube | cone | cylinder | pyramid | tetrahedron | prism
sin sine arcsin | cos cosine arccos | tan tangent arctan | cot cotangent | sec secant | csc cosecant
log logarithm ln | exp exponential | sqrt root
half | third | quarter | fifth | sixth | seventh | eighth | ninth | tenth | twice double doubled doubles | thrice
    triple tripled triples | quadruple quadrupled
positive | negative | nonnegative | nonpositive
integer integers | rational | irrational | real | complex
prime primes | composite
arithmetic | geometric | harmonic
union | intersection
row rows | column columns
min minute minutes | second seconds | hour hours hourly | day days daily | week weeks weekly | month months monthly
    | year years yearly annually
monday mondays | tuesday tuesdays | wednesday wednesdays | thursday thursdays | friday fridays | saturday saturdays
    | sunday sundays
january | february | march | april | may | june | july | august | september | october | november | december
cent cents | dollar dollars | euro euros | pound pounds
mile miles | kilometer kilometers km | meter meters metre metres | centimeter centimeters cm | millimeter mm | foot
    feet ft | inch inches | yard yards
gram grams | kilogram kilograms kg | ounce ounces oz | ton tons
liter liters litre litres | gallon gallons | quart quarts | pint pints | milliliter ml
with | without
buy buys bought purchase purchases purchased | sell sells sold | rent rents rented
win wins won | lose loses lost
true | false
inside interior within | outside exterior
inscribed | circumscribed
clockwise | counterclockwise anticlockwise
horizontal horizontally | vertical vertically
parallel | perpendicular
left | right
north | south | east | west
up upward upwards | down downward downwards
convex | concave
domain | range | codomain
numerator | denominator
local | global absolute
injective | surjective | bijective
converges convergent converge | diverges divergent diverge
prefix | suffix | substring | subsequence | subarray | palindrome
uppercase | lowercase
vowel vowels | consonant consonants
stack | queue | heap
sorted | unsorted | reversed
push | pop
encrypt encode encoded encoding | decrypt decode decoded decoding
any | all every each | no none never not
and | or | xor
distinct different | identical same equal
python | javascript | rust | cpp | java | go | typescript | ruby | php
"""

_SIDES: dict[str, tuple[tuple[int, int], ...]] = {}
for _group, _line in enumerate(_GROUPS.replace("\n    ", " ").strip().splitlines()):
    for _side, _words in enumerate(_line.split("|")):
        for _word in _words.split():
            _SIDES[_word] = (*_SIDES.get(_word, ()), (_group, _side))

NEGATIONS = frozenset({"not", "no", "never", "without", "nor", "neither", "cannot", "except", "non"})
"""One that only one of two texts has turns it round."""


def contrary(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether of the words that only one of two texts has, one says the contrary of one of the other's.

    Args:
        left: Words that only the one has, or has more often.
        right: The same of the other.
    """
    ours: dict[int, set[int]] = {}
    for word in left:
        for group, side in _SIDES.get(word, ()):
            ours.setdefault(group, set()).add(side)
    return any(ours.get(group, set()) - {side} for word in right for group, side in _SIDES.get(word, ()))
