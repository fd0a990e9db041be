"""What a vLLM engine is told: over how many GPUs it is spread and how, and its options as flags.

Standard library only: a settings file is checked by it, and the engine's keeper imports it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RESERVED = {
    "model": "model",
    "served_model_name": "served_name",
    "tensor_parallel_size": "tensor_parallel",
    "pipeline_parallel_size": "pipeline_parallel",
    "data_parallel_size": "data_parallel",
    "host": "nothing: the engine listens on this machine alone",
    "port": "nothing: a free port is chosen",
    "api_key": "the environment variable VLLM_API_KEY",
    "hf_token": "the environment variable HF_TOKEN: whoever is on this machine can read a command line",
}
DEFAULTS: Mapping[str, Any] = {"disable_uvicorn_access_log": True}
"""Else each of a million calls leaves a line in the log."""


@dataclass(frozen=True)
class Sizes:
    """Into how many parts the layers' weights (tensor), the layers (pipeline) and the requests (data) are divided."""

    tensor: int
    pipeline: int
    data: int


def parallel_sizes(num_gpus: int, *, tensor: int = 0, pipeline: int = 1, data: int = 1) -> Sizes:
    """Divide GPUs.

    Args:
        num_gpus: All of the engine's; 0 on a machine without any, where nothing has to come out even.
        tensor: Tensor parallel size; 0: what the others leave.
        pipeline: Pipeline parallel size.
        data: Data parallel size.

    Raises:
        ValueError: The numbers contradict each other; says what to change.
    """
    if not num_gpus:
        return Sizes(tensor or 1, pipeline, data)
    if not tensor:
        tensor, left = divmod(num_gpus, pipeline * data)
        if left or not tensor:
            raise ValueError(
                f"num_gpus = {num_gpus} cannot be divided by pipeline_parallel x data_parallel = {pipeline * data}; "
                f"give a num_gpus that is a multiple of it"
            )
    if tensor * pipeline * data != num_gpus:
        raise ValueError(
            f"tensor_parallel x pipeline_parallel x data_parallel = {tensor} x {pipeline} x {data} takes "
            f"{tensor * pipeline * data} GPUs, and num_gpus is {num_gpus}; give num_gpus = {tensor * pipeline * data}, "
            f"or leave tensor_parallel out, which is then derived"
        )
    return Sizes(tensor, pipeline, data)


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options that have a setting of their own.

    Raises:
        ValueError: Names the option, and what to use instead.
    """
    for name in options:
        if (instead := RESERVED.get(name.lstrip("-").replace("-", "_"))) is not None:
            raise ValueError(f"engine_args cannot set {name!r}; use {instead}")


def flags(options: Mapping[str, Any]) -> list[str]:
    """Render options as flags: ``max_model_len=4096`` gives ``--max-model-len=4096``, and False ``--no-...``.

    A table gives JSON, as ``hf_overrides`` and ``speculative_config`` take it; a list gives one word each, as
    ``lora_modules`` takes them (an option that wants a list as JSON is given it as a text).
    """
    words: list[str] = []
    for name, value in options.items():
        flag = "--" + name.lstrip("-").replace("_", "-")
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, list | tuple):
            words += [flag, *map(_word, value)]
        else:
            # One word, since a value may itself begin with a dash.
            words.append(f"{flag}={_word(value)}")
    return words


def _word(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list | bool) else str(value)
