"""Options of commands: typed, from flags and from TOML files after ``@``. What they mean stands with each command."""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_settings import BaseSettings, CliApp, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from genesys.faults import GenesysError


class Group(BaseModel):
    """Options under a common prefix, as in ``--data.path``."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Options(BaseSettings):
    """Options of one command. Nothing is read from the environment: a variable ``SEED`` must not change a run."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        protected_namespaces=(),
        cli_kebab_case=False,
        cli_implicit_flags=True,
        cli_avoid_json=True,
        cli_hide_none_type=True,
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: object, **__: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given here; the flags are put before it by ``CliApp``."""
        return (init_settings,)


def _split(value: Any) -> Any:
    """Genesys' form for several: one text with commas. A number alone is one of several."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return (value,) if isinstance(value, (int, float)) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Several texts: ``--flag a b``, ``--flag a --flag b``, ``--flag a,b``, and in TOML a list or one text."""
Numbers = Annotated[tuple[float, ...], BeforeValidator(_split)]

CONFIG_HELP = "the settings' file; by default genesys.toml here, else the demo's, which `demo` names"

Chosen = TypeVar("Chosen", bound=Options)


def parse(model: type[Chosen], argv: list[str]) -> Chosen:
    """Options of a command.

    Args:
        model: Their names and types; its ``cli_prog_name`` is the command's name in the help.
        argv: Flags, and TOML files as ``@ FILE`` or ``@FILE``, whose values the flags override.

    Raises:
        GenesysError: A file cannot be read, or a value is wrong; names it.
        SystemExit: After the help, or an unknown flag.
    """
    model.__doc__ = inspect.cleandoc(model.__doc__ or "")
    words, files = _take_files(argv)
    values: dict[str, Any] = {}
    for file in files:
        values = _merged(values, _read(file))
    try:
        return CliApp.run(model, cli_args=_spelt_out(words, dict(_kinds(model, "--"))), **values)
    except ValidationError as error:
        _complain(error, files)
    except SettingsError as error:
        raise GenesysError(f"{error}: {error.__cause__}" if error.__cause__ else str(error)) from None


def _take_files(argv: list[str]) -> tuple[list[str], list[str]]:
    words, files = [], []
    rest = iter(argv)
    for word in rest:
        if word == "@":
            files.append(next(rest, ""))
        elif word.startswith("@"):
            files.append(word[1:])
        else:
            words.append(word)
    if "" in files:
        raise GenesysError("@ is followed by the name of a TOML file")
    return words, files


def _read(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(file).read_text("utf-8"))
    except OSError as error:
        raise GenesysError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GenesysError(f"{file}: not TOML: {error}") from None


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for name, value in above.items():
        old = both.get(name)
        both[name] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


def _spelt_out(words: list[str], kinds: Mapping[str, str]) -> list[str]:
    """Flags as the parser takes them: ``--a-b`` is ``--a_b``, a list is one JSON value, a switch has no value."""
    groups: list[list[str]] = [[""]]
    for word in words:
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            plain = "--" + name[2:].replace("-", "_")
            groups.append([plain if plain in kinds else name, *([value] if equals else [])])
        else:
            groups[-1].append(word)
    spelt = groups[0][1:]
    lists: dict[str, list[str]] = {}
    for flag, *values in groups[1:]:
        if kinds.get(flag) == "list" and values:
            lists.setdefault(flag, []).extend(part for value in values for part in _split(value))
        elif kinds.get(flag) == "switch" and values and values[0].lower() in ("true", "false"):
            spelt += [flag if values[0].lower() == "true" else f"--no-{flag[2:]}", *values[1:]]
        else:
            spelt += [flag, *values]
    return spelt + [f"{flag}={json.dumps(values)}" for flag, values in lists.items()]


def _kinds(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _kinds(kind, f"{prefix}{name}.")
        else:
            is_list = tuple in (get_origin(kind), *map(get_origin, get_args(kind)))
            yield prefix + name, "switch" if kind is bool else "list" if is_list else "value"


def _complain(error: ValidationError, files: list[str]) -> NoReturn:
    parts = []
    for item in error.errors(include_url=False, include_context=False):
        name = ".".join(str(step) for step in item["loc"])
        is_unknown = item["type"] == "extra_forbidden"
        reason = "there is no such option" if is_unknown else item["msg"].removeprefix("Value error, ")
        parts.append(f"{name}: {reason}" if name else reason)
    where = f"{', '.join(files)} (or a flag): " if files else ""
    raise GenesysError(where + "; ".join(parts)) from None
