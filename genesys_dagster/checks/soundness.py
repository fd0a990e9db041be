"""Whether a table is what its manifest says: files, sums, columns. Pure: no Dagster here."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from genesys.funnel import curation_funnel, funnel_problems, ledger_funnel
from genesys.outcomes import Counts
from genesys.release.choice import ENDS as ENDS_FILE
from genesys.tables.lake import WHOLE, Lake, Part

UNREADABLE = (OSError, pa.ArrowException)
"""What reading a damaged file raises: a missing one, a footer that is none, a page that does not decompress."""


@dataclass(frozen=True)
class Sums:
    """The sums over all parts of a partition."""

    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    errored: int = 0
    records: int = 0
    """What the manifest counts."""
    stored: int = 0
    """What the Parquet files hold."""


def sums_of(lake: Lake, asset: str, partition: str) -> Sums:
    """The sums of a partition over all its parts whose files can be read."""
    total = Sums()
    for part in lake.need(asset, partition).parts.values():
        with contextlib.suppress(*UNREADABLE):
            sums = _part_sums(lake, asset, partition, part)
            total = Sums(*(getattr(total, name) + getattr(sums, name) for name in Sums.__dataclass_fields__))
    return total


def problems_of(lake: Lake, asset: str, partition: str) -> list[str]:
    """Everything about a partition that is not what its manifest says, in words, each with its campaign."""
    return [
        f"{campaign}: {problem}"
        for campaign, part in lake.need(asset, partition).parts.items()
        for problem in part_problems(lake, asset, partition, part)
    ]


def part_problems(lake: Lake, asset: str, partition: str, part: Part, *, every_byte: bool = False) -> list[str]:
    """The same of one part: its files first, since what they hold says nothing if they are not what was written."""
    if broken := broken_files(lake, asset, partition, part, every_byte=every_byte):
        return broken
    try:
        sums = _part_sums(lake, asset, partition, part)
        return _sum_problems(sums, part) + _outcome_problems(lake, asset, partition, part)
    except UNREADABLE as error:
        return [f"{part.data.name} or its list of outcomes cannot be read: {error}"]


def _part_sums(lake: Lake, asset: str, partition: str, part: Part) -> Sums:
    stored = lake.footer(asset, partition, part.data).num_rows
    if not part.counts:
        return Sums(records=part.data.rows, stored=stored)
    counts = Counts.from_dict(part.counts)
    return Sums(counts.rows, counts.accepted, counts.rejected.total(), counts.errored.total(), counts.records, stored)


def _sum_problems(sums: Sums, part: Part) -> list[str]:
    problems = []
    if sums.rows != sums.accepted + sums.rejected + sums.errored:
        problems.append(
            f"{sums.rows} rows went in, but {sums.accepted} accepted + {sums.rejected} rejected + "
            f"{sums.errored} errored = {sums.accepted + sums.rejected + sums.errored} came out"
        )
    if not sums.records == sums.stored == part.data.rows:
        problems.append(
            f"{sums.records} records were counted and {part.data.rows} written; {part.data.name} holds {sums.stored}"
        )
    return problems


def _outcome_problems(lake: Lake, asset: str, partition: str, part: Part) -> list[str]:
    """The list of how each row ended must say the same as the sums."""
    if part.counts and (ends := part.companions.get(ENDS_FILE)) is not None:
        ended = lake.file_frame(asset, partition, ends, ["step"])["step"]
        by_step = dict(ended.drop_nulls().value_counts().iter_rows())
        return _kept_problems(Counts.from_dict(part.counts), len(ended), ended.null_count(), by_step)
    if part.outcomes is None or not part.counts:
        return []
    listed = lake.file_frame(asset, partition, part.outcomes, ["status"])["status"].value_counts()
    found, counts = dict(listed.iter_rows()), Counts.from_dict(part.counts)
    problems: list[str] = []
    if counts.dropped:
        problems += funnel_problems(curation_funnel(counts, ()))
        listed = lake.file_frame(asset, partition, part.outcomes, ["step"])["step"].drop_nulls().value_counts()
        steps = dict(listed.iter_rows())
        problems += [
            f"the manifest counts {counts.dropped[step]} rows dropped at {step!r}, the list of outcomes "
            f"has {steps.get(step, 0)}"
            for step in sorted({*steps, *counts.dropped})
            if steps.get(step, 0) != counts.dropped[step]
        ]
    wanted = {"accepted": counts.accepted, "rejected": counts.rejected.total(), "errored": counts.errored.total()}
    return problems + [
        f"the manifest counts {number} {status}, the list of outcomes has {found.get(status, 0)}"
        for status, number in wanted.items()
        if found.get(status, 0) != number
    ]


def _kept_problems(counts: Counts, rows: int, kept: int, steps: dict[str, int]) -> list[str]:
    """The same of a choice, which lists what became of every trace."""
    said = {"traces": (counts.rows, rows), "kept": (counts.accepted, kept)}
    said |= {f"dropped by {step!r}": (counts.dropped[step], steps.get(step, 0)) for step in {*steps, *counts.dropped}}
    return [
        f"the manifest counts {counted} {name}, the list of ends has {listed}"
        for name, (counted, listed) in sorted(said.items())
        if counted != listed
    ]


def reading_problems(lake: Lake, asset: str) -> list[str]:
    """The same of a ledger's last reading of its sources, whose counts stand with the rows that no longer count."""
    manifest, problems = lake.manifest(asset), []
    for part in manifest.parts.values() if manifest else ():
        problems += funnel_problems(ledger_funnel(Counts.from_dict(part.counts)))
        try:
            problems += _outcome_problems(lake, asset, WHOLE, part)
        except UNREADABLE as error:
            problems.append(f"the list of outcomes cannot be read: {error}")
    return [f"{asset}: {problem}" for problem in problems]


def schema_problems(lake: Lake, asset: str, partition: str, schema: pa.Schema, required: Sequence[str]) -> list[str]:
    """Columns that differ from the schema, and required ones that hold nulls, over all parts."""
    problems = []
    for campaign, part in lake.need(asset, partition).parts.items():
        try:
            found = _part_schema_problems(lake, asset, partition, part, schema, required)
        except UNREADABLE as error:
            found = [f"{part.data.name} cannot be read: {error}"]
        problems += [f"{campaign}: {problem}" for problem in found]
    return problems


def _part_schema_problems(
    lake: Lake, asset: str, partition: str, part: Part, schema: pa.Schema, required: Sequence[str]
) -> list[str]:
    found = lake.footer(asset, partition, part.data).schema.to_arrow_schema().remove_metadata()
    if not found.equals(schema):
        return _differences(found, schema)
    nulls = lake.file_frame(asset, partition, part.data, list(required)).null_count().row(0, named=True)
    return [f"{name} is null in {count} rows" for name, count in nulls.items() if count]


def _differences(found: pa.Schema, schema: pa.Schema) -> list[str]:
    mine, wanted = {field.name: field for field in found}, {field.name: field for field in schema}
    differing = [
        f"column {name} is {mine[name].type}, expected {wanted[name].type}"
        for name in wanted
        if name in mine and not mine[name].equals(wanted[name])
    ]
    missing = [f"column {name} is missing" for name in wanted if name not in mine]
    unknown = [f"column {name} is not in the schema" for name in mine if name not in wanted]
    return missing + unknown + differing or ["the columns stand in another order"]


def broken_files(lake: Lake, asset: str, partition: str, part: Part, *, every_byte: bool = False) -> list[str]:
    """Files of a part that are missing or no longer what was written.

    On object storage only their sizes are asked, unless every byte is to be read.
    """
    try:
        sizes = lake.files(asset, partition)
    except FileNotFoundError:
        sizes = {}
    broken = [
        f"{file.name} has {sizes.get(file.name, 0)} bytes, its manifest says {file.bytes}"
        for file in part.files
        if sizes.get(file.name) != file.bytes
    ]
    if not broken and (lake.local or every_byte):
        broken = [trouble for file in part.files if (trouble := lake.trouble(asset, partition, file))]
    return broken
