"""Numbers of a release, for its card: what is in it, how often teachers were right, what was left out. No words.

Everything is counted from columns of ids and names; no text of a trace is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from genesys.release.publishing.layout import CONFIGS, ENDS, FILTERED, LINEAGE, RAW, SFT, TEST
from genesys.release.publishing.standing import Standing
from genesys.tables.lake import WHOLE, File, Lake

PROBLEMS = "problems"
_OF_PROBLEMS = ("lane", "task_type", "language", "source", "license", "split", "band")
LANGUAGE = "programming language"
DIMENSIONS = {"lane": "lane", "task_type": "task type", "language": LANGUAGE, "source": "source"}
"""By which a release is told apart, besides teachers; and what people call them."""
_SEED = r',? ?"seed": ?-?\d+'
_JUDGED = "llm_judgeable_groundtruth_similarity"


@dataclass(frozen=True)
class Slice:
    """A part of a release: one lane, one source and so on."""

    name: str
    raw: int
    sft: int
    preference: int | None
    rl: int | None
    problems: int | None
    judged: int
    """Responses with a verdict, of problems that may be published; dropped ones included."""
    accepted: int

    @property
    def pass_rate(self) -> float | None:
        """Share of those judged that were accepted."""
        return self.accepted / self.judged if self.judged else None


@dataclass(frozen=True)
class Drop:
    """What one filter dropped for one reason."""

    step: str
    reason: str
    traces: int
    for_all: bool


@dataclass(frozen=True)
class Origin:
    """Rows of one source under one licence."""

    source: str
    license: str | None
    problems: int
    traces: int


@dataclass(frozen=True)
class Figures:
    """All of them."""

    slices: dict[str, list[Slice]]
    """By dimension; ``teacher`` is one of them."""
    drops: list[Drop]
    traces: int
    """That had a verdict, whatever became of them."""
    left: int
    """That all filters left."""
    origins: list[Origin]
    verifiers: list[tuple[str, str, int]]
    prompts: list[tuple[str, str, int]]
    """Name, hash, traces of ``raw`` whose task it was part of making."""
    sampling: list[tuple[str, str, str, int]]
    """Teacher, model, sampling parameters as JSON without the seed, traces of ``raw``."""
    toolchains: list[str]
    bands: dict[str, int]
    """Problems by how hard they are."""
    judged: int
    """Traces of ``raw`` whose verdict is a judge's."""
    unscored: int
    """Traces of ``raw`` of which nothing could be said."""
    held_back: tuple[int, int, int]
    """Problems, families and clusters in the test split."""


def figures_of(lake: Lake, standing: Standing) -> Figures:
    """Count everything."""
    per_problem = _per_problem(lake, standing)
    lineage = standing.sets[RAW].companions[LINEAGE]
    raw = names_of(lake, CONFIGS[RAW], lineage, ("teacher_id", "verifier", "verifier_version", "toolchain"))
    drops, traces = _drops(lake, standing)
    held = per_problem.filter(pl.col("split") == TEST, pl.col("raw") > 0)
    return Figures(
        slices={
            **{title: _slices(per_problem, column) for column, title in DIMENSIONS.items()},
            "teacher": _teachers(lake, standing, per_problem, raw),
        },
        drops=drops,
        traces=traces,
        left=standing.filtered.data.rows,
        origins=_origins(per_problem),
        verifiers=[(str(name), str(version), count) for name, version, count in _tally(raw, "verifier_version")],
        prompts=_prompts(lake, lineage),
        sampling=_sampling(lake, lineage),
        toolchains=sorted(map(str, raw["toolchain"].drop_nulls().unique())),
        bands={str(band): count for band, count in sorted(per_problem["band"].drop_nulls().value_counts().rows())},
        judged=int(per_problem.filter(pl.col("task_type") == _JUDGED)["raw"].sum()),
        unscored=_unscored(lake, standing),
        held_back=(held.height, held["family_id"].n_unique(), held["cluster"].n_unique()),
    )


def batches(lake: Lake, table: str, file: File, columns: Sequence[str], names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Columns of a file, some thousand rows at a time; ``names`` are those whose values repeat."""
    with lake.parquet(table, WHOLE, file, names) as parquet:
        for batch in parquet.iter_batches(batch_size=2**16, columns=list(columns), use_threads=lake.local):
            frame = pl.DataFrame(pl.from_arrow(batch))
            yield frame.with_columns(pl.col(name).cast(pl.Categorical) for name in names if name in columns)


def names_of(lake: Lake, table: str, file: File, names: Sequence[str], ids: Sequence[str] = ()) -> pl.DataFrame:
    """Columns of a file whose values repeat, and columns of ids."""
    found = list(batches(lake, table, file, [*ids, *names], names))
    schema = dict.fromkeys(ids, pl.String()) | dict.fromkeys(names, pl.Categorical())
    return pl.concat(found) if found else pl.DataFrame(schema=schema)


def _per_problem(lake: Lake, standing: Standing) -> pl.DataFrame:
    """Every problem that may be published, with how many rows of each data set are of it."""
    file = standing.filtered.companions[PROBLEMS]
    numbers = ("responses", "accepted")
    found = names_of(
        lake, FILTERED, file, _OF_PROBLEMS, ("problem_id", "family_id", "cluster", *numbers, "publishable", "teachers")
    )
    found = found.filter(pl.col("publishable")).drop("publishable")
    for name in CONFIGS:
        counted = _counted(lake, standing, name)
        found = found.join(counted, on="problem_id", how="left").with_columns(pl.col(name).fill_null(0))
    return found


def _counted(lake: Lake, standing: Standing, name: str) -> pl.DataFrame:
    """How many rows of a data set are of each problem."""
    part = standing.sets[name]
    files = [file for file in (part.data, part.companions.get(TEST)) if file is not None and file.rows]
    rows = [names_of(lake, CONFIGS[name], file, (), ("problem_id",)) for file in files]
    ids = pl.concat(rows) if rows else pl.DataFrame(schema={"problem_id": pl.String()})
    return ids.group_by("problem_id").agg(pl.len().cast(pl.Int64).alias(name))


def _slices(per_problem: pl.DataFrame, column: str) -> list[Slice]:
    sums = [pl.col(name).sum() for name in (*CONFIGS, "responses", "accepted")]
    in_it = pl.any_horizontal(pl.col(name) > 0 for name in CONFIGS)
    grouped = per_problem.group_by(column).agg(*sums, in_it.sum().alias("problems"))
    rows = grouped.with_columns(pl.col(column).cast(pl.String)).drop_nulls(column).rows(named=True)
    counted = (*CONFIGS, "problems", "responses", "accepted")
    found = [Slice(row[column], *(row[name] for name in counted)) for row in rows]
    return sorted(found, key=lambda slice_: (-slice_.raw, -slice_.judged, slice_.name))


def _teachers(lake: Lake, standing: Standing, per_problem: pl.DataFrame, raw: pl.DataFrame) -> list[Slice]:
    judged: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for text, count in per_problem["teachers"].drop_nulls().value_counts().iter_rows():
        for teacher, (all_, good) in msgspec.json.decode(text).items():
            judged[teacher] += all_ * count
            accepted[teacher] += good * count
    in_raw = {str(name): count for name, count in raw["teacher_id"].value_counts().iter_rows()}
    file = standing.sets[SFT].companions.get(LINEAGE)
    sft = names_of(lake, CONFIGS[SFT], file, ("teacher_id",)) if file else raw.clear()
    in_sft = {str(name): count for name, count in sft["teacher_id"].value_counts().iter_rows()}
    found = [
        Slice(name, in_raw.get(name, 0), in_sft.get(name, 0), None, None, None, judged[name], accepted[name])
        for name in {*in_raw, *in_sft, *judged}
    ]
    return sorted(found, key=lambda slice_: (-slice_.raw, -slice_.judged, slice_.name))


def _drops(lake: Lake, standing: Standing) -> tuple[list[Drop], int]:
    """What each filter dropped, in no order of filters; and how many traces there were."""
    ends = names_of(lake, FILTERED, standing.filtered.companions[ENDS], ("step", "reason"), ("for_all",))
    counted = ends.drop_nulls("step").group_by("step", "reason").agg(pl.len(), pl.col("for_all").any())
    found = [Drop(str(step), str(reason), count, bool(hold)) for step, reason, count, hold in counted.rows()]
    return sorted(found, key=lambda drop: (not drop.for_all, drop.step, -drop.traces, drop.reason)), ends.height


def _origins(per_problem: pl.DataFrame) -> list[Origin]:
    in_raw = per_problem.filter(pl.col("raw") > 0)
    grouped = in_raw.group_by("source", "license").agg(pl.len(), pl.col("raw").sum())
    found = [
        Origin(str(source), None if license_ is None else str(license_), problems, traces)
        for source, license_, problems, traces in grouped.rows()
    ]
    return sorted(found, key=lambda origin: (-origin.traces, origin.source, origin.license or ""))


def _tally(raw: pl.DataFrame, column: str) -> list[tuple[str, str, int]]:
    counted = raw.group_by("verifier", column).len().rows()
    return sorted(counted, key=lambda row: (-row[2], str(row[0]), str(row[1])))


def _prompts(lake: Lake, lineage: File) -> list[tuple[str, str, int]]:
    """Lists of prompts repeat: each is taken apart once."""
    counted: Counter[str] = Counter()
    for frame in batches(lake, CONFIGS[RAW], lineage, ["prompt_hashes"], ()):
        joined = frame.select(pl.col("prompt_hashes").list.unique(maintain_order=True).list.join("\n"))
        for text, count in joined["prompt_hashes"].drop_nulls().value_counts().iter_rows():
            for prompt in filter(None, text.split("\n")):
                counted[prompt] += count
    return [(*_parted(prompt), count) for prompt, count in sorted(counted.items(), key=lambda item: (-item[1], item))]


def _sampling(lake: Lake, lineage: File) -> list[tuple[str, str, str, int]]:
    counted: Counter[tuple[str, str, str]] = Counter()
    columns = ("teacher_id", "model_name", "generation_config")
    for frame in batches(lake, CONFIGS[RAW], lineage, columns, ("teacher_id", "model_name")):
        named = frame.with_columns(pl.col("generation_config").str.replace(_SEED, ""))
        for *names, count in named.group_by(columns).len().iter_rows():
            teacher, model, config = (str(name or "") for name in names)
            counted[teacher, model, config] += count
    return [(*names, count) for names, count in sorted(counted.items(), key=lambda item: (-item[1], item))]


def _parted(prompt: str) -> tuple[str, str]:
    name, _, hash_ = prompt.rpartition(":")
    return name, hash_


def _unscored(lake: Lake, standing: Standing) -> int:
    part, total = standing.sets[RAW], 0
    for file in (part.data, part.companions.get(TEST)):
        for frame in batches(lake, CONFIGS[RAW], file, ["score"], ()) if file is not None else ():
            total += frame["score"].null_count()
    return total
