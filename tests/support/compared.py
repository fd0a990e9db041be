"""What filters look at, made of texts: problems and responses as they are measured, without a lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from genesys.hashing import digest
from genesys.quality.signatures import SIZE, text_signature
from genesys.quality.statements import problem_marks
from genesys.release.filters.base import Filter, Traces

Row = dict[str, Any]


def traces_of(problems: list[Row], responses: list[Row], folder: Path) -> Traces:
    """Traces of these problems and responses.

    Args:
        problems: ``problem_id`` and ``prompt``, and what else is to stand in their columns.
        responses: ``response_id``, ``problem_id``, ``text``, and what else.
        folder: For the signatures.
    """
    tasks = [
        {"family_id": row["problem_id"], "task_type": "verifiable_math", "language": None, "overlap": None}
        | problem_marks(row["prompt"])
        | {name: value for name, value in row.items() if name != "prompt"}
        for row in sorted(problems, key=lambda row: row["problem_id"])
    ]
    rows = []
    for place, row in enumerate(sorted(responses, key=lambda row: (row["response_id"], row.get("campaign", "")))):
        signed, numbers = text_signature(row["text"])
        made = {"row": place, "campaign": "", "digest": digest(row["text"]), "numbers": numbers, "signature": signed}
        made |= {"thinking_chars": 0, "answer_chars": len(row["text"])}
        rows.append(made | {name: value for name, value in row.items() if name != "text"})
    for name, made_of in (("problems", tasks), ("responses", rows)):
        np.save(
            folder / f"{name}.npy",
            np.frombuffer(b"".join(row.pop("signature") for row in made_of), "<u4").reshape(-1, SIZE),
        )
    return Traces(
        pl.DataFrame(rows, schema_overrides={"row": pl.UInt32}, infer_schema_length=None).with_columns(
            pl.col("problem_id", "campaign").cast(pl.Categorical)
        ),
        pl.DataFrame(tasks, schema_overrides={"language": pl.String, "overlap": pl.String}, infer_schema_length=None),
        folder,
    )


def one_each(prompts: list[str], folder: Path) -> Traces:
    """A response to each of these problems, whose ids are in their order."""
    problems = [{"problem_id": f"p{place:06}", "prompt": prompt} for place, prompt in enumerate(prompts)]
    responses = [
        {"response_id": f"r{row['problem_id']}", "problem_id": row["problem_id"], "text": f"An answer to {place}."}
        for place, row in enumerate(problems)
    ]
    return traces_of(problems, responses, folder)


def gone(filter_: Filter, traces: Traces) -> dict[str, str]:
    """What a filter drops: response_id and detail."""
    found = filter_.drop(traces).join(traces.rows.select("row", "response_id"), on="row")
    return dict(zip(found["response_id"].cast(pl.String), found["detail"], strict=True))
