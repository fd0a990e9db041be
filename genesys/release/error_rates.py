"""``dataset/error_rates``: how often verdicts are wrong, by lane, task type and method, on a sample of ``dataset/raw``.

Each verdict that is reached for it is a durable call in a segment of its own, so that nothing is verified twice while
it stays the same. What the cases are, and what they come to, stands in ``genesys.quality.error_rates``.
"""

from __future__ import annotations

import hashlib
import time
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import polars as pl

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Progress, Work, replay_rows, run_rows
from genesys.calls.journal import Journal
from genesys.faults import GenesysError, InfrastructureFault
from genesys.lane import Lane
from genesys.outcomes import Counts, Outcome, accepted
from genesys.quality.error_rate_rows import rates
from genesys.quality.error_rates import Case, End, Sampled, cases_of, end_of_case
from genesys.quality.second_opinions import PREFIX, SECOND
from genesys.recipe import Recipe
from genesys.release.judged_rates import judged_cases
from genesys.release.proof.again import record_of
from genesys.release.proof.checking import Trace
from genesys.schemas import parse_info
from genesys.settings import Settings
from genesys.tables.columns import ERROR_RATES, OUTCOMES
from genesys.tables.lake import WHOLE, File, Lake, Part
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner

ASSET, RAW = "dataset/error_rates", "dataset/raw"
CAMPAIGN = "all"
VERSION = "1"
TEST, LINEAGE = "test", "lineage"
"""Companions of ``dataset/raw``."""
SEGMENT = ASSET
"""The journal's segment of all verdicts that are reached here."""
_WINDOW = 64

Row = dict[str, Any]
Registry = Mapping[str, type[Any]]


def error_rates_recipe(settings: Settings, task_types: Sequence[str] = (), registry: Registry | None = None) -> Recipe:
    """What decides the estimates besides the traces.

    Args:
        settings: Size of the sample, what is accepted, and what verifiers are made from.
        task_types: Of the traces.
        registry: Verifiers by task type; by default those that are installed.
    """
    runner = verifiers_of(settings, registry)
    kinds = [kind for each in sorted(set(task_types)) for kind in (each, f"{PREFIX}{each}")]
    versions = {f"verifier:{kind}": _identity(runner, kind) for kind in kinds}
    chosen = {"sample": settings.release.error_rates.sample, "acceptance": settings.acceptance.model_dump()}
    return Recipe({"error_rates": VERSION, **versions}, chosen)


def verifiers_of(settings: Settings, registry: Registry | None = None) -> VerifierRunner:
    """The verifiers, and those that give second opinions."""
    own = VERIFIER_REGISTRY if registry is None else registry
    return VerifierRunner(ChainMap(dict(SECOND), cast("dict[str, Any]", own)), settings=settings)


async def make_error_rates(
    lake: Lake,
    lanes: Iterable[Lane],
    journal: Journal,
    settings: Settings,
    *,
    registry: Registry | None = None,
    progress: Progress | None = None,
    run_id: str = "",
) -> Part:
    """Estimate on a sample of ``dataset/raw`` how often verdicts are wrong.

    Args:
        lake: Where the tables stand.
        lanes: All of the data sets.
        journal: Keeps the verdicts that are reached, and has what judges made of golds.
        settings: See ``error_rates_recipe``.
        registry: Likewise.
        progress: Updated as cases end.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing has changed and none of it is left to try again.

    Raises:
        GenesysError: ``dataset/raw`` was never made.
        InfrastructureFault: A fatal one; the next run goes on from there.
    """
    raw = lake.need(RAW)
    inputs = {f"{RAW}/{WHOLE}": raw.data_version}
    (part,) = raw.parts.values()
    known = _known(lake, part)
    recipe = error_rates_recipe(settings, known["task_type"].unique().to_list(), registry)
    async with verifiers_of(settings, registry) as runner:
        judged = await judged_cases(lake, lanes, journal, settings, runner)
    fingerprint = recipe.fingerprint([inputs, [[case.row_id, case.opinion] for case in judged]])
    standing = lake.part(ASSET, WHOLE, CAMPAIGN)
    if standing and standing.fingerprint == fingerprint and not standing.unfinished:
        return standing
    cases = [*_cases(lake, part, known, settings), *judged]
    async with verifiers_of(settings, registry) as runner:
        ends, counts, outcomes = await _ended(lake, journal, settings, cases, Roles(verifiers=runner), progress)
    data = lake.write(ASSET, WHOLE, ERROR_RATES, rates(ends))
    counts.records = data.rows  # a case is a row that was worked at, a rate what the table holds
    made = Part(
        data=data,
        outcomes=outcomes,
        fingerprint=fingerprint,
        inputs=inputs,
        versions=recipe.versions,
        settings=recipe.settings,
        counts=counts.as_dict(),
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(ASSET, WHOLE, {CAMPAIGN: made})
    return made


async def _ended(
    lake: Lake, journal: Journal, settings: Settings, cases: list[Case], roles: Roles, progress: Progress | None
) -> tuple[list[tuple[Case, End]], Counts, File | None]:
    """Every case with its end, run into the journal and read from there."""

    async def function(case: Case, calls: Calls) -> Outcome:
        return accepted({"end": await end_of_case(case, calls, settings.acceptance)})

    work = Work(rows=lambda: cases, row_id=lambda case: case.row_id, function=function, stage="error_rates")
    counts, ends = Counts(), list[tuple[Case, End]]()
    segment = journal.segment(SEGMENT)
    await run_rows(work, segment, roles, progress=progress, window=_WINDOW)
    with lake.writer(ASSET, WHOLE, OUTCOMES) as outcomes:
        async for case, outcome, _ in replay_rows(work, segment, roles):
            counts.add(outcome)
            outcomes.add(outcome.row(case.row_id))
            ends.append((case, outcome.records[0]["end"] if outcome.records else "unsaid"))
    return ends, counts, outcomes.file


def _identity(runner: VerifierRunner, kind: str) -> str:
    try:
        return "@".join(runner.identity(kind))
    except InfrastructureFault:
        return "none"


def _files(part: Part) -> list[File]:
    """Those with the rows of the data set."""
    return [file for file in (part.data, part.companions.get(TEST)) if file is not None]


def _known(lake: Lake, part: Part) -> pl.DataFrame:
    """Every trace without its texts; ``file`` says in which file of the data set it is."""
    columns = ["response_id", "problem_id", "task_type", "score"]
    found = [
        lake.file_frame(RAW, WHOLE, file, columns).with_columns(pl.lit(number).alias("file"))
        for number, file in enumerate(_files(part))
    ]
    lineage = part.companions.get(LINEAGE)
    if lineage is None:
        raise GenesysError(f"{RAW} has no lineage beside it: materialize it again")
    lanes = lake.file_frame(RAW, WHOLE, lineage, ["response_id", "lane"])
    repeated = pl.col("task_type").cast(pl.Categorical), pl.col("lane").cast(pl.Categorical)
    return pl.concat(found).join(lanes, on="response_id", how="inner").with_columns(repeated)


def _cases(lake: Lake, part: Part, known: pl.DataFrame, settings: Settings) -> Iterator[Case]:
    """The cases of all lanes, in the order of lanes, task types and a hash of response_ids."""
    for (lane, task_type), chosen in sorted(_chosen(known, settings).items()):
        sample = [_sampled(lake, part, row, lane, settings) for row in chosen]
        assert all(each.task_type == task_type for each in sample)  # noqa: S101 - the file says what it said before
        yield from cases_of(sample, settings.acceptance)


def _chosen(known: pl.DataFrame, settings: Settings) -> dict[tuple[str, str], list[Row]]:
    """The first traces by a hash, so many accepted and rejected ones of a lane and task type, one of a problem each."""
    found: dict[tuple[str, str], list[Row]] = {}
    for (lane, task_type), group in known.partition_by("lane", "task_type", as_dict=True).items():
        marks = [hashlib.sha256(each.encode()).digest()[:8] for each in group["response_id"]]
        ordered = group.with_columns(pl.Series("mark", marks)).sort("mark", "response_id")
        least = settings.acceptance.by_task_type.get(str(task_type), settings.acceptance.default)
        is_accepted = pl.col("score").fill_null(-1.0) >= least
        sides = [ordered.filter(is_accepted), ordered.filter(~is_accepted)]
        size = settings.release.error_rates.sample
        firsts = [side.unique("problem_id", keep="first", maintain_order=True).head(size) for side in sides]
        found[str(lane), str(task_type)] = [row for side in firsts for row in side.drop("mark").to_dicts()]
    return found


def _sampled(lake: Lake, part: Part, row: Row, lane: str, settings: Settings) -> Sampled:
    """One trace whole."""
    response_id = row["response_id"]
    (raw, *_) = lake.find(RAW, WHOLE, _files(part)[row["file"]], "response_id", response_id)
    (lineage, *_) = lake.find(RAW, WHOLE, part.companions[LINEAGE], "response_id", response_id)
    return Sampled(
        lane=lane,
        family_id=str(lineage["family_id"] or lineage["problem_id"]),
        record=record_of(Trace(raw, lineage)),
        score=raw["score"],
        info=parse_info(raw["verification_result_info"]),
        accepted=settings.acceptance.accepts(raw["task_type"], raw["score"]),
    )
