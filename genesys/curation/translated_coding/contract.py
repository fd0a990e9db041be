"""What a translated task asks for: its tests in the new language, its signature and harness, and its prompt.

Texts are rendered here and tests carried over; no model is asked and no program is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genesys.curation.coding.curate import TASK
from genesys.curation.translated_coding.harness import harness
from genesys.curation.translated_coding.parent import Parent
from genesys.curation.translated_coding.signature import Call, NoSignature, Signature, signature_of, unwrapped
from genesys.curation.translated_coding.spelling import LANGUAGE_NAMES
from genesys.outcomes import Outcome, rejected
from genesys.prompts import PromptFile
from genesys.verifiers.code.tests import CallTest, CodeTask, read_task

MIXED_TESTS = "tests of two kinds"
FUNCTION_TASK = PromptFile("translate_function_task")
"""What the teacher is asked where tests call a function; ``code_task`` asks for programs."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Contract:
    """How solutions are tried in one language.

    Args:
        language: One of ``spelling.LANGUAGES``.
        info: The task's ``verification_info``.
        signature: Of the function that tests call; None for whole programs.
    """

    language: str
    info: Row
    signature: Signature | None

    @property
    def notes(self) -> list[str]:
        """What else a person who writes a solution has to know."""
        if self.signature is None:
            return []
        return [note for has, note in _NOTES[self.language] if has(self.signature, self.info)]


def contract(parent: Parent, language: str) -> Contract | Outcome:
    """The contract of a task in another language, or why it cannot express it.

    Raises:
        TaskFault: The task's tests cannot be read.
    """
    info = {name: value for name, value in parent.info.items() if name not in ("harness", "test_cases", "fn_name")}
    info |= {"language": language}
    task = read_task(parent.info)
    calls = [test for test in task.tests if isinstance(test, CallTest)]
    if not calls:
        return Contract(language, info | {"test_cases": parent.info["test_cases"]}, None)
    if len(calls) < len(task.tests) or len({test.function for test in calls}) > 1:
        return rejected(MIXED_TESTS, f"{len(calls)} of {len(task.tests)} call a function")
    plain = unwrapped([Call(test.args, test.expected[0]) for test in calls])
    gold = parent.gold.source if parent.gold else None
    try:
        signature = signature_of(language, calls[0].function, plain, gold)
    except NoSignature as trouble:
        return rejected(trouble.reason, str(trouble))
    info |= {"test_cases": [_test(signature.name, call) for call in plain]}
    if (text := harness(signature)) is not None:
        info |= {"harness": text}
    return Contract(language, info, signature)


def _test(name: str, call: Call) -> Row:
    return {"type": "function_call", "fn_name": name, "input": list(call.args), "output": call.returned}


def prompt(statement: str, made: Contract, task: CodeTask, metadata: Row) -> str:
    """What the teacher is asked.

    Args:
        statement: As it was rewritten for the language.
        made: The contract.
        task: The Python task as its verifier reads it, for the names of files.
        metadata: For the limits.
    """
    memory, seconds = metadata.get("memory_limit_bytes"), metadata.get("time_limit")
    common: Row = {
        "statement": statement,
        "language": made.language,
        "language_name": LANGUAGE_NAMES[made.language],
        "time_limit": f"{seconds:g}" if isinstance(seconds, int | float) and seconds else None,
        "memory_mb": round(memory / (1 << 20)) if isinstance(memory, int | float) and memory else None,
    }
    if made.signature is not None:
        return FUNCTION_TASK.text(**common, signature=made.signature.text, name=made.signature.name, notes=made.notes)
    return TASK.text(
        **common,
        starter_code="",
        fn_name=None,
        input_name=f"the file `{task.input_file}`" if task.input_file else "standard input",
        output_name=f"the file `{task.output_file}`" if task.output_file else "standard output",
    )


def _has_text(signature: Signature, info: Row) -> bool:
    """Whether a text beyond ASCII comes in, or goes out."""
    values = [[test["input"], test["output"]] for test in info["test_cases"]]
    return any(kind.has("text") for kind in signature.kinds) and any(map(_beyond_ascii, values))


def _beyond_ascii(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_beyond_ascii, (*value, *value.values())))
    if isinstance(value, list | tuple):
        return any(map(_beyond_ascii, value))
    return isinstance(value, str) and not value.isascii()


_NO_MAIN = "Write no `main`: the tests have their own."
_STANDARD = "Use nothing but the standard library; put what you include or use before the function."
_NOTES: dict[str, list[tuple[Any, str]]] = {
    "cpp": [
        (lambda *_: True, f"{_NO_MAIN} {_STANDARD}"),
        (_has_text, "Texts are UTF-8, so that a letter may take several `char`s."),
    ],
    "rust": [(lambda *_: True, f"{_NO_MAIN} {_STANDARD}")],
    "javascript": [
        (lambda signature, _: signature.big, "Where a result is beyond 2^53 - 1, return a BigInt."),
        (_has_text, "Texts may hold letters beyond the basic plane, which take two code units each."),
    ],
}
