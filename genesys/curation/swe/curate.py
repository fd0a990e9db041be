"""The SWE lane: a commit that edits one file -> a task that shows the file before and asks for the edit.

Rules come first and drop most rows; then the curator writes an instruction, rules look it through, and a second prompt
checks it. What each step decides stands in the modules beside this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.common.licences import PERMISSIVE, licensed
from genesys.curation.common.people import scanned
from genesys.curation.steps import Curation, Step
from genesys.curation.swe import messages, rules
from genesys.curation.swe.commit import Commit
from genesys.curation.swe.edits import Edit
from genesys.curation.swe.instruction import CHECK, INSTRUCTION, flaw, verdict
from genesys.curation.swe.preflight import preflight
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome, rejected
from genesys.prompts import PromptFile
from genesys.syntax.languages import Language
from genesys.syntax.parsing import parse
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.edited_file import diff, fence_for, hash_of
from genesys.verifiers.judge.forms import EDITED_FILE

TASK = PromptFile("swe_task")
"""What the teacher is asked."""
PROMPTS = (INSTRUCTION, CHECK, TASK)
JUDGING = (
    "The file is {path}. What the instruction asks for must hold after the edit. What of it the answer lacks "
    "or gets wrong lowers the score, and so does what the answer breaks. Other code than that of the reference, "
    "with the same effect, is as good."
)


@dataclass(frozen=True)
class Draft:
    """A commit on its way to a task.

    Args:
        row: Of the ledger.
        commit: As it goes on, people's data redacted.
        license: In one form, once it is known to be allowed.
        redacted: How many pieces of personal data of each kind were redacted.
        parser: Whether a parser understands both files, or there is none.
        preflight: What the rules make of the gold and its mutants.
        instruction: Once it is written.
    """

    row: LedgerRow
    commit: Commit
    license: str | None = None
    redacted: Mapping[str, int] = field(default_factory=dict)
    parser: str = ""
    preflight: Mapping[str, str] = field(default_factory=dict)
    instruction: str = ""

    @cached_property
    def edit(self) -> Edit:
        """What the commit changes."""
        return Edit(self.commit.before, self.commit.after)

    @property
    def language(self) -> Language:
        """The file's language; a step before has dropped rows without."""
        found = self.commit.language
        assert found is not None  # noqa: S101 - the order of the steps
        return found

    @property
    def task(self) -> dict[str, Any]:
        """The task, whose instruction may still be to come."""
        return _task(self)


def begin(row: LedgerRow) -> Draft:
    """A row as it comes."""
    commit: Commit = row.problem
    return Draft(row, commit)


def one_file(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop what is no edit of one file."""
    return rules.one_file(draft.commit) or draft


def known_language(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop files of languages that are not known here: prose, data, notebooks, configuration."""
    if draft.commit.language is None:
        return rejected("language not known", f"{draft.commit.new_file} ({draft.commit.lang or 'no language named'})")
    return draft


def of_a_size(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop files that are too short, too long, or no text."""
    return rules.size(draft.commit) or draft


def by_people(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop what was generated, vendored, built."""
    return rules.written_by_people(draft.commit) or draft


def message(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop commits whose message tells nothing."""
    return messages.says_something(draft.commit.message) or draft


def worth_asking(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop edits of no code, and too small or too large ones."""
    return rules.worth_asking(draft.edit, draft.language) or draft


def texts(draft: Draft) -> dict[str, str]:
    """All that a model is told and a task holds."""
    commit = draft.commit
    return {"old_contents": commit.before, "new_contents": commit.after, "message": commit.message}


def redacted(draft: Draft, found: Mapping[str, str], counts: Mapping[str, int]) -> Draft:
    """The commit without personal data, both files alike."""
    changed = replace(draft.commit, before=found["old_contents"], after=found["new_contents"], message=found["message"])
    return replace(draft, commit=changed, redacted=counts)


async def parses(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop files that do not parse, before or after: nobody could tell whether a response breaks them."""
    for name, text in (("before", draft.commit.before), ("after", draft.commit.after)):
        found = await asyncio.to_thread(parse, text, draft.language.name)
        if found.state == "no-parser":
            return replace(draft, parser="none")
        if found.state != "parses":
            return rejected(f"file {name} does not parse", f"{found.why} ({found.state})")
    return replace(draft, parser="parses")


async def rules_tell(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Let the rules judge the gold and its mutants."""
    if not draft.edit.hunks:
        return rejected("no code changed", "personal data alone")
    found = await asyncio.to_thread(preflight, draft.task, draft.edit)
    return found if isinstance(found, Outcome) else replace(draft, preflight=found)


async def written(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Have the instruction written."""
    commit = draft.commit
    found = await calls.ask(INSTRUCTION, **_shown(draft), message=commit.message, after=commit.after.strip("\n"))
    if not found.possible or not found.instruction.strip():
        return rejected("no instruction possible", found.why)
    return replace(draft, instruction=found.instruction.strip())


def looked_through(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop an instruction that rules have something against."""
    return flaw(draft.instruction, draft.edit.added, draft.commit.before) or draft


async def checked(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Have the instruction checked by a second prompt."""
    found = await calls.ask(CHECK, **_shown(draft), instruction=draft.instruction)
    return verdict(found) or draft


def _shown(draft: Draft) -> dict[str, Any]:
    """What both prompts show of a commit."""
    commit, language = draft.commit, draft.language
    return {
        "path": commit.new_file,
        "language": language.shown,
        "label": language.label,
        "fence": fence_for(commit.before, commit.after, commit.message, draft.instruction),
        "before": commit.before.strip("\n"),
        "diff": diff(commit.before, commit.after, commit.new_file),
    }


def _task(draft: Draft) -> dict[str, Any]:
    commit, language = draft.commit, draft.language
    repository = commit.repos[0] if commit.repos else None
    task = {
        "task_type": JUDGED,
        "in_source_id": commit.commit,
        "prompt": TASK.text(
            instruction=draft.instruction,
            path=commit.new_file,
            label=language.label,
            fence=fence_for(commit.before, commit.after),
            before=commit.before.strip("\n"),
        ),
        "gold_standard_solution": commit.after,
        "verification_info": {
            "answer_form": EDITED_FILE,
            "path": commit.new_file,
            "language": language.name,
            "before_sha256": hash_of(commit.before),
            "judging_instructions": JUDGING.format(path=commit.new_file),
        },
        "metadata": {
            "language": language.name,
            "path": commit.new_file,
            "commit": commit.commit,
            "repos": list(commit.repos[:10]),
            "subject": commit.subject,
            "lines_removed": len(draft.edit.removed),
            "lines_added": len(draft.edit.added),
            "hunks": len(draft.edit.hunks),
            "parser": draft.parser,
            "preflight": dict(draft.preflight),
            **({"redacted": dict(draft.redacted)} if draft.redacted else {}),
        },
        "license": draft.license,
    }
    if draft.row.attribution is None and repository is not None:
        task["attribution"] = f"the authors of {repository}, commit {commit.commit}"
    return task


def licence(draft: Draft) -> Any:
    """As the row writes it, else as its source does."""
    return draft.commit.license or draft.row.license


CURATION: Curation[Draft] = Curation(
    begin,
    (
        Step("edits one file", one_file),
        Step("in a known language", known_language),
        licensed(licence, lambda draft, found: replace(draft, license=found), PERMISSIVE, name="licence allowed"),
        Step("written by people", by_people),
        Step("of a size", of_a_size),
        Step("message says something", message),
        Step("changes code", worth_asking),
        scanned(texts, "redact", redacted, name="no secrets, people redacted"),
        Step("parses before and after", parses),
        Step("rules tell gold from mutants", rules_tell),
        Step("instruction written", written, by="curator"),
        Step("instruction holds no solution", looked_through),
        Step("instruction checked", checked, by="curator"),
    ),
    lambda draft: (draft.task,),
)
