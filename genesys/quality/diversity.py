"""How different the texts of a data set are from one another, measured on samples. Pure: no tables.

A measure on samples is worth something only if it does not move with the size of the set. Distinct runs of words get
rarer with every text, and the nearest neighbour comes nearer with each. So these are measured on samples of fixed
sizes, and of two sets those are compared that both have. Which texts are sampled: ``genesys.release.diversity_rows``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genesys.hashing import digest
from genesys.overlap import words_of
from genesys.quality.signatures import SIZE

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

WORDS = (2_000, 20_000, 200_000)
"""Sizes, in words, at which runs of words are counted and texts compressed."""
TEXTS = (100, 1_000)
"""Sizes, in texts, at which neighbours and different openings are looked for."""
EXCERPT = 200
"""Words taken of each text, so that no long text is a sample by itself."""
OPENING, PHRASE = 8, 6
"""Words at the beginning of a text; words in a row within it."""
SHOWN = 3
"""So many texts have to share a phrase before it is shown."""
LEVELS = tuple(level / 20 for level in range(21))
"""The quantiles that are kept of lengths."""

Excerpt = tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """One figure.

    Args:
        measure: What was measured.
        size: On how much: words, texts, pairs, responses.
        value: The figure.
        worth: Of a rate, how many independent responses it is worth.
        quantiles: Of lengths, at ``LEVELS``.
        example: What was found most often.
    """

    measure: str
    size: int
    value: float
    worth: float | None = None
    quantiles: tuple[float, ...] = ()
    example: str | None = None


@dataclass
class Words:
    """The texts of one sample as far as their words matter: an excerpt and the opening of each."""

    excerpts: list[Excerpt] = field(default_factory=list)
    openings: list[Excerpt] = field(default_factory=list)

    def add(self, excerpt: Excerpt, opening: Excerpt) -> None:
        """Take a text, as ``excerpt_of`` gives it."""
        if excerpt:
            self.excerpts.append(excerpt)
        if opening:
            self.openings.append(opening)

    def measures(self) -> Iterable[Measure]:
        """Distinct runs of words, how far texts compress, and what most of them say."""
        for size in WORDS:
            taken = _first(self.excerpts, size)
            if taken is not None:
                for length in (1, 2, 3, 4):
                    yield Measure(f"distinct-{length}", size, distinct(taken, length))
                yield Measure("compressed", size, compressed(taken))
        for size in TEXTS:
            if len(self.openings) >= size:
                yield Measure("different openings", size, len(set(self.openings[:size])) / size)
        if self.openings:
            yield _most("most common opening", Counter(self.openings), len(self.openings))
        if self.excerpts:
            runs = Counter(run for excerpt in self.excerpts for run in set(_runs(excerpt, PHRASE)))
            yield _most("most common phrase", runs, len(self.excerpts))


def excerpt_of(text: str, ident: str, known: dict[str, str]) -> tuple[Excerpt, Excerpt]:
    """A run of words from a place that the text's id decides, and its first words.

    Args:
        text: The whole text.
        ident: Its id.
        known: Words so far, so that each is held once.
    """
    words = words_of(text)
    begin = int(digest(ident, 12), 16) % max(1, len(words) - EXCERPT + 1)
    excerpt, opening = words[begin : begin + EXCERPT], words[:OPENING]
    return tuple(known.setdefault(w, w) for w in excerpt), tuple(known.setdefault(w, w) for w in opening)


def distinct(excerpts: Iterable[Excerpt], length: int) -> float:
    """The share of all runs of so many words that are different from one another; 1 where none comes twice."""
    runs = [run for excerpt in excerpts for run in _runs(excerpt, length)]
    return len(set(runs)) / len(runs) if runs else 1.0


def compressed(excerpts: Iterable[Excerpt]) -> float:
    """Bytes of the excerpts compressed together over their own: small where they repeat one another."""
    import zstandard

    plain = "\n".join(" ".join(excerpt) for excerpt in excerpts).encode()
    return len(zstandard.ZstdCompressor(level=9).compress(plain)) / len(plain)


def _first(excerpts: Sequence[Excerpt], size: int) -> list[Excerpt] | None:
    """The first so many words; None where there are not so many."""
    taken: list[Excerpt] = []
    for excerpt in excerpts:
        taken.append(excerpt[:size])
        size -= len(taken[-1])
        if size == 0:
            return taken
    return None


def _runs(words: Excerpt, length: int) -> Iterable[Excerpt]:
    return (words[place : place + length] for place in range(len(words) - length + 1))


def _most(name: str, found: Counter[Excerpt], of: int) -> Measure:
    """The most frequent one; of two the first in order, and a phrase of hardly anyone is not shown."""
    words, count = min(found.items(), key=lambda item: (-item[1], item[0]), default=((), 0))
    return Measure(name, of, count / of, example=" ".join(words) if count >= SHOWN else None)


# Likeness --------------------------------------------------------------------------------------------------------


def likenesses(signatures: Sequence[bytes]) -> Iterable[Measure]:
    """How alike texts are: any two of them, and each and its nearest neighbour. By signatures of ``SIZE`` numbers."""
    import numpy as np

    for size in sorted({*(size for size in TEXTS if size <= len(signatures)), min(len(signatures), TEXTS[-1])}):
        if size < 2:
            continue
        matrix = _matrix(signatures[:size])
        shares = np.stack([(matrix == row).mean(axis=1) for row in matrix])
        np.fill_diagonal(shares, -1)
        nearest = shares.max(axis=1)
        pairs = shares[np.triu_indices(size, 1)]
        if size == min(len(signatures), TEXTS[-1]):
            yield Measure("likeness of two texts", len(pairs), float(pairs.mean()))
            yield Measure("likeness of two texts, 95th percentile", len(pairs), float(np.quantile(pairs, 0.95)))
        if size in TEXTS:
            yield Measure("likeness of nearest text", size, float(nearest.mean()))
            yield Measure("likeness of nearest text, 95th percentile", size, float(np.quantile(nearest, 0.95)))


def pair_likeness(pairs: Sequence[tuple[bytes, bytes]]) -> Iterable[Measure]:
    """How alike two responses to the same problem are."""
    if pairs:
        left, right = (_matrix([pair[place] for pair in pairs]) for place in (0, 1))
        yield Measure("likeness of two responses to a problem", len(pairs), float((left == right).mean()))


def _matrix(signatures: Sequence[bytes]) -> Array:
    import numpy as np

    return np.frombuffer(b"".join(signatures), dtype="<u4").reshape(len(signatures), SIZE)
