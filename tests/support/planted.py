"""Problems, and the same problems edited: planted duplicates, and problems that only look like duplicates.

A base text is a story of some sentences, or a short exercise with formulas, all put together at random from a seed. An
edit keeps the problem what it is; a twin changes one thing that makes it another problem.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Edit = Callable[[str, random.Random], str]

NAMES = str.split(
    "Ada Boris Clara Dmitri Elena Farid Greta Hugo Ines Jonas Kira Luis Mona Nils Olga Pavel Rosa Sven Tara Udo"
)
THINGS = str.split(
    "apples pencils marbles books stamps tickets bottles candles shells buttons coins carrots lamps "
    "chairs postcards bricks kites ropes baskets melons tulips ribbons plates spoons blankets"
)
PLACES = str.split(
    "market harbour school library bakery garden factory museum station workshop farm theatre clinic hotel"
)
_STORIES = (
    "{name} has {n} {thing} and keeps them in a box near the {place}.",
    "On the way to the {place}, {name} finds {n} more {thing}.",
    "Every morning {name} carries {n} {thing} from the {place} to the cellar.",
    "A dealer at the {place} offers {n} dollars for each of the {thing}.",
    "{name} gives away {n} {thing} to a neighbour who works in the {place}.",
    "After {n} days the roof of the {place} leaks and ruins a part of the {thing}.",
    "The {place} charges a fee of {n} cents whenever somebody stores {thing} there.",
    "{name} and {other} share the work, and {other} does {n} percent of it.",
    "In the second week {other} borrows {n} {thing} and promises to return them.",
    "A cart holds at most {n} {thing}, so {name} has to walk several times.",
    "The bus between the {place} and the village takes {n} minutes.",
    "For a festival the {place} orders {n} crates that contain {thing}.",
    "{name} paints {n} of the {thing} blue and leaves the others as they are.",
    "It costs {n} dollars to repair the door of the {place} that {other} broke.",
    "Of all visitors of the {place}, {n} bring {thing} as a present.",
    "{other} notices that {n} {thing} are missing after the storm.",
)
_ASKED = (
    "How many {thing} does {name} have left?",
    "How much money does {name} earn in total?",
    "What is the largest number of {thing} that fit into the cellar?",
    "How many minutes does the whole journey take?",
    "Find the number of {thing} that {other} must return.",
    "What fraction of the {thing} is blue?",
    "By how much does the cost increase?",
)
_EXERCISES = (
    "Find the sum of all positive integers $n$ less than ${n}$ for which $n^2 + {m}n$ is divisible by ${k}$.",
    "Let $f(x) = {n}x^2 + \\frac{{{m}}}{{x}} - {k}$. Determine the minimum value of $f$ on the positive real axis.",
    "Compute the area of a triangle whose sides have lengths ${n}$, ${m}$ and ${k}$ centimeters.",
    "How many ordered pairs of integers $(a, b)$ satisfy $a^2 + b^2 \\leq {n}$ and $a \\cdot b \\geq {m}$?",
    "The polynomial $x^3 - {n}x^2 + {m}x - {k}$ has three real roots. What is the product of the two largest ones?",
    "A fair die is rolled {n} times. What is the probability that the number {m} appears before the number {k}?",
    "Solve the equation $\\sqrt{{x + {n}}} = {m} - \\frac{{x}}{{{k}}}$ over the real numbers.",
    "Points $A$, $B$ lie on a circle of radius ${n}$ with chord $AB = {m}$. How far is the chord from the center?",
    "An arithmetic sequence begins with ${n}$ and has difference ${m}$. What is its term number ${k}$?",
    "Evaluate $\\sum_{{i=1}}^{{{n}}} \\left( i^2 - {m}i \\right) \\cdot {k}$.",
    "Write a function for the longest prefix of a list with a sum below {n}, {m} items at most and {k} at least.",
    "In how many ways can {n} distinct flags be hoisted on {m} masts if every mast carries at least {k} of them?",
    "What is the remainder when ${n}^{{{m}}}$ is divided by ${k}$?",
    "Determine the greatest common divisor of ${n}!$ and ${m}^{{{k}}}$.",
)
_FILLERS = str.split(
    "carefully then perhaps quickly later together often quietly already simply usually nearby clearly again soon"
)
_SYNONYMS = {
    "find": "determine",
    "compute": "calculate",
    "determine": "find",
    "evaluate": "compute",
    "gives": "hands",
    "keeps": "stores",
    "carries": "brings",
    "offers": "pays",
    "whole": "entire",
    "earn": "make",
    "left": "remaining",
    "every": "each",
    "money": "cash",
    "takes": "needs",
    "work": "labour",
    "repair": "fix",
    "visitors": "guests",
    "contain": "hold",
    "notices": "sees",
    "present": "gift",
    "largest": "greatest",
    "minimum": "smallest",
    "begins": "starts",
    "buys": "purchases",
    "total": "all",
    "store": "shop",
    "shop": "store",
    "kids": "children",
    "picture": "photo",
    "house": "home",
    "big": "large",
}
_CONTRARY = {
    "largest": "smallest",
    "smallest": "largest",
    "greatest": "least",
    "minimum": "maximum",
    "maximum": "minimum",
    "sum": "product",
    "product": "sum",
    "more": "fewer",
    "less": "more",
    "before": "after",
    "increase": "decrease",
    "positive": "negative",
    "area": "perimeter",
    "longest": "shortest",
    "even": "odd",
    "odd": "even",
    "first": "last",
    "at most": "at least",
    "minutes": "hours",
    "real": "complex",
    "sin": "cos",
    "cos": "sin",
    "perimeter": "area",
    "median": "mean",
}
_WORDS = str.split("zero one two three four five six seven eight nine ten eleven twelve")
_NUMERIC = {
    *_WORDS,
    *str.split(
        "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty "
        "seventy eighty ninety hundred"
    ),
}
_NUMERIC |= {"half", "twice", "dozen", "third", "thirds", "quarter", "double", "triple", "non", "t"}
_ADDED = (
    "Please reason step by step.",
    "Let's think step by step, and put your final answer within \\boxed{}.",
    "Think carefully before you answer.",
    "Show your work.",
)


def story(rnd: random.Random, sentences: int = 4) -> str:
    """A problem in words."""
    name, other = rnd.sample(NAMES, 2)
    thing, place = rnd.choice(THINGS), rnd.choice(PLACES)

    def told(form: str) -> str:
        return form.format(name=name, other=other, thing=thing, place=place, n=rnd.randrange(3, 900))

    return " ".join(told(form) for form in [*rnd.sample(_STORIES, sentences), rnd.choice(_ASKED)])


def exercise(rnd: random.Random) -> str:
    """A short one."""
    n, m, k = (rnd.randrange(3, 99) for _ in range(3))
    return rnd.choice(_EXERCISES).format(n=n, m=m, k=k)


def problems(seed: int, count: int) -> list[str]:
    """So many, long and short, no two of them the same."""
    rnd = random.Random(seed)  # noqa: S311
    found: dict[str, None] = {}
    while len(found) < count:
        found[exercise(rnd) if rnd.random() < 0.4 else story(rnd, rnd.randrange(2, 10))] = None
    return list(found)


_ANY = (
    *_FILLERS,
    *THINGS,
    *PLACES,
    *NAMES,
    *str.split("river doctor paper window green heavy winter friend travel always moment road"),
)


def _numeric(word: str) -> bool:
    bare = re.sub(r"\W", "", word).casefold()
    return (
        any(sign.isdigit() or sign in "\\$" for sign in word)
        or any(part in _NUMERIC for part in re.findall("[a-z]+", word.casefold()))
        or bare in _CONTRARY
        or bare in {"not", "no"}
    )


def _share(words: list[str], rnd: random.Random, share: float) -> set[int]:
    free = [place for place, word in enumerate(words) if not _numeric(word)]
    return set(rnd.sample(free, min(len(free), max(1, int(len(words) * share)))))


def changed_case(text: str, rnd: random.Random) -> str:
    return rnd.choice([str.upper, str.lower, str.title])(text) if "\\" not in text else text[0].lower() + text[1:]


def punctuation(text: str, rnd: random.Random) -> str:
    return re.sub(r"(?<![\d\\])[,.;:!?](?![\d\\])", lambda found: rnd.choice(["", " ,", "!", "...", ";"]), text)


def white_space(text: str, rnd: random.Random) -> str:
    return "\n" + re.sub(" ", lambda _: rnd.choice([" ", "  ", "\n", "\t "]), text) + "  "


def notation(text: str, _rnd: random.Random) -> str:
    for old, new in (
        ("\\frac", "\\dfrac"),
        ("\\cdot", "\\times"),
        ("\\leq", "\\le"),
        ("\\geq", "≥"),
        ("\\left", ""),
        ("\\right", ""),
        ("^2", "^{2}"),
        ("\\sqrt", "\\sqrt "),
        (" + ", "+"),
    ):
        text = text.replace(old, new)
    return re.sub(r"\$([^$]+)\$", r"\\(\1\\)", text)


def synonyms(text: str, _rnd: random.Random) -> str:
    def other(found: re.Match[str]) -> str:
        new = _SYNONYMS.get(found[0].casefold(), found[0])
        return new.capitalize() if found[0][0].isupper() else new

    return re.sub(r"[A-Za-z]+", other, text)


def inserted(text: str, rnd: random.Random) -> str:
    words = text.split(" ")
    at = _share(words, rnd, 0.12)
    return " ".join(f"{rnd.choice(_ANY)} {word}" if place in at else word for place, word in enumerate(words))


def removed(text: str, rnd: random.Random) -> str:
    words = text.split(" ")
    at = _share(words, rnd, 0.12)
    return " ".join(word for place, word in enumerate(words) if place not in at)


def replaced(text: str, rnd: random.Random) -> str:
    words = text.split(" ")
    at = _share(words, rnd, 0.12)
    return " ".join(rnd.choice(_ANY) if place in at else word for place, word in enumerate(words))


def swapped(text: str, rnd: random.Random) -> str:
    sentences = re.split(r"(?<=[.!?]) +", text)
    if len(sentences) < 3:
        return f"{rnd.choice(_ADDED)} {text}"
    at = rnd.randrange(len(sentences) - 2)
    sentences[at], sentences[at + 1] = sentences[at + 1], sentences[at]
    return " ".join(sentences)


def added(text: str, rnd: random.Random) -> str:
    extra = rnd.choice(_ADDED)
    return f"{text}\n\n{extra}" if rnd.random() < 0.6 else f"{extra} {text}"


def renamed(text: str, rnd: random.Random) -> str:
    for name, thing in zip(rnd.sample(NAMES, len(NAMES)), NAMES, strict=True):
        text = re.sub(rf"\b{thing}\b", f"@{name}@", text)
    old = next((thing for thing in THINGS if thing in text), None)
    text = text.replace("@", "")
    return text.replace(old, rnd.choice(THINGS)) if old else text


def in_words(text: str, _rnd: random.Random) -> str:
    if "$" in text:
        return text
    return re.sub(r"(?<![\d.,])\b(\d|1[0-2])\b(?![.,]?\d)", lambda found: _WORDS[int(found[0])], text)


def mixed(text: str, rnd: random.Random) -> str:
    for edit in rnd.sample([punctuation, white_space, synonyms, added], 3):
        text = edit(text, rnd)
    words = text.split(" ")
    at = _share(words, rnd, 0.05)
    return " ".join(rnd.choice(_ANY) if place in at else word for place, word in enumerate(words))


EDITS: dict[str, Edit] = {
    "case": changed_case,
    "punctuation": punctuation,
    "white space": white_space,
    "notation": notation,
    "synonyms": synonyms,
    "words inserted": inserted,
    "words removed": removed,
    "words replaced": replaced,
    "sentences swapped": swapped,
    "sentence added": added,
    "names and things": renamed,
    "numbers in words": in_words,
    "several": mixed,
}
"""What leaves a problem the same."""


def another_number(text: str, rnd: random.Random) -> str:
    """One number is another one."""
    places = [found.span() for found in re.finditer(r"\d+", text)]
    if not places:
        return text
    start, end = rnd.choice(places)
    value = int(text[start:end])
    return f"{text[:start]}{value + rnd.choice([1, 2, 5, 10, 30])}{text[end:]}"


def exchanged_numbers(text: str, rnd: random.Random) -> str:
    """Two numbers are in each other's place."""
    places = [found.span() for found in re.finditer(r"\d+", text)]
    pairs = [(one, two) for one in places for two in places if one < two and text[slice(*one)] != text[slice(*two)]]
    if not pairs:
        return text
    one, two = rnd.choice(pairs)
    return text[: one[0]] + text[slice(*two)] + text[one[1] : two[0]] + text[slice(*one)] + text[two[1] :]


def contrary(text: str, rnd: random.Random) -> str:
    """A word that decides is its contrary."""
    known = [word for word in _CONTRARY if re.search(rf"\b{word}\b", text)]
    if not known:
        return text
    word = rnd.choice(known)
    return re.sub(rf"\b{word}\b", _CONTRARY[word], text)


def all_numbers(text: str, rnd: random.Random) -> str:
    """A template with other numbers."""
    return re.sub(r"\d+", lambda found: str(int(found[0]) + rnd.randrange(1, 40)), text)


TWINS: dict[str, Edit] = {
    "another number": another_number,
    "all numbers": all_numbers,
    "numbers exchanged": exchanged_numbers,
    "contrary": contrary,
}
"""What makes it another problem. One that cannot be done to a text leaves it as it is."""
