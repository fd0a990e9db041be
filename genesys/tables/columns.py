"""Columns of our tables, as Arrow schemas; nothing else. Mappings of free form stand as JSON text."""

from __future__ import annotations

import pyarrow as pa

TEXT, TEXTS, INT, REAL, FLAG = pa.string(), pa.list_(pa.string()), pa.int64(), pa.float64(), pa.bool_()
MESSAGES = pa.list_(pa.struct([("role", TEXT), ("content", TEXT), ("reasoning", TEXT)]))
CHAT = pa.list_(pa.struct([("role", TEXT), ("content", TEXT)]))

LEDGER = pa.schema(
    {
        "problem_id": TEXT,
        "row_hash": TEXT,
        "source": TEXT,
        "upstream_key": TEXT,
        "statement_hash": TEXT,
        "marks": TEXTS,
        "shard": TEXT,
        "supersedes": TEXT,
        "revision": TEXT,
        "file": TEXT,
        "row": INT,
        "license": TEXT,
        "attribution": TEXT,
        "source_url": TEXT,
        "upstream_row": TEXT,
    }
)
"""One upstream row each; ``row`` counts from 1 in ``file``, ``upstream_row`` is the whole row as JSON, and
``marks`` are what makes a duplicate besides the statement."""

WITHDRAWN = pa.schema({"problem_id": TEXT, "row_hash": TEXT, "status": TEXT})
"""Source rows that no longer count: ``superseded``, ``removed``, ``withdrawn`` (by people), or since they overlap a
benchmark."""

TASKS = pa.schema(
    {
        "problem_id": TEXT,
        "task_hash": TEXT,
        "record_hash": TEXT,
        "row_id": TEXT,
        "row_hash": TEXT,
        "family_id": TEXT,
        "parent_ids": TEXTS,
        "round": INT,
        "source": TEXT,
        "in_source_id": TEXT,
        "hf_dataset_name": TEXT,
        "task_type": TEXT,
        "prompt": TEXT,
        "gold_standard_solution": TEXT,
        "verification_info": TEXT,
        "metadata": TEXT,
        "source_url": TEXT,
        "revision": TEXT,
        "license": TEXT,
        "attribution": TEXT,
        "prompt_hashes": TEXTS,
        "call_keys": TEXTS,
    }
)
"""``row_id`` and ``row_hash`` are problem_id and row_hash in the ledger of the row that the task was made of, which may
have become several tasks. ``record_hash`` covers all that a verifier may read of the task. Tables that were made before
there were ``row_id`` and ``record_hash`` lack them; ``stages.tasks.task_rows`` adds them."""

GENERATIONS = pa.schema(
    {
        "response_id": TEXT,
        "problem_id": TEXT,
        "task_hash": TEXT,
        "sample_index": INT,
        "messages": MESSAGES,
        "finish_reason": TEXT,
        "prompt_tokens": INT,
        "completion_tokens": INT,
        "model_name": TEXT,
        "teacher_id": TEXT,
        "campaign": TEXT,
        "generation_config": TEXT,
        "call_key": TEXT,
        "cut_call_keys": TEXTS,
        "accepted_so_far": INT,
    }
)
"""``llm_response`` is the rendering of the last message and is not kept twice. ``call_key`` is the call that ended the
response, ``cut_call_keys`` are those before it that the token limit cut. ``accepted_so_far`` stands where sampling was
decided upon: how many of the task's responses up to here were accepted then. Tables that were made before there were
these two lack them."""

VERIFICATIONS = pa.schema(
    {
        "response_id": TEXT,
        "problem_id": TEXT,
        "task_hash": TEXT,
        "campaign": TEXT,
        "score": REAL,
        "accepted": FLAG,
        "reason": TEXT,
        "rule": TEXT,
        "extracted_answer": TEXT,
        "canonical_answer": TEXT,
        "verification_result_info": TEXT,
        "verifier": TEXT,
        "verifier_version": TEXT,
        "call_key": TEXT,
    }
)
"""Ids and verdicts; texts stay where they were made."""

BYTES = pa.binary()
MEASURED = pa.schema(
    {
        "response_id": TEXT,
        "campaign": TEXT,
        "problem_id": TEXT,
        "teacher_id": TEXT,
        "score": REAL,
        "accepted": FLAG,
        "reason": TEXT,
        "verifier": TEXT,
        "verifier_version": TEXT,
        "standing": TEXT,
        "digest": TEXT,
        "finish_reason": TEXT,
        "prompt_tokens": INT,
        "completion_tokens": INT,
        "thinking_chars": INT,
        "answer_chars": INT,
        "faults": TEXTS,
        "findings": TEXTS,
        "numbers": TEXT,
        "signature": BYTES,
    }
)
"""One verdict each, by response_id and campaign, of one shard: what the filters know of a response without its text.
``reason`` is why it was not accepted. ``standing`` is why the verdict counts for nothing (``disputed gold``, ``stale
task``, ``stale verdict``, ``withdrawn source row``, ...), null if it counts. ``faults`` are of its format,
``findings`` the kinds of secrets (``secret: ...``) and personal data (``personal: ...``) in it; what stands after ``:
`` is for people. ``numbers`` and ``signature`` are what near-duplicates are known by. Of a response that is not
accepted there may be no signature."""

MEASURED_PROBLEMS = pa.schema(
    {
        "problem_id": TEXT,
        "lane": TEXT,
        "shard": TEXT,
        "task_type": TEXT,
        "language": TEXT,
        "source": TEXT,
        "license": TEXT,
        "row_id": TEXT,
        "row_hash": TEXT,
        "task_hash": TEXT,
        "family_id": TEXT,
        "digest": TEXT,
        "words": INT,
        "overlap": TEXT,
        "numbers": TEXT,
        "content": BYTES,
        "signature": BYTES,
    }
)
"""One task each that has a verdict, of one shard, by problem_id. ``digest`` is of the prompt's words, ``overlap`` what
its prompt shares with a benchmark, for people; null if that is too little. ``content`` are the words by which problems
are compared, made small (``quality.statements``)."""

PROBLEMS = pa.schema(
    {
        "problem_id": TEXT,
        "lane": TEXT,
        "shard": TEXT,
        "task_type": TEXT,
        "language": TEXT,
        "source": TEXT,
        "license": TEXT,
        "family_id": TEXT,
        "cluster": TEXT,
        "split": TEXT,
        "responses": INT,
        "accepted": INT,
        "pass_rate": REAL,
        "teachers": TEXT,
        "band": TEXT,
        "publishable": FLAG,
        "chosen": INT,
    }
)
"""One problem each, by problem_id. ``cluster`` is the least family_id of all that are alike, ``split`` is ``train`` or
``test`` by it. ``responses`` are those that were judged, ``teachers`` the same by teacher as JSON ({teacher: [judged,
accepted]}), ``band`` is ``hopeless``, ``too easy``, ``kept`` or ``unknown``. ``publishable`` is false where a filter
that holds for all data sets dropped every response of it; ``chosen`` counts the responses that all filters left."""

FILTERED = pa.schema(
    {
        "response_id": TEXT,
        "problem_id": TEXT,
        "lane": TEXT,
        "shard": TEXT,
        "campaign": TEXT,
        "task_type": TEXT,
        "split": TEXT,
        "teacher_id": TEXT,
        "score": REAL,
        "chars": INT,
    }
)
"""The traces that all filters left, by response_id. ``chars`` are of thinking and answer."""

ENDS = pa.schema(
    {
        "response_id": TEXT,
        "campaign": TEXT,
        "problem_id": TEXT,
        "lane": TEXT,
        "shard": TEXT,
        "step": TEXT,
        "reason": TEXT,
        "detail": TEXT,
        "for_all": FLAG,
    }
)
"""Every trace with what became of it, by response_id and campaign: the filter that dropped it, why, and whether that
holds for all data sets; null where all filters left it."""

RAW = pa.schema(
    {
        "response_id": TEXT,
        "problem_id": TEXT,
        "source": TEXT,
        "in_source_id": TEXT,
        "hf_dataset_name": TEXT,
        "task_type": TEXT,
        "prompt": TEXT,
        "gold_standard_solution": TEXT,
        "llm_response": TEXT,
        "verification_info": TEXT,
        "score": REAL,
        "verification_result_info": TEXT,
        "metadata": TEXT,
    }
)
"""SYNTHETIC-1's published columns (``schemas.PUBLISHED_COLUMNS``)."""

SFT = pa.schema({"response_id": TEXT, "problem_id": TEXT, "task_type": TEXT, "score": REAL, "messages": CHAT})
"""SYNTHETIC-1's published SFT columns."""

PREFERENCE = pa.schema(
    {
        "pair_id": TEXT,
        "problem_id": TEXT,
        "task_type": TEXT,
        "prompt": CHAT,
        "chosen": CHAT,
        "rejected": CHAT,
        "chosen_response_id": TEXT,
        "rejected_response_id": TEXT,
        "score_chosen": REAL,
        "score_rejected": REAL,
    }
)
"""One pair of responses to a problem each; ``prompt``, ``chosen`` and ``rejected`` as TRL's conversational preference
format has them."""

RL = pa.schema(
    {
        "problem_id": TEXT,
        "source": TEXT,
        "in_source_id": TEXT,
        "hf_dataset_name": TEXT,
        "task_type": TEXT,
        "prompt": CHAT,
        "gold_standard_solution": TEXT,
        "verification_info": TEXT,
        "metadata": TEXT,
        "responses": INT,
        "pass_rate": REAL,
        "pass_rates": TEXT,
    }
)
"""One task each, for learning by verified reward: what a verifier needs, and how often teachers were right
(``pass_rates`` by teacher, as JSON)."""

LINEAGE = pa.schema(
    {
        "response_id": TEXT,
        "problem_id": TEXT,
        "lane": TEXT,
        "shard": TEXT,
        "source": TEXT,
        "source_url": TEXT,
        "revision": TEXT,
        "row_id": TEXT,
        "row_hash": TEXT,
        "license": TEXT,
        "attribution": TEXT,
        "task_hash": TEXT,
        "family_id": TEXT,
        "prompt_hashes": TEXTS,
        "task_call_keys": TEXTS,
        "teacher_id": TEXT,
        "model_name": TEXT,
        "campaign": TEXT,
        "sample_index": INT,
        "finish_reason": TEXT,
        "generation_config": TEXT,
        "generation_call_key": TEXT,
        "verifier": TEXT,
        "verifier_version": TEXT,
        "verdict_call_key": TEXT,
        "toolchain": TEXT,
    }
)
"""Where a released trace came from, step by step. With ``finish_reason`` it holds all that a verifier may read of a
response and that ``RAW`` has no column for. ``toolchain`` is that of the programs a verdict rests on, null where it
rests on none."""

PROVEN = pa.schema([*LINEAGE, ("leaf", TEXT)])
"""The same of every trace of ``dataset/raw``, with its leaf of the tree whose root stands in a release's manifest."""

ERROR_RATES = pa.schema(
    {
        "lane": TEXT,
        "task_type": TEXT,
        "kind": TEXT,
        "method": TEXT,
        "trials": INT,
        "errors": INT,
        "rate": REAL,
        "low": REAL,
        "high": REAL,
        "unsaid": INT,
        "meaning": TEXT,
        "examples": TEXTS,
    }
)
"""One estimate of how often verdicts are wrong each, by lane, task type, kind and method. ``kind`` is ``wrong accept``
or ``wrong reject``. ``rate`` is errors by trials with its 95 % interval, null where there were no trials; ``unsaid``
are those of which nothing could be said, ``meaning`` what the rate is a share of, ``examples`` ids of some errors."""

OUTCOMES = pa.schema({"row_id": TEXT, "status": TEXT, "reason": TEXT, "detail": TEXT, "step": TEXT})
"""How each input row of a stage ended, in row order; ``step`` is the step of a curation that dropped it. Parts that
were made before it was kept lack it, and nothing rests on it, so that the format is still the first."""

TIMINGS = pa.schema(
    {
        "call_key": TEXT,
        "kind": TEXT,
        "name": TEXT,
        "seconds": REAL,
        "attempts": INT,
        "endpoint": TEXT,
        "made_at": REAL,
        "measured": TEXT,
    }
)
"""What varies from run to run; beside the table, outside its hash. ``measured`` is what a verifier measured, as JSON;
parts that were made before it was kept lack it, and nothing rests on it, so that the format is still the first."""
