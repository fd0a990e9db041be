"""The lock files agree with pyproject.toml, pin by hash, and name no place to download from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WANTED = {
    "requirements.lock": PROJECT["project"]["dependencies"],
    "requirements-dev.lock": PROJECT["dependency-groups"]["dev"],
    "scripts/requirements-build.lock": PROJECT["build-system"]["requires"],
    "scripts/requirements-uv.lock": ["uv>=0.7"],
}


def pins(name: str) -> list[tuple[Requirement, str]]:
    """Each pinned requirement of a lock file, with the text of its hashes."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(" --hash", 1) for line in text.splitlines() if line.strip()]
    return [(Requirement(line[0].strip()), "".join(line[1:])) for line in lines]


@pytest.mark.parametrize("name", WANTED)
def test_pins_what_pyproject_asks_for(name: str) -> None:
    pinned = {canonicalize_name(pin.name): pin.specifier for pin, _ in pins(name)}
    for line in WANTED[name]:
        wanted = Requirement(line)
        (version,) = (spec.version for spec in pinned[canonicalize_name(wanted.name)])
        assert wanted.specifier.contains(version, prereleases=True), f"{line}, but {name} has {version}: run make lock"


@pytest.mark.parametrize("name", WANTED)
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    assert "://" not in (ROOT / name).read_text()
    for pin, hashes in pins(name):
        assert [spec.operator for spec in pin.specifier] == ["=="], pin
        assert "sha256:" in hashes, pin


def test_what_both_pin_is_pinned_alike() -> None:
    # By version: where a package is wanted may differ, since one of them wants it through another package.
    runtime = {pin.name: str(pin.specifier) for pin, _ in pins("requirements.lock")}
    for pin, _ in pins("requirements-dev.lock"):
        assert runtime.get(pin.name, str(pin.specifier)) == str(pin.specifier)
