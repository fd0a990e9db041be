"""Wrong variants of a gold answer, by which a verifier is tested before its task is used: at least one has to fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from genesys.verifiers.math.answer import gold_answer
from genesys.verifiers.math.quick import canonical_answer

_OPPOSITES = [
    ("yes", "no"), ("true", "false"), ("even", "odd"), ("increasing", "decreasing"), ("convergent", "divergent"),
    ("finite", "infinite"), ("rational", "irrational"), ("positive", "negative"), ("possible", "impossible"),
]  # fmt: skip
_OPPOSITE = {a: b for pair in _OPPOSITES for a, b in (pair, pair[::-1])}
_CHOICE = re.compile(r"\(?([A-J])\)?")
_NUMBER = re.compile(r"(?<![\d.,])\d+(?:\.\d+)?(?![\d.]*\d)")
_LATEX_FRACTION = re.compile(r"(\\[dt]?frac)\{([^{}]+)\}\{([^{}]+)\}")
_FRACTION = re.compile(r"(?<![\w.])(\d+)/(\d+)(?![\w.])")
_RELATION = re.compile(r"\\(?:leq?|geq?)(?![A-Za-z])|[<>≤≥]")
_TURNED_PAIRS = [("<", ">"), ("≤", "≥"), (r"\le", r"\ge"), (r"\leq", r"\geq")]
_TURNED = {a: b for pair in _TURNED_PAIRS for a, b in (pair, pair[::-1])}
_NOT_NEGATED_BY_A_SIGN = re.compile(r"\\pm|[,;:=<>]|\\text|\\[lg]eq?(?![A-Za-z])|[A-Za-z]{3,}")


def gold_mutants(answer: str, k: int = 5) -> list[str]:
    """Up to ``k`` wrong variants of a gold answer, the likeliest mistakes first.

    A mutant may by chance say the same as the answer in a way that texts do not show (``-x`` beside ``x = 0``), which
    is why a preflight asks for one failing mutant, not for all.

    Args:
        answer: The gold: a short answer, or a worked solution of which the final answer is taken.
        k: How many to give at most.

    Returns:
        Distinct short answers, the same for the same input, none of them the answer itself. Empty for an empty answer.
    """
    short = gold_answer(answer)
    if not short or k <= 0:
        return []
    seen = {canonical_answer(short), canonical_answer(answer.strip())}
    mutants: list[str] = []
    for make in _MAKERS:
        for mutant in make(short):
            key = canonical_answer(mutant)
            if key and key not in seen:
                seen.add(key)
                mutants.append(mutant)
                if len(mutants) == k:
                    return mutants
    return mutants


def _other_choice(answer: str) -> Iterator[str]:
    choice = _CHOICE.fullmatch(answer.strip())
    if choice:
        letters = "ABCDE" if choice.group(1) <= "E" else "ABCDEFGHIJ"
        yield from (answer.replace(choice.group(1), letter) for letter in letters if letter != choice.group(1))


def _opposite_word(answer: str) -> Iterator[str]:
    match = re.fullmatch(r"(?:\\text\{)?\s*([A-Za-z]+)\s*\}?", answer.strip())
    other = _OPPOSITE.get(match.group(1).lower()) if match else None
    if match and other:
        yield answer.replace(match.group(1), other.capitalize() if match.group(1)[0].isupper() else other)


def _last_number_more(answer: str) -> Iterator[str]:
    numbers = list(_NUMBER.finditer(answer))
    if numbers:
        yield _with(answer, numbers[-1], _plus_one(numbers[-1].group()))


def _sign_flipped(answer: str) -> Iterator[str]:
    bare = answer.strip()
    if not re.search(r"[1-9a-zA-Z]", bare) or _NOT_NEGATED_BY_A_SIGN.search(_no_commands(bare)):
        return  # zero has no sign, and a list, a relation or a word is not negated by one in front of it
    if bare.startswith("-") and not re.search(r"(?<=.)[+-]", bare):
        yield bare[1:].strip()
    elif re.search(r"[+-]", bare):
        yield f"-({bare})"
    else:
        yield f"-{bare}"


def _no_commands(text: str) -> str:
    """The text with known commands blanked, so that words can be told from their names."""
    return re.sub(r"\\(?!pm|text|le|ge)[A-Za-z]+", " ", text)


def _fraction_turned(answer: str) -> Iterator[str]:
    latex = _LATEX_FRACTION.search(answer)
    if latex:
        yield _with(answer, latex, f"{latex.group(1)}{{{latex.group(3)}}}{{{latex.group(2)}}}")
    plain = _FRACTION.search(answer)
    if plain:
        yield _with(answer, plain, f"{plain.group(2)}/{plain.group(1)}")


def _relation_turned(answer: str) -> Iterator[str]:
    relation = _RELATION.search(answer)
    if relation:
        yield _with(answer, relation, _TURNED[relation.group()])


def _first_number_changed(answer: str) -> Iterator[str]:
    """A changed coefficient, or a slip by a factor of ten."""
    number = _NUMBER.search(answer)
    if number:
        yield _with(answer, number, _plus_one(number.group()))
        yield _with(answer, number, _plus_one(_plus_one(number.group())))
        yield _with(answer, number, number.group() + "0" if "." not in number.group() else "1" + number.group())


def _operator_swapped(answer: str) -> Iterator[str]:
    operator = re.search(r"(?<=[\w}) ])[+-]", answer)
    if operator:
        yield _with(answer, operator, "-" if operator.group() == "+" else "+")


def _something_else(answer: str) -> Iterator[str]:
    """For answers without a number: one more of them, or their denial."""
    if re.search(r"[A-Za-z]{4,}", _no_commands(answer)) or "\\text" in answer:
        yield f"not {answer}"
        yield "none of these"
    else:
        yield f"{answer} + 1"
        yield f"2({answer})"
        yield f"{answer} + 7"


def _plus_one(number: str) -> str:
    """One more in the last place: 12 becomes 13, 1.25 becomes 1.26."""
    whole, _, decimals = number.partition(".")
    digits = str(int(whole + decimals) + 1).zfill(len(whole + decimals))
    return f"{digits[: -len(decimals)]}.{digits[-len(decimals) :]}" if decimals else digits


def _with(text: str, match: re.Match[str], replacement: str) -> str:
    return text[: match.start()] + replacement + text[match.end() :]


_MAKERS: tuple[Callable[[str], Iterator[str]], ...] = (
    _other_choice,
    _opposite_word,
    _last_number_more,
    _sign_flipped,
    _fraction_turned,
    _relation_turned,
    _first_number_changed,
    _operator_swapped,
    _something_else,
)
