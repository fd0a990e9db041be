"""``genesys audit``: where a response came from, or what became of a row. What is checked: ``genesys.lineage``."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict
from rich.console import Console
from rich.text import Text

from genesys.calls.journal import Journal
from genesys.cli import DONE, REFUSED
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.lanes import LANES
from genesys.lineage.audit import audit
from genesys.lineage.decided import with_decisions
from genesys.lineage.decisions import told
from genesys.lineage.evidence import Recorded
from genesys.lineage.places import UnknownResponse, released_ids
from genesys.lineage.records import Audit, Check, Link, RowAudit
from genesys.lineage.rows import Replay, audit_row
from genesys.overrides import open_overrides
from genesys.printable import printable
from genesys.settings import Settings, load_settings
from genesys.sources import Source
from genesys.stores import open_journal, open_lake
from genesys.tables.lake import Lake

DIFFERS = 1
_LISTED = 20
_WIDTH = 160
"""Characters of a fact that are shown; --json has all of them."""
_STYLES = {"agrees": "green", "differs": "bold red", "noted": "yellow"}


class AuditOptions(Options):
    """Follow a response back to its source row, and hold every step against the files that it rests on.

    With the id of a row instead (row_id, problem_id, or file:row of its source): what became of it, at which step and
    why it was dropped, and what the curator said of it.

    Exit codes: 0 all agrees; 1 something differs; 2 there is no such response or row. Without an id some are listed.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys audit")

    response_id: CliPositionalArg[str] = Field(
        "", description="of a response or a row, or a beginning that only one has; or file:row of a source"
    )
    replay: bool = Field(False, description="derive each step again from recorded answers, and compare field by field")
    live: bool = Field(False, description="also run the verifier again, past the journal; implies --replay")
    json_: bool = Field(False, alias="json", description="for programs: the whole audit as one JSON object")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Print where a response came from, step by step, and whether all of it still agrees.

    Raises:
        GenesysError: The settings cannot be read, or no response has this id.
    """
    options = parse(AuditOptions, argv)
    settings = load_settings(options.config or None)
    lake, console = open_lake(settings), Console(highlight=False, soft_wrap=True)
    if not options.response_id:
        return _list(console, released_ids(lake, _LISTED))
    sources = [settings.source(source) for lane in settings.lanes.values() for source in lane.sources]
    with open_journal(settings, readonly=True) as journal:
        found = with_decisions(_audit(lake, journal, options, sources, settings), open_overrides(settings))
    if options.json_:
        print(found.model_dump_json(indent=2))
    else:
        _print(console, found)
    return DONE if found.agrees else DIFFERS


def _audit(
    lake: Lake, journal: Journal, options: AuditOptions, sources: list[Source], settings: Settings
) -> Audit | RowAudit:
    """Of a response, or where none has this id of a row."""
    replay = options.replay or options.live
    try:
        return audit(
            lake,
            journal,
            LANES.values(),
            options.response_id,
            sources=sources,
            replay=replay,
            live=options.live,
            settings=settings,
        )
    except UnknownResponse as unknown:
        again = Replay(settings=settings) if replay else None
        row = audit_row(
            lake, Recorded(journal), list(LANES.values()), options.response_id, sources=sources, replay=again
        )
        if row is None:
            raise UnknownResponse(f"{unknown} No row of a ledger is called so either.") from None
        return row


def _list(console: Console, ids: list[str]) -> int:
    if ids:
        console.print("Responses in dataset/filtered; `genesys audit ID` follows one back to its source row:")
        for ident in ids:
            console.print(Text(printable(f"  {ident}")))
    else:
        console.print(
            "dataset/filtered has no responses yet. `genesys audit ID` takes the response_id of any generation."
        )
    return REFUSED


def _print(console: Console, found: Audit | RowAudit) -> None:
    if isinstance(found, Audit):
        console.print(Text(printable(f"Response {found.response_id}"), style="bold"))
        console.print(Text(f"lane {found.lane}, shard {found.shard}, campaign {found.campaign}"))
    else:
        console.print(Text(printable(f"Row {found.row_id}"), style="bold"))
        console.print(Text(f"lane {found.lane}, " + (f"shard {found.shard}" if found.shard else "in no shard")))
    for number, link in enumerate(found.links, 1):
        console.print()
        console.print(Text.assemble((f"{number} {link.step}", "bold"), printable(f"  {link.where}")))
        for name, value in link.facts.items():
            for part in value if isinstance(value, list) else [value]:
                if name == "calls":
                    console.print(Text(printable(f"    {'decision':24} {_short(told(part), 2 * _WIDTH)}")))
                elif part not in (None, "", {}):
                    console.print(Text(printable(f"    {name:24} {_short(part)}")))
        _print_checks(console, link)
    console.print()
    console.print(_summary(found))


def _print_checks(console: Console, link: Link) -> None:
    """What agrees is named in one line; what does not gets a line of its own."""
    agreeing = [_named(check) for check in link.checks if check.result == "agrees"]
    if agreeing:
        console.print(Text.assemble(("  agrees   ", _STYLES["agrees"]), printable(", ".join(agreeing))))
    for check in link.checks:
        if check.result != "agrees":
            console.print(
                Text.assemble(
                    (f"  {check.result:8} ", _STYLES[check.result]), printable(f"{check.what}: {check.detail}")
                )
            )


def _named(check: Check) -> str:
    return f"{check.what} ({check.detail})" if check.detail else check.what


def _summary(found: Audit | RowAudit) -> Text:
    checks = [check for link in found.links for check in link.checks]
    agreeing = sum(check.result == "agrees" for check in checks)
    noted = sum(check.result == "noted" for check in checks)
    tail = f", {noted} noted" if noted else ""
    if found.agrees:
        return Text(f"All agrees: {agreeing} checks{tail}.", style=_STYLES["agrees"])
    steps = ", ".join(dict.fromkeys(finding.step for finding in found.findings))
    words = f"{len(found.findings)} of {len(checks)} checks differ ({steps}){tail}."
    return Text(words, style=_STYLES["differs"])


def _short(value: Any, width: int = _WIDTH) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= width else f"{text[:width]}..."
