"""What a verifier may give back: its result checked, and brought into the form that every later stage relies on."""

from __future__ import annotations

import json
import numbers
from collections.abc import Mapping
from typing import Any

from genesys.well_formed import well_formed_value


def checked_result(result: Any) -> dict[str, Any]:
    """A verifier's result in the form that every later stage relies on.

    Raises:
        ValueError: Says what is wrong with it, as the end of a sentence about the verifier.
    """
    if not isinstance(result, Mapping):
        raise ValueError(f"returned {_brief(result)} instead of a dict")
    missing = [key for key in ("score", "verification_result_info") if key not in result]
    if missing:
        raise ValueError(f"returned a result without {' and '.join(missing)}")
    score, info = result["score"], result["verification_result_info"]
    if score is not None:
        if isinstance(score, bool) or not isinstance(score, numbers.Real):
            raise ValueError(f"returned the score {_brief(score)}, which is not a number")
        score = float(score)
        if not 0.0 <= score <= 1.0:  # NaN too
            raise ValueError(f"returned the score {score}, which is not from 0 to 1")
    if not isinstance(info, Mapping):
        raise ValueError(f"returned {_brief(info)} as verification_result_info, not a dict")
    try:
        text = json.dumps(dict(info))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"returned a verification_result_info that cannot be written as JSON ({error})") from error
    info = dict(info)
    if "\\ud" in text:  # an escaped half of a character; most often one of two that belong together
        info = well_formed_value(info)
    return {"score": score, "verification_result_info": info}


def _brief(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:80]!r}"
