"""Own one shared engine as long as somebody wants it: a process of its own, which no run's end takes along.

It is started by ``genesys.teachers.shared_engine`` with the engine's settings as JSON on its standard input, tells in
the folder's record how far it is, and ends when nobody has held a lease for a while, when it is asked to, when its
folder is removed or when its engine died. Should it be killed itself, ``supervise``, which is below it, ends the rest.

Standard library only, and nothing imported later on, so that a changed installation does not disturb it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from genesys.faults import GenesysError
from genesys.locks import ByteLocks
from genesys.teachers.engine_folder import KEEPER, EngineFolder, Record, Request, State, engine_folders, here
from genesys.teachers.vllm_engine import VllmEngine

POLL_S = 0.25
MEMORY_S = 60.0
"""How long the last engine of this folder may take to let go of its memory."""
SIBLINGS_S = 30.0
"""How long an idle engine may take to make room for this one."""


class Keeper:
    """The keeper of the engine of one folder.

    Args:
        folder: The engine's.
        start_id: Of this start, as the starter knows it.
        engine: What `VllmEngine` is made with.
    """

    def __init__(self, folder: EngineFolder, start_id: str, engine: dict[str, Any]) -> None:
        """Nothing is started."""
        self._folder = folder
        self._settings = engine
        self._uses_gpus = engine["num_gpus"] > 0
        self._engine: VllmEngine | None = None
        self._asked: list[int] = []
        self._over = threading.Event()
        self._failure = ""
        self._last: State = "ended"
        self._record = Record(
            id=start_id,
            state="starting",
            model=engine["served_name"],
            place=here(),
            pid=os.getpid(),
            started=time.time(),
            log=str(folder.log),
        )

    def keep(self) -> None:
        """Start the engine, stay as long as it is wanted, and leave nothing behind."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: self._asked.append(received))
        (self._folder.path / "stop").unlink(missing_ok=True)
        self._tell()
        starting = threading.Thread(target=self._start)
        starting.start()
        why = "its keeper failed"
        try:
            why = self._stay(starting)
        finally:
            self._end(starting)
            self._tell(state="failed" if self._failure else self._last, error=self._failure or why, url="")

    def _end(self, starting: threading.Thread) -> None:
        self._over.set()
        while starting.is_alive() or (self._engine is not None and self._engine.alive):
            if self._engine is not None:
                self._engine.stop()  # once more: it may have been about to start
            starting.join(POLL_S)

    def _stay(self, starting: threading.Thread) -> str:
        """Wait until there is nothing more to wait for; say why, if somebody should know."""
        idle_since: float | None = None
        while not self._failure:
            time.sleep(POLL_S)
            if not starting.is_alive() and not self._failure and self._engine is not None:
                if self._record.state == "starting":
                    self._tell(state="up", url=self._engine.base_url, up_since=time.time())
                elif not self._engine.alive:
                    return f"the engine ended by itself; the end of its log:\n{self._engine.log_tail()}"
            request = self._request()
            if self._asked:
                return "its keeper was asked to stop"
            if request == "force":
                self._last = "stopped"
                return "it was stopped by `genesys engines --stop --force`"
            if self._folder.leases:
                idle_since = None
                if request == "idle":
                    self._withdraw()
                continue
            idle_since = idle_since or time.monotonic()
            patience = float(self._folder.read("idle_stop") or 0)
            is_over = request == "idle" or time.monotonic() - idle_since >= patience or not self._folder.is_there
            if is_over and self._closes_for_good():
                return ""
        return ""

    def _closes_for_good(self) -> bool:
        """Tell that it stops, then look once more: whoever takes a lease first and reads this later, waits."""
        before = self._record
        self._tell(state="stopping")
        if not self._folder.leases:
            return True
        self._withdraw()
        self._tell(state=before.state)
        return False

    def _request(self) -> Request | None:
        match self._folder.read("stop"):
            case "idle":
                return "idle"
            case "force":
                return "force"
        return None

    def _withdraw(self) -> None:
        (self._folder.path / "stop").unlink(missing_ok=True)

    def _start(self) -> None:
        try:
            self._start_once()
        except GenesysError as fault:
            # It may be that an engine of other settings, which nobody uses any more, has the memory.
            if self._over.is_set() or not self._uses_gpus or not self._stop_idle_siblings():
                self._failure = str(fault)
                return
            try:
                self._start_once()
            except GenesysError as again:
                self._failure = str(again)
        except Exception as error:  # whatever it is, those who wait must hear of it
            self._failure = f"the engine's keeper failed: {type(error).__name__}: {error}"

    def _start_once(self) -> None:
        held = self._memory_lock()
        try:
            if self._over.is_set():
                raise GenesysError("the engine was stopped before it started")
            self._engine = VllmEngine(**self._settings, held_open=(held.fileno(),))
            self._engine.start()
        finally:
            # From here on the engine's supervisor alone holds it.
            held.close()

    def _memory_lock(self) -> ByteLocks:
        """The lock that tells whether an engine's processes are there; waits for those of the last one."""
        held = ByteLocks(self._folder.path / "memory")
        until = time.monotonic() + MEMORY_S
        while not held.acquire(0) and time.monotonic() < until and not self._over.is_set():
            self._over.wait(POLL_S)
        return held

    def _stop_idle_siblings(self) -> bool:
        stopped = False
        with contextlib.suppress(OSError):
            for sibling in engine_folders(self._folder.path.parent):
                record = sibling.record()
                is_another = sibling.path != self._folder.path and record is not None and record.place == here()
                if is_another and sibling.is_kept and not sibling.leases:
                    stopped |= sibling.ask_to_stop("idle", SIBLINGS_S)
                sibling.close()
        return stopped

    def _tell(self, **changes: Any) -> None:
        self._record = replace(self._record, **changes)
        with contextlib.suppress(OSError):  # the folder is gone, or the disk is full
            self._folder.tell(self._record)


def main(path: str) -> None:
    """Keep the engine of one folder, in the background; returns at once in the process that was started."""
    wanted = json.load(sys.stdin)
    if os.fork():
        # The starter buries this one; the other belongs to nobody, so that it leaves no zombie when it ends.
        os._exit(0)
    folder = EngineFolder(Path(path))
    if folder.locks.acquire(KEEPER):
        Keeper(folder, wanted["id"], wanted["engine"]).keep()
