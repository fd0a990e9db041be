"""A response in the data sets: where it stands in each, and what should stand there.

What should stand there is told row by row from the tables of the lane; the data sets are made column by column, by
``genesys.release``, so that one finds the mistakes of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from genesys.faults import GenesysError
from genesys.lineage.held import Held, Row, find_row
from genesys.release import choice, preference, raw, rl, sft
from genesys.release.proof.leaves import leaf
from genesys.release.proof.toolchain import toolchain_of
from genesys.stages.sampling import rendering
from genesys.tables.columns import RAW
from genesys.tables.lake import WHOLE, File, Lake, Part

SETS = (raw.ASSET, sft.ASSET, preference.ASSET, rl.ASSET)
"""The data sets, the one that holds most first."""
BY_RESPONSE = (raw.ASSET, sft.ASSET, preference.ASSET)
"""Those whose lineage is by response_id."""


@dataclass(frozen=True)
class Released:
    """A response, or its task, in one data set."""

    held: Held
    role: str = ""
    """``train`` or ``test``, and in a pair ``chosen`` or ``rejected``; empty where it is not in the data set."""
    lineage: Row | None = None

    @property
    def files(self) -> list[File]:
        """All files of the data set."""
        return self.held.part.files if self.held.part else []


def released_in(lake: Lake, ident: str, problem: str) -> Iterator[Released]:
    """What each data set holds of a response.

    Args:
        lake: Where the tables stand.
        ident: Its response_id.
        problem: The problem_id of its task.
    """
    for asset in SETS:
        try:
            part = lake.part(asset, WHOLE, choice.CAMPAIGN)
        except GenesysError as error:
            yield Released(Held(asset, WHOLE, trouble=str(error)))
            continue
        if part is None:
            yield Released(Held(asset, WHOLE))
            continue
        try:
            yield _released(lake, asset, part, ident, problem)
        except (OSError, KeyError, pa.ArrowException, pl.exceptions.PolarsError) as error:
            yield Released(Held(asset, WHOLE, part, trouble=str(error)))


def _released(lake: Lake, asset: str, part: Part, ident: str, problem: str) -> Released:
    column, value = ("problem_id", problem) if asset == rl.ASSET else ("response_id", ident)
    lineage, trouble = find_row(lake, asset, WHOLE, part.companions[choice.LINEAGE], column, value)
    for split, file in (("train", part.data), ("test", part.companions[choice.TEST])):
        role = split
        if asset == preference.ASSET:
            pair, side = _pair_of(lake, file, ident) if lineage else ("", "")
            column, value, role = "pair_id", pair, f"{split}, {side}"
        row, unread = find_row(lake, asset, WHOLE, file, column, value)
        trouble = trouble or unread
        if row is not None:
            return Released(Held(asset, WHOLE, part, row, trouble), role, lineage)
    return Released(Held(asset, WHOLE, part, None, trouble), "", lineage)


def _pair_of(lake: Lake, file: File, ident: str) -> tuple[str, str]:
    """The pair with this response, and its side; empty if there is none."""
    columns = ["pair_id", "chosen_response_id", "rejected_response_id"]
    rows = lake.file_frame(preference.ASSET, WHOLE, file, columns)
    for side in ("chosen", "rejected"):
        found = rows.filter(pl.col(f"{side}_response_id") == ident)
        if found.height:
            return str(found["pair_id"][0]), side
    return "", ""


def lineage_row(lane: str, shard: str, task: Row, generation: Row, verdict: Row) -> Row:
    """Where a released response came from, step by step."""
    of_task = ("problem_id", "source", "source_url", "revision", "row_id", "row_hash", "license", "attribution")
    return {
        "lane": lane,
        "shard": shard,
        **{name: task[name] for name in (*of_task, "task_hash", "family_id", "prompt_hashes")},
        "task_call_keys": task["call_keys"],
        **{name: generation[name] for name in ("response_id", "teacher_id", "model_name", "campaign", "sample_index")},
        **{name: generation[name] for name in ("finish_reason", "generation_config")},
        "generation_call_key": generation["call_key"],
        "verifier": verdict["verifier"],
        "verifier_version": verdict["verifier_version"],
        "verdict_call_key": verdict["call_key"],
        "toolchain": toolchain_of(verdict),
    }


def expected_lineage(asset: str, lineage: Row, row: Row) -> Row:
    """The lineage as a data set should tell it.

    Args:
        asset: The data set.
        lineage: Of ``lineage_row``.
        row: As ``expected_row`` gives it, of ``dataset/raw``.
    """
    if asset == rl.ASSET:
        of_task = ("lane", "shard", "problem_id", "source", "source_url", "revision", "row_id", "row_hash", "license")
        kept = {*of_task, "attribution", "task_hash", "family_id", "prompt_hashes", "task_call_keys"}
        return {name: value if name in kept else None for name, value in lineage.items()}
    return lineage | {"leaf": leaf(row, lineage)} if asset == raw.ASSET else lineage


def expected_row(asset: str, found: Row, task: Row, generation: Row, verdict: Row) -> Row:
    """What a data set should hold of a response, as far as it is this response's."""
    return _ROWS[asset](found, task, generation, verdict)


def raw_row(_: Row, task: Row, generation: Row, verdict: Row) -> Row:
    """A trace in the published columns."""
    told = {"llm_response": rendering(generation), **generation, **verdict, **task}
    return {name: told[name] for name in RAW.names}


def sft_row(_: Row, task: Row, generation: Row, verdict: Row) -> Row:
    """A response as a chat; the thinking stands in its marks at the beginning of the last content."""
    return {
        "response_id": generation["response_id"],
        "problem_id": task["problem_id"],
        "task_type": task["task_type"],
        "score": verdict["score"],
        "messages": [*_asked(generation), _said(generation)],
    }


def pair_row(found: Row, task: Row, generation: Row, verdict: Row) -> Row:
    """One side of a pair, and what both were asked."""
    side = "chosen" if found["chosen_response_id"] == generation["response_id"] else "rejected"
    return {
        "problem_id": task["problem_id"],
        "task_type": task["task_type"],
        "prompt": _asked(generation),
        side: [_said(generation)],
        f"score_{side}": verdict["score"],
    }


def rl_row(_: Row, task: Row, generation: Row, verdict: Row) -> Row:
    """The task, with what its verifier needs."""
    names = ("problem_id", "source", "in_source_id", "hf_dataset_name", "task_type", "gold_standard_solution")
    told = {name: task[name] for name in (*names, "verification_info", "metadata")}
    return told | {"prompt": [{"role": "user", "content": task["prompt"]}]}


_ROWS = {raw.ASSET: raw_row, sft.ASSET: sft_row, preference.ASSET: pair_row, rl.ASSET: rl_row}


def _asked(generation: Row) -> list[Row]:
    return [{"role": turn["role"], "content": turn["content"]} for turn in generation["messages"][:-1]]


def _said(generation: Row) -> Mapping[str, str]:
    return {"role": "assistant", "content": rendering(generation)}
