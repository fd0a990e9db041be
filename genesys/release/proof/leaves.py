"""The leaf of a trace: one hash over its published row and its lineage. How leaves come to one root says ``tree``.

A leaf is SHA-256 of a zero byte and the canonical JSON of ``[row, lineage]``: keys sorted, no white space, UTF-8 that
escapes nothing it need not, numbers as Python writes them. Which columns are covered stands here by name and not by
the tables' schemas, since these bytes stay as they are for ever: another column makes another ``FORMAT``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from genesys.faults import GenesysError
from genesys.hashing import canonical_json

FORMAT = 1
ALGORITHM = f"sha256-rfc6962, leaf {FORMAT}"
"""What a manifest says of how its root was made."""
OF_ROW = (
    "response_id",
    "problem_id",
    "source",
    "in_source_id",
    "hf_dataset_name",
    "task_type",
    "prompt",
    "gold_standard_solution",
    "llm_response",
    "verification_info",
    "score",
    "verification_result_info",
    "metadata",
)
"""The published row, whole."""
OF_LINEAGE = (
    "response_id",
    "problem_id",
    "lane",
    "shard",
    "source",
    "source_url",
    "revision",
    "row_id",
    "row_hash",
    "license",
    "attribution",
    "task_hash",
    "family_id",
    "prompt_hashes",
    "task_call_keys",
    "teacher_id",
    "model_name",
    "campaign",
    "sample_index",
    "finish_reason",
    "generation_config",
    "generation_call_key",
    "verifier",
    "verifier_version",
    "verdict_call_key",
    "toolchain",
)
"""Where it came from: the hashes of source row, prompts and calls, the verifier with its version, the toolchain."""


def leaf(row: Mapping[str, Any], lineage: Mapping[str, Any]) -> str:
    """The leaf of one trace, as 64 hexadecimal digits.

    Args:
        row: With the columns of ``dataset/raw``; others are passed over.
        lineage: With those of its lineage; ``leaf`` itself is none of them.

    Raises:
        GenesysError: A column is missing.
    """
    covered = [_chosen(row, OF_ROW, "row"), _chosen(lineage, OF_LINEAGE, "lineage")]
    return hashlib.sha256(b"\0" + canonical_json(covered)).hexdigest()


def _chosen(row: Mapping[str, Any], columns: tuple[str, ...], what: str) -> dict[str, Any]:
    try:
        return {name: row[name] for name in columns}
    except KeyError as error:
        named = row.get("response_id", "a trace")
        raise GenesysError(f"{named}: its {what} has no column {error}, so that it has no leaf") from None
