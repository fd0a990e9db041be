"""Traces of a state: the lanes' tables as they stand, with what ``dataset/filtered`` said of them if it was made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from genesys.calls.journal import Journal
from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.lineage.audit import follow
from genesys.lineage.places import Place as Standing
from genesys.lineage.records import Check, Link
from genesys.partition import Partition
from genesys.release import filtered
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import TASKS_CAMPAIGN, tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import WHOLE, File, Lake, Manifest
from genesys.viewer.index import NAME, ORDER, PROBLEMS, TRACES, Index, index_of, verdicts
from genesys.viewer.reading import StateReader
from genesys.viewer.searching import Hits, holds, joined, search
from genesys.viewer.trace import Trace

ENDS = "ends"
UNREADABLE = (OSError, pa.ArrowException, pl.exceptions.PolarsError, GenesysError)
_OF_GENERATIONS = {
    "response_id": pl.String,
    "problem_id": pl.String,
    "teacher_id": NAME,
    "completion_tokens": pl.UInt32,
}
_OF_VERDICTS = {"response_id": pl.String, "score": pl.Float64, "accepted": pl.Boolean}
_OF_TASKS = {"problem_id": pl.String, "row_id": pl.String, "task_type": NAME, "source": NAME}
_KEY = ["response_id", "campaign", "lane", "shard"]
"""A task that was made again of a changed row has responses of the same ids in another shard."""
_OF_ENDS = {"response_id": pl.String} | dict.fromkeys((*_KEY[1:], "step", "reason"), NAME)


_UNREAD = (Check(what="row", result="noted", detail="the source is not read again here; `genesys audit` does"),)


class State:
    """The tables of a lake.

    Args:
        lake: Where they stand.
        lanes: Those that are shown.
        journal: Opens the journal for reading, for lineage.
        ui: Address of the Dagster UI.
        progress: Told how many partitions of how many were read.
    """

    def __init__(
        self,
        lake: Lake,
        lanes: Mapping[str, Lane],
        journal: Callable[[], Journal],
        *,
        ui: str = "",
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> None:
        """Nothing is read yet."""
        self.name, self.ui = f"state {lake.root}", ui
        self._lake, self._lanes, self._journal, self._progress = lake, lanes, journal, progress
        self._index: Index | None = None
        self._reader = StateReader(lake, lanes)
        self._lock = threading.Lock()

    @property
    def index(self) -> Index:
        """Which traces there are, as of the last reading."""
        with self._lock:
            if self._index is None:
                self._index = self._read()
            return self._index

    def read_again(self) -> None:
        """Read which traces there are; pages wait for it."""
        with self._lock:
            self._reader = StateReader(self._lake, self._lanes)
            self._index = self._read()

    def search(self, rows: pl.Series, words: list[str], place: str, after: str) -> Hits:
        """Those of some rows of the index whose messages hold all words."""
        return search(self.index.traces, rows, after, lambda name, some: self._matching(name, some, words, place))

    def beginnings(self, rows: pl.DataFrame) -> dict[str, str]:
        """The beginning of the prompt of each problem of some rows of the index."""
        return self._reader.beginnings(rows)

    def trace(self, number: int) -> Trace:
        """A trace with its texts."""
        return self._reader.trace(number, self.index.traces.row(number, named=True))

    def lineage(self, trace: Trace) -> list[Link]:
        """Every step of its lineage, held against the files and the journal; sources are not read again."""
        ids = trace.ids
        place = Standing(self._lanes[ids["lane"]], ids["shard"], ids["campaign"], ids["response_id"])
        with self._journal() as journal:
            links = follow(self._lake, journal, place).links
        return [one.model_copy(update={"checks": _UNREAD}) if one.step == "source row" else one for one in links]

    def _matching(self, name: str, some: pl.DataFrame, words: list[str], place: str) -> Iterator[pl.Series]:
        lane, shard, campaign = name.split("/")
        asset = generations_asset(self._lanes[lane])
        file = self._lake.need(asset, shard).parts[campaign].data
        turns = pl.col("messages").list
        said = turns.last()
        response = joined(said.struct.field("reasoning"), said.struct.field("content"))
        asked = turns.head(pl.max_horizontal(turns.len().cast(pl.Int64) - 1, 0))
        prompt = asked.list.eval(pl.element().struct.field("content")).list.join("\n", ignore_nulls=True)
        texts = {"prompt": prompt, "response": response, "both": joined(prompt, response)}[place]
        for batch in self._lake.batches(asset, shard, file, ["response_id", "messages"]):
            rows = pl.DataFrame(pl.from_arrow(batch)).join(some, on="response_id")
            yield rows.filter(holds(texts, words))["row"]

    def _read(self) -> Index:
        frames: list[pl.DataFrame] = []
        problems: list[pl.DataFrame] = []
        notes: list[str] = []
        shards = [
            (lane, name) for lane in self._lanes.values() for name in self._lake.partitions(generations_asset(lane))
        ]
        assets = (tasks_asset, generations_asset, verifications_asset)
        for number, (lane, shard) in enumerate(shards):
            self._progress(number, len(shards))
            try:
                tasks, generations, verdicts_of = (self._lake.manifest(asset(lane), shard) for asset in assets)
                rows = self._problems(lane, shard, tasks)
                frames += self._shard(lane, shard, generations, verdicts_of, rows)
                problems.append(rows.select(list(PROBLEMS)))
            except UNREADABLE as error:
                notes.append(f"{lane.name} {shard} is left out: {error}")
        self._progress(len(shards), len(shards))
        index = index_of(frames, problems, notes=tuple(notes))
        return self._with_ends(index)

    def _problems(self, lane: Lane, shard: str, tasks: Manifest | None) -> pl.DataFrame:
        part = tasks.parts.get(TASKS_CAMPAIGN) if tasks else None
        if part is None:
            return pl.DataFrame(schema=_OF_TASKS)
        rows = self._columns(tasks_asset(lane), shard, part.data, _OF_TASKS)
        return rows.with_columns(pl.coalesce("row_id", "problem_id").alias("row_id"))

    def _shard(
        self, lane: Lane, shard: str, generations: Manifest | None, verified: Manifest | None, problems: pl.DataFrame
    ) -> Iterator[pl.DataFrame]:
        language = Partition.of(lane, shard).language
        for campaign, part in generations.parts.items() if generations else ():
            rows = self._columns(generations_asset(lane), shard, part.data, _OF_GENERATIONS)
            judged = verified.parts.get(campaign) if verified else None
            verdict = (
                self._columns(verifications_asset(lane), shard, judged.data, _OF_VERDICTS)
                if judged
                else pl.DataFrame(schema=_OF_VERDICTS)
            )
            known = {"lane": lane.name, "shard": shard, "campaign": campaign, "language": language, "step": None}
            known |= {"reason": None, "place": f"{lane.name}/{shard}/{campaign}"}
            yield (
                rows.join(verdict, on="response_id", how="left")
                .join(problems.drop("row_id"), on="problem_id", how="left")
                .with_columns(pl.lit(value, pl.String).cast(NAME).alias(name) for name, value in known.items())
                .with_columns(verdicts(), pl.lit(value=False).alias("is_filtered"))
                .rename({"teacher_id": "teacher", "completion_tokens": "length"})
                .select(list(TRACES))
            )

    def _columns(self, asset: str, partition: str, file: File, kinds: Mapping[str, Any]) -> pl.DataFrame:
        """Some columns of a file; one that it was made without is null."""
        kept = self._lake.file_frame(asset, partition, file, list(kinds))
        return kept.select(
            (pl.col(name) if name in kept.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in kinds.items()
        )

    def _with_ends(self, index: Index) -> Index:
        """The index with what the filters said, and with what they knew of problems."""
        try:
            part = self._lake.part(filtered.ASSET, WHOLE, filtered.CAMPAIGN)
            if part is None:
                return index
            if ENDS not in part.companions:
                note = f"{filtered.ASSET} was made before filters told what they dropped: materialize it again."
                return Index(index.traces, index.problems, index.unit, (*index.notes, note))
            ends = self._columns(filtered.ASSET, WHOLE, part.companions[ENDS], _OF_ENDS)
            languages = self._languages(part.companions.get("problems"))
        except UNREADABLE as error:
            note = f"{filtered.ASSET} cannot be read: {error}"
            return Index(index.traces, index.problems, index.unit, (*index.notes, note))
        traces = (
            index.traces.drop("step", "reason", "is_filtered")
            .join(ends.with_columns(pl.lit(value=True).alias("is_filtered")), on=_KEY, how="left")
            .join(languages, on="problem_id", how="left", maintain_order="left")
            .with_columns(pl.col("is_filtered").fill_null(value=False), pl.coalesce("language", "of_problem"))
            .select(list(TRACES))
            .sort(ORDER)
        )
        return Index(traces, index.problems, index.unit, index.notes)

    def _languages(self, file: File | None) -> pl.DataFrame:
        kinds = {"problem_id": pl.String, "language": NAME}
        rows = self._columns(filtered.ASSET, WHOLE, file, kinds) if file else pl.DataFrame(schema=kinds)
        return rows.unique("problem_id").rename({"language": "of_problem"})
