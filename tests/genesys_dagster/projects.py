"""A project of one's own, as a user sets it up: a folder with genesys.toml, problems in a file, an endpoint."""

import json
from pathlib import Path

from tests.support.openai_server import OpenAIServer

SETTINGS = """
samples = 4
[teacher]
kind = "openai"
model = "m"
base_urls = ["{url}"]
attempts = 1
concurrency = 4
[curator]
kind = "openai"
model = "m"
base_urls = ["{url}"]
[benchmarks]
default = false
[lanes.math]
shard_size = 2
sources = [{{ path = "problems.jsonl", name = "mine", license = "CC0-1.0" }}]
"""


def problem(number: int, more: str = "") -> dict[str, str]:
    """A math problem that no curator is asked about; the test server answers half of its samples rightly."""
    text = f"Compute ${number} + 10$. {more}[[gold:{number + 10}]]"
    return {"problem": text, "solution": f"It is \\boxed{{{number + 10}}}.", "answer": str(number + 10)}


def project(folder: Path, server: OpenAIServer, rows: list[dict[str, str]] | None = None) -> Path:
    """Write settings and problems into a folder, by default three of them in two shards."""
    (folder / "genesys.toml").write_text(SETTINGS.format(url=server.base_url), "utf-8")
    rows = [problem(number) for number in range(3)] if rows is None else rows
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder
