"""``genesys ui``: the Dagster UI and daemon on a state folder, ended cleanly with this command.

They are ended as a whole, however this process ends: a code server or a run that was left behind would go on writing to
the state.
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.cli import DONE, REFUSED
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.faults import GenesysError
from genesys.settings import DEMO_NAME, FILE_NAME, Settings, load_settings
from genesys.teachers import supervise

START_LIMIT_S = 120.0
STOP_LIMIT_S = 30.0


class UiOptions(Options):
    """Start the Dagster UI and its daemon on this machine; Ctrl-C ends them."""

    model_config = SettingsConfigDict(cli_prog_name="genesys ui")

    state: str = Field("", description="the state folder; by default that of the settings")
    config: str = Field("", description=CONFIG_HELP)
    port: int = Field(3000, ge=1, le=65535, description="where the UI listens")
    host: str = Field("127.0.0.1", description="0.0.0.0 opens it to the network, which has no login")


def main(argv: list[str]) -> int:
    """Start the Dagster UI on the same state; Ctrl-C ends it.

    Raises:
        GenesysError: The port is taken, a UI runs on this state already, or the settings cannot be read.
    """
    options = parse(UiOptions, argv)
    environment, settings = _environment(options)
    _fail_if_taken(options.host, options.port)

    from genesys_dagster.instance import open_instance, written_soundly

    print("Starting the Dagster UI ...", flush=True)
    home = Path(settings.path("{state}")) / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    with _only_one(home):
        with written_soundly(settings):
            open_instance(settings).dispose()
        return _serve(options, environment | {"DAGSTER_HOME": str(home)}, home)


def _environment(options: UiOptions) -> tuple[dict[str, str], Settings]:
    """The settings, and the environment by which processes elsewhere find the same ones."""
    chosen = options.config or os.environ.get("GENESYS_CONFIG")
    chosen = chosen or (FILE_NAME if Path(FILE_NAME).is_file() else DEMO_NAME)
    # By name also where nothing else was chosen, so that the demo's own way of running its programs holds here too.
    config = chosen if chosen == DEMO_NAME else str(Path(chosen).absolute())
    state = {"state": str(Path(options.state).absolute())} if options.state else {}
    settings = load_settings(config, **state)
    if config == DEMO_NAME:
        from genesys.demo.build import build_recorded

        build_recorded(settings)
    environment = dict(os.environ) | {"GENESYS__STATE": settings.path("{state}")}
    return environment | {"GENESYS_CONFIG": config}, settings


def _serve(options: UiOptions, environment: dict[str, str], home: Path) -> int:
    url = f"http://{options.host}:{options.port}"
    log = home.parent / "logs" / "ui.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="genesys-ui-", ignore_cleanup_errors=True) as scratch,
        log.open("w") as stream,
    ):
        process = _start(options, environment, stream, scratch)
        try:
            _wait_until_ready(process, url, log)
            print(f"The Dagster UI is at {url}  (Ctrl-C ends it; its log is {log})", flush=True)
            # Not wait(): Polars' handler of SIGINT makes the system call go on, so that Ctrl-C would not be heard.
            while process.poll() is None:
                time.sleep(0.2)
            print(f"genesys ui: Dagster ended by itself; see {log}", file=sys.stderr)
            return REFUSED
        except KeyboardInterrupt:
            print("\nStopping ...", flush=True)
            return DONE
        finally:
            _stop(process)


def _start(options: UiOptions, environment: dict[str, str], stream: IO[str], scratch: str) -> subprocess.Popen[bytes]:
    """Below a supervisor, which leaves nothing of it behind however this process ends."""
    dagster = ["-m", "dagster", "dev", "-m", "genesys_dagster.definitions", "--log-level", "warning"]
    dagster += ["--host", options.host, "--port", str(options.port)]
    supervisor = [sys.executable, "-I", supervise.__file__, str(os.getpid()), str(STOP_LIMIT_S), scratch]
    return subprocess.Popen(
        [*supervisor, sys.executable, *dagster],
        env=environment | {"TMPDIR": scratch},
        stdin=subprocess.DEVNULL,
        stdout=stream,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{url}/server_info", timeout=2),  # noqa: S310 - our own http address
        ):
            return
        time.sleep(0.2)
    last = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
    raise GenesysError(f"the Dagster UI did not start; the end of {log}:\n{last}")


def _stop(supervisor: subprocess.Popen[bytes]) -> None:
    """Ask the supervisor, and wait until nobody is left."""
    with _uninterrupted():
        with contextlib.suppress(ProcessLookupError):
            supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """An impatient second Ctrl-C must not leave processes behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Two daemons on one instance would launch each run twice."""
    with (home / "ui.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GenesysError(f"a Dagster UI runs on {home.parent} already") from None
        yield


def _fail_if_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise GenesysError(f"{host}:{port} cannot be used ({error.strerror}); give another --port") from None
