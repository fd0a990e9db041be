"""A vLLM engine started here: its process from start to a clean end, and nothing about what is asked of it.

Whoever asks uses `base_url` and `model` with any OpenAI client. What keeps the engine's many processes from outliving
this one is `genesys.teachers.supervise`.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import logging
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from genesys.faults import InfrastructureFault
from genesys.settings.engines import DEFAULTS, check_options, flags, parallel_sizes
from genesys.teachers import supervise

PYTHON_VARIABLE = "GENESYS_VLLM_PYTHON"
HOST = "127.0.0.1"
TAIL_LINES = 40
POLL_S = 0.25
DEFAULT_ENV = {
    "VLLM_NO_USAGE_STATS": "1",
    # Or a folder of the user's called `datasets` or `torch` would be imported in place of the package.
    "PYTHONSAFEPATH": "1",
    "PYTHONUNBUFFERED": "1",
}

logger = logging.getLogger(__name__)


def free_port() -> int:
    """Give a port that nobody listens on.

    Not one of the system's choice (port 0): those are the ports of outgoing connections too, and with thousands of
    calls in flight one would sooner or later take ours in the seconds that vLLM needs to come to binding it.
    """
    for _ in range(200):
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise InfrastructureFault("no free port between 20000 and 32000 for the vLLM engine", final=True)


class VllmEngine:
    """One vLLM OpenAI-compatible server, its whole family of processes bound to this process's life.

    Use it as a context manager, sync or async, or call `start` and `stop`. It ends with the process that started it,
    also when that is killed with kill -9 (within about ten seconds).

    Args:
        model: A hub id or a local folder.
        num_gpus: Over how many GPUs the model is spread; 0 on a machine without one.
        tensor_parallel: Parts of the weights of each layer; 0: what the two below leave of the GPUs.
        pipeline_parallel: Groups of layers, one after the other.
        data_parallel: Copies of the model that share the requests.
        served_name: The model's name in requests and in what is recorded; by default `model` as given.
        python: Interpreter of the environment that has vLLM; by default GENESYS_VLLM_PYTHON, else this one.
        engine_args: vLLM's own settings, such as ``{"max_model_len": 8192, "enforce_eager": True}``.
        env: Environment variables on top of this process's.
        log_path: Where the engine's output is appended; by default a new file in the temporary folder.
        start_timeout: Seconds for loading the model; a big one from a cold disk takes many minutes.
        stop_grace: Seconds between asking the engine to stop and killing it.
        held_open: Descriptors that stay open until the last of the engine's processes has ended: a lock of the
            kernel's on one of them tells others that the engine's memory is not free yet.

    Attributes:
        model: The name to ask for in requests.
        log_path: The log's path.

    Raises:
        ValueError: `engine_args` has a setting that is given by a parameter, or the sizes contradict `num_gpus`.
    """

    def __init__(
        self,
        model: str,
        *,
        num_gpus: int = 1,
        tensor_parallel: int = 0,
        pipeline_parallel: int = 1,
        data_parallel: int = 1,
        served_name: str | None = None,
        python: str | Path | None = None,
        engine_args: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        log_path: str | Path | None = None,
        start_timeout: float = 1800.0,
        stop_grace: float = 15.0,
        held_open: Sequence[int] = (),
    ) -> None:
        check_options(engine_args or {})
        sizes = parallel_sizes(num_gpus, tensor=tensor_parallel, pipeline=pipeline_parallel, data=data_parallel)
        self.model = served_name or model
        self._python = str(python or os.environ.get(PYTHON_VARIABLE) or sys.executable)
        if os.sep in self._python:
            # Made absolute without following the link: a virtual environment is known by the link's place.
            self._python = str(Path(self._python).absolute())
        self._environment = self._make_environment(env or {})
        self._arguments = {
            "model": model,
            "served_model_name": self.model,
            "tensor_parallel_size": sizes.tensor,
            "pipeline_parallel_size": sizes.pipeline,
            "data_parallel_size": sizes.data,
            "host": HOST,
            **DEFAULTS,
            **(engine_args or {}),
        }
        self.log_path = Path(log_path or Path(tempfile.gettempdir()) / f"vllm-{secrets.token_hex(4)}.log")
        self._start_timeout = start_timeout
        self._stop_grace = stop_grace
        self._held_open = tuple(held_open)
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None
        self._log_start = 0
        self._scratch = ""
        self._stopping = threading.Event()

    @property
    def base_url(self) -> str:
        """Where an OpenAI client finds the engine.

        Raises:
            RuntimeError: It has not been started.
        """
        if self._port is None:
            raise RuntimeError("the vLLM engine has not been started")
        return f"http://{HOST}:{self._port}/v1"

    @property
    def api_key(self) -> str:
        """The key that the engine asks for: VLLM_API_KEY of its environment, else any will do."""
        return self._environment.get("VLLM_API_KEY") or "none"

    @property
    def alive(self) -> bool:
        """Whether the engine's process runs; it may still be loading."""
        return self._process is not None and self._process.poll() is None

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """Give the last lines that the engine printed since its start."""
        with contextlib.suppress(OSError), self.log_path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, size - 512 * lines))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        return ""

    def start(self) -> Self:
        """Start the engine and wait until it answers; nothing happens if it runs already.

        Raises:
            InfrastructureFault: vLLM is missing, the engine died (with the end of its log) or took too long.
        """
        self._stopping.clear()
        return self._start()

    def _start(self) -> Self:
        if self.alive:
            return self
        self._check_installed()
        try:
            self._spawn()
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the engine and wait until none of its processes is left; nothing happens if it does not run."""
        self._stopping.set()
        process, self._port = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(self._stop_grace + 4 * supervise.LEFTOVER_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.returncode < 0:
            # The supervisor itself was killed, and with it only the API server; the rest is still in its group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            shutil.rmtree(self._scratch, ignore_errors=True)
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self._stopping.clear()
        starting = asyncio.ensure_future(asyncio.to_thread(self._start))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # A thread is not ended by cancellation: without word it would load the model and leave it running.
            self._stopping.set()
            with contextlib.suppress(InfrastructureFault):
                await starting
            await asyncio.to_thread(self.stop)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _make_environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        environment = dict(os.environ)
        if self._python != sys.executable:
            # Paths of this environment's packages have no place in another one.
            for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
                environment.pop(name, None)
        # vLLM looks for ninja and compilers of its environment by name.
        if os.sep in self._python:
            environment["PATH"] = os.pathsep.join([str(Path(self._python).parent), environment.get("PATH", "")])
        return DEFAULT_ENV | environment | dict(extra)

    def _check_installed(self) -> None:
        """Find out in a fraction of a second what would else be an import error in a log."""
        looks = "import sys, importlib.util as u; s = u.find_spec('vllm'); sys.exit(0 if s and s.origin else 3)"
        advice = (
            "install it with: pip install 'genesys-dagster[vllm]' (or name the Python of an environment that has it in "
            f"{PYTHON_VARIABLE}), or give --base_url of a model that runs elsewhere"
        )
        try:
            looked = subprocess.run(
                [self._python, "-c", looks], env=self._environment, capture_output=True, timeout=120, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InfrastructureFault(f"cannot run {self._python} ({error}); for vLLM, {advice}", final=True) from error
        if looked.returncode == 3:
            raise InfrastructureFault(f"vLLM is not installed for {self._python}; {advice}", final=True)
        if looked.returncode != 0:
            raise InfrastructureFault(f"{self._python} fails: {looked.stderr.decode(errors='replace')}", final=True)

    def _spawn(self) -> None:
        self._port = free_port()
        arguments = flags(self._arguments | {"port": self._port})
        # The module behind `vllm serve`, whose own front end refuses to start in builds for CPUs.
        server = [self._python, "-m", "vllm.entrypoints.openai.api_server", *arguments]
        # For vLLM's sockets, which it leaves behind when it is killed.
        self._scratch = tempfile.mkdtemp(prefix="vllm-")
        supervisor = [sys.executable, "-I", supervise.__file__, str(os.getpid()), str(self._stop_grace), self._scratch]
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                supervisor + server,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment | {"VLLM_RPC_BASE_PATH": self._scratch},
                # Not reached by Ctrl-C at the terminal: this process decides when the engine stops.
                start_new_session=True,
                pass_fds=self._held_open,
            )
        logger.info("starting vLLM with %s; its log is %s", self.model, self.log_path)

    def _wait_until_healthy(self) -> None:
        began = time.monotonic()
        told = began
        while not self._healthy():
            now = time.monotonic()
            if self._stopping.is_set():
                raise InfrastructureFault("the vLLM engine was stopped while it started", final=True)
            if not self.alive:
                raise self._fault(f"the vLLM engine for {self.model} ended while it started")
            if now - began > self._start_timeout:
                raise self._fault(f"the vLLM engine for {self.model} was not up after {self._start_timeout:.0f} s")
            if now - told > 30:
                logger.info("vLLM has been loading %s for %.0f s", self.model, now - began)
                told = now
            self._stopping.wait(POLL_S)
        logger.info("vLLM is up after %.0f s: %s", time.monotonic() - began, self.base_url)

    def _fault(self, what: str) -> InfrastructureFault:
        return InfrastructureFault(f"{what}; the end of its log {self.log_path}:\n{self.log_tail()}", final=True)

    def _healthy(self) -> bool:
        """Whether the engine answers on its port, and is ours: it must serve our model."""
        if self._port is None or self._get("/health") is None:
            return False
        served = json.loads(self._get("/v1/models") or "{}").get("data", [])
        return self.alive and self.model in {entry.get("id") for entry in served}

    def _get(self, path: str) -> bytes | None:
        """GET without any proxy of the environment, which would be asked for addresses of this machine too."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.api_key}"})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return body if response.status == 200 else None
