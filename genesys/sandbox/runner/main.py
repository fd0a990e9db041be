"""The runner: reads a job, compiles it, runs it, says what happened; one job at a time, until its input ends.

It starts with its container and ends with its standard input, so it never outlives the host process.
Frames from the host: {"do": "job", ...}, and {"do": "stop"} within a job. To the host: "hello", then for each job
"compiled", "run" for each run, "done".
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from genesys.sandbox.runner import leftovers
from genesys.sandbox.runner.folders import Place
from genesys.sandbox.runner.host import Host
from genesys.sandbox.runner.jobs import JobRun
from genesys.sandbox.runner.launching import Launchers
from genesys.sandbox.runner.metering import Account
from genesys.sandbox.runner.users import User

_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
_TOOLCHAIN = Path("/opt/genesys/toolchain.json")


def serve(root: Path, *, contained: bool) -> None:
    """Do jobs until the host is gone.

    Args:
        root: Holds two folders: ``programs``, ours alone, and ``scratch``, for all users.
        contained: Whether this is a container, with nobody else in it.
    """
    host, launchers = Host(), Launchers(_PACKAGE_ROOT)
    # Docker mounts the queues writable; the container's configuration covers them, whatever another engine makes of it.
    shared = (Path("/dev/shm"), Path("/tmp"), Path("/dev/mqueue")) if contained else ()  # noqa: S108
    account = Account() if contained else None
    first_uid, user = _some_uid(), User(None)
    if not contained:
        leftovers.leave_the_network()
    host.send({"say": "hello", "toolchain": toolchain()})
    try:
        for number in itertools.count():
            header, blobs = host.next_job()
            if os.getuid() == 0:
                # In a container each job has a user of its own. Elsewhere other runners share the user ids, but not the
                # process id.
                user = User(first_uid + number if contained else 100_000 + os.getpid())
            place = Place(root / "programs", root / "scratch", shared, user, is_ours_alone=contained)
            JobRun(host, launchers, place, account, header, blobs).do()
    except EOFError:
        pass
    finally:
        launchers.close()
        leftovers.end_strangers(user, set())


def toolchain() -> dict[str, str]:
    """Versions by name: what the image was built with, or what is here."""
    if _TOOLCHAIN.is_file():
        found: dict[str, str] = json.loads(_TOOLCHAIN.read_text())
        return found
    found = {"python": platform.python_version()}
    for name in ("node", "g++", "rustc"):
        if command := shutil.which(name):
            said = subprocess.run([command, "--version"], capture_output=True, text=True, check=False).stdout
            found[name] = said.splitlines()[0] if said else "?"
    return found


def _some_uid() -> int:
    """Where the users of this runner's jobs begin: far from those of other runners.

    What a user has (processes, pipes, signals) is counted by the kernel over all containers, and limited there too.
    """
    ids = int(Path("/proc/self/uid_map").read_text().split()[2]) if Path("/proc/self/uid_map").exists() else 0
    if ids > 1 << 31:
        return random.SystemRandom().randrange(1 << 20, 1 << 30)
    return random.SystemRandom().randrange(10_000, 50_000)


def main() -> None:
    """Serve, in a container's fixed places or, elsewhere, in a folder that is removed at the end."""
    leftovers.adopt_orphans()
    if "--contained" in sys.argv:
        serve(Path("/sandbox"), contained=True)
        return
    folder = Path(tempfile.mkdtemp(prefix="genesys-sandbox-"))
    try:
        folder.chmod(0o711)
        for name, mode in (("programs", 0o755), ("scratch", 0o1777)):
            (folder / name).mkdir()
            (folder / name).chmod(mode)
        serve(folder, contained=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
