"""Runs of ``genesys`` for tests of its commands: as a process, killed or stopped on the way, and what they left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from tests.support.openai_answers import canonical_sha256
from tests.support.openai_server import OpenAIServer

REPO = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "genesys.cli")
Record = dict[str, Any]


def environment(**more: str) -> dict[str, str]:
    """This process's, without what would change a run, and with the project's modules to be found from any folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GENESYS", "OPENAI"))}
    paths = [str(REPO), *filter(None, [os.environ.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)} | more


def genesys(
    *argv: object, cwd: Path, env: dict[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """A whole run; stdout and stderr as text."""
    command = [*COMMAND, *map(str, argv)]
    return subprocess.run(
        command,
        cwd=cwd,
        env=env or environment(),
        capture_output=True,
        text=True,
        check=False,
        **{"timeout": 120} | more,
    )


@contextmanager
def started(*argv: object, cwd: Path, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A run that goes on while the block does something; ended with it."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, argv)],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def kill_when(condition: Callable[[], bool], *argv: object, cwd: Path) -> bool:
    """Start a run, and kill -9 it when the condition holds; whether it was killed, or had ended well before."""
    with started(*argv, cwd=cwd) as process:
        while process.poll() is None:
            if condition():
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.005)
        assert process.returncode == 0, process.communicate()
    return False


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Until it holds; fails when the time is over."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


# Files -----------------------------------------------------------------------------------------------------------


def task(number: int, **fields: Any) -> Record:
    """A task in Genesys' schema; a right answer to it is boxed in half of the test server's answers."""
    return {
        "problem_id": f"p{number}",
        "source": "own",
        "task_type": "verifiable_math",
        "in_source_id": None,
        "prompt": f"What is {number} plus 1? [[gold:{number + 1}]]",
        "gold_standard_solution": None,
        "verification_info": {"ground_truth": str(number + 1)},
        "metadata": {},
        **fields,
    }


def response(number: int, said: str, **fields: Any) -> Record:
    """A response to a task."""
    made = {"llm_response": said, "response_id": f"r{number}", "model_name": "m", "generation_config": {}}
    return task(number) | made | fields


def write(path: Path, records: Iterable[Any]) -> Path:
    """A JSON-lines file; a text is written as it is."""
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("".join(line + "\n" for line in lines), "utf-8")
    return path


def read(path: Path) -> list[Record]:
    """Records of a JSON-lines file."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def outputs(folder: Path) -> list[Path]:
    """Files of responses, in the order of their rows."""
    return sorted(
        (path for path in folder.glob("*.jsonl") if not path.stem.endswith("_verified")),
        key=lambda path: int(read(path)[0]["problem_id"].lstrip("p")),
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every visible file by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name[0] != "."}


# Calls -----------------------------------------------------------------------------------------------------------


def journalled(root: Path) -> list[Entry]:
    """Finished calls of a journal; none if there is none yet."""
    if not list(root.rglob("*.journal")):
        return []
    with Journal(root, readonly=True) as journal:
        return [entry for segment in journal.segments() for entry in segment.entries()]


def request_sha256(entry: Entry, model: str) -> str:
    """What the test server's log calls the request that made a call."""
    payload = entry.payload
    body = {"model": model, "messages": payload["messages"], **payload["sampling"]}
    return canonical_sha256(body | {"stream": True, "stream_options": {"include_usage": True}})


class Watch:
    """Checks over several runs that no call is seen by the server again once it stands in the journal."""

    def __init__(self, server: OpenAIServer, root: Path, model: str = "m") -> None:
        self._server, self._root, self._model = server, root, model

    def durable(self) -> tuple[set[str], int]:
        """Requests whose calls are durable now, and how many requests the server has seen."""
        log = self._server.log()
        durable = {request_sha256(entry, self._model) for entry in journalled(self._root) if entry.kind == "chat"}
        assert durable <= {request.sha256 for request in log if request.answered}, (
            "or the two name requests differently"
        )
        return durable, len(log)

    def assert_not_seen_again(self, before: tuple[set[str], int]) -> None:
        """No request that was durable then has been seen since."""
        durable, seen = before
        again = [request for request in self._server.log()[seen:] if request.sha256 in durable]
        assert not again
