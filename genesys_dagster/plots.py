"""Small pictures of a table, as PNG inside markdown, the one form that the UI shows. No knowledge of Dagster here."""

import base64
import io
from collections import Counter
from typing import TYPE_CHECKING, Any

from genesys.outcomes import Counts
from genesys.tables.lake import Lake, Manifest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACCEPTED, REJECTED, ERRORED = "#2e7d32", "#ef6c00", "#b71c1c"
BARS = 12


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
        drawn = axes.barh([name[:40] for name, _, _ in bars], [n for _, n, _ in bars], color=[c for _, _, c in bars])
        axes.bar_label(drawn, padding=2, fontsize=7)
        axes.set_xlabel("rows")

    return _markdown(draw, "how rows ended", height=0.8 + 0.22 * len(bars))


def tokens_plot(rows: list[tuple[int, str]]) -> str:
    """Tokens of the answers, those that were cut off apart."""
    whole = [tokens for tokens, reason in rows if reason != "length"]
    cut = [tokens for tokens, reason in rows if reason == "length"]

    def draw(axes: "Axes") -> None:
        axes.hist([whole, cut], bins=20, stacked=True, color=[ACCEPTED, REJECTED], label=["whole", "cut off"])
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


def shares_plot(shares: list[float]) -> str:
    """How many of their tests programs passed: all, none, or a share."""

    def draw(axes: "Axes") -> None:
        axes.hist([100 * share for share in shares], bins=20, range=(0, 100), color=ACCEPTED)
        axes.set_xlabel("tests passed, %")
        axes.set_ylabel("programs")

    return _markdown(draw, "programs by share of tests passed")


def _markdown(draw: Any, title: str, height: float = 2.4) -> str:
    # The figure classes alone: pyplot would look for a display and keep every figure.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, height), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.tick_params(labelsize=7)
    axes.set_title(title, fontsize=9)
    draw(axes)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return f"![{title}](data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()})"
