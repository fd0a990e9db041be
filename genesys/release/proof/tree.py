"""One root over leaves, and the path by which a leaf is shown to be below it: the tree of RFC 6962. No leaves are made.

An inner node is SHA-256 of the byte 1, its left and its right child; the root of nothing is SHA-256 of nothing. A node
without a neighbour goes up as it is. Leaves and nodes are 64 hexadecimal digits wherever they are read or written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

_SIZE = hashlib.sha256().digest_size


class Growing:
    """A tree that gets its leaves one by one; so many nodes are held as their number has binary digits."""

    def __init__(self) -> None:
        """No leaf yet."""
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []

    def add(self, leaf: str) -> None:
        """The next leaf.

        Raises:
            ValueError: It is no hash.
        """
        height, node = 0, bytes.fromhex(leaf)
        if len(node) != _SIZE:
            raise ValueError(f"a hash has {_SIZE} bytes, this one has {len(node)}")
        while self._whole and self._whole[-1][0] == height:
            node = _joined(self._whole.pop()[1], node)
            height += 1
        self._whole.append((height, node))
        self.size += 1

    def root(self) -> str:
        """The root over the leaves so far."""
        if not self._whole:
            return hashlib.sha256().hexdigest()
        *others, (_, node) = self._whole
        for _, left in reversed(others):
            node = _joined(left, node)
        return node.hex()


def root(leaves: Iterable[str]) -> str:
    """The root over leaves in their order, which are not held."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def path(leaves: Sequence[str], index: int) -> list[str]:
    """The neighbours on the way from one leaf up to the root, the lowest first.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    nodes, found = [bytes.fromhex(leaf) for leaf in leaves], []
    while len(nodes) > 1:
        if (beside := index ^ 1) < len(nodes):
            found.append(nodes[beside].hex())
        pairs = [_joined(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
        nodes, index = pairs + nodes[2 * len(pairs) :], index // 2
    return found


def is_below(leaf: str, index: int, size: int, path: Sequence[str], root: str) -> bool:
    """Whether a path leads from a leaf at this place, among so many, to the root; needs nothing else of the tree."""
    if not 0 <= index < size:
        return False
    try:
        node, beside = bytes.fromhex(leaf), iter([bytes.fromhex(each) for each in path])
    except ValueError:
        return False
    last = size - 1
    while last:
        if index ^ 1 <= last:
            if (neighbour := next(beside, None)) is None:
                return False
            node = _joined(neighbour, node) if index % 2 else _joined(node, neighbour)
        index, last = index // 2, last // 2
    return next(beside, None) is None and node.hex() == root.lower()


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
