"""A small published data set, written as releases are: rows, lineage with leaves, and a manifest of hashes."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genesys.hashing import digest
from genesys.release.proof.leaves import ALGORITHM, leaf
from genesys.release.proof.tree import root
from genesys.tables.columns import LINEAGE, PROVEN, RAW

Row = dict[str, Any]
Trace = tuple[Row, Row]

CODE = {"language": "python", "test_cases": [{"type": "stdin_stdout", "input": "3\n", "output": "6"}]}


def trace(number: int, task_type: str, response: str, info: Row, score: float | None, **more: Any) -> Trace:
    """A trace as a release has it; ``more`` is of its lineage, or its ``verification_result_info``."""
    response_id = hashlib.sha256(str(number).encode()).hexdigest()[:24]
    told = more.pop("told", {"rule": "as published"})
    row = dict.fromkeys(RAW.names) | {
        "response_id": response_id,
        "problem_id": f"problem-{number}",
        "source": "tiny/set",
        "task_type": task_type,
        "prompt": f"Question {number}, é \u2028?",
        "llm_response": response,
        "verification_info": json.dumps(info),
        "score": score,
        "verification_result_info": json.dumps(told),
        "metadata": "{}",
    }
    lineage = {name: f"{name} {number}" for name in LINEAGE.names} | {
        "response_id": response_id,
        "problem_id": f"problem-{number}",
        "prompt_hashes": ["abc"],
        "task_call_keys": [],
        "sample_index": 0,
        "finish_reason": "stop",
        "generation_config": "{}",
        "toolchain": None,
        **more,
    }
    return row, lineage


def traces() -> list[Trace]:
    """Math, programs, outputs and judged ones; all verdicts are right."""
    judged = "llm_judgeable_groundtruth_similarity"
    made = [trace(n, "verifiable_math", f"So \\boxed{{{n}}}.", {"ground_truth": str(n)}, 1.0) for n in range(12)]
    made += [trace(20, "verifiable_math", "It is \\boxed{5}.", {"ground_truth": "6"}, 0.0)]
    # Told again without how it ended, an answer would be found in it.
    cut = {"finish_reason": "length", "told": {"rule": "none/no-answer"}}
    made += [trace(21, "verifiable_math", "So far we have 4 and then 7", {"ground_truth": "7"}, 0.0, **cut)]
    made += [trace(22, "verifiable_math", "no gold", {}, None, told={"fault": "no usable gold"})]
    double = "```python\nprint(int(input()) * 2)\n```"
    made += [trace(30, "verifiable_code", double, CODE, 1.0, toolchain="process:0123")]
    made += [trace(31, "verifiable_code", "```python\nprint(7)\n```", CODE, 0.0, toolchain="process:0123")]
    output = {"ground_truth": "[1, 2]"}
    made += [trace(40 + n, "code_output_prediction", '{"output": [1, 2]}', output, 1.0) for n in range(3)]
    made += [trace(50 + n, judged, "text", {}, 0.9, told={"rule": "judge"}) for n in range(2)]
    return sorted(made, key=lambda each: each[0]["response_id"])


def write(folder: Path, chosen: Sequence[Trace]) -> Path:
    """Publish these traces; every fifth is held back for testing."""
    proven = [lineage | {"leaf": leaf(row, lineage)} for row, lineage in chosen]
    test, train = [row for row, _ in chosen][::5], [row for n, (row, _) in enumerate(chosen) if n % 5]
    half = len(train) // 2
    table(folder / "raw/train-00000-of-00002.parquet", RAW, train[:half])
    table(folder / "raw/train-00001-of-00002.parquet", RAW, train[half:])
    table(folder / "raw/test-00000-of-00001.parquet", RAW, test)
    table(folder / "lineage/lineage-00000-of-00001.parquet", PROVEN, proven)
    (folder / "README.md").write_text("# A card\n")
    merkle = {"root": root(each["leaf"] for each in proven), "leaves": len(proven), "algorithm": ALGORITHM}
    told = {"format": 1, "name": "tiny", "merkle": merkle, "counts": {"rows": len(proven)}}
    told |= {"version": digest(told, 12), "files": {}}
    (folder / "manifest.json").write_text(json.dumps(told))
    return sealed(folder)


def table(path: Path, schema: pa.Schema, rows: Sequence[Row]) -> None:
    """One file, with several groups of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema), path, row_group_size=4)


def sealed(folder: Path) -> Path:
    """With the hashes of the files as they now are: what somebody does who tampers and covers it up."""
    told = json.loads((folder / "manifest.json").read_text())
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    told["files"] = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "rows": pq.read_metadata(path).num_rows if path.suffix == ".parquet" else None,
        }
        for path in paths
    }
    (folder / "manifest.json").write_text(json.dumps(told))
    return folder


def changed(path: Path, change: Callable[[list[Row]], list[Row] | None]) -> None:
    """Rewrite the rows of a file; ``change`` does it in place, or gives others."""
    found = pq.read_table(path)
    rows = found.to_pylist()
    rows = change(rows) or rows
    table(path, found.schema, rows)


def manifest_changed(folder: Path, change: Callable[[Row], None]) -> None:
    """Rewrite the manifest."""
    told = json.loads((folder / "manifest.json").read_text())
    change(told)
    (folder / "manifest.json").write_text(json.dumps(told))
