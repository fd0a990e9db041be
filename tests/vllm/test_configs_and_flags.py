"""The engine's own option parser takes what the files in configs/ make of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from genesys.commands.generate import _teacher
from genesys.settings import Settings
from genesys.settings.engines import flags
from genesys.teachers.shared_engine import SharedEngine
from genesys.teachers.vllm_engine import VllmEngine
from tests.genesys.commands.test_configs import CONFIGS, options_of

pytestmark = pytest.mark.vllm

PARSE = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.reasoning import ReasoningParserManager
parsed = {}
for name, words in json.load(sys.stdin).items():
    found = make_arg_parser(FlexibleArgumentParser()).parse_args(words)
    ReasoningParserManager.get_reasoning_parser(found.reasoning_parser) if found.reasoning_parser else None
    kept = ("model", "tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "max_model_len",
            "reasoning_parser", "distributed_executor_backend", "hf_overrides", "speculative_config", "chat_template")
    parsed[name] = {key: getattr(found, key) for key in kept}
print("PARSED" + json.dumps(parsed, default=str))
"""


def words_of(path: Path, python: str) -> list[str]:
    shared = SharedEngine.of(Settings(state="state", folder="."), _teacher(options_of(path)))
    return flags(VllmEngine(**shared.engine | {"python": python})._arguments)


def test_the_engines_own_parser_takes_what_the_configs_make(vllm_python: str) -> None:
    asked = {path.stem: words_of(path, vllm_python) for path in CONFIGS if not options_of(path).base_url}
    tables = {
        "hf_overrides": {"rope_theta": 1e6},
        "speculative_config": {"method": "ngram", "num_speculative_tokens": 3},
    }
    asked["tables"] = flags({"model": "m", "chat_template": "{{ messages }}", **tables})
    run = subprocess.run(
        [vllm_python, "-c", PARSE], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    parsed = json.loads(run.stdout.partition("PARSED")[2])
    sizes = {
        name: tuple(found[f"{kind}_parallel_size"] for kind in ("tensor", "pipeline", "data"))
        for name, found in parsed.items()
    }
    assert sizes["deepseek-r1"] == (8, 1, 1)
    assert sizes["deepseek-r1-two-nodes"] == (8, 2, 1)
    assert sizes["deepseek-r1-distill-32b"] == (2, 1, 4)
    assert parsed["deepseek-r1"]["reasoning_parser"] == "deepseek_r1"
    assert parsed["deepseek-r1"]["max_model_len"] == 36864
    assert parsed["deepseek-r1-two-nodes"]["distributed_executor_backend"] == "ray"
    assert {name: parsed["tables"][name] for name in tables} == tables
    assert parsed["tables"]["chat_template"] == "{{ messages }}"
