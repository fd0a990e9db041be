"""The wheel alone, in an empty folder: it carries what it needs, and its command works there."""

import os
import subprocess
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = ("genesys", "genesys_dagster")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, as `make wheel` does, into a folder of its own."""
    folder = tmp_path_factory.mktemp("dist")
    words = ["scripts/bootstrap.sh", "uv", "build", "--wheel", "--out-dir", str(folder), "--require-hashes"]
    words += ["--build-constraints", "scripts/requirements-build.lock"]
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment that has what it requires, and give its bin folder.

    The requirements are those of this environment, named in a .pth file. The .pth files of that folder itself are not
    read, so the checkout, which is installed here as editable, cannot be seen.
    """
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    binaries = folder / "bin"
    where = subprocess.check_output(
        [binaries / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    (Path(where.strip()) / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    words = ["scripts/bootstrap.sh", "uv", "pip", "install", "--no-deps", "--python", binaries / "python", wheel]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return binaries


def run(words: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run in ``folder`` with nothing of this process's settings, and with no way out to a network."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "no_proxy": "127.0.0.1,localhost",
    }
    for scheme in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        environment[scheme] = "http://127.0.0.1:9"
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)


def test_carries_the_packages_whole_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        license_text = next(archive.read(name) for name in archive.namelist() if name.endswith("licenses/LICENSE"))
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == sources | {"genesys_dagster/dagster.yaml"}
    assert b"Apache License" in license_text
    for needed in ("genesys/prompts/", "genesys/demo/"):
        assert any(name.startswith(needed) and not name.endswith(".py") for name in names), needed


def test_the_command_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    where = run([installed / "python", "-c", "import genesys; print(genesys.__file__)"], tmp_path)
    assert where.stdout.startswith(str(installed.parent)), where

    shown = run([installed / "genesys", "--help"], tmp_path)
    assert shown.returncode == 0, shown.stderr
    for command in ("generate", "verify", "audit", "demo", "ui"):
        assert command in shown.stdout


def test_the_demo_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    # What the other lanes need is read all the same, when the answers are recorded.
    first = run([installed / "genesys", "demo", "--lane", "landing"], tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "accepted" in first.stdout
    assert list(tmp_path.rglob("*.parquet")), "the tables stand under the folder that it was started in"
