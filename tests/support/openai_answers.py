"""What the fault-injecting endpoint answers and how long it takes: functions of the request alone."""

from __future__ import annotations

import hashlib
import json
import math
import re
from statistics import NormalDist
from typing import Any

from tests.support.openai_behaviour import CHARS_PER_TOKEN, Behaviour, Json

_NOT_SAMPLING = {"stream", "stream_options", "user", "metadata", "store", "n"}
_PROSE = (
    "we let the sum of all terms be equal to some value x and y then it follows that this holds for every integer n "
    "since both sides are even so consider next case where triangle has side a square root √ π ≤ which gives a bound "
    "hence wait check again by symmetry therefore expand factor divide"
)
_PLAIN = _PROSE.split()
_WORDS = [*(_PLAIN * 4)[:200], *[w + "," for w in _PLAIN[:28]], *[w + "." for w in _PLAIN[-28:]]]
"""256 words, one a byte. No digits: an answer without its box must not hit a gold by accident."""
_MEAN_WORD = sum(len(word) + 1 for word in _WORDS) / len(_WORDS)


def canonical_sha256(body: Json) -> str:
    """Sha-256 of the body as JSON (sorted keys, no spaces, ASCII): what the log calls a request."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def answer_key(body: Json) -> str:
    """What determines answer and latency: the body without its transport (streamed or not) and its n."""
    return canonical_sha256({k: v for k, v in body.items() if k not in _NOT_SAMPLING})


def _hash(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8])


def share_of(*parts: object) -> float:
    return _hash(*parts) / 2**64


def filler(key: str, chars: int) -> str:
    """Text of exactly so many characters: a word for each byte of a hash stream, so that it compresses like prose."""
    count = int(chars / _MEAN_WORD * 1.1) + 16
    text = " ".join([_WORDS[b] for b in hashlib.shake_128(key.encode()).digest(count)])
    return text[:chars] if len(text) >= chars else text + " " + filler(key + "+", chars - len(text) - 1)


def latency(key: str, b: Behaviour) -> float:
    """Seconds for a request. Lognormal puts latency_min and latency_max at two sigma and clips there."""
    u, low, high = share_of(key, "latency"), b.latency_min, b.latency_max
    if b.latency_distribution == "uniform" or high == low:
        return low + (high - low) * u
    low = max(low, high / 1000)
    z = NormalDist().inv_cdf(min(max(u, 1e-9), 1 - 1e-9))
    return min(max(math.sqrt(low * high) * math.exp(z * math.log(high / low) / 4), low), high)


def prompt_texts(body: Json) -> list[tuple[str, str]]:
    """(role, text) of each message; of content parts the text is kept.

    Raises:
        ValueError: Messages are missing or are not of this form.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise ValueError("messages must be a non-empty list of objects")
    texts = []
    for message in messages:
        content = message.get("content") or ""
        if not isinstance(content, str):
            content = "".join(part.get("text", "") for part in content)
        texts.append((str(message.get("role")), content))
    return texts


def example_of(schema: Json, root: Json, key: str) -> Any:
    """A value that fits a JSON schema (the part of the language that structured output uses), chosen by hash."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return example_of(choices[_hash(key) % len(choices)], root, key)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][_hash(key) % len(schema["enum"])]
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[_hash(key) % len(kind)]
    if kind == "object":
        return {k: example_of(v, root, key + "/" + k) for k, v in schema.get("properties", {}).items()}
    if kind == "array":
        count = max(schema.get("minItems", 1), 1)
        return [example_of(schema.get("items", {"type": "string"}), root, f"{key}/{i}") for i in range(count)]
    if kind in ("integer", "number"):
        low = schema.get("minimum", 0)
        value = low + share_of(key) * (schema.get("maximum", low + 10) - low)
        return round(value) if kind == "integer" else value
    return {"boolean": _hash(key) % 2 == 0, "null": None}.get(kind, filler(key, 24))


def _asked_json(body: Json, texts: list[tuple[str, str]], key: str) -> str | None:
    marked = [t.split("[[json:")[-1] for role, t in texts if role in ("system", "developer", "user") and "[[json:" in t]
    if marked:
        return json.dumps(json.JSONDecoder().raw_decode(marked[-1].lstrip())[0], ensure_ascii=False)
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"]["schema"]
        return json.dumps(example_of(schema, schema, key), ensure_ascii=False)
    return json.dumps({"answer": _hash(key) % 1000}) if wanted.get("type") == "json_object" else None


def answer(body: Json, texts: list[tuple[str, str]], key: str, b: Behaviour) -> tuple[str, str, str]:
    """(thinking, content, finish_reason) of one choice; key tells the choices of a request apart."""
    asked = next((t for role, t in reversed(texts) if role == "user"), "")
    given = next((a for part, a in b.answers.items() if part in asked), None)
    content = given if given is not None else _asked_json(body, texts, key)
    chars = b.answer_chars
    if b.length_spread:
        share = min(max(share_of(key, "chars"), 1e-4), 1 - 1e-4)
        chars = round(chars * math.exp(NormalDist(0, b.length_spread).inv_cdf(share)))
    thinking = "" if b.reasoning == "none" or given is not None else filler(key + "think", chars * 4 // 5)
    if content is None:
        gold = re.findall(r"\[\[gold:(.*?)\]\](?!\])", asked, re.DOTALL)
        right = bool(gold) and share_of(key, "right") < b.p_right
        # Nine digits: no gold is equal to a wrong answer by accident.
        final = gold[-1] if right else str(10**8 + _hash(key, "number") % (9 * 10**8))
        ending = f" So the answer is \\boxed{{{final}}}."
        content = filler(key, max(chars - len(thinking) - len(ending), 0)) + ending
        if b.reasoning == "inline" and thinking:
            content = f"<think>{thinking}</think>\n{content}"
    if b.reasoning == "inline":
        thinking = ""
    return _cut_off(body, thinking, content, key, b)


def _cut_off(body: Json, thinking: str, content: str, key: str, b: Behaviour) -> tuple[str, str, str]:
    total = len(thinking) + len(content)
    allowed = body.get("max_completion_tokens") or body.get("max_tokens")
    keep = min(total, allowed * CHARS_PER_TOKEN) if allowed else total
    if share_of(key, "length") < b.length_share:
        keep = min(keep, total * 3 // 5)
    if keep == total:
        return thinking, content, "stop"
    return thinking[:keep], content[: max(keep - len(thinking), 0)], "length"


def token_count(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)
