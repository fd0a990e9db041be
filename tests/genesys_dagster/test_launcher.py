"""Where a run's container stands: images and devices by the run's tags, or by its ops', at a real Docker engine."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import dagster as dg
import docker
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher.base import LaunchRunContext
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT, JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.storage.tags import DOCKER_IMAGE_TAG
from docker.types import HostConfig

from genesys.settings.roles import RoleSettings
from genesys_dagster.definitions import build_defs
from tests.genesys_dagster.conftest import Graph

SHARD = "sums-00000"
IMPLICIT = "__ASSET_JOB"
PLAIN, GPU = "genesys-launcher-test:plain", "genesys-launcher-test:gpu"
GPU_KWARGS = {"shm_size": "16g", "device_requests": [{"count": -1, "capabilities": [["gpu"]]}]}
STUB = """
FROM debian:trixie-slim
RUN printf '#!/bin/sh\\necho NAME "$@"\\n' > /usr/local/bin/dagster && chmod +x /usr/local/bin/dagster
"""


@contextmanager
def launching(**config: Any) -> Iterator[dg.DagsterInstance]:
    launcher = {"module": "genesys_dagster.launcher", "class": "PlacedDockerRunLauncher", "config": config}
    with dg.instance_for_test(overrides={"run_launcher": launcher}) as instance:
        yield instance


def created(graph: Graph, instance: dg.DagsterInstance, job: str, stage: str) -> dg.DagsterRun:
    """A run of one stage, whose teacher is an engine started here: of its job, or as the asset graph's button does."""
    teacher = RoleSettings(kind="vllm", model="some/model")
    defs = build_defs(graph.settings.model_copy(update={"teacher": teacher}))
    pointer = ModuleCodePointer("genesys_dagster.definitions", "defs")
    entry = DEFAULT_DAGSTER_ENTRY_POINT
    origin = RepositoryPythonOrigin(executable_path=sys.executable, code_pointer=pointer, entry_point=entry)
    if job == IMPLICIT:
        found = defs.resolve_implicit_global_asset_job_def()
        found = found.get_subset(asset_selection={dg.AssetKey(["sums", stage])})
    else:
        found = defs.resolve_job_def(job)
    return instance.create_run_for_job(
        found,
        tags=dict(found.tags) | {"dagster/partition": SHARD},
        asset_selection=frozenset({dg.AssetKey(["sums", stage])}) if job == IMPLICIT else None,
        job_code_origin=JobPythonOrigin(job_name=found.name, repository_origin=origin),
    )


@pytest.mark.parametrize(
    ("job", "stage", "expected"),
    [
        ("sums_tasks", "tasks", {}),
        ("sums_generations", "generations", {"image": GPU}),
        ("sums_verifications", "verifications", {}),
        ("sums", "generations", {"image": GPU}),
        (IMPLICIT, "tasks", {}),
        (IMPLICIT, "generations", {"image": GPU}),
    ],
)
def test_a_run_is_placed_by_its_tags_or_by_its_ops(
    graph: Graph, job: str, stage: str, expected: dict[str, Any]
) -> None:
    with launching(image=PLAIN, devices={"gpu": {"image": GPU}}) as instance:
        assert dict(instance.run_launcher.place_of(created(graph, instance, job, stage))) == expected  # type: ignore[attr-defined]


def test_a_place_for_several_devices_goes_before_those_for_one(graph: Graph) -> None:
    devices = {name: {"image": name.replace("+", "-and-")} for name in ("gpu", "docker", "docker+gpu", "cpu")}
    with launching(image=PLAIN, devices=devices) as instance:
        run = created(graph, instance, "sums_tasks", "tasks")
        for tag in ("cpu", "docker", "gpu", "docker+gpu"):
            tagged = run.with_tags(dict(run.tags) | {"genesys/device": tag})
            assert instance.run_launcher.place_of(tagged)["image"] == tag.replace("+", "-and-")  # type: ignore[attr-defined]
    del devices["docker+gpu"]
    with launching(image=PLAIN, devices=devices) as instance:
        tagged = run.with_tags({"genesys/device": "docker+gpu"})
        assert instance.run_launcher.place_of(tagged)["image"] == "gpu"  # type: ignore[attr-defined]


def test_gpus_and_another_machine_are_asked_of_docker_for_the_generation_alone(graph: Graph) -> None:
    place = {"image": GPU, "docker_host": "tcp://gpu-1:2375", "networks": [], "container_kwargs": GPU_KWARGS}
    place["env_vars"] = ["HF_HOME=/models"]
    common = {"image": PLAIN, "network": "genesys", "container_kwargs": {"auto_remove": True}, "env_vars": ["A=1"]}
    with launching(**common, devices={"gpu": place}) as instance:
        contexts = {
            stage: instance.run_launcher.get_container_context(created(graph, instance, f"sums_{stage}", stage))  # type: ignore[attr-defined]
            for stage in ("tasks", "generations")
        }
    assert contexts["generations"].docker_host == "tcp://gpu-1:2375"
    assert contexts["generations"].networks == []
    assert contexts["generations"].env_vars == ["A=1", "HF_HOME=/models"]
    kwargs = contexts["generations"].container_kwargs
    assert kwargs == {"auto_remove": True, **GPU_KWARGS}
    sent = HostConfig(version="1.41", device_requests=kwargs["device_requests"], shm_size=kwargs["shm_size"])
    (request,) = sent["DeviceRequests"]
    assert (request["Count"], request["Capabilities"]) == (-1, [["gpu"]])
    assert contexts["tasks"].networks == ["genesys"]
    assert contexts["tasks"].container_kwargs == {"auto_remove": True}


@pytest.mark.docker
def test_the_generation_starts_in_a_container_of_its_own_image_and_the_others_do_not(graph: Graph) -> None:
    client = docker.from_env()
    for image in (PLAIN, GPU):
        client.images.build(fileobj=BytesIO(STUB.replace("NAME", image).encode()), tag=image, rm=True)
    runs, containers = {}, []
    try:
        place = {"image": GPU, "docker_host": "unix:///var/run/docker.sock"}
        with launching(image=PLAIN, devices={"gpu": place}) as instance:
            for stage in ("tasks", "generations", "verifications"):
                run = created(graph, instance, f"sums_{stage}", stage)
                instance.run_launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
                tags = instance.get_run_by_id(run.run_id).tags  # type: ignore[union-attr]
                container = client.containers.get(tags["docker/container_id"])
                containers.append(container)
                runs[stage] = (tags[DOCKER_IMAGE_TAG], container.attrs["Config"]["Image"])
                container.wait(timeout=30)
                until = time.monotonic() + 10
                while not (said := container.logs().decode()) and time.monotonic() < until:
                    time.sleep(0.05)
                assert said.startswith(f"{runs[stage][0]} api execute_run ")
                assert run.run_id in said
    finally:
        for container in containers:
            container.remove(force=True)
        for image in (PLAIN, GPU):
            client.images.remove(image, force=True)
        client.close()
    assert runs == {"tasks": (PLAIN, PLAIN), "generations": (GPU, GPU), "verifications": (PLAIN, PLAIN)}
