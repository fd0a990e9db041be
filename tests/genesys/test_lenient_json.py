"""JSON as models write it: what is read, what is left unread, and that no text takes long."""

import time

import pytest

from genesys.lenient_json import Dialect, Unreadable, dicts, objects, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
        ("{'a': (1, 'x'), 'b': None, 'c': {1}, 'd': b'\\xff'}", {"a": (1, "x"), "b": None, "c": {1}, "d": b"\xff"}),
        ("{a: 1, $b: `x`, }", {"a": 1, "$b": "x"}),
        ("{1: 'one', (1, 2): 'two', True: 3}", {1: 3, (1, 2): "two"}),
        ("{# why\n'a': 1, // because\n/* no */ 'b': [2,],}", {"a": 1, "b": [2]}),
        ('{"a": "line\nbreak\tand tab"}', {"a": "line\nbreak\tand tab"}),
        ('{"a": "\\u00e9\\ud83d\\ude00\\/\\n"}', {"a": "é😀/\n"}),
        ('{"a": "\\d+\\x41\\0"}', {"a": "\\d+\\x41\\0"}),
        ("{'a': '\\x41\\101\\u0041', 'b': \"\\x41\"}", {"a": "AAA", "b": "A"}),
        ("{'a': r'\\n', 'b': '''it's\n\"so\"'''}", {"a": "\\n", "b": "it's\n\"so\""}),
        ("{“a”: “x”}", {"a": "x"}),
        ("\\{\"a\": 1\\}"[1:], {"a": 1}),
        ("{'a': (1), 'b': (1,), 'c': ()}", {"a": 1, "b": (1,), "c": ()}),
        ("{}", {}),
    ],
)  # fmt: skip
def test_read(text, value):
    assert read(text) == value


def test_numbers_of_any_size():
    assert read("[9007199254740993, -0.5e-3, +1, .5]") == [9007199254740993, -0.0005, 1, 0.5]
    assert read("9" * 10_000) == float("inf"), "Python reads no such integer"
    assert read("9" * 10_000, Dialect(number=len)) == 10_000
    assert read("[NaN, -Infinity, inf]")[1:] == [float("-inf"), float("inf")]


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a": 1', '{"a": "x', '{"a"}x', "[1 2]", "{...}", '{"a": ...}', "f(1)", "1_000", "0x10", '{"a": 1, "b"}']
    + ["{[1]: 2}", "{{}, 1}", "b'é'", "[" * 200 + "]" * 200, " 1", "1 ", '{"a": 1}}', "{'a': 1, 2}"],
)
def test_unreadable(text):
    with pytest.raises(Unreadable):
        read(text)


class TestInAText:
    def test_all_outermost_objects_whatever_stands_around_them(self):
        text = 'Set {x | x > 0}, ```json\n{"a": {"b": 1}}\n``` and \\boxed{"c": 2}, then {d} [{\'e\': 3}].'
        assert dicts(text) == [{"a": {"b": 1}}, {"c": 2}, {"e": 3}]

    def test_quotes_that_were_not_escaped_where_one_reading_is_left(self):
        assert dicts('{"why": "He said "hi", really.", "score": 1}') == [{"why": 'He said "hi", really.', "score": 1}]
        assert dicts('{"output": "f({"a": 1})"}') == [{"output": 'f({"a": 1})'}]
        assert dicts('{"output": "a", "b": "c"}') == [{"output": "a", "b": "c"}], "the plain reading comes first"
        assert dicts('{"output": "["a", "b": "c"]"}') == []
        assert dicts('{"output": "a" /* plain */, "n": 1}') == [{"output": "a", "n": 1}], "no quote to be escaped here"

    def test_one_that_is_cut_off_is_told_apart_from_one_that_is_none(self):
        cut_off = list(objects('{"a": 1} {"b": "never clo'))
        assert [found.value for found in cut_off] == [{"a": 1}, None]
        assert cut_off[1].end == len('{"a": 1} {"b": "never clo')
        assert [found.end for found in objects('{"b": ...} and so on')] == [6]

    def test_duplicates_reach_who_asks_for_pairs(self):
        assert [found.value for found in objects('{"a": 1, "a": 2}', Dialect(pairs=tuple))] == [(("a", 1), ("a", 2))]


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 100_000, '{"a": "' * 100_000, "{" * 1_000_000, '{"a": [' * 50_000 + "1", '{"' * 300_000]
    + [
        '{"a": "' + '"b" ' * 200_000,
        '{"x" /*' * 50_000,
        "{a: " * 100_000 + '"',
        '{"a": //' * 50_000,
        "{'a': " * 90_000,
    ],
)
def test_a_text_made_of_beginnings_is_read_in_time(text):
    began = time.process_time()
    assert dicts(text + ' {"output": 1}')[-1:] in ([{"output": 1}], [])
    assert time.process_time() - began < 5
