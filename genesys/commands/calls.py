"""``genesys calls``: looks into a journal. It reads only; what is kept of a call stands in ``genesys.calls.entry``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.calls.entry import Entry, Failure
from genesys.calls.segment import Segment
from genesys.cli import DONE
from genesys.commands.journals import segments_to_read
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.faults import GenesysError
from genesys.printable import printable

_KEY = re.compile(r"[0-9a-f]{1,64}")
_SHORT = 12
"""Digits of a key that are shown; any beginning that only one call has will do to name it."""


class CallsOptions(Options):
    """Look into a journal of finished calls.

    count: how many. list: each on a line. show KEY: all that is kept of one. why [ROW or KEY]: why calls failed.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys calls")

    action: CliPositionalArg[Literal["count", "list", "show", "why"]]
    target: CliPositionalArg[str] = Field("", description="for show: the beginning of a key; for why: that, or a row")
    journal: str = Field("", description="its folder or file, as output/.journal; by default that of the settings")
    config: str = Field("", description=CONFIG_HELP)
    segment: str = Field("", description="only this segment, or those below it, as math or math/math-00000")
    kind: str = Field("", description="only this kind: chat, verdict or execution")
    name: str = Field("", description="only this name: a prompt's, a verifier's, or sample")
    row: str = Field("", description="only calls that this row made first")
    limit: int = Field(50, ge=1, description="lines at most")
    json_: bool = Field(False, alias="json", description="for programs: one JSON value a line")


def main(argv: list[str]) -> int:
    """Look into the journal: count the calls, show one, say why calls failed.

    Raises:
        GenesysError: There is no such journal, segment or call.
    """
    options = parse(CallsOptions, argv)
    if options.action in ("count", "list") and options.target:
        raise GenesysError(f"{options.action} takes no {options.target!r}; filter by --segment, --kind, --name, --row")
    with segments_to_read(options.journal, options.config, options.segment) as segments:
        shown = {"count": _count, "list": _list, "show": _show, "why": _why}[options.action]
        for line in shown(segments, options):
            print(printable(line))
    return DONE


def _count(segments: Iterable[Segment], options: CallsOptions) -> Iterator[str]:
    total = failed = 0
    for segment in segments:
        for (kind, name), count in segment.counts().items():
            if options.kind in ("", kind) and options.name in ("", name):
                total += count
                row = {"segment": segment.name, "kind": kind, "name": name, "calls": count}
                yield _json(row) if options.json_ else f"{count:10,}  {segment.name}  {kind} {name}"
        if failures := sum(1 for failure in segment.failures() if _wanted(failure, options)):
            failed += failures
            row = {"segment": segment.name, "failed": failures}
            yield _json(row) if options.json_ else f"{failures:10,}  {segment.name}  failed and without an answer"
    if not options.json_:
        yield f"{total:10,}  finished calls, {failed:,} failed (genesys calls why)"


def _list(segments: Iterable[Segment], options: CallsOptions) -> Iterator[str]:
    found = ((segment, entry) for segment in segments for entry in segment.entries(**_filters(options)))
    for segment, entry in islice(found, options.limit):
        if options.json_:
            yield _json(_as_dict(segment, entry))
        else:
            how = f"{entry.seconds:8.2f} s" + (f", {entry.attempts} attempts" if entry.attempts > 1 else "")
            named = f"{entry.kind} {entry.name}"
            yield f"{entry.key[:_SHORT]}  {_time(entry.made_at)}  {how}  {named}  {entry.row_id}  {segment.name}"
    if next(found, None) is not None and not options.json_:
        yield "... and more (--limit)"


def _show(segments: Iterable[Segment], options: CallsOptions) -> Iterator[str]:
    if not _KEY.fullmatch(options.target):
        raise GenesysError("show takes a key, or the beginning of one (genesys calls list shows them)")
    found = [(segment, entry) for segment in segments for entry in segment.entries(key=options.target)]
    if not found:
        raise GenesysError(f"no finished call's key begins with {options.target}; `genesys calls why` has failed ones")
    if len({entry.key for _, entry in found}) > 1:
        keys = ", ".join(sorted({entry.key[:20] for _, entry in found})[:10])
        raise GenesysError(f"the keys of {len(found)} calls begin with {options.target}: {keys}")
    segment, entry = found[0]
    if options.json_:
        yield _json(_as_dict(segment, entry))
        return
    attempts = "1 attempt" if entry.attempts == 1 else f"{entry.attempts} attempts"
    yield f"key       {entry.key}"
    yield f"call      {entry.kind} {entry.name}, trial {entry.trial}"
    yield f"row       {entry.row_id}, in segment {segment.name}"
    yield f"finished  {_time(entry.made_at)}, {entry.seconds:.2f} s, {attempts}, {entry.endpoint or 'made here'}"
    yield f"asked     {_pretty(entry.payload) if entry.payload else '(stands in a table or file; the key covers it)'}"
    yield f"answered  {_pretty(entry.result)}"


def _why(segments: Iterable[Segment], options: CallsOptions) -> Iterator[str]:
    failed = [(segment, failure) for segment in segments for failure in segment.failures() if _wanted(failure, options)]
    for segment, failure in failed[: options.limit]:
        if options.json_:
            yield _json({"segment": segment.name, **failure.model_dump()})
        else:
            tried = f"{failure.attempts} times" if failure.attempts > 1 else "once"
            yield f"{failure.key[:_SHORT]}  {failure.kind} {failure.name}  {failure.row_id}  {segment.name}"
            yield f"  failed {tried}, the last time {_time(failure.failed_at)}: {failure.error}"
    if options.json_:
        return
    if len(failed) > options.limit:
        yield f"... {len(failed) - options.limit:,} more (--limit)"
    if failed:
        yield f"{len(failed):,} calls failed and have no answer; the run's own command tries them again."
    else:
        yield _nothing_failed(segments, options.target)


def _nothing_failed(segments: Iterable[Segment], target: str) -> str:
    if not target:
        return "No call is without an answer."
    finished = sum(1 for segment in segments for _ in segment.entries(row_id=target))
    if _KEY.fullmatch(target):
        finished += sum(1 for segment in segments for _ in segment.entries(key=target))
    if finished:
        return f"No call of {target} is without an answer; {finished:,} have finished."
    return f"The journal knows no call of {target}; a call that was answered for another row stands under that row."


def _wanted(failure: Failure, options: CallsOptions) -> bool:
    by_filter = options.kind in ("", failure.kind) and options.name in ("", failure.name)
    target = options.target if options.action == "why" else ""
    by_target = not target or failure.row_id == target or failure.key.startswith(target)
    return by_filter and by_target and options.row in ("", failure.row_id)


def _filters(options: CallsOptions) -> dict[str, str]:
    given = {"kind": options.kind, "name": options.name, "row_id": options.row}
    return {column: value for column, value in given.items() if value}


def _as_dict(segment: Segment, entry: Entry) -> dict[str, Any]:
    return {"segment": segment.name, **entry.model_dump()}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n          ")


def _time(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
