"""The pages as an application: which address leads where, and what every answer says to the browser.

A page may use nothing but what this server serves, no other site may frame it or call it by another name, and no text
of a trace is ever served as anything but plain text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesys.viewer.code import style_sheet
from genesys.viewer.pages import Pages

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from genesys.viewer.trace import Place

HOSTS = ("127.0.0.1", "localhost")
"""Names by which this server may be called: another site's name that leads here is refused."""
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_STATIC = Path(__file__).parent / "static"


def make_app(place: Place) -> ASGIApp:
    """The viewer of a place."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    pages = Pages(place)
    app = Starlette(
        routes=[
            Route("/", pages.traces),
            Route("/trace", pages.trace),
            Route("/lineage", pages.lineage),
            Route("/compare", pages.compare),
            Route("/raw", pages.raw),
            Route("/again", pages.again, methods=["POST"]),
            Route("/static/{name}", _static),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))],
        exception_handlers={404: pages.missing, 500: pages.broken},
    )
    return _Headers(app)  # outermost, so that a page that failed has them too


def _static(request: Request) -> Response:
    from starlette.responses import Response

    kinds = {"style.css": "text/css", "code.css": "text/css", "keys.js": "text/javascript", "icon.svg": "image/svg+xml"}
    name = request.path_params["name"]
    if name not in kinds:
        return Response("there is no such file", status_code=404, media_type="text/plain")
    content = style_sheet() if name == "code.css" else (_STATIC / name).read_text("utf-8")
    return Response(content, media_type=kinds[name])


class _Headers:
    """Puts ``HEADERS`` on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                added: list[Any] = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        await self._app(scope, receive, sent)
