"""Names of what is asked for: what counts as one, and whether two of them may stand for the same thing."""

from __future__ import annotations

import re

from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.outer import cut, inside

_NOISE = re.compile(r"[{}\s$]|\\(?:text|mathrm|left|right|angle|triangle)(?![A-Za-z])")
_FUNCTION = re.compile(r"(?P<letter>[A-Za-z])\w*\(.*\)")
_NO_NAME = re.compile(
    r"\\(?:ne|neq|le|leq|ge|geq|not)(?![A-Za-z])|[<>]|\b(?:not|never|no|least|most|wrong|bound|twice|half)\b"
)
_LENGTH = re.compile(r"\s*(?:[A-Z]{1,2}'?|\\(?:vec|overrightarrow|mathbf|overline|boldsymbol)\s*\{?.*)\s*")
_TEXT_WORD = re.compile(r"\\(?:text|textbf|mathrm|textrm|textit|mbox|operatorname|textnormal)\s*\{[^{}]*[A-Za-z]{2,}")
_NAME = re.compile(
    r"(?!\\(?:sqrt|frac|sin|cos|tan|log|ln|binom|sum|int|prod)(?![A-Za-z]))"
    r"(?:\\(?:angle|triangle|overline|vec|overrightarrow|measuredangle|max|min|sup|inf|lim)(?![A-Za-z])\s*)*"
    r"(?:[A-Za-z]|\\[A-Za-z]+|\{[A-Za-z]+\})(?:_\s*\{?[^{}]*\}?)?'*(?:\^\{?-1\}?)?"
    r"\s*(?:[A-Z]*|\([^()=]*(?:\([^()]*\)[^()]*)?\)|\{[^{}]*\})?(?:_\s*\{?[^{}]*\}?)?'*"
)
_CALLED = re.compile(r"[A-Za-z\\]{1,9}'*(?:_\s*\{?[^{}()]*\}?)?(?:\^\{?[-\d()]+\}?)?\s*\(.*\)")
_UPRIGHT_NAME = re.compile(
    r"[A-Z][a-z]{2,}|[A-Za-z]{1,3}\[.*\]|\(.*\\circ.*\)\s*\(.*\)|\\frac\{d[^{}]*\}\{d[^{}]*\}"
    r"|[A-Z]{2,5}'?|\[[A-Z]{3,6}\]|\|[A-Z]{2}\||\\?[A-Za-z]+\s*\\?[A-Z]{2,4}|[Aa]rea|[A-Za-z ]{4,40}"
)
_LETTER = re.compile(r"\\?[A-Za-z]+")


def same_name(left: str, right: str) -> bool:
    """Whether nothing speaks against two names meaning the same.

    An empty name fits all. Two single letters must be the same one, in whatever case and with whatever index; a word
    may stand for a letter. A function's value may be called y.
    """
    a, b = (_NOISE.sub("", name).casefold() for name in (left, right))
    if not a or not b or a == b:
        return True
    if _marks(a) != _marks(b) or _places(a) != _places(b):
        return False  # f and its derivative or inverse, f(2) and f(3)
    if left.isupper() and right.isupper() and len(left) > 1 and len(right) > 1:
        return sorted(left) == sorted(right)  # AB and CD
    if a.isalpha() and b.isalpha() and len(a) > 2 and len(b) > 2:
        return False  # two words
    if not _is_symbol(a) or not _is_symbol(b):
        return True
    if _indexed(a) and _indexed(b):
        return False  # x_1 and x_2
    if {_head(a), _head(b)} & {"y"} and (_FUNCTION.fullmatch(a) or _FUNCTION.fullmatch(b)):
        return True
    return _head(a) == _head(b)


def _marks(name: str) -> tuple[int, bool]:
    """Primes, and whether it is an inverse."""
    return name.count("'"), "^-1" in name


def _places(name: str) -> list[str]:
    """The numbers at which a function or sequence is taken; none where it is taken at a letter."""
    return re.findall(r"\(([-\d.,]+)\)", name)


def _is_symbol(name: str) -> bool:
    head = _LETTER.match(name)
    return head is not None and (len(head.group()) == 1 or head.group().startswith("\\"))


def _indexed(name: str) -> bool:
    return "_" in name


def _head(name: str) -> str:
    head = _LETTER.match(name)
    return head.group() if head else name


def denies(text: str) -> bool:
    """Whether a text says what something is not, or how it is bounded, so that it is no name."""
    return bool(_NO_NAME.search(text.lower()))


def is_name(text: str) -> bool:
    """Whether a text names something and does not compute: ``x``, ``f(x)``, ``|AB|``, ``E[X]``, "the area"."""
    text = text.strip()
    if denies(text):
        return False
    if _NAME.fullmatch(text) or _UPRIGHT_NAME.fullmatch(flattened(text).strip()):
        return True
    length = inside(text, "|", "|") or inside(text, r"\lvert", r"\rvert")
    if length is not None:
        return bool(_LENGTH.fullmatch(length))
    if inside(text, "(", ")") is not None:
        return not re.search(r"[-+*/^\d]", text)
    return bool(_CALLED.fullmatch(text)) or _TEXT_WORD.match(text) is not None


def names_in(text: str) -> list[str]:
    """The names in ``(x, y)``; none where it is something else."""
    inner = inside(text.strip(), "(", ")")
    parts = cut(inner, r",|;") if inner is not None else None
    return parts if parts and len(parts) > 1 and all(map(is_name, parts)) else []
