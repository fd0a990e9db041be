"""What an audit says, as typed records. How it is found out stands in ``chain`` and ``replay``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, computed_field

Result = Literal["agrees", "differs", "noted"]
"""``noted``: could not be checked, or is worth knowing and no contradiction."""
Step = Literal["source row", "ledger", "curation", "task", "generation", "verdict", "release"]


class Frozen(BaseModel):
    """Base of the records."""

    model_config = ConfigDict(frozen=True)


class Check(Frozen):
    """One thing that was compared."""

    what: str
    result: Result
    detail: str = ""
    """For what differs: what was found, and what it means."""


class Link(Frozen):
    """One step of the chain."""

    step: Step
    where: str
    """The file that holds it, for people and programs."""
    facts: dict[str, Any]
    checks: tuple[Check, ...]


class Finding(Frozen):
    """A discrepancy."""

    step: Step
    what: str
    detail: str


class Chain(Frozen):
    """Links, the source row first, and what was found of them."""

    links: tuple[Link, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that differs."""
        return tuple(
            Finding(step=link.step, what=check.what, detail=check.detail)
            for link in self.links
            for check in link.checks
            if check.result == "differs"
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.findings

    def link(self, step: Step) -> Link:
        """The link of a step."""
        return next(link for link in self.links if link.step == step)


class Audit(Chain):
    """The chain of one response."""

    response_id: str
    lane: str
    shard: str
    campaign: str


class RowAudit(Chain):
    """The chain of one upstream row, up to what its curation made of it."""

    row_id: str
    """In the ledger; for a row that is not in it ``file:row``."""
    lane: str
    shard: str
    """Empty for a row that the ledger has not taken."""


class Checks:
    """Checks of one link as they are made."""

    def __init__(self) -> None:
        """None yet."""
        self.made: list[Check] = []

    def same(self, what: str, found: Any, expected: Any, meaning: str) -> bool:
        """Compare; ``meaning`` says what a difference would mean."""
        if found == expected:
            self.made.append(Check(what=what, result="agrees"))
            return True
        self.differs(what, f"{meaning} (found {brief(found)}, expected {brief(expected)})")
        return False

    def agrees(self, what: str, detail: str = "") -> None:
        """It holds."""
        self.made.append(Check(what=what, result="agrees", detail=detail))

    def differs(self, what: str, detail: str) -> None:
        """It does not hold."""
        self.made.append(Check(what=what, result="differs", detail=detail))

    def note(self, what: str, detail: str) -> None:
        """Worth knowing."""
        self.made.append(Check(what=what, result="noted", detail=detail))


def brief(value: Any) -> str:
    """A value in one line of a message."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:60]}...{text[-30:]}"
