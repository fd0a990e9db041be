"""TRL takes the data sets as they are: it reads them as what they are meant to be, and its trainers go some steps.

TRL runs in an environment of its own, whose Python GENESYS_TRL_PYTHON names (`scripts/setup_trl.sh` makes it); without
that variable these tests are skipped.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from genesys.release.choice import CAMPAIGN
from genesys.release.preference import make_preference
from genesys.release.rl import make_rl
from genesys.release.sft import make_sft
from genesys.tables.lake import WHOLE
from tests.support.choice import choose
from tests.support.tiny_lane import World, sums_lane, write_rows

PYTHON_VARIABLE = "GENESYS_TRL_PYTHON"
pytestmark = [pytest.mark.trl, pytest.mark.slow]


def run(*call: str, home: Path) -> str:
    """Run TRL's Python; nothing is fetched."""
    python = os.environ.get(PYTHON_VARIABLE)
    if not python:
        pytest.skip(f"{PYTHON_VARIABLE} is not set; make test-trl sets it")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    ended = subprocess.run(
        [str(Path(python).absolute()), *call], env=env, capture_output=True, text=True, timeout=280, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Three data sets of a lane with a system prompt, as Parquet files."""
    world = World.at(tmp_path_factory.mktemp("world"), lane=sums_lane(system_prompt="Think first."), samples=6)
    write_rows(world.source_file, [{"id": n, "question": f"{n}+{n}", "answer": str(n + n)} for n in range(1, 9)])
    world.update()
    world.run()
    choose(world.lake, [world])
    found = {}
    for name, maker in (("sft", make_sft), ("preference", make_preference), ("rl", make_rl)):
        maker(world.lake, [world.lane])
        part = world.lake.need(f"dataset/{name}").parts[CAMPAIGN]
        found[name] = world.lake.uri(f"dataset/{name}", WHOLE, part.data)
    return found


@pytest.fixture(scope="module")
def found(files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What TRL says of them."""
    folder = tmp_path_factory.mktemp("trl")
    here = Path(__file__).parents[1]
    run(str(here / "support" / "tiny_model.py"), str(folder / "model"), home=folder)
    script, model = str(here / "trl" / "training.py"), str(folder / "model")
    told = run(script, json.dumps(files), model, str(folder), home=folder)
    return dict(json.loads(line) for line in told.splitlines() if line.startswith("["))


def test_each_is_read_as_a_conversation(found: dict[str, Any]) -> None:
    assert all(found[f"{name} conversational"] for name in ("sft", "preference", "rl"))
    asked = "<|system|>\nThink first.<|end|>\n<|user|>\nWhat is "
    assert set(found["sft templated"]) == {"text"}
    assert found["sft templated"]["text"].startswith(asked)
    assert "<|assistant|>\n<think>\n" in found["sft templated"]["text"]
    pair = found["preference templated"]
    assert pair["prompt"].startswith(asked)
    assert pair["prompt"].endswith("<|assistant|>\n")
    assert pair["chosen"].startswith("<think>\n")
    assert pair["rejected"].startswith("<think>\n")
    assert pair["chosen"] != pair["rejected"]
    assert found["rl templated"]["prompt"].startswith("<|user|>\nWhat is ")
    assert found["rl templated"]["prompt"].endswith("<|assistant|>\n")
    assert found["preference prompt"] is True


@pytest.mark.parametrize("name", ["sft", "preference", "rl"])
def test_a_trainer_goes_some_steps_on_the_table_as_it_is(found: dict[str, Any], name: str) -> None:
    assert len(found[f"{name} losses"]) == 2
    assert all(math.isfinite(loss) for loss in found[f"{name} losses"])


def test_a_reward_gets_what_a_verifier_needs(found: dict[str, Any]) -> None:
    assert found["rl rewarded by"]
    assert all(set(json.loads(info)) == {"ground_truth"} for info in found["rl rewarded by"])
