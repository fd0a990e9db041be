"""Functions of texts in four languages, made by a grammar: what a curator might write, and make harder.

A function is a chain of parts. A part is one of a few plain steps, or a walk over the characters in which a value is
worked out by an expression of its own; so no two functions are alike but by intent.
"""

# ruff: noqa: E501 - programs in four languages, each on its lines

from __future__ import annotations

import random
import re

_SIGNS = ("+", "-", "*", "^", "&", "|")
_CALLS = {"python": "part_{n}({x})", "javascript": "part_{n}({x})", "rust": "part_{n}(&{x})", "cpp": "part_{n}({x})"}
_ENDS = {
    "python": "def transform(s: str) -> str:\n    return {x}\n",
    "javascript": "function transform(s) {{\n  return {x};\n}}\n",
    "rust": "fn transform(s: &str) -> String {{\n    {x}\n}}\n",
    "cpp": "std::string transform(const std::string& s) {{\n    return {x};\n}}\n",
}
_HEADS = {"python": "", "javascript": "", "rust": "", "cpp": "#include <algorithm>\n#include <string>\n\n"}
_WALKS = {
    "python": """def part_{n}(s: str) -> str:
    out = ""
    total = {a}
    for i, ch in enumerate(s):
        c = ord(ch) % 97
        total = (total * {b} + c + i) % 1009
        v = ({tree}) % 997
        if v % {m} == {r}:
            out = {first}
        elif v % {k} == 1:
            out = {second}
        else:
            out = {third}
    return out
""",
    "javascript": """function part_{n}(s) {{
  let out = "";
  let total = {a};
  const signs = Array.from(s);
  for (let i = 0; i < signs.length; i++) {{
    const ch = signs[i];
    const c = ch.codePointAt(0) % 97;
    total = (total * {b} + c + i) % 1009;
    const v = ((({tree}) % 997) + 997) % 997;
    if (v % {m} === {r}) {{
      out = {first};
    }} else if (v % {k} === 1) {{
      out = {second};
    }} else {{
      out = {third};
    }}
  }}
  return out;
}}
""",
    "rust": """fn part_{n}(s: &str) -> String {{
    let mut out = String::new();
    let mut total: i64 = {a};
    for (i, ch) in s.chars().enumerate() {{
        let i = i as i64;
        let c = (ch as i64) % 97;
        total = (total * {b} + c + i) % 1009;
        let v: i64 = {tree};
        let v = v.rem_euclid(997);
        out = if v % {m} == {r} {{
            {first}
        }} else if v % {k} == 1 {{
            {second}
        }} else {{
            {third}
        }};
    }}
    out
}}
""",
    "cpp": """std::string part_{n}(const std::string& s) {{
    std::string out;
    long long total = {a};
    for (long long i = 0; i < (long long)s.size(); i++) {{
        char ch = s[i];
        long long c = (unsigned char)ch % 97;
        total = (total * {b} + c + i) % 1009;
        long long v = ((({tree}) % 997) + 997) % 997;
        if (v % {m} == {r}) {{
            out = {first};
        }} else if (v % {k} == 1) {{
            out = {second};
        }} else {{
            out = {third};
        }}
    }}
    return out;
}}
""",
}
_DONE = {
    "python": ("out + ch", "ch + out", "out + chr(97 + v % 26)", "out + str(v % 10)", "out + ch + chr(65 + total % 26)"),
    "javascript": (
        "out + ch", "ch + out", "out + String.fromCharCode(97 + v % 26)", "out + String(v % 10)",
        "out + ch + String.fromCharCode(65 + total % 26)",
    ),
    "rust": (
        'format!("{out}{ch}")', 'format!("{ch}{out}")', 'format!("{out}{}", (97 + (v % 26) as u8) as char)',
        'format!("{out}{}", v % 10)', 'format!("{out}{ch}{}", (65 + (total % 26) as u8) as char)',
    ),
    "cpp": (
        "out + ch", "ch + out", "out + (char)(97 + v % 26)", "out + std::to_string(v % 10)",
        "out + ch + (char)(65 + total % 26)",
    ),
}  # fmt: skip
_PLAIN = {
    "python": (
        "def part_{n}(s: str) -> str:\n    cut = min({a}, len(s))\n    return s[cut:] + s[:cut]\n",
        "def part_{n}(s: str) -> str:\n    half = len(s) // 2\n    return s[half:][::-1] + s[:half]\n",
        'def part_{n}(s: str) -> str:\n    return "-".join(word[{b}:] + word[:{b}] for word in s.split(" "))\n',
    ),
    "javascript": (
        "function part_{n}(s) {{\n  const cut = Math.min({a}, s.length);\n  return s.slice(cut) + s.slice(0, cut);\n}}\n",
        "function part_{n}(s) {{\n  const all = Array.from(s);\n  const half = all.length >> 1;\n"
        '  return all.slice(half).reverse().join("") + all.slice(0, half).join("");\n}}\n',
        'function part_{n}(s) {{\n  return s.split(" ").map((word) => word.slice({b}) + word.slice(0, {b})).join("-");\n}}\n',
    ),
    "rust": (
        "fn part_{n}(s: &str) -> String {{\n    let all: Vec<char> = s.chars().collect();\n"
        "    let cut = all.len().min({a});\n    all[cut..].iter().chain(all[..cut].iter()).collect()\n}}\n",
        "fn part_{n}(s: &str) -> String {{\n    let all: Vec<char> = s.chars().collect();\n    let half = all.len() / 2;\n"
        "    all[half..].iter().rev().chain(all[..half].iter()).collect()\n}}\n",
        "fn part_{n}(s: &str) -> String {{\n    let words: Vec<String> = s.split(' ').map(|word| {{\n"
        "        let all: Vec<char> = word.chars().collect();\n        let cut = all.len().min({b});\n"
        "        all[cut..].iter().chain(all[..cut].iter()).collect()\n    }}).collect();\n"
        '    words.join("-")\n}}\n',
    ),
    "cpp": (
        "std::string part_{n}(const std::string& s) {{\n    size_t cut = std::min<size_t>({a}, s.size());\n"
        "    return s.substr(cut) + s.substr(0, cut);\n}}\n",
        "std::string part_{n}(const std::string& s) {{\n    size_t half = s.size() / 2;\n"
        "    std::string back = s.substr(half);\n    std::reverse(back.begin(), back.end());\n"
        "    return back + s.substr(0, half);\n}}\n",
        "std::string part_{n}(const std::string& s) {{\n    std::string out = s;\n"
        "    std::replace(out.begin(), out.end(), ' ', '-');\n    return out.empty() ? out : out + out[out.size() / {b}];\n"
        "}}\n",
    ),
}


def written(language: str, rng: random.Random) -> str:
    """A function of two or three parts."""
    parts = [_walk(language, 1, rng), _walk(language, 2, rng)]
    if rng.random() < 0.5:
        parts.append(_plain(language, 3, rng))
    return _whole(language, parts)


def evolved(language: str, code: str, rng: random.Random) -> str:
    """The same function with one more part."""
    number = len(set(re.findall(r"part_(\d+)", code)))
    end = code.rindex(_ENDS[language].split("(")[0].replace("{{", "{"))
    body = code[len(_HEADS[language]) if code.startswith(_HEADS[language]) else 0 : end].strip() + "\n"
    return _HEADS[language] + body + "\n" + _walk(language, number + 1, rng) + "\n" + _last(language, number + 1)


def _whole(language: str, parts: list[str]) -> str:
    return _HEADS[language] + "\n".join(parts) + "\n" + _last(language, len(parts))


def _last(language: str, number: int) -> str:
    said = "s"
    for part in range(1, number + 1):
        said = _CALLS[language].format(n=part, x=said)
    return _ENDS[language].format(x=said.replace("part_1(&s)", "part_1(s)"))


def _plain(language: str, number: int, rng: random.Random) -> str:
    return rng.choice(_PLAIN[language]).format(n=number, a=rng.randint(2, 9), b=rng.randint(1, 3))


def _walk(language: str, number: int, rng: random.Random) -> str:
    modulus = rng.randint(3, 9)
    first, second, third = rng.sample(_DONE[language], 3)
    return _WALKS[language].format(
        n=number, a=rng.randint(1, 99), b=rng.randint(2, 31), m=modulus, r=rng.randrange(modulus), k=rng.randint(2, 7),
        tree=_tree(rng, 3), first=first, second=second, third=third,
    )  # fmt: skip


def _tree(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(("c", "i", "total", str(rng.randint(2, 40))))
    sign = rng.choice(_SIGNS)
    left, right = (_tree(rng, depth - 1) for _ in range(2))
    if sign == "*":
        left, right = f"({left}) % 89", f"({right}) % 83"
    return f"(({left}) {sign} ({right}))"
