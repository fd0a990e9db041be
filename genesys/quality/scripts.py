"""Sentences in another script than the prompt's: a response in English that falls into Chinese or Russian.

Scripts are told apart and not languages: two languages with Latin letters are one here. Code, quoted words, names and
single signs are no sentences, and neither are the letters of formulas. A prompt that has the script itself, or names a
language that is written in it, asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LETTERS = {
    "Chinese": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
    "Japanese": "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff",
    "Korean": "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": "\u0620-\u064a\u0660-\u06d3\u0750-\u077f",
    "Hebrew": "\u05d0-\u05ea",
    "Devanagari": "\u0900-\u0963\u0966-\u097f",
    "Bengali": "\u0980-\u09ff",
    "Tamil": "\u0b80-\u0bff",
    "Thai": "\u0e01-\u0e3a\u0e40-\u0e4e",
    "Armenian": "\u0531-\u0556\u0561-\u0587",
    "Georgian": "\u10a0-\u10ff",
}
_ASKED_FOR = {
    "Chinese": r"chinese|mandarin|cantonese|japanese|kanji|hanzi",
    "Japanese": r"japanese|hiragana|katakana|kana\b",
    "Korean": r"korean|hangul",
    "Cyrillic": r"cyrillic|russian|ukrainian|bulgarian|serbian|belarusian|macedonian|kazakh|mongolian|kyrgyz|tajik",
    "Greek": r"greek",
    "Arabic": r"arabic|persian|farsi|urdu|pashto|kurdish",
    "Hebrew": r"hebrew|yiddish",
    "Devanagari": r"devanagari|hindi|sanskrit|marathi|nepali",
    "Bengali": r"bengali|bangla|assamese",
    "Tamil": r"tamil",
    "Thai": r"\bthai",
    "Armenian": r"armenian",
    "Georgian": r"georgian",
}
_UNSPACED = frozenset({"Chinese", "Japanese", "Thai"})
_ANY = re.compile(f"[{''.join(_LETTERS.values())}]{{2}}")
_KANA = re.compile(f"[{_LETTERS['Japanese']}]")
_EITHER = re.compile(f"[{_LETTERS['Chinese']}{_LETTERS['Japanese']}]+")
"""A run of Japanese has signs of both scripts, one of Chinese none of the other's."""
_RUNS = {name: re.compile(f"[{letters}]{{{1 if name in _UNSPACED else 2},}}") for name, letters in _LETTERS.items()}
_ASKS = {name: re.compile(words, re.IGNORECASE) for name, words in _ASKED_FOR.items()}
_QUOTED = re.compile("[\"“«„「『《(（'‘]([^\"“”«»„「」『』《》()（）'‘’\n]{1,60})[\"”»“」』》)）'’]")
_ACCENTED = re.compile("[\u0386-\u038f\u03ac-\u03af\u03cc-\u03ce\u1f00-\u1fff]")
"""Vowels that words of modern Greek have and symbols have not."""
_SENTENCE, _SCATTERED = 8, 16
"""Signs of a sentence without spaces, and of words here and there."""
_WORDS, _LETTERS_OF_WORDS = 3, 24
"""Of a sentence with spaces."""
_KNOWN = 20
"""Letters of a prompt from which on it is written in a script, and does not just name somebody."""


def foreign_scripts(prompt: str, prose: str) -> Iterator[str]:
    """Scripts in which a text has sentences though its prompt does not have them.

    Args:
        prompt: What was asked, whole.
        prose: The text without its code.
    """
    if prose.isascii() or _ANY.search(prose) is None:
        return
    plain = _QUOTED.sub(" ", prose)
    for name in _LETTERS:
        runs = _runs(name, plain)
        if not runs or _ASKS[name].search(prompt):
            continue
        known = _runs(name, prompt) + (_runs("Japanese", prompt) if name == "Chinese" else [])
        if sum(map(len, known)) >= _KNOWN or sum(map(len, known)) * 10 >= len(prompt) > 0:
            continue
        if _are_sentences(name, [found for found in runs if found not in known]):
            yield name


def _runs(name: str, text: str) -> list[str]:
    if name in ("Chinese", "Japanese"):
        return [run for run in _EITHER.findall(text) if (_KANA.search(run) is not None) == (name == "Japanese")]
    runs = _RUNS[name].findall(text)
    return [run for run in runs if _is_greek(run)] if name == "Greek" else runs


def _are_sentences(name: str, runs: list[str]) -> bool:
    longest, total = max(map(len, runs), default=0), sum(map(len, runs))
    if name in _UNSPACED:
        return longest >= _SENTENCE or total >= _SCATTERED
    return total >= _LETTERS_OF_WORDS and len(runs) >= _WORDS


def _is_greek(run: str) -> bool:
    return len(run) >= 3 and _ACCENTED.search(run) is not None
