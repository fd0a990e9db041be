"""What a card says of a data set's limits: what can be counted, counted; and what is true of all that is made here."""

from __future__ import annotations

from genesys.curation.common.licences import kind
from genesys.quality.rates import Rate
from genesys.release.publishing.figures import Figures
from genesys.release.publishing.markdown import plain, share
from genesys.release.publishing.standing import Standing
from genesys.settings.release import ReleaseSettings


def limits_of(figures: Figures, standing: Standing, settings: ReleaseSettings, *, rates: bool) -> list[str]:
    """A sentence or two each, as Markdown.

    Args:
        figures: What was counted.
        standing: What the release is made of.
        settings: By which the choice was made.
        rates: Whether it is known how often verdicts are wrong.
    """
    raw = sum(standing.rows("raw"))
    found = [
        "A verdict is on the final answer, or on what a program does. The thinking before it is not verified: it may "
        "be wrong where the answer is right."
    ]
    if not rates:
        found.append("How often verdicts are wrong was not estimated for this version.")
    found += _of_verdicts(figures, raw)
    found += _of_teachers(figures)
    found += _of_problems(figures, standing, settings)
    return [*found, *(limit.strip() for limit in settings.publish.limits)]


def _of_verdicts(figures: Figures, raw: int) -> list[str]:
    found = []
    if figures.judged:
        found.append(
            f"{share(figures.judged / max(raw, 1))} of the traces of `raw` ({figures.judged:,}) have the verdict of a "
            "language model that judges by a gold. Judges err in ways that teachers of the same family share."
        )
    if figures.unscored:
        found.append(
            f"Of {figures.unscored:,} traces of `raw` nothing could be said: their score is null, and they are in no "
            "other data set."
        )
    return found


def _of_teachers(figures: Figures) -> list[str]:
    teachers = [slice_ for slice_ in figures.slices.get("teacher", []) if slice_.raw]
    total = sum(slice_.raw for slice_ in teachers)
    if len(teachers) == 1:
        return [
            f"All responses are of one teacher, {plain(teachers[0].name)}: its style, its habits and its blind spots "
            "are those of the data. What it cannot solve is in `raw` and `rl` alone."
        ]
    if teachers and teachers[0].raw > 0.8 * total:
        return [
            f"{share(teachers[0].raw / total)} of the traces of `raw` are of one teacher, {plain(teachers[0].name)}."
        ]
    return []


def _of_problems(figures: Figures, standing: Standing, settings: ReleaseSettings) -> list[str]:
    found = []
    slices = figures.slices.get("lane", [])
    judged, problems = sum(each.judged for each in slices), sum(each.problems or 0 for each in slices)
    if problems and (each := round(judged / problems)) and each < 30:
        low, high = Rate(0.5, each).interval
        found.append(
            f"A problem has {judged / problems:.1f} responses with a verdict on average, so that its pass rate is a "
            f"rough measure of its difficulty: of one solved half of the time, {each} responses say only that it is "
            f"between {share(low)} and {share(high)}."
        )
    held, families, clusters = figures.held_back
    if held:
        found.append(
            f"The test split holds {held:,} problems: {families:,} families, in {clusters:,} groups that are alike by "
            "their words. It is cut from the same sources as the training data: it tells of learning "
            "these kinds of problems, not of anything else."
        )
    else:
        found.append("Nothing is held back for testing.")
    if settings.benchmarks:
        found.append(
            "Overlap with test sets is told by words: a problem that was translated, or told in other words, is not "
            "found."
        )
    else:
        found.append("Problems were not compared with public test sets when this version was made.")
    unclear = sum(origin.traces for origin in figures.origins if kind(origin.license) == "unknown")
    if unclear:
        found.append(f"The licence of {unclear:,} traces' source rows is not known, or known by its own name only.")
    bound = sum(origin.traces for origin in figures.origins if kind(origin.license) == "restricted")
    if bound:
        found.append(f"{bound:,} traces come from rows whose licence forbids commerce or changes.")
    disputed = int(standing.filtered.figures.get("disputed_tasks", 0))
    if disputed:
        found.append(
            f"{disputed:,} {'task' if disputed == 1 else 'tasks'} whose responses agree with one another and not with "
            "the gold were left out. A gold that is wrong in a way that teachers share is not found like that."
        )
    return found
