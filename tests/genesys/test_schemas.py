"""Records read every form that upstream writes, and say which field of a bad row is wrong, and why."""

import json
from typing import Any

import pytest

from genesys.schemas import PUBLISHED_COLUMNS, Response, Task, Verification, parse_info

TASK = {
    "problem_id": "p1",
    "source": "numina",
    "task_type": "verifiable_math",
    "prompt": "1+1?",
    "verification_info": {"ground_truth": "2"},
    "metadata": {},
}
RESPONSE = TASK | {
    "response_id": "r1",
    "llm_response": "<think>one</think> 2",
    "model_name": "m",
    "generation_config": {},
}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"ground_truth": "2"}, {"ground_truth": "2"}),
        ('{"ground_truth": "2"}', {"ground_truth": "2"}),
        ("{'ground_truth': '2'}", {"ground_truth": "2"}),
        ("{'ground_truth': None, 'exact': True}", {"ground_truth": None, "exact": True}),
        ('{"ground_truth": null, "exact": true}', {"ground_truth": None, "exact": True}),
        ({"ground_truth": ["2", "two"]}, {"ground_truth": ["2", "two"]}),
        ('{"ground_truth": ["2", "two"]}', {"ground_truth": ["2", "two"]}),
        ("{'ground_truth': ['2', 'two']}", {"ground_truth": ["2", "two"]}),
        ("{'ground_truth': '\\\\frac{1}{2}'}", {"ground_truth": "\\frac{1}{2}"}),
        ('{"ground_truth": "\\\\frac{1}{2}"}', {"ground_truth": "\\frac{1}{2}"}),
        (' {"a": 12345678901234567890123}\n', {"a": 12345678901234567890123}),
        (None, {}),
        ("", {}),
        (" \n", {}),
        ("null", {}),
        ("None", {}),
        ("{}", {}),
    ],
)
def test_information_in_every_form(given: Any, read: dict[str, Any]) -> None:
    assert parse_info(given) == read
    record = Verification.read(
        RESPONSE | {"verification_info": given, "metadata": given, "verification_result_info": given}
    )
    assert record.verification_info == record.metadata == record.verification_result_info == read


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("[1, 2]", "verification_info: holds list, expected a mapping"),
        ('"text"', "verification_info: holds str, expected a mapping"),
        ("7", "verification_info: holds int, expected a mapping"),
        (7, "verification_info: is int, expected a mapping, JSON text, Python-literal text or null"),
        (["a"], "verification_info: is list, expected"),
        ("{'a': ", "verification_info: is neither JSON nor a Python literal: \"{'a': \""),
        ("__import__('os').getcwd()", "verification_info: is neither JSON nor a Python literal"),
        ("{" * 100_000, "verification_info: is n"),
        ('{"a":' * 100_000, "verification_info: is n"),
    ],
)
def test_bad_information_is_named_with_its_reason(given: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^verification_info") as caught:
        Task.read(TASK | {"verification_info": given})
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_every_wrong_field_is_named_on_one_line() -> None:
    row = {name: value for name, value in RESPONSE.items() if name not in ("problem_id", "llm_response")} | {
        "prompt": None
    }
    with pytest.raises(ValueError, match="problem_id") as caught:
        Response.read(row)
    parts = str(caught.value).split("; ")
    assert [part.partition(": ")[0] for part in parts] == ["problem_id", "prompt", "llm_response"]
    assert parts[0] == "problem_id: Field required"


def test_numbers_where_text_is_meant_are_read() -> None:
    task = Task.read(TASK | {"problem_id": 17, "in_source_id": 4, "gold_standard_solution": 2.5})
    assert (task.problem_id, task.in_source_id, task.gold_standard_solution) == ("17", "4", "2.5")


def test_what_was_added_has_defaults_and_nothing_else_is_needed() -> None:
    least = {name: value for name, value in TASK.items() if name not in ("verification_info", "metadata")}
    task = Task.read(least)
    assert (task.verification_info, task.metadata, task.parent_ids, task.round) == ({}, {}, (), 0)
    assert task.gold_standard_solution is None


@pytest.mark.parametrize("score", [-0.1, 1.1, "high", float("nan")])
def test_a_score_is_from_0_to_1(score: Any) -> None:
    with pytest.raises(ValueError, match="^score: "):
        Verification.read(RESPONSE | {"score": score})


def test_a_score_of_nothing_is_not_accepted() -> None:
    verification = Verification.read(RESPONSE | {"score": None})
    assert verification.score is None
    assert verification.accepted is False


def test_records_read_like_dicts() -> None:
    record = Response.read(RESPONSE | {"in_source_id": None})
    assert record["llm_response"] == RESPONSE["llm_response"]
    assert record["verification_info"]["ground_truth"] == "2"
    assert record.get("in_source_id", "default") is None
    assert record.get("there_is_none", "default") == "default"
    assert "prompt" in record
    assert "there_is_none" not in record
    with pytest.raises(KeyError, match="there_is_none"):
        record["there_is_none"]


def test_dict_of_a_record_is_the_record() -> None:
    record = Response.read(RESPONSE | {"their_field": [1]})
    assert dict(record) == {**record} == {name: record[name] for name in record.keys()}  # noqa: SIM118
    assert Response.read(dict(record)) == record
    assert set(RESPONSE) | {"their_field"} <= dict(record).keys()


def test_unknown_fields_are_kept_also_those_named_like_methods() -> None:
    extra = {
        "their_field": {"a": [1]},
        "keys": "k",
        "get": 1,
        "copy": None,
        "read": 2,
        "model_config": 3,
        "schema": "s",
    }
    record = Response.read(RESPONSE | extra)
    assert {name: record[name] for name in extra} == extra
    assert {name: record.get(name, "?") for name in extra} == extra
    assert {name: dict(record)[name] for name in extra} == extra
    assert json.loads(record.model_dump_json())["their_field"] == {"a": [1]}


def test_records_cannot_be_changed_by_a_verifier() -> None:
    record = Response.read(RESPONSE)
    with pytest.raises(ValueError, match="frozen"):
        record.prompt = "another"


def test_the_published_form() -> None:
    record = Verification.read(
        RESPONSE | {"score": 1.0, "accepted": True, "verification_result_info": {"rule": "ü"}, "license": "mit"}
    )
    published = record.published()
    assert tuple(published) == PUBLISHED_COLUMNS
    assert published["verification_info"] == '{"ground_truth": "2"}'
    assert published["verification_result_info"] == '{"rule": "ü"}'
    assert (published["score"], published["hf_dataset_name"], published["metadata"]) == (1.0, None, "{}")
    assert Verification.read(published | {"model_name": "m"}).verification_info == {"ground_truth": "2"}
