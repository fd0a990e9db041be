"""Types and signatures that are told from the calls that tests make, in the three languages."""

import math
from typing import Any

import pytest

from genesys.curation.translated_coding.signature import (
    NO_NAME,
    NO_RETURN_TYPE,
    NO_TYPE,
    OTHER_NUMBER,
    RETURNS_NOTHING,
    TOO_LARGE,
    Call,
    NoSignature,
    signature_of,
    unwrapped,
)
from genesys.curation.translated_coding.spelling import LANGUAGES, spelled
from genesys.curation.translated_coding.types import NoType, infer


@pytest.mark.parametrize(
    ("values", "cpp", "rust", "javascript"),
    [
        ([1, -2], "long long", "i64", "number"),
        ([1, 2.5], "double", "f64", "number"),
        ([math.inf, 0], "double", "f64", "number"),
        ([True, False], "bool", "bool", "boolean"),
        (["", "é"], "std::string", "String", "string"),
        ([[], [1]], "std::vector<long long>", "Vec<i64>", "number[]"),
        ([[[1.5], []], []], "std::vector<std::vector<double>>", "Vec<Vec<f64>>", "number[][]"),
        ([None, 3], "std::optional<long long>", "Option<i64>", "number|null"),
        ([[1, None]], "std::vector<std::optional<long long>>", "Vec<Option<i64>>", "(number|null)[]"),
        ([{"a": [1]}, {}], "std::map<std::string, std::vector<long long>>", "HashMap<String, Vec<i64>>", None),
        ([["a", 1], ["b", 2]], "std::pair<std::string, long long>", "(String, i64)", "[string, number]"),
        ([[["a", 1, None]], [["b", 2, 0.5]]], "std::vector<std::tuple<std::string, long long, std::optional<double>>>",
         "Vec<(String, i64, Option<f64>)>", "[string, number, number|null][]"),
        ([[], [[]]], "std::vector<std::vector<long long>>", "Vec<Vec<i64>>", "number[][]"),
        # A list of two numbers is a list: nothing says that it always has two.
        ([[1, 2], [3, 4]], "std::vector<long long>", "Vec<i64>", "number[]"),
    ],
)  # fmt: skip
def test_the_type_is_the_narrowest_that_all_values_have(
    values: list[Any], cpp: str, rust: str, javascript: str | None
) -> None:
    found = infer(values)
    assert (spelled(found, "cpp"), spelled(found, "rust")) == (cpp, rust)
    assert spelled(found, "javascript") == (javascript or "Object<string, number[]>")


@pytest.mark.parametrize(
    "values",
    [[1, "a"], [True, 1], [[1, "a"], [1]], [["a", 1], [2, "b"]], [{"a": 1, "b": "c"}], [[1], 2], ["\ud800"], [{1: 2}]],
)
def test_mixed_values_have_no_type(values: list[Any]) -> None:
    with pytest.raises(NoType):
        infer(values)


def test_what_nothing_tells_is_said_to_be_guessed() -> None:
    assert infer([[], []]).is_guessed
    assert not infer([[], [1]]).is_guessed


def test_a_value_nested_without_end_has_no_type() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    with pytest.raises(NoType):
        infer([value])


GOLD = "class Solution:\n    def sellAll(self, rowCount, type, _x=3):\n        return 1\n"


def test_a_signature_has_the_names_of_the_gold_in_the_languages_own_form() -> None:
    calls = [Call(([1], "a"), True), Call(([], ""), False)]
    assert signature_of("rust", "sellAll", calls, GOLD).text == (
        "fn sellAll(row_count: Vec<i64>, type_: String) -> bool"
    )
    assert signature_of("cpp", "sellAll", calls, GOLD).text == (
        "bool sellAll(std::vector<long long> row_count, std::string type)"
    )
    assert (
        signature_of("javascript", "sellAll", calls, GOLD).text.splitlines()[-1] == "function sellAll(rowCount, type)"
    )
    assert signature_of("rust", "sellAll", calls, "not python (").text.startswith("fn sellAll(arg1: Vec<i64>, arg2:")


@pytest.mark.parametrize(("name", "rust", "cpp"), [("match", "match_", "match"), ("union", "union", "union_")])
def test_a_name_that_a_language_keeps_for_itself_gets_a_line_after_it(name: str, rust: str, cpp: str) -> None:
    assert signature_of("rust", name, [Call((1,), 1)]).name == rust
    assert signature_of("cpp", name, [Call((1,), 1)]).name == cpp


@pytest.mark.parametrize(
    ("name", "calls", "reason", "in_javascript"),
    [
        ("f", [Call(([1, "x"],), 1), Call(([2],), 1)], NO_TYPE, None),
        ("f", [Call((1,), 1), Call((2,), "a")], NO_RETURN_TYPE, None),
        ("f", [Call((1,), 2**63)], TOO_LARGE, None),
        ("f", [Call((2**60,), 2)], None, TOO_LARGE),
        ("f", [Call((1,), 2), Call((1, 2), 2)], OTHER_NUMBER, OTHER_NUMBER),
        ("f", [Call((1,), None)], RETURNS_NOTHING, RETURNS_NOTHING),
        ("a.b", [Call((1,), 1)], NO_NAME, NO_NAME),
    ],
)
def test_what_a_language_cannot_express_has_a_reason(
    name: str, calls: list[Call], reason: str | None, in_javascript: str | None
) -> None:
    for language in LANGUAGES:
        wanted = in_javascript if language == "javascript" else reason
        if wanted is None:
            assert signature_of(language, name, calls).name == name
            continue
        with pytest.raises(NoSignature) as trouble:
            signature_of(language, name, calls)
        assert trouble.value.reason == wanted


def test_javascript_says_where_a_result_is_too_large_for_its_numbers() -> None:
    assert "@returns {number|bigint}" in signature_of("javascript", "f", [Call((1,), 2**53)]).text
    assert "@returns {number}" in signature_of("javascript", "f", [Call((1,), 2**53 - 1)]).text


def test_lists_of_one_that_all_results_are_in_are_the_sources_wrapping() -> None:
    assert [call.returned for call in unwrapped([Call((), [3]), Call((), [[4]])])] == [3, [4]]
    assert [call.returned for call in unwrapped([Call((), [3]), Call((), [4, 5])])] == [[3], [4, 5]]
