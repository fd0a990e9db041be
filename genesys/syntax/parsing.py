"""Whether a file parses in its language: told by worker processes with limits, or not told. No verdicts here.

Python is read by its own compiler: the grammar that tree-sitter has for it takes one broken file in six for sound
(docs/swe.md). All others are read by tree-sitter, whose grammars hold for the language and not for what a compiler
knows besides; where a file's own state before an edit does not parse, as C with macros may not, nothing can be told of
the state after it.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import threading
from dataclasses import dataclass
from typing import Literal

from genesys.syntax.languages import LANGUAGES, named
from genesys.workers.pool import Job, Pool, WorkerDeath

WORKER_MODULE = "genesys.syntax.worker"
CPU_S = 5
MEMORY_BYTES = 1 << 30
LONGEST = 400_000
"""Characters of a file that is parsed at all."""

_JOB = Job("parsing files", lambda: WORKER_MODULE, "tree-sitter and its grammars")
_LOCK = threading.Lock()
_pool: Pool | None = None
_MOST_SAID = 50_000
_said: dict[bytes, Parsed] = {}
"""What was found of each file lately, by its hash: rows are gone through again when a table is sealed, all responses
to a task have the same file before."""

PARSERS = ("dist:tree-sitter", *sorted({f"dist:{one.grammar.distribution}" for one in LANGUAGES if one.grammar}))
"""What ``BaseVerifier.rests_on`` names where verdicts rest on parsers."""


@dataclass(frozen=True)
class Parsed:
    """What is known of a file."""

    state: Literal["parses", "broken", "no-parser", "gave-up"]
    """``gave-up``: the parser came to no end within its limits, or fell; that says nothing of the file."""
    why: str = ""

    @property
    def is_known(self) -> bool:
        """Whether a parser has said something."""
        return self.state in ("parses", "broken")


def parse(text: str, language: str) -> Parsed:
    """Parse a file. Blocks for milliseconds, and for seconds with hostile text: call it from a thread.

    Raises:
        InfrastructureFault: Worker processes do not start, or are killed from outside.
    """
    known = named(language)
    if known is None or not known.has_parser:
        return Parsed("no-parser", f"there is no parser for {language}")
    if len(text) > LONGEST:
        return Parsed("gave-up", f"more than {LONGEST:,} characters")
    try:
        name = hashlib.sha256(f"{known.name}\n{text}".encode()).digest()
    except UnicodeEncodeError:
        return Parsed("broken", "half a character")
    if (before := _said.get(name)) is not None:
        return before
    try:
        reply = _workers().ask({"language": known.name, "text": text.removeprefix("\ufeff")})
    except WorkerDeath as death:
        if death.cause == "outside":
            raise
        return Parsed("gave-up", death.cause)
    found = Parsed("parses") if reply["parses"] else Parsed("broken", str(reply["why"]))
    if len(_said) >= _MOST_SAID:
        _said.clear()
    _said[name] = found
    return found


def shutdown() -> None:
    """End the workers; a later ``parse`` starts them again."""
    global _pool
    with _LOCK:
        ended, _pool = _pool, None
    if ended is not None and ended.owner == os.getpid():
        ended.close()


def _workers() -> Pool:
    global _pool
    with _LOCK:
        # After a fork the pipes belong to the parent; writing into them would mix up two conversations.
        if _pool is None or _pool.owner != os.getpid():
            if _pool is None:
                atexit.register(shutdown)
            _pool = Pool(_JOB, max(2, os.cpu_count() or 2), CPU_S, MEMORY_BYTES)
        return _pool
