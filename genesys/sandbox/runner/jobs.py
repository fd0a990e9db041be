"""One job from its frame to its last answer: program written, compiled, run by run, and everything wiped."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from genesys.sandbox.runner import languages, leftovers, running
from genesys.sandbox.runner.folders import Place, Scratch
from genesys.sandbox.runner.host import Host
from genesys.sandbox.runner.launching import NODE_LAUNCHER, LauncherDied, Launchers, program_env
from genesys.sandbox.runner.metering import Account, Meter

_FILE_MOST = 64 << 20
_MESSAGE_KEPT = 4096
_BINARY_MOST_MB = languages.LARGEST_BINARY >> 20
_THREADS = 8
"""Threads that a compiled program can have without asking for smaller stacks."""


class JobRun:
    """One job that is being done.

    Args:
        host: Who is told.
        launchers: Who starts programs.
        place: Where, and as whom.
        account: Of the container; None where others live too.
        header: ``language``, ``hash_seed``, ``limits``, ``runs``, and what each byte string after it is.
        blobs: The source, the compiled binary if the host has it, then for each run its input and files.
    """

    def __init__(
        self,
        host: Host,
        launchers: Launchers,
        place: Place,
        account: Account | None,
        header: dict[str, Any],
        blobs: list[bytes],
    ) -> None:
        """Nothing is done yet."""
        self._host, self._launchers, self._place, self._account = host, launchers, place, account
        self._header, self._limits = header, header["limits"]
        self._language = languages.LANGUAGES[header["language"]]
        self._hash_seed = int(header.get("hash_seed", 0))
        self._user = place.user
        self._source, self._binary = blobs[0], blobs[1] if header["has_binary"] else None
        self._inputs = blobs[1 + header["has_binary"] :]
        self._tainted: list[str] = []
        self._refused = ""
        self._strangers = 0

    def do(self) -> None:
        """Everything, and tell the host as it goes."""
        self._folder = self._place.programs / "program"
        self._folder.mkdir()
        self._scratch = Scratch(self._place)
        try:
            if self._compile():
                self._run_all()
        finally:
            shutil.rmtree(self._folder)
            self._look_for_strays()
            if not self._scratch.remove():
                self._tainted.append("left files that could not be removed")
        self._host.send({"say": "done", "tainted": "; ".join(self._tainted), "refused": self._refused})

    def _compile(self) -> bool:
        started, said = time.monotonic(), {"ok": True, "message": "", "end": "exit", "cached": False}
        blobs = []
        program = self._folder / "program"
        said |= self._written(self._folder / self._language.file, self._source)
        if said["ok"] and self._language.is_compiled and self._binary is not None:
            said["cached"] = True
        elif said["ok"] and self._language.mode in ("exec", "python"):
            ended, self._binary = self._compiled(program.name)
            said |= self._message(ended)
            blobs = [self._binary] if self._language.is_compiled and self._binary is not None else []
        if said["ok"] and self._binary is not None:
            said |= self._written(program, self._binary, 0o755)
        self._source, self._binary = b"", None
        self._host.send(
            {"say": "compiled", **said, "seconds": time.monotonic() - started}, blobs if said["ok"] else [], now=False
        )
        return bool(said["ok"])

    def _written(self, path: Path, content: bytes, mode: int = 0o644) -> dict[str, Any]:
        """Write a part of the program: what is said of it where that fails."""
        try:
            path.write_bytes(content)
            path.chmod(mode)
        except OSError as error:
            if not self._has_room_of_its_own:
                raise
            return {"ok": False, "message": f"the program could not be written: {error.strerror}"}
        return {}

    @property
    def _has_room_of_its_own(self) -> bool:
        """Whether what cannot be written is too large, and not the machine's disk full."""
        return self._place.is_ours_alone

    def _message(self, ended: running.Ended) -> dict[str, Any]:
        """What is said of a compiler that has ended."""
        ok = ended.end == "exit" and ended.exit_code == 0 and self._binary is not None
        message = (ended.stderr or ended.stdout).decode(errors="replace")[:_MESSAGE_KEPT]
        if not ok and not message:
            message = f"the compiler ended with code {ended.exit_code}, signal {ended.signal}"
            if ended.end == "output_limit" or ended.exit_code == 0:
                message = f"what the program is compiled to is missing, or too large (over {_BINARY_MOST_MB} MB)"
        return {"ok": ok, "message": message, "end": ended.end}

    def _compiled(self, name: str) -> tuple[running.Ended, bytes | None]:
        """Have a compiler run as the job's user; what it left is taken as untrusted as the program is."""
        source = self._folder / self._language.file
        if self._language.mode == "python":
            ended = self._start("python", {"mode": "compile"}, b"", self._compiler_limits())
            return ended, ended.value
        for argv in languages.compiler_commands(self._header["language"], source, self._scratch.path / name):
            ended = self._start("python", {"mode": "exec", "argv": argv}, b"", self._compiler_limits())
            binary = self._scratch.take(name, languages.LARGEST_BINARY + 1)
            self._scratch.empty()
            if ended.end != "exit" or ended.exit_code == 0:
                break
        return ended, binary if binary and len(binary) <= languages.LARGEST_BINARY else None

    def _run_all(self) -> None:
        inputs = iter(self._inputs)
        warm = self._language.mode == "javascript" and NODE_LAUNCHER.exists()
        kind = "javascript" if warm else "python"
        for index, run in enumerate(self._header["runs"]):
            stdin = next(inputs)
            files = {name: next(inputs) for name in run["files"]}
            if index and self._host.says_stop():
                break
            if not self._given(files, is_first=index == 0):
                break
            del files
            request = {"mode": self._language.mode, "call": run["call"], "argv": run["argv"]}
            if self._language.is_compiled:
                request["argv"] = [str(self._folder / "program"), *run["argv"]]
            elif self._language.mode == "javascript" and not warm:
                command = languages.cold_node(self._folder / self._language.file, run["call"], self._folder)
                request |= {"mode": "exec", "argv": [*command, *run["argv"]]}
            ended = self._start(kind, request, stdin, self._run_limits())
            collected = {name: self._scratch.take(name, self._limits["output_bytes"]) for name in run["collect"]}
            found = {name: content for name, content in collected.items() if content is not None}
            self._look_for_strays()
            if not self._scratch.empty():
                self._tainted.append("left files that could not be removed")
            said = {
                "say": "run",
                "index": index,
                **ended.facts,
                "files": list(found),
                "has_value": ended.value is not None,
            }
            value = [ended.value] if ended.value is not None else []
            self._host.send(said, [ended.stdout, ended.stderr, *value, *found.values()], now=False)

    def _given(self, files: dict[str, bytes], *, is_first: bool) -> bool:
        """Write a run's files; False where there is no going on here."""
        try:
            self._scratch.put(files)
        except OSError as error:
            if not self._has_room_of_its_own:
                raise
            why = f"its files could not be written: {error.strerror}"
            # The folder of the first run is empty; later ones may find what the runs before them left.
            if is_first:
                self._refused = why
            else:
                self._tainted.append(why)
            return False
        return True

    def _look_for_strays(self) -> None:
        strays = self._scratch.strays()
        if strays:
            self._tainted.append(f"left {len(strays)} files outside its folder")
            self._scratch.remove_strays()

    def _end_strangers(self) -> None:
        count, gone = leftovers.end_strangers(self._user, self._launchers.pids)
        self._strangers = max(self._strangers, count)
        if not gone:
            self._tainted.append("left processes that could not be ended")

    def _start(
        self, kind: str, request: dict[str, Any], stdin: bytes, limits: tuple[running.Watched, dict[str, int]]
    ) -> running.Ended:
        """Run something as the job's user, again if the launcher dies under it."""
        watched, rlimits = limits
        full = {
            "call": None,
            "argv": [],
            **request,
            "uid": self._user.uid,
            "gid": self._user.uid,
            "cwd": str(self._scratch.path),
            "source": str(self._folder / self._language.file),
            "program": str(self._folder / "program"),
            "env": program_env(self._scratch.path, self._hash_seed),
            "limits": rlimits | {"core": 0},
        }
        for attempt in (1, 2):
            self._strangers = 0
            try:
                launcher = self._launchers.get(kind, self._hash_seed)
                ended = running.run(launcher, self._user, full, stdin, watched)
                break
            except LauncherDied:
                self._launchers.lose(kind, self._hash_seed)
                self._tainted.append("the launcher died")
                if attempt == 2:
                    raise
        leftovers.reap(self._launchers.pids)
        if self._strangers > 1 or (self._strangers and ended.end == "exit"):
            self._tainted.append(f"left {self._strangers} processes")
        return ended

    def _run_limits(self) -> tuple[running.Watched, dict[str, int]]:
        limits = self._limits
        stack_mb = min(max(limits["memory_mb"], 64), 512)
        data_mb = limits["memory_mb"] * 5 // 4 + self._language.data_slack_mb
        if self._language.is_compiled:
            data_mb += (
                _THREADS * stack_mb
            )  # each gets a stack as large as the main one may grow, and touches little of it
        rlimits = self._processes() | {
            "cpu": int(limits["cpu_s"]) + 2,
            "data": data_mb << 20,
            "fsize": _FILE_MOST,
            "nofile": 256,
            "stack": stack_mb << 20,
        }
        if self._language.mode == "javascript" and not NODE_LAUNCHER.exists():
            rlimits["stack"] = languages.COLD_NODE_STACK
        return self._watched(limits["cpu_s"], limits["wall_s"], limits["memory_mb"], limits["output_bytes"]), rlimits

    def _processes(self) -> dict[str, int]:
        """A container limits its processes itself, and rightly: the kernel's limit counts those of all containers."""
        return {} if self._place.is_ours_alone else {"nproc": 64}

    def _compiler_limits(self) -> tuple[running.Watched, dict[str, int]]:
        rlimits = self._processes() | languages.COMPILER_LIMITS
        memory_mb = rlimits["data"] >> 20
        return self._watched(rlimits["cpu"], languages.COMPILER_WALL_S, memory_mb, 1 << 20), rlimits

    def _watched(self, cpu_s: float, wall_s: float, memory_mb: int, output_bytes: int) -> running.Watched:
        return running.Watched(cpu_s, wall_s, memory_mb, output_bytes, self._meter, self._end_strangers, self._host)

    def _meter(self) -> Meter:
        return Meter(self._account, self._launchers.pids)
