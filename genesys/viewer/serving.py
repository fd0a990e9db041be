"""The viewer served on this machine alone until Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from genesys.faults import GenesysError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HOST = "127.0.0.1"
_GRACE_S = 2


def bound(port: int) -> socket.socket:
    """A socket of this machine that nobody else's can reach; port 0 takes a free one.

    Raises:
        GenesysError: The port is taken.
    """
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((HOST, port))
    except OSError as error:
        server.close()
        raise GenesysError(f"{HOST}:{port} cannot be used ({error.strerror}); give another --port") from None
    return server


def serve(app: ASGIApp, server: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; ``ready`` is told the address."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        lifespan="off",
    )
    server.listen()
    ready(f"http://{HOST}:{server.getsockname()[1]}/")
    uvicorn.Server(config).run(sockets=[server])
