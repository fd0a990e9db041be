"""What people decided: one decision a line of a JSON lines file, appended, an input of the data sets like any other.

The last line about an id counts. A line that cannot be read stops whoever reads the file: it may be the one that bans
something, and what was published cannot be taken back. How decisions reach tasks and traces stands where those are made
(``genesys.stages.mending``, ``genesys.release.filters.people``); what an id stands for is found by
``genesys.lineage.named``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from fsspec.core import url_to_fs
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from genesys.faults import GenesysError, InfrastructureFault
from genesys.hashing import digest
from genesys.locks import ByteLocks
from genesys.schemas import describe_validation
from genesys.storage import local_path, object_tag, replace_object, sync_folder

if TYPE_CHECKING:
    from genesys.settings import Settings

Action = Literal["ban", "accept", "reject", "mend", "withdraw", "undo"]
_TRIES, _PAUSE = 100, 0.1
"""How often, and after how many seconds, a file that another process has at hand is tried again."""
_SHOWN = 10


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


def _time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


class Decision(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, AfterValidator(_said)]
    """Of a task (problem_id), a response or a source row, as the action wants it."""
    action: Action
    why: Annotated[str, AfterValidator(_said)]
    by: Annotated[str, AfterValidator(_said)]
    """Who decided."""
    at: Annotated[str, AfterValidator(_time)]
    """When, as in ISO 8601."""
    gold_standard_solution: str | None = None
    """Of a mend: what stands in the gold's place; what is not named stays."""
    verification_info: dict[str, Any] | None = None
    """Of a mend: names and values that stand in the place of those that the task has."""
    row_id: str | None = None
    """Of a mend: the source row that the task was made of; by default the row of the same id."""

    @model_validator(mode="after")
    def _mends_what_it_names(self) -> Self:
        named = {name for name in ("gold_standard_solution", "verification_info") if getattr(self, name) is not None}
        if self.action == "mend" and not named:
            raise ValueError("a mend names gold_standard_solution, verification_info, or both")
        if self.action != "mend" and (named or self.row_id is not None):
            raise ValueError(f"only a mend has {', '.join(sorted(named or {'row_id'}))}")
        return self

    def __str__(self) -> str:
        """Why, and who said so: for reasons and reports."""
        return f"{self.why} ({self.by}, {self.at[:10]})"

    @property
    def line(self) -> bytes:
        """As the file has it."""
        return json.dumps(self.model_dump(exclude_none=True), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


@dataclass(frozen=True)
class Overrides:
    """What counts of a file.

    Args:
        decisions: The last one about each id, those that were undone left out.
    """

    decisions: dict[str, Decision] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[Decision]) -> Overrides:
        """What counts of decisions in their order."""
        last = {decision.id: decision for decision in lines}
        return cls({ident: last[ident] for ident in sorted(last) if last[ident].action != "undo"})

    def which(self, *actions: Action) -> dict[str, Decision]:
        """Decisions of some kinds, by id."""
        return {ident: decision for ident, decision in self.decisions.items() if decision.action in actions}

    @cached_property
    def withdrawn(self) -> frozenset[str]:
        """Ids of withdrawn source rows; nothing that was made of one may be used."""
        return frozenset(self.which("withdraw"))

    @cached_property
    def version(self) -> str:
        """Equal for the same decisions, in whatever order they were made."""
        return digest([decision.model_dump() for decision in self.decisions.values()], 32)


def open_overrides(settings: Settings) -> Overrides:
    """The decisions that count; none where there is no file yet.

    Raises:
        GenesysError: Lines of it cannot be read: names each, with the field and what is wrong with it.
        InfrastructureFault: It could not be read.
    """
    return read_overrides(settings.path(settings.release.overrides), settings.lake.storage_options)


def read_overrides(place: str, storage_options: dict[str, Any] | None = None) -> Overrides:
    """The same of a file or an object."""
    return Overrides.of(parse(_content(place, storage_options or {}), place))


def parse(content: bytes, place: str) -> list[Decision]:
    """The lines of a file, in order.

    Raises:
        GenesysError: See ``open_overrides``.
    """
    decisions, wrong = [], []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            decisions.append(Decision.model_validate_json(line.decode()))
        except ValidationError as error:
            wrong.append(f"{place}:{number}: {describe_validation(error)}")
        except UnicodeDecodeError as error:
            wrong.append(f"{place}:{number}: is not UTF-8 at byte {error.start + 1}")
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more"] if wrong[_SHOWN:] else []
        raise GenesysError(
            "what people decided cannot be read, and nothing is made without it, since a line may ban something; "
            "mend these lines:\n" + "\n".join([*wrong[:_SHOWN], *more])
        )
    return decisions


def decide(settings: Settings, *decisions: Decision) -> None:
    """Append decisions; another process that appends at the same time loses nothing.

    Raises:
        GenesysError: The file has lines that cannot be read.
        InfrastructureFault: It could not be written.
    """
    place, options = settings.path(settings.release.overrides), settings.lake.storage_options
    lines = b"".join(decision.line for decision in decisions)
    path = local_path(place)
    try:
        if path is None:
            _replace(place, options, lines)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        locks = _locked(path.with_name(f".{path.name}.lock"))
        try:
            content = _content(place, options)
            parse(content, place)
            with path.open("ab") as stream:
                stream.write(lines if content.endswith(b"\n") or not content else b"\n" + lines)
                stream.flush()
                os.fsync(stream.fileno())
                sync_folder(path.parent)
        finally:
            locks.close()
    except OSError as error:
        raise InfrastructureFault(f"{place} could not be written: {error}", fatal=True) from error


def _locked(path: Any) -> ByteLocks:
    locks = ByteLocks(path)
    for _ in range(_TRIES):
        if locks.acquire(0):
            return locks
        time.sleep(_PAUSE)
    locks.close()
    raise InfrastructureFault(f"{path} is locked by another process for {_TRIES * _PAUSE:.0f} s: try again", fatal=True)


def _replace(place: str, options: dict[str, Any], lines: bytes) -> None:
    fs, path = url_to_fs(place, **options)
    for _ in range(_TRIES):
        tag = object_tag(fs, path)
        content = _content(place, options)
        parse(content, place)
        if lines in content:
            return  # ours was written, and the store did not say so
        if content and not content.endswith(b"\n"):
            content += b"\n"
        if replace_object(fs, path, content + lines, tag):
            return
    raise InfrastructureFault(f"{place} was changed by others {_TRIES} times while it was written: try again")


def _content(place: str, options: dict[str, Any]) -> bytes:
    try:
        fs, path = url_to_fs(place, **options)
        return bytes(fs.cat_file(path))
    except FileNotFoundError:
        return b""
    except IsADirectoryError:
        raise GenesysError(f"{place} is a folder: [release] overrides names a file") from None
    except OSError as error:
        raise InfrastructureFault(f"{place} could not be read: {error}", fatal=True) from error
