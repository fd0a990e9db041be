"""``genesys report``: writes the report as a page to open; ``genesys.release.report`` makes it."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.lanes import chosen_lane
from genesys.printable import printable
from genesys.release.report.make import page_now, report_file
from genesys.settings import load_settings
from genesys.storage import replace_file
from genesys.stores import open_lake


class ReportOptions(Options):
    """Write the report as one page of HTML, and print its path.

    It tells what became of the responses, pass rates, difficulty, lengths, duplicates, costs, agreement of judges,
    diversity, disputed golds, and shows traces side by side. The page of dataset/report is taken if the tables still
    are those that it was made of; else it is made anew from the tables as they are, and not kept in the lake.
    docs/report.md says more.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys report")

    open_: bool = Field(False, alias="open", description="open it in a browser")
    output: Path | None = Field(None, description="where to write it; by default report.html in the state's folder")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Write the report as a page to open in a browser.

    Raises:
        GenesysError: The settings cannot be read, or dataset/filtered was never made.
    """
    options = parse(ReportOptions, argv)
    settings = load_settings(options.config or None)
    lanes = [chosen_lane(settings, name) for name in settings.lanes]
    html, stands = page_now(open_lake(settings), lanes, settings)
    target = options.output or report_file(settings)
    replace_file(target, html)
    print(printable(str(target)))
    if not stands:
        print("made from the tables as they are now; materialize dataset/report to keep it")
    if options.open_:
        webbrowser.open(target.absolute().as_uri())
    return DONE
