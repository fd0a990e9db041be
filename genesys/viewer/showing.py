"""What of a trace goes to its page, texts drawn, and the templates that draw the rest."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesys.printable import printable
from genesys.viewer.cases import cases_of
from genesys.viewer.markdown import SHOWN, drawn, drawn_code, is_web_address
from genesys.viewer.trace import Row, Trace, read_info

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

MOST_TURNS = 40
"""Turns before the response that are shown."""
_FACT_CHARS = 2000
_ID = re.compile(r"\b[0-9a-f]{24}\b")


def shown(trace: Trace) -> dict[str, Any]:
    """What the page of a trace shows."""
    info = trace.info
    votes = info.get("votes")
    gold = trace.task.get("gold_standard_solution")
    return {
        "turns": [
            {"role": turn.role, "thinking": text(turn.thinking), "content": text(turn.content)}
            for turn in _unlike_prompt(trace)
        ],
        "more_turns": max(0, len(trace.turns) - 1 - MOST_TURNS),
        "prompt": text(trace.task.get("prompt")),
        "gold": text(gold, code=_language_of_gold(trace)),
        "answer": {"thinking": text(trace.response.thinking), "content": text(trace.response.content)},
        "cases": cases_of(trace),
        "votes": [vote for vote in votes if isinstance(vote, dict)] if isinstance(votes, list) else [],
        "truth": info.get("ground_truth", read_info(trace.task.get("verification_info")).get("ground_truth")),
        "sampling": read_info(trace.generation.get("generation_config")),
        "named": _named(trace),
        "metadata": read_info(trace.task.get("metadata")),
    }


def _named(trace: Trace) -> list[str]:
    """Responses that a filter named when it dropped this one."""
    said = str((trace.said.get("ends") or {}).get("detail") or "")
    return [ident for ident in dict.fromkeys(_ID.findall(said)) if ident != trace.ids["response_id"]]


def _unlike_prompt(trace: Trace) -> list[Any]:
    """The turns before the response, but for one that is the prompt again."""
    prompt = trace.task.get("prompt")
    turns = [turn for turn in trace.turns[:-1] if turn.content != prompt or turn.role != "user"]
    return turns[:MOST_TURNS]


def text(value: Any, code: str | None = None) -> dict[str, Any]:
    """A text drawn, with how long it is and whether the end of it is missing."""
    said = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    html: Markup = drawn(said) if code is None else drawn_code(said, code)
    return {"html": html, "chars": len(said), "is_cut": len(said) > SHOWN}


def _language_of_gold(trace: Trace) -> str | None:
    """The language of a gold that is code as a whole, None where it is prose."""
    info = read_info(trace.task.get("verification_info"))
    if trace.ids.get("task_type") == "verifiable_code" or info.get("answer_form") == "edited_file":
        return str(info.get("language") or "") if "```" not in str(trace.task.get("gold_standard_solution")) else None
    return "json" if trace.ids.get("task_type") == "code_output_prediction" else None


def rendered(template: str, **values: Any) -> str:
    """A page."""
    return _environment().get_template(template).render(**values)


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
    )
    environment.tests["web_address"] = is_web_address
    environment.filters |= {"fact": fact, "facts": facts, "score": score, "count": count}
    return environment


def _harmless(value: Any) -> Any:
    """Every text that a template shows, with what steers the direction of writing written out."""
    return printable(value) if type(value) is str else value


def fact(value: Any) -> str:
    """A value of a table for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        said = ", ".join(f"{name}: {fact(one)}" for name, one in value.items())
    elif isinstance(value, list):
        said = ", ".join(map(fact, value))
    elif isinstance(value, float):
        said = f"{value:.4g}"
    else:
        said = str(value)
    return said if len(said) <= _FACT_CHARS else f"{said[:_FACT_CHARS]}…"


def score(value: float | None) -> str:
    """A score, short."""
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def count(value: int | None) -> str:
    """A number with its thousands apart."""
    return "–" if value is None else f"{value:,}"


def facts(row: Row) -> dict[str, str]:
    """Those facts of a row that say something."""
    return {name: fact(value) for name, value in row.items() if value not in (None, "", [], {})}
