"""Answers in words: numbers, truth values, "no solution", and sentences. Compared as words, never as letters."""

from __future__ import annotations

import re
from fractions import Fraction

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "dozen": 12}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "hundredth": 100,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_SAME = {
    "yes": ["true", "correct", "right", "possible", "can", "always true"],
    "no": ["false", "incorrect", "wrong", "not true", "impossible", "not possible", "cannot", "not"],
    "none": [
        "no solution", "no solutions", "no real solution", "no real solutions", "no such number", "no such numbers",
        "empty set", "no such integers", "no roots", "no such integer", "no real roots", "no values", "no value",
        "no such function", "no such functions", "no integer solutions", "no integer solution",
        "no such integers exist",
        "no such integer exists", "no such number exists", "no such numbers exist", "no solutions exist",
        "no solution exists", "no real number", "no real numbers", "no such triangle", "no such function exists",
        "no such functions exist", "no such pairs", "no such pair",
    ],
    "dne": ["does not exist", "not exist", "doesn't exist", "limit does not exist", "undefined", "not defined",
            "limit doesn't exist"],
    "reals": ["all real numbers", "all reals", "every real number", "real numbers", "all real x", "real number",
              "set of all real numbers", "set real numbers", "all real values", "set all real numbers"],
    "integers": ["all integers", "every integer", "set all integers", "integer", "all integer"],
    "naturals": ["all natural numbers", "natural numbers", "all positive integers", "positive integers",
                 "every positive integer"],
    "infinite": ["infinitely many", "infinitely many solutions", "infinite number", "infinite solutions",
                 "infinite many", "infinitely"],
    "infinity": ["positive infinity", "plus infinity", "diverges to infinity", "infinite limit"],
    "minus infinity": ["negative infinity", "diverges to negative infinity"],
    "diverges": ["divergent", "series diverges", "integral diverges", "diverge", "does not converge"],
    "converges": ["convergent", "series converges", "converge", "integral converges"],
}  # fmt: skip
_CANONICAL = {phrase: name for name, phrases in _SAME.items() for phrase in (name, *phrases)}
_ARTICLES = re.compile(r"\b(?:the|an?|its?|is|are|was|be|will|there|that|this|of|answer|only|any|function)\b")
_NOT_A_WORD = re.compile(r"[^\w\s'/<>=+-]|_")
_NEGATION = re.compile(
    r"\b(?:los\w*|not?|never|none|neither|nor|cannot|can't|isn't|doesn't|don't|without|false|im\w+ble)\b"
)
_PREDICATE = re.compile(r"\b(?:is|are|be|remains?)\s+(?:an?\s+|the\s+)?([a-z]+(?:-[a-z]+)?)\s*\Z")
_OPPOSITES = (
    ("even", "odd"), ("increasing", "decreasing"), ("positive", "negative"), ("rational", "irrational"),
    ("left", "right"),
    ("convex", "concave"), ("acute", "obtuse"), ("independent", "dependent"), ("upward", "downward"), ("more", "less"),
    ("maximum", "minimum"), ("prime", "composite"), ("linear", "nonlinear"), ("bounded", "unbounded"),
)  # fmt: skip
_DIRECTIONS = (
    ("east", "west"), ("north", "south"), ("up", "down"), ("profit", "loss"), ("increase", "decrease"),
    ("gain", "loss"), ("above", "below"), ("forward", "backward"), ("forwards", "backwards"),
    ("clockwise", "counterclockwise"),
)  # fmt: skip
_OPPOSITE = {word: other for pair in _OPPOSITES for word, other in (pair, pair[::-1])}
_KINDS = frozenset(
    ("triangle", "number", "numbers", "function", "sequence", "series", "integer", "angle", "player", "graph")
)
_NOTHING = re.compile(
    r"no(?: such| real| integer| positive| integral)* (?:integers?|numbers?|solutions?|values?|roots?|functions?|pairs?"
    r"|triangles?|polynomials?|primes?|sequences?|points?)(?: [a-z])?(?: exists?)?|no such [a-z](?: exists?)?"
)
_RESTRICTED = re.compile(r"\b(?:only|for|if|unless|otherwise|except|idea|answer|sure|necessarily)\b")
_SUBJECT = re.compile(r"\s*(?P<subject>.{1,40}?)\s+(?:wins?|won|will|has|have|gets?|can|receives?)\b", re.DOTALL)
_NAME = re.compile(r"(?<![.!?\w]\s)(?<!\A)\b[A-Z][a-z]{2,}\b")


def are_opposed(left: str, right: str) -> bool:
    """Whether two texts name the two sides of something: 5 km east and 5 km west."""
    words = [set(re.findall(r"[a-z]+", text.lower())) for text in (left, right)]
    pairs = (pair for one in (*_OPPOSITES, *_DIRECTIONS) for pair in (one, one[::-1]))
    return any(here in words[0] - words[1] and there in words[1] - words[0] for here, there in pairs)


def number_in_words(text: str) -> Fraction | None:
    """The number which words name, as "twenty-one", "two thirds" or "one hundred and five"; None for anything else."""
    words = [word for word in re.split(r"[\s-]+", text.strip().lower()) if word and word != "and"]
    if not words or len(words) > 12 or not words[0].isalpha():
        return None
    if words[-1].removesuffix("s") in _PARTS or words[-1] in _PARTS:
        part = _PARTS.get(words[-1]) or _PARTS[words[-1].removesuffix("s")]
        top = (
            _cardinal([word for word in words[:-1] if word != "a"])
            if len(words) > 1 and words != ["a", words[-1]]
            else 1
        )
        # A lone "third" is an ordinal.
        return Fraction(top, part) if top is not None and (len(words) > 1 or words[0] == "half") else None
    value = _cardinal(words)
    return Fraction(value) if value is not None else None


def _cardinal(words: list[str]) -> int | None:
    total = current = 0
    if not words:
        return None
    for word in words:
        if word in _VALUES:
            if current % 100 and not (word in _ONES[1:10] and current % 100 >= 20 and current % 10 == 0):
                return None  # "two three" is no number
            current += _VALUES[word]
        elif word in _SCALES and (current or word in ("hundred", "thousand", "million", "dozen")):
            scale = _SCALES[word]
            current = max(current, 1) * scale
            if scale >= 1000:
                total, current = total + current, 0
        else:
            return None
    return total + current


def ordinal_in_words(text: str) -> Fraction | None:
    """The place that one word names, as "second"; None for anything else."""
    place = _ORDINALS.get(text.strip().lower())
    return Fraction(place) if place is not None else None


def plain_words(text: str) -> str:
    """Words in lower case without articles and signs; phrases that say the same have one spelling."""
    lowered = _NOT_A_WORD.sub(" ", text.replace("’", "'")).lower()
    joined = " ".join(lowered.split())
    if joined in _CANONICAL:
        return _CANONICAL[joined]
    bare = " ".join(_ARTICLES.sub(" ", joined).split())
    if _NOTHING.fullmatch(bare):
        return "none"
    return _CANONICAL.get(bare, bare)


def same_words(gold: str, answer: str, prompt: str = "") -> bool:
    """Whether an answer in words says what the gold says.

    That is the same words in any order of sentence; or, where the gold is a sentence, what it says of its subject
    ("... is odd"), or the only one of the prompt's names that stands in it ("Petya will win").

    Args:
        gold: The gold's words.
        answer: The answer's words.
        prompt: The task, from which names are known.
    """
    left, right = plain_words(gold), plain_words(answer)
    if not left or not right:
        return False
    if left == right or _listed(gold) == _listed(answer):
        return True
    if _singular(left) == _singular(right) or _without_kind(left) == _without_kind(right) != "":
        return True
    if re.search(r"\bor\b", answer) is None and _is_subject(answer, left):
        return True
    return (
        _says_of_subject(gold, right)
        or _is_subject(gold, right)
        or _is_side(left, right)
        or _is_only_name(gold, answer, prompt)
        or _starts_with_truth(left, right)
    )


def _listed(text: str) -> list[str]:
    """What a list in words names, in any order."""
    return sorted(plain_words(part) for part in re.split(r",|;|\band\b|&", text) if part.strip())


def _singular(text: str) -> str:
    return " ".join(word.removesuffix("s") if len(word) > 3 else word for word in text.split())


def _says_of_subject(gold: str, answer: str) -> bool:
    sentence = gold.strip().rstrip(".").lower()
    predicate = _PREDICATE.search(sentence)
    return bool(predicate and predicate.group(1) == answer and not _NEGATION.search(sentence))


def _is_subject(sentence: str, name: str) -> bool:
    """Whether a name is who a sentence is about: "Petya will win"."""
    subject = _SUBJECT.match(sentence)
    return bool(subject and plain_words(subject["subject"]) == name and not _NEGATION.search(sentence.lower()))


def _without_kind(text: str) -> str:
    """The words without the noun that only says what kind of thing is meant: an isosceles triangle is isosceles."""
    return " ".join(word for word in text.split() if word not in _KINDS)


def _is_side(gold: str, answer: str) -> bool:
    """One of two opposites, where the gold names that one and not the other: "any odd number" is odd."""
    words = gold.split()
    other = _OPPOSITE.get(answer)
    return other is not None and answer in words and other not in words and not _NEGATION.search(gold)


def _is_only_name(gold: str, answer: str, prompt: str) -> bool:
    names = set(_NAME.findall(prompt))
    word = answer.strip().strip(".")
    if word not in names or _NEGATION.search(gold.lower()):
        return False
    return {name for name in names if re.search(rf"\b{name}\b", gold)} == {word}


def _starts_with_truth(gold: str, answer: str) -> bool:
    """Whether one side is "yes" or "no" and the other begins with it: "Yes, one can"."""
    if re.search(r"\bor\b|\bmaybe\b", answer):
        return False
    heads = gold.split()[0], answer.split()[0]
    truths = (_CANONICAL["yes"], _CANONICAL["no"])
    known = [_CANONICAL.get(head) if head in ("yes", "no", "true", "false") else None for head in heads]
    if _RESTRICTED.search(answer):
        return False
    is_bare = len(gold.split()) == 1 or len(answer.split()) == 1
    if len({_CANONICAL.get(word) for word in (*gold.split(), *answer.split())} & set(truths)) > 1:
        return False  # "Yes" to one part and "no" to another
    return is_bare and known[0] == known[1] and known[0] in truths
