"""Waiting for something that another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    """Return once it is so.

    Raises:
        TimeoutError: It is not, after so many seconds.
    """
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"not so after {seconds:g} s")
        time.sleep(0.005)
