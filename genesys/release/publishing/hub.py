"""A release on the hub: one commit with all its files, and a tag that is its version. The token is the environment's.

The folder is made here first; its large files go up one by one, those that the hub has already are passed over, and
nothing is seen of them before the commit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from genesys.faults import GenesysError, InfrastructureFault
from genesys.release.publishing.layout import FOLDERS, REPORT
from genesys.release.publishing.places import Placed, Told
from genesys.release.publishing.release import Release

if TYPE_CHECKING:
    from huggingface_hub import HfApi

PREFIX = "hub:"
TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_REFUSED = (401, 403)


def put_on_hub(release: Release, folder: Path, name: str, *, private: bool, told: Told) -> Placed:
    """Commit a release's folder to a data set of the hub.

    Args:
        release: What stands in the folder.
        folder: Where it stands here.
        name: ``owner/name``.
        private: Whether only its owner sees a repository that has to be made.
        told: Hears what is being done.

    Raises:
        GenesysError: There is no token, or it may not write there.
        InfrastructureFault: The hub could not be reached.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    if not sys.stderr.isatty():
        disable_progress_bars()  # in a log they are lines without end
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=token_of_environment(), library_name="genesys")
    place = f"{api.endpoint}/datasets/{name}"
    with _reaching(name):
        if release.version in _tags(api, name):
            return Placed(place, False)
        told(f"{name}: made, if it was not there")
        api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        ours = {path.relative_to(folder).as_posix(): path for path in files}
        there = api.list_repo_files(name, repo_type="dataset")
        stale = [path for path in there if path not in ours and (path.partition("/")[0] in FOLDERS or path == REPORT)]
        told(f"{name}: {len(ours)} files, {len(stale)} of an earlier version go")
        commit = api.create_commit(
            name,
            [
                *(CommitOperationAdd(path, str(file)) for path, file in ours.items()),
                *(CommitOperationDelete(path) for path in stale),
            ],
            commit_message=f"{release.name} {release.version}",
            repo_type="dataset",
        )
        api.create_tag(name, tag=release.version, revision=commit.oid, repo_type="dataset", exist_ok=True)
    return Placed(place, True)


def token_of_environment() -> str:
    """The token to write with.

    Raises:
        GenesysError: There is none.
    """
    found = next((value for name in TOKENS if (value := os.environ.get(name, "").strip())), None)
    if found is None:
        raise GenesysError(f"{TOKENS[0]} is not set: a token of the hub that may write there goes into the environment")
    return found


def _tags(api: HfApi, name: str) -> set[str]:
    """Versions that were published there."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return {tag.name for tag in api.list_repo_refs(name, repo_type="dataset").tags}
    except RepositoryNotFoundError:
        return set()


@contextmanager
def _reaching(name: str) -> Iterator[None]:
    """What the hub says, in words; the token is in none of them."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except GenesysError:
        raise
    except HFValidationError as error:
        raise GenesysError(f"{PREFIX}{name}: no name of a data set on the hub (owner/name): {error}") from None
    except HfHubHTTPError as error:
        code = error.response.status_code if error.response is not None else 0
        if code in _REFUSED:
            raise GenesysError(
                f"the hub does not let this token write to {name} (HTTP {code}): it needs the right to write, and its "
                "owner a place in the organisation"
            ) from None
        raise InfrastructureFault(f"the hub answered HTTP {code} for {name}: {_first_line(error)}") from None
    except Exception as error:
        raise InfrastructureFault(
            f"{name} could not be written to the hub: {type(error).__name__}: {_first_line(error)}. Run the same "
            "command again: files that went up are not sent again"
        ) from error


def _first_line(error: Exception) -> str:
    token = next((value for name in TOKENS if (value := os.environ.get(name))), None)
    text = next(iter(str(error).strip().splitlines()), "")[:300]
    return text.replace(token, "***") if token else text
