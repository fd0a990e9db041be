import pytest

from genesys.quality.intervals import Z, wilson


@pytest.mark.parametrize(("hits", "trials"), [(0, 5), (1, 1), (3, 17), (50, 100), (1999, 2000)])
def test_the_ends_are_where_the_share_is_just_as_far_off_as_chance_allows(hits: int, trials: int) -> None:
    """What defines the interval: a true share at either end is Z standard errors (its own) from what was counted."""
    ends = wilson(hits, trials)
    assert ends is not None
    for end in ends:
        if 0 < end < 1:
            assert abs(hits / trials - end) == pytest.approx(Z * (end * (1 - end) / trials) ** 0.5)
    assert ends[0] <= hits / trials <= ends[1]


def test_nothing_wrong_among_few_is_no_proof_of_nothing_wrong() -> None:
    assert wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert wilson(10, 10) == (pytest.approx(0.7225, abs=1e-4), 1.0)
    assert wilson(0, 0) is None
