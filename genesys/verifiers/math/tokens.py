"""Cuts clean LaTeX (see ``text.clean``) into tokens; knows nothing of grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "letter", "function", "command", "sign", "end"]

FUNCTIONS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "tg": "tan", "cot": "cot", "ctg": "cot", "cotan": "cot", "sec": "sec",
    "csc": "csc", "cosec": "csc", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctg": "atan",
    "arccot": "acot", "arcctg": "acot", "asin": "asin", "acos": "acos", "atan": "atan", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "sh": "sinh", "ch": "cosh", "th": "tanh", "coth": "coth", "ln": "ln", "log": "log", "lg": "lg",
    "exp": "exp", "sqrt": "sqrt", "abs": "abs", "max": "max", "min": "min", "gcd": "gcd", "lcm": "lcm",
    "floor": "floor", "ceil": "ceil", "cis": "cis", "sgn": "sgn", "Re": "Re", "Im": "Im",
    "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh",
}  # fmt: skip
"""Spellings of functions and the name by which each is known to the tree."""

_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<command>\\[A-Za-z]+|\\[^A-Za-z\s])|(?P<word>[A-Za-z]+)|(?P<sign>[^\s])"
)
_PLAIN_FUNCTIONS = sorted((name for name in FUNCTIONS if len(name) > 1 and name not in ("sh", "ch", "th")), key=len)[
    ::-1
]
_FUNCTION_PREFIX = re.compile("|".join(_PLAIN_FUNCTIONS))
_UPRIGHT = re.compile(r"\\(?:text|mathrm|operatorname|mathop|mathit|rm|textrm|textit)\*?\s*\{\s*([A-Za-z]+)\s*\}")
_NAMED_CONSTANTS = ("pi",)
_LONGEST_PRODUCT = 5  # letters: a longer run is a word


class Unreadable(Exception):
    """A text is no formula that this package knows."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: What it is; a ``letter`` is a single one.
        text: As it stands; a function by the name it has in the tree.
        spaced: Whether a blank stands before it.
    """

    kind: Kind
    text: str
    spaced: bool = False


END = Token("end", "")


def tokenize(text: str) -> list[Token]:
    """All tokens of a clean text in order; short words that name no function become single letters.

    Raises:
        Unreadable: There is a word in it.
    """
    text = _UPRIGHT.sub(_plain_name, text)
    tokens: list[Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        spaced = match.start() > end
        end = match.end()
        piece = match.group()
        if match["word"]:
            tokens.extend(_word(piece, spaced))
        elif match["command"]:
            tokens.append(_command(piece, spaced))
        else:
            tokens.append(Token("number" if match["number"] else "sign", piece, spaced))
    return tokens


def _plain_name(match: re.Match[str]) -> str:
    """An upright name of a function or a single upright letter means the same in any face; other text stays."""
    word = match.group(1)
    return f" {word} " if word in FUNCTIONS or len(word) == 1 else match.group()


def _command(text: str, spaced: bool) -> Token:
    name = FUNCTIONS.get(text[1:])
    if name is not None and name not in ("sqrt",):
        return Token("function", name, spaced)
    return Token("command", text, spaced)


def _word(word: str, spaced: bool) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while position < len(word):
        rest = word[position:]
        first = spaced and position == 0
        prefix = _FUNCTION_PREFIX.match(rest)
        if prefix is None and len(rest) > _LONGEST_PRODUCT and position == 0:
            raise Unreadable(word)
        if prefix:
            name = FUNCTIONS[prefix.group()]
            is_root = name == "sqrt"
            tokens.append(Token("command", r"\sqrt", first) if is_root else Token("function", name, first))
            position += len(prefix.group())
        elif rest.startswith(_NAMED_CONSTANTS):
            tokens.append(Token("command", r"\pi", first))
            position += 2
        else:
            tokens.append(Token("letter", rest[0], first))
            position += 1
    return tokens
