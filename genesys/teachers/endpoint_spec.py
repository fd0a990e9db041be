"""What an endpoint is to be: settings of one endpoint with those of its role filled in, and the key that it takes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from genesys.faults import GenesysError
from genesys.settings.endpoints import EndpointSettings, checked_url
from genesys.settings.roles import RoleSettings


@dataclass(frozen=True)
class EndpointSpec:
    """All that tells one endpoint from another; two that are equal are the same."""

    url: str
    concurrency: int = 64
    model: str = ""
    """Empty: the teacher's."""
    api_key: str | None = field(default=None, repr=False)
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    def __post_init__(self) -> None:
        """Refuse an address that holds a secret.

        Raises:
            GenesysError: It may, or is none.
        """
        try:
            object.__setattr__(self, "url", checked_url(self.url))
        except ValueError as error:
            raise GenesysError(str(error)) from None


def spec_of(settings: EndpointSettings, role: RoleSettings) -> EndpointSpec:
    """An endpoint's settings with those of its role.

    Raises:
        GenesysError: The variable that it names for its key is not set.
    """
    if settings.api_key_env and settings.api_key_env not in os.environ:
        raise GenesysError(f"api_key_env: {settings.api_key_env} is not set in the environment")
    return EndpointSpec(
        settings.url,
        concurrency=settings.concurrency or role.concurrency,
        model=settings.model or "",
        api_key=os.environ.get(settings.api_key_env or role.api_key_env),
        requests_per_minute=settings.requests_per_minute or role.requests_per_minute,
        tokens_per_minute=settings.tokens_per_minute or role.tokens_per_minute,
    )


def specs_of(role: RoleSettings, urls: Iterable[str] = ()) -> list[EndpointSpec]:
    """The endpoints that a role's section names.

    Args:
        role: The section.
        urls: Taken with the role's own settings, before its ``endpoints``.

    Raises:
        GenesysError: One cannot be used, or stands there twice.
    """
    listed = [EndpointSettings.model_construct(url=url) for url in urls]
    specs: list[EndpointSpec] = []
    for number, one in enumerate([*listed, *role.endpoints], 1):
        try:
            spec = spec_of(one, role)
        except GenesysError as error:
            where = f"base_urls {number}" if number <= len(listed) else f"endpoints {number - len(listed)}"
            raise GenesysError(f"{where}: {error}") from None
        if any(spec.url == other.url for other in specs):
            raise GenesysError(f"endpoint {spec.url} is named twice")
        specs.append(spec)
    return specs
