"""A batch's files, line by line: a request as it is sent, an answer or an error as it comes back. No connections here.

The format is OpenAI's (Batch API reference, "request input object" and "request output object"); vLLM's ``run-batch``
reads and writes the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import InfrastructureFault
from genesys.settings.roles import GoesOnBy
from genesys.teachers.answers import is_refusal, read_object
from genesys.teachers.exchange import ApiKey, body_of, status_fault

ENDPOINT = "/v1/chat/completions"
_ERROR_NAMES = {400: "BadRequestError", 422: "UnprocessableEntityError"}
"""As the official client names them, so that a refusal reads the same however it came."""

Then = Literal["later", "again", "never"]
"""What becomes of a request without an answer: asked later at no cost of an attempt, asked again, not in this run."""


class Place(NamedTuple):
    """Where a line stands in a file."""

    offset: int
    length: int


class Trouble(NamedTuple):
    """Why a request has no answer."""

    text: str
    then: Then


@dataclass
class Index:
    """What a batch's answers say about each of its requests."""

    places: dict[str, Place] = field(default_factory=dict)
    """Lines that are an answer, or the refusal of a request for good."""
    troubles: dict[str, Trouble] = field(default_factory=dict)
    unreadable: int = 0
    doubled: int = 0
    unknown: int = 0
    """Lines for requests that were never in the batch."""

    def flaws(self) -> str:
        """What was wrong with the files, for people; empty if nothing was."""
        named = {"unreadable": self.unreadable, "doubled": self.doubled, "of unknown requests": self.unknown}
        return ", ".join(f"{count:,} lines {what}" for what, count in named.items() if count)


def request_line(key: str, model: str, request: ChatRequest, goes_on_by: GoesOnBy = "continue_final_message") -> bytes:
    """One request as a line; its ``custom_id`` is the key of the call."""
    body = body_of(model, request, goes_on_by)
    line = {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def custom_ids(path: Path) -> Iterator[str]:
    """The keys in a file of requests; a line that cannot be read is passed over."""
    with path.open("rb") as lines:
        for raw in lines:
            if (key := _custom_id(raw)) is not None:
                yield key


def index_answers(path: Path, wanted: frozenset[str], where: str, api_key: ApiKey) -> Index:
    """Read a batch's output and errors, which stand in one file, once through.

    Args:
        path: The file.
        wanted: The keys of the batch's requests.
        where: Endpoint and batch, for people.
        api_key: Taken out of what is told.
    """
    index, offset = Index(), 0
    with path.open("rb") as lines:
        for raw in lines:
            place, offset = Place(offset, len(raw)), offset + len(raw)
            if raw.strip():
                _note(index, raw, place, wanted, where, api_key)
    return index


def _note(index: Index, raw: bytes, place: Place, wanted: frozenset[str], where: str, api_key: ApiKey) -> None:
    key = _custom_id(raw)
    if key is None:
        index.unreadable += 1
    elif key not in wanted:
        index.unknown += 1
    elif key in index.places:
        index.doubled += 1
    else:
        try:
            read_answer(raw, where, api_key)
            index.places[key] = place
            index.troubles.pop(key, None)
        except InfrastructureFault as fault:
            index.doubled += key in index.troubles
            index.troubles[key] = Trouble(str(fault), "never" if fault.final else "again")


def _custom_id(raw: bytes) -> str | None:
    try:
        key = json.loads(raw)["custom_id"]
    except (ValueError, LookupError, TypeError):
        return None
    return key if isinstance(key, str) else None


def read_at(lines: BinaryIO, place: Place, where: str, api_key: ApiKey) -> ChatAnswer:
    """The answer in one line of an open file.

    Raises:
        InfrastructureFault: The file does not hold it any more.
    """
    lines.seek(place.offset)
    try:
        return read_answer(lines.read(place.length), where, api_key)
    except ValueError as error:
        raise InfrastructureFault(f"{where}: its file of answers is broken: {error}") from None


def read_answer(raw: bytes, where: str, api_key: ApiKey) -> ChatAnswer:
    """The answer in one line, which may be the refusal of this very request.

    Raises:
        InfrastructureFault: It holds no answer; ``final`` if asking again is useless.
        ValueError: It is no JSON object.
    """
    line: dict[str, Any] = json.loads(raw)
    response = line.get("response") if isinstance(line.get("response"), dict) else None
    status = response.get("status_code") if response else None
    body = response.get("body") if response else None
    if status == 200 and isinstance(body, dict):
        try:
            return read_object(body)
        except InfrastructureFault as fault:
            raise InfrastructureFault(f"{where}: {api_key.short(str(fault))}", alive=True) from None
        except (AttributeError, TypeError, ValueError) as error:
            raise InfrastructureFault(f"{where}: no completion: {api_key.brief(error)}", alive=True) from None
    # OpenAI has what happened in the body, and names in ``error`` what is no HTTP error; vLLM has all of it there.
    told = body or line.get("error")
    return _refusal(status, told, where, api_key)


def _refusal(status: Any, told: Any, where: str, api_key: ApiKey) -> ChatAnswer:
    if not isinstance(status, int):
        code = told.get("code") if isinstance(told, dict) else None
        status = code if isinstance(code, int) else 0
    if not 400 <= status < 600:
        raise InfrastructureFault(f"{where} has no answer: {api_key.short(json.dumps(told, ensure_ascii=False))}")
    inner = told.get("error", told) if isinstance(told, dict) else told
    message = inner.get("message") if isinstance(inner, dict) else inner
    name = _ERROR_NAMES.get(status, "APIStatusError")
    text = api_key.short(f"{name}: Error code: {status}" + (f" - {message}" if message else ""))
    if is_refusal(status, json.dumps(inner, default=str)):
        return ChatAnswer(content="", finish_reason="refused", refused=text)
    raise status_fault(f"{where} answered {status}", status, text)
