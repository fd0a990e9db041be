"""Runs verifiers: one instance each, so many calls at once, so long, and only checked results. No verifying in here.

What goes wrong while verifying is never a score: it is an InfrastructureFault, and its record is tried again by the
next run. Only a verifier itself may blame the task (TaskFault) or the response (ResponseFault).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from genesys.faults import GenesysError, InfrastructureFault, NotReady
from genesys.verifiers.after_rules import JUDGED, judge_after_rules, ruled_by, union_kind
from genesys.verifiers.base_verifier import verifier_version
from genesys.verifiers.host import Host
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.results import checked_result as checked_result

if TYPE_CHECKING:
    from genesys.calls.context import Calls
    from genesys.job import Execution, Job
    from genesys.settings import Settings

_LOG = logging.getLogger(__name__)
EXECUTING = "verifiable_code"
"""Whose verifier runs programs: its sandbox is the one that rows have programs run in, too."""


class VerifierRunner:
    """Verifies records by the verifier of their task type. Belongs to one event loop."""

    def __init__(self, registry: Mapping[str, type[Any]] | None = None, *, settings: Settings | None = None) -> None:
        """Start nothing yet.

        Args:
            registry: From task type to verifier class; by default ``VERIFIER_REGISTRY``.
            settings: For verifiers that are made from settings; by default each finds its own.

        Raises:
            GenesysError: The settings want judges after rules that there are not.
        """
        self._registry = VERIFIER_REGISTRY if registry is None else registry
        self._settings = settings
        self._after_rules = frozenset(settings.judging.after_rules if settings else ())
        if unknown := sorted(kind for kind in self._after_rules if kind not in self._registry):
            known = ", ".join(sorted(self._registry))
            raise GenesysError(f"[judging] after_rules: no verifier for {', '.join(unknown)} (known: {known})")
        self._unions: dict[str, type[Any]] = {}
        self._hosts: dict[type[Any], Host] = {}
        self._identities: dict[type[Any], tuple[str, str]] = {}
        self._place: str | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        """For ``async with``, which ends in ``aclose``."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Shut all verifiers down."""
        await self.aclose()

    async def verify(self, record: Any, calls: Calls | None = None, *, kind: str = "") -> dict[str, Any]:
        """Verify one response record.

        Args:
            record: Read by key: ``task_type`` here, the rest by its verifier.
            calls: For a verifier that asks models; ``Calls.verify`` hands them over.
            kind: Whose verifier is taken; by default that of the record's task type.

        Returns:
            ``{"score": 0.0 to 1.0 or None, "verification_result_info": {...}}``.

        Raises:
            InfrastructureFault: No verifier for this task type; it could not be made, took too long, raised, or gave
                back something that is no verdict.
            TaskFault: The verifier says that the task is unusable.
            ResponseFault: The verifier says that the response is unusable.
        """
        if self._closed:
            raise InfrastructureFault("The verifiers have been shut down; make a new VerifierRunner.", final=True)
        return await self._host({"task_type": kind} if kind else record).verify(record, calls)

    async def execute(self, job: Job) -> Execution:
        """What came of a program in the sandbox of the verifier of code; as many at once as that one runs.

        Raises:
            InfrastructureFault: There is no sandbox, or it broke.
            TaskFault: The files of a run have no room in it.
        """
        if self._closed:
            raise InfrastructureFault("The verifiers have been shut down; make a new VerifierRunner.", final=True)
        return await self._host({"task_type": EXECUTING}).execute(job)

    def execution_place(self) -> str:
        """Where programs are executed, as far as that decides what comes of them: known without a sandbox.

        Raises:
            InfrastructureFault: No verifier of code is registered.
        """
        if self._place is None:
            cls = self._class({"task_type": EXECUTING})
            place = getattr(cls, "execution_place", None)
            self._place = str(place(self._settings)) if place else self.identity(EXECUTING)[1]
        return self._place

    def response_kind(self, task_type: str) -> str:
        """What responses to such tasks are verified as: rules and then a judge where the settings say so."""
        return union_kind(task_type) if task_type in self._after_rules else task_type

    async def ready(self, task_type: str, languages: Iterable[str] = ()) -> str | None:
        """Whether records of a task type can be verified here, asked once.

        Args:
            task_type: Theirs.
            languages: In which their programs are, where that is known; what others lack is of no interest.

        Returns:
            None, or what is missing, as the verifier's ``ready`` says it. Every record gets that as its fault. What is
            wrong with a verifier itself is no answer to this, and stands with its records alone.
        """
        for kind in dict.fromkeys((task_type, self.response_kind(task_type))):
            try:
                host = self._host({"task_type": kind})
                await host.prepare()
                for language in languages:
                    await host.prepare_for(language)
            except NotReady as fault:
                return str(fault)
            except InfrastructureFault:
                return None
        return None

    async def aclose(self) -> list[str]:
        """Call every verifier's ``shutdown`` once, whatever the others do; await all records before.

        Returns:
            What went wrong, one message each, which is logged too. It is not raised: verdicts given stay good.
        """
        self._closed = True
        hosts, self._hosts = list(self._hosts.values()), {}
        problems = [problem for problem in await asyncio.gather(*(host.shutdown() for host in hosts)) if problem]
        for problem in problems:
            _LOG.error("%s", problem)
        return problems

    def identity(self, task_type: str) -> tuple[str, str]:
        """Name and version of the verifier of a task type: part of every verdict's key.

        Raises:
            InfrastructureFault: There is none for this task type, or what its version rests on is not there.
        """
        cls = self._class({"task_type": task_type})
        if cls not in self._identities:
            try:
                place = cls.place(self._settings) if hasattr(cls, "place") else ""
                version = "-".join(filter(None, (verifier_version(cls), place)))
                self._identities[cls] = (cls.__name__, version)
            except ImportError as error:
                raise InfrastructureFault(
                    f"{cls.__name__} has no version: {error}. Install what is missing, or correct its rests_on.",
                    final=True,
                ) from error
        return self._identities[cls]

    def _host(self, record: Any) -> Host:
        """The host of the record's verifier. Task types that share a class share its instance and its limits."""
        cls = self._class(record)
        if cls not in self._hosts:
            self._hosts[cls] = Host(cls, self._settings)
        return self._hosts[cls]

    def _class(self, record: Any) -> type[Any]:
        """The verifier class for the record's task type."""
        try:
            task_type = record["task_type"]
        except KeyError:
            raise InfrastructureFault("The record has no task_type, which chooses a verifier.", final=True) from None
        if (rules := ruled_by(task_type)) in self._after_rules:
            return self._union(str(rules))
        try:
            cls = self._registry[task_type]
        except KeyError:
            known = ", ".join(sorted(self._registry))
            raise InfrastructureFault(
                f"No verifier is registered for task_type {task_type!r} (known: {known}). Correct the task_type, or "
                f"add VERIFIER_REGISTRY[{task_type!r}] = TheClass.",
                final=True,
            ) from None
        if not isinstance(cls, type):
            raise InfrastructureFault(
                f"The registry holds {cls!r} for task_type {task_type!r}; register the class, not an instance.",
                final=True,
            )
        return cls

    def _union(self, task_type: str) -> type[Any]:
        """The verifier that asks a judge where the rules of this task type reject; made once."""
        if task_type not in self._unions:
            rules, judge = self._class({"task_type": task_type}), self._class({"task_type": JUDGED})
            versions = [self.identity(kind)[1] for kind in (task_type, JUDGED)]
            self._unions[task_type] = judge_after_rules(rules, judge, task_type, versions)
        return self._unions[task_type]
