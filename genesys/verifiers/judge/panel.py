"""Who judges, by the settings: the judges, their quorum, their families. Nobody is asked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesys.choices import Acceptance
from genesys.faults import NotReady
from genesys.hashing import digest
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.judge.family import families_of
from genesys.verifiers.judge.question import SIMILARITY
from genesys.verifiers.judge.votes import Rules

if TYPE_CHECKING:
    from genesys.calls.context import Roles
    from genesys.settings import JudgingSettings, Settings
    from genesys.settings.roles import RoleSettings

FIRST, TIE_BREAKER = "judge", "tie-breaker"
NOBODY = (
    "no judge is set up, who compares responses in free text with their gold. Give one in genesys.toml, as in\n"
    '[judge]\nkind = "openai"\nmodel = "mistralai/Mistral-Small-3.2-24B-Instruct-2506"\n'
    'base_urls = ["http://localhost:8001/v1"]'
)
_DECIDING = ("votes", "orders", "aggregate", "tolerance", "further_rounds", "temperature", "max_tokens", "max_chars")


@dataclass(frozen=True)
class Panel:
    """The judges of one set of settings.

    Args:
        roles: Judges by the name of their role, without the tie-breaker.
        tie_breaker: Its role, if there is one.
        chosen: How they judge.
        rules: How their votes are counted.
        cast: Their sections of the settings, and the teacher's; empty where no settings are known, and then who judges
            is told from the roles of the calls.
    """

    roles: tuple[str, ...]
    tie_breaker: str | None
    chosen: JudgingSettings
    rules: Rules
    cast: Mapping[str, RoleSettings]

    @classmethod
    def of(cls, settings: Settings | None) -> Panel:
        """The panel; without settings the first judge alone, with everything at its default."""
        from genesys.settings import JudgingSettings

        chosen = settings.judging if settings is not None else JudgingSettings()
        acceptance = settings.acceptance if settings is not None else Acceptance()
        cast = settings.judges if settings is not None else {}
        roles = tuple(name for name in cast if name != TIE_BREAKER) if settings is not None else (FIRST,)
        rules = Rules(
            threshold=acceptance.by_task_type.get(JUDGED, acceptance.default),
            quorum=chosen.quorum or len(roles) // 2 + 1,
            tolerance=chosen.tolerance,
            aggregate=chosen.aggregate,
        )
        teacher = {"teacher": settings.teacher} if settings is not None and settings.teacher.kind != "none" else {}
        return cls(roles, TIE_BREAKER if TIE_BREAKER in cast else None, chosen, rules, {**cast, **teacher})

    @property
    def all_roles(self) -> tuple[str, ...]:
        """The tie-breaker too."""
        return (*self.roles, *([self.tie_breaker] if self.tie_breaker else []))

    def fingerprint(self) -> str:
        """Everything of the settings that decides a verdict, as a hash; the prompt with it."""
        who = [[name, role.teacher_id, role.structured] for name, role in self.cast.items() if name != "teacher"]
        how = self.chosen.model_dump(include=set(_DECIDING))
        return digest([who, how, self.rules.threshold, self.rules.quorum, SIMILARITY.hash], 12)

    def missing(self) -> str | None:
        """What keeps the panel from working at all, and what to put into the settings."""
        if FIRST not in self.roles:
            return NOBODY
        judges = {name: self.cast[name] for name in self.all_roles if name in self.cast}
        ids = [role.teacher_id for role in judges.values()]
        if twice := sorted({ident for ident in ids if ids.count(ident) > 1}):
            return (
                f"{', '.join(twice)} is set up as several judges, who would have one opinion: raise [judging] votes, "
                "or give the second one another model or, if it is another, another id"
            )
        if self.rules.quorum > len(self.all_roles):
            return f"[judging] quorum is {self.rules.quorum}, but there are {len(self.all_roles)} judges in all"
        teacher = self.cast.get("teacher")
        if teacher is not None and not self.chosen.same_family:
            return self._related(families_of(teacher.model, teacher.id, family=teacher.family), teacher.teacher_id)
        return None

    def refuse_relatives(self, record: Mapping[str, Any], roles: Roles) -> None:
        """See that no judge is of the family of whoever wrote this response.

        Raises:
            NotReady: One is.
        """
        if self.chosen.same_family:
            return
        ident, model = (_text(record, name) for name in ("teacher_id", "model_name"))
        teacher = self.cast.get("teacher")
        known = teacher.family if teacher is not None and teacher.teacher_id in (ident, model) else ""
        if problem := self._related(families_of(ident, model, family=known), model or ident, roles):
            raise NotReady(problem)

    def _related(self, theirs: frozenset[str], teacher: str, roles: Roles | None = None) -> str | None:
        for name in self.all_roles:
            role = self.cast.get(name)
            ident = role.teacher_id if role else (roles.chat(name).teacher_id if roles else "")
            own = families_of(role.model, role.id, family=role.family) if role else families_of(ident)
            if shared := sorted(own & theirs):
                return (
                    f"the {name} {ident} is of the same model family as the teacher {teacher} ({', '.join(shared)}), "
                    "and models favour their own. Set up a judge of another family; or, if these names mislead, say "
                    '`family = "..."` in its section; or allow it: [judging] same_family = true'
                )
        return None


def _text(record: Mapping[str, Any], name: str) -> str:
    return str(record[name] or "") if name in record else ""
