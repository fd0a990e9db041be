"""A trace put together from the tables of a state. Which traces there are stands in ``state``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from genesys.lane import Lane
from genesys.ledger import ledger_asset
from genesys.lineage.held import Held, held_row
from genesys.partition import Partition
from genesys.release import filtered
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import TASKS_CAMPAIGN, tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import WHOLE, Lake
from genesys.viewer.trace import Row, Step, Trace, read_info, turns_of

BEGINNING = 160
"""Characters of a prompt in the list."""
_KEPT = 64
"""Shards whose prompts' beginnings are remembered."""
_MEASURED = "dataset/measured"
_OF_TASKS = ("task_hash", "family_id", "parent_ids", "prompt_hashes", "license", "attribution")
_OF_ROWS = ("row_id", "row_hash", "source", "in_source_id", "source_url", "revision")
_OF_GENERATIONS = (
    *("teacher_id", "model_name", "sample_index", "finish_reason", "prompt_tokens", "completion_tokens"),
    *("generation_config", "call_key", "cut_call_keys"),
)


class StateReader:
    """Reads rows of traces that the index names.

    Args:
        lake: Where the tables stand.
        lanes: By name.
    """

    def __init__(self, lake: Lake, lanes: Mapping[str, Lane]) -> None:
        """Nothing is read yet."""
        self._lake, self._lanes = lake, lanes
        self._beginnings: dict[tuple[str, str], pl.DataFrame] = {}

    def beginnings(self, rows: pl.DataFrame) -> dict[str, str]:
        """The beginning of the prompt of each problem of some rows of the index."""
        found: dict[str, str] = {}
        for (lane, shard), some in rows.partition_by("lane", "shard", as_dict=True).items():
            prompts = self._of_shard(str(lane), str(shard))
            found |= dict(prompts.filter(pl.col("problem_id").is_in(some["problem_id"].implode())).iter_rows())
        return found

    def _of_shard(self, lane: str, shard: str) -> pl.DataFrame:
        key = (lane, shard)
        if key not in self._beginnings:
            asset = tasks_asset(self._lanes[lane])
            part = self._lake.part(asset, shard, TASKS_CAMPAIGN)
            prompts = pl.DataFrame(schema={"problem_id": pl.String, "prompt": pl.String})
            if part is not None:
                read = self._lake.file_frame(asset, shard, part.data, ["problem_id", "prompt"])
                prompts = read.with_columns(pl.col("prompt").str.slice(0, BEGINNING))
            while len(self._beginnings) >= _KEPT:
                self._beginnings.pop(next(iter(self._beginnings)), None)
            self._beginnings[key] = prompts
        return self._beginnings[key]

    def trace(self, number: int, ids: Row) -> Trace:
        """A trace with its texts; what cannot be read is noted."""
        lane, shard, campaign = self._lanes[ids["lane"]], ids["shard"], ids["campaign"]
        ident, problem = ids["response_id"], ids["problem_id"]
        generation = held_row(self._lake, generations_asset(lane), shard, campaign, "response_id", ident)
        verdict = held_row(self._lake, verifications_asset(lane), shard, campaign, "response_id", ident)
        task = held_row(self._lake, tasks_asset(lane), shard, TASKS_CAMPAIGN, "problem_id", problem)
        said, chosen = self._said(ids)
        rows = {name: held.row or {} for name, held in (("g", generation), ("v", verdict), ("t", task))}
        return Trace(
            number=number,
            ids=ids,
            task=rows["t"],
            turns=turns_of(rows["g"].get("messages")),
            generation={name: rows["g"].get(name) for name in _OF_GENERATIONS},
            verdict=rows["v"],
            info=read_info(rows["v"].get("verification_result_info")),
            measured=self._measured(verdict),
            said=said,
            steps=self._steps(task, generation, verdict, chosen, ids),
            notes=tuple(held.trouble for held in (task, generation, verdict, chosen) if held.trouble),
        )

    def _measured(self, verdict: Held) -> Row:
        file = verdict.part.timings if verdict.part else None
        if file is None or verdict.row is None:
            return {}
        found = self._lake.find(verdict.asset, verdict.partition, file, "call_key", verdict.row["call_key"])
        return read_info(found[0].get("measured")) | {"seconds": found[0].get("seconds")} if found else {}

    def _said(self, ids: Row) -> tuple[Row, Held]:
        """What the filters said of a trace and of its problem, and the row of those that they left."""
        chosen = held_row(self._lake, filtered.ASSET, WHOLE, filtered.CAMPAIGN, "response_id", ids["response_id"])
        said: Row = {}
        companions = chosen.part.companions if chosen.part else {}
        wanted = {"ends": ("response_id", ids["response_id"]), "problems": ("problem_id", ids["problem_id"])}
        for name, (column, value) in wanted.items():
            if name in companions:
                rows = self._lake.find(filtered.ASSET, WHOLE, companions[name], column, value)
                said[name] = next((row for row in rows if name == "problems" or _is_of(row, ids)), {})
        said["measured"] = self._measures(ids)
        return said, chosen

    def _measures(self, ids: Row) -> Row:
        """Faults of format and findings, as they were measured for the filters."""
        partition = f"{ids['lane']}.{ids['shard']}"
        manifest = self._lake.manifest(_MEASURED, partition)
        for part in manifest.parts.values() if manifest else ():
            for row in self._lake.find(_MEASURED, partition, part.data, "response_id", ids["response_id"]):
                if row["campaign"] == ids["campaign"]:
                    return {name: row.get(name) for name in ("standing", "faults", "findings") if row.get(name)}
        return {}

    def _steps(self, task: Held, generation: Held, verdict: Held, chosen: Held, ids: Row) -> tuple[Step, ...]:
        task_row, verdict_row = task.row or {}, verdict.row or {}
        judged: Row = {"verifier": "@".join(str(verdict_row.get(name)) for name in ("verifier", "verifier_version"))}
        judged |= {"call_key": verdict_row.get("call_key")}
        is_kept = ids["is_filtered"] and ids["step"] is None
        left: Row = {"kept": is_kept} if chosen.part else {"kept": "dataset/filtered was not made yet"}
        left |= {name: value for name, value in (chosen.row or {}).items() if name == "split" and is_kept}
        lane = self._lanes[ids["lane"]]
        shard, row_id = Partition.of(lane, ids["shard"]).shard, task_row.get("row_id") or ids["problem_id"]
        ledger = held_row(self._lake, ledger_asset(lane), WHOLE, shard, "problem_id", row_id)
        rows = {name: task_row.get(name) for name in _OF_ROWS}
        rows |= {name: (ledger.row or {}).get(name) for name in ("file", "row", "upstream_key")}
        return (
            self._step("source row", ledger, rows),
            self._step("task", task, {name: task_row.get(name) for name in _OF_TASKS}),
            self._step("generation", generation, {name: (generation.row or {}).get(name) for name in _OF_GENERATIONS}),
            self._step("verdict", verdict, judged if verdict.row else {}),
            self._step("release", chosen, left),
        )

    def _step(self, name: str, held: Held, facts: Mapping[str, Any]) -> Step:
        known = {key: value for key, value in facts.items() if value not in (None, "", [], {})}
        run_id = held.part.run_id if held.part else ""
        partition = "" if held.partition == WHOLE else held.partition
        return Step(name, held.where(self._lake), known, run_id, held.asset, partition)


def _is_of(row: Row, ids: Row) -> bool:
    """Whether a row that may name campaign, lane and shard is of this trace."""
    return all(row[name] in (None, ids[name]) for name in ("campaign", "lane", "shard") if name in row)
