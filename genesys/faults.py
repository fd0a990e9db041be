"""Whose fault a failure is, as types; no handling of them.

Every failure in the pipeline is one of three: the task's own fault, the response's fault, or the infrastructure's.
Only the first two can become a verdict. An ``InfrastructureFault`` never turns into a score: its row ends as errored
and the next run tries it again.
"""

from __future__ import annotations


class GenesysError(Exception):
    """Base of all errors that the library raises on purpose."""


class TaskFault(GenesysError):
    """The task itself is unusable (a prompt over the context window, a gold that its own verifier rejects)."""


class ResponseFault(GenesysError):
    """What a model answered is unusable (no readable answer after all attempts)."""


class InfrastructureFault(GenesysError):
    """Something between us and an answer broke: network, endpoint, disk, a worker process.

    Attributes:
        retry_after: Seconds the other side asked us to wait, if it did.
        overload: The other side is short of capacity (429, 503, time-out), so that fewer calls at once would help.
        alive: The other side did answer, if only to say no; it is not to be taken for dead.
        final: Trying again within this run is useless (a request that the endpoint does not take).
        closed: The same for whatever else we send there (a refused key, an unknown model); implies ``final``.
        fatal: Nothing else in this run can succeed either (disk full); the run stops cleanly.
        reason: By which its rows are counted.
    """

    reason = "infrastructure"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        overload: bool = False,
        alive: bool = False,
        final: bool = False,
        closed: bool = False,
        fatal: bool = False,
    ) -> None:
        """Keep the message for people and the flags for the engine."""
        super().__init__(message)
        self.retry_after = retry_after
        self.overload = overload
        self.alive = alive
        self.final = final or closed
        self.closed = closed
        self.fatal = fatal


class NotReady(InfrastructureFault):
    """Something that work of this kind needs is not on this machine (a Docker engine, a compiler).

    The message says what, and the command that gets it.
    """

    def __init__(self, message: str) -> None:
        """Trying again without it is useless."""
        super().__init__(message, final=True)


class CapReached(InfrastructureFault):
    """What may be spent is spent. Its rows are errored, and the next run tries them again."""

    reason = "budget"
    BEGINS = "the cap is reached"
    """Its message, by which a replay knows it again among the failures that the journal keeps."""

    def __init__(self, message: str) -> None:
        """Trying again within this run is useless."""
        super().__init__(message, final=True)


class NoRecordedAnswer(InfrastructureFault):
    """A journal opened for reading has no answer for this call."""

    def __init__(self, message: str) -> None:
        """A missing recording stays missing however often it is asked for."""
        super().__init__(message, final=True)


class RepeatedCall(GenesysError):
    """A row function made the same call twice without a sample index or trial of its own: a bug in that function."""
