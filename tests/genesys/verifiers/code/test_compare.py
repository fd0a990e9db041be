"""Which outputs and values count as the expected ones."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys.verifiers.code.compare import has_reals, read_value, same_output, same_value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("1 2\n", "1 2"),
        ("1 2\n3", "1 2 \r\n3\r\n\r\n"),
        ("1\n2\n3\n", "1 2 3"),
        ("", "\n"),
        ("9", "9.0"),
        ("9.0", "9"),
        ("9", "9."),
        ("-0.0", "0"),
        ("0", "-0"),
        ("5", "+5"),
        ("100000", "1e5"),
        ("0.5", ".5000001"),
        ("0.333333333", "0.333333999"),
        ("0.333333", "0.333334"),
        ("2.718281828", "2.71828183"),
        ("123456789.123456", "123456789.124"),
        ("1e-7", "0.0000001"),
        ("nan", "NaN"),
        ("inf", "Infinity"),
        ("-inf", "-Infinity"),
        ("é ü", "é  ü"),
        ("  *\n ***\n", "  *  \n ***"),
        ("12345678901234567890123", "+12345678901234567890123"),
    ],
)
def test_equal_outputs(expected, got):
    assert same_output(expected, got.encode())


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("1 2", "12"),
        ("12", "1 2"),
        ("1 2 3", "1 2"),
        ("1 2", "1 2 3"),
        ("", "0"),
        ("0", ""),
        ("7", "007"),
        ("007", "7"),
        ("0010", "10.0"),
        ("05.30", "5.3"),
        ("9", "8.9999999"),
        ("9", "9.0000001"),
        ("1000000007", "1000000007.4"),
        ("12345678901234567890", "12345678901234567891"),
        ("12345678901234567890", "1.2345678901234567e19"),
        ("0.5", "0.50001"),
        ("1000000.25", "1000000.75"),
        ("3.5", "3"),
        ("10.0", "1_0"),
        ("16.0", "0x10"),
        ("1.0", "１"),
        ("0", "."),
        ("0.0", "e5"),
        ("INF", "inf"),
        ("nan", "0"),
        ("1.5", "nan"),
        ("1.5", "inf"),
        ("5", "1e999999999999999999"),
        ("Yes", "YES"),
        ("  *\n ***", "*\n***"),
        ("a", "b"),
    ],
)
def test_different_outputs(expected, got):
    assert not same_output(expected, got.encode())


def test_an_integer_among_measurements_may_come_as_one():
    assert has_reals("2\n0.5")
    assert not has_reals("2\n1.2.3 v1.5 10:30")
    assert same_output("2", b"2.0000001", reals=True)
    assert not same_output("2", b"2.001", reals=True)
    assert not same_output("12345678901234567890", b"12345678901234567891", reals=True)


def test_bytes_that_are_no_text_equal_nothing():
    assert not same_output("\ufffd", b"\xff")
    assert not same_output("a", b"\xff\xfe")


@given(st.text(max_size=80))
def test_every_output_equals_itself_however_its_lines_end(text):
    assert same_output(text, text.encode())
    assert same_output(text, (text.replace("\n", " \r\n") + "\n\n").encode())


@given(st.lists(st.integers(), max_size=6), st.lists(st.integers(), max_size=6))
def test_lists_of_integers_are_equal_only_if_they_are(left, right):
    expected, got = "\n".join(map(str, left)), " ".join(map(str, right))
    assert same_output(expected, got.encode()) == (left == right)


@given(st.text(alphabet="0123456789.-+e inaf_xX", max_size=30), st.text(alphabet="0123456789.-+e inaf_xX", max_size=30))
def test_no_pair_of_outputs_breaks_the_comparison(expected, got):
    assert same_output(expected, got.encode()) in (True, False)
    assert same_output(expected, got.encode(), reals=True) in (True, False)


@pytest.mark.timeout(60)
def test_outputs_of_megabytes_are_compared_quickly():
    numbers = [str(number) for number in range(500_000)]
    assert same_output("\n".join(numbers), " ".join(numbers).encode())
    assert not same_output("\n".join(numbers), " ".join(numbers[:-1]).encode())
    for expected, got in [("1" * 3_000_000, "2" * 3_000_000), ("1." + "0" * 3_000_000, "1." + "0" * 3_000_000 + "1")]:
        assert not same_output(expected, got.encode())


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ([9], 9),
        (9, [9]),
        ([[1, 2]], [1, 2]),
        ((1, (2, 3)), [1, [2, 3]]),
        (1, 1.0),
        (0.3, 0.1 + 0.2),
        (3, 2.9999999999999996),
        (None, None),
        ([None], None),
        ({1: "a", None: 2}, {"1": "a", "None": 2}),
        ("a b \n", "a b"),
        (float("nan"), float("nan")),
        ({3, 1, 2}, [1, 2, 3]),
        ([{"a": [(1,)]}], [{"a": [[1]]}]),
        ("9", ["9"]),
    ],
)
def test_equal_values(expected, got):
    assert same_value(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1, True),
        (True, 1),
        (0, None),
        (0, False),
        ("5", 5),
        (5, "5"),
        ([1, 2], [[1, 2]]),
        ([1, 2], [2, 1]),
        ([[[9]]], [9]),
        ([[9], [1]], [9, [1]]),
        (" a", "a"),
        ([], [None]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, [["a", 1]]),
        (10**400, 1.5),
        (1.5, 10**400),
        (2**60, float(2**60 + 1024)),
        (3, 3.5),
        (3, 3.0001),
        ({b"x"}, ["x"]),
        (0.33, 0.3333),
        ({1, 2}, [1, 2, 2]),
        ("A", "a"),
    ],
)
def test_different_values(expected, got):
    assert not same_value(expected, got)


def test_a_list_around_a_list_is_a_wrapping_only_where_the_task_wraps():
    assert not same_value([[1, 2]], [1, 2], wraps=False)
    assert same_value([9], 9, wraps=False)


@given(JSON)
def test_a_value_equals_itself_after_its_way_through_json(value):
    assert same_value(value, json.loads(json.dumps(value)))


@pytest.mark.timeout(60)
def test_deep_and_large_values_do_no_harm():
    deep: list = []
    other: list = [1]
    for _ in range(200_000):
        deep, other = [deep], [other]
    assert same_value(deep, deep)
    assert not same_value(deep, other)
    assert not same_value({1}, [other])
    assert same_value(list(range(500_000)), list(range(500_000)))
    with pytest.raises(ValueError, match="deep"):
        read_value("[" * 100_000 + "]" * 100_000)
    with pytest.raises(ValueError, match="digits"):
        read_value("9" * 100_000)
