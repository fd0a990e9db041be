"""Who keeps a program in, where the settings leave it open: a container if one can be had at once, else a process."""

from __future__ import annotations

import functools
from typing import Literal

from genesys.faults import InfrastructureFault
from genesys.sandbox.container import connect
from genesys.sandbox.image import image_name
from genesys.settings import SandboxSettings

Isolation = Literal["docker", "process"]


def isolation_of(settings: SandboxSettings) -> Isolation:
    """What the settings say; of ``any``, containers where an engine answers that has the image already.

    Looked up once in a process: an engine that comes or goes in mid-run must not divide the verdicts of a run.
    """
    return _looked_up(settings) if settings.isolation == "any" else settings.isolation


@functools.cache
def _looked_up(settings: SandboxSettings) -> Isolation:
    import docker.errors
    import requests

    try:
        client = connect(settings)
    except InfrastructureFault:
        return "process"
    try:
        client.images.get(image_name(settings))
        return "docker"
    except (docker.errors.DockerException, requests.RequestException):  # the engine may go between the two questions
        return "process"
    finally:
        client.close()
