"""Isolation ``container``: a runner in a Docker container, spoken to over the engine's attach connection."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from pathlib import Path
from typing import Any

from genesys.faults import InfrastructureFault
from genesys.sandbox.image import HERE, LABEL
from genesys.sandbox.worker import Worker, WorkerDied
from genesys.settings import SandboxSettings

OWNER_LABEL = f"{LABEL}.owner"
_STREAM_HEAD = struct.Struct(">BxxxI")
_STDOUT = 1
_SCRATCH_MB, _PROGRAMS_MB, _SHM_MB = 192, 128, 16
_INODES = 16_384
_PIDS = 192


def connect(settings: SandboxSettings) -> Any:
    """A client of the engine that the settings name.

    Raises:
        InfrastructureFault: None answers; says how to get one.
    """
    import docker
    import docker.errors

    try:
        if settings.docker_host:
            client = docker.DockerClient(base_url=settings.docker_host, timeout=120)
        else:
            client = docker.from_env(timeout=120)
        client.ping()
    except (docker.errors.DockerException, OSError, ValueError) as error:
        where = settings.docker_host or os.environ.get("DOCKER_HOST") or "the local socket"
        said = _without_login(f"No Docker engine answers at {where} ({_brief(error)})", where)
        raise InfrastructureFault(
            f"{said}, and a model's program is untrusted code. Get one "
            "(Debian, Ubuntu: `sudo apt-get install docker.io`; macOS, Windows: Docker Desktop) and start it, give the "
            'address of another machine\'s in [sandbox] docker_host, or set [sandbox] isolation = "process" for '
            "programs that you trust.",
        ) from None
    return client


class ContainerWorker(Worker):
    """A runner in a container of its own."""

    isolation = "container"

    def __init__(self, client: Any, image_id: str, settings: SandboxSettings) -> None:
        """Create and start the container.

        Raises:
            WorkerDied: The engine could not do it.
        """
        import docker.errors
        import requests

        super().__init__()
        self.image = image_id
        self._api, self._buffer, self._complaint = client.api, bytearray(), b""
        self._id = ""
        try:
            self._id = client.containers.create(image_id, **_config(settings)).id
            # Before it starts, so that nothing it says is missed.
            stream = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            self._connection = self._api.attach_socket(self._id, params=stream)
            self._socket: socket.socket = getattr(self._connection, "_sock", self._connection)
            self._api.start(self._id)
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            self.close()
            raise WorkerDied(_brief(error)) from error

    def is_alive(self) -> bool:
        """Whether the connection still stands."""
        try:
            self._socket.settimeout(0)
            return self._socket.recv(1, socket.MSG_PEEK) != b""
        except (BlockingIOError, ValueError):  # TLS sockets cannot peek
            return True
        except OSError:
            return False

    def _write(self, data: bytes, deadline: float) -> None:
        try:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            self._socket.sendall(data)
        except OSError as error:
            raise WorkerDied(f"the container takes nothing in: {error}") from error

    def _read(self, deadline: float) -> bytes:
        """Payload of the engine's stream; what the runner says on standard error is why it died."""
        while True:
            if len(self._buffer) >= _STREAM_HEAD.size:
                kind, size = _STREAM_HEAD.unpack_from(self._buffer)
                end = _STREAM_HEAD.size + size
                if len(self._buffer) >= end:
                    payload = bytes(self._buffer[_STREAM_HEAD.size : end])
                    del self._buffer[:end]
                    if kind == _STDOUT:
                        return payload
                    self._complaint = (self._complaint + payload)[-2000:]
                    continue
            self._buffer += self._receive(deadline)

    def _receive(self, deadline: float) -> bytes:
        try:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            data = self._socket.recv(1 << 18)
        except OSError as error:
            raise WorkerDied(f"the container says nothing: {error}") from error
        if not data:
            raise WorkerDied(f"the container ended {self._complaint.decode(errors='replace')}".strip())
        return data

    def close(self) -> None:
        """Remove the container, with everything in it."""
        with contextlib.suppress(Exception):  # the engine may be gone; the runner ends with this connection anyway
            self._socket.close()
            self._connection.close()
        if self._id:
            with contextlib.suppress(Exception):
                self._api.remove_container(self._id, force=True)


def _config(settings: SandboxSettings) -> dict[str, Any]:
    """Everything that keeps a program in; what each line holds off is tried in the attack suite."""
    return {
        "stdin_open": True,  # and closed with the connection: the runner ends with its input
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {
            "/sandbox/programs": f"rw,exec,nosuid,nodev,size={_PROGRAMS_MB}m,mode=755",
            "/sandbox/scratch": f"rw,noexec,nosuid,nodev,size={_SCRATCH_MB}m,nr_inodes={_INODES},mode=1777",
            "/tmp": "rw,noexec,nosuid,nodev,size=16m,nr_inodes=1024,mode=1777",  # noqa: S108
            "/dev/mqueue": "ro,noexec,nosuid,nodev,size=4k,mode=555",  # else queues can be made, and stay
        },
        "shm_size": f"{_SHM_MB}m",
        "cap_drop": ["ALL"],
        "cap_add": ["SETUID", "SETGID"],  # to become each job's user
        "security_opt": ["no-new-privileges:true", f"seccomp={(HERE / 'seccomp.json').read_text()}"],
        "ipc_mode": "private",
        "pids_limit": _PIDS,
        "mem_limit": f"{settings.memory_mb}m",
        "memswap_limit": f"{settings.memory_mb}m",
        "nano_cpus": 1_500_000_000,  # a program's threads get one core; the half is for the runner beside it
        "hostname": "sandbox",
        "use_config_proxy": False,  # else the Docker client puts its proxies, passwords and all, into the environment
        "log_config": {"type": "none"},
        "auto_remove": True,
        "labels": {LABEL: "worker", OWNER_LABEL: _owner(os.getpid())},
    }


def sweep(client: Any) -> int:
    """Remove containers whose host process is gone, as a restart of the engine or a crash leaves them.

    Returns:
        How many there were.
    """
    swept = 0
    for found in client.api.containers(all=True, filters={"label": f"{LABEL}=worker"}):
        host, _, rest = found["Labels"].get(OWNER_LABEL, "").partition(" ")
        pid = rest.split(" ")[0]
        if host == _host() and (not pid.isdigit() or _owner(int(pid)) != found["Labels"][OWNER_LABEL]):
            with contextlib.suppress(Exception):  # being removed already
                client.api.remove_container(found["Id"], force=True)
            swept += 1
    return swept


def _owner(pid: int) -> str:
    """Names a process of this machine for as long as the machine is up: host, pid, time of its start."""
    try:
        start = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        try:
            os.kill(pid, 0)
            start = "?"
        except ProcessLookupError:
            start = "ended"
    return f"{_host()} {pid} {start}"


def _host() -> str:
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()}/{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    return socket.gethostname()


def _without_login(text: str, address: str) -> str:
    """A text that may repeat an address, without the user and password that stand in it."""
    login, at, _ = address.partition("://")[2].rpartition("@")
    return text.replace(login, "...") if at and login else text


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
