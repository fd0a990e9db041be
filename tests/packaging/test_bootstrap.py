"""How scripts/bootstrap.sh gets to a .venv on machines with less and less on them.

Python, pip and uv are stand-ins that write down what they are asked for; .ci/run goes the same way with the real ones.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("scripts/bootstrap.sh", "scripts/requirements-build.lock", "scripts/requirements-uv.lock")
FILES += ("requirements.lock", "requirements-dev.lock", "pyproject.toml")
TOOLS = ("cat", "cksum", "cp", "dirname", "grep", "mkdir", "rm", "sed", "sh", "tail")

UV = """#!/bin/sh
[ "$1" != --version ] || { echo "uv ${UV_IS:-0.99.1} (a stand-in)"; exit 0; }
echo "$0 $* [index ${UV_DEFAULT_INDEX:-default}]" >>"$LOG"
[ "$1" != venv ] || { mkdir -p .venv/bin; cp "$BIN/python3" .venv/bin/python
  echo "VIRTUAL_ENV='$(pwd -P)/.venv'" >.venv/bin/activate; }
"""

# HAS names what this Python comes with; it prints its own path when asked for it, unless it is TOO_OLD.
PYTHON = """#!/bin/sh
case "$*" in
  --version) echo "Python 3.9.2" ;;
  -c*) [ -z "$TOO_OLD" ] || exit 1; echo "$0" ;;
  "-m venv .uv") mkdir -p .uv/bin; case "$HAS" in *venv*) cp "$0" .uv/bin/python ;; *) exit 1 ;; esac ;;
  "-m pip --version") case "$HAS" in *pip*) ;; *) exit 1 ;; esac ;;
  "-m pip config list") echo "$PIP_IS_TOLD" ;;
  "-m pip install"*)
    echo "$0 $* [target ${PIP_TARGET:-none}]" >>"$LOG"
    [ -z "$OFFLINE" ] || { echo "no way to the index" >&2; exit 1; }
    case "$*" in *--target*) to=.uv/lib/bin ;; *) to=.uv/bin ;; esac
    mkdir -p "$to"; cp "$BIN/uv-to-fetch" "$to/uv" ;;
esac
"""


class Machine:
    """A checkout on a machine that has a Python, and nothing else but what every system has."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.bin, self.log = folder / "a checkout", folder / "bin", folder / "log"
        for name in FILES:
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.checkout / name)
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)
        self.put("python3", PYTHON)
        self.put("uv-to-fetch", UV)

    def put(self, name: str, text: str) -> None:
        """Put a program on PATH."""
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, verb: str = "install", **settings: str) -> tuple[int, str, str]:
        """Run the script; give its exit status, what it said, and what the stand-ins were asked for."""
        self.log.write_text("")
        environment = {
            "PATH": str(self.bin),
            "HOME": str(self.bin),
            "LOG": str(self.log),
            "BIN": str(self.bin),
            **settings,
        }
        command = [self.checkout / "scripts/bootstrap.sh", verb]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stderr, self.log.read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_uses_the_uv_on_path_and_installs_by_hash(machine: Machine) -> None:
    machine.put("uv", UV)
    code, _, asked = machine.run(HAS="venv pip")
    assert code == 0
    assert "-m pip install" not in asked
    assert "--require-hashes --no-build -r requirements.lock" in asked
    assert "--no-deps" in asked
    assert "--build-constraints scripts/requirements-build.lock --editable ." in asked
    assert "requirements-dev.lock" not in asked


def test_does_nothing_when_up_to_date(machine: Machine) -> None:
    machine.put("uv", UV)
    machine.run()
    assert machine.run() == (0, "", "")
    _, _, asked = machine.run("dev")
    assert "-r requirements-dev.lock" in asked
    assert machine.run("dev") == (0, "", "")
    assert machine.run("install") == (0, "", "")


def test_a_changed_lock_is_installed_into_the_same_venv(machine: Machine) -> None:
    machine.put("uv", UV)
    machine.run()
    with (machine.checkout / "requirements.lock").open("a") as lock:
        lock.write("# one more pin\n")
    _, _, asked = machine.run()
    assert "-r requirements.lock" in asked
    assert " venv " not in asked


def test_a_moved_checkout_gets_a_new_venv(machine: Machine, tmp_path: Path) -> None:
    machine.put("uv", UV)
    machine.run()
    machine.checkout = machine.checkout.rename(tmp_path / "moved")
    code, said, asked = machine.run()
    assert code == 0
    assert "was moved" in said
    assert " venv " in asked


def test_an_installation_that_failed_is_taken_up_again(machine: Machine) -> None:
    machine.put("uv", UV.replace("\n", '\n[ "$1" != pip ] || exit 3\n', 1))
    assert machine.run()[0] != 0
    machine.put("uv", UV)
    code, _, asked = machine.run()
    assert code == 0
    assert "--editable ." in asked


@pytest.mark.parametrize(
    ("has", "where"), [("venv pip", ".uv/bin/uv"), ("pip", ".uv/lib/bin/uv")], ids=["venv", "pip alone"]
)
def test_fetches_uv_without_touching_the_system(machine: Machine, has: str, where: str) -> None:
    code, said, asked = machine.run(HAS=has, PIP_TARGET="/elsewhere")
    assert code == 0, said
    (fetch,) = (line for line in asked.splitlines() if "-m pip install" in line)
    assert fetch.startswith(".uv/bin/python ") or "--target .uv/lib" in fetch
    assert "--require-hashes --only-binary :all:" in fetch
    assert fetch.endswith("-r scripts/requirements-uv.lock [target none]")
    assert f"{where} pip install" in asked


def test_an_old_uv_is_not_used(machine: Machine) -> None:
    machine.put("uv", UV.replace("${UV_IS:-0.99.1}", "0.6.17"))
    code, _, asked = machine.run(HAS="venv pip")
    assert code == 0
    assert ".uv/bin/uv pip install" in asked
    assert str(machine.bin / "uv") not in asked


def test_says_what_to_install_where_uv_cannot_be_had(machine: Machine) -> None:
    code, said, _ = machine.run(HAS="")
    assert code != 0
    assert "apt-get install python3-venv" in said
    assert not (machine.checkout / ".uv").exists()


def test_an_index_out_of_reach_is_said_and_is_no_dead_end(machine: Machine) -> None:
    code, said, _ = machine.run(HAS="venv pip", OFFLINE="yes")
    assert code != 0
    assert "no way to the index" in said
    assert machine.run(HAS="venv pip")[0] == 0


def test_a_python_that_is_too_old_is_named(machine: Machine) -> None:
    code, said, asked = machine.run(TOO_OLD="yes")
    assert code != 0
    assert "Python 3.9.2" in said
    assert "3.11, 3.12 or 3.13" in said
    assert asked == ""


def test_a_newer_python_beside_an_old_one_is_found(machine: Machine) -> None:
    machine.put("uv", UV)
    machine.put("python3.12", PYTHON)
    machine.put("python3", PYTHON.replace('[ -z "$TOO_OLD" ] || exit 1', "exit 1"))
    _, _, asked = machine.run()
    assert f"--python {machine.bin / 'python3.12'}" in asked


@pytest.mark.parametrize(
    ("settings", "index"),
    [
        ({}, "default"),
        ({"PIP_IS_TOLD": "global.index-url='http://mirror/simple'"}, "http://mirror/simple"),
        ({"PIP_IS_TOLD": "global.extra-index-url='http://more/simple'"}, "default"),
        ({"PIP_INDEX_URL": "http://mirror/env"}, "http://mirror/env"),
        ({"PIP_INDEX_URL": "http://mirror/env", "UV_DEFAULT_INDEX": "http://own"}, "http://own"),
    ],
)
def test_uv_takes_the_index_that_pip_is_told(machine: Machine, settings: dict[str, str], index: str) -> None:
    machine.put("uv", UV)
    _, _, asked = machine.run(**settings)
    assert f"-r requirements.lock [index {index}]" in asked
