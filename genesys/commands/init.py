"""``genesys init``: writes settings to start from. Their text stands in ``start.toml``, their types in ``settings``."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import Options, parse
from genesys.faults import GenesysError
from genesys.settings import FILE_NAME


class InitOptions(Options):
    """Write settings to start from, with every choice explained."""

    model_config = SettingsConfigDict(cli_prog_name="genesys init")

    file: CliPositionalArg[Path] = Field(Path(FILE_NAME), description="where to; never an existing file")


def main(argv: list[str]) -> int:
    """Write a commented genesys.toml to start from.

    Raises:
        GenesysError: There is such a file.
    """
    file = parse(InitOptions, argv).file
    text = (importlib.resources.files("genesys.commands") / "start.toml").read_text("utf-8")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise GenesysError(f"{file} is there already, and stays as it is") from None
    print(f"Written: {file}. Set [teacher] and the lanes' sources in it.")
    return DONE
