"""The chain of one response, each link held against its neighbours, its file, its manifest and the journal.

One function a step; each takes the evidence and gives a link. What a step would give today stands in ``replay``.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

from genesys.calls.context import answer_of
from genesys.calls.entry import Entry, call_key
from genesys.calls.verdicts import is_verdict_key
from genesys.choices import Acceptance
from genesys.hashing import digest
from genesys.ledger import problem_id, statement_hash
from genesys.lineage.decisions import decision, prompt_hashes
from genesys.lineage.evidence import GONE, Evidence, Recorded
from genesys.lineage.held import Row
from genesys.lineage.links import begin, link_of
from genesys.lineage.records import Checks, Link
from genesys.schemas import parse_info, task_hash
from genesys.stages.partial import Partial
from genesys.stages.records import response_digest
from genesys.stages.sampling import asked_of, rendering, sampling_of
from genesys.stages.tasks import record_hash
from genesys.stages.verdicts import without_measured
from genesys.stages.verifications import VERIFICATION_VERSION
from genesys.tables.lake import Part


def ledger_link(evidence: Evidence) -> Link:
    """The source row as the ledger keeps it."""
    checks, row = begin(evidence, evidence.ledger, inputs=False)
    if row is None:
        return link_of("ledger", evidence, evidence.ledger, {}, checks)
    upstream = parse_info(row["upstream_row"])
    checks.same("row_hash", digest(upstream, 32), row["row_hash"], "the source row in the ledger was altered")
    expected = problem_id(row["source"], row["upstream_key"])
    checks.same("problem_id", row["problem_id"], expected, "the row does not belong to this problem")
    try:
        identity = evidence.lane.identify(upstream)
    except Exception as error:  # noqa: BLE001 - whatever a lane's function says about a row that was altered
        checks.differs("identity", f"the lane cannot identify the row: {error}")
    else:
        found = {"upstream_key": identity.key, "statement_hash": statement_hash(identity.statement)}
        for name, value in found.items():
            checks.same(name, row[name], value, "the lane gives this row another identity")
    names = ("problem_id", "row_hash", "upstream_key", "shard", "supersedes", "upstream_row")
    facts = {name: row[name] for name in names}
    if evidence.withdrawn:
        checks.note("withdrawn", f"this version of the source row no longer counts: {evidence.withdrawn}")
    return link_of("ledger", evidence, evidence.ledger, facts, checks)


def task_link(evidence: Evidence, recorded: Recorded) -> Link:
    """The curated task."""
    held = evidence.task
    checks, row = begin(evidence, held)
    if row is None or held.part is None:
        return link_of("task", evidence, held, {}, checks)
    if evidence.ledger.row:
        meaning = "the task was made of another version of the source row"
        checks.same("row_hash", row["row_hash"], evidence.ledger.row["row_hash"], meaning)
    content = row | {"verification_info": parse_info(row["verification_info"])}
    checks.same("task_hash", task_hash(content), row["task_hash"], "the task's content was altered")
    meaning = "what verifiers read of the task was altered"
    checks.same("record_hash", record_hash(row), row["record_hash"], meaning)
    calls = _calls(evidence, recorded, row["call_keys"], prompt_hashes(row["prompt_hashes"]), checks)
    prompts = {f"{prompt.name}:{prompt.hash}" for prompt in evidence.lane.prompts}
    for prompt in row["prompt_hashes"]:
        if prompt in prompts:
            checks.agrees(f"prompt {prompt}")
        else:
            checks.note(f"prompt {prompt}", "was changed since; the task is of the earlier one until it is made again")
    if (made_by := held.part.versions.get(f"{evidence.lane.name}.curate")) != evidence.lane.version:
        checks.note("version", f"curated by version {made_by} of the lane, which is now {evidence.lane.version}")
    names = ("problem_id", "task_hash", "task_type", "prompt", "gold_standard_solution", "prompt_hashes")
    return link_of("task", evidence, held, {name: row[name] for name in names} | {"calls": calls}, checks)


def generation_link(evidence: Evidence, recorded: Recorded) -> Link:
    """The sampled response."""
    held = evidence.generation
    checks, row = begin(evidence, held)
    if row is None or held.part is None:
        return link_of("generation", evidence, held, {}, checks)
    expected = digest([row["problem_id"], row["call_key"]], 24)
    checks.same("response_id", row["response_id"], expected, "the id is not that of this problem and call")
    sampling = parse_info(row["generation_config"])
    asked = [{"role": turn["role"], "content": turn["content"]} for turn in row["messages"][:-1]]
    begun = [{"role": "assistant", "content": prefill}] if (prefill := held.part.settings.get("prefill")) else []
    payload = {
        "teacher_id": row["teacher_id"],
        "messages": asked + begun,
        "sampling": sampling,
        "sample_index": row["sample_index"],
    }
    keys = [*(row.get("cut_call_keys") or ()), row["call_key"]]
    meaning = "what the teacher was asked, or how, was altered in the table"
    checks.same("call key", call_key("chat", payload), keys[0], meaning)
    _check_asked(evidence, row, asked, sampling, held.part.settings, checks)
    _check_answered(evidence, recorded, row, payload, keys, checks)
    names = ("response_id", "call_key", "teacher_id", "model_name", "campaign", "sample_index", "finish_reason")
    facts = {name: row[name] for name in (*names, "prompt_tokens", "completion_tokens")}
    return link_of("generation", evidence, held, facts | {"sampling": sampling, "response": rendering(row)}, checks)


def _check_asked(evidence: Evidence, row: Row, asked: list[Row], sampling: Row, settings: Row, checks: Checks) -> None:
    """What was asked is what task and campaign say."""
    if evidence.task.row:
        task = evidence.task.row
        checks.same(
            "task_hash", row["task_hash"], task["task_hash"], "the response is to an earlier content of its task"
        )
        expected = [message.model_dump() for message in asked_of(task["prompt"], settings)]
        checks.same("messages", asked, expected, "the teacher was asked something else than the task")
    if settings.get("system_prompt") != evidence.lane.system_prompt:
        checks.note("system prompt", "is not the lane's as it is now; the campaign's stands")
    wanted = sampling_of(settings, row["problem_id"], row["sample_index"])
    checks.same("sampling", sampling, wanted, "the sampling is not the campaign's")
    checks.same("teacher", row["teacher_id"], settings.get("teacher_id"), "the teacher is not the campaign's")


def _check_answered(
    evidence: Evidence, recorded: Recorded, row: Row, payload: Row, keys: list[str], checks: Checks
) -> None:
    """The response is what the teacher answered, in as many pieces as it took."""
    entries = [_entry(evidence, recorded, key, checks) for key in keys]
    found = [entry for entry in entries if entry is not None]
    if len(found) < len(keys):
        return
    begun = payload["messages"][-1]
    said = Partial.prefilled(begun["content"] if begun["role"] == "assistant" else "")
    for piece, entry in enumerate(found):
        if piece:
            messages = [*row["messages"][:-1], {"role": "assistant", "content": said.text}]
            asked = payload | {"messages": [{"role": turn["role"], "content": turn["content"]} for turn in messages]}
            meaning = "the teacher went on from another text than it had said"
            checks.same(f"call key of piece {piece}", call_key("chat", asked), entry.key, meaning)
        said = said.then(answer_of(entry))
    reply = row["messages"][-1]
    kept = (reply["content"], reply["reasoning"], row["finish_reason"])
    given = (said.content, said.reasoning or None, answer_of(found[-1]).finish_reason)
    checks.same("answer in the journal", kept, given, "the response is not what the teacher answered")


def verdict_link(evidence: Evidence, recorded: Recorded) -> Link:
    """The verdict on the response."""
    held = evidence.verdict
    if (held.part is None and not held.trouble) or evidence.unverified:
        checks = Checks()
        checks.note("verdict", f"there is none yet: {evidence.unverified or 'the shard was not verified'}")
        return link_of("verdict", evidence, held, {}, checks)
    checks, row = begin(evidence, held)
    if row is None or held.part is None:
        return link_of("verdict", evidence, held, {}, checks)
    if evidence.task.row and evidence.generation.row:
        _check_subject(row, evidence.task.row, evidence.generation.row, held.part, checks)
        acceptance = Acceptance.model_validate(held.part.settings["acceptance"])
        expected = acceptance.accepts(evidence.task.row["task_type"], row["score"])
        checks.same("accepted", row["accepted"], expected, "the score does not bear out the acceptance")
    entry = _entry(evidence, recorded, row["call_key"], checks)
    within = _calls(evidence, recorded, entry.result.get("calls", []), {}, checks) if entry is not None else []
    if entry is not None and "fault" not in entry.result:
        kept = (row["score"], parse_info(row["verification_result_info"]))
        given = (entry.result["score"], without_measured(entry.result["verification_result_info"]))
        checks.same("verdict in the journal", kept, given, "the table holds another verdict than was given")
    names = ("score", "accepted", "reason", "rule", "extracted_answer", "canonical_answer", "call_key")
    facts = {"verifier": f"{row['verifier']}@{row['verifier_version']}"} | {name: row[name] for name in names}
    facts |= {"calls": within} if within else {}
    return link_of("verdict", evidence, held, facts | _circumstances(row, evidence.timing), checks)


def _check_subject(row: Row, task: Row, generation: Row, part: Part, checks: Checks) -> None:
    """The verdict is on this very task and response."""
    if part.versions.get("verify") == VERIFICATION_VERSION:
        subject = response_digest(record_hash(task), generation)
        found = is_verdict_key(row["call_key"], row["verifier"], row["verifier_version"], subject)
        checks.same("call key", found, True, "the verdict is on another task or response than these")
    else:
        checks.note("call key", "is of an earlier form, so it does not tell; the next run verifies the shard again")


def _circumstances(row: Row, timing: Row | None) -> dict[str, Any]:
    """How the verdict was reached: for programs the isolation and toolchain, the judges' votes; where, and how fast."""
    info, timing = parse_info(row["verification_result_info"]), timing or {}
    facts = {name: info[name] for name in ("isolation", "toolchain", "agreement", "votes") if name in info}
    facts["endpoint"] = timing.get("endpoint")
    if (seconds := timing.get("seconds")) is not None:
        facts["seconds"] = round(seconds, 4)
    if (made_at := timing.get("made_at")) is not None:
        facts["made_at"] = datetime.fromtimestamp(made_at, UTC).isoformat(timespec="seconds")
    with contextlib.suppress(ValueError):  # nothing rests on it
        facts["measured"] = parse_info(timing.get("measured"))
    return facts


def _calls(
    evidence: Evidence, recorded: Recorded, keys: list[str], hashes: dict[str, str], checks: Checks
) -> list[dict[str, Any]]:
    """The calls of a row function: each found in the journal under the key that its content gives."""
    calls: list[dict[str, Any]] = []
    for key, entry in zip(keys, recorded.entries(evidence.segment, keys), strict=True):
        if isinstance(entry, str):
            calls.append({"key": key})
            _missing(key, entry, checks)
            continue
        calls.append(decision(evidence.lane, entry, hashes))
        check_entry(entry, checks)
    return calls


def check_entry(entry: Entry, checks: Checks) -> None:
    """What the journal keeps of a call is what its key says."""
    if entry.payload:  # a verdict's record is not kept; a replay makes its key anew
        found = call_key(entry.kind, entry.payload, entry.trial)
        meaning = "the journal's record of the call was altered"
        checks.same(f"call {entry.name} {entry.key[:8]}", found, entry.key, meaning)
    else:
        checks.agrees(f"call {entry.name} {entry.key[:8]}", "found in the journal")


def _entry(evidence: Evidence, recorded: Recorded, key: str, checks: Checks) -> Entry | None:
    """The finished call of a key."""
    (entry,) = recorded.entries(evidence.segment, [key])
    if isinstance(entry, str):
        _missing(key, entry, checks)
        return None
    return entry


def _missing(key: str, why: str, checks: Checks) -> None:
    if why == GONE:
        checks.note(f"call {key[:8]}", why)
    else:
        checks.differs(f"call {key[:8]}", why)
