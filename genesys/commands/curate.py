"""``genesys curate``: what a lane's rules make of a source, without a call. How: ``genesys.rules_alone``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.faults import GenesysError
from genesys.funnel import Level
from genesys.lane import Lane
from genesys.lane_source import open_all
from genesys.lanes import LANES
from genesys.printable import printable
from genesys.quality.benchmarks import open_benchmarks
from genesys.rows import whole_file
from genesys.rules_alone import ERRORED, LEDGER, Item, Judged, judge
from genesys.settings import Settings, load_settings
from genesys.sources import Source
from genesys.stores import open_lake


class CurateOptions(Options):
    """Say what a lane's rules make of a source: rows left after each step, and why the others were dropped.

    Nobody is asked, no program is run, and nothing of the state is changed. The rows that are kept have still to pass
    the steps of the curator, of programs and of the verifier.

    Exit codes: 0 done; 2 there is no such lane or source, or nothing of it can be used.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys curate")

    lane: CliPositionalArg[str] = Field(description="as in genesys.toml: math, coding, ...")
    source: CliPositionalArg[str] = Field(
        "", description="a file, folder or glob, a hub id, or lane:NAME; by default the lane's sources in genesys.toml"
    )
    language: str = Field("", description="in lanes with languages; by default the first")
    list_: int = Field(0, alias="list", ge=0, description="show so many kept and so many dropped rows, drawn from all")
    json_: str = Field("", alias="json", description="for programs: also write all of it to this file")
    max_rows: int | None = Field(None, ge=1, description="of each source, the first ones")
    license: str | None = Field(None, description="of the source's rows, where they do not carry one each")
    benchmarks: bool = Field(
        False, description="also drop what overlaps [benchmarks]: sets of the hub are fetched once, into the state"
    )
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Judge the rows of a source by a lane's rules alone.

    Raises:
        GenesysError: There is no such lane, language or source, or no row of it can be used.
    """
    options = parse(CurateOptions, argv)
    settings = load_settings(options.config or None)
    lane = _lane(options.lane)
    opened = open_all(_sources(options, settings), open_lake(settings))
    judged = asyncio.run(
        judge(
            lane,
            opened,
            language=_language(lane, options.language),
            listed=options.list_,
            benchmarks=open_benchmarks(settings) if options.benchmarks else None,
        )
    )
    for line in lines(judged, [source.source for source in opened]):
        print(printable(line))
    if options.json_:
        with whole_file(Path(options.json_)) as stream:
            sources = [{"path": source.source.path, "revision": source.revision} for source in opened]
            text = json.dumps({"sources": sources, **judged.as_dict()}, ensure_ascii=False, indent=2)
            stream.write(text.encode() + b"\n")
        print(f"Written to {options.json_}")
    return DONE


def _lane(name: str) -> Lane:
    if name not in LANES:
        raise GenesysError(f"there is no lane {name}; there are {', '.join(sorted(LANES))}")
    return LANES[name]


def _language(lane: Lane, wanted: str) -> str | None:
    if not wanted:
        return lane.languages[0] if lane.languages else None
    if wanted not in lane.languages:
        known = f"its languages are {', '.join(lane.languages)}" if lane.languages else "it has no languages"
        raise GenesysError(f"the {lane.name} lane knows no {wanted}; {known}")
    return wanted


def _sources(options: CurateOptions, settings: Settings) -> list[Source]:
    if options.source:
        # A path that is given on the command line counts from here, not from the settings' file.
        here = Path(options.source).expanduser()
        sources = [Source(path=str(here.absolute()) if here.exists() else options.source, name=options.source)]
    else:
        chosen = settings.lanes.get(options.lane)
        sources = [settings.source(source) for source in chosen.sources] if chosen else []
    if not sources:
        raise GenesysError(
            f"[lanes.{options.lane}] has no sources in these settings: name one, as in `genesys curate {options.lane} "
            "rows.jsonl`"
        )
    changes = {"max_rows": options.max_rows, "license": options.license}
    return [source.model_copy(update={k: v for k, v in changes.items() if v is not None}) for source in sources]


def lines(judged: Judged, sources: list[Source]) -> Iterator[str]:
    """For a person: the funnel with the reasons under each step, then the rows that are listed."""
    ledger, rules = judged.levels
    yield f"{judged.lane}{f' in {judged.language}' if judged.language else ''}: " + ", ".join(
        source.path for source in sources
    )
    yield ""
    width = max(len(level.name) for level in (*ledger, *rules)) + 2
    yield f"{'':{width}}       left    dropped"
    for level in ledger:
        yield _level(level, width)
    yield from _reasons(judged, LEDGER, width)
    for level in rules[1:-1]:
        yield _level(level, width)
        yield from _reasons(judged, level.name, width)
    yield _level(Level("kept by rules", judged.rules.accepted, judged.rules.errored.total()), width)
    yield from _reasons(judged, ERRORED, width)
    if judged.left_to and judged.rules.accepted:
        yield ""
        yield "These have still to pass " + "; ".join(f'"{step}" ({by})' for by, step in judged.left_to)
    for title, rows in (("Kept", judged.kept_rows), ("Dropped", judged.dropped_rows)):
        if rows:
            yield ""
            yield f"{title}, {len(rows)} of them"
            yield from (_row(row) for row in rows)


def _level(level: Level, width: int) -> str:
    lost = f" {level.lost:10,}" if level.lost else ""
    return f"{level.name:{width}} {level.left:10,}{lost}"


def _reasons(judged: Judged, step: str, width: int) -> Iterator[str]:
    for (at, reason), count in judged.reasons.most_common():
        if at == step:
            yield f"{'':{width}} {'':10} {count:10,}  {reason}"


def _row(row: Item) -> str:
    detail = f": {row['detail']}" if row.get("detail") else ""
    why = f"  [{row['step']}] {row['reason']}{detail}" if "step" in row else ""
    return " ".join(f"  {row['row']}{why}  {row.get('statement', '')}".split("\n")).rstrip()
