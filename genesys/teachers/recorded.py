"""A teacher that answers from a journal opened for reading, and from nothing else."""

from __future__ import annotations

from pathlib import Path

from genesys.calls.entry import Entry, call_key
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.faults import GenesysError, NoRecordedAnswer

_OPEN = 64
"""Segments kept open; each takes up to three file descriptors."""


class RecordedTeacher:
    """Recorded answers of a teacher.

    Args:
        root: The journal's folder or URL; every segment in it is searched.
        teacher_id: Under whose name the answers were recorded.
        cache: Where a journal on object storage keeps its local log.
    """

    concurrency = 64

    def __init__(self, root: str | Path, teacher_id: str, *, cache: str | Path | None = None) -> None:
        """Open the journal for reading.

        Raises:
            GenesysError: There is no journal, or of another format.
        """
        self.teacher_id = teacher_id
        self._journal = Journal(root, readonly=True, cache=cache)
        self._names = self._journal.names()
        if not self._names:
            raise GenesysError(f"there is no journal of recorded answers at {root}")
        self._segments: dict[str, Segment] = {}
        for name in self._names[:_OPEN]:
            self._segment(name)

    async def complete(self, request: ChatRequest) -> Completed:
        """The recorded answer.

        Raises:
            NoRecordedAnswer: It was never recorded.
        """
        entry = self._find(call_key("chat", request.payload(self.teacher_id), request.trial))
        if entry is not None:
            return Completed(answer=ChatAnswer.model_validate(entry.result["answer"]), endpoint="recorded")
        raise NoRecordedAnswer(
            f"{self.teacher_id} has no recorded answer to {request.name!r} for {request.row_id} (sample "
            f"{request.sample_index}). Recorded answers only cover what was recorded: for other prompts set up a "
            'teacher, for example `[teacher] base_urls = ["http://localhost:8000/v1"], model = "..."` in genesys.toml.'
        )

    def _find(self, key: str) -> Entry | None:
        """Search all segments, the one that answered last first, since neighbouring calls stand in one segment."""
        for position, name in enumerate(self._names):
            if (entry := self._segment(name).get(key)) is not None:
                self._names.insert(0, self._names.pop(position))
                return entry
        return None

    def _segment(self, name: str) -> Segment:
        if (segment := self._segments.pop(name, None)) is None:
            if len(self._segments) >= _OPEN:
                self._segments.pop(next(iter(self._segments))).close()
            segment = self._journal.open(name)
        self._segments[name] = segment  # the one used last stands last
        return segment

    async def aclose(self) -> None:
        """Close the journal."""
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()
