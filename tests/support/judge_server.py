"""The local OpenAI-compatible server with judges behind it: the model's name says what kind of judge answers.

It reads what it is asked as a model would: the marks' number from the top of the message, the texts between the marks,
the code from the end. ``JudgeServer.bodies`` gives every request as it came over the wire.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # started by path, with nothing of this repository on the path
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support import openai_plans, openai_server
from tests.support.openai_behaviour import CHARS_PER_TOKEN, Behaviour, Json
from tests.support.openai_server import OpenAIServer

_MARK = re.compile(r"The number of this message's marks is ([0-9a-f]+)\.")
_CODE = re.compile(r'"code", which is the text ([0-9a-f]+)')
AGAIN = "could not be read"
FEW_CHARS = 4000
"""A limit above this cuts nothing off, so that a judge may repeat a huge response."""


def parts(message: str) -> dict[str, str]:
    """What stands between the marks, by name, and outside of them under ``outside``."""
    found = _MARK.search(message)
    assert found is not None, message
    number, texts, outside, name = found[1], {}, [], ""
    for line in message.split("\n"):
        begins = re.fullmatch(rf"<<{number} (\w+) begins>>", line)
        if begins:
            name = begins[1]
            assert name not in texts
            texts[name] = ""
        elif line == f"<<{number} {name} ends>>":
            texts[name], name = texts[name].removesuffix("\n"), ""
        elif name:
            texts[name] += line + "\n"
        else:
            outside.append(line)
    assert not name, f"{name} has no end"
    return {**texts, "outside": "\n".join(outside)}


def verdict(score: Any, code: str | None, why: str = "I compared them.") -> str:
    return json.dumps({**({"code": code} if code else {}), "why": why, "score": score})


def says(kind: str, message: str) -> str:
    """What a judge of this kind answers."""
    asked = parts(message)
    found = _CODE.search(asked["outside"])
    assert found is not None, message
    code, response, gold = found[1], asked["answer"], asked["reference"]
    gold_first = message.index(" reference begins>>") < message.index(" answer begins>>")
    score = 1.0 if gold.strip() and gold in response else 0.0
    own = verdict(score, code)
    objects = "\n".join(re.findall(r"\{[^{}]*\}", response))
    kinds = {
        "honest": own,
        "no-code": verdict(score, None),
        "parrot-after": f"{own}\nThe answer reads:\n{response}",
        "parrot-before": f"The answer reads:\n{response}\nMy verdict: {own}",
        "parrot-around-no-code": f"{response}\n{verdict(score, None)}\n{response}",
        "parrot-only": response,
        "parrot-objects": f"It holds:\n{objects}",
        "parrot-unescaped": f'{{"why": "It says {response}", "score": {score}}}',
        "thinking": f"<think>It says {response}. Perhaps {verdict(1.0, code)}</think>\n{own}",
        "unfinished-thinking": f"<think>It says {response}. Perhaps {verdict(1.0, code)}",
        "latex": f'{{"code": "{code}", "why": "It has \\frac{{1}}{{2}} and \\(x\\), \\alpha",\n "score": {score},}}',
        "rubbish": "I cannot say, it is all so very difficult.",
        "of-100": own if AGAIN in asked["outside"] else verdict(85, code),
        "of-150": verdict(150, code),
        "first-place": verdict(1.0 if gold_first else 0.0, code),
        "generous": verdict(0.95, code),
        "strict": verdict(0.1, code),
        "half": verdict(0.5, code),
        "even": verdict(0.8, code),
    }
    return kinds[kind.partition("/")[0].partition("@")[0]]


def answer(body: Json, texts: list[tuple[str, str]], key: str, b: Behaviour) -> tuple[str, str, str]:
    """In place of the server's own: (thinking, content, finish_reason)."""
    log = next(Path(word.partition("=")[2]) for word in sys.argv if word.startswith("--log="))
    with log.with_suffix(".bodies").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(body) + "\n")
    said = says(str(body["model"]), texts[-1][1])
    if body["max_tokens"] * CHARS_PER_TOKEN < min(len(said), FEW_CHARS):
        return "", said[: body["max_tokens"] * CHARS_PER_TOKEN], "length"
    return "", said, "stop"


class JudgeServer(OpenAIServer):
    """``with JudgeServer() as server: ...``; fields of ``Behaviour`` as for the server itself."""

    program = __file__

    @property
    def bodies(self) -> list[Json]:
        """All requests that were answered, in order."""
        path = self.log_path.with_suffix(".bodies")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


if __name__ == "__main__":
    openai_plans.answer = answer
    openai_server.main()
