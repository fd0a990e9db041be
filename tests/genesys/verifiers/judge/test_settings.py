"""The settings of judges, as the docs show them and as a person writes them."""

import re
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import GenesysError
from genesys.settings import JudgingSettings, load_settings
from genesys.verifiers.judge.panel import Panel

DOCS = Path(__file__).parents[4] / "docs" / "judging.md"
JUDGE = """
[judge]
kind = "openai"
model = "m"
"""


def load(folder: Path, text: str) -> Any:
    (folder / "genesys.toml").write_text(text)
    return load_settings(folder / "genesys.toml")


def test_the_docs_show_the_defaults(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    settings = load(tmp_path, shown)
    assert settings.judging.model_dump(exclude={"judges", "tie_breaker"}) == JudgingSettings().model_dump(
        exclude={"judges", "tie_breaker"}
    )
    named = set(re.findall(r"^(\w+) = ", shown.partition("[judging]")[2].partition("[[")[0], re.MULTILINE))
    assert named == set(JudgingSettings.model_fields) - {"judges", "tie_breaker"}
    assert list(settings.judges) == ["judge", "judge-2", "tie-breaker"]


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYS__JUDGING__VOTES", "1")
    monkeypatch.setenv("GENESYS__JUDGING__TIE_BREAKER__KIND", "openai")
    monkeypatch.setenv("GENESYS__JUDGING__TIE_BREAKER__MODEL", "t")
    settings = load(tmp_path, JUDGE + "[judging]\nvotes = 5\ntolerance = 0.1\n")
    assert (settings.judging.votes, settings.judging.tolerance) == (1, 0.1)
    assert list(settings.judges) == ["judge", "tie-breaker"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("votes = 0", "judging.votes"),
        ("tolerance = 2", "judging.tolerance"),
        ('orders = "random"', "judging.orders"),
        ("vots = 1", "judging.vots"),
        ('[[judging.judges]]\nkind = "openai"', "needs `model`"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(GenesysError, match=re.escape(says)):
        load(tmp_path, f"{JUDGE}[judging]\n{text}\n")


def test_the_threshold_is_that_of_the_acceptance(tmp_path: Path) -> None:
    assert Panel.of(load(tmp_path, JUDGE)).rules.threshold == 0.8
    strict = load(tmp_path, JUDGE + "[acceptance]\nby_task_type = { llm_judgeable_groundtruth_similarity = 0.9 }\n")
    assert Panel.of(strict).rules.threshold == 0.9
    assert Panel.of(strict).fingerprint() != Panel.of(load(tmp_path, JUDGE)).fingerprint()


def test_the_quorum_is_more_than_half_of_the_judges(tmp_path: Path) -> None:
    text = JUDGE
    for count, quorum in ((1, 1), (2, 2), (3, 2), (4, 3), (5, 3)):
        assert Panel.of(load(tmp_path, text)).rules.quorum == quorum, count
        text += f'[[judging.judges]]\nkind = "openai"\nmodel = "m{count}"\n'
