"""Prompts: rendering, typed reading of what models really write, and hashes that tell when a prompt changed."""

from typing import Any, Literal

import jinja2
import pytest
from pydantic import BaseModel

from genesys.curation.math.numina_math import CHECKABLE, DIRECT_QUESTION, FINAL_ANSWER, TASK
from genesys.lenient_json import dicts
from genesys.prompts import Prompt
from genesys.verifiers.llm_judge_verifier import SIMILARITY


class Decision(BaseModel):
    keep: bool
    kind: Literal["a", "b"]


DECISION = Prompt("numina_checkable", Decision)


def test_every_prompt_renders_a_system_and_a_user_message() -> None:
    variables: dict[str, Any] = {"problem": "P?", "answer": "7", "solution": "S"}
    variables |= {"blocks": ["T", "R"], "mark": "M", "code": "C"}
    variables |= dict.fromkeys(("instructions", "rubric", "notes", "trouble"))
    for prompt in (CHECKABLE, DIRECT_QUESTION, FINAL_ANSWER, SIMILARITY):
        messages = prompt.render(**variables)
        assert [message.role for message in messages] == ["system", "user"]
        assert all("{{" not in message.content and "{%" not in message.content for message in messages)


def test_a_forgotten_variable_is_an_error_and_not_an_empty_hole() -> None:
    with pytest.raises(jinja2.UndefinedError):
        CHECKABLE.render(problem="P?")


def test_a_task_is_the_problem_with_an_instruction() -> None:
    text = TASK.text(problem="What is {{ 1 }} of $x$?")
    assert text.startswith("What is {{ 1 }} of $x$?\n")
    assert "\\boxed{}" in text


def test_markup_in_a_problem_is_left_alone() -> None:
    text = "If $a<b$ & {{ x }} {% raw %}, what is \\boxed{}?"
    assert text in CHECKABLE.render(problem=text, answer="1")[1].content


@pytest.mark.parametrize(
    "text",
    [
        '{"keep": true, "kind": "a"}',
        'Sure!\n```json\n{"keep": true, "kind": "a"}\n```\nAnything else?',
        '<think>maybe {"keep": false, "kind": "b"}</think>{"keep": true, "kind": "a"}',
        'First {"keep": false, "kind": "b"}, no: {"keep": true, "kind": "a"}',
        '{"keep": true, "kind": "a", "why": "a line\nbreak"}',
        'It is {not json} but {"keep": true, "kind": "a"} {"other": 1}',
    ],
)
def test_the_last_object_that_fits_is_the_answer(text: str) -> None:
    assert DECISION.read(text) == Decision(keep=True, kind="a")


@pytest.mark.parametrize("text", ["", "yes", '{"keep": 7, "kind": "a"}', '{"keep": true}', '{"keep": true, "kind'])
def test_an_answer_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="numina_checkable"):
        DECISION.read(text)


class Reasoned(BaseModel):
    keep: bool
    why: str
    more: list[dict[str, str]] = []


def test_half_a_character_in_an_answers_json_is_replaced() -> None:
    """Models cut characters beyond the first 65,536 in two; no table can hold such a text."""
    text = r'{"keep": true, "why": "\ud835 and \ud83d\ude00", "more": [{"\udc00": "\ud835"}]}'
    found = Prompt("numina_checkable", Reasoned).read(text)
    assert found == Reasoned(keep=True, why="\ufffd and \N{GRINNING FACE}", more=[{"\ufffd": "\ufffd"}])


def test_nested_objects_count_once() -> None:
    assert dicts('{"a": {"b": 1}} [{"c": 2}]') == [{"a": {"b": 1}}, {"c": 2}]


def test_deep_nesting_is_no_crash() -> None:
    assert dicts('{"a":' * 100_000) == []


def test_the_hash_follows_the_answers_type() -> None:
    assert DECISION.hash != CHECKABLE.hash
    assert CHECKABLE.hash == Prompt("numina_checkable", CHECKABLE.answer).hash
