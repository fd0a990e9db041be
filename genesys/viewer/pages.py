"""The pages: an address with what it asks for becomes HTML. What is shown of a trace stands in ``showing``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import polars as pl

from genesys.faults import GenesysError
from genesys.viewer.query import KEPT, PAGE, PLACES, SORTS, VERDICTS, Query
from genesys.viewer.searching import MOST, Hits
from genesys.viewer.showing import rendered, shown
from genesys.viewer.state import UNREADABLE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, Response

    from genesys.viewer.trace import Place, Trace

_REMEMBERED = 8
_RUN = re.compile(r"[A-Za-z0-9-]{4,64}")
_PARTS = ("prompt", "gold", "thinking", "response", "verification_info", "verdict")


class NotThere(GenesysError):
    """There is no such trace."""


class Pages:
    """All pages of one place. Each is a function of its address and of the tables, so that addresses can be shared.

    Args:
        place: Where the traces stand.
    """

    def __init__(self, place: Place) -> None:
        """Nothing is read yet."""
        self._place = place
        self._hits: dict[str, Hits] = {}

    def traces(self, request: Request) -> Response:
        """The traces that a query leaves, a page of them."""
        try:
            query = Query.read(request.query_params)
        except GenesysError as error:
            return self._trouble(str(error), 400)
        try:
            return self._traces(query)
        except UNREADABLE as error:
            return self._trouble(str(error), 503)

    def _traces(self, query: Query) -> Response:
        index = self._place.index
        hits = self._search(query) if query.all_words else None
        found = hits.rows if hits else index.find(query)
        pages = max(1, math.ceil(len(found) / PAGE))
        rows = index.traces[found[(query.page - 1) * PAGE : query.page * PAGE]]
        values = {
            "query": query,
            "rows": rows.to_dicts(),
            "beginnings": self._place.beginnings(rows),
            "found": len(found),
            "hits": hits,
            "most": MOST,
            "all": len(index.traces),
            "pages": pages,
            "first": (query.page - 1) * PAGE + 1,
            "choices": index.choices,
            "index": index,
            "sorts": SORTS,
            "places": PLACES,
            "verdicts": VERDICTS,
            "kept": KEPT,
        }
        return self._page("list.html", 200, **values)

    def trace(self, request: Request) -> Response:
        """One trace."""
        return self._of_traces(request, self._trace, ("",))

    def _trace(self, request: Request, trace: Trace) -> Response:
        index = self._place.index
        query = Query.read({name: value for name, value in request.query_params.items() if name != "page"})
        before, after = self._neighbours(query, trace.number)
        siblings = index.of_problem(trace.ids["problem_id"])
        values = {
            "query": query,
            "before": index.traces.row(before, named=True) if before is not None else None,
            "after": index.traces.row(after, named=True) if after is not None else None,
            "siblings": siblings.head(100).to_dicts(),
            "more_siblings": max(0, len(siblings) - 100),
            "unit": index.unit,
        }
        return self._page("trace.html", 200, trace=trace, **shown(trace), **values)

    def compare(self, request: Request) -> Response:
        """Two traces side by side."""
        return self._of_traces(request, self._compare, ("", "other_"))

    def _compare(self, request: Request, one: Trace, other: Trace) -> Response:
        both = [(trace, shown(trace)) for trace in (one, other)]
        return self._page("compare.html", 200, both=both, one=one)

    def lineage(self, request: Request) -> Response:
        """Every step of a trace's lineage with what was checked."""
        return self._of_traces(request, self._lineage, ("",))

    def _lineage(self, request: Request, trace: Trace) -> Response:
        return self._page("lineage.html", 200, trace=trace, links=self._place.lineage(trace))

    def raw(self, request: Request) -> Response:
        """A text of a trace to the letter, as plain text."""
        return self._of_traces(request, self._raw, ("",))

    def _raw(self, request: Request, trace: Trace) -> Response:
        from starlette.responses import PlainTextResponse

        part = request.query_params.get("part", "")
        text = trace.raw(part) if part in _PARTS else None
        if text is None:
            return self._trouble(f"This trace has no text of that kind; there are {', '.join(_PARTS)}.", 404)
        return PlainTextResponse(text)

    def again(self, request: Request) -> Response:
        """Read which traces there are, and go back to the list."""
        from starlette.responses import RedirectResponse

        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return self._trouble("Another site asked for this.", 403)
        self._hits.clear()
        try:
            self._place.read_again()
        except UNREADABLE as error:
            return self._trouble(str(error), 503)
        return RedirectResponse("/", status_code=303)

    def missing(self, request: Request, error: Exception) -> Response:
        """An address that leads nowhere."""
        return self._trouble("There is no such page.", 404)

    def broken(self, request: Request, error: Exception) -> Response:
        """A mistake of ours; the terminal has more of it."""
        return self._trouble(f"This page failed ({type(error).__name__}); the terminal tells where.", 500)

    def _of_traces(self, request: Request, page: Any, prefixes: tuple[str, ...]) -> Response:
        """A page about the traces that an address names."""
        given = request.query_params
        try:
            named = [[given.get(f"{prefix}{name}", "") for name in ("id", "campaign", "shard")] for prefix in prefixes]
            answer: Response = page(request, *(self._named(*one) for one in named))
        except NotThere as error:
            return self._trouble(str(error), 404)
        except UNREADABLE as error:
            return self._trouble(str(error), 503)
        return answer

    def _named(self, ident: str, campaign: str, shard: str) -> Trace:
        number = self._place.index.of_response(ident, campaign, shard)
        if number is None:
            raise NotThere(f"No trace here has the id {ident[:100]!r}. Search for its beginning in the list.")
        return self._place.trace(number)

    def _search(self, query: Query) -> Hits:
        """The hits of a search; the last few are remembered, for their further pages and for the way from one on."""
        key = query.address(page=1)
        if key not in self._hits:
            index = self._place.index
            hits = self._place.search(index.find(query), query.all_words, query.place, query.after)
            ordered = index.ordered(hits.rows, query)
            while len(self._hits) >= _REMEMBERED:
                self._hits.pop(next(iter(self._hits)), None)
            self._hits[key] = Hits(ordered, hits.searched, hits.waiting, hits.last, hits.unread)
        return self._hits[key]

    def _neighbours(self, query: Query, number: int) -> tuple[int | None, int | None]:
        """The traces before and after one in the list that it was opened from."""
        hits = self._hits.get(query.address(page=1)) if query.all_words else None
        if query.all_words and hits is None:
            return None, None
        found = hits.rows if hits else self._place.index.find(query)
        place = found.index_of(pl.Series([number], dtype=found.dtype)[0])
        if place is None:
            return None, None
        return (
            int(found[place - 1]) if place > 0 else None,
            int(found[place + 1]) if place + 1 < len(found) else None,
        )

    def _trouble(self, words: str, status: int) -> HTMLResponse:
        return self._page("trouble.html", status, words=words)

    def _page(self, template: str, status: int, **values: Any) -> HTMLResponse:
        from starlette.responses import HTMLResponse

        links = {"place": self._place, "to": _to, "run": self._run, "asset": self._asset}
        return HTMLResponse(rendered(template, **links, **values), status_code=status)

    def _run(self, run_id: str) -> str:
        """The address of a run in the Dagster UI; empty where there is none."""
        return f"{self._place.ui}/runs/{run_id}" if self._place.ui and _RUN.fullmatch(run_id or "") else ""

    def _asset(self, asset: str, partition: str) -> str:
        """The address of a partition in the Dagster UI."""
        if not self._place.ui:
            return ""
        chosen = f"?{urlencode({'view': 'partitions', 'partition': partition})}" if partition else ""
        return f"{self._place.ui}/assets/{asset}{chosen}"


def _to(page: str, row: dict[str, Any], query: Query | None = None, **more: str) -> str:
    """The address of a page about a trace."""
    named = {"id": row["response_id"], "campaign": row["campaign"], "shard": row["shard"]} | more
    kept = f"&{said}" if query and (said := query.address()) else ""
    return f"/{page}?{urlencode({name: value for name, value in named.items() if value})}{kept}"
