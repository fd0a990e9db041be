"""The pictures of a report: drawn once from its facts, as SVG for the page and as small PNG for the UI.

Which picture stands where is told in ``page`` and in ``genesys_dagster``. On the page text and lines take the colour of
what is around them, so that a dark page has light lines.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesys.release.report.facts import Facts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACCEPTED, REJECTED, PLAIN = "#2e9e5b", "#e07a1f", "#4f83cc"
INK = "#123456"
"""Stands for the colour of the text around, in SVG."""
COLORS = 64
"""Of a small picture."""
WIDTH = 7.6
GROUPS = 14
"""Groups of one kind that a picture has room for."""
NAME = 34


@dataclass(frozen=True)
class Picture:
    """Something to draw.

    Args:
        name: Short, for file names and ids.
        title: What it shows.
        size: Inches.
        draw: Into a figure.
    """

    name: str
    title: str
    size: tuple[float, float]
    draw: Callable[[Figure], None]

    @functools.cached_property
    def svg(self) -> str:
        """For a page: transparent, text as text, the same bytes each time."""
        import matplotlib as mpl

        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": self.name, "font.family": ["sans-serif"]}):
            written = io.StringIO()
            self._figure(INK).savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        text = written.getvalue()
        return text[text.index("<svg") :].replace(INK, "currentColor")

    @functools.cached_property
    def png(self) -> bytes:
        """For Dagster's event log, which keeps it in every run: few colours, a third of the bytes."""
        from PIL import Image

        drawn, written = io.BytesIO(), io.BytesIO()
        self._figure("#333333").savefig(drawn, format="png", dpi=72, metadata={"Software": None})
        Image.open(drawn).convert("RGB").quantize(COLORS).save(written, format="png", optimize=True)
        return written.getvalue()

    def _figure(self, ink: str) -> Figure:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
        style: Any = {**dict.fromkeys(names, ink), "font.size": 9, "axes.titlesize": 9}
        with mpl.rc_context(style):
            figure = Figure(figsize=self.size, layout="constrained")
            FigureCanvasAgg(figure)
            self.draw(figure)
            for axes in figure.axes:
                axes.spines[["top", "right"]].set_visible(False)
        return figure


def pictures(facts: Facts) -> dict[str, Picture]:
    """All that there is something to draw for, by name."""
    found = [
        _filters(facts),
        *(_rates(facts, scope) for scope in ("lane", "task type", "language", "source", "teacher")),
        _difficulty(facts),
        _predicted(facts),
        _lengths(facts),
        _clusters(facts),
        _costs(facts),
        _versions(facts),
    ]
    return {picture.name: picture for picture in found if picture is not None}


def _filters(facts: Facts) -> Picture:
    steps = [step for step in facts.filters.steps if step.lost or step.name == facts.filters.steps[0].name]
    names = [_short(step.name) for step in steps]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        left, lost = [step.left for step in steps], [step.lost for step in steps]
        axes.barh(range(len(steps)), left, color=ACCEPTED, height=0.7)
        bars = axes.barh(range(len(steps)), lost, left=left, color=REJECTED, height=0.7)
        labels = [f"{step.left:,}" + (f" (-{step.lost:,})" if step.lost else "") for step in steps]
        axes.bar_label(bars, labels, padding=3, fontsize=8)
        _names(axes, names)
        axes.set_xlim(0, 1.25 * max(1, steps[0].left))
        axes.set_xlabel("traces left after each filter, and dropped by it")

    return Picture("filters", "Traces left after each filter", (WIDTH, 0.7 + 0.3 * len(steps)), draw)


def _rates(facts: Facts, scope: str) -> Picture | None:
    rows = [rate for rate in facts.rates if rate.scope == scope][:GROUPS]
    if len(rows) < 2:  # the rate of the only group is that of all, which stands above
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, row in enumerate(rows):
            axes.plot([100 * row.low, 100 * row.high], [place, place], color=PLAIN, linewidth=4, alpha=0.4)
        axes.plot([100 * row.value for row in rows], range(len(rows)), "o", color=PLAIN, markersize=5)
        _names(axes, [f"{_short(row.group)} ({row.responses:,})" for row in rows])
        axes.set_xlim(-2, 102)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel("responses accepted, % (bars: 95 % interval)")
        axes.grid(axis="x", alpha=0.25)

    name = f"rates-{scope.replace(' ', '-')}"
    return Picture(name, f"Pass rate by {scope}", (WIDTH, 0.75 + 0.28 * len(rows)), draw)


def _difficulty(facts: Facts) -> Picture | None:
    bars = facts.difficulty.rates
    if not sum(bars.counts):
        return None
    colors = [REJECTED, *[PLAIN] * (len(bars.names) - 2), ACCEPTED]
    return Picture(
        "difficulty",
        "Problems by how often they were solved",
        (WIDTH, 2.7),
        functools.partial(_columns, bars.names, bars.counts, colors, "share of responses accepted", "problems"),
    )


def _clusters(facts: Facts) -> Picture | None:
    bars = facts.duplicates.clusters
    if len(bars.names) < 2:
        return None
    draw = functools.partial(_columns, bars.names, bars.counts, PLAIN, "families in a cluster", "clusters")
    return Picture("clusters", "Families that are alike", (WIDTH, 2.4), draw)


def _columns(names: Sequence[str], counts: Sequence[int], color: Any, x: str, y: str, figure: Figure) -> None:
    axes = figure.subplots()
    axes.bar_label(axes.bar(range(len(names)), counts, color=color), [f"{n:,}" for n in counts], fontsize=8, padding=1)
    axes.set_xticks(range(len(names)), names, fontsize=7.5)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.margins(y=0.15)


def _predicted(facts: Facts) -> Picture | None:
    points = facts.difficulty.predicted
    if not points:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([value for value, *_ in points], [100 * rate for *_, rate in points], "o-", color=PLAIN)
        for value, number, rate in points:
            axes.annotate(
                f"{number:,}", (value, 100 * rate), (0, 6), textcoords="offset points", ha="center", fontsize=7
            )
        axes.set_ylim(-5, 112)
        axes.set_xlabel("predicted difficulty (numbers: problems)")
        axes.set_ylabel("responses accepted, %")

    return Picture("predicted", "Pass rate by predicted difficulty", (WIDTH, 2.6), draw)


def _lengths(facts: Facts) -> Picture | None:
    if not facts.lengths:
        return None

    def draw(figure: Figure) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        places = figure.subplots(1, len(facts.lengths), squeeze=False)[0]
        for axes, spread in zip(places, facts.lengths, strict=True):
            for counts, color, name in (
                (spread.accepted, ACCEPTED, "accepted"),
                (spread.rejected, REJECTED, "rejected"),
            ):
                shares = [100 * count / max(1, sum(counts)) for count in counts]
                edges = [max(0.5, edge) for edge in spread.edges]
                edges += [edges[-1] * 1.5] * (len(shares) + 1 - len(edges))
                axes.stairs(shares, edges, color=color, label=name, linewidth=1.6)
                axes.stairs(shares, edges, color=color, fill=True, alpha=0.15)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            if edges[-1] < 1000 * edges[0]:  # powers of ten alone would be one mark
                axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axes.tick_params(axis="x", labelsize=7)
            axes.set_xlabel(spread.of)
        places[0].set_ylabel("traces, %")
        places[-1].legend(fontsize=7, frameon=False)

    return Picture("lengths", "Lengths of accepted and rejected traces", (WIDTH, 2.5), draw)


def _costs(facts: Facts) -> Picture | None:
    tokens: dict[str, dict[str, int]] = {}
    for lane, stage, _, _, prompt, completion, _ in facts.costs.table.rows:
        found = tokens.setdefault(str(lane), {})
        found[str(stage)] = found.get(str(stage), 0) + int(prompt or 0) + int(completion or 0)
    if not tokens:
        return None
    stages = sorted({stage for found in tokens.values() for stage in found}, key=lambda one: (len(one), one))
    shades = dict(zip(stages, ("#9fb8dd", PLAIN, REJECTED, ACCEPTED, "#888888"), strict=False))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        left = [0] * len(tokens)
        for stage in stages:
            used = [found.get(stage, 0) for found in tokens.values()]
            axes.barh(range(len(tokens)), used, left=left, color=shades.get(stage, "#888888"), label=stage, height=0.7)
            left = [a + b for a, b in zip(left, used, strict=True)]
        _names(axes, list(map(_short, tokens)))
        axes.set_xlabel("tokens, asked and answered")
        axes.legend(fontsize=7, frameon=False)

    return Picture("costs", "Tokens by lane and stage", (WIDTH, 0.8 + 0.3 * len(tokens)), draw)


def _versions(facts: Facts) -> Picture | None:
    if facts.diversity is None or len(facts.diversity.versions) < 2:
        return None
    lines, number = facts.diversity.lines, len(facts.diversity.versions)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, values in lines.items():
            axes.plot(range(number), [float("nan") if v is None else v for v in values], "o-", label=name, markersize=3)
        axes.set_xticks(range(number), [version[:8] for version in facts.diversity.versions], fontsize=7)  # type: ignore[union-attr]
        axes.set_ylim(0, 1)
        axes.set_xlabel("version, the oldest first")
        axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))

    return Picture("versions", "Diversity over the versions", (WIDTH, 2.8), draw)


def _names(axes: Axes, names: Sequence[str]) -> None:
    """What stands beside horizontal bars, the first on top; a name is text, whatever signs it has."""
    from matplotlib.ticker import FuncFormatter

    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _short(name: str) -> str:
    plain = " ".join(name.split())
    return plain if len(plain) <= NAME else f"{plain[: NAME - 1]}…"
