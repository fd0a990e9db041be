"""A row in the Task schema, whatever form it comes in -> ``Task``; and who it is. Whether it is any good: ``curate``.

Who a row is its owner says: its ``source`` and its ``problem_id``. What was mended in it since makes a new version.
"""

from __future__ import annotations

import json
import re
from typing import Any

from genesys.faults import GenesysError
from genesys.hashing import canonical_json
from genesys.lane import Identity
from genesys.ledger_state import problem_id
from genesys.schemas import Task, Verification

NEEDED = ("problem_id", "source", "task_type", "prompt")
OF_RESPONSES = frozenset(Verification.model_fields) - frozenset(Task.model_fields)
"""Columns that files of traces have besides their tasks; they say nothing of the task."""
_FREE = ("verification_info", "metadata")
_NOT_TAKEN = OF_RESPONSES | {"task_hash"}
_OURS = re.compile(r"[0-9a-f]{24}")


def read(row: dict[str, Any]) -> Task:
    """A row as a task.

    Raises:
        ValueError: ``field: what is wrong``, of several fields one after the other.
    """
    given = {name: value for name, value in row.items() if name not in _NOT_TAKEN}
    # NaN is how a frame says that there is nothing.
    absent = {name for name, value in given.items() if value is None or (isinstance(value, float) and value != value)}
    given = {name: None if name in absent else v for name, v in given.items() if name in NEEDED or name not in absent}
    task = Task.read(given)
    for name in NEEDED:
        if not task[name].strip():
            raise ValueError(f"{name}: is empty")
    for name in _FREE:
        try:
            canonical_json(task[name])
        except UnicodeEncodeError:
            raise ValueError(f"{name}: holds half a character (an unpaired surrogate)") from None
        except (GenesysError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{name}: cannot be written as JSON: {error}") from None
    # A Parquet column of several task types has a null for each field of the others.
    said = {name: value for name, value in task.verification_info.items() if value is not None}
    return task.model_copy(update={"verification_info": said})


def key(source: str, ident: str) -> str:
    """The upstream key of a task: two files that number from 1 are two sources."""
    return json.dumps([source, ident], ensure_ascii=False)


def identify(row: dict[str, Any]) -> Identity:
    """A row's identity.

    Raises:
        ValueError: As ``read`` has it.
    """
    task = read(row)
    return Identity(key=key(task.source, task.problem_id), statement=task.prompt)


def known_as(label: str, source: str, ident: str) -> str:
    """Under which problem_id a task of this source stands in our tables.

    An id that is one of ours already stays as it is: tasks made from those of another lane keep their family.

    Args:
        label: Name of the source that the row was read from.
        source: As the row says it.
        ident: Its owner's id of it.
    """
    return ident if _OURS.fullmatch(ident) else problem_id(label, key(source, ident))
