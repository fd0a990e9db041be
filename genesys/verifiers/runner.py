"""Runs verifiers: one instance each, so many calls at once, so long, and only checked results. No verifying in here.

What goes wrong while verifying is never a score: it is an InfrastructureFault, and its record is tried again by the
next run. Only a verifier itself may blame the task (TaskFault) or the response (ResponseFault).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from genesys.faults import GenesysError, InfrastructureFault, NotReady
from genesys.verifiers.after_rules import JUDGED, judge_after_rules, ruled_by, union_kind
from genesys.verifiers.base_verifier import BaseVerifier, verifier_version
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.results import checked_result as checked_result
from genesys.verifiers.slots import LimitReached, SlotThreads, bounded_call

if TYPE_CHECKING:
    from genesys.calls.context import Calls
    from genesys.settings import Settings

_LOG = logging.getLogger(__name__)
# Making a verifier may load a model, being ready may take the build of an image; ending one may stop containers.
_SETUP_LIMIT_S = 600.0
_SHUTDOWN_LIMIT_S = 120.0
_READY_LIMIT_S = 1800.0
# A verifier that always hangs would otherwise leave a thread behind for each record.
_MAX_HANGING = 64


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
        self._hosts: dict[type[Any], _Host] = {}
        self._identities: dict[type[Any], tuple[str, str]] = {}
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

    def response_kind(self, task_type: str) -> str:
        """What responses to such tasks are verified as: rules and then a judge where the settings say so."""
        return union_kind(task_type) if task_type in self._after_rules else task_type

    async def ready(self, task_type: str) -> str | None:
        """Whether records of a task type can be verified here, asked once.

        Returns:
            None, or what is missing, as the verifier's ``ready`` says it. Every record gets that as its fault. What is
            wrong with a verifier itself is no answer to this, and stands with its records alone.
        """
        for kind in dict.fromkeys((task_type, self.response_kind(task_type))):
            try:
                await self._host({"task_type": kind}).prepare()
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

    def _host(self, record: Any) -> _Host:
        """The host of the record's verifier. Task types that share a class share its instance and its limits."""
        cls = self._class(record)
        if cls not in self._hosts:
            self._hosts[cls] = _Host(cls, self._settings)
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


class _Host:
    """One verifier class at work: its instance, its slots, its time limit."""

    def __init__(self, cls: type[Any], settings: Settings | None) -> None:
        self._cls = cls
        self._settings = settings
        self._name = cls.__name__
        self._max_parallel = _whole(getattr(cls, "max_parallel", BaseVerifier.max_parallel), self._name)
        self._timeout = _seconds(getattr(cls, "timeout", BaseVerifier.timeout), self._name)
        self._asks = bool(getattr(cls, "asks", False))
        self._is_async = inspect.iscoroutinefunction(getattr(cls, "verify", None))
        self._slots = asyncio.Semaphore(self._max_parallel)
        self._threads = SlotThreads(f"verify-{self._name}")
        self._instance: Any = None
        self._making: asyncio.Future[InfrastructureFault | None] | None = None

    async def verify(self, record: Any, calls: Calls | None) -> dict[str, Any]:
        """Wait for a slot, then run ``verify`` within the time limit and check what it gives."""
        async with self._slots:
            await self.prepare()
            self._check_hanging()
            try:
                # The clock starts here: a record that queued for long has its whole time yet.
                verify, arguments = self._instance.verify, (record, *self._calls(calls))
                result = await bounded_call(verify, arguments, self._threads, self._timeout, self._is_async)
            except GenesysError:
                raise  # the verifier knows whose fault it is
            except LimitReached:
                raise self._fault(
                    f"took longer than its time limit of {self._timeout:g} s",
                    "Verify the record again; if it comes back, raise the class's timeout or make verify() faster",
                ) from None
            except Exception as error:
                raise self._fault(
                    f"raised {type(error).__name__}: {error}",
                    "Make verify() return a score for every record, or raise a TaskFault or ResponseFault",
                ) from error
        try:
            return checked_result(result)
        except ValueError as error:
            advice = 'Return {"score": 0 to 1 or None, "verification_result_info": {...}}'
            raise self._fault(str(error), advice, final=True) from None

    def _calls(self, calls: Calls | None) -> tuple[Calls, ...]:
        """What ``verify`` gets besides the record: verifiers written for Genesys know of nothing else."""
        if not self._asks:
            return ()
        if calls is None:
            raise InfrastructureFault(f"{self._name} asks models: have the record verified by Calls.verify", final=True)
        return (calls,)

    async def shutdown(self) -> str | None:
        """Call ``shutdown`` of an instance that was made; gives a problem as text instead of raising it."""
        function = getattr(self._instance, "shutdown", None)
        try:
            if function is not None:
                is_async = inspect.iscoroutinefunction(function)
                await bounded_call(function, (), self._threads, _SHUTDOWN_LIMIT_S, is_async)
        except LimitReached:
            return f"{self._name}.shutdown() did not end within {_SHUTDOWN_LIMIT_S:g} s; what it holds may be left."
        except Exception as error:
            return f"{self._name}.shutdown() raised {type(error).__name__}: {error}; what it holds may be left over."
        finally:
            self._threads.close()
        return None

    async def prepare(self) -> None:
        """Make the instance and ask whether it is ready, once.

        Raises:
            InfrastructureFault: It could not be made or is not ready. That is kept: trying again for each record would
                only repeat its wait.
        """
        if self._making is None:
            self._making = asyncio.ensure_future(self._make())
        # Shielded, so that one cancelled record does not undo the making for the others.
        fault = await asyncio.shield(self._making)
        if fault is not None:
            raise NotReady(str(fault)) if isinstance(fault, NotReady) else InfrastructureFault(str(fault), final=True)

    async def _make(self) -> InfrastructureFault | None:
        """Call the class, then ``ready``; gives what went wrong, or None."""
        advice = "It is made by calling the class without arguments; repair its __init__ or what that needs"
        try:
            if self._is_async:
                self._instance = self._new()  # clients of asyncio want to be made where the loop runs
            else:
                self._instance = await self._threads.call(self._new, timeout=_SETUP_LIMIT_S)
        except LimitReached:
            return self._fault(f"could not be made within {_SETUP_LIMIT_S:g} s", advice)
        except Exception as error:
            return self._fault(f"could not be made: {type(error).__name__}: {error}", advice)
        return await self._unready()

    def _new(self) -> Any:
        """From the settings if it takes them; verifiers written for Genesys know only a call without arguments."""
        make = getattr(self._cls, "from_settings", None)
        return self._cls() if make is None or self._settings is None else make(self._settings)

    async def _unready(self) -> InfrastructureFault | None:
        function = getattr(self._instance, "ready", None)
        if function is None:
            return None
        try:
            is_async = inspect.iscoroutinefunction(function)
            missing = await bounded_call(function, (), self._threads, _READY_LIMIT_S, is_async)
        except LimitReached:
            return self._fault(f"did not say within {_READY_LIMIT_S:g} s whether it is ready", "See what it waits for")
        except InfrastructureFault as fault:
            return NotReady(str(fault))
        except Exception as error:
            return self._fault(f"cannot say whether it is ready: {type(error).__name__}: {error}", "Repair its ready()")
        return NotReady(str(missing)) if missing else None

    def _check_hanging(self) -> None:
        hanging = self._threads.hanging
        if hanging >= max(_MAX_HANGING, 2 * self._max_parallel):
            raise self._fault(
                f"has {hanging} calls of verify() that never came back after their time limit",
                "Give what verify() waits for a time limit of its own; no further record is tried in this run",
                final=True,
            )

    def _fault(self, problem: str, advice: str, *, final: bool = False) -> InfrastructureFault:
        return InfrastructureFault(f"Verifier {self._name} {problem}. {advice}. The record has no score.", final=final)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InfrastructureFault(f"{name}.max_parallel is {value!r}; give it a whole number above 0.", final=True)
    return value


def _seconds(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InfrastructureFault(f"{name}.timeout is {value!r}; give it seconds above 0, or None.", final=True)
    return float(value)
