"""Texts that want to do something in the reader's browser, in every place that a page shows."""

import json
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from genesys.tables.lake import Lake
from tests.genesys.viewer.conftest import client_of, state_of
from tests.support.viewed import Viewed, program

SCRIPT = "<script>alert(1)</script>"
QUOTED = "\"'><img src=x onerror=alert(1)>"
EVIL = f"{SCRIPT}{QUOTED}\u202e"
IDENT = f"a1{EVIL}"


class Page(HTMLParser):
    """Elements that a text must not have made, and addresses that links lead to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.odd: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_ours = tag == "script" and given == {"src": "/static/keys.js", "defer": None}
        if tag in ("script", "img", "iframe", "object", "embed", "style", "base", "svg") and not is_ours:
            self.odd.append(tag)
        self.odd += [name for name in given if name.startswith("on") or name in ("style", "srcdoc")]
        self.links += [given["href"] or ""] if tag == "a" else []


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    viewed = Viewed(Lake(tmp_path_factory.mktemp("state") / "lake"))
    more = {name: EVIL for name in ("source_url", "license", "attribution", "in_source_id", "revision")}
    task = {"verification_info": json.dumps({"ground_truth": EVIL, EVIL: EVIL}), "metadata": json.dumps({EVIL: EVIL})}
    verdict = {name: EVIL for name in ("rule", "reason", "extracted_answer", "canonical_answer", "verifier")}
    votes = [dict.fromkeys(("judge", "model", "order", "why", "score"), EVIL)]
    info = {
        "votes": votes,
        "agreement": {EVIL: EVIL},
        "why": EVIL,
        "passed": EVIL,
        "total": EVIL,
        "tests": [{"verdict": EVIL}],
    }
    hostile = {"prompt": EVIL, "answer": EVIL, "thinking": EVIL, "gold": EVIL, "system": EVIL, "teacher": EVIL}
    viewed.add(IDENT, f"p{EVIL}", **hostile, task=task | more, verdict=verdict, info=info, step=EVIL, reason=EVIL)
    viewed.add("a2", f"p{EVIL}", measured={"compile_message": EVIL})
    tests = [{"type": "stdin_stdout", "input": EVIL, "output": EVIL}]
    code = {"verification_info": json.dumps({"language": "python", "test_cases": tests})}
    ended = {
        "tests": [{"verdict": EVIL, "exit": EVIL, "signal": EVIL}],
        "first_failure": {"index": 0},
        "passed": 0,
        "total": 1,
    }
    viewed.add(
        **program("d1", passes=False)
        | {"task": code, "info": ended, "measured": {"first_failure": {"got": EVIL, "stderr": EVIL}}}
    )
    return client_of(state_of(viewed.write()))


PAGES: list[tuple[str, dict[str, str]]] = [
    ("/", {}),
    ("/", {"words": EVIL, "ident": EVIL, "lane": EVIL, "step": EVIL, "source": EVIL}),
    ("/", {"page": EVIL}),
    ("/", {"sort": EVIL}),
    ("/trace", {"id": IDENT}),
    ("/trace", {"id": IDENT, "words": EVIL}),
    ("/trace", {"id": "d1"}),
    ("/trace", {"id": EVIL}),
    ("/compare", {"id": IDENT, "other_id": "a2"}),
    ("/lineage", {"id": IDENT}),
    ("/raw", {"id": IDENT, "part": EVIL}),
    (f"/{EVIL}", {}),
]


@pytest.mark.parametrize(("address", "asked"), PAGES)
def test_no_page_has_an_element_or_a_handler_that_a_text_brought(
    client: TestClient, address: str, asked: dict[str, str]
) -> None:
    answer = client.get(address, params=asked)
    assert answer.status_code in (200, 400, 404)
    page = Page(answer.text)
    assert page.odd == []
    assert not [link for link in page.links if not link.startswith(("/", "http://127.0.0.1:3000", "#"))]
    assert "\u202e" not in answer.text


@pytest.mark.parametrize(
    ("address", "asked"), [*PAGES, ("/static/style.css", {}), ("/raw", {"id": "a2", "part": "gold"})]
)
def test_every_answer_forbids_what_no_page_needs(client: TestClient, address: str, asked: dict[str, str]) -> None:
    headers = client.get(address, params=asked).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == policy["script-src"] == policy["form-action"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("part", ["prompt", "response", "thinking", "gold", "verification_info", "verdict"])
def test_raw_texts_are_plain_text_to_the_letter(client: TestClient, part: str) -> None:
    answer = client.get("/raw", params={"id": IDENT, "part": part})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert SCRIPT in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:3100", "127.0.0.1.evil.example", ""])
def test_a_name_of_another_site_that_leads_here_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:3100", "localhost:3100"])
def test_this_machine_is_called_by_its_own_names(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


def test_a_page_that_fails_tells_nothing_and_has_the_headers_too(
    viewed: Viewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewed.add("a1")
    place = state_of(viewed.write())
    failing: Callable[..., None] = lambda *_: 1 / 0  # noqa: E731
    monkeypatch.setattr(place, "trace", failing)
    answer = client_of(place).get("/trace?id=a1")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
