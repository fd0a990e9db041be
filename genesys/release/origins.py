"""The lineage of released rows, column by column, from traces as ``joined`` gives them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from genesys.release.joined import OF_GENERATIONS, OF_TASKS, OF_VERDICTS
from genesys.release.proof.toolchain import toolchain_of
from genesys.tables.columns import LINEAGE, TEXT

COLUMNS = tuple(
    name for name in (*LINEAGE.names, "verification_result_info") if name in OF_TASKS | OF_GENERATIONS | OF_VERDICTS
)
"""What lineage needs of a trace."""
OF_PROGRAMS = '"toolchain"|"parse"'
"""What stands in a verdict that may rest on a program or a parser; others need not be read."""


def with_lineage(traces: pa.Table) -> pa.Table:
    """The same traces with all columns of their lineage."""
    # Tables that were made before there was row_id lack it: each task had the id of its row then.
    row_id = pc.coalesce(traces["row_id"], traces["problem_id"])
    traces = traces.set_column(traces.column_names.index("row_id"), "row_id", row_id)
    return traces.append_column("toolchain", pa.array(_toolchains(traces["verification_result_info"]), TEXT))


def task_lineage(tasks: pa.Table) -> pa.Table:
    """The same tasks with all columns of a lineage, null where those of responses stand."""
    row_id = pc.coalesce(tasks["row_id"], tasks["problem_id"])
    tasks = tasks.set_column(tasks.column_names.index("row_id"), "row_id", row_id)
    for field in LINEAGE:
        if field.name not in tasks.column_names:
            tasks = tasks.append_column(field.name, pa.nulls(len(tasks), field.type))
    return tasks


def _toolchains(infos: pa.ChunkedArray) -> Iterator[str | None]:
    told = pc.fill_null(pc.match_substring_regex(infos, OF_PROGRAMS), False)
    for info, has_one in zip(infos, told, strict=True):
        yield toolchain_of({}, info.as_py()) if has_one.as_py() else None
