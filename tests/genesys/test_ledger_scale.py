"""The ledger of a source that does not fit into memory, nor into one sitting: shards as they are cut, kills, breaks."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys import ledger_shards
from genesys.faults import InfrastructureFault
from genesys.ledger import LedgerUpdate, update_ledger
from genesys.sources import BadRow, Opened, Source, SourceRow
from genesys.sources.opening import open_source
from genesys.tables.lake import Lake
from tests.support.killing import run_killed
from tests.support.tiny_lane import sums_lane, write_rows

LANE = sums_lane()
Row = dict[str, Any]
REPO = Path(__file__).parents[2]


def rows(count: int) -> Iterator[Row]:
    """Sums, every seventh of them twice."""
    for number in range(count):
        yield {"id": number, "question": f"{number}+{number - number % 7}", "answer": str(2 * number - number % 7)}
        if number % 7 == 3:
            yield {"id": f"again {number}", "question": f"{number}+{number - 3}", "answer": ""}


def opened(folder: Path, count: int, name: str = "rows") -> Opened:
    return open_source(Source(path=str(write_rows(folder / f"{name}.jsonl", rows(count))), name="sums"))


def stream(source: Opened, *, breaks_at: int = -1, seen: Any = lambda number: None) -> Opened:
    """The same rows as a stream that may break."""

    def read() -> Iterator[SourceRow | BadRow]:
        for number, row in enumerate(source.rows()):
            seen(number)
            if number == breaks_at:
                raise InfrastructureFault("the network is gone")
            yield row

    return replace(source, files=(), read=read)


def shards(lake: Lake) -> dict[str, str]:
    found = lake.manifest("sums/ledger")
    return {name: part.data.sha256 for name, part in found.parts.items()} if found else {}


def read(lake: Lake, source: Opened, **more: Any) -> LedgerUpdate:
    return update_ledger(lake, LANE, [source], shard_size=10, **more)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shard is published as soon as it is cut."""
    monkeypatch.setattr(ledger_shards, "LEAST_S", 0.0)
    monkeypatch.setattr(ledger_shards, "SHARE", 1e9)


@pytest.mark.usefixtures("at_once")
def test_shards_are_in_the_ledger_while_the_sources_are_still_read(tmp_path: Path) -> None:
    lake, standing, told = Lake(tmp_path / "lake"), {}, []
    source = stream(opened(tmp_path, 45), seen=lambda number: standing.update({number: sorted(shards(lake))}))
    update = read(lake, source, tell=lambda parts: told.append(sorted(parts)))
    assert standing[5] == []
    # 45 sums with 6 copies among them, and the first rows are looked at once before the reading.
    assert standing[25] == ["sums-00000", "sums-00001"]
    assert standing[45] == ["sums-00000", "sums-00001", "sums-00002"]
    assert sum(told, []) == update.new_shards == sorted(shards(lake))
    assert update.counts.rejected == {"duplicate": 6}


def test_of_many_shards_several_are_published_together(tmp_path: Path) -> None:
    """A manifest names all shards: a thousand of them must not be written out a thousand times."""
    told: list[int] = []
    read(Lake(tmp_path / "lake"), opened(tmp_path, 400), tell=lambda parts: told.append(len(parts)))
    assert sum(told) == 40
    assert told[0] == 1, "the first at once, so that work can begin"
    assert len(told) < 20


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("breaks_at", [3, 17, 44])
def test_a_stream_that_breaks_leaves_what_was_cut_and_the_next_try_goes_on(tmp_path: Path, breaks_at: int) -> None:
    whole, lake = Lake(tmp_path / "whole"), Lake(tmp_path / "lake")
    source = opened(tmp_path, 60)
    read(whole, source)
    # The first hundred rows are looked at first; the break is in the second look.
    looks = iter([stream(source), stream(source, breaks_at=breaks_at)])
    breaking = replace(source, files=(), read=lambda: next(looks).rows())
    with pytest.raises(InfrastructureFault, match="the network is gone"):
        read(lake, breaking)
    before = shards(lake)
    assert len(before) == {3: 0, 17: 1, 44: 3}[breaks_at]
    assert lake.manifest("sums/withdrawn") is None
    update = read(lake, source)
    assert shards(lake) == shards(whole)
    assert before.items() <= shards(lake).items()
    assert update.counts.balanced
    assert (update.counts.accepted, update.unchanged) == (60, 10 * len(before))
    assert not list((tmp_path / "lake").rglob("*.tmp"))


def test_nothing_is_left_of_what_was_known(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    names: set[str] = set()
    source = stream(
        opened(tmp_path, 30), seen=lambda _: names.update(path.name for path in (tmp_path / "lake").rglob("*known*"))
    )
    read(lake, source)
    assert names == set(), "the file has no name as soon as it is open"


DRIVE = """
import sys, time
from dataclasses import replace
from pathlib import Path
from genesys import ledger_shards
from tests.genesys.test_ledger_scale import LANE, Lake, open_source, Source, stream, update_ledger
ledger_shards.LEAST_S = 0.02
folder = Path(sys.argv[1])
source = open_source(Source(path=str(folder / "rows.jsonl"), name="sums"))
slow = stream(source, seen=lambda number: time.sleep(0.0004))
update_ledger(Lake(folder / "current"), LANE, [slow], shard_size=10)
"""


def test_a_killed_reading_goes_on_with_the_same_shards_and_has_no_row_twice(tmp_path: Path) -> None:
    count, seed = 1500, int(os.environ.get("GENESYS_KILL_SEED", str(random.randrange(10**6))))
    source = opened(tmp_path, count)
    whole = Lake(tmp_path / "whole")
    read(whole, source)
    command = [sys.executable, "-c", DRIVE, str(tmp_path)]
    environment, state = os.environ | {"PYTHONPATH": str(REPO)}, {"number": 0, "shards": 0}
    link = tmp_path / "current"

    def fresh() -> None:
        state["number"] += 1
        (tmp_path / f"lake-{state['number']}").mkdir()
        link.unlink(missing_ok=True)
        link.symlink_to(tmp_path / f"lake-{state['number']}")

    def before_start() -> None:
        state["shards"] = len(shards(Lake(link)))

    def killed(_: int) -> bool:
        standing = shards(Lake(link))
        assert standing.items() <= shards(whole).items(), "what is published is final"
        return True

    def finished() -> None:
        assert shards(Lake(link)) == shards(whole)
        fresh()

    fresh()
    run_killed(
        command,
        environment,
        4,
        seed,
        (0.0, 0.4),
        cwd=REPO,
        before_start=before_start,
        ready=lambda: len(shards(Lake(link))) > state["shards"],
        after_kill=killed,
        when_finished=finished,
    )
    subprocess.run(command, check=True, env=environment, cwd=REPO)
    lake = Lake(link)
    assert shards(lake) == shards(whole)
    idents = [row["problem_id"] for row in lake.rows("sums/ledger")]
    assert len(idents) == len(set(idents)) == count
    assert lake.need("sums/withdrawn").parts["ledger"].data == whole.need("sums/withdrawn").parts["ledger"].data
    assert not list(link.rglob("*known*"))


MEASURE = """
import sys
from pathlib import Path
from genesys.hashing import digest
from genesys.ledger_known import Known

def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024

def place(known, numbers):
    for number in numbers:
        ident, marks = digest(number, 24), frozenset({f"statement:{digest([number], 24)}", f"tests:{number}"})
        assert known.place(known.problem(ident), digest([number, 1], 32), marks, known.owners(marks))

with Known(Path(sys.argv[1])) as known:
    place(known, range(20_000))
    before = peak()
    place(known, range(20_000, 80_000))
    print(peak() - before)
"""


def test_what_is_known_takes_no_more_memory_for_more_rows(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(ended.stdout) < 30, "megabytes for 60,000 rows more; a dictionary takes a kilobyte a row"
