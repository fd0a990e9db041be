"""Which parts stand: the manifests of all partitions, read, and replaced so that nobody's part is lost.

What a manifest holds stands in ``genesys.tables.manifest``; the rows of its parts are ``genesys.tables.lake``.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import fsspec
from pydantic import ValidationError

from genesys.faults import GenesysError, InfrastructureFault
from genesys.storage import local_path, object_tag, replace_file, replace_object
from genesys.tables.manifest import FORMAT, WHOLE, File, Manifest, Part

_ATTEMPTS = 100


class Catalog:
    """Manifests below one folder or URL."""

    def __init__(self, root: str | Path, storage_options: dict[str, Any] | None = None) -> None:
        """Nothing is read or made yet."""
        self.root = str(root)
        # A remembered listing would hide what another process wrote since.
        options = {"use_listings_cache": False} | (storage_options or {})
        self._fs, self._base = fsspec.core.url_to_fs(self.root, **options)
        self.local = local_path(self.root) is not None

    def manifest(self, asset: str, partition: str = WHOLE) -> Manifest | None:
        """The manifest of a partition, None if it was never made.

        Raises:
            GenesysError: It is of another format, or no manifest at all.
        """
        path = self.path(asset, partition, "manifest.json")
        try:
            return self._read(asset, partition, self._fs.cat_file(path))
        except FileNotFoundError:
            return None

    def manifests(self, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Manifest | None]:
        """The same for many (asset, partition); object storage is asked for many at a time.

        Raises:
            GenesysError: One is of another format, or no manifest at all.
        """
        paths = {self.path(*place, "manifest.json"): place for place in places}
        if self.local or not paths:
            return {place: self.manifest(*place) for place in paths.values()}
        found: dict[tuple[str, str], Manifest | None] = dict.fromkeys(paths.values())
        for path, content in self._fs.cat(list(paths), on_error="return").items():
            if isinstance(content, FileNotFoundError):
                continue
            if isinstance(content, Exception):
                raise content
            found[paths[path]] = self._read(*paths[path], content)
        return found

    def _read(self, asset: str, partition: str, content: bytes) -> Manifest:
        path = self.path(asset, partition, "manifest.json")
        try:
            found = Manifest.model_validate_json(content)
        except ValidationError as error:
            raise GenesysError(
                f"{path} is no manifest: {error.errors()[0]['msg']}. Put a copy of it back; if there is none, remove "
                f"the file and materialize {asset} {partition} again"
            ) from None
        if found.format != FORMAT:
            raise GenesysError(f"{path} has table format {found.format}; this version reads format {FORMAT}")
        return found

    def need(self, asset: str, partition: str = WHOLE) -> Manifest:
        """The manifest of a partition that must be there.

        Raises:
            GenesysError: It was never made.
        """
        found = self.manifest(asset, partition)
        if found is None:
            raise GenesysError(f"{asset} has no partition {partition} in {self.root}: materialize it first")
        return found

    def part(self, asset: str, partition: str, campaign: str) -> Part | None:
        """What a campaign made of a partition, None if nothing yet.

        Raises:
            GenesysError: The manifest is of another format, or no manifest at all.
        """
        found = self.manifest(asset, partition)
        return found.parts.get(campaign) if found else None

    def publish(self, asset: str, partition: str, parts: dict[str, Part]) -> Manifest:
        """Put parts into a partition's manifest, each in the place of its campaign's earlier one.

        Parts stand in the order of their campaigns' names, so that rows come in one order whoever was first.

        Raises:
            InfrastructureFault: It could not be written; what stood there stands.
        """
        manifest = self._publish(asset, partition, parts, lambda found: True)
        assert manifest is not None  # noqa: S101 - whatever is found is taken
        return manifest

    def publish_after(
        self, before: Manifest | None, asset: str, partition: str, parts: dict[str, Part]
    ) -> Manifest | None:
        """The same for parts that hang on the manifest itself: only while it is still the one that was read.

        Returns:
            The new manifest, None if somebody else has published meanwhile; then nothing changes.

        Raises:
            InfrastructureFault: It could not be written; what stood there stands.
        """
        return self._publish(asset, partition, parts, lambda found: found == before)

    def _publish(
        self, asset: str, partition: str, parts: dict[str, Part], takes: Callable[[Manifest | None], bool]
    ) -> Manifest | None:
        """Read, merge, replace: under a lock on a folder; on object storage again until nobody came between."""
        path = self.path(asset, partition, "manifest.json")
        with self.exclusive(asset, partition, ".lock"), self._writing(asset, partition):
            for _ in range(_ATTEMPTS):
                tag = None if self.local else object_tag(self._fs, path)
                found = self.manifest(asset, partition)
                if not self.local and found is not None and parts and _stand(parts, found):
                    return found  # ours, put in an earlier round
                if not takes(found):
                    return None
                self._check_files(asset, partition, parts)
                manifest = found or Manifest(asset=asset, partition=partition)
                manifest = manifest.model_copy(update={"parts": dict(sorted((manifest.parts | parts).items()))})
                content = manifest.model_dump_json(indent=1).encode()
                if self.local:
                    replace_file(Path(path), content)
                    return manifest
                if manifest == found or replace_object(self._fs, path, content, tag):
                    return manifest
                time.sleep(random.uniform(0, 0.1))
            raise InfrastructureFault(f"{path} changed {_ATTEMPTS} times while it was being written", fatal=True)

    def _check_files(self, asset: str, partition: str, parts: dict[str, Part]) -> None:
        """A manifest never names a file that is not there: with no grace period, gc may have taken it for left over."""
        folder, names = self._folder(asset, partition), {file.name for part in parts.values() for file in part.files}
        if self.local:
            lost = {name for name in names if not Path(folder, name).exists()}
        else:
            lost = names - {path.rsplit("/", 1)[1] for path in self._fs.ls(folder, detail=False)} if names else set()
        if lost:
            fault = f"{self.path(asset, partition, min(lost))} was removed before it was published: run the same again"
            raise InfrastructureFault(fault, fatal=True)

    def version_of(self, name: str) -> str | None:
        """What stands now under the name of an input, as in ``Part.inputs``; None if nothing does.

        Args:
            name: ``lane/table/partition`` for a partition's data version, or ``lane/table/partition/campaign`` for the
                hash of one part; for a table without partitions the campaign stands in the partition's place.
        """
        return self.versions_of([name])[name]

    def versions_of(self, names: Iterable[str]) -> dict[str, str | None]:
        """The same for many names; each manifest is read once."""
        split = {name: name.split("/") for name in names}
        found = self.manifests((f"{lane}/{table}", partition) for lane, table, partition, *_ in split.values())
        absent = {asset for (asset, _), manifest in found.items() if manifest is None}
        found |= self.manifests((asset, WHOLE) for asset in absent if (asset, WHOLE) not in found)
        versions: dict[str, str | None] = {}
        for name, (lane, table, partition, *rest) in split.items():
            asset = f"{lane}/{table}"
            manifest = found[asset, partition]
            if manifest is None:
                manifest, rest = found[asset, WHOLE], [partition]
            if manifest is None or not rest:
                versions[name] = manifest.data_version if manifest else None
            else:
                part = manifest.parts.get(rest[0])
                versions[name] = part.data.sha256 if part else None
        return versions

    def partitions(self, asset: str) -> list[str]:
        """Partitions of an asset that were made, sorted."""
        found = self._fs.glob(f"{self._base}/{asset}/*/manifest.json")
        return sorted(path.rsplit("/", 2)[1] for path in found)

    def changed(self, part: Part) -> list[str]:
        """Inputs of a part that no longer stand as they were read."""
        now = self.versions_of(part.inputs)
        return [name for name, version in part.inputs.items() if now[name] != version]

    # Places and locks ----------------------------------------------------------------------------------------------

    def path(self, asset: str, partition: str, file: File | str) -> str:
        """Where a file of a partition stands, as the file system sees it."""
        return f"{self._folder(asset, partition)}/{file if isinstance(file, str) else file.name}"

    def _folder(self, asset: str, partition: str) -> str:
        return f"{self._base}/{asset}/{partition}"

    @contextlib.contextmanager
    def exclusive(self, asset: str, partition: str, name: str) -> Iterator[None]:
        """One process of this machine at a time is in a block of this name; object storage has no such lock."""
        import fcntl

        if not self.local:
            yield
            return
        folder = Path(self._folder(asset, partition))
        with self._writing(asset, partition):
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / name).open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _writing(self, asset: str, partition: str) -> Iterator[None]:
        """A write that fails is the infrastructure's fault, and nothing after it in this run can succeed either."""
        try:
            yield
        except GenesysError:
            raise
        except Exception as error:
            if self.local and not isinstance(error, OSError):
                raise  # a mistake of ours; clients of object storage have error types of their own
            raise InfrastructureFault(
                f"{asset} {partition} could not be written to {self.root}: {error}. If the disk is full, make room "
                "(`genesys gc` shows what can go) and run the same command again.",
                fatal=True,
            ) from error


def _stand(parts: dict[str, Part], found: Manifest) -> bool:
    """Whether just these parts are in a manifest, as JSON keeps them."""
    return all(
        name in found.parts and found.parts[name].model_dump_json() == part.model_dump_json()
        for name, part in parts.items()
    )
