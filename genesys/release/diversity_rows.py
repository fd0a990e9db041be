"""What the rows of ``dataset/diversity`` are: which traces are looked at, and what each table has to say of them.

Which versions there are, and how they compare, stands in ``genesys.release.diversity``; how things are measured in
``genesys.quality.diversity``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from genesys.faults import GenesysError
from genesys.quality.diversity import LEVELS, Measure, Words, excerpt_of, likenesses, pair_likeness
from genesys.quality.rates import rates_by
from genesys.release import filtered, sft
from genesys.tables.lake import WHOLE, File, Lake, Part
from genesys.verifiers.thinking import after_thinking

MEASURED = "dataset/measured"
PROBLEMS = "problems"
"""Companion of ``dataset/filtered`` and of ``dataset/measured``."""
SCOPES = {"all": None, "lane": "lane", "task type": "task_type", "teacher": "teacher_id"}
"""Groups of traces, by the column of ``dataset/filtered`` that tells them apart."""
OF_PROBLEMS = {"all": None, "lane": "lane", "task type": "task_type", "language": "language", "source": "source"}
LENGTHS = {"thinking": "thinking_chars", "answer": "answer_chars"}

Row = dict[str, Any]
Group = tuple[str, str]
"""A scope and one of its groups."""


def diversity_rows(lake: Lake, size: int) -> Iterator[Row]:
    """All measures of ``dataset/sft`` as it stands, in order; ``size`` traces of a group are looked at."""
    chosen = lake.frame(filtered.ASSET, WHOLE, ["response_id", "problem_id", "lane", "task_type", "teacher_id"])
    names = [name for name in ("lane", "task_type", "teacher_id") if name in chosen.columns]
    chosen = chosen.with_columns(pl.col(names).fill_null("").cast(pl.Categorical)).sort("response_id")
    sample = _sample(chosen, size)
    measures = [*_of_texts(lake, sample), *_of_signatures(lake, sample), *_of_lengths(lake, chosen)]
    measures += _of_problems(lake)
    rows = [_row(*found) for found in measures]
    yield from sorted(rows, key=lambda row: (row["measure"], row["of"], row["scope"], row["group"], row["size"]))


def _row(of: str, group: Group, measure: Measure) -> Row:
    return {
        "of": of,
        "scope": group[0],
        "group": group[1],
        **vars(measure),
        "value": round(measure.value, 6),
        "worth": None if measure.worth is None else round(measure.worth, 6),
        "quantiles": list(measure.quantiles),
    }


Found = Iterator[tuple[str, Group, Measure]]


@dataclass
class _Sample:
    """Ids of what is looked at, by group."""

    traces: dict[Group, list[tuple[str, str]]] = field(default_factory=dict)
    """response_id and problem_id, one of each problem."""
    pairs: dict[Group, list[tuple[str, str]]] = field(default_factory=dict)
    """Two responses to the same problem."""


def _sample(chosen: pl.DataFrame, size: int) -> _Sample:
    """Of each group the first traces by id, one a problem; and the first two responses of the first problems."""
    found = _Sample()
    for scope, column in SCOPES.items():
        by = [column] if column else []
        first = chosen.unique(["problem_id", *by], keep="first", maintain_order=True)
        groups = first.partition_by(by, as_dict=True, maintain_order=True) if by else {("",): first}
        for name, rows in groups.items():
            found.traces[scope, str(name[0])] = list(rows.head(size).select("response_id", "problem_id").iter_rows())
        twice = (
            chosen.group_by(["problem_id", *by])
            .agg(pl.col("response_id").sort().head(2))
            .filter(pl.col("response_id").list.len() == 2)
            .sort("problem_id")
        )
        groups = twice.partition_by(by, as_dict=True, maintain_order=True) if by else {("",): twice}
        for name, rows in groups.items():
            found.pairs[scope, str(name[0])] = [tuple(pair) for pair in rows["response_id"].head(size).to_list()]
    return found


def _of_texts(lake: Lake, sample: _Sample) -> Found:
    """What needs texts: only those of the sample are read, and of each a few words are held."""
    groups_of: dict[str, list[Group]] = {}
    for group, traces in sample.traces.items():
        for response_id, _ in traces:
            groups_of.setdefault(response_id, []).append(group)
    held: dict[tuple[str, Group], Words] = {}
    known: dict[str, str] = {}
    files = [file for part in lake.need(sft.ASSET).parts.values() for file in (part.data, *_test_of(part))]
    texts: dict[str, dict[str, Any]] = {}
    for file in files:
        for row in lake.find_all(sft.ASSET, WHOLE, file, "response_id", groups_of.keys(), ["response_id", "messages"]):
            parts = _parts(row["messages"])
            texts[row["response_id"]] = {of: excerpt_of(text, row["response_id"], known) for of, text in parts.items()}
    for response_id in sorted(groups_of):  # train and test are two files, each in order
        for of, (excerpt, opening) in texts.get(response_id, {}).items():
            for group in groups_of[response_id]:
                held.setdefault((of, group), Words()).add(excerpt, opening)
    for (of, group), words in held.items():
        for measure in words.measures():
            yield of, group, measure


def _test_of(part: Part) -> list[File]:
    return [part.companions["test"]] if "test" in part.companions else []


def _parts(messages: list[Row]) -> dict[str, str]:
    """The texts of a trace: what was asked, what was thought and what was answered."""
    said = str(messages[-1]["content"] or "")
    answer = after_thinking(said)
    asked = "\n".join(str(turn["content"] or "") for turn in messages[:-1] if turn["role"] == "user")
    return {"prompt": asked, "thinking": said[: len(said) - len(answer)], "answer": answer}


def _of_signatures(lake: Lake, sample: _Sample) -> Found:
    """How alike texts are, by the signatures that were measured; no text is read."""
    wanted = {ident for traces in sample.traces.values() for ident, _ in traces}
    wanted |= {ident for pairs in sample.pairs.values() for pair in pairs for ident in pair}
    problems = {problem for traces in sample.traces.values() for _, problem in traces}
    responses = _signatures(lake, "response_id", wanted, companion=None)
    prompts = _signatures(lake, "problem_id", problems, companion=PROBLEMS)
    for group, traces in sample.traces.items():
        for measure in likenesses([responses[ident] for ident, _ in traces if ident in responses]):
            yield "response", group, measure
        for measure in likenesses([prompts[problem] for _, problem in traces if problem in prompts]):
            yield "prompt", group, measure
    for group, pairs in sample.pairs.items():
        both = [(responses[a], responses[b]) for a, b in pairs if a in responses and b in responses]
        for measure in pair_likeness(both):
            yield "response", group, measure


def _signatures(lake: Lake, key: str, wanted: Iterable[str], companion: str | None) -> dict[str, bytes]:
    ids, found = pl.Series("wanted", sorted(wanted), dtype=pl.String), dict[str, bytes]()
    for partition in lake.partitions(MEASURED):
        for part in lake.need(MEASURED, partition).parts.values():
            file = part.companions.get(companion) if companion else part.data
            if file is not None:
                frame = lake.file_frame(MEASURED, partition, file, [key, "signature"]).drop_nulls()
                found.update(frame.filter(pl.col(key).is_in(ids.implode())).select(key, "signature").iter_rows())
    return found


def _of_lengths(lake: Lake, chosen: pl.DataFrame) -> Found:
    """Quantiles of the lengths of all chosen traces, thinking and answer."""
    columns = ["response_id", *LENGTHS.values()]
    frames = [lake.frame(MEASURED, partition, columns) for partition in lake.partitions(MEASURED)]
    if not frames:
        return
    measured = pl.concat([f.select("response_id", pl.col(*LENGTHS.values()).cast(pl.Int32)) for f in frames])
    joined = chosen.drop("problem_id").join(measured.unique("response_id"), on="response_id").drop("response_id")
    for scope, column in SCOPES.items():
        groups = joined.partition_by([column], as_dict=True) if column else {("",): joined}
        for name, rows in groups.items():
            for of, chars in LENGTHS.items():
                values = rows[chars].drop_nulls()
                if len(values):
                    yield of, (scope, str(name[0])), _lengths(values)


def _lengths(values: pl.Series) -> Measure:
    marks = tuple(float(values.quantile(level, "nearest") or 0) for level in LEVELS)
    return Measure("characters", len(values), marks[len(marks) // 2], quantiles=marks)


def _of_problems(lake: Lake) -> Found:
    """How often teachers were right, and how hard problems are, over all problems with a verdict."""
    problems = problems_of(lake)
    for scope, column in OF_PROBLEMS.items():
        by = [column] if column else []
        for row in rates_by(problems, by).iter_rows(named=True):
            yield "", (scope, str(row[column] or "none") if column else ""), _rate(row)
    for row in rates_by(teachers_of(problems), ["teacher_id"]).iter_rows(named=True):
        yield "", ("teacher", row["teacher_id"]), _rate(row)
    for row in problems.group_by("band").len().sort("band", nulls_last=True).iter_rows(named=True):
        share = row["len"] / problems.height
        yield "", ("band", str(row["band"])), Measure("share of problems", problems.height, share)


def _rate(row: Row) -> Measure:
    return Measure("pass rate", row["responses"], row["value"], worth=row["worth"])


def problems_of(lake: Lake) -> pl.DataFrame:
    """The problems of ``dataset/filtered``, all columns."""
    return beside_choice(lake, PROBLEMS)


def beside_choice(lake: Lake, companion: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A table beside ``dataset/filtered``.

    Raises:
        GenesysError: It was made before there was this table.
    """
    frames = []
    for part in lake.need(filtered.ASSET).parts.values():
        if companion not in part.companions:
            raise GenesysError(
                f"{filtered.ASSET} was made before it listed its {companion}: materialize it again first"
            )
        frames.append(lake.file_frame(filtered.ASSET, WHOLE, part.companions[companion], columns))
    return pl.concat(frames)


def teachers_of(problems: pl.DataFrame) -> pl.DataFrame:
    """A row for each problem and teacher: ``teacher_id``, ``responses``, ``accepted``."""
    import msgspec

    decode = msgspec.json.Decoder(dict[str, tuple[int, int]]).decode
    told = [(name, *both) for text in problems["teachers"] if text for name, both in decode(text).items()]
    schema = {"teacher_id": pl.String, "responses": pl.Int64, "accepted": pl.Int64}
    return pl.DataFrame(told, schema=schema, orient="row")
