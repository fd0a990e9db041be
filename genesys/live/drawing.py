"""A view in words: the lines of a display, most important first, so that they can be cut to the width of a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from genesys.live.view import EndpointLine, Eta, RunView
from genesys.printable import printable

MARKS = {"running": "  ", "ended": "✓ ", "failed": "✗ ", "killed": "✗ "}
BAR = 20
INDENT = "    "
MOST_LINES = 6
"""Endpoints in a block; those in trouble go first."""


def block(view: RunView) -> list[str]:
    """A stage that runs, in a few lines of 80 columns: a bar, what is under way, the endpoints."""
    lines = [f"{INDENT}{view.stage:13} {_bar(view)} {_rows(view)}  {eta_text(view.eta)}"]
    lines += [INDENT + part for part in (_under_way(view), _speeds(view)) if part]
    lines += [INDENT + line for line in _endpoint_lines(view)]
    return [printable(line) for line in lines]


def headline(view: RunView) -> str:
    """A stage in one line: what it is, and how it stands."""
    seconds = max(0.0, view.seen_at - view.started_at)
    how = {"running": "", "ended": "", "failed": ", stopped or failed", "killed": ", killed: ended without a word"}
    line = f"{MARKS[view.state]}{view.name:20} {span(seconds):>10}  {view.stage} {_accepted(view)}{how[view.state]}"
    return printable(line)


def line(view: RunView) -> str:
    """All of it in one line, for logs."""
    parts = [_rows(view), eta_text(view.eta), _under_way(view), _speeds(view)]
    name = " ".join(part for part in (view.name, view.stage) if part)
    troubled = [_trouble(one) for one in view.endpoints if one.last_error]
    return printable("; ".join([f"{name}: {', '.join(part for part in parts if part)}", *troubled[:3]]))


def eta_text(eta: Eta) -> str:
    """When it may end; why nothing can be said of it, where nothing can."""
    if eta.seconds is None:
        return eta.why
    if eta.at_least:
        return f"last rows: {span(eta.seconds)} or more"
    return f"about {span(eta.seconds)} left" if eta.seconds else ""


def span(seconds: float) -> str:
    """A time as people say it, in two parts at most."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, hours, days = round(seconds / 60), round(seconds / 60) // 60, round(seconds / 3600) // 24
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {round(seconds / 3600) % 24} h"


def _rows(view: RunView) -> str:
    if view.total is None:
        return f"{view.rows:,} rows"
    share = int(100 * view.rows / view.total) if view.total else 100
    return f"{view.rows:,}/{view.total:,} {share}%"


def _bar(view: RunView) -> str:
    done = int(BAR * view.rows / view.total) if view.total else 0
    return "━" * done + "─" * (BAR - done)


def _accepted(view: RunView) -> str:
    errored = sum(view.errored.values())
    return f"{view.accepted:,}/{view.rows:,}" + (f" ({errored:,} errored)" if errored else "")


def _under_way(view: RunView) -> str:
    errored = sum(view.errored.values())
    parts = ["trying again what failed" if view.retrying else ""]
    parts += [f"{view.running:,} rows in flight" if view.running else ""]
    is_tail = view.waiting == 0 and view.running and view.oldest_row
    parts += [f"the oldest for {span(view.oldest_row)}" if is_tail and view.oldest_row else ""]
    parts += [f"{view.waiting:,} to come" if view.waiting else ""]
    parts += [f"{errored:,} errored" if errored else ""]
    parts += [f"pass rate {view.pass_rate:.1%}" if view.pass_rate is not None else ""]
    parts += [f"{view.calls_from_journal:,} calls from the journal" if view.calls_from_journal else ""]
    return ", ".join(part for part in parts if part)


def _speeds(view: RunView) -> str:
    if not view.endpoints:
        return ""
    parts = [f"{view.tokens_per_second:,.0f} tok/s" if view.tokens_per_second is not None else ""]
    parts += [f"{view.in_flight:,} calls in flight"]
    parts += [f"{view.queue:,} waiting" if view.queue else ""]
    parts += [f"{view.error_rate:.1%} of attempts fail" if view.error_rate else ""]
    return ", ".join(part for part in parts if part)


def _endpoint_lines(view: RunView) -> Iterator[str]:
    for one in view.endpoints[:MOST_LINES]:
        if one.last_error:
            yield _trouble(one)
        else:
            state = "" if one.state == "open" else f"  {one.state}"
            calls = f"{one.in_flight:,}/{one.limit:,} calls"
            yield f"{one.url}{state}  {calls}  {one.tokens_per_second:,.0f} tok/s  {one.answered:,} answered"
    more = len(view.endpoints[MOST_LINES:]) + view.more_endpoints
    if more:
        yield f"and {more} more endpoints"


def _trouble(one: EndpointLine) -> str:
    """In plain words; the fleet's errors begin with the URL."""
    error = " ".join(one.last_error.removeprefix(one.url).lstrip(": ").split())
    since = f"parked for {span(one.parked_for)}" if one.state == "parked" else "failing"
    return f"{one.url}: {since}: {error}"
