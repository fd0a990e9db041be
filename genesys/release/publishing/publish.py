"""Publishing a release: which place a word names, and the steps to get it there. What is written stands beside this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genesys.faults import GenesysError
from genesys.release.publishing.hub import PREFIX, put_on_hub, token_of_environment
from genesys.release.publishing.places import Placed, Told, put
from genesys.release.publishing.release import Release
from genesys.settings import Settings
from genesys.storage import local_path

_HERE = "{state}/releases"
"""Where a release for the hub is made first."""


@dataclass(frozen=True)
class Destination:
    """Where a release goes."""

    place: str
    """A folder, an fsspec URL, or, on the hub, ``owner/name``."""
    on_hub: bool = False

    def __str__(self) -> str:
        """For people."""
        return f"{PREFIX}{self.place}" if self.on_hub else self.place


def destination_of(settings: Settings, to: str = "") -> Destination:
    """The place that a word names, by default the settings'.

    A folder that is given here counts from where the command was started, one of the settings from their file.

    Raises:
        GenesysError: It names none.
    """
    chosen = to or settings.release.publish.to
    if chosen.startswith(PREFIX):
        name = chosen.removeprefix(PREFIX).strip("/")
        if name.count("/") != 1 or not all(name.split("/")):
            raise GenesysError(f"{chosen}: a data set of the hub is named {PREFIX}owner/name")
        return Destination(name, on_hub=True)
    if to and (folder := local_path(to)) is not None:
        return Destination(str(folder.expanduser().absolute()))
    return Destination(settings.path(chosen))


def publish(release: Release, settings: Settings, to: Destination, told: Told = lambda text: None) -> Placed:
    """Write a release where it goes.

    Args:
        release: As planned.
        settings: ``[release.publish]``.
        to: Where.
        told: Hears what is being done.

    Raises:
        GenesysError: Something is against it, or the place refuses it.
        InfrastructureFault: The place could not be reached or written.
    """
    if release.against:
        raise GenesysError("nothing was published: " + "; ".join(release.against))
    options = settings.release.publish.storage_options
    if not to.on_hub:
        return put(release, to.place, options, told)
    token_of_environment()  # before anything large is written
    here = put(release, settings.path(_HERE), {}, told)
    return put_on_hub(release, Path(here.place), to.place, private=settings.release.publish.private, told=told)
