"""Traces of a published data set: a folder or URL with the tables and the manifest that ``genesys publish`` wrote."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import fsspec
import polars as pl
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genesys.faults import GenesysError
from genesys.lineage.records import Link
from genesys.tables.lake import may_have
from genesys.viewer.index import NAME, PROBLEMS, TRACES, Index, index_of, verdicts
from genesys.viewer.searching import Hits, holds, joined, search
from genesys.viewer.state import UNREADABLE
from genesys.viewer.trace import Row, Step, Trace, read_info, taken_apart, turns_of

MANIFEST = "manifest.json"
_MEASURED_UP_TO = 2**31
"""Bytes of texts up to which the lengths of responses are counted when a data set is opened: it means reading them."""
_OF_RAW = {"response_id": pl.String, "problem_id": pl.String, "source": NAME, "task_type": NAME, "score": pl.Float64}
_OF_LINEAGE = {"response_id": pl.String, "row_id": pl.String, "campaign": NAME, "lane": NAME, "shard": NAME}
_OF_LINEAGE |= {"teacher_id": NAME}
_OF_ENDS = {"response_id": pl.String, "step": NAME, "reason": NAME}
_JUDGED = "verdict"
"""The filter that drops what was not accepted."""
_STEPS = {
    "source row": ("row_id", "row_hash", "source", "source_url", "revision", "lane", "shard", "license", "attribution"),
    "task": ("problem_id", "task_hash", "family_id", "prompt_hashes", "task_call_keys"),
    "generation": (
        "teacher_id",
        "model_name",
        "campaign",
        "sample_index",
        "finish_reason",
        "generation_config",
        "generation_call_key",
    ),
    "verdict": ("verifier", "verifier_version", "verdict_call_key", "toolchain"),
    "release": ("leaf",),
}


def is_release(where: str, storage_options: Mapping[str, Any]) -> bool:
    """Whether a folder or URL holds a published data set."""
    try:
        fs, root = fsspec.core.url_to_fs(where, **storage_options)
        found = json.loads(fs.cat_file(f"{root}/{MANIFEST}"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and isinstance(found.get("files"), dict)


class Published:
    """The tables of a release.

    Args:
        where: Folder or URL.
        storage_options: fsspec options.
    """

    ui = ""

    def __init__(self, where: str, storage_options: Mapping[str, Any] | None = None) -> None:
        """Nothing is read yet."""
        self.name = f"release {where}"
        self._fs, root = fsspec.core.url_to_fs(where, **(storage_options or {}))
        self._root = str(root).rstrip("/")
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._manifest: Row = {}

    @property
    def index(self) -> Index:
        """Which traces there are."""
        with self._lock:
            if self._index is None:
                self._index = self._read()
            return self._index

    def read_again(self) -> None:
        """Read which traces there are; pages wait for it."""
        with self._lock:
            self._index = self._read()

    def search(self, rows: pl.Series, words: list[str], place: str, after: str) -> Hits:
        """Those of some rows of the index whose prompt and response hold all words."""
        names = {"prompt": ["prompt"], "response": ["llm_response"], "both": ["prompt", "llm_response"]}[place]

        def matching(name: str, some: pl.DataFrame) -> Iterator[pl.Series]:
            texts = self._group(name, ["response_id", *names]).join(some, on="response_id")
            yield texts.filter(holds(joined(*map(pl.col, names)), words))["row"]

        return search(self.index.traces, rows, after, matching)

    def beginnings(self, rows: pl.DataFrame) -> dict[str, str]:
        """The beginning of the prompt of each problem of some rows of the index."""
        found: dict[str, str] = {}
        for (place,), some in rows.partition_by("place", as_dict=True).items():
            prompts = self._group(str(place), ["problem_id", "prompt"])
            wanted = prompts.filter(pl.col("problem_id").is_in(some["problem_id"].implode()))
            found |= dict(wanted.with_columns(pl.col("prompt").str.slice(0, 160)).iter_rows())
        return found

    def trace(self, number: int) -> Trace:
        """A trace with its texts."""
        ids = self.index.traces.row(number, named=True)
        rows = self._group(ids["place"], None, ids["response_id"]).head(1).to_dicts()
        if not rows:
            raise GenesysError(f"{ids['place']} in {self._root} has changed since it was read: read the tables again")
        row = rows[0]
        origin, notes = self._first("lineage", ids), []
        if not origin:
            notes.append("The table of lineage has no row of this trace.")
        thinking, answer = taken_apart(row.get("llm_response") or "")
        info = read_info(row.get("verification_result_info"))
        said = ("rule", "reason", "extracted_answer", "canonical_answer")
        verdict: Row = {name: info.get(name) for name in said} | {"score": row.get("score")}
        verdict |= {name: origin.get(name) for name in ("verifier", "verifier_version")}
        return Trace(
            number=number,
            ids=ids,
            task={name: value for name, value in row.items() if name not in ("llm_response", "response_id")}
            | {name: origin.get(name) for name in ("source_url", "license", "attribution")},
            turns=turns_of([{"role": "assistant", "content": answer, "reasoning": thinking}]),
            generation={name: origin.get(name) for name in _STEPS["generation"]},
            verdict=verdict,
            info=info,
            said={"ends": self._first("ends", ids)},
            steps=self._steps(origin, ids),
            notes=tuple(notes),
        )

    def lineage(self, trace: Trace) -> list[Link]:
        """What the release says of the lineage; the tables that it came from are not here to be checked."""
        where = f"{self._root}/lineage"
        return [
            Link.model_construct(step=step.name, where=where, facts=step.facts, checks=())  # type: ignore[arg-type]
            for step in trace.steps
        ]

    def _steps(self, origin: Row, ids: Row) -> tuple[Step, ...]:
        merkle = self._manifest.get("merkle")
        ends = {
            "name": self._manifest.get("name"),
            "version": self._manifest.get("version"),
            "merkle root": merkle.get("root") if isinstance(merkle, dict) else None,
            "file": ids["place"].partition("#")[0],
        }
        steps = []
        for name, columns in _STEPS.items():
            facts = {column: origin.get(column) for column in columns} | (ends if name == "release" else {})
            known = {column: value for column, value in facts.items() if value not in (None, "", [])}
            steps.append(Step(name, f"{self._root}/lineage", known))
        return tuple(steps)

    def _read(self) -> Index:
        try:
            self._manifest = json.loads(self._fs.cat_file(f"{self._root}/{MANIFEST}"))
            sizes = {path: int(file["bytes"]) for path, file in self._manifest["files"].items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GenesysError(f"{self._root}/{MANIFEST} cannot be read as that of a release: {error!r}") from None
        raw = [path for path in sorted(sizes) if _is_of("raw", path)]
        is_measured = sum(sizes[path] for path in raw) <= _MEASURED_UP_TO
        frames: list[pl.DataFrame] = []
        notes: list[str] = []
        for path in raw:
            try:
                frames += self._of_file(path, is_measured)
            except UNREADABLE as error:
                notes.append(f"{path} is left out: {error}")
        origins, ends = self._table("lineage", sizes, _OF_LINEAGE, notes), self._table("ends", sizes, _OF_ENDS, notes)
        traces = pl.concat(frames) if frames else pl.DataFrame(schema=_OF_RAW | {"place": NAME, "length": pl.UInt32})
        rows = self._joined(traces, origins, ends)
        if not raw:
            notes.append(f"{self._root} has no table raw, which is what is shown.")
        problems = rows.select("problem_id", pl.coalesce("row_id", "problem_id").alias("row_id"))
        unit = "characters" if is_measured else ""
        return index_of([rows.select(list(TRACES))], [problems.select(list(PROBLEMS))], unit=unit, notes=tuple(notes))

    def _joined(self, traces: pl.DataFrame, origins: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
        from genesys.lanes import LANES

        rows = traces.join(origins, on="response_id", how="left").join(ends, on="response_id", how="left")
        several = {name for name, lane in LANES.items() if lane.languages}
        language = pl.when(pl.col("lane").cast(pl.String).is_in(several)).then(
            pl.col("shard").cast(pl.String).str.extract(r"-([a-z][a-z0-9_]*)$")
        )
        judged = pl.col("step").cast(pl.String).ne_missing(_JUDGED).alias("accepted")
        rows = rows.with_columns(judged, language.cast(NAME).alias("language"), pl.lit(value=True).alias("is_filtered"))
        return rows.with_columns(verdicts(), pl.col("campaign").fill_null("")).rename({"teacher_id": "teacher"})

    def _of_file(self, path: str, is_measured: bool) -> Iterator[pl.DataFrame]:
        with self._opened(path) as parquet:
            for number in range(parquet.num_row_groups):
                read = parquet.read_row_group(number, [*_OF_RAW, *(["llm_response"] if is_measured else [])])
                frame = pl.DataFrame(pl.from_arrow(read))
                length = pl.col("llm_response").str.len_chars() if is_measured else pl.lit(None)
                place = pl.lit(f"{path}#{number:06}").cast(NAME).alias("place")
                yield frame.select(
                    *(pl.col(name).cast(kind) for name, kind in _OF_RAW.items()),
                    place,
                    length.cast(pl.UInt32).alias("length"),
                )

    def _table(self, name: str, sizes: Mapping[str, int], kinds: Mapping[str, Any], notes: list[str]) -> pl.DataFrame:
        """Some columns of the table beside ``raw``, a row a response."""
        frames = [pl.DataFrame(schema=kinds)]
        for path in sorted(sizes):
            if _is_of(name, path):
                try:
                    with self._opened(path) as parquet:
                        frame = pl.DataFrame(pl.from_arrow(parquet.read(list(kinds))))
                        frames.append(frame.select(pl.col(column).cast(kind) for column, kind in kinds.items()))
                except UNREADABLE as error:
                    notes.append(f"{path} is left out: {error}")
        return pl.concat(frames).unique("response_id", keep="first", maintain_order=True)

    def _first(self, name: str, ids: Row) -> Row:
        """The row of a trace in a table beside ``raw``; empty where there is none."""
        for path in sorted(self._manifest.get("files", {})):
            if _is_of(name, path):
                with self._opened(path) as parquet:
                    for number in range(parquet.num_row_groups):
                        if may_have(parquet.metadata.row_group(number), "response_id", ids["response_id"]):
                            rows = parquet.read_row_group(number, use_threads=False)
                            if len(found := rows.filter(pc.equal(rows["response_id"], ids["response_id"]))):
                                return dict(found.slice(0, 1).to_pylist()[0])
        return {}

    def _group(self, place: str, columns: list[str] | None, ident: str | None = None) -> pl.DataFrame:
        """Rows of a group of rows of a file."""
        path, _, number = place.partition("#")
        with self._opened(path) as parquet:
            rows = parquet.read_row_group(int(number), columns)
        if ident is not None:
            rows = rows.filter(pc.equal(rows["response_id"], ident))
        return pl.DataFrame(pl.from_arrow(rows))

    @contextmanager
    def _opened(self, path: str) -> Iterator[pq.ParquetFile]:
        with self._fs.open(f"{self._root}/{path}", "rb") as stream, pq.ParquetFile(stream, pre_buffer=False) as parquet:
            yield parquet


def _is_of(table: str, path: str) -> bool:
    """Whether a file that a manifest names is of a table; a manifest of others may name anything."""
    return re.fullmatch(rf"{table}/[\w.-]+\.parquet", path) is not None
