"""The sandbox's image: what it is built from, whether it is there, and how it is built."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from genesys.faults import InfrastructureFault
from genesys.sandbox.runner.languages import CPP_OPTIONS, CPP_STANDARDS
from genesys.settings import SandboxSettings

REPOSITORY = "genesys-sandbox"
LABEL = "genesys.sandbox"
HERE = Path(__file__).parent
_PACKAGE = HERE.parents[1]
_PARTS = ("__init__.py", "sandbox/__init__.py", "sandbox/runner", "sandbox/node")
_KINDS = {".py", ".js", ".cc", ".json"}

Progress = Callable[[str], None]


def context_files() -> dict[str, bytes]:
    """What the image is built from, by path in the build: the Dockerfile, the runner and the launchers."""
    files = {"Dockerfile": (HERE / "Dockerfile").read_bytes()}
    for part in _PARTS:
        top = _PACKAGE / part
        for path in [top] if top.is_file() else sorted(top.iterdir()):
            if path.suffix in _KINDS:
                files[f"genesys/{path.relative_to(_PACKAGE)}"] = path.read_bytes()
    return files


@cache
def fingerprint() -> str:
    """Names the toolchain: a hash of the Dockerfile with its pinned versions, of the runner and of its options."""
    digest = hashlib.sha256(" ".join((*CPP_STANDARDS, *CPP_OPTIONS)).encode())
    for name, content in sorted(context_files().items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def image_name(settings: SandboxSettings) -> str:
    """The image that the settings mean: one of their own, or ours in the version of this very source."""
    return settings.image or f"{REPOSITORY}:{fingerprint()}"


def ensure_image(client: Any, settings: SandboxSettings, progress: Progress | None = None) -> str:
    """The image's id, after building it if it is not there.

    Args:
        client: A ``docker.DockerClient``.
        settings: Which image, from which base, over which network.
        progress: Told of every line of the build.

    Raises:
        InfrastructureFault: It cannot be had; says the step that failed.
    """
    import docker.errors

    name = image_name(settings)
    try:
        return str(client.images.get(name).id)
    except docker.errors.ImageNotFound:
        if settings.image:
            raise InfrastructureFault(
                f"The Docker engine has no image {name} ([sandbox] image). Pull or build it; without that setting the "
                "project's own image is built.",
                final=True,
            ) from None
    _build(client, settings, name, progress or (lambda _: None))
    return str(client.images.get(name).id)


def _build(client: Any, settings: SandboxSettings, name: str, progress: Progress) -> None:
    import docker.errors

    last: list[str] = []
    try:
        for line in _lines(
            client.api.build(
                fileobj=_context(),
                custom_context=True,
                encoding="gzip",
                tag=name,
                rm=True,
                forcerm=True,
                decode=True,
                network_mode=settings.build_network,
                buildargs={
                    "BASE": settings.base_image,
                    "CPP_OPTIONS": " ".join(CPP_OPTIONS),
                    "CPP_STANDARDS": " ".join(CPP_STANDARDS),
                },
                labels={LABEL: "image"},
            )
        ):
            last = [*last[-14:], line]
            progress(line)
    except (docker.errors.DockerException, _Failed) as error:
        shown = "\n".join(last)
        raise InfrastructureFault(
            f"The sandbox's image could not be built: {error}\n{shown}\nIt needs the base image {settings.base_image} "
            "and Debian's packages. `make sandbox-image` tries again; behind a firewall set [sandbox] build_network = "
            '"host" or base_image.',
            final=True,
        ) from None


class _Failed(Exception):
    """A step of the build ended in an error."""


def _lines(events: Iterator[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        if "error" in event:
            raise _Failed(str(event["error"]).strip())
        text = str(event.get("stream") or event.get("status") or "").strip()
        yield from text.splitlines()


def _context() -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in context_files().items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    out.seek(0)
    return out
