r"""Mends what happens to LaTeX on its way: broken escapes, doubled backslashes, HTML, signs from other alphabets.

Nothing is interpreted here: ``\text{sin}`` becomes ``\sin`` because that is what was meant, ``②`` becomes ``2``.
"""

from __future__ import annotations

import html
import re
import unicodedata

# An unescaped "\t" in JSON eats the backslash of \text; so do \f (\frac), \b (\begin), \r (\right), \v (\vec).
_EATEN = {"\t": "t", "\x0c": "f", "\x08": "b", "\r": "r", "\x0b": "v", "\x07": "a"}
_BROKEN = re.compile(
    "[\x07\x08\x0b\x0c](?=[A-Za-z])|\t(?=ext|imes|frac|an\\b|heta|au\\b|riangle|o\\b)|\r(?=ight|angle|ho\\b|m[ {])"
)
_COMMANDS = (
    "frac|dfrac|tfrac|cfrac|sqrt|pi|text|left|right|cdot|times|mathrm|mathbf|mathbb|boxed|pm|infty|cup|cap|in|le|ge|leq|geq|"
    "ne|neq|sin|cos|tan|ln|log|circ|alpha|beta|gamma|theta|lambda|mu|omega|phi|angle|triangle|overline|vec|binom|quad|"
    "begin|end|ldots|cdots|approx|equiv|pmod|mid|sum|prod|int|lim|to|emptyset|div|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr|"
    "sigma|rho|epsilon|delta|varphi|psi|tau|eta|xi|Delta|Omega|sec|csc|cot|arcsin|arccos|arctan|exp|min|max|lfloor|rfloor|"
    "lceil|rceil|overrightarrow|operatorname|displaystyle|textbf|mathbf|mathcal|forall|exists|notin|subset|setminus|dots"
)
_DOUBLED = re.compile(rf"(?<!\\)\\\\(?=(?:{_COMMANDS})(?![a-z]))|(?<!\\)\\\\(?=[{{}}%$])")
_SUPERSCRIPT = re.compile(r"<sup>(.*?)</sup>", re.IGNORECASE | re.DOTALL)
_SUBSCRIPT = re.compile(r"<sub>(.*?)</sub>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?(?:b|i|em|strong|br|p|span|u)\s*/?>", re.IGNORECASE)
_CIRCLED = re.compile("[①-⑳]+(?:[\\s,、，]*[①-⑳]+)*")
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad\u2061-\u2064\u202a-\u202e\u2066-\u2069]")
_UPRIGHT_FUNCTION = re.compile(
    r"(?<!\d)\\(?:text|mathrm|operatorname|rm|textrm)\*?\s*\{\s*(sin|cos|tan|cot|sec|csc|ln|log|lg|exp|max|min|arcsin|arccos|"
    r"arctan|gcd|lcm|tg|ctg|arctg|cis)\s*\}"
)
_SPELLINGS = {
    r"\textcirc": r"\circ ", r"\cupdot": r"\cup ", r"\rm ": " ", r"\bf ": " ", r"\dfrac": r"\frac",
    r"\dbinom": r"\binom", r"\tbinom": r"\binom", r"\tfrac": r"\frac", r"\cfrac": r"\frac",
    r"\R": r"\mathbb{R}", r"\Z": r"\mathbb{Z}", r"\N": r"\mathbb{N}",
    r"\empty": r"\emptyset", r"\infin": r"\infty", r"\lor": r"\text{ or }", r"\land": r"\text{ and }",
    r"\hspace": "", r"\nonumber": "", r"\notag": "", r"\displaylimits": "", r"\middle": "", r"\strut": "",
    r"\ensuremath": "", r"\mathopen": "", r"\mathclose": "", r"\phantom": "", r"\allowbreak": " ",
}  # fmt: skip
_SPELLING = re.compile(
    "|".join(rf"{re.escape(name.strip())}(?![A-Za-z])" for name in sorted(_SPELLINGS, key=len, reverse=True))
)
_UNICODE = {
    "∀": r"\forall ", "∃": r"\exists ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}",
    "⩽": r"\le ", "⩾": r"\ge ", "≦": r"\le ", "≧": r"\ge ", "≈": r"\approx ", "∖": r"\setminus ", "⌊": r"\lfloor ",
    "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "∠": r"\angle ", "△": r"\triangle ", "∑": r"\sum ",
    "λ": r"\lambda ", "μ": r"\mu ", "ω": r"\omega ", "φ": r"\phi ", "ϕ": r"\phi ", "γ": r"\gamma ", "δ": r"\delta ",
    "ε": r"\epsilon ", "σ": r"\sigma ", "ρ": r"\rho ", "τ": r"\tau ", "Δ": r"\Delta ", "Ω": r"\Omega ", "Σ": r"\Sigma ",
    "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}",
    "⅕": r"\frac{1}{5}", "⅖": r"\frac{2}{5}", "⅗": r"\frac{3}{5}", "⅘": r"\frac{4}{5}", "⅙": r"\frac{1}{6}",
    "⅛": r"\frac{1}{8}", "⅜": r"\frac{3}{8}", "⅝": r"\frac{5}{8}", "⅞": r"\frac{7}{8}", "…": r"\ldots ",
    "‐": "-", "‑": "-", "—": "-", "﹣": "-", "∶": ":", "′": "'", "″": "''", "⟨": r"\langle ", "⟩": r"\rangle ",
    "∣": r"\mid ", "⇒": r"\Rightarrow ", "→": r"\to ", "∙": r"\cdot ", "•": r"\cdot ", "∗": "*",
    "₀": "_0", "₁": "_1", "₂": "_2", "₃": "_3", "₄": "_4", "₅": "_5", "₆": "_6", "₇": "_7", "₈": "_8", "₉": "_9",
    "ₙ": "_n", "ₖ": "_k",
}  # fmt: skip
_UNICODE |= {
    "、": ", ",
    "或": " or ",
    "和": " and ",
    "与": " and ",
    "及": " and ",
}
_SIGN = re.compile("|".join(map(re.escape, _UNICODE)))
_CHINESE_UNITS = {
    "平方厘米": "cm^2", "立方厘米": "cm^3", "平方米": "m^2", "立方米": "m^3", "平方分米": "dm^2", "平方千米": "km^2",
    "千米/时": "km/h", "千米/小时": "km/h", "米/秒": "m/s", "厘米": "cm", "毫米": "mm", "分米": "dm", "千米": "km",
    "公里": "km", "米": "m", "千克": "kg", "公斤": "kg", "克": "g", "吨": "t", "毫升": "mL", "升": "L", "小时": "h",
    "分钟": "min", "秒": "s", "天": "day", "元": "yuan", "度": "degree",
}  # fmt: skip
_CHINESE_UNIT = re.compile(rf"(?<=[\d}})])\s*(?P<unit>{'|'.join(_CHINESE_UNITS)})(?![\u4e00-\u9fff])")
_CHINESE_COUNTED = re.compile(r"(?<=[\d})])\s*(?:\\text\s*\{\s*)?[\u4e00-\u9fff]{1,3}\s*\}?(?=\s*[$.,，。]?\s*\Z)")
_ELLIPSIS = re.compile(r"\.{3,}")
_NEGATED = re.compile(r"\\not\s*=")
_UNDERLINED = re.compile(r"\\underline\s*\{([^{}]*)\}")
_CHOOSE = re.compile(r"\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}")
_OVER = re.compile(r"\{([^{}]*)\\over(?![A-Za-z])([^{}]*)\}|\A([^{}]*)\\over(?![A-Za-z])([^{}]*)\Z")
_POWER = re.compile(r"(?<=[\w)}\]])\s*\*\*\s*(?=[\s\d({A-Za-z-])")
_PLAIN = re.compile(r"[\x20-\x7e\n]*")


def unescaped(text: str) -> str:
    r"""The text with the backslashes that a wrong escape ate: backspace and ``oxed`` are ``\boxed`` again."""
    return _BROKEN.sub(lambda found: "\\" + _EATEN[found.group()], text)


def mended(text: str) -> str:
    """The same text as it was meant to be typed."""
    if not _PLAIN.fullmatch(text):
        text = unescaped(text)
        text = _INVISIBLE.sub("", text)
        text = _FULL_WIDTH.sub(lambda found: chr(ord(found.group()) - 0xFEE0), text)
        text = _CIRCLED.sub(_uncircled, text)
        text = _SIGN.sub(lambda found: _UNICODE[found.group()], text)
        text = _CHINESE_UNIT.sub(lambda found: rf"\text{{ {_CHINESE_UNITS[found['unit']]}}}", text)
        text = _CHINESE_COUNTED.sub("", text)
    if "\\\\" in text and r"\begin" not in text:
        text = _DOUBLED.sub(lambda _: "\\", text)
    if "<" in text or "&" in text:
        text = _SUBSCRIPT.sub(r"_{\1}", _SUPERSCRIPT.sub(r"^{\1}", _TAG.sub(" ", text)))
        text = html.unescape(text)
    text = _ELLIPSIS.sub(r"\\ldots ", text)
    if "\\" in text:
        text = _NEGATED.sub(r"\\ne ", text)
        text = _UPRIGHT_FUNCTION.sub(r"\\\1 ", text)
        text = _SPELLING.sub(_respelled, text)
        text = _UNDERLINED.sub(r"\1", text)
        text = _CHOOSE.sub(r"\\binom{\1}{\2}", text)
        text = _OVER.sub(lambda found: rf"\frac{{{found[1] or found[3]}}}{{{found[2] or found[4]}}}", text)
    return _POWER.sub("^", text)


def _respelled(found: re.Match[str]) -> str:
    return _SPELLINGS.get(found.group(), _SPELLINGS.get(found.group() + " ", ""))


def _uncircled(found: re.Match[str]) -> str:
    digits = [str(int(unicodedata.numeric(sign))) for sign in found.group() if sign.isnumeric()]
    return ", ".join(digits)
