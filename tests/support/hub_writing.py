"""The same small hub for those who write: repositories are made, files go up, commits and tags stand."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.hub import COMMIT, HubHandler, HubServer

LARGE = 100
"""Files of so many bytes go up by themselves before the commit."""


class WritableHub(HubServer):
    """A hub with at most one data set, of the name that is given; its files stand in the folder.

    Args:
        name: ``owner/name``.
        folder: Where committed files stand.
        token: Who has it may write.
    """

    def __init__(self, name: str, folder: Path, *, token: str) -> None:
        super().__init__(name, folder)
        self.token = token
        self.is_there = False
        self.private: bool | None = None
        self.blobs: dict[str, bytes] = {}
        self.uploads: list[str] = []
        self.commits: list[list[str]] = []
        self.tags: dict[str, str] = {}
        self.failing_commits = 0
        """So many commits are answered by a failure of the server."""

    @property
    def handler(self) -> type[HubHandler]:
        return _WritingHandler


class _WritingHandler(HubHandler):
    server_of: WritableHub  # type: ignore[assignment]

    def do_GET(self) -> None:
        hub, path = self.server_of, unquote(urlsplit(self.path).path)
        if not hub.is_there:
            self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif path == f"/api/datasets/{hub.name}/refs":
            tags = [{"name": name, "ref": f"refs/tags/{name}", "targetCommit": at} for name, at in hub.tags.items()]
            self.send_json({"branches": [], "converts": [], "tags": tags})
        else:
            super().do_GET()

    def do_PUT(self) -> None:
        content = self._body()
        oid = self.path.rpartition("/")[2]
        assert hashlib.sha256(content).hexdigest() == oid
        self.server_of.blobs[oid] = content
        self.server_of.uploads.append(oid)
        self.send(200, b"", {})

    def do_POST(self) -> None:
        hub, path = self.server_of, unquote(urlsplit(self.path).path)
        body = self._body()
        hub.paths.append(path)
        if path == "/api/validate-yaml":
            self.send_json({"errors": [], "warnings": []})
            return
        if self.headers.get("Authorization") != f"Bearer {hub.token}":
            self.send(403, b'{"error": "forbidden"}', {})
            return
        api = f"/api/datasets/{hub.name}"
        routes = {
            "/api/repos/create": self._create,
            f"{api}/preupload/main": self._preupload,
            f"/datasets/{hub.name}.git/info/lfs/objects/batch": self._batch,
            f"{api}/commit/main": self._commit,
        }
        if path in routes:
            routes[path](body)
        elif path.startswith(f"{api}/tag/"):
            hub.tags[json.loads(body)["tag"]] = path.rpartition("/")[2]
            self.send_json({})
        else:
            self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _create(self, body: bytes) -> None:
        hub, asked = self.server_of, json.loads(body)
        if hub.is_there:
            self.send(409, json.dumps({"url": f"{hub.url}/datasets/{hub.name}"}).encode(), {})
            return
        assert f"{asked['organization']}/{asked['name']}" == hub.name
        hub.is_there, hub.private = True, asked.get("visibility") == "private" or asked.get("private", False)
        hub.folder.mkdir(parents=True, exist_ok=True)
        (hub.folder / ".gitattributes").write_text("*.parquet filter=lfs\n")
        self.send_json({"url": f"{hub.url}/datasets/{hub.name}"})

    def _preupload(self, body: bytes) -> None:
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["size"] >= LARGE and file["path"].endswith(".parquet") else "regular",
                "shouldIgnore": False,
            }
            for file in json.loads(body)["files"]
        ]
        self.send_json({"files": files})

    def _batch(self, body: bytes) -> None:
        hub = self.server_of
        objects: list[dict[str, Any]] = []
        for asked in json.loads(body)["objects"]:
            actions = {"upload": {"href": f"{hub.url}/lfs/{asked['oid']}"}}
            objects.append({**asked, **({} if asked["oid"] in hub.blobs else {"actions": actions})})
        self.send_json({"transfer": "basic", "objects": objects})

    def _commit(self, body: bytes) -> None:
        hub = self.server_of
        if hub.failing_commits:
            hub.failing_commits -= 1
            self.send(500, b'{"error": "try later"}', {})
            return
        done: list[str] = []
        for line in map(json.loads, body.splitlines()):
            value, place = line["value"], hub.folder / line["value"].get("path", "")
            place.parent.mkdir(parents=True, exist_ok=True)
            if line["key"] == "file":
                place.write_bytes(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                place.write_bytes(hub.blobs[value["oid"]])
            elif line["key"] == "deletedFile":
                place.unlink()
            done.append(f"{line['key']} {value.get('path', '')}".strip())
        hub.commits.append(done)
        self.send_json({"commitOid": COMMIT, "commitUrl": f"{hub.url}/datasets/{hub.name}/commit/{COMMIT}"})
