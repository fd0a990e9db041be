"""How far a share that was counted on a sample may be off. Closed form, so that no statistics library is needed."""

from __future__ import annotations

import math

Z = 1.959963984540054
"""Of 95 %, two-sided."""


def wilson(hits: float, trials: float) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a share; unlike the usual one it is sound near 0 and 1 and for few trials.

    Args:
        hits: How often it was so.
        trials: Of how many; a fraction where trials that are alike count for less than one.

    Returns:
        Its two ends, None where there were no trials.
    """
    if not trials:
        return None
    share, square = hits / trials, Z * Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = Z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return (0.0 if hits == 0 else low), (1.0 if hits == trials else high)
