"""One verifier class at work: its instance, its slots, its time limit. Which class a record has says ``runner``."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from genesys.faults import GenesysError, InfrastructureFault, NotReady
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.results import checked_result
from genesys.verifiers.slots import LimitReached, SlotThreads, bounded_call

if TYPE_CHECKING:
    from genesys.calls.context import Calls
    from genesys.job import Execution, Job
    from genesys.settings import Settings

# Making a verifier may load a model, being ready may take the build of an image; ending one may stop containers.
_SETUP_LIMIT_S = 600.0
_SHUTDOWN_LIMIT_S = 120.0
_READY_LIMIT_S = 1800.0
# A verifier that always hangs would otherwise leave a thread behind for each record.
_MAX_HANGING = 64


class Host:
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
        result = await self._within_limits("verify", (record, *self._calls(calls)), self._is_async)
        try:
            return checked_result(result)
        except ValueError as error:
            advice = 'Return {"score": 0 to 1 or None, "verification_result_info": {...}}'
            raise self._fault(str(error), advice, final=True) from None

    async def execute(self, job: Job) -> Execution:
        """Wait for a slot, then have the verifier's own sandbox run a program.

        Raises:
            InfrastructureFault: The verifier has none, or it broke.
            TaskFault: The files of a run have no room in it.
        """
        if not hasattr(self._cls, "execute"):
            raise self._fault("runs no programs", "Register a class with execute(job)", final=True)
        execution: Execution = await self._within_limits("execute", (job,), is_async=False)
        return execution

    async def _within_limits(self, method: str, arguments: tuple[Any, ...], is_async: bool) -> Any:
        """Wait for a slot, and call a method of the instance within the time limit."""
        async with self._slots:
            await self.prepare()
            self._check_hanging()
            try:
                # The clock starts here: a record that queued for long has its whole time yet.
                function = getattr(self._instance, method)
                return await bounded_call(function, arguments, self._threads, self._timeout, is_async)
            except GenesysError:
                raise  # the verifier knows whose fault it is
            except LimitReached:
                raise self._fault(
                    f"took longer than its time limit of {self._timeout:g} s",
                    f"Verify the record again; if it comes back, raise the class's timeout or make {method}() faster",
                ) from None
            except Exception as error:
                raise self._fault(
                    f"raised {type(error).__name__}: {error}",
                    f"Make {method}() come to an end for every record, or raise a TaskFault or ResponseFault",
                ) from error

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

    async def prepare_for(self, language: str) -> None:
        """Ask whether programs of a language can be verified; the verifier remembers what it found.

        Raises:
            NotReady: They cannot.
            InfrastructureFault: It cannot say.
        """
        function = getattr(self._instance, "lacks", None)
        if function is not None:
            is_async = inspect.iscoroutinefunction(function)
            try:
                missing = await bounded_call(function, (language,), self._threads, _READY_LIMIT_S, is_async)
            except LimitReached:
                raise self._fault(f"did not say in time whether it lacks {language}", "See what it waits for") from None
            except InfrastructureFault as fault:
                raise NotReady(str(fault)) from fault
            except Exception as error:
                what = f"cannot say whether it lacks {language}: {type(error).__name__}: {error}"
                raise self._fault(what, "Repair its lacks()") from error
            if missing:
                raise NotReady(str(missing))

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
