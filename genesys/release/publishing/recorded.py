"""By which settings the choice was made, as the table itself says: they may stand otherwise in genesys.toml by now."""

from __future__ import annotations

from typing import Any

from genesys.hashing import digest
from genesys.overrides import Overrides
from genesys.release.chain import chain_recipe, filters_of
from genesys.release.publishing.layout import FILTERED
from genesys.release.publishing.standing import Standing
from genesys.settings import Settings
from genesys.settings.release import DifficultySettings, PeopleSettings, ReleaseSettings
from genesys.tables.lake import Part

_BENCHMARK = "benchmark:"
_DECIDED = "what people decided"
_PRIVATE = frozenset({"decisions"})
"""What people decided names rows that were withdrawn, and who said so: a manifest holds a hash of it."""


def steps_of(standing: Standing) -> list[str]:
    """Names of the filters in their order."""
    return [name for name, _ in _filters(standing)]


def settings_of(standing: Standing, settings: ReleaseSettings) -> ReleaseSettings:
    """Settings as they were when the choice was made, as far as the card speaks of them."""
    found = dict(_filters(standing))
    update: dict[str, Any] = {"benchmarks": bool(compared_with(standing))}
    if "secrets and personal data" in found:
        update["people"] = PeopleSettings(**found["secrets and personal data"])
    if "difficulty" in found:
        update["difficulty"] = DifficultySettings(**found["difficulty"])
    return settings.model_copy(update=update)


def compared_with(standing: Standing) -> list[str]:
    """Names of the test sets that problems were compared with."""
    return sorted(name.removeprefix(_BENCHMARK) for name in standing.filtered.versions if name.startswith(_BENCHMARK))


def decided_since(standing: Standing, overrides: Overrides) -> list[str]:
    """What is against a release if people decided something after the choice was made: a row may be withdrawn."""
    before = standing.filtered.versions.get("overrides", Overrides.of([]).version)
    if before == overrides.version:
        return []
    return [
        f"people decided something (withdrew, banned, overturned or mended) since {FILTERED} was made: `genesys run` "
        "makes the data sets anew"
    ]


def set_otherwise(standing: Standing, settings: Settings, overrides: Overrides) -> list[str]:
    """What is against a release if filters would do something else by now than they did."""
    before = dict(_filters(standing))
    now = dict(chain_recipe(filters_of(settings, overrides)).settings["filters"])
    changed = sorted(name for name in before.keys() | now if name != _DECIDED and before.get(name) != now.get(name))
    if not before or not changed:
        return []
    return [f"[release] says something else of {', '.join(changed)} than when {FILTERED} was made: `genesys run` first"]


def public_settings(part: Part) -> dict[str, Any]:
    """A table's settings as a manifest may show them."""
    found: dict[str, Any] = _shown(part.settings)
    return found


def _filters(standing: Standing) -> list[tuple[str, dict[str, Any]]]:
    return [(name, settings) for name, settings in standing.filtered.settings.get("filters", ())]


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: digest(each, 16) if name in _PRIVATE else _shown(each) for name, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list | tuple) else value
