"""A mathematical answer as text: its clean form and its canonical form. Decides nothing about equality."""

from __future__ import annotations

import functools
import itertools
import re

from genesys.verifiers.math.habits import mended

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
# Each sign has one LaTeX spelling here; the trailing blank keeps a command apart from a letter that follows.
_SIGNS = {
    "−": "-", "–": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": r"\div ", "π": r"\pi ",
    "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ", "∪": r"\cup ", "∩": r"\cap ",
    "∈": r"\in ", "∅": r"\emptyset ", "°": r"^{\circ}", "√": r"\sqrt", "θ": r"\theta ", "α": r"\alpha ",
    "β": r"\beta ", "，": ",", "；": ";", "（": "(", "）": ")", "％": "%",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ",
}  # fmt: skip
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
# The look-behind keeps a matrix' row break, which is a backslash before a spacing command's.
_SPACING = re.compile(r"(?<!\\)\\[,;:! ]|\\(?:quad|qquad|displaystyle|textstyle|limits|hfill)(?![A-Za-z])|~")
_SIZING = re.compile(r"\\(?:left|right|[bB]igg?[lrm]?)(?![A-Za-z])\s*\.?")
_COMMANDS = {
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cfrac": r"\frac", r"\geqslant": r"\ge", r"\leqslant": r"\le",
    r"\geq": r"\ge", r"\leq": r"\le", r"\neq": r"\ne", r"\lbrace": r"\{", r"\rbrace": r"\}", r"\degree": r"^{\circ}",
    r"\varnothing": r"\emptyset", r"\lt": "<", r"\gt": ">", r"\colon": ":", r"\dollar": r"\$", r"\percent": r"\%",
}  # fmt: skip
_COMMAND = re.compile(r"\\[A-Za-z]+")
_TEXT_COMMAND = re.compile(
    r"\\(?:text|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mbox|operatorname)\s*\{([^{}]*)\}"
)
_BARE_FRACTION = re.compile(r"\\frac\s*(\d|\{[^{}]*\})\s*(\d|[A-Za-z]|\{[^{}]*\})")
_BARE_ROOT = re.compile(r"\\sqrt\s*(\d|[A-Za-z])")
_BARE_SCRIPT = re.compile(r"([\^_])\s*([0-9A-Za-z])")
_LOOSE_SPACE = re.compile(r"(?<![0-9A-Za-z])\s+|\s+(?![0-9A-Za-z])")
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("**", "**"), ("`", "`"))
_THOUSANDS = re.compile(
    r"(?P<before>[-+]?(?:\\?[$€£])?)(?P<digits>[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?)(?P<after>\\?[$€£%]?)"
)
_ORDINAL = re.compile(
    r"(?<=\d)\s*(?:\^\s*\{\s*(?:\\(?:text|mathrm|rm)\s*\{?\s*)?(?:st|nd|rd|th)\s*\}{1,2}"
    r"|(?:\^\s*)?\\(?:text|mathrm|textsuperscript)\s*\{\s*(?:st|nd|rd|th)\s*\}|(?:st|nd|rd|th)\b)"
)
_GROUPING = re.compile(r"\{\s*,\s*\}")
_WHOLE_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{(.*)\}", re.DOTALL)


def clean(text: str) -> str:
    """The same answer in plainer LaTeX, with its meaning kept: what SymPy's reader is given.

    Delimiters, sizing and spacing commands go, signs become commands, synonyms become one command, a grouped thousands
    comma (``10{,}000``) becomes a plain one, an ordinal becomes its number. Text commands stay, since units are read
    from them.
    """
    text = mended(text)
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run.group().translate(_SUPERSCRIPTS) + "}", text)
    text = _SIGN.sub(lambda sign: _SIGNS[sign.group()], text)
    text = _SPACING.sub(lambda space: "" if space.group() == r"\!" else " ", text)
    text = _SIZING.sub("", text)
    text = _GROUPING.sub(",", text)
    text = text.replace(">=", r"\ge ").replace("<=", r"\le ").replace("!=", r"\ne ")
    text = _COMMAND.sub(lambda command: _COMMANDS.get(command.group(), command.group()), text)
    text = " ".join(_ORDINAL.sub(" ", text).split())
    before = None
    while before != text:
        before, text = text, _unwrap(text)
    return text.replace("$", " ") if r"\$" not in text else text


def _unwrap(text: str) -> str:
    """Take off one layer of what stands around an answer without belonging to it."""
    text = text.strip().rstrip(".,;^_").strip()
    for opening, closing in _WRAPPERS:
        inner = text[len(opening) : len(text) - len(closing)]
        is_wrapped = len(text) > len(opening) + len(closing) and text.startswith(opening) and text.endswith(closing)
        if is_wrapped and opening not in inner and closing not in inner:
            return inner
    box = _WHOLE_BOX.fullmatch(text)
    return box.group(1) if box and balanced(box.group(1)) else text


def balanced(text: str) -> bool:
    """Whether every brace closes and none closes that was not opened; escaped braces do not count."""
    depth = 0
    for brace in re.findall(r"\\.|[{}]", text, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0


def depth(text: str) -> int:
    """How deep braces are nested."""
    steps = ({"{": 1, "}": -1}[brace] for brace in re.findall(r"[{}]", text))
    return max(itertools.accumulate(steps), default=0)


@functools.lru_cache(maxsize=2048)
def canonical(text: str) -> str:
    """One spelling for texts that say the same beyond doubt; equal canonical texts are equal answers.

    A blank between two letters or digits stays: ``1 1/2`` is not ``11/2``.
    """
    text = clean(text)
    text = _TEXT_COMMAND.sub(lambda command: f" {command.group(1).strip()} ", text).strip()
    text = _BARE_FRACTION.sub(lambda match: r"\frac" + _braced(match.group(1)) + _braced(match.group(2)), text)
    text = _BARE_ROOT.sub(r"\\sqrt{\1}", text)
    text = _BARE_SCRIPT.sub(r"\1{\2}", text)
    text = _LOOSE_SPACE.sub("", text).rstrip(".")
    return _without_thousands(text)


def _without_thousands(text: str) -> str:
    """A number without the commas between its thousands; any other text as it is."""
    number = _THOUSANDS.fullmatch(text)
    return f"{number['before']}{number['digits'].replace(',', '')}{number['after']}" if number else text


def _braced(part: str) -> str:
    return part if part.startswith("{") else "{" + part + "}"
