"""Statements that others are looked up among: which of them a problem is, edited. For some ten thousand of them.

They stand in the order of their numbers, since only those with the same digits may be the same problem, and of those
the ones whose signatures are near are looked at word by word (``genesys.quality.sameness``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from genesys.overlap import Overlap, Text
from genesys.quality.sameness import glance, likeness, same_task
from genesys.quality.signatures import SIZE
from genesys.quality.statements import KEPT, Statement, problem_marks, statement, unpacked

if TYPE_CHECKING:
    import numpy as np

    _Array = np.ndarray[Any, Any]


class NearIndex:
    """Statements of some texts.

    Args:
        texts: Read once.
        threshold: The likeness from which on a problem is one of them.
    """

    def __init__(self, texts: Iterable[Text], threshold: float) -> None:
        """Read all texts."""
        import numpy as np

        self._threshold = threshold
        made = sorted(
            ((problem_marks(text.text), text) for text in texts), key=lambda pair: str(pair[0]["numbers"])
        )  # stable: of equals the first one known stays first
        self.names = [(text.benchmark, text.row) for _, text in made]
        self.contents = [marks["content"] for marks, _ in made]
        self._places = {name: place for place, name in reversed(list(enumerate(self.names)))}
        self._words = np.array([marks["words"] for marks, _ in made], dtype=np.int64)
        self._numbers = np.array([marks["numbers"] for marks, _ in made], dtype="S16")
        joined = b"".join(marks["signature"] for marks, _ in made)
        self._signatures = np.frombuffer(joined, dtype="<u4").reshape(-1, SIZE)

    def statement(self, found: Overlap) -> Statement:
        """The text that was found, as far as it is kept."""
        return unpacked(self.contents[self._places[found.benchmark, found.row]])

    def find(self, prompt: str) -> Overlap | None:
        """The statement that this one is, edited; the most alike, None if there is none."""
        import numpy as np

        marks = problem_marks(prompt)
        number = str(marks["numbers"]).encode()
        first, last = (int(np.searchsorted(self._numbers, number, side=side)) for side in ("left", "right"))
        if first == last or not marks["words"]:
            return None
        signed = np.frombuffer(marks["signature"], dtype="<u4")
        told = (self._signatures[first:last] == signed).mean(axis=1)
        made, best, value = statement(prompt), -1, 0.0
        for place in (first + np.flatnonzero(told >= glance(self._threshold))).tolist():
            # Of a long one only the beginning is at hand: it may go on as it likes only if its signature says so.
            most = 1.0
            if max(int(self._words[place]), int(marks["words"])) > KEPT:
                most = 2 * float(told[place - first]) / (1 + float(told[place - first]))
            other = unpacked(self.contents[place])
            alike = min(most, likeness(made.beginning, other))
            if alike > value and alike >= self._threshold and same_task(made.beginning, other):
                best, value = place, alike
        if best < 0:
            return None
        theirs = set(unpacked(self.contents[best]).tokens)
        return Overlap(*self.names[best], " ".join(token for token in made.tokens if token in theirs), value, near=True)
