"""What a text is compared by with millions of others: a MinHash signature of its features, and its numbers.

Signatures by rensa, the same on every machine. What of a problem is compared stands in ``genesys.quality.statements``;
what counts as alike, with the filters that compare.
"""

from __future__ import annotations

from collections.abc import Iterable

from genesys.hashing import digest
from genesys.overlap import words_of

SIZE = 128
"""Numbers in a signature, 32 bits each: an estimate of likeness is off by four hundredths as a rule."""
SEED = 1


def signature(features: Iterable[str]) -> bytes:
    """``SIZE`` little-endian numbers of 32 bits; of no features at all, nothing but zeros, which is like nothing."""
    import numpy as np
    from rensa import RMinHash

    chosen = sorted(set(features))
    if not chosen:
        return bytes(4 * SIZE)
    made = RMinHash(num_perm=SIZE, seed=SEED)
    made.update([feature.encode("utf-8", "surrogatepass") for feature in chosen])
    return np.asarray(made.digest(), dtype="<u4").tobytes()


def text_signature(text: str) -> tuple[bytes, str]:
    """Signature of the words and pairs of words of a text, and hash of its numbers."""
    words = words_of(text)
    return signature({*words, *map(" ".join, zip(words, words[1:], strict=False))}), numbers_digest(words)


def numbers_digest(words: Iterable[str]) -> str:
    """A hash of the numbers in a text, however they are ordered: texts that differ in one number differ in it."""
    return digest(" ".join(sorted(word for word in words if word[0].isdigit())), 16)
