"""Problems that mean the same in words of their own, by the embeddings of a model: an option, since it takes one.

Only problems with the same numbers are compared, and nothing that says the contrary is the same, however near it lies.
Embeddings differ in their last digits from machine to machine; a pair that lies just at the threshold may, too.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import polars as pl

from genesys.faults import GenesysError
from genesys.quality import sameness
from genesys.quality.statements import unpacked
from genesys.release.filters.base import Filter, Traces
from genesys.release.filters.problems import kinds, traces_of
from genesys.release.near import CROWD
from genesys.settings.release import DuplicateSettings

if TYPE_CHECKING:
    from genesys.release.near import Array

_BATCH = 4096
"""Problems embedded at once."""


def meaning(settings: DuplicateSettings) -> Filter:
    """Of problems that mean the same the first stays."""
    return Filter(
        "meaning",
        "1",
        lambda traces: _meaning(traces, settings),
        {"semantic_model": settings.semantic_model, "semantic_threshold": settings.semantic_threshold},
    )


def _meaning(traces: Traces, settings: DuplicateSettings) -> pl.DataFrame:
    left = traces.rows.select(pl.col("problem_id").cast(pl.String)).unique()
    chosen = (
        traces.problems.with_columns(pl.col("problem_id").cast(pl.String))
        .join(left, on="problem_id", how="semi")
        .sort("problem_id")
    )
    groups = pl.DataFrame({"group": kinds(chosen), "family": chosen["family_id"].cast(pl.String)}).with_row_index(
        "place"
    )
    several = groups.filter(pl.col("family").n_unique().over("group") > 1)
    gone = []
    for _, group in several.group_by("group", maintain_order=True):
        gone += _twins(chosen, group["place"].to_list(), settings)
    return traces_of(traces, chosen, sorted(gone), "same meaning")


def _twins(chosen: pl.DataFrame, places: list[int], settings: DuplicateSettings) -> list[tuple[int, int, float]]:
    """Those of a group that go, each with the one that stays instead: the nearest, of equals the first."""
    import numpy as np

    model = _model(settings.semantic_model)
    families = chosen["family_id"].to_list()
    staying: list[int] = []
    vectors: list[Array] = []
    gone = []
    for start in range(0, len(places), _BATCH):
        some = places[start : start + _BATCH]
        texts = [" ".join(unpacked(chosen["content"][place]).tokens) for place in some]
        made = model.encode(texts, normalize_embeddings=True, show_progress_bar=False, batch_size=64)
        for place, vector in zip(some, np.asarray(made, dtype=np.float32), strict=True):
            near = np.stack(vectors) @ vector if vectors else np.zeros(0, dtype=np.float32)
            found = None
            for at in np.argsort(-near, kind="stable")[:CROWD].tolist():
                if near[at] < settings.semantic_threshold:
                    break
                if families[staying[at]] != families[place] and _same(chosen, staying[at], place):
                    found = (place, staying[at], float(near[at]))
                    break
            if found:
                gone.append(found)
            else:
                staying.append(place)
                vectors.append(vector)
    return gone


def _same(chosen: pl.DataFrame, one: int, two: int) -> bool:
    return sameness.same_task(unpacked(chosen["content"][one]), unpacked(chosen["content"][two]))


@functools.lru_cache(maxsize=1)
def _model(name: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise GenesysError(
            "release.duplicates.semantic compares problems with the package sentence-transformers, which is not "
            "installed: `pip install genesys-dagster[semantic]`, or set semantic = false"
        ) from error
    try:
        return SentenceTransformer(name, device="cpu")
    except (OSError, ValueError) as error:
        raise GenesysError(
            f"release.duplicates.semantic_model: {name} could not be opened ({error}); name a folder that holds "
            "a model of sentence-transformers, or a hub id where the hub can be reached"
        ) from error
