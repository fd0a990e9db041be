"""vLLM's own serving benchmark, run by the Python that has vLLM against an engine that runs already."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.teacher_parts.askers import Question

# Not ``vllm bench serve``: some builds for the CPU cannot start their command. What it calls is this.
_RUN = """
import argparse
from vllm.benchmarks import serve
parser = argparse.ArgumentParser()
serve.add_cli_args(parser)
serve.main(parser.parse_args())
"""


def tokens_a_second(
    python: str,
    base_url: str,
    model: str,
    served_name: str,
    questions: Sequence[Question],
    *,
    concurrency: int,
    key: str,
) -> float:
    """Output tokens a second over these very questions, streamed, in this order, as it reports them itself.

    Raises:
        RuntimeError: It failed, or some of its requests did; its own words are in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        rows = [{"prompt": q.text, "output_tokens": q.sampling["max_completion_tokens"]} for q in questions]
        data = Path(folder) / "questions.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows))
        command = [
            python, "-c", _RUN, "--backend=openai-chat", f"--base-url={base_url.removesuffix('/v1')}",
            "--endpoint=/v1/chat/completions", f"--model={model}", f"--served-model-name={served_name}",
            "--dataset-name=custom", f"--dataset-path={data}", "--custom-output-len=-1", "--disable-shuffle",
            "--skip-chat-template", f"--num-prompts={len(rows)}", f"--max-concurrency={concurrency}", "--ignore-eos",
            f"--temperature={questions[0].sampling['temperature']}", "--ready-check-timeout-sec=0", "--disable-tqdm",
            "--header", f"Authorization=Bearer {key}", "--save-result", f"--result-dir={folder}",
            "--result-filename=result.json",
        ]  # fmt: skip
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        result = Path(folder) / "result.json"
        if ran.returncode or not result.exists():
            raise RuntimeError(f"vLLM's benchmark failed: {(ran.stderr + ran.stdout)[-2000:]}")
        found = json.loads(result.read_text())
    if found["completed"] != len(rows) or found["total_output_tokens"] != sum(row["output_tokens"] for row in rows):
        raise RuntimeError(f"vLLM's benchmark had {found['completed']} of {len(rows)} answers, "
                           f"{found['total_output_tokens']} tokens")  # fmt: skip
    return float(found["output_throughput"])
