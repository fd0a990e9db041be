"""The files in configs/: each is read by the command, and those with an engine divide their GPUs as they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesys.commands.generate import GenerateOptions
from genesys.commands.options import parse
from genesys.settings.engines import Sizes, check_options, parallel_sizes

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.toml"))
SIZES = {
    "debug": Sizes(1, 1, 1),
    "deepseek-r1": Sizes(8, 1, 1),
    "deepseek-r1-two-nodes": Sizes(8, 2, 1),
    "deepseek-r1-distill-32b": Sizes(2, 1, 4),
    "deepseek-r1-distill-1.5b": Sizes(1, 1, 1),
}


def options_of(path: Path) -> GenerateOptions:
    return parse(GenerateOptions, [f"@{path}"])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_each_config_is_one_that_the_command_takes(path: Path) -> None:
    options = options_of(path)
    assert options.data.path
    check_options(options.engine_args)
    sizes = parallel_sizes(
        options.num_gpus,
        tensor=options.tensor_parallel,
        pipeline=options.pipeline_parallel,
        data=options.data_parallel,
    )
    assert options.base_url or sizes == SIZES[path.stem]


@pytest.mark.parametrize("path", [path for path in CONFIGS if "r1" in path.stem], ids=lambda path: path.stem)
def test_reasoning_models_are_sampled_as_their_model_cards_recommend(path: Path) -> None:
    options = options_of(path)
    assert (options.temperature, options.top_p, options.max_tokens) == ((0.6,), 0.95, 32768)
    assert options.engine_args["reasoning_parser"] == "deepseek_r1"
    assert int(str(options.engine_args["max_model_len"])) > options.max_tokens
