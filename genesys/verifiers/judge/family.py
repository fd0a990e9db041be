"""Which family a model is of, told from its name: a judge of the teacher's family tends to like what it would say.

A fine-tuned or distilled model is of every family that its name tells of. Nothing is known here of roles.
"""

from __future__ import annotations

import re

_WORDS: dict[str, str] = {
    "qwen": r"qwen|qwq|qvq",
    "deepseek": r"deepseek",
    "llama": r"llama|vicuna|alpaca",
    "mistral": r"mistral|mixtral|ministral|magistral|codestral|devstral|pixtral|mathstral",
    "google": r"gemma|gemini|(?<![a-z])palm(?![a-z])",
    "openai": r"gpt|(?<![a-z0-9])o[1-9](?![a-z0-9])|davinci",
    "claude": r"claude",
    "phi": r"(?<![a-z])phi(?![a-z])",
    "cohere": r"(?<![a-z])command-?(?:r|a|light|nightly)(?![a-z])|(?<![a-z])aya(?![a-z])|c4ai",
    "glm": r"(?<![a-z])(?:chat)?glm",
    "kimi": r"kimi|moonshot|moonlight",
    "yi": r"(?<![a-z])yi(?![a-z])",
    "internlm": r"internlm",
    "nemotron": r"nemotron",
    "granite": r"granite",
    "olmo": r"olmo|tulu",
    "falcon": r"falcon",
    "grok": r"grok",
    "nova": r"(?<![a-z])nova-(?:micro|lite|pro|premier)",
    "minimax": r"minimax",
    "hunyuan": r"hunyuan",
    "ernie": r"ernie",
    "exaone": r"exaone",
    "smollm": r"smollm",
    "jamba": r"jamba",
    "baichuan": r"baichuan",
    "bloom": r"bloom(?:z|-|$)",
    "pythia": r"pythia|gpt-?neo",
    "mimo": r"(?<![a-z])mimo(?![a-z])",
    "doubao": r"doubao|(?<![a-z])seed-(?:oss|coder|1)",
    "step": r"(?<![a-z])step-?\d",
    "arctic": r"arctic",
    "dbrx": r"dbrx",
    "sonar": r"(?<![a-z])sonar(?![a-z])",
}
_PATTERNS = {family: re.compile(pattern) for family, pattern in _WORDS.items()}


def families_of(*names: str | None, family: str = "") -> frozenset[str]:
    """Families of a model.

    Args:
        names: What it is called: its name at the endpoint, its id.
        family: What a person says; then names do not count.

    Returns:
        All that the names tell of; where they tell of none, the names themselves, so that a model is at least of one
        family with itself. Empty for a model without a name.
    """
    if family.strip():
        return frozenset({family.strip().casefold()})
    given = [name.strip().casefold() for name in names if name and name.strip()]
    found = {known for known, pattern in _PATTERNS.items() for name in given if pattern.search(name)}
    return frozenset(found or {name.rstrip("/").rpartition("/")[2] for name in given})
