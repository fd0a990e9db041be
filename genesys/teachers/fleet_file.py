"""A file that lists endpoints, read again and again while a run goes on: they may join and leave. No calls here."""

from __future__ import annotations

import asyncio
import logging
import tomllib
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from genesys.faults import GenesysError
from genesys.schemas import describe_validation
from genesys.settings.endpoints import EndpointSettings
from genesys.settings.roles import RoleSettings
from genesys.settings.sections import Strict
from genesys.storage import local_path
from genesys.teachers.endpoint_spec import EndpointSpec, spec_of

_log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two looks."""


class _Listed(Strict):
    endpoints: tuple[EndpointSettings, ...]
    """Required, so that a file that is just being written is not taken for an empty fleet."""


class FleetFile:
    """Endpoints as a file lists them now.

    Args:
        place: A path or an fsspec URL; credentials come from the environment.
        role: What is not given for an endpoint is as this role has it.
        every: Seconds between two looks.
    """

    def __init__(self, place: str, role: RoleSettings, *, every: float = EVERY) -> None:
        """Nothing is read."""
        self.place, self.every = place, every
        self._role = role
        self._told = ""

    def read(self) -> list[EndpointSpec]:
        """What stands in the file.

        Raises:
            GenesysError: It cannot be read; names the file and the field.
        """
        try:
            listed = _Listed.model_validate(tomllib.loads(self._bytes().decode()))
        except FileNotFoundError:
            raise GenesysError(f"{self.place}: there is no such file") from None
        except ValidationError as error:
            told = describe_validation(error)
            if told == "endpoints: Field required":
                told += "; an empty fleet is written `endpoints = []`"
            raise GenesysError(f"{self.place}: {told}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise GenesysError(f"{self.place}: not TOML: {error}") from None
        except Exception as error:  # noqa: BLE001 - each store has its own
            raise GenesysError(f"{self.place}: cannot be read: {type(error).__name__}: {error}") from None
        return self._specs(listed)

    def _specs(self, listed: _Listed) -> list[EndpointSpec]:
        specs: dict[str, EndpointSpec] = {}
        for number, settings in enumerate(listed.endpoints):
            try:
                spec = spec_of(settings, self._role)
            except GenesysError as error:
                raise GenesysError(f"{self.place}: endpoints.{number}.{error}") from None
            if spec.url in specs:
                raise GenesysError(f"{self.place}: endpoints.{number}.url: {spec.url} is listed twice")
            specs[spec.url] = spec
        return list(specs.values())

    def _bytes(self) -> bytes:
        path = local_path(self.place)
        if path is not None:
            return Path(path).read_bytes()
        import fsspec

        fs, name = fsspec.core.url_to_fs(self.place)
        return bytes(fs.cat_file(name))

    async def look(self, use: Callable[[list[EndpointSpec]], None]) -> str:
        """Read the file and use what it says; what is wrong with it is logged once, given back, and changes nothing."""
        try:
            use(await asyncio.to_thread(self.read))
        except GenesysError as error:
            told = str(error)
        else:
            told = ""
        if told and told != self._told:
            _log.warning("fleet: %s; the endpoints that are there go on", told)
        elif self._told and not told:
            _log.warning("fleet: %s can be read again", self.place)
        self._told = told
        return told
