"""Where a run's container stands: its image, its machine and its devices, by what the run's ops want.

Dagster chooses an image for each code location; a shard's stages are one code location, and one of them wants GPUs. So
this is dagster-docker's launcher, with a place for each kind of device beside it. ``dagster.yaml`` holds the block.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_docker import DockerRunLauncher
from dagster_docker.container_context import DockerContainerContext
from dagster_docker.utils import DOCKER_CONFIG_SCHEMA

from genesys_dagster import internals
from genesys_dagster.ops.phases import DEVICE_TAG

IMAGE, HOST = "image", "docker_host"
PLACE_SCHEMA = {
    IMAGE: dg.Field(dg.StringSource, is_required=False, description="Image of such runs."),
    HOST: dg.Field(
        dg.StringSource,
        is_required=False,
        description="Docker engine of the machine for such runs, as in ssh://gpu-1 or tcp://gpu-1:2376.",
    ),
    "env_vars": dg.Field([str], is_required=False, description="Besides those of all runs."),
    "networks": dg.Field(dg.Array(dg.StringSource), is_required=False, description="Instead of those of all runs."),
    "container_kwargs": dg.Field(dict, is_required=False, description="Besides those of all runs."),
}


class _PlacedContext(DockerContainerContext):
    """What a container is started with, and by which engine."""

    docker_host: str = ""


class PlacedDockerRunLauncher(DockerRunLauncher):
    """Each run in a container of the image, and on the machine, that its ``genesys/device`` calls for.

    A run that carries no such tag (one that was launched from the asset graph) is placed by its ops' tags.

    Args:
        devices: By ``gpu``, ``docker``, ``docker+gpu`` or ``cpu``: what differs from the settings of all runs.
        **settings: Those of ``DockerRunLauncher``.
    """

    def __init__(self, devices: Mapping[str, Mapping[str, Any]] | None = None, **settings: Any) -> None:
        """Nothing is contacted."""
        self.devices = dict(devices or {})
        super().__init__(**settings)

    @classmethod
    def config_type(cls) -> Any:
        """The settings of ``DockerRunLauncher``, and ``devices``."""
        by_device = dg.Map(str, PLACE_SCHEMA, key_label_name="device")  # type: ignore[no-untyped-call]
        devices = dg.Field(by_device, is_required=False)
        return {**DOCKER_CONFIG_SCHEMA, "devices": devices}

    def place_of(self, run: dg.DagsterRun) -> Mapping[str, Any]:
        """What differs for a run; nothing where no place is named for it."""
        tag = run.tags.get(DEVICE_TAG)
        wanted = {tag} if tag else internals.op_tags_at_launch(self._instance, run, DEVICE_TAG)
        single = {device for value in wanted for device in value.split("+")} - {"cpu"}
        # The whole first; then what is scarcest.
        for device in ["+".join(sorted(single)), *sorted(single, reverse=True), "cpu"]:
            if device in self.devices:
                return self.devices[device]
        return {}

    def get_container_context(self, dagster_run: dg.DagsterRun) -> DockerContainerContext:
        """What the run's container is started with."""
        context, place = super().get_container_context(dagster_run), self.place_of(dagster_run)
        placed = _PlacedContext(
            registry=context.registry,
            env_vars=[*context.env_vars, *place.get("env_vars", [])],
            networks=place.get("networks", context.networks),
            container_kwargs={**context.container_kwargs, **place.get("container_kwargs", {})},
        )
        placed.docker_host = place.get(HOST, "")
        return placed

    # The two below are not public in dagster-docker: there is no other way to give a run an image of its own.

    def _launch_container_with_command(self, run: dg.DagsterRun, docker_image: str, command: Any) -> None:
        image = self.place_of(run).get(IMAGE, docker_image)
        super()._launch_container_with_command(run, image, command)  # type: ignore[no-untyped-call]

    def _get_client(self, container_context: DockerContainerContext) -> Any:
        import docker

        host = getattr(container_context, HOST, "")
        if not host:
            return super()._get_client(container_context)
        # The machine's own ssh, which knows its keys and its known hosts.
        client = docker.DockerClient(base_url=host, use_ssh_client=host.startswith("ssh://"))
        if registry := container_context.registry:
            client.login(registry=registry["url"], username=registry["username"], password=registry["password"])
        return client
