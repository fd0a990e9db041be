"""How GPUs are divided among the parts of an engine, and what is said where the numbers do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesys.faults import GenesysError
from genesys.settings import load_settings
from genesys.settings.engines import Sizes, parallel_sizes


@pytest.mark.parametrize(
    ("num_gpus", "given", "expected"),
    [
        (1, {}, Sizes(1, 1, 1)),
        (8, {}, Sizes(8, 1, 1)),
        (16, {"pipeline": 2}, Sizes(8, 2, 1)),
        (16, {"pipeline": 2, "data": 4}, Sizes(2, 2, 4)),
        (8, {"tensor": 2, "data": 4}, Sizes(2, 1, 4)),
        (0, {}, Sizes(1, 1, 1)),
        (0, {"data": 2}, Sizes(1, 1, 2)),
    ],
)
def test_gpus_are_divided(num_gpus: int, given: dict[str, int], expected: Sizes) -> None:
    assert parallel_sizes(num_gpus, **given) == expected


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("num_gpus = 8\npipeline_parallel = 3", "num_gpus = 8 cannot be divided by .* = 3"),
        ("num_gpus = 2\ndata_parallel = 4", "num_gpus = 2 cannot be divided by .* = 4"),
        ("num_gpus = 8\ntensor_parallel = 4", "4 x 1 x 1 takes 4 GPUs, and num_gpus is 8; give num_gpus = 4"),
        ("tensor_parallel = 8", "takes 8 GPUs, and num_gpus is 1; give num_gpus = 8"),
        ("engine_args = { tensor_parallel_size = 8 }", "engine_args cannot set 'tensor_parallel_size'; use tensor_par"),
        ("engine_args = { data-parallel-size = 8 }", "engine_args cannot set 'data-parallel-size'; use data_parallel"),
    ],
)
def test_numbers_that_contradict_each_other_are_an_error_when_the_settings_are_read(
    lines: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "genesys.toml"
    path.write_text(f'[teacher]\nkind = "vllm"\nmodel = "m"\n{lines}\n')
    with pytest.raises(GenesysError, match=says) as error:
        load_settings(path)
    assert "teacher" in str(error.value)


def test_the_sizes_of_a_teacher_elsewhere_are_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "genesys.toml"
    path.write_text('[teacher]\nkind = "openai"\nmodel = "m"\nnum_gpus = 8\ntensor_parallel = 3\n')
    assert load_settings(path).teacher.num_gpus == 8
