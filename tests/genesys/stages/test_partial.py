"""Texts that are gone on from: to the last character what was said, and what comes next in its right place."""

import pytest

from genesys.chat import ChatAnswer
from genesys.stages.partial import Partial


def cut(content: str = "", reasoning: str | None = None) -> ChatAnswer:
    return ChatAnswer(content=content, reasoning=reasoning, finish_reason="length")


def ended(content: str = "", reasoning: str | None = None) -> ChatAnswer:
    return ChatAnswer(content=content, reasoning=reasoning, finish_reason="stop")


@pytest.mark.parametrize("text", ["", "The answer", "The answer is ", "a\n\n"])
def test_a_plain_text_goes_on_where_it_was_cut_to_the_last_space(text: str) -> None:
    said = Partial().then(cut(text))
    assert said.text == text
    assert said.then(ended("42")) == Partial(content=text + "42")


def test_thinking_that_was_cut_is_gone_on_with_as_thinking() -> None:
    said = Partial().then(cut(reasoning="First I "))
    assert said.text == "<think>\nFirst I "
    assert said.then(cut(reasoning="add ")).then(ended("42", "them.")) == Partial("First I add them.", "42")


def test_an_endpoint_that_does_not_see_the_thinking_in_what_it_was_given_is_understood() -> None:
    said = Partial().then(cut(reasoning="First I "))
    assert said.then(ended("add.\n</think>\n\n42")) == Partial("First I add.\n", "42")
    assert said.then(cut("add ")) == Partial("First I add ", is_thinking=True)


def test_an_endpoint_that_takes_the_rest_of_an_answer_for_thinking_is_understood() -> None:
    said = Partial().then(cut("The answer ", "I add."))
    assert said.text == "<think>\nI add.\n</think>\n\nThe answer "
    assert said.then(ended("", "is 42")) == Partial("I add.", "The answer is 42")


@pytest.mark.parametrize(
    ("prefill", "answer", "expected"),
    [
        ("Let us ", ended("see."), Partial(content="Let us see.")),
        ("<think>\n", ended("42", "I add."), Partial("\nI add.", "42")),
        ("<think>\n", ended("I add.</think>42"), Partial("\nI add.", "42")),
        ("<think>\n\n</think>\n\n", ended("42"), Partial("\n\n", "42")),
    ],
)
def test_a_response_begins_with_its_prefill(prefill: str, answer: ChatAnswer, expected: Partial) -> None:
    assert Partial.prefilled(prefill).then(answer) == expected
