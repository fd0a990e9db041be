"""The StackExchange lane: a question, its most upvoted answer -> a task that a judge verifies, or why there is none.

Rules come first and decide where they are certain: the site, the votes, what the texts say of themselves (``rules``).
The curator then decides what takes reading: whether the question is objective, takes reasoning and stands alone, and
whether the gold answers it.

No judge is asked here. A gold compared with itself always passes, and a judge who cannot tell a gold from another is
found by the check ``judges`` on verifications. That a judge sees the gold as it stands is made sure of by the judge's
own rules, and the answer that readers liked least is named in the metadata as a contrast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel

from genesys.calls.context import Calls
from genesys.curation.common.people import Texts, scanned
from genesys.curation.stackexchange import rules
from genesys.curation.stackexchange.credit import attribution, licence
from genesys.curation.stackexchange.markdown import Markdown, Unreadable, to_markdown
from genesys.curation.stackexchange.post import Answer, Question
from genesys.curation.stackexchange.preferences import PREFERENCES
from genesys.curation.stackexchange.rules import Limits
from genesys.curation.stackexchange.sites import SITES, Site, why_not
from genesys.curation.steps import Curation, Step
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome, rejected
from genesys.prompts import Prompt, PromptFile
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.judge.question import question_of
from genesys.verifiers.thinking import after_thinking

Kind = Literal["calculation", "proof", "explanation", "algorithm", "code", "puzzle", "other"]


class Suitable(BaseModel):
    """Answer of ``stackexchange_suitable``."""

    why: str = ""
    objective: bool
    reasoning: bool
    self_contained: bool
    single: bool = True
    kind: Kind


class GoldCheck(BaseModel):
    """Answer of ``stackexchange_gold``."""

    why: str = ""
    answers: bool
    complete: bool
    stands_alone: bool
    right: bool


SUITABLE = Prompt("stackexchange_suitable", Suitable)
GOLD_CHECK = Prompt("stackexchange_gold", GoldCheck)
TASK = PromptFile("stackexchange_task")
"""What the teacher is asked."""
PROMPTS = (SUITABLE, GOLD_CHECK, TASK)
ADAPTERS = (PREFERENCES,)

_FIRST = "The reference is an answer that readers voted for; it may hold more than the question asks."
INSTRUCTIONS: dict[Kind, str] = {
    "calculation": "The result decides: the same value or expression, in any form that is equal to it, units included.",
    "proof": "The argument decides: it reaches what is to be proved, and no step is wrong or missing. Another way than "
    "the reference's is as good.",
    "explanation": "The cause or concept that the reference names decides, and that nothing said against it is wrong. "
    "Examples, asides and history do not count.",
    "algorithm": "The method decides: it is correct for every input, and its cost is no worse than the reference's "
    "where the question asks about cost. Another method is as good.",
    "code": "What the program does decides, not how it is written: it has to do what is asked, in the language and "
    "under the conditions of the question. Other names, libraries and layouts are as good.",
    "puzzle": "The solution decides. If the puzzle has one solution, it has to be that of the reference.",
    "other": "The conclusion decides, with the reasons that the reference rests it on.",
}
"""What the judge is told to look at, by the kind of question."""


@dataclass(frozen=True)
class Draft:
    """A question on its way to a task.

    Args:
        row: Of the ledger.
        question: As its source gives it.
        limits: Bounds of the rules.
        site: What its site is about.
        gold: The most upvoted answer.
        licence: Of question and gold.
        body: The question as Markdown.
        gold_body: The gold as Markdown.
        kind: What a right answer is.
        redacted: Pieces of personal data that were put out, by kind.
    """

    row: LedgerRow
    question: Question
    limits: Limits
    site: Site = Site("", "")
    gold: Answer | None = None
    licence: str = ""
    body: Markdown = Markdown("")
    gold_body: Markdown = Markdown("")
    kind: Kind = "other"
    redacted: tuple[tuple[str, int], ...] = ()

    @property
    def best(self) -> Answer:
        """The gold, once it was found."""
        assert self.gold is not None  # noqa: S101 - the order of the steps
        return self.gold


Given = Draft | Outcome


def has_gold(draft: Draft, calls: Calls) -> Given:
    """The most upvoted answer, if people voted for it."""
    gold = draft.question.gold
    if gold is None:
        return rejected("no answer")
    if gold.pm_score < draft.limits.pm_score:
        detail = f"the most upvoted answer has pm_score {gold.pm_score}, asked for are {draft.limits.pm_score}"
        return rejected("too few votes", detail)
    return replace(draft, gold=gold)


def has_licence(draft: Draft, calls: Calls) -> Given:
    """The licence by the day; where no day is known the one that the source names."""
    known = licence(draft.question, draft.best) or draft.row.license
    return replace(draft, licence=known) if known else rejected("licence unknown", "no date, and the source names none")


def question_readable(draft: Draft, calls: Calls) -> Given:
    """The question as Markdown, if it is of a size that one can ask."""
    found = _markdown(draft, draft.question.html, "question")
    if isinstance(found, Outcome):
        return found
    drop = rules.question_bounds(draft.question.title, found, draft.limits)
    return rejected(*drop) if drop else replace(draft, body=found)


def question_english(draft: Draft, calls: Calls) -> Given:
    """Nothing that is certainly in another language."""
    drop = rules.english(draft.question.title, draft.body.prose)
    return rejected(*drop) if drop else draft


def question_alone(draft: Draft, calls: Calls) -> Given:
    """Nothing that certainly needs an image, another post or a comment."""
    drop = rules.question_alone(draft.question.title, draft.body)
    return rejected(*drop) if drop else draft


def question_objective(draft: Draft, calls: Calls) -> Given:
    """Nothing that certainly asks for taste, or to read a whole program."""
    drop = rules.question_objective(draft.question.title, draft.body, draft.limits)
    return rejected(*drop) if drop else draft


def gold_usable(draft: Draft, calls: Calls) -> Given:
    """The gold as Markdown, if it is more than a link or a comment."""
    found = _markdown(draft, draft.best.html, "gold")
    if isinstance(found, Outcome):
        return found
    drop = rules.gold_usable(found, draft.limits)
    return rejected(*drop) if drop else replace(draft, gold_body=found)


def _markdown(draft: Draft, html: str, name: str) -> Markdown | Outcome:
    if len(html) > draft.limits.html:
        return rejected(f"{name} too long", f"{len(html)} characters of HTML")
    try:
        return to_markdown(html, draft.question.url)
    except Unreadable as error:
        return rejected(f"{name} unreadable", str(error))


def texts(draft: Draft) -> Texts:
    """What is scanned: all that a model is told. Authors' names stand in the attribution alone."""
    return {"title": draft.question.title, "question": draft.body.text, "gold": draft.gold_body.text}


def redacted(draft: Draft, changed: Texts, counts: Any) -> Draft:
    """The draft without the personal data."""
    return replace(
        draft,
        question=replace(draft.question, title=changed["title"]),
        body=replace(draft.body, text=changed["question"]),
        gold_body=replace(draft.gold_body, text=changed["gold"]),
        redacted=tuple(counts.items()),
    )


def question_without_gold(draft: Draft, calls: Calls) -> Given:
    """Nothing into which the answer was copied after it was found."""
    drop = rules.question_holds(draft.body, draft.gold_body)
    return rejected(*drop) if drop else draft


async def suitable(draft: Draft, calls: Calls) -> Given:
    """The curator's word on the question."""
    found = await calls.ask(
        SUITABLE,
        site=draft.question.site,
        tags=draft.question.tags,
        title=draft.question.title,
        question=draft.body.text,
    )
    reasons = (
        (found.self_contained, "not self-contained"),
        (found.objective, "not objective"),
        (found.reasoning, "recall alone"),
        (found.single, "several questions"),
    )
    drop = next((reason for holds, reason in reasons if not holds), None)
    return rejected(drop, found.why) if drop else replace(draft, kind=found.kind)


async def gold_answers(draft: Draft, calls: Calls) -> Given:
    """The curator's word on the gold."""
    found = await calls.ask(
        GOLD_CHECK,
        site=draft.question.site,
        title=draft.question.title,
        question=draft.body.text,
        gold=draft.gold_body.text,
    )
    reasons = (
        (found.answers, "gold does not answer"),
        (found.stands_alone, "gold refers to others"),
        (found.complete, "gold incomplete"),
        (found.right, "gold wrong"),
    )
    drop = next((reason for holds, reason in reasons if not holds), None)
    return rejected(drop, found.why) if drop else draft


def judge_can_read(draft: Draft, calls: Calls) -> Given:
    """The gold put as a response, by the judge's own rules: it is read whole, and nothing of it is cut as thinking."""
    gold = draft.gold_body.text
    record = _task(draft) | {"problem_id": draft.row.problem_id, "llm_response": gold}
    asked = question_of(record, draft.limits.gold[1])
    if (
        asked is None
        or after_thinking(gold) != gold
        or asked.response.left_out
        or asked.response.text != asked.gold.text
    ):
        return rejected("gold unreadable for a judge", "a judge would not see all of it as an answer")
    return draft


def tasks(draft: Draft) -> tuple[dict[str, Any], ...]:
    """The task."""
    return (_task(draft),)


def _task(draft: Draft) -> dict[str, Any]:
    question, gold = draft.question, draft.best
    return {
        "task_type": JUDGED,
        "in_source_id": f"{question.site}/{question.qid}",
        "prompt": TASK.text(subject=draft.site.subject, title=question.title, question=draft.body.text),
        "gold_standard_solution": draft.gold_body.text,
        "verification_info": {"judging_instructions": f"{INSTRUCTIONS[draft.kind]} {_FIRST}"},
        "metadata": _metadata(draft),
        "source_url": question.url,
        "license": draft.licence,
        "attribution": attribution(question, gold, draft.licence),
    }


def _metadata(draft: Draft) -> dict[str, Any]:
    question, gold = draft.question, draft.best
    accepted, contrast = question.accepted, question.contrast
    found = {
        "site": question.site,
        "kind": draft.kind,
        "tags": list(question.tags),
        "date": question.asked.isoformat() if question.asked else None,
        "question_url": question.url,
        "answers": len(question.answers),
        "pm_scores": [answer.pm_score for answer in question.answers],
        "gold": {"answer_id": gold.answer_id, "pm_score": gold.pm_score, "accepted": gold.is_accepted},
        "accepted_answer_id": accepted.answer_id if accepted else None,
        "accepted_is_gold": gold.is_accepted,
    }
    if contrast is not None:
        found["contrast"] = {"answer_id": contrast.answer_id, "pm_score": contrast.pm_score}
    return found | ({"redacted": dict(draft.redacted)} if draft.redacted else {})


def curation(limits: Limits = Limits(), sites: dict[str, Site] = SITES) -> Curation[Draft]:  # noqa: B006, B008 - constants
    """Ledger row -> a task, or why the row makes none.

    Args:
        limits: Bounds of the rules. A lane with others is ``replace(STACKEXCHANGE, curate=curation(Limits(...)))``.
        sites: Those that are taken, by host.
    """

    def begin(row: LedgerRow) -> Draft:
        return Draft(row, row.problem, limits)

    def known_site(draft: Draft, calls: Calls) -> Given:
        site = sites.get(draft.question.site)
        return replace(draft, site=site) if site else rejected(*why_not(draft.question.site))

    return Curation(
        begin,
        (
            Step("site of objective questions", known_site),
            Step("answer that people voted for", has_gold),
            Step("licence known", has_licence),
            Step("question of a good size", question_readable),
            Step("in English", question_english),
            Step("question stands alone", question_alone),
            Step("question about no taste", question_objective),
            Step("gold usable", gold_usable),
            scanned(texts, "redact", redacted),
            Step("question holds no gold", question_without_gold),
            Step("gold readable for a judge", judge_can_read),
            Step("suitable, says the curator", suitable, by="curator"),
            Step("gold answers, says the curator", gold_answers, by="curator"),
        ),
        tasks,
    )
