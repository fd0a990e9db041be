"""Small pictures of a table, as PNG inside markdown, the one form that the UI shows. No knowledge of Dagster here."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genesys.funnel import Level
from genesys.outcomes import Counts
from genesys.tables.lake import Lake, Manifest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACCEPTED, REJECTED, ERRORED = "#2e7d32", "#ef6c00", "#b71c1c"
BARS = 12
NAME = 44
"""Characters of a step's name that a picture has room for."""


def stage_plot(lake: Lake, manifest: Manifest, kind: str) -> str:
    """The picture that says most: tokens for generations, accepted samples a task for verdicts, else ends."""
    if kind == "generations":
        frame = lake.frame(manifest.asset, manifest.partition, ["completion_tokens", "finish_reason"])
        return tokens_plot(list(frame.drop_nulls().iter_rows()) if frame.width else [])
    if kind == "verifications":
        frame = lake.frame(manifest.asset, manifest.partition, ["problem_id", "accepted"])
        return solved_plot(list(frame.iter_rows()) if frame.width else [])
    return ends_plot(manifest.counts)


def ends_plot(counts: Counts) -> str:
    """How rows ended, by reason."""
    bars = [("accepted", counts.accepted, ACCEPTED)]
    bars += [(reason, count, REJECTED) for reason, count in counts.rejected.most_common(BARS)]
    bars += [(reason, count, ERRORED) for reason, count in counts.errored.most_common(BARS)]
    bars.reverse()

    def draw(axes: "Axes") -> None:
        from matplotlib.ticker import MaxNLocator

        drawn = axes.barh([name[:40] for name, _, _ in bars], [n for _, n, _ in bars], color=[c for _, _, c in bars])
        axes.bar_label(drawn, padding=2, fontsize=7)
        axes.set_xlabel("rows")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    longest = max(len(name[:40]) for name, _, _ in bars)
    return _markdown(draw, "how rows ended", height=0.8 + 0.22 * len(bars), left=0.2 + 0.062 * longest)


def funnel_plot(levels: Sequence[Level]) -> str:
    """How many rows are left after each step, with those that ended there."""
    shown = list(reversed(levels))

    def draw(axes: "Axes") -> None:
        from matplotlib.ticker import MaxNLocator

        names = [level.name[:NAME] for level in shown]
        left, lost = [level.left for level in shown], [level.lost for level in shown]
        place = range(len(shown))  # by number: two steps may have one name
        axes.barh(place, left, color=ACCEPTED)
        bars = axes.barh(place, lost, left=left, color=[ERRORED, *[REJECTED] * (len(shown) - 1)])
        axes.bar_label(bars, [_level_label(level) for level in shown], padding=2, fontsize=7)
        axes.set_yticks(place, names)
        axes.set_xlim(0, 1.32 * max(1, levels[0].left))
        axes.set_xlabel("rows")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    longest = max(len(level.name[:NAME]) for level in levels)
    return _markdown(draw, "rows left after each step", height=0.8 + 0.22 * len(shown), left=0.2 + 0.062 * longest)


def _level_label(level: Level) -> str:
    return f"{level.left:,} (-{level.lost:,})" if level.lost else f"{level.left:,}"


def tokens_plot(rows: list[tuple[int, str]]) -> str:
    """Tokens of the answers, those that were cut off apart."""
    whole = [tokens for tokens, reason in rows if reason != "length"]
    cut = [tokens for tokens, reason in rows if reason == "length"]

    def draw(axes: "Axes") -> None:
        colors, labels = [ACCEPTED, REJECTED], ["whole", "cut off"]
        axes.hist([whole, cut], bins=20, stacked=True, histtype="stepfilled", color=colors, label=labels)
        axes.set_xlabel("completion tokens")
        axes.set_ylabel("responses")
        axes.legend(fontsize=7)

    return _markdown(draw, "length of responses")


def solved_plot(rows: list[tuple[str, bool]]) -> str:
    """How many of a task's samples were accepted: 0 is too hard or broken, all is easy."""
    solved: Counter[str] = Counter()
    for problem, accepted in rows:
        solved[problem] += bool(accepted)
    tasks = Counter(solved.values())
    most = max(tasks, default=0)

    def draw(axes: "Axes") -> None:
        drawn = axes.bar(range(most + 1), [tasks[n] for n in range(most + 1)], color=ACCEPTED)
        axes.bar_label(drawn, padding=1, fontsize=7)
        axes.set_xlabel("accepted samples of a task")
        axes.set_ylabel("tasks")
        if most < 20:
            axes.set_xticks(range(most + 1))

    return _markdown(draw, "tasks by how often they were solved")


def difficulty_plot(rows: list[tuple[float, float]]) -> str:
    """How often tasks were solved against how hard they were thought to be.

    Args:
        rows: Predicted difficulty and share of accepted samples of each task.
    """
    edges = sorted({round(2 * value) / 2 for value, _ in rows})
    means = [[rate for value, rate in rows if round(2 * value) / 2 == edge] for edge in edges]

    def draw(axes: "Axes") -> None:
        axes.scatter([value for value, _ in rows], [100 * rate for _, rate in rows], s=9, alpha=0.35, color=ACCEPTED)
        axes.plot(edges, [100 * sum(mean) / len(mean) for mean in means], color=REJECTED, label="mean", linewidth=1.5)
        axes.set_xlabel("predicted difficulty")
        axes.set_ylabel("samples accepted, %")
        axes.set_ylim(-5, 105)
        axes.legend(fontsize=7)

    return _markdown(draw, "solve rate by predicted difficulty")


def shares_plot(shares: list[float]) -> str:
    """How many of their tests programs passed: all, none, or a share."""

    def draw(axes: "Axes") -> None:
        axes.hist([100 * share for share in shares], bins=20, range=(0, 100), color=ACCEPTED)
        axes.set_xlabel("tests passed, %")
        axes.set_ylabel("programs")

    return _markdown(draw, "programs by share of tests passed")


def _markdown(draw: Any, title: str, height: float = 2.4, left: float = 0.6) -> str:
    """Draw into axes with margins in inches that hold what is written beside them.

    Matplotlib's own layouts would measure that, which takes as long as the picture itself.
    """
    # The figure classes alone: pyplot would look for a display and keep every figure.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = 5.0
    figure = Figure(figsize=(width, height), dpi=80)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((left / width, 0.4 / height, 1 - (left + 0.3) / width, 1 - 0.7 / height))
    axes.tick_params(labelsize=7)
    axes.set_title(title, fontsize=9)
    draw(axes)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return f"![{title}](data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()})"
