"""What every section of the settings is made of: strict fields, and places whose names hold no secret."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict


class Strict(BaseModel):
    """A section in which an unknown name is an error, since it is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def _without_secret(root: str) -> str:
    """A place whose name holds no password: it is shown in logs, tables and the UI."""
    parts = urlsplit(root)
    if parts.password or (parts.username and "://" in root):
        raise ValueError(
            f"{parts.scheme}://{parts.hostname or ''} is named with a name or a password: give them in the environment"
        )
    return root


Place = Annotated[str, AfterValidator(_without_secret)]
"""A folder or an fsspec URL, without credentials."""
