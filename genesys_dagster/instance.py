"""The Dagster instance of a state folder: DAGSTER_HOME is ``<state>/dagster``, with our ``dagster.yaml`` in it."""

import contextlib
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import dagster as dg

from genesys.faults import InfrastructureFault
from genesys.settings import Settings
from genesys_dagster import internals
from genesys_dagster.presence import sweep

FILE = "dagster.yaml"


def prepare_home(settings: Settings) -> Path:
    """Make DAGSTER_HOME ready and name it in the environment.

    An instance's own ``dagster.yaml`` stays as it is once it is there: people change it.
    """
    home = Path(settings.path("{state}")) / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    target = home / FILE
    if not target.exists():
        target.write_text(_our_file(), "utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance for runs in this process; what killed processes left in it is cleared up first."""
    instance = internals.instance_of(prepare_home(settings), keep_output=False)
    sweep(instance)
    return instance


@contextlib.contextmanager
def written_soundly(settings: Settings) -> Iterator[None]:
    """Make what Dagster's database says of a full disk an error that says what to do.

    Raises:
        InfrastructureFault: The instance could not be written or read.
    """
    try:
        yield
    except internals.DATABASE_ERRORS as error:
        home = Path(settings.path("{state}")) / "dagster"
        raise InfrastructureFault(
            f"the Dagster instance in {home} could not be written: {internals.database_text(error)}. If the disk is "
            "full, make room and run the same command again; nothing that was answered before is lost.",
            fatal=True,
        ) from error


def _our_file() -> str:
    """From the wheel, else from the checkout, where it stands at the top for people to see."""
    packaged = files("genesys_dagster") / FILE
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parent.parent / FILE).read_text("utf-8")
