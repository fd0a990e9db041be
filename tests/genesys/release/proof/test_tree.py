import hashlib

import pytest

from genesys.release.proof.tree import is_below, path, root

DATA = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The entries that logs of certificates are tested by, and the roots over the first of them, the first two, ..."""


def of(data: str) -> str:
    return hashlib.sha256(b"\0" + bytes.fromhex(data)).hexdigest()


def as_the_standard_defines_it(leaves: list[str]) -> bytes:
    """The root by the recursion of RFC 6962, section 2.1."""
    if len(leaves) == 1:
        return bytes.fromhex(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = as_the_standard_defines_it(leaves[:split]), as_the_standard_defines_it(leaves[split:])
    return hashlib.sha256(b"\1" + left + right).digest()


LEAVES = [of(data) for data in DATA]


def test_the_roots_over_the_standard_entries_are_the_known_ones() -> None:
    assert [root(LEAVES[: size + 1]) for size in range(8)] == ROOTS
    assert root([]) == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("size", [*range(1, 34), 63, 64, 65, 100])
def test_every_size_has_the_root_that_the_standard_defines_and_every_leaf_a_path_to_it(size: int) -> None:
    leaves = [of(f"{number:04x}") for number in range(size)]
    top = root(iter(leaves))
    assert top == as_the_standard_defines_it(leaves).hex()
    for index, leaf in enumerate(leaves):
        way = path(leaves, index)
        assert len(way) <= (size - 1).bit_length()
        assert is_below(leaf, index, size, way, top)


def test_a_path_proves_nothing_for_another_leaf_place_size_or_root() -> None:
    top = root(LEAVES[:7])
    for index in range(7):
        way = path(LEAVES[:7], index)
        assert is_below(LEAVES[index], index, 7, way, top)
        assert not is_below(LEAVES[7], index, 7, way, top)
        assert not any(is_below(LEAVES[index], other, 7, way, top) for other in range(-1, 8) if other != index)
        assert not is_below(LEAVES[index], index, 7, way, ROOTS[7])
        assert not is_below(LEAVES[index], index, 7, way[:-1], top)
        assert not is_below(LEAVES[index], index, 7, [*way, way[0]], top)
        assert not is_below(LEAVES[index], index, 7, [*reversed(way)] if way[1:] else [ROOTS[0]], top)
        assert not is_below(LEAVES[index], index, 7, ["no hash"] * len(way), top)
    # With other sizes the same path fits where the way up has the same turns; it never does for half the tree.
    assert not is_below(LEAVES[0], 0, 3, path(LEAVES[:7], 0), top)


def test_there_is_no_path_for_a_leaf_that_is_not_there() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            path(LEAVES[:3], index)
