"""What a text is compared by with millions of others: a MinHash signature of its words, and its numbers.

Signatures by rensa, the same on every machine. What counts as alike stands with the filters that compare them.
"""

from __future__ import annotations

from collections import Counter

from genesys.hashing import digest
from genesys.overlap import words_of

SIZE = 128
"""Numbers in a signature, 32 bits each: an estimate of likeness is off by three hundredths as a rule."""
SEED = 1


def signature(words: list[str]) -> bytes:
    """The signature of a text's pairs of words, ``SIZE`` little-endian numbers of 32 bits.

    Args:
        words: As ``overlap.words_of`` gives them.
    """
    import numpy as np
    from rensa import RMinHash

    made = RMinHash(num_perm=SIZE, seed=SEED)
    features = {f"{one} {two}" for one, two in zip(words, words[1:], strict=False)} or set(words)
    made.update(sorted(features))
    return np.asarray(made.digest(), dtype="<u4").tobytes()


def text_signature(text: str) -> tuple[bytes, str]:
    """Signature and hash of the numbers of a text."""
    words = words_of(text)
    return signature(words), numbers_digest(words)


def numbers_digest(words: list[str]) -> str:
    """A hash of the numbers in a text, however they are ordered: texts that differ in one number differ in it."""
    return digest(sorted(Counter(word for word in words if word[0].isdigit()).items()), 16)
