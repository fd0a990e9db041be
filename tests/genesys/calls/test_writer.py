"""The thread that writes: whoever waits for it hears how it went, whatever went wrong."""

from __future__ import annotations

import sqlite3

import pytest

from genesys.calls.writer import GroupWriter
from genesys.faults import GenesysError, InfrastructureFault


@pytest.mark.parametrize(
    "trouble",
    [
        InfrastructureFault("no rights", fatal=True),
        GenesysError("another format"),
        sqlite3.OperationalError("disk I/O error"),
    ],
)
def test_a_file_that_cannot_be_opened_fails_every_write(trouble: Exception) -> None:
    """Else an answer would be used that is not durable, or its asker would wait for ever."""

    def connect() -> sqlite3.Connection:
        raise trouble

    writer = GroupWriter("s", connect)
    for _ in range(2):
        with pytest.raises(InfrastructureFault, match=str(trouble)) as raised:
            writer.submit(lambda db: None).result(10)
        assert raised.value.fatal
    writer.close()
