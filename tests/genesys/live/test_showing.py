"""Displays: what they show fits, and a terminal that hangs or a reader that has gone stops nobody."""

import contextlib
import io
import os
import pty
import threading
import time
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from genesys.live.drawing import block, eta_text, headline, line, span
from genesys.live.showing import displayed
from genesys.live.view import EndpointLine, Eta, RunView
from tests.support.waiting import wait_until

VIEW = RunView(
    run_id="r",
    lane="math",
    shard="math-00042",
    stage="generations",
    started_at=time.time() - 7000,
    seen_at=time.time(),
    rows=1204,
    total=4096,
    running=128,
    accepted=1192,
    errored={"infrastructure": 12},
    eta=Eta(seconds=7801.0),
    calls_made=1204,
    tokens_per_second=15_240.4,
    error_rate=0.031,
    in_flight=64,
    queue=64,
    endpoints=(
        EndpointLine(
            role="teacher",
            url="https://host-2/v1",
            state="parked",
            limit=32,
            failed=7,
            parked_for=10.2,
            last_error="https://host-2/v1: answered 503:\n overloaded \x1b[31m",
        ),
        EndpointLine(
            role="teacher",
            url="https://host-1/v1",
            state="open",
            in_flight=64,
            limit=64,
            answered=1204,
            tokens_per_second=15_240.4,
        ),
    ),
    more_endpoints=3,
)


def test_a_block_says_in_plain_words_how_it_stands() -> None:
    assert block(VIEW) == [
        "    generations   ━━━━━─────────────── 1,204/4,096 29%  about 2 h 10 min left",
        "    128 rows in flight, 2,764 to come, 12 errored",
        "    15,240 tok/s, 64 calls in flight, 64 waiting, 3.1% of attempts fail",
        "    https://host-2/v1: parked for 10 s: answered 503: overloaded \\u001b[31m",
        "    https://host-1/v1  64/64 calls  15,240 tok/s  1,204 answered",
        "    and 3 more endpoints",
    ]
    assert max(map(cell_len, block(VIEW)[:3])) <= 80
    assert headline(VIEW).split() == [
        "math-00042",
        "1",
        "h",
        "57",
        "min",
        "generations",
        "1,192/1,204",
        "(12",
        "errored)",
    ]


def test_a_line_for_a_log_has_all_of_it_and_the_trouble_at_its_end() -> None:
    told = line(VIEW)
    assert told.startswith("math-00042 generations: 1,204/4,096 29%, about 2 h 10 min left, 128 rows in flight")
    assert told.endswith("; https://host-2/v1: parked for 10 s: answered 503: overloaded \\u001b[31m")
    assert "\n" not in told


def test_the_last_rows_and_what_nobody_knows_are_not_promised() -> None:
    tail = VIEW.model_copy(update={"rows": 4093, "running": 3, "oldest_row": 840.0})
    assert "3 rows in flight, the oldest for 14 min" in block(tail)[1]
    assert eta_text(Eta(seconds=240.0, at_least=True)) == "last rows: 4 min or more"
    assert eta_text(Eta(why="time left not known yet")) == "time left not known yet"
    assert "None" not in line(RunView(run_id="r", started_at=0.0, seen_at=1.0))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.3, "0.3 s"), (59.4, "59 s"), (90, "2 min"), (3599, "1 h 0 min"), (7801, "2 h 10 min"), (266_400, "3 d 2 h")],
)
def test_times_are_said_in_two_parts_at_most(seconds: float, said: str) -> None:
    assert span(seconds) == said


def shown_on(stream: io.TextIOBase, work: Callable[[Callable[[str], None]], None]) -> float:
    """Show something while work goes on; gives the seconds it took in all."""
    began = time.monotonic()
    with displayed(stream, lambda: ["now"] * 500, lambda: ["x" * 70] * 500, lambda: 0.01) as say:  # type: ignore[arg-type]
        work(say)
    return time.monotonic() - began


def fill(say: Callable[[str], None]) -> None:
    for number in range(5000):
        say("y" * 100 + str(number))
    time.sleep(0.05)


def test_a_reader_that_has_gone_stops_nobody() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        assert shown_on(stream, fill) < 5
        stream.close()


def test_a_pipe_that_nobody_reads_stops_nobody() -> None:
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    before = threading.active_count()
    assert shown_on(stream, fill) < 5
    os.close(reading)  # the thread that hung gets its error and ends
    wait_until(lambda: threading.active_count() <= before, 10)
    stream.close()


def fill_up(terminal: int) -> None:
    """Write to a terminal until it takes no more. The kernel hands on what was written a little later, which makes room
    again, so it has to be full several times in a row."""
    os.set_blocking(terminal, False)
    full = 0
    while full < 10:
        try:
            os.write(terminal, b"nobody reads this")
            full = 0
        except BlockingIOError:
            full += 1
            time.sleep(0.03)
    os.set_blocking(terminal, True)


def test_a_terminal_that_hangs_stops_nobody() -> None:
    master, slave = pty.openpty()
    fill_up(slave)
    stream = os.fdopen(slave, "w")

    def screens() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name == "live screen"]

    assert stream.isatty()
    assert shown_on(stream, lambda say: time.sleep(0.1)) < 5
    assert screens(), "it hangs"
    os.close(master)
    wait_until(lambda: not screens(), 10)
    with contextlib.suppress(OSError):
        stream.close()


def test_a_terminal_shows_the_lines_of_now_and_keeps_the_last() -> None:
    master, slave = pty.openpty()
    told = ["first"]
    with os.fdopen(slave, "w") as stream, displayed(stream, lambda: told, list, lambda: 1.0):
        wait_until(lambda: b"first" in os.read(master, 10_000), 10)
        told[0] = "second"
    assert b"second" in os.read(master, 10_000)
    os.close(master)


def test_what_is_said_stands_in_its_order_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with displayed(stream, list, lambda: ["regular"], lambda: 0.02) as say:
        say("one")
        wait_until(lambda: "regular" in stream.getvalue(), 10)
        say("two")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "one"
    assert lines[-1] == "two"
