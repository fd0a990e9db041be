"""The contenders: one interface over our sandbox and over each other way to run a solution on its tests.

Each gets the program ready to run (compiled programs as a binary, built once before the clock), so that the time of a
job is the time of its tests; each runs one job at a time in each of its slots.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import platform
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import docker  # noqa: TID253 - the rivals are what this module is for

from benchmarks.sandbox_parts.programs import EXTENSIONS, Program
from benchmarks.sandbox_parts.tools import LABEL, Tools
from genesys.job import Execution, Job, Run
from genesys.settings import SandboxSettings

PUBLISHED = {"llm-sandbox": ["llm-sandbox[docker]==0.3.46"], "epicbox2": ["epicbox2==2.0.0"]}
HERE = Path(__file__).parent


class Contender(Protocol):
    """One way to run solutions.

    Attributes:
        name: As the table has it.
        most_tests: Where each test costs the same and costs much: how many are run; the rest is scaled. None: all.
    """

    name: str
    most_tests: int | None

    def prepare(self, program: Program) -> None:
        """Whatever may be done before the clock starts: compile."""

    def run(self, slot: int, program: Program, inputs: Sequence[bytes]) -> list[bytes]:
        """The outputs of one job, in order."""

    def close(self) -> None:
        """Leave nothing behind."""


class Ours:
    """The sandbox of this project."""

    name = "ours"
    most_tests: int | None = None

    def __init__(self, settings: SandboxSettings, slots: int) -> None:
        """Start it."""
        from genesys.sandbox.sandbox import open_sandbox

        self._slots, self.sandbox = slots, open_sandbox(settings)

    def prepare(self, program: Program) -> None:
        """Compile, in each slot; a fresh Python or JavaScript program it must not know beforehand."""
        if program.compiled:
            with ThreadPoolExecutor(self._slots) as pool:
                list(pool.map(lambda _: self.run(0, program, [b""]), range(2 * self._slots)))

    def run(self, slot: int, program: Program, inputs: Sequence[bytes]) -> list[bytes]:
        """One job; it chooses the slot itself."""
        return [run.stdout for run in self.execute(program, inputs).runs]

    def execute(self, program: Program, inputs: Sequence[bytes]) -> Execution:
        """All that came of one job."""
        done = self.sandbox.execute(Job(program.language, program.source, tuple(Run(stdin=text) for text in inputs)))
        assert done.compiled.ok, done.compiled.message
        return done

    def close(self) -> None:
        """Stop its containers."""
        self.sandbox.close()


class Served:
    """A server process for each slot that answers one job per line; see process_server.py for the request."""

    def __init__(self, name: str, command: Sequence[str], tools: Tools, slots: int, most_tests: int | None) -> None:
        """Start the servers."""
        self.name, self.most_tests, self._tools = name, most_tests, tools
        self._there: list[set[str]] = [set() for _ in range(slots)]
        self._servers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(slots)
        ]

    def prepare(self, program: Program) -> None:
        """Compile."""
        self._tools.artifact(program)

    def run(self, slot: int, program: Program, inputs: Sequence[bytes]) -> list[bytes]:
        """Ask, and wait."""
        artifact, server, there = self._tools.artifact(program), self._servers[slot], self._there[slot]
        name = _name_of(program, artifact)
        request = {
            "name": name,
            "program": "" if name in there else base64.b64encode(artifact).decode(),
            "argv": self._tools.words(program),
            "inputs": [text.decode("latin-1") for text in inputs],
        }
        if program.compiled:
            there.add(name)
        assert server.stdin
        assert server.stdout
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name}: its server ended with {server.wait()}")
        return [text.encode("latin-1") for text in json.loads(answer)]

    def close(self) -> None:
        """They end with their input."""
        for server in self._servers:
            assert server.stdin
            with contextlib.suppress(BrokenPipeError):
                server.stdin.close()
            server.wait(60)


def processes(tools: Tools, slots: int) -> Served:
    """A cold process for each test, with nothing around it."""
    text = (HERE / "process_server.py").read_text()
    if tools.image:
        return Served("processes", tools.confined("python3", "-c", text), tools, slots, None)
    name = f"processes, Python {platform.python_version()} here"
    return Served(name, [*tools.words(Program("python", b"")), "-c", text], tools, slots, None)


def published(name: str, python: Path, image: str, slots: int, most_tests: int | None) -> Served:
    """A published sandbox in a venv of its own."""
    command = [str(python), str(HERE / "published_server.py"), name, image]
    return Served(name, command, Tools(image), slots, most_tests)


def install(name: str, scratch: Path) -> Path:
    """The interpreter of a venv with that sandbox.

    Raises:
        RuntimeError: It could not be installed; the reason is its last line.
    """
    folder = scratch / name
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PUBLISHED[name]]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["pip failed"])[-1])
    return python


class ExecPerTest:
    """One long-lived container; for each test a call that puts its input there, and a call that runs it."""

    name = "docker exec per test"

    def __init__(self, image: str, slots: int, most_tests: int | None) -> None:
        """Start the container."""
        self.most_tests, self._tools = most_tests, Tools(image)
        self._there: set[tuple[int, str]] = set()
        self._clients = [docker.from_env(timeout=300) for _ in range(slots)]
        # Gone by itself after an hour, should this process be killed.
        self._container = self._clients[0].containers.run(
            image, "sleep 3600", user="0", detach=True, auto_remove=True, init=True, network_mode="none", labels=[LABEL]
        )
        self._views = [client.containers.get(self._container.id) for client in self._clients]

    def prepare(self, program: Program) -> None:
        """Compile."""
        self._tools.artifact(program)

    def run(self, slot: int, program: Program, inputs: Sequence[bytes]) -> list[bytes]:
        """The program goes in once."""
        artifact = self._tools.artifact(program)
        name, view = _name_of(program, artifact), self._views[slot]
        words = " ".join([*self._tools.words(program), f"/{slot}-{name}"])
        if (slot, name) not in self._there:
            view.put_archive("/", _tar({f"{slot}-{name}": artifact}))
        if program.compiled:
            self._there.add((slot, name))
        outputs = []
        for index, text in enumerate(inputs):
            view.put_archive("/", _tar({f"{slot}-in-{index}": text}))
            done = view.exec_run(["sh", "-c", f"{words} < /{slot}-in-{index}"], demux=True)
            outputs.append(done.output[0] or b"")
        return outputs

    def close(self) -> None:
        """It goes when it ends."""
        self._container.kill()
        for client in self._clients:
            client.close()


class RunPerSolution:
    """A container for each solution: program and inputs in, a shell loop runs the tests, all outputs back."""

    name = "docker run per solution"
    most_tests: int | None = None

    def __init__(self, image: str) -> None:
        """Nothing is kept between solutions."""
        self._tools = Tools(image)

    def prepare(self, program: Program) -> None:
        """Compile."""
        self._tools.artifact(program)

    def run(self, slot: int, program: Program, inputs: Sequence[bytes]) -> list[bytes]:
        """Files go in and outputs come back as one tar each."""
        artifact = self._tools.artifact(program)
        name = _name_of(program, artifact)
        words = " ".join([*self._tools.words(program), f"./{name}"])
        loop = f"i=0; while [ $i -lt {len(inputs)} ]; do {words} < in-$i > out-$i; i=$((i+1)); done"
        files = {name: artifact} | {f"in-{index}": text for index, text in enumerate(inputs)}
        done = subprocess.run(
            ["docker", "run", "--rm", "-i", "--label", LABEL, "--user", "0", "--network", "none", self._tools.image,
             "sh", "-c", f"mkdir /job && cd /job && tar x && {loop}; tar c out-*"],
            input=_tar(files), check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as back:
            return [_member(back, f"out-{index}") for index in range(len(inputs))]

    def close(self) -> None:
        """Nothing is left."""


def _name_of(program: Program, artifact: bytes) -> str:
    return f"{hashlib.sha256(artifact).hexdigest()[:16]}.{EXTENSIONS[program.language]}"


def _tar(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    found: Any = archive.extractfile(name)
    return found.read()
