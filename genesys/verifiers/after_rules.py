"""Rules first, and judges only where the rules reject: a union of two verifiers. Off unless the settings name it.

Nothing is judged in here: both verdicts are durable calls by themselves, and this says which of them counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from genesys.calls.verdicts import Subject
from genesys.faults import NotReady, ResponseFault, TaskFault
from genesys.verifiers.base_verifier import BaseVerifier, verifier_version

if TYPE_CHECKING:
    from genesys.calls.context import Calls
    from genesys.settings import Settings

JUDGED = "llm_judgeable_groundtruth_similarity"
"""The task type of judges."""
RULE = "judge-after-rules"
"""What such a verdict says of itself where a judge was asked."""
NOT_FOR_JUDGES = ("no-answer", "time-limit", "worker-died")
"""How rules may have ended without having looked at an answer."""

_UNION = "+judge"


def union_kind(task_type: str) -> str:
    """The kind of verifier under which responses of a task type are put to rules and then to judges."""
    return task_type + _UNION


def ruled_by(kind: str) -> str | None:
    """The task type whose rules come first in a union; None for any other kind."""
    return kind.removesuffix(_UNION) if str(kind).endswith(_UNION) else None


class JudgeAfterRules(BaseVerifier):
    """The rules' verdict where it accepts or has no answer before it; else the judges' word decides.

    A response that judges accept gets score 1, since rules know no other; one that they reject too keeps the rules'
    score. Either way ``rule`` is ``judge-after-rules``, and the info holds both verdicts.
    """

    asks: ClassVar[bool] = True
    max_parallel: ClassVar[int] = 512
    timeout: ClassVar[float | None] = None
    task_type: ClassVar[str] = ""
    judge: ClassVar[type[Any]]

    def __init__(self, settings: Settings | None = None) -> None:
        """Nothing is opened."""
        from genesys.choices import Acceptance

        self._settings = settings
        self._acceptance = settings.acceptance if settings is not None else Acceptance()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """With the least scores that are accepted."""
        return cls(settings)

    @classmethod
    def place(cls, settings: Settings | None) -> str:
        """The least score of the rules that keeps the judges out of it; what judges need is in their own version."""
        from genesys.choices import Acceptance

        acceptance = settings.acceptance if settings is not None else Acceptance()
        return f"{acceptance.by_task_type.get(cls.task_type, acceptance.default):g}"

    def ready(self) -> str | None:
        """As ready as the judges are."""
        make = getattr(self.judge, "from_settings", None)
        judge = self.judge() if make is None or self._settings is None else make(self._settings)
        said = getattr(judge, "ready", lambda: None)()
        return str(said) if said else None

    async def verify(self, result: Any, calls: Calls) -> dict[str, Any]:  # type: ignore[override]
        """Ask the rules, then perhaps the judges.

        Raises:
            TaskFault, ResponseFault, InfrastructureFault: As the two verifiers do.
        """
        subject = calls.subject or Subject.of(dict(result))
        ruled = await calls.verify(subject)
        info = ruled["verification_result_info"]
        if self._acceptance.accepts(self.task_type, ruled["score"]) or is_not_for_judges(info):
            return {"score": ruled["score"], "verification_result_info": info}
        try:
            judged = await calls.verify(subject, kind=JUDGED)
        except (TaskFault, ResponseFault) as fault:
            return {
                "score": ruled["score"],
                "verification_result_info": info | {"judge_after_rules": {"fault": str(fault)}},
            }
        is_accepted = self._acceptance.accepts(JUDGED, judged["score"])
        marked = info | {
            "rule": RULE,
            "ruled": {"score": ruled["score"]} | {name: info[name] for name in ("rule", "reason") if name in info},
            "judged": {"score": judged["score"]} | judged["verification_result_info"],
        }
        if is_accepted:
            marked.pop("reason", None)
        return {"score": 1.0 if is_accepted else ruled["score"], "verification_result_info": marked}


def is_not_for_judges(info: dict[str, Any]) -> bool:
    """Whether rules rejected without an answer, or without having come to an end."""
    decided = str(info.get("rule") or "").rpartition("/")[2]
    return decided in NOT_FOR_JUDGES or str(info.get("reason") or "").replace(" ", "-") in NOT_FOR_JUDGES


def judge_after_rules(rules: type[Any], judge: type[Any], task_type: str, versions: list[str]) -> type[JudgeAfterRules]:
    """The union for one task type.

    Args:
        rules: The verifier that comes first.
        judge: The one that is asked where it rejects.
        task_type: Whose responses they are.
        versions: Of both: either one's change is the union's.

    Raises:
        NotReady: The union would mean nothing.
    """
    if task_type == JUDGED or getattr(rules, "executes", False):
        why = "is judged already" if task_type == JUDGED else "has programs, whose tests no judge can outvote"
        raise NotReady(f"[judging] after_rules: {task_type} {why}; take it out of the list")
    own = verifier_version(JudgeAfterRules)[:8]
    fields = {"task_type": task_type, "judge": judge, "version": f"{RULE}-{own}-{'+'.join(versions)}"}
    return type(f"{rules.__name__}Then{judge.__name__}", (JudgeAfterRules,), fields)
