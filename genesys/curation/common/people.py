"""The step that keeps secrets and personal data out of tasks: dropped with the row, or put out of the texts.

What is a secret stands in ``secret_texts``, what is personal in ``personal_texts``. A finding has its kind and place
and never its text: no reason, detail or log may hold what was found. Secrets drop a row whatever the policy.

A lane whose statements are problems loses little by dropping; where texts are conversations or programs with their
authors' addresses, rows are kept and what is personal is put out (``redact``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from genesys.calls.context import Calls
from genesys.curation.common.personal_texts import personal_data_in
from genesys.curation.common.secret_texts import secrets_in
from genesys.curation.steps import Step
from genesys.outcomes import Outcome, rejected

Draft = TypeVar("Draft")
Policy = Literal["drop", "redact"]
Texts = Mapping[str, str]

SECRET = "holds a secret"  # noqa: S105 - a reason
PERSONAL = "holds personal data"
_PLACEHOLDERS = {"e-mail address": "email", "phone number": "phone", "payment card": "card", "bank account": "account"}
_PLACEHOLDERS |= {"IP address": "address"}


@dataclass(frozen=True)
class Finding:
    """A secret, or a piece of personal data.

    Args:
        kind: For people.
        start: Its first character in the text.
        end: After its last.
        secret: Whether it gives access to something.
    """

    kind: str
    start: int
    end: int
    secret: bool


def scan(text: str) -> list[Finding]:
    """What a text holds, in its order and without overlaps; of two that overlap a secret counts, else the earlier."""
    plain = text.encode("ascii", "replace")
    found = [Finding(*place, secret=True) for place in secrets_in(text, plain)]
    found += [Finding(*place, secret=False) for place in personal_data_in(text, plain)]
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or kept[-1].end <= finding.start:
            kept.append(finding)
        elif finding.secret and not kept[-1].secret:
            kept[-1] = finding
    return kept


def redact(texts: Texts) -> tuple[dict[str, str], dict[str, int]]:
    """Texts with a placeholder (``<email-1>``) for each piece of personal data, and how many there were of each kind.

    The same piece has the same placeholder in all of the texts, so that they stay about the same people.
    """
    names: dict[tuple[str, str], str] = {}
    numbers: Counter[str] = Counter()
    counts: Counter[str] = Counter()

    def placeholder(kind: str, piece: str) -> str:
        key = (kind, piece.casefold())
        if key not in names:
            numbers[kind] += 1
            names[key] = f"<{_PLACEHOLDERS[kind]}-{numbers[kind]}>"
        return names[key]

    changed = {}
    for field, text in texts.items():
        parts, at = [], 0
        for finding in scan(text):
            if not finding.secret:
                parts += [text[at : finding.start], placeholder(finding.kind, text[finding.start : finding.end])]
                at = finding.end
                counts[_PLACEHOLDERS[finding.kind]] += 1
        changed[field] = "".join([*parts, text[at:]])
    return changed, dict(sorted(counts.items()))


def holds(texts: Texts, *, secrets_only: bool = False) -> Outcome | None:
    """The rejection of texts that hold a secret or personal data: kinds and fields, never what was found."""
    found = [(field, finding) for field, text in texts.items() for finding in scan(text)]
    for reason, secret in ((SECRET, True), (PERSONAL, False)):
        told = sorted({f"{finding.kind} in {field}" for field, finding in found if finding.secret == secret})
        if told and (secret or not secrets_only):
            return rejected(reason, ", ".join(told))
    return None


def scanned(
    texts_of: Callable[[Draft], Texts],
    policy: Policy,
    rewrite: Callable[[Draft, Texts, Mapping[str, int]], Draft] | None = None,
    *,
    name: str | None = None,
) -> Step[Draft]:
    """A step that drops rows with secrets, and drops or redacts personal data.

    Args:
        texts_of: Draft -> its texts by field: all that a task made of it may hold, and all that a model is to be told.
        policy: What becomes of personal data; a secret drops the row always.
        rewrite: With ``redact``: draft, changed texts by field, and how many pieces of each kind were put out (for the
            tasks' ``metadata["redacted"]``) -> the draft with them. It is called only where there was something.
        name: Of the step.

    Raises:
        ValueError: ``redact`` without ``rewrite``: the change would be lost.
    """
    if policy == "redact" and rewrite is None:
        raise ValueError("a step that redacts needs `rewrite`, which puts the changed texts into the draft")

    def run(draft: Draft, calls: Calls) -> Draft | Outcome:
        texts = texts_of(draft)
        if (dropped := holds(texts, secrets_only=policy == "redact")) is not None:
            return dropped
        if rewrite is None or policy == "drop":
            return draft
        changed, counts = redact(texts)
        return rewrite(draft, changed, counts) if counts else draft

    return Step(name or ("no secrets or personal data" if policy == "drop" else "no secrets, people redacted"), run)
