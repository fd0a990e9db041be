"""The card of a release: the words of README.md. Its head stands in ``head``, its numbers in ``figures``.

The template ``card.jinja`` holds the order and most of the words. Whatever comes from data is escaped as it is written,
so that no name can break out of its place.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2

from genesys.release.publishing.citations import bibliography, page_of
from genesys.release.publishing.figures import Drop, Figures, Origin, Slice
from genesys.release.publishing.head import Head
from genesys.release.publishing.licensing import OTHER
from genesys.release.publishing.markdown import Markdown, code, finalized, link, plain, table
from genesys.release.publishing.standing import SCHEMAS
from genesys.settings.release import ReleaseSettings

_OF_LANE = "lane:"
VERSION_MARK = "THE-VERSION-HERE"
"""Stands for the version in a card that helps to make it."""
ROW_OF = {
    "raw": "a trace: a task, a response and its verdict, whatever it was",
    "sft": "a chat whose last message is a response that all filters left",
    "preference": "an accepted and a rejected response to one problem, alike in length",
    "rl": "a task with what its verifier needs, and how often teachers solved it",
}


@dataclass(frozen=True)
class Facts:
    """What a card is written from, besides the figures.

    Args:
        head: Its head.
        steps: Filters in their order.
        limits: Sentences.
    """

    head: Head
    steps: Sequence[str]
    limits: Sequence[str]
    error_rates: str
    costs: str
    merkle: dict[str, Any]
    checked_against: Sequence[str] = ()
    """Names of test sets."""
    named: int = 0
    """Problems in the table of whom to name."""
    has_report: bool = False
    settings: ReleaseSettings = field(default_factory=ReleaseSettings)


def card_text(figures: Figures, facts: Facts) -> str:
    """The whole card, with ``VERSION_MARK`` in the place of its version."""
    publish = facts.settings.publish
    body = _template().render(
        opening=Markdown(f"# {plain(facts.head.title)}"),
        about=Markdown(publish.description.strip() or _about(figures, facts)),
        version=VERSION_MARK,
        sizes=_sizes(facts),
        has_report=facts.has_report,
        columns=_columns(facts),
        slices={title: _slices(rows, title) for title, rows in figures.slices.items() if rows},
        bands=table(("pass rate", "problems"), _bands(figures, facts.settings)),
        traces=figures.traces,
        left=figures.left,
        drops=_drops(figures.drops, facts.steps),
        checked_against=Markdown(", ".join(map(plain, facts.checked_against))),
        verifiers=_verifiers(figures),
        error_rates=Markdown(facts.error_rates),
        merkle=facts.merkle,
        licence_words=_licence_words(facts, figures.origins),
        origins=_origins(figures.origins),
        attribution_words=_attribution_words(facts),
        prompts=table(
            ("prompt", "hash", "traces of `raw`"),
            [(name, code(hash_), count) for name, hash_, count in figures.prompts],
        ),
        toolchains=Markdown(", ".join(map(code, figures.toolchains))),
        sampling=_sampling(figures),
        costs=Markdown(facts.costs.strip()),
        people_words=_people_words(facts.settings),
        limits=[Markdown(limit) for limit in facts.limits],
        bibliography=Markdown(_bibliography(figures, publish.citation)),
    )
    return f"---\n{facts.head.yaml().strip()}\n---\n\n{body.strip()}\n"


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - ``finalized`` escapes for Markdown, which is not what HTML needs
        finalize=finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["code"] = code
    source = importlib.resources.files("genesys.release.publishing") / "card.jinja"
    return environment.from_string(source.read_text("utf-8"))


def _about(figures: Figures, facts: Facts) -> str:
    tasks = {slice_.name for slice_ in figures.slices.get("task type", [])}
    teachers = [slice_.name for slice_ in figures.slices.get("teacher", []) if slice_.raw]
    by = plain(teachers[0]) if len(teachers) == 1 else f"{len(teachers)} teachers"
    return (
        f"{sum(facts.head.rows.get('raw', (0, 0))):,} responses of {by} to problems of {len(tasks)} task "
        f"type{'s' if len(tasks) != 1 else ''}, each with the verdict of a verifier, and the data sets to train on "
        "that were made of them. Every trace can be followed back to its source row, hash by hash."
    )


def _sizes(facts: Facts) -> Markdown:
    rows = [
        (code(name), ROW_OF[name], train, test, size_text(facts.head.files[name]))
        for name, (train, test) in facts.head.rows.items()
    ]
    return table(("data set", "a row is", "train", "test", "size"), rows)


def _columns(facts: Facts) -> Markdown:
    rows = [
        (code(name), Markdown(", ".join(code(column) for column in SCHEMAS[name].names))) for name in facts.head.rows
    ]
    return table(("data set", "columns"), rows)


def _slices(rows: Sequence[Slice], title: str) -> Markdown:
    is_teacher = title == "teacher"
    header = [title, "`raw`", "`sft`", *(() if is_teacher else ("`preference`", "`rl`", "problems"))]
    cells = [
        (
            slice_.name,
            slice_.raw,
            slice_.sft,
            *(() if is_teacher else (slice_.preference, slice_.rl, slice_.problems)),
            slice_.judged,
            slice_.pass_rate,
        )
        for slice_ in rows
    ]
    return table([*header, "responses with a verdict", "pass rate"], cells)


def _bands(figures: Figures, settings: ReleaseSettings) -> list[tuple[str, int]]:
    difficulty = settings.difficulty
    words = {
        "hopeless": f"never solved, or below {difficulty.least:.0%}" if difficulty.least else "never solved",
        "kept": f"solved, {difficulty.least:.0%} to {difficulty.most:.0%}",
        "too easy": f"above {difficulty.most:.0%}",
        "unknown": f"fewer than {difficulty.samples} responses with a verdict",
    }
    return [(f"{name}: {words[name]}", figures.bands[name]) for name in words if name in figures.bands]


def _drops(drops: Sequence[Drop], steps: Sequence[str]) -> Markdown:
    order = {step: place for place, step in enumerate(steps)}
    rows: list[tuple[object, ...]] = []
    before = None
    for drop in sorted(drops, key=lambda drop: (order.get(drop.step, len(order)), not drop.for_all, drop.step)):
        rows.append((drop.step if drop.step != before else "", drop.reason, drop.traces, "all" if drop.for_all else ""))
        before = drop.step
    return table(("filter", "reason", "traces dropped", "from"), rows, most=80)


def _verifiers(figures: Figures) -> Markdown:
    rows = [(name, code(version), count) for name, version, count in figures.verifiers]
    return table(("verifier", "version", "traces of `raw`"), rows)


def _prompts(figures: Figures) -> Markdown:
    rows = [(name, code(hash_), count) for name, hash_, count in figures.prompts]
    return table(("prompt", "hash", "traces of `raw`"), rows)


def _sampling(figures: Figures) -> Markdown:
    rows = [(teacher, model, code(config), count) for teacher, model, config, count in figures.sampling]
    return table(("teacher", "model", "sampling", "traces of `raw`"), rows)


def _licence_words(facts: Facts, origins: Sequence[Origin]) -> Markdown:
    licence = facts.head.license
    if licence.id == OTHER and not facts.settings.publish.license:
        words = "Each row has the licence of its source; the column `license` of `lineage` says which."
    else:
        name = licence.name or licence.id
        words = f"The data set as a whole is given on under {plain(name)}. The rows' own licences:"
    if any(origin.source.startswith(_OF_LANE) for origin in origins):
        words += (
            " A source `lane:NAME` stands for tasks that were made of that lane's tasks: their `family_id` leads to "
            "the problem that they come from, and licence and attribution are its."
        )
    if any(origin.license is None for origin in origins):
        words += " Where none is named, the source names none."
    return Markdown(words)


def _origins(origins: Sequence[Origin]) -> Markdown:
    rows = []
    for origin in origins:
        page = page_of(origin.source)
        name = link(origin.source, page) if page else origin.source
        rows.append((name, origin.license or "none named", origin.problems, origin.traces))
    return table(("source", "licence", "problems", "traces of `raw`"), rows)


def _attribution_words(facts: Facts) -> Markdown:
    if not facts.named:
        return Markdown("None of these licences asks that somebody be named.")
    return Markdown(
        f"{facts.named:,} problems stand under licences that want their authors named. `attribution` has a row for "
        "each: authors, page, source and licence. Give it on with whatever you make of them. What is derived from "
        "CC-BY-SA stays under CC-BY-SA."
    )


def _people_words(settings: ReleaseSettings) -> Markdown:
    people = settings.people
    words = {"drop": "are left out", "keep": "are in the data all the same"}
    return Markdown(
        "Prompts and responses were searched by patterns for secrets (keys, tokens, passwords) and for personal data "
        f"(e-mail addresses, telephone numbers and the like). Traces with secrets {words[people.secrets]}; traces with "
        f"personal data {words[people.personal]}. Patterns miss names, and whatever has no form of its own. Who wants "
        "a source row taken out names it to the publisher: later versions go without all that was made of it."
    )


def _bibliography(figures: Figures, own: str) -> str:
    """No line of the user's own ends the block that it stands in."""
    text = bibliography([origin.source for origin in figures.origins], own)
    return text.replace("```", "'''")


def size_text(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
