"""The worker that compares a whole response with its gold by Math-Verify alone: started by ``second_opinions``.

Nothing of our own reading is in here, neither of answers nor of what they mean: what differs from our verdict is a
question worth asking. How it is served and bounded stands in ``genesys.workers.serving``.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from genesys.workers import serving


@functools.cache
def _loaded() -> Callable[[str, str], bool | None]:
    from math_verify import parse, verify
    from sympy.core.random import seed

    logging.disable(logging.CRITICAL)  # it warns at each call that its own time limit is off

    def compare(gold: str, response: str) -> bool | None:
        seed(0)  # SymPy tries random points; which ones must not depend on the questions before
        truth = parse(f"${gold}$", parsing_timeout=None) or parse(gold, parsing_timeout=None)
        said = parse(response, parsing_timeout=None)
        if not truth or not said:
            return None
        return bool(verify(truth, said, timeout_seconds=None))

    return compare


def answer_question(question: dict[str, Any], cpu_s: int) -> dict[str, Any]:
    """Compare a response with golds.

    Args:
        question: ``{"golds": [text, ...], "response": text}``.
        cpu_s: CPU seconds for all of it.

    Returns:
        ``{"equal": True or False}``; None where none of it could be read.

    Raises:
        MemoryError: As it says.
    """
    compare = _loaded()
    serving.limit_cpu(cpu_s)  # its import took seconds that are not the answer's
    found = [_compared(compare, gold, question["response"]) for gold in question["golds"]]
    said = [each for each in found if each is not None]
    return {"equal": any(said) if said else None}


def _compared(compare: Callable[[str, str], bool | None], gold: str, response: str) -> bool | None:
    try:
        return compare(gold, response)
    except MemoryError:
        raise
    except Exception:  # SymPy raises of all kinds on odd input: it has no opinion
        return None


def main() -> None:
    """Answer questions until the parent has no more."""
    serving.main(answer_question)


if __name__ == "__main__":
    main()
