"""code_output_prediction: the last JSON object with ``output`` after the thinking, compared exactly."""

import pytest

from genesys.calls.errors import TaskFault
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier


def verify(truth, response):
    record = {"verification_info": {"ground_truth": truth}, "llm_response": response}
    return CodeUnderstandingVerifier().verify(record)


def score(truth, response):
    return verify(truth, response)["score"]


@pytest.mark.parametrize(
    ("truth", "response"),
    [
        ("12", '{"output": 12}'),
        ("12", '{"output": "12"}'),
        ("True", '{"output": true}'),
        ("None", '{"output": null}'),
        ("4.5", '{"output": 4.5}'),
        ("[1, 2]", '{"output": [1, 2]}'),
        ("[1, 2]", '{"output": "[1, 2]"}'),
        ("{'a': [1, None]}", '{"output": {"a": [1, null]}}'),
        ("", '{"output": ""}'),
        (" 7 ", '{"output": " 7 "}'),
        ("a\nb", '{"output": "a\\nb"}'),
        ("a\nb", '{"output": "a\nb"}'),  # a raw line break, as models write it
        ("it's", '{"output": "it\'s"}'),
        ("abc", "{'output': 'abc'}"),
        ("(1, 'x')", '{"output": "(1, \'x\')"}'),
        ("a, }", '{"output": "a, }",}'),
        ("abc", 'So:\n```json\n{\n  "output": "abc",\n}\n```\nDone.'),
        ("abc", '{"reason": "a {brace} and \\"quotes\\"", "output": "abc"}'),
        ("abc", 'A set {1, 2}, a dict {x: 1}, then {"output": "abc"} and {"other": 1}.'),
        ("2", '{"output": "1"} no, wait: {"output": "2"}'),
        ("{'output': 1}", '{"output": {"output": 1}}'),
    ],
)
def test_right(truth, response):
    assert score(truth, response) == 1.0


@pytest.mark.parametrize(
    ("truth", "response"),
    [
        ("12", '{"output": 13}'),
        ("12", '{"output": "12 "}'),
        ("1", '{"output": true}'),
        ("True", '{"output": 1}'),
        ("1", '{"output": 1.0}'),
        ("[1, 2]", '{"output": [2, 1]}'),
        ("[1, 2]", '{"output": "[1,2]"}'),
        ("(1, 2)", '{"output": [1, 2]}'),
        ("abc", '{"output": "ABC"}'),
        ("abc", "abc"),
        ("abc", '{"result": "abc"}'),
        ("1", '{"output": "1"} no: {"output": "2"}'),
        ("1", '<think>{"output": "1"}</think> I am not sure.'),
        ("1", '<think>{"output": "1"}'),
        ("", ""),
        ("None", None),
    ],
)
def test_wrong(truth, response):
    assert score(truth, response) == 0.0


def test_an_answer_in_the_thinking_is_not_the_answer():
    assert score("2", '<think>```json\n{"output": "1"}\n```</think>{"output": "2"}') == 1.0
    assert score("1", '<think>```json\n{"output": "1"}\n```</think>{"output": "2"}') == 0.0


def test_the_info_says_what_was_read():
    info = verify("[1, 2]", 'x {"output": [1, 2]}')["verification_result_info"]
    assert info == {
        "extracted_answer": "[1, 2]",
        "canonical_answer": "[1, 2]",
        "rule": "json/value",
        "ground_truth": "[1, 2]",
    }
    assert verify("1", "none")["verification_result_info"]["rule"] == "none/no-answer"


def test_a_task_without_a_truth_is_at_fault():
    with pytest.raises(TaskFault, match="ground_truth"):
        CodeUnderstandingVerifier().verify({"verification_info": {}, "llm_response": '{"output": 1}'})


def test_a_long_list_of_objects_is_read_as_one_value():
    many = str([{"a": 1}] * 500)
    assert score(many, '{"output": ' + many.replace("'", '"') + "}") == 1.0


def test_text_made_to_be_slow_is_read_in_time():
    for piece in ('{"', "{'", '{"output": ', "[{", '{"a": 1}'):
        assert score("1", piece * 20_000) == 0.0
