"""What `genesys reverify` takes for a large data set: `python benchmarks/reverify.py 100000 2000000`.

Makes a published data set of mathematical traces (random words, `--chars` characters each on average), and checks it
with a sample of 1 %, in a process of its own. Each leaf is real; so is each verdict.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genesys.hashing import digest
from genesys.release.proof.leaves import ALGORITHM, leaf
from genesys.release.proof.tree import Growing
from genesys.tables.columns import LINEAGE, PROVEN, RAW

_GROUP = 1024
_WORDS = [f"{first}{second}" for first in "bdfgklmnprstvz" for second in ("a", "en", "ilo", "orum", "ust", "ynt", "eo")]
_CHECK = """
import pathlib, sys
from genesys.cli import main
code = main(sys.argv[1:])
print(pathlib.Path("/proc/self/status").read_text(), file=sys.stderr)  # what the parent held counts in ru_maxrss
sys.exit(code)
"""


def main() -> None:
    """Make and check data sets of these sizes, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[100_000])
    parser.add_argument("--chars", type=int, default=2000)
    parser.add_argument("--folder", help="where the data sets are made; by default a temporary folder")
    options = parser.parse_args()
    print("    rows  size (MB)  made (s)  checked (s)  memory (MB)  sampled  agree")
    for rows in options.rows:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            began = time.monotonic()
            size = make(Path(folder), rows, options.chars)
            made = time.monotonic() - began
            seconds, memory, told = check(folder)
            agree = sum(group["agree"] for group in told["groups"])
            print(
                f"{rows:8,}  {size / 1e6:9,.0f}  {made:8.0f}  {seconds:11.0f}  {memory:11,.0f}  {told['sampled']:7,}"
                f"  {agree:5,}",
                flush=True,
            )
            assert not told["findings"]


def check(folder: str) -> tuple[float, float, Any]:
    """Seconds, the most memory in MB, and what was found."""
    began = time.monotonic()
    command = [sys.executable, "-c", _CHECK, "reverify", folder, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    memory = re.search(r"VmHWM:\s*(\d+) kB", done.stderr)
    assert memory is not None
    return time.monotonic() - began, int(memory[1]) / 1024, json.loads(done.stdout)


def make(folder: Path, rows: int, chars: int) -> int:
    """Write a data set, and give its size in bytes."""
    tree = Growing()
    ids = sorted(hashlib.sha256(str(number).encode()).hexdigest()[:24] for number in range(rows))
    train, test = folder / "raw/train-00000-of-00001.parquet", folder / "raw/test-00000-of-00001.parquet"
    lineage = folder / "lineage/lineage-00000-of-00001.parquet"
    for path in (train, lineage):
        path.parent.mkdir(parents=True)
    with (
        pq.ParquetWriter(train, RAW, compression="zstd") as a,
        pq.ParquetWriter(test, RAW, compression="zstd") as b,
        pq.ParquetWriter(lineage, PROVEN, compression="zstd") as c,
    ):
        for group in groups(ids, chars):
            for _, origin in group:
                tree.add(origin["leaf"])
            a.write_table(pa.Table.from_pylist([row for n, (row, _) in enumerate(group) if n % 50], RAW))
            b.write_table(pa.Table.from_pylist([row for n, (row, _) in enumerate(group) if n % 50 == 0], RAW))
            c.write_table(pa.Table.from_pylist([origin for _, origin in group], PROVEN))
    told: dict[str, Any] = {"format": 1, "name": "benchmark"}
    told["merkle"] = {"root": tree.root(), "leaves": rows, "algorithm": ALGORITHM}
    told["version"] = digest(told, 12)
    told["files"] = {
        path.relative_to(folder).as_posix(): {
            "sha256": _sha256(path),
            "bytes": path.stat().st_size,
            "rows": pq.read_metadata(path).num_rows,
        }
        for path in (train, test, lineage)
    }
    (folder / "manifest.json").write_text(json.dumps(told))
    return sum(file["bytes"] for file in told["files"].values())


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def groups(ids: list[str], chars: int) -> Iterator[list[tuple[dict[str, Any], dict[str, Any]]]]:
    """Traces, a group of rows at a time."""
    order = random.Random(0)
    for start in range(0, len(ids), _GROUP):
        yield [trace(each, order, chars) for each in ids[start : start + _GROUP]]


def trace(response_id: str, order: random.Random, chars: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One trace, nine of ten right."""
    answer = int(response_id[:6], 16)
    said = answer if order.random() < 0.9 else answer + 1
    text = " ".join(order.choices(_WORDS, k=max(1, int(order.expovariate(5 / chars)))))
    row = dict.fromkeys(RAW.names) | {
        "response_id": response_id,
        "problem_id": response_id[::-1],
        "source": "benchmark",
        "task_type": "verifiable_math",
        "prompt": f"Find the number of {response_id[:4]}.",
        "llm_response": f"<think>{text}</think> It is \\boxed{{{said}}}.",
        "verification_info": json.dumps({"ground_truth": str(answer)}),
        "score": float(said == answer),
        "verification_result_info": '{"rule": "boxed/number"}',
        "metadata": "{}",
    }
    origin = dict.fromkeys(LINEAGE.names) | {
        "response_id": response_id,
        "problem_id": row["problem_id"],
        "verifier": "MathVerifier",
        "verifier_version": "benchmark",
        "row_hash": response_id * 2,
        "generation_call_key": response_id * 2,
        "verdict_call_key": response_id * 2,
        "generation_config": "{}",
        "finish_reason": "stop",
    }
    return row, origin | {"leaf": leaf(row, origin)}


if __name__ == "__main__":
    main()
