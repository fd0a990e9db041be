"""Answers with a fenced block: programs and long texts as models write them."""

import pytest
from pydantic import BaseModel

from genesys.prompts import Prompt
from genesys.prompts.blocks import last_block


class Written(BaseModel):
    code: str
    why: str = ""


class Judged(BaseModel):
    code: str
    good: bool


WRITTEN = Prompt("math_task", Written, block="code")
JUDGED = Prompt("math_task", Judged, block="code")


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        ('```python\nprint("{}")\n```\n{"why": "short"}', 'print("{}")\n', "short"),
        ('<think>```\nno\n```</think>\n~~~rust\nfn f() {}\n~~~\n```json\n{"why": "x"}\n```', "fn f() {}\n", "x"),
        ("````\n```\ninner\n```\n````", "```\ninner\n```\n", ""),
        ("First\n```\none\n```\nthen\n```\ntwo\n```", "two\n", ""),
        ("  ```js\n  f()\n  ```", "  f()\n", ""),
    ],
)
def test_the_last_block_is_the_field_and_the_object_beside_it_the_rest(text: str, code: str, why: str) -> None:
    assert WRITTEN.read(text) == Written(code=code, why=why)


@pytest.mark.parametrize("text", ["no block", "```python\ncut off", '{"code": "x"}', '```json\n{"code": "x"}\n```'])
def test_an_answer_without_a_whole_block_is_asked_for_again(text: str) -> None:
    with pytest.raises(ValueError, match="no fenced block"):
        WRITTEN.read(text)


def test_other_fields_have_to_be_there() -> None:
    with pytest.raises(ValueError, match="fields do not fit"):
        JUDGED.read("```\nx\n```\nfine")
    assert JUDGED.read('{"good": true}\n```\nx {"good": 3} \n```').good


def test_a_megabyte_of_fences_is_read_in_time() -> None:
    assert last_block("```\na\n```\n" * 100_000) is not None
    assert last_block("```\n" * 300_001) is not None


def test_no_schema_is_sent_that_forbids_the_block_and_hashes_of_others_stay() -> None:
    assert "response_format" not in WRITTEN.sampling(True)
    plain = Prompt("math_task", Written)
    assert "response_format" in plain.sampling(True)
    assert plain.hash != WRITTEN.hash
