"""Whether a text has the words of another: what a task shares with a public test set. Pure: no files, no settings.

A text is its words: letters and digits, in small letters, without the marks of LaTeX, Markdown and code around them.
Two texts overlap where so many words in a row are the same (13 by default, as most who publish models count), and
these runs cover two fifths of the benchmark's text: a phrase that half of all problems end with ("where m and n are
relatively prime positive integers") is no overlap. A text of fewer words has to be there whole.

``OverlapIndex`` knows all runs of some texts by their hashes, 16 bytes each. Which texts those are, and where they
come from, is ``genesys.quality.benchmarks``.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    _Array = np.ndarray[Any, Any]

RUN = 13
"""Words in a row."""
SHARE = 0.4
"""Of a benchmark's text, that such runs cover: half of it is found, also where the cut is not in its very middle."""
LEAST, LEAST_NUMBERS = 8, 2
"""A text of fewer words is no sign of itself within another: it has to be all that the other says. With so many numbers
it may have two words less."""

_BARE = re.compile(
    r"\\(?:left|right|big+|Big+|displaystyle|textstyle|limits|nolimits|quad|qquad|text(?:bf|it|rm|tt|sf)?|math(?:rm|bf|"
    r"it|sf|bb|cal|frak|scr)|operatorname|mbox|hspace|vspace|begin|end|item|hline|label|ref)"
    r"(?![A-Za-z])\*?"
)
"""Commands of LaTeX that say how something looks: one writes them and another does not."""
_FRACTION = re.compile(r"\\[tdc]frac(?![A-Za-z])")
_GROUPED = re.compile(r"(?<=\d)(?:,|\{,\}|\\,|\\!|\u202f|\u00a0)(?=\d{3}(?!\d))")
"""What stands between the thousands of a number."""
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\d+|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
"""Letters, or digits; of scripts that put no space between words, each sign."""


def words_of(text: str) -> list[str]:
    """The words by which texts are compared."""
    return WORD.findall(plain(text))


def plain(text: str) -> str:
    """A text in small letters, without what only says how it looks; its words are what ``WORD`` finds there."""
    made = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    if "\\" in made:
        made = _BARE.sub(" ", _FRACTION.sub(r"\\frac", made))
    return _GROUPED.sub("", made).casefold()


@dataclass(frozen=True)
class Text:
    """A text that others must not have the words of."""

    benchmark: str
    row: str
    text: str


@dataclass(frozen=True)
class Overlap:
    """What a text shares with a benchmark."""

    benchmark: str
    row: str
    words: str
    """The longest run of words that both have."""
    share: float
    """Of the benchmark's text, that is in the other."""
    near: bool = False
    """Whether it is the text edited: ``share`` is how alike they are then, ``words`` are those they have in common."""

    def __str__(self) -> str:
        """For a person."""
        words = self.words if len(self.words) <= 300 else f"{self.words[:300]}..."
        how = f"edited, likeness {self.share:.2f}" if self.near else f"{self.share:.0%} of it"
        return f"{self.benchmark} {self.row}, {how}: {words}"


class OverlapIndex:
    """Runs of words of many texts.

    Args:
        texts: Read once, in order; only hashes are kept of them.
        run: Words in a row that make an overlap.
        share: Of a benchmark's text that has to be covered; 0: any one run will do.
    """

    def __init__(self, texts: Iterable[Text], *, run: int = RUN, share: float = SHARE) -> None:
        """Read all texts."""
        self._run, self._share = run, share
        self._names: list[tuple[str, str]] = []
        self._lengths, self._is_told = array("I"), array("B")
        found: dict[int, _Runs] = {}
        for text in texts:
            words = words_of(text.text)
            if words:
                *_, runs = _runs(_hashes(words), run)
                found.setdefault(min(len(words), run), _Runs()).add(runs, len(self._names))
                self._names.append((text.benchmark, text.row))
                self._lengths.append(len(words))
                self._is_told.append(_is_told(words))
        self._known = {length: runs.sorted() for length, runs in sorted(found.items())}

    def __len__(self) -> int:
        """How many texts are known."""
        return len(self._names)

    @property
    def nbytes(self) -> int:
        """Bytes that the runs take in memory."""
        return sum(array.nbytes for arrays in self._known.values() for array in arrays)

    def find(self, text: str) -> Overlap | None:
        """The text that this one has most of, None if it has enough of none."""
        found = self.all(text)
        return found[0] if found else None

    def all(self, text: str) -> list[Overlap]:
        """The texts that this one has enough of, the one that it has most of first."""
        words = words_of(text)
        if not words:
            return []
        every: list[Overlap] = []
        for length, runs in enumerate(_runs(_hashes(words), self._run), 1):
            known = self._known.get(length)
            if known is not None:
                every += self._shared(words, runs, length, known)
        # Of equals the first one known: an answer that is the same in every process.
        return sorted(every, key=lambda found: (-found.share, -len(found.words)))

    def _shared(
        self, words: list[str], runs: _Array, length: int, known: tuple[_Array, _Array, _Array]
    ) -> list[Overlap]:
        """Texts of which this one has enough runs of this length."""
        import numpy as np

        hashes, places, starts = known
        first = np.searchsorted(hashes, runs)
        hits = np.flatnonzero(hashes.take(first, mode="clip") == runs)
        if not len(hits):
            return []
        last = np.searchsorted(hashes, runs[hits], side="right")
        shared: dict[int, list[tuple[int, int]]] = {}  # by text: where a run starts here and there
        for here, low, high in zip(hits.tolist(), first[hits].tolist(), last.tolist(), strict=True):
            for place, there in zip(places[low:high].tolist(), starts[low:high].tolist(), strict=True):
                shared.setdefault(place, []).append((here, there))
        found = []
        for place in sorted(shared):
            share = _covered({there for _, there in shared[place]}, length) / self._lengths[place]
            # A short text is to be found whole, and a very short one to be all that there is.
            if share >= self._share and (self._is_told[place] or self._lengths[place] == len(words)):
                begin, count = _longest(shared[place], length)
                found.append(Overlap(*self._names[place], " ".join(words[begin : begin + count]), share))
        return found


class _Runs:
    """Runs of one length, being collected."""

    def __init__(self) -> None:
        """None yet."""
        self._hashes, self._places, self._starts = array("Q"), array("I"), array("I")

    def add(self, runs: _Array, place: int) -> None:
        """Those of one text, in order."""
        self._hashes.frombytes(runs.tobytes())
        self._places.extend([place] * len(runs))
        self._starts.extend(range(len(runs)))

    def sorted(self) -> tuple[_Array, _Array, _Array]:
        """By their hashes: hash, which text, and where in it."""
        import numpy as np

        hashes = np.frombuffer(self._hashes, dtype=np.uint64)
        order = np.argsort(hashes, kind="stable")
        others = (np.frombuffer(each, dtype=np.uint32)[order] for each in (self._places, self._starts))
        return hashes[order], *others  # type: ignore[return-value]


def _is_told(words: list[str]) -> bool:
    """Whether a text is a sign of itself within another one."""
    numbers = sum(word[0].isdigit() for word in words)
    return len(words) >= (LEAST - 2 if numbers >= LEAST_NUMBERS else LEAST)


def _covered(starts: set[int], run: int) -> int:
    """How many words runs that start there cover together."""
    total, end = 0, 0
    for start in sorted(starts):
        total += start + run - max(start, end)
        end = start + run
    return total


def _longest(starts: list[tuple[int, int]], run: int) -> tuple[int, int]:
    """Where the longest common run of words starts in the text, and how many words it has."""
    known, best = set(starts), (0, 0)
    for here, there in sorted(known):
        if (here - 1, there - 1) in known:
            continue
        length = 1
        while (here + length, there + length) in known:
            length += 1
        if length > best[1]:
            best = (here, length)
    return best[0], best[1] + run - 1


@functools.lru_cache(maxsize=2**16)
def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _hashes(words: list[str]) -> _Array:
    import numpy as np

    return np.fromiter(map(_hash, words), dtype=np.uint64, count=len(words))


_FACTOR = 0x9E3779B97F4A7C15


def _runs(hashes: _Array, most: int) -> Iterator[_Array]:
    """Hashes of all runs of one word, of two words, and so on: polynomials in those of the words, modulo 2**64."""
    import numpy as np

    factor, runs = np.uint64(_FACTOR), hashes
    yield runs
    for length in range(2, min(most, len(hashes)) + 1):
        runs = runs[:-1] * factor + hashes[length - 1 :]
        yield runs
