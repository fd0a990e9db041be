"""Wordings that settle what a post is: patterns alone, each with the reason that it gives; ``rules`` looks for them.

A wording is here if hardly anybody writes it who means something else; what is less certain is the curator's to decide.
"""

from __future__ import annotations

import re

NEEDS_IMAGE = "needs an image"
EARLIER = "refers to another post"
EDITED = "edited in reply to others"
SOLVED = "holds its own answer"
DUPLICATE = "closed or duplicate"
RECOMMENDATION = "asks for recommendations"
OPINION = "asks for opinions"
NO_ANSWER = "gold is no answer"
GOLD_REFERS = "gold refers to others"

_LINE = r"^[^\w\n]{0,12}"
_POST = r"(?:posts?|questions?|threads?|topics?)"
_THINGS = (
    r"(?:books?|textbooks?|tutorials?|resources?|references?|librar(?:y|ies)|frameworks?|tools?|software|papers?|"
    r"courses?|websites?|blogs?|editors?|ides?|plugins?|packages?|surveys?|lecture notes|introductions?|reading)"
)


def _any(*wordings: str, cased: bool = False) -> re.Pattern[str]:
    """One of these; ``cased`` where capitals tell."""
    return re.compile("|".join(wordings), re.MULTILINE | (re.NOFLAG if cased else re.IGNORECASE))


_EARLIER = _any(
    rf"\b(?:my|our) (?:previous|earlier|last|other|prior|first|former|original|related|recent) (?:\w+ )?{_POST}\b",
    rf"\bfollow(?:ing)?[- ]?up (?:\w+ )?(?:to|on|of|from|for) (?:this|that|my|an?|the) (?:\w+ ){{0,2}}{_POST}\b",
    r"\bthis (?:question )?is (?:a |the )?(?:follow[- ]?up|continuation|sequel|part (?:two|2|ii))\b",
    r"\b(?:as|like) i (?:asked|said|wrote|mentioned|posted) (?:here|before|yesterday|in (?:my|this|that|another))\b",
    r"\b(?:said|suggested|mentioned|noted|pointed out|explained|asked) in (?:the |a |your |his |her )?comments?\b",
    r"\b(?:see|read) (?:the |my |your |his |her )?comments? (?:below|above|section|to|under|on)\b",
    rf"\bi (?:already )?(?:asked|posted) (?:a |this |another |the )?(?:similar |same |related )?{_POST}\b",
    rf"\b(?:inspired|motivated|prompted) by (?:this|that|another) (?:\w+ ){{0,2}}{_POST}\b",
    rf"\b(?:in|from) (?:this|that) (?:previous|earlier|related|linked|other) {_POST}\b",
    rf"\brelated to (?:this|that|my) (?:\w+ )?{_POST}\b",
)
_USER = _any(
    r"^@\w[\w.-]*[:,]\s",
    r"\b(?:thanks|thank you|thx|credits?|props)(?: go)?(?: to)? @\w",
    r"\b(?:as|per|by|from|following) @[A-Za-z]\w*",
    r"@[A-Za-z]\w*(?:'s)? (?:comment|answer|suggest|pointed|said|asked|mentioned)",
)
_EDITED = _any(
    rf"{_LINE}(?:EDIT(?:ED)?|UPDATED?|ADDENDUM)\b[^\n:]{{0,30}}[:!]",
    rf"{_LINE}(?:Edit(?:ed)?|Updated?)(?: ?#?\d)?\s*(?::|-|–|$)",
    rf"{_LINE}(?:EDIT|UPDATE)\W{{0,5}}\d*\W{{0,5}}$",
    cased=True,
)
_SOLVED = _any(
    r"\b(?:i|we) (?:have |'ve |finally |just ){0,3}(?:solved|fixed|resolved) (?:it|this issue|the (?:problem|issue))\b",
    r"\b(?:i|we) (?:have |finally |just ){0,3}figured it out\b",
    r"\bi(?:'ve| have)? (?:finally |just |now )?found (?:the|my|out the) (?:answer|solution|fix)\b",
    r"\b(?:never ?mind[,.!]|problem solved|\[solved\]|(?:this is|it'?s|it is) (?:now )?solved)",
    rf"{_LINE}(?:solution|my solution|answer|solved)\s*:",
)
_DUPLICATE = _any(
    rf"{_LINE}possible duplicates?\b",
    r"\[(?:closed|duplicate|on hold|migrated)\]\s*$",
    rf"{_LINE}(?:marked as (?:a )?)?duplicate of\b",
    r"\bthis question (?:already has (?:an )?answers?|has already been (?:asked|answered))\b",
)
_RECOMMENDATION = _any(
    rf"\b(?:recommend|suggest) (?:me |us )?(?:an?|any|some|the|other)? ?(?:\w+ )?{_THINGS}\b",
    rf"\b(?:looking|searching) for (?:an?|any|some)? ?(?:\w+ )?{_THINGS} (?:on|about|for|to|that|which|where)\b",
    r"\b(?:looking|searching|asking) for (?:\w+ )?(?:recommendations?|suggestions?)\b",
    rf"\b(?:what|which) (?:is|are) (?:the |some )?(?:best|good) (?:\w+ )?{_THINGS}\b",
    r"\b(?:book|reference|library|software|tool|reading|literature)[- ](?:recommendations?|requests?|suggestions?)\b",
    rf"\b(?:is|are) there (?:any|a|some) (?:good|nice|decent|recommended) (?:\w+ )?{_THINGS}\b",
)
_OPINION = _any(
    r"\bwhat (?:do|does) (?:you|everyone|people|anyone) (?:all |guys )?think (?:of|about)\b",
    r"\bwhat(?:'s| is| are) your (?:favou?rite|opinions?|thoughts?|take|views?|preferred|experiences?)\b",
    r"\b(?:which|what) (?:\w+ )?(?:do|would) you (?:guys |all )?(?:prefer|like best|recommend)\b",
    r"\bin your (?:humble )?opinions?\b|\bam i the only one\b|\byour favou?rite\b|\bbig[- ]list\b|\bcommunity wiki\b",
    r"\bworth learning\b|\bbest way to learn\b",
)
_GOLD_REFERS = _any(
    r"\b(?:see|read|check|cf\.?) (?:the |my |his |her |your )?comments? (?:below|above|to|under|on|for|by)\b",
    r"\b(?:said|suggested|mentioned|noted|pointed out|explained|stated|written) in (?:the |a |my |your )?comments?\b",
    r"\b(?:the |these |those )(?:other|previous|accepted|earlier|existing|top) answers?\b",
    r"\b(?:the )?answers? (?:above|below|by @?[A-Z]|given by)\b|\b(?:above|below) answers?\b",
    r"\bas @\w|^@\w[\w.-]*[:,]\s",
    r"\b(?:my|his|her) (?:other |earlier |previous )answer\b",
    r"\bto (?:add to|expand on|elaborate on|build on|complement) (?:the|what|@?\w+'s)\b.{0,30}\banswers?\b",
    r"\b(?:has|have) (?:already )?been answered\b|\bpossible duplicate of\b",
)
_GOLD_NAMES = _any(r"\b[A-Z][a-z]+'s (?:excellent |great |nice |good |own )?(?:answer|comment)\b", cased=True)
_NO_ANSWER = _any(
    r"\A\W{0,12}i(?:'m| am)? (?:have|having|also have|face|facing) the same (?:problem|issue|question)",
    r"\A\W{0,12}(?:not (?:really )?an answer|this is not an answer|too long for a comment|this is a comment)",
    r"\A\W{0,12}(?:i don'?t know|no idea)\b",
    r"\A\W{0,12}(?:please )?(?:post|show|provide|share) (?:us )?(?:your|the|some|more) (?:code|details|information)",
)

QUESTION_ALONE = (
    (DUPLICATE, _DUPLICATE),
    (EARLIER, _EARLIER),
    (EARLIER, _USER),
    (EDITED, _EDITED),
    (SOLVED, _SOLVED),
)
"""Against a question that is to stand alone."""
QUESTION_OBJECTIVE = ((RECOMMENDATION, _RECOMMENDATION), (OPINION, _OPINION))
"""Against a question with one right answer."""
GOLD = ((NO_ANSWER, _NO_ANSWER), (GOLD_REFERS, _GOLD_REFERS), (GOLD_REFERS, _GOLD_NAMES))
"""Against an answer that responses are compared with."""

ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "the of and to in is a that for it as with on be are this by an or from which not have has if can i we you how "
        "what why do does but there where then so when at my would will any all one between let find prove show using",
    )
)
"""Words that are common in English."""
OTHERS = frozenset(
    re.findall(
        r"\w+",
        "el los las una que en del por para con como es no se su lo le al más pero "  # Spanish
        "os um uma não da dos das em mais são ao isso "  # Portuguese
        "les des une est dans pour qui sur pas avec ce cette sont du et je "  # French
        "der die das und ist nicht ein eine zu mit den auf für von wie ich dem "  # German
        "il di che è per un sono della nel come "  # Italian
        "het een van dat niet op te voor met ik zijn",  # Dutch
    )
) - {"die", "den", "des", "per", "no", "du", "met", "pas"}
"""Words that are common in other languages of this script, and hardly ever English."""


def first_of(wordings: tuple[tuple[str, re.Pattern[str]], ...], prose: str) -> tuple[str, str] | None:
    """(reason, what was written) of the first that occurs."""
    for reason, pattern in wordings:
        if (match := pattern.search(prose)) is not None:
            return reason, " ".join(match[0].split())[:200]
    return None
