"""code_output_prediction: the last JSON object with ``output`` after the thinking, compared exactly."""

import pytest

from genesys.faults import TaskFault
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


# Each line below is a decision: the same value beyond doubt in one of the two spellings is right, all else is wrong.
@pytest.mark.parametrize(
    ("truth", "response", "right"),
    [
        # A scalar's text, in Python's spelling and in JSON's and JavaScript's.
        ("true", '{"output": true}', True),
        ("true", "{'output': True}", True),
        ("False", "{'output': False}", True),
        ("null", "{'output': None}", True),
        ("None", '{"output": undefined}', False),  # another value
        ("undefined", '{"output": undefined}', True),
        ("", '{"output": null}', False),  # printing nothing and printing null are two things
        ("nan", '{"output": NaN}', True),
        ("NaN", '{"output": NaN}', True),
        ("inf", '{"output": Infinity}', True),
        ("-Infinity", "{'output': -inf}", True),
        ("inf", '{"output": 1e999}', False),  # a number, if one too large for a float
        ("True", '{"output": "true"}', False),  # strings are exact: this one says what JavaScript prints
        ("true", '{"output": "True"}', False),
        ("1", "{'output': True}", False),
        ("12", '{"output": "+12"}', False),
        # Numbers: as they were written, or as they are printed.
        ("1" * 5000, '{"output": %s}' % ("1" * 5000), True),
        ("1000.0", '{"output": 1e3}', True),
        ("1e3", '{"output": 1e3}', True),
        ("1e3", '{"output": 1000.0}', False),  # no program prints that number so: it is another text
        ("1000", '{"output": 1e3}', False),  # a float is no integer
        ("7.50", '{"output": 7.50}', True),
        ("7.50", '{"output": 7.5}', False),  # a program that prints two decimals
        ("1e-07", '{"output": 0.0000001}', True),
        ("1e-7", '{"output": 1e-7}', True),
        ("1e-7", '{"output": 0.0000001}', True),  # as JavaScript prints it
        ("007", '{"output": 007}', True),
        ("007", '{"output": 7}', False),
        ("7.0", '{"output": 007}', False),
        ("1_000", '{"output": 1000}', False),
        ("0x10", '{"output": 16}', False),
        ("     7     ", '{"output": 7}', False),  # padding is what such a program is about
        ("7\n", '{"output": 7}', False),
        # Strings, to the last space.
        ("1 ", '{"output": "1"}', False),
        ("a", '{"output": "a\\n"}', False),
        ("a\tb", '{"output": "a\\tb"}', True),
        ("a\\tb", '{"output": "a\\tb"}', False),  # well-formed JSON means what JSON says
        ("a\\tb", '{"output": "a\\\\tb"}', True),
        ("abc", '{"output": "\'abc\'"}', False),  # a program may well print the quotes
        ("'abc'", '{"output": "abc"}', False),
        ("é", '{"output": "\\u00e9"}', True),
        ("é", '{"output": "e\u0301"}', False),  # two characters
        ("A", '{"output": "\u0410"}', False),  # a Cyrillic letter
        ("😀", '{"output": "\\ud83d\\ude00"}', True),
        ("\\d+", '{"output": "\\d+"}', True),  # no escape of JSON: a backslash that should have been doubled
        ("b'\\x00'", '{"output": "b\'\\x00\'"}', True),
        ("A", "{'output': '\\x41'}", True),  # Python's quotes, Python's escape
        ('say "hi" now', '{"output": "say "hi" now"}', True),  # quotes that were not escaped, with one reading left
        ('{"a": 1}', '{"output": "{"a": 1}"}', True),
        ("a\nb", '{\'output\': """a\nb"""}', True),
        # Containers, whose value the text is read as.
        ("[1, 2]", '{"output": [1,2]}', True),
        ("[ 1, 'x' ]", '{"output": [1, "x"]}', True),  # as node prints it
        ("{ a: [ true ] }", '{"output": {"a": [true]}}', True),
        ("(1, 'x')", "{'output': (1, 'x')}", True),
        ("b'ab'", "{'output': b'ab'}", True),
        ("{1, 2}", "{'output': {2, 1}}", True),  # a set has no order
        ("{'a': 1, 'b': 2}", '{"output": {"b": 2, "a": 1}}', False),  # a printed mapping has
        ("{1: 'a'}", '{"output": {"1": "a"}}', False),  # JSON cannot say it, and {'1': 'a'} is another output
        ("{1: 'a'}", "{'output': {1: 'a'}}", True),
        ("[1.0]", '{"output": [1]}', False),
        ("[True]", '{"output": [1]}', False),
        ("[nan]", '{"output": [NaN]}', True),
        ("x[1, 2]", '{"output": [1, 2]}', False),
        # Which object is the answer.
        ("12", '{"Output": 12}', True),
        ("12", "{output: 12}", True),
        ("12", "{“output”: “12”}", True),
        ("12", '$\\boxed{{"output": 12}}$', True),
        ("12", '\\boxed{"output": 12}', True),
        ("12", '\\[\\boxed{\\{"output": 12\\}}\\]', True),
        ("12", '{"answer": {"output": 12}}', True),
        ("12", '[{"output": 11}, {"output": 12}]', True),  # the last counts, wherever it stands
        ("11", '{"draft": {"output": 11}, "output": 12}', False),
        ("12", '"{\\"output\\": \\"12\\"}"', True),  # the object's JSON in a string
        ("12", '{"output": "{\\"output\\": 12}"}', False),  # a text is a text
        ("12", '{// my answer\n"output": 12, # done\n}', True),
        ("12", '{"output": 12} in the form {"output": ...}', True),
        ("12", '{"output": 11, "output": 12}', False),  # two answers
        ("12", '{"output": 12, "Output": 11}', False),
        ("12", '{"output": 12, "output": 12}', True),
        ("12", '{"output": 12} or rather {"output": 1', False),  # what was being said last is cut off
        ("12", '{"output": 12', False),
        ("12", '{"output": "12"', False),
    ],
)
def test_decisions(truth, response, right):
    assert score(truth, response) == (1.0 if right else 0.0)


def test_a_gold_that_is_no_text_has_both_spellings():
    assert (
        score(True, '{"output": "True"}') == score(True, '{"output": "true"}') == score(12, '{"output": "12"}') == 1.0
    )
    assert score([1, "x"], '{"output": [1, "x"]}') == score([1, "x"], '{"output": "[1, \'x\']"}') == 1.0
    assert score(True, '{"output": 1}') == score(12, '{"output": 12.0}') == 0.0


def test_half_a_character_makes_a_verdict_that_can_be_written():
    info = verify("x", '{"output": "\\ud800"}')["verification_result_info"]
    assert info["extracted_answer"].encode() == b"\\ud800"


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
    rules = {
        "none": "none/no-answer",
        '{"output": 1': "cut-off/no-answer",
        '{"output": 1, "output": 2}': "json/ambiguous",
    }
    for response, rule in rules.items():
        assert verify("1", response)["verification_result_info"]["rule"] == rule
    for response in ('{"output": 1e3}', '{"output": "1000.0"}'):
        assert verify("1", response)["verification_result_info"]["canonical_answer"] == "1000.0"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("true", "True"),
        ("null", "None"),
        ("NaN", "nan"),
        ("(1, 2)", "(1, 2)"),
        ("(1,)", "(1,)"),
        ("{2, 1}", "{1, 2}"),
        ('{"a": [1.50, false], "b": ()}', "{'a': [1.5, False], 'b': ()}"),
    ],
)
def test_responses_are_grouped_by_the_text_that_python_prints(written, canonical):
    assert verify("7", f'{{"output": {written}}}')["verification_result_info"]["canonical_answer"] == canonical


def test_a_task_without_a_truth_is_at_fault():
    with pytest.raises(TaskFault, match="ground_truth"):
        CodeUnderstandingVerifier().verify({"verification_info": {}, "llm_response": '{"output": 1}'})


def test_a_long_list_of_objects_is_read_as_one_value():
    many = str([{"a": 1}] * 500)
    assert score(many, '{"output": ' + many.replace("'", '"') + "}") == 1.0


def test_text_made_to_be_slow_is_read_in_time():
    for piece in ('{"', "{'", '{"output": ', "[{", '{"a": 1}'):
        assert score("1", piece * 20_000) == 0.0
