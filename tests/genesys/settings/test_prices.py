"""Each call is paid at the prices of who answered it, and settings that cannot be counted by say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesys.calls.usage import Payee, Usage
from genesys.faults import GenesysError
from genesys.settings import load_settings
from genesys.settings.prices import Prices, money
from genesys.settings.roles import RoleSettings

TEACHER = RoleSettings(
    kind="openai", model="t", price_per_million_prompt_tokens=2.0, price_per_million_completion_tokens=8.0
)


def paid(teacher_id: str, tier: str = "") -> Payee:
    return Payee("generations", "sample", teacher_id, tier)


def test_everybody_has_prices_of_his_own() -> None:
    judge = RoleSettings(kind="openai", model="j", price_per_million_completion_tokens=100.0)
    prices = Prices.of({"teacher": TEACHER, "judging.judges 1": judge})
    used = Usage(prompt_tokens=1_000_000, completion_tokens=500_000)
    assert prices.total({paid("t"): used, paid("j"): used, paid("unknown"): used}) == 6.0 + 50.0
    assert prices.unpriced(["t", "j", "unknown"]) == ["unknown"]


def test_cached_prompt_tokens_may_be_cheaper() -> None:
    used = Usage(prompt_tokens=1_000_000, cached_tokens=750_000)
    assert TEACHER.cost_of(used) == 2.0
    assert TEACHER.model_copy(update={"price_per_million_cached_tokens": 0.4}).cost_of(used) == pytest.approx(0.8)


def test_an_engine_of_ones_own_is_paid_by_the_hour() -> None:
    engine = RoleSettings(kind="vllm", model="e", price_per_hour=12.0)
    assert engine.cost_of(Usage(prompt_tokens=10**9, engine_seconds=1800.0)) == 6.0


def test_a_recorded_answer_is_paid_by_nobody() -> None:
    assert Prices.of({"teacher": TEACHER}).cost(paid("t", "recorded"), Usage(completion_tokens=10**6)) == 0.0


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0.00"), (1234.5, "1,234.50"), (0.0123, "0.0123"), (0.00042, "0.00042")]
)
def test_money_is_shown_with_the_decimals_that_say_something(value: float, shown: str) -> None:
    assert money(value) == shown


def settings_of(folder: Path, text: str) -> Path:
    path = folder / "genesys.toml"
    path.write_text(text)
    return path


def test_one_model_with_two_prices_is_an_error_that_names_both(tmp_path: Path) -> None:
    role = 'kind = "openai"\nmodel = "m"\nprice_per_million_completion_tokens = '
    text = f"[teacher]\n{role}1.0\n[teachers.other]\n{role}2.0"
    with pytest.raises(GenesysError, match=r"\[teacher\] and \[teachers.other\] give m different prices.*`id`"):
        load_settings(settings_of(tmp_path, text))
    load_settings(settings_of(tmp_path, f'[teacher]\n{role}1.0\n[curator]\nkind = "openai"\nmodel = "m"'))


def test_a_cap_on_money_needs_prices_of_all_who_are_paid(tmp_path: Path) -> None:
    text = '[budget]\nmax_cost = 5\n[teacher]\nkind = "openai"\nmodel = "m"\n'
    with pytest.raises(GenesysError, match=r"max_cost cannot be kept without prices: give \[teacher\] price_per_mil"):
        load_settings(settings_of(tmp_path, text))
    load_settings(settings_of(tmp_path, text + "price_per_hour = 0"))
    load_settings(settings_of(tmp_path, text.replace("max_cost", "max_tokens")))
