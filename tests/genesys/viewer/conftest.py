"""A place with a few traces, and a client that reads its pages as a browser without scripts would."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from genesys.calls.journal import Journal
from genesys.lanes import LANES
from genesys.tables.lake import Lake
from genesys.viewer.app import make_app
from genesys.viewer.state import State
from genesys.viewer.trace import Place
from tests.support.viewed import Viewed

UI = "http://127.0.0.1:3000"


@pytest.fixture
def viewed(tmp_path: Path) -> Viewed:
    return Viewed(Lake(tmp_path / "lake"))


def state_of(lake: Lake, ui: str = UI) -> State:
    journal = Path(lake.root).parent / "journal"
    return State(lake, LANES, lambda: Journal(str(journal), readonly=True), ui=ui)


def client_of(place: Place) -> TestClient:
    return TestClient(make_app(place), base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture
def reading(viewed: Viewed) -> Callable[..., str]:
    """Writes the tables at the first call; gives the text of a page that must be there."""
    opened: list[TestClient] = []

    def read(address: str, status: int = 200) -> str:
        if not opened:
            opened.append(client_of(state_of(viewed.write())))
        answer = opened[0].get(address)
        assert answer.status_code == status, answer.text
        return answer.text

    return read
