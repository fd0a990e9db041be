"""What a release is made of, as it stands in the lake, and what is against making one of it now. No row is read."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from genesys.faults import GenesysError
from genesys.release.publishing.layout import CONFIGS, ENDS, FILTERED, LINEAGE, RAW, REPORT, TEST
from genesys.tables import columns
from genesys.tables.lake import WHOLE, File, Lake, Part

REPORT_TABLE, ERROR_RATES = "dataset/report", "dataset/error_rates"
REQUIRED = {
    "raw": ("response_id", "problem_id", "task_type", "prompt", "llm_response"),
    "sft": ("response_id", "problem_id", "task_type", "messages"),
    "preference": ("pair_id", "problem_id", "prompt", "chosen", "rejected"),
    "rl": ("problem_id", "task_type", "prompt"),
}
"""Columns without which a row is of no use; none of them is null in a release."""
SCHEMAS = {"raw": columns.RAW, "sft": columns.SFT, "preference": columns.PREFERENCE, "rl": columns.RL}


@dataclass(frozen=True)
class Standing:
    """The tables of a release.

    Args:
        sets: The data sets by their names; those that were never made are missing.
        filtered: The choice that they were made from.
        others: What a release can do without: report and error rates, by table.
        versions: Data version of each table, by its name.
    """

    sets: dict[str, Part]
    filtered: Part
    others: dict[str, Part]
    versions: dict[str, str]
    against: list[str] = field(default_factory=list)
    """Why no release can be made of it."""
    notes: list[str] = field(default_factory=list)
    """What a person should know before."""

    def rows(self, name: str) -> tuple[int, int]:
        """Rows of a data set for training and for testing."""
        part = self.sets.get(name)
        if part is None:
            return 0, 0
        test = part.companions.get(TEST)
        return part.data.rows, test.rows if test else 0


def weights(lake: Lake, standing: Standing, name: str) -> tuple[int, int]:
    """Bytes of a data set without compression, for training and for testing, as its Parquet files tell them."""
    part = standing.sets[name]

    def weight(file: File | None) -> int:
        if file is None:
            return 0
        footer = lake.footer(CONFIGS[name], WHOLE, file)
        return sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))

    return weight(part.data), weight(part.companions.get(TEST))


def standing_of(lake: Lake) -> Standing:
    """What stands in a lake.

    Raises:
        GenesysError: There is no data set at all.
    """
    found: dict[str, Part] = {}
    versions: dict[str, str] = {}
    for table in (FILTERED, *CONFIGS.values(), REPORT_TABLE, ERROR_RATES):
        manifest = lake.manifest(table, WHOLE)
        if manifest is not None and manifest.parts:
            found[table], *_ = manifest.parts.values()
            versions[table] = manifest.data_version
    if FILTERED not in found or CONFIGS[RAW] not in found:
        missing = FILTERED if FILTERED not in found else CONFIGS[RAW]
        raise GenesysError(f"{missing} was never made in {lake.root}, so there is nothing to publish: `genesys run`")
    sets = {name: found[table] for name, table in CONFIGS.items() if table in found}
    others = {table: found[table] for table in (REPORT_TABLE, ERROR_RATES) if table in found}
    standing = Standing(sets, found[FILTERED], others, versions)
    standing.against.extend(_against(lake, found, standing))
    standing.notes.extend(_notes(lake, standing))
    return standing


def _against(lake: Lake, found: dict[str, Part], standing: Standing) -> list[str]:
    problems = []
    for name, table in CONFIGS.items():
        if name not in standing.sets:
            problems.append(f"{table} was never made: materialize it first")
    for table, part in found.items():
        if changed := lake.changed(part):
            more = f" and {len(changed) - 1} more" if changed[1:] else ""
            problems.append(f"{table} was made of earlier versions of {changed[0]}{more}: materialize it again first")
        if part.unfinished and table != ERROR_RATES:  # those that could not be told say so themselves
            problems.append(f"{table} is unfinished: infrastructure failed some of its rows; materialize it again")
    if not problems and not sum(standing.rows(RAW)):
        problems.append(f"{CONFIGS[RAW]} has no rows: `genesys dropped` says what became of them")
    for name, part in standing.sets.items():
        problems += _unsound(lake, name, part)
    if LINEAGE not in standing.sets[RAW].companions:
        problems.append(f"{CONFIGS[RAW]} has no lineage beside it: materialize it again")
    if ENDS not in standing.filtered.companions:
        problems.append(f"{FILTERED} does not list how each trace ended: materialize it again")
    return problems


def _unsound(lake: Lake, name: str, part: Part) -> list[str]:
    """The checks that block, on this table: its files are there, with its rows and columns, and no null in those."""
    problems = []
    for file in (part.data, part.companions.get(TEST)):
        if file is None:
            continue
        place = f"{CONFIGS[name]}, {file.name}"
        try:
            footer = lake.footer(CONFIGS[name], WHOLE, file)
        except (OSError, pa.ArrowException) as error:
            problems.append(f"{place} cannot be read: {error}. Materialize it again")
            continue
        if footer.num_rows != file.rows:
            problems.append(f"{place} has {footer.num_rows:,} rows, its manifest says {file.rows:,}: make it again")
        if footer.schema.to_arrow_schema().names != SCHEMAS[name].names:
            problems.append(f"{place} has other columns than the published ones: materialize it again")
            continue
        for group in map(footer.row_group, range(footer.num_row_groups)):
            chunks = [group.column(index) for index in range(group.num_columns)]
            empty = {
                chunk.path_in_schema.partition(".")[0]
                for chunk in chunks
                if chunk.path_in_schema in REQUIRED[name] and chunk.statistics and chunk.statistics.null_count
            }
            if empty:
                problems.append(f"{place} has nulls in {', '.join(sorted(empty))}, which always have a value")
                break
    return problems


def _notes(lake: Lake, standing: Standing) -> list[str]:
    notes = []
    seen = {name.rpartition("/")[0] for name in standing.filtered.inputs}
    for table in sorted(name for name in seen if name.endswith("/verifications")):
        new = [shard for shard in lake.partitions(table) if f"{table}/{shard}" not in standing.filtered.inputs]
        if new:
            notes.append(f"{table} has {len(new):,} shards that came after {FILTERED}: they are not in it")
    if REPORT_TABLE not in standing.others:
        notes.append(f"{REPORT_TABLE} was never made: the release has no {REPORT}")
    if ERROR_RATES not in standing.others:
        notes.append(f"{ERROR_RATES} was never made: the card cannot say how often verdicts are wrong")
    for name in standing.sets:
        train, test = standing.rows(name)
        if not train + test:
            notes.append(f"{CONFIGS[name]} has no rows: the release goes without it")
        elif not test:
            notes.append(f"{CONFIGS[name]} holds nothing back for testing")
    return notes
