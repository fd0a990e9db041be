"""Signs and commands of mathematical notation, and what each is for. How they make a formula is ``parser``'s."""

from __future__ import annotations

TIMES = frozenset(("*", r"\cdot", r"\times", r"\ast", r"\bullet", r"\odot"))
DIVIDED = frozenset(("/", r"\div", ":"))
CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
CLOSING |= {r"\lvert": r"\rvert", r"\vert": r"\vert", "|": "|", r"\langle": r"\rangle"}
AROUND = {r"\lfloor": "floor", r"\lceil": "ceil", r"\lvert": "abs", r"\vert": "abs", "|": "abs"}
MARKS = frozenset(
    (r"\vec", r"\overrightarrow", r"\mathbf", r"\boldsymbol", r"\bm", r"\hat", r"\widehat", r"\bar", r"\overline")
    + (r"\tilde", r"\widetilde", r"\dot", r"\ddot", r"\mathcal", r"\mathbb", r"\mathfrak", r"\mathsf", r"\pmb")
)
LETTERS = frozenset((
    r"\alpha", r"\beta", r"\gamma", r"\delta", r"\epsilon", r"\varepsilon", r"\zeta", r"\eta", r"\theta", r"\vartheta",
    r"\iota", r"\kappa", r"\lambda", r"\mu", r"\nu", r"\xi", r"\rho", r"\varrho", r"\sigma", r"\tau", r"\upsilon",
    r"\phi", r"\varphi", r"\chi", r"\psi", r"\omega", r"\Gamma", r"\Delta", r"\Theta", r"\Lambda", r"\Xi", r"\Pi",
    r"\Sigma", r"\Upsilon", r"\Phi", r"\Psi", r"\Omega", r"\ell", r"\hbar", r"\Re", r"\Im", r"\aleph",
))  # fmt: skip
SAME_LETTER = {r"\varepsilon": r"\epsilon", r"\vartheta": r"\theta", r"\varphi": r"\phi", r"\varrho": r"\rho"}
DOTS = frozenset((r"\ldots", r"\cdots", r"\dots", r"\dotsb", r"\dotsc", r"\dotsm", "…"))
UNKNOWN_FUNCTIONS = frozenset("fghFGH")
ANGLE_SIGNS = frozenset((r"\circ", "°"))
OPERANDS = frozenset((r"\frac", r"\sqrt", r"\binom", r"\dbinom", r"\tbinom", r"\pi", r"\infty", r"\sum", r"\prod"))
OPERANDS |= LETTERS | MARKS | DOTS
INVERSES = frozenset(("asin", "acos", "atan", "acot", "asinh", "acosh", "atanh"))
