"""An engine that runs share: the first that needs one of exactly this configuration starts it, the next attach to it.

Whoever attached holds a lease, a lock of the kernel's, which a killed run gives back by itself. The engine belongs to a
keeper (``genesys.teachers.keeper``), a process that ends it when nobody has held a lease for ``idle_stop`` seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.settings import Settings
from genesys.settings.roles import RoleSettings
from genesys.teachers.engine_folder import START, EngineFolder, Record, here
from genesys.teachers.vllm_engine import PYTHON_VARIABLE

FOLDER = "engines"
KEY_VARIABLE = "VLLM_API_KEY"
POLL_S = 0.1
KEEPER_S = 60.0
"""How long a keeper may take to report; it is an interpreter that imports next to nothing."""
TELL_EVERY_S = 30.0
MOST_STARTS = 3
"""How often one attachment starts a keeper that is killed before its engine is up."""
_PACKAGE = Path(__file__).parents[2]
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from genesys.teachers.keeper import main; main(sys.argv[2])"
_DECIDING = ("VLLM_", "CUDA_", "HIP_", "ROCR_", "NCCL_", "HF_HOME", "HF_HUB_OFFLINE", "HF_ENDPOINT")
"""Beginnings of environment variables that make another engine."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attached:
    """An engine that is up, held by a lease until ``close``."""

    folder: EngineFolder
    record: Record
    api_key: str = field(repr=False)

    @property
    def is_lost(self) -> bool:
        """Whether the engine that was attached to is gone: its keeper, or it was replaced."""
        if not self.folder.is_kept:
            return True
        record = self.folder.record()
        # No record: the folder was removed, which ends no engine that is in use.
        return record is not None and (record.id != self.record.id or record.state in ("ended", "failed", "stopped"))

    def close(self) -> None:
        """Give the lease back."""
        self.folder.close()


class SharedEngine:
    """One exact configuration of an engine, in one state folder.

    Args:
        engines: The state's folder for engines.
        engine: What `VllmEngine` is made with, as plain values.
        cwd: What relative paths among the engine's options count from.
        idle_stop: Seconds that the engine waits for somebody else after its last lease.
    """

    def __init__(self, engines: Path, engine: Mapping[str, Any], *, cwd: Path, idle_stop: float = 300.0) -> None:
        """Nothing is started."""
        self.engine = {"num_gpus": 1, "python": os.environ.get(PYTHON_VARIABLE) or sys.executable, **engine}
        self.engine.setdefault("served_name", self.engine["model"])
        self._cwd, self._idle_stop = cwd, idle_stop
        environment = {name: value for name, value in os.environ.items() if name.startswith(_DECIDING)}
        limits = {name: self.engine[name] for name in self.engine if name not in ("start_timeout", "stop_grace")}
        self.path = engines / digest([limits, str(cwd), environment, here()], 16)

    @classmethod
    def of(cls, settings: Settings, chosen: RoleSettings) -> Self:
        """The engine that plays a role."""
        engine = {
            "model": chosen.model,
            "num_gpus": chosen.num_gpus,
            "tensor_parallel": chosen.tensor_parallel,
            "pipeline_parallel": chosen.pipeline_parallel,
            "data_parallel": chosen.data_parallel,
            "engine_args": chosen.engine_args,
            "start_timeout": chosen.start_timeout,
        }
        folder = Path(settings.path("{state}")) / FOLDER
        return cls(folder, engine, cwd=Path(settings.folder).absolute(), idle_stop=chosen.idle_stop)

    @property
    def model(self) -> str:
        """The engine's name in requests."""
        return str(self.engine["served_name"])

    async def attach(self) -> Attached:
        """Take a lease on the engine, start it if nobody has, and wait until it answers.

        Raises:
            InfrastructureFault: It did not start; says why, with the end of its log.
        """
        folder = EngineFolder(self.path)
        try:
            folder.lease()
            folder.write("idle_stop", str(self._idle_stop))
            record = await self._wait_until_up(folder)
        except BaseException:
            folder.close()
            raise
        return Attached(folder, record, os.environ.get(KEY_VARIABLE) or folder.read("key"))

    async def _wait_until_up(self, folder: EngineFolder) -> Record:
        waited_for: set[str] = set()
        starts, told = 0, time.monotonic()
        while True:
            is_kept, record = folder.is_kept, folder.record()
            if not folder.is_there:
                raise InfrastructureFault(f"the folder {self.path} was removed while its engine started")
            if is_kept and record is not None:
                if record.state == "up":
                    return record
                waited_for.add(record.id)
            elif record is not None and record.state in ("failed", "stopped") and record.id in waited_for:
                raise InfrastructureFault(record.error, final=True)
            elif not is_kept and folder.locks.acquire(START):
                try:
                    if starts == MOST_STARTS:
                        raise InfrastructureFault(f"the keeper of {self.model} was killed {starts} times", final=True)
                    waited_for.add(await asyncio.to_thread(self._start_keeper, folder))
                    starts += 1
                finally:
                    folder.locks.release(START)
                continue
            if time.monotonic() - told >= TELL_EVERY_S:
                told = time.monotonic()
                self._tell(folder, record)
            await asyncio.sleep(POLL_S)

    def _start_keeper(self, folder: EngineFolder) -> str:
        """Start a keeper and wait until it reports; give the id of the start.

        Raises:
            InfrastructureFault: It does not report.
        """
        if folder.is_kept:  # by somebody who was faster
            return ""
        start_id = secrets.token_hex(8)
        # Else it would be taken for the new keeper's, who has not told anything yet.
        (folder.path / "engine.json").unlink(missing_ok=True)
        environment = dict(os.environ)
        environment.setdefault(KEY_VARIABLE, "")
        environment[KEY_VARIABLE] = environment[KEY_VARIABLE] or folder.make_key()
        if folder.log.exists():
            folder.log.replace(folder.log.with_suffix(".log.before"))
        words = [sys.executable, "-P", "-c", _BOOT, str(_PACKAGE), str(self.path)]
        wanted = {"id": start_id, "engine": self.engine | {"log_path": str(folder.log)}}
        with folder.log.open("ab") as log:
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._cwd,
                env=environment,
                start_new_session=True,
            )
            process.communicate(json.dumps(wanted).encode())
        logger.info("starting vLLM with %s; its log is %s", self.model, folder.log)
        until = time.monotonic() + KEEPER_S
        while time.monotonic() < until and process.returncode == 0:
            record = folder.record()
            if record is not None and (record.id == start_id or folder.is_kept):
                return record.id
            time.sleep(POLL_S / 2)
        said = folder.log.read_text("utf-8", "replace")[-2000:]
        raise InfrastructureFault(f"the keeper of {self.model} did not start: {said}", final=True)

    def _tell(self, folder: EngineFolder, record: Record | None) -> None:
        """Say how far the engine is: weights take minutes to load, and its log says how many of them are there."""
        seconds = time.time() - record.started if record is not None else 0.0
        lines = folder.read("engine.log")[-2000:].split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")[-160:]
        logger.info("vLLM has been loading %s for %.0f s: %s", self.model, seconds, last)
