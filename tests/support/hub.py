"""A small server that speaks as the hub does to those who read data sets: one repository, a folder of this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""At which every branch and tag stands."""


class HubServer:
    """Serves one data set.

    Args:
        name: ``owner/name``.
        folder: Its files.
        gone_after: After so many bytes of files the server answers no further request for any.
    """

    @property
    def handler(self) -> type[HubHandler]:
        """What answers a request."""
        return HubHandler

    def __init__(self, name: str, folder: Path, *, gone_after: int | None = None) -> None:
        self.name, self.folder, self.gone_after = name, folder, gone_after
        self.sent = 0
        self.paths: list[str] = []
        self.revisions: set[str] = set()
        hub, kind = self, self.handler

        class Handler(kind):  # type: ignore[misc, valid-type]
            server_of = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def entry(self, path: Path) -> dict[str, Any]:
        """A file or folder as listings show it."""
        name = path.relative_to(self.folder).as_posix()
        kind = "directory" if path.is_dir() else "file"
        return {"type": kind, "path": name, "size": path.stat().st_size if kind == "file" else 0, "oid": "0" * 40}


class HubHandler(BaseHTTPRequestHandler):
    """One request."""

    server_of: HubServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(head=False)

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_POST(self) -> None:
        hub, path = self.server_of, unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        hub.paths.append(path)
        wanted = (
            json.loads(body).get("paths", []) if body.startswith(b"{") else parse_qs(body.decode()).get("paths", [])
        )
        found = [hub.folder / name for name in wanted]
        self.send_json([hub.entry(place) for place in found if place.exists()])

    def _answer(self, *, head: bool) -> None:
        hub, path = self.server_of, unquote(urlsplit(self.path).path)
        hub.paths.append(path)
        api, files = f"/api/datasets/{hub.name}", f"/datasets/{hub.name}/resolve/"
        if path.startswith(f"{api}/tree/"):
            _, _, folder = path.removeprefix(f"{api}/tree/").partition("/")
            place = hub.folder / folder
            deep = "recursive=true" in urlsplit(self.path).query.lower()
            found = sorted(place.rglob("*") if deep else place.iterdir()) if place.is_dir() else []
            self.send_json([hub.entry(each) for each in found])
        elif path.startswith(files):
            _, _, name = path.removeprefix(files).partition("/")
            self._file(hub.folder / name, head=head)
        elif path == api or path.startswith(f"{api}/revision/"):
            revision = path.removeprefix(f"{api}/revision/") if path != api else "main"
            if revision != COMMIT:
                hub.revisions.add(revision)
            siblings = [{"rfilename": each.relative_to(hub.folder).as_posix()} for each in hub.folder.rglob("*.*")]
            self.send_json({"id": hub.name, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []})
        else:
            self.send(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def _file(self, place: Path, *, head: bool) -> None:
        hub = self.server_of
        if not place.is_file():
            self.send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        content, code, more = place.read_bytes(), 200, {}
        wanted = self.headers.get("Range")
        if wanted and not head:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            end = min(int(last or len(content) - 1), len(content) - 1)
            more["Content-Range"] = f"bytes {first}-{end}/{len(content)}"
            content, code = content[int(first) : end + 1], 206
        if not head:
            if hub.gone_after is not None and hub.sent + len(content) > hub.gone_after:
                self.close_connection = True
                self.connection.close()
                return
            hub.sent += len(content)
        headers = {"ETag": f'"{place.name}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes", **more}
        self.send(code, content, headers, head=head)

    def send_json(self, value: Any) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, code: int, content: bytes, headers: dict[str, str], *, head: bool = False) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not head:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
