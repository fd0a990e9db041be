"""What a person sees and does in a real browser; and that hostile texts do nothing there."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn

from genesys.tables.lake import Lake
from genesys.viewer.app import make_app
from genesys.viewer.serving import bound
from tests.genesys.viewer.conftest import state_of
from tests.support.browser import Browser, browser
from tests.support.viewed import RUN, Viewed, program

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>\n\n"
    "[click](javascript:window.hit=1) <svg onload='window.hit = 1'></svg>\n\n"
    "![x](http://127.0.0.1:9/beacon.png) $\\text{<img src=x onerror='window.hit=1'>}$\n\n"
    "```<script>window.hit=1</script>\n</code></pre><script>window.hit = 1</script>\n```\n"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    viewed = Viewed(Lake(tmp_path_factory.mktemp("state") / "lake"))
    viewed.add(
        "a1", "p1", prompt="How many geese?", answer=r"So $\frac{1}{2}$, that is \boxed{4}.", thinking="First, count."
    )
    viewed.add("a2", "p1", answer="Five geese.", score=0.0, step="verdict", reason="wrong answer")
    viewed.add(**program("d1", passes=False, problem="p2"))
    viewed.add(
        f"x1{HOSTILE}",
        "p3",
        prompt=HOSTILE,
        answer=HOSTILE,
        thinking=HOSTILE,
        gold=HOSTILE,
        system=HOSTILE,
        teacher=HOSTILE,
    )
    viewed.write()
    config = uvicorn.Config(make_app(state_of(viewed.lake)), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    with bound(0) as listening:
        listening.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_words_are_searched_and_a_trace_is_opened(window: Browser, address: str) -> None:
    window.open(address)
    window.type('input[name="words"]', "five GEESE")
    window.click("form.search button")
    assert "words=five+GEESE" in window.url
    assert window.text(".found").startswith("1 found")
    window.click("td.trace a")
    assert window.text("h1 code") == "a2"
    assert "verdict: wrong answer" in window.text("#filters")


def test_a_filter_that_is_chosen_leaves_what_fits(window: Browser, address: str) -> None:
    window.open(address)
    window.click('select[name="verdict"] option[value="rejected"]')
    window.click('select[name="lane"] option[value="math"]')
    window.click("form.search button")
    assert window.all("td.trace code") == ["a2"]
    assert window.script("return document.querySelector('select[name=verdict]').value") == "rejected"
    window.click(".clear")
    assert len(window.all("td.trace")) == 4


def test_thinking_is_folded_and_unfolds(window: Browser, address: str) -> None:
    window.open(f"{address}/trace?id=a1")
    assert window.all(".thinking .prose") == []
    window.click(".thinking summary")
    assert window.all(".thinking .prose") == ["First, count."]
    window.press("t")
    assert window.all(".thinking .prose") == []


def test_formulas_are_drawn_as_math_elements(window: Browser, address: str) -> None:
    window.open(f"{address}/trace?id=a1")
    kind = "return document.querySelector('#response math').namespaceURI"
    assert window.script(kind) == "http://www.w3.org/1998/Math/MathML"
    height = "return document.querySelector(arguments[0]).getBoundingClientRect().height"
    assert window.script(height, "mfrac") > window.script(height, "mfrac mn"), "one number stands above the other"


def test_code_is_coloured_and_the_tests_stand_in_a_table(window: Browser, address: str) -> None:
    window.open(f"{address}/trace?id=d1")
    colour = "return getComputedStyle(document.querySelector(arguments[0])).color"
    assert window.script(colour, "#response .code .k") != window.script(colour, "#response .code code")
    assert window.all("#tests tbody tr .badge") == ["passed", "wrong answer"]
    assert "what-it-wrote" in window.text("#tests tr.failed")


def test_the_way_to_the_run_is_a_link(window: Browser, address: str) -> None:
    window.open(f"{address}/trace?id=a1")
    assert window.script("return document.querySelector('.lineage a.run').href") == f"http://127.0.0.1:3000/runs/{RUN}"


def test_siblings_stand_side_by_side(window: Browser, address: str) -> None:
    window.open(f"{address}/trace?id=a1")
    window.click("#siblings a.compare")
    left, right = window.script("return [...document.querySelectorAll('.both > .card')].map(e => e.offsetLeft)")
    assert left < right
    assert "Five geese." in window.all(".both > .card")[1]


def test_keys_lead_from_trace_to_trace(window: Browser, address: str) -> None:
    window.open(f"{address}/trace?id=a1")
    window.press("n")
    assert window.text("h1 code") == "a2"
    window.press("p")
    assert window.text("h1 code") == "a1"
    window.press("u")
    assert len(window.all("td.trace")) == 4
    window.press("j")
    assert window.script("return document.activeElement.closest('td').className") == "trace"


@pytest.mark.parametrize("page", ["/", "/trace?", "/compare?other_id=a1&", "/lineage?"])
def test_hostile_texts_run_nothing_and_fetch_nothing(window: Browser, address: str, page: str) -> None:
    window.open(address)
    ident = window.script("return [...document.querySelectorAll('td.trace a')].map(a => new URL(a.href).search).at(-1)")
    window.open(f"{address}{page}{ident[1:]}" if page != "/" else address)
    window.script("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert window.script("return window.hit ?? null") is None
    assert "script" in window.text("main"), "the text is shown as it stands"
    assert window.script("return document.querySelectorAll('main script, main img, main svg').length") == 0
    fetched = window.script("return performance.getEntriesByType('resource').map(one => new URL(one.name).origin)")
    assert set(fetched) <= {address}


def test_the_policy_of_the_pages_stops_a_script_that_came_in_all_the_same(window: Browser, address: str) -> None:
    window.open(address)
    window.script("document.body.insertAdjacentHTML('beforeend', '<b id=probe onclick=\"window.hit = 1\">x</b>')")
    window.click("#probe")
    assert window.script("return window.hit ?? null") is None
