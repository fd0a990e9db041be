"""Problems compared by what they mean: with a model where there is one, and what is said where there is none."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesys.faults import GenesysError
from genesys.release.filters import meaning as module
from genesys.settings.release import DuplicateSettings
from tests.support.compared import gone, one_each

ASKED = "Kira owns 48 sheep and buys 12 more every spring. How many sheep does she have after 5 springs?"
RETOLD = (
    "Each spring a shepherd called Kira adds 12 animals to her flock of 48. How large is the flock 5 springs later?"
)
CONTRARY = ASKED.replace("buys", "sells").replace("12 more", "12")
MODEL = os.environ.get("GENESYS_SEMANTIC_MODEL", "")
"""A folder with a small model of sentence-transformers."""


class Flock:
    """Stands in for a model: what speaks of sheep, or of a flock, means the same."""

    def encode(self, texts: list[str], **_: Any) -> np.ndarray:
        return np.array([[1, 0] if "sheep" in text or "flock" in text else [0, 1] for text in texts], dtype=np.float32)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_model", lambda _: Flock())


@pytest.mark.usefixtures("model")
def test_what_means_the_same_goes_with_the_same_numbers_alone(tmp_path: Path) -> None:
    prompts = [ASKED, RETOLD, RETOLD.replace("48", "49"), CONTRARY, "Are 48, 12 and 5 the sides of a triangle?"]
    found = gone(module.meaning(DuplicateSettings(semantic=True)), one_each(prompts, tmp_path))
    assert found == {"rp000001": "of p000000, likeness 1.00"}


def test_without_the_package_it_says_what_to_install(tmp_path: Path) -> None:
    if importlib.util.find_spec("sentence_transformers"):
        pytest.skip("the package is here")
    with pytest.raises(GenesysError, match=r"pip install genesys-dagster\[semantic\]"):
        gone(module.meaning(DuplicateSettings(semantic=True)), one_each([ASKED, RETOLD], tmp_path))


@pytest.mark.skipif(not MODEL, reason="GENESYS_SEMANTIC_MODEL names no model")
def test_a_real_model_knows_a_problem_that_was_told_anew(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    settings = DuplicateSettings(semantic=True, semantic_model=MODEL, semantic_threshold=0.75)
    prompts = [ASKED, RETOLD, "A wall of 48 bricks gets 12 rows of 5 tiles. How much does the paint for it cost?"]
    assert gone(module.meaning(settings), one_each(prompts, tmp_path)).keys() == {"rp000001"}
