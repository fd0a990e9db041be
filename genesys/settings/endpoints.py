"""One endpoint of a role: a section ``[[teacher.endpoints]]`` of the settings, or ``[[endpoints]]`` of a fleet file."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from genesys.settings.sections import Strict


def checked_url(url: str) -> str:
    """An endpoint's address, if it is one and holds no secret: it is shown in logs, tables and the UI.

    Raises:
        ValueError: It is not; says why without repeating it.
    """
    try:
        parts = urlsplit(url)
        host, secret = parts.hostname, parts.password or parts.username or parts.query
    except ValueError:
        host, secret = None, None
    if secret:
        raise ValueError(f"give the key of {host} in the environment (api_key_env), not in its URL")
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("an endpoint's URL begins with http:// or https:// and a host")
    return url.rstrip("/")


class EndpointSettings(Strict):
    """One endpoint; what is not given is as the role has it."""

    url: Annotated[str, AfterValidator(checked_url)]
    concurrency: int | None = Field(default=None, ge=1)
    """Calls at once at most."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    """Of prompts and answers together."""
    api_key_env: str | None = None
    """The environment variable that holds this endpoint's key."""
    model: str | None = None
    """The model's name here; it must be the same weights, since answers are known by the role's ``id``."""
