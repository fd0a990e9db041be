"""What a response says after its thinking, which is all that is verified."""

import pytest

from genesys.verifiers.thinking import after_thinking


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (None, ""),
        ("", ""),
        ("so it is 4", "so it is 4"),
        ("<think>3?</think>4", "4"),
        ("3? </think>4", "4"),
        ("<think>3?</think>no: <think>2?</think>4", "4"),
        ("<think>it is 4", ""),
        ("<think>3?</think>4 <think>or 5", ""),
    ],
)
def test_what_is_said(response: str | None, said: str) -> None:
    assert after_thinking(response) == said
