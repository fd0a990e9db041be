"""Text that UTF-8 can carry. JSON can name half a character (an unpaired surrogate), and models and verifiers do.

Whatever comes from outside passes here once: no key, table or file could be made of it else.
"""

from __future__ import annotations

from typing import Any


def well_formed(text: str) -> str:
    """The text with U+FFFD in the place of each half character; two halves that belong together become one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def well_formed_value(value: Any) -> Any:
    """The same for all texts in mappings, lists and tuples, keys too."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return {well_formed_value(key): well_formed_value(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(well_formed_value, value))
    return value
