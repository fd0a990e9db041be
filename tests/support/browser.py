"""Chromium driven over WebDriver's own protocol: what a person sees and does, for tests marked browser."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


@dataclass(frozen=True)
class Browser:
    """One window."""

    session: str

    def open(self, url: str) -> None:
        self._call("POST", "/url", url=url)

    @property
    def url(self) -> str:
        return str(self._call("GET", "/url"))

    def script(self, code: str, *args: Any) -> Any:
        """What a function with this body gives in the page."""
        return self._call("POST", "/execute/sync", script=code, args=list(args))

    def all(self, css: str) -> list[str]:
        """Texts of the elements that are seen, as they are drawn."""
        shown = (
            "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => e.innerText)"
        )
        return [str(text) for text in self.script(shown, css)]

    def text(self, css: str) -> str:
        """That of the first one."""
        found = self.all(css)
        assert found, f"no {css} in {self.url}"
        return found[0]

    def click(self, css: str) -> None:
        self._call("POST", f"/element/{self._element(css)}/click")

    def type(self, css: str, text: str) -> None:
        self._call("POST", f"/element/{self._element(css)}/value", text=text)

    def press(self, key: str) -> None:
        """A key where the focus is."""
        strokes = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._call("POST", "/actions", actions=[{"type": "key", "id": "keys", "actions": strokes}])

    def _element(self, css: str) -> str:
        return str(self._call("POST", "/element", using="css selector", value=css)[_ELEMENT])

    def _call(self, method: str, path: str, **body: Any) -> Any:
        return _request(method, f"{self.session}{path}", body)


def _request(method: str, url: str, body: dict[str, Any]) -> Any:
    answer = httpx2.request(method, url, json=body if method == "POST" else None, timeout=60)
    value = answer.json()["value"]
    assert answer.is_success, f"{url}: {value['message'][:500]}"
    return value


@contextmanager
def browser(scratch: Path) -> Iterator[Browser]:
    """A browser of its own, without a screen; the test is skipped where there is none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no chromium with chromedriver here")
    process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        started = (re.search(r"started successfully on port (\d+)", line) for line in process.stdout)
        root = f"http://127.0.0.1:{next(found[1] for found in started if found)}"
        words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1366,900"]
        chrome = {"binary": chromium, "args": [*words, f"--user-data-dir={scratch}"]}
        wanted = {"alwaysMatch": {"goog:chromeOptions": chrome, "unhandledPromptBehavior": "ignore"}}
        made = _request("POST", f"{root}/session", {"capabilities": wanted})
        session = f"{root}/session/{made['sessionId']}"
        try:
            yield Browser(session)
        finally:
            _request("DELETE", session, {})
    finally:
        process.terminate()
        process.wait()
