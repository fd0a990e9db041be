"""What a word says in a problem: which words ask the same, which say little, which are notation. Data.

Words that decide which problem it is stand in ``genesys.quality.contrasts``.
"""

from __future__ import annotations

GRAMMAR = frozenset(
    str.split(
        "a an the of to in on at by for from with as is are was were be been being and or if then than that "
        "this these those there it its he she they his her their them him we you your our i my me us do does "
        "did has have had will would can could should may might must shall so such which who whom whose when "
        "where while what how let lets given suppose assume also into per each every some any all both such "
        "denote denotes where s d ll ve re not up out about over please just only exactly carefully now here "
        "therefore thus hence"
    )
)
"""Words that say little of what a problem is about."""
NUMBER = 0.5
SLIGHT = 0.3
"""What one of them, or a single letter, counts beside another word."""
NOTATION = frozenset(
    str.split(
        "frac dfrac tfrac sqrt cdot times le leq ge geq ldots dots cdots circ degrees degree left right text "
        "mathrm mathbf quad ast neq percent align array cases dollar dollars"
    )
)
_MEANINGS = {
    word: words.split()[0]
    for words in (
        "find compute calculate determine evaluate obtain",
        "purchase buy buys buying purchases purchased bought",
        "begin start starts begins started",
        "complete finish finishes completes finished",
        "large big huge",
        "small little tiny",
        "reply answer answers",
        "maximum largest greatest biggest highest maximal",
        "minimum smallest least lowest minimal",
        "entire whole",
        "total altogether overall",
    )
    for word in words.split()
}


def meaning(word: str) -> str:
    """One word for those that ask the same, in the singular."""
    found = _MEANINGS.get(word)
    if found is not None:
        return found
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word


def weight(word: str) -> float:
    """How much a word says."""
    if word in NOTATION or not word[0].isalnum():
        return 0
    if word[0].isdigit():
        return NUMBER
    return SLIGHT if len(word) == 1 and word.isascii() or word in GRAMMAR else 1
