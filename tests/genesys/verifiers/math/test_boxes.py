"""Boxes in a text: their braces, what is nested in what, and which of them make one answer."""

import pytest

from genesys.verifiers.math.boxes import boxed_answer, find_boxes


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        (r"\boxed{1} \fbox{2} \framebox{3} \boxed 4", ["1", "2", "3", "4"]),
        (r"\boxed{\{1\}} \boxed{a{b}c}", [r"\{1\}", "a{b}c"]),
        (r"\boxed{a \boxed{b} \boxed{c}} \boxed{d}", [r"a \boxed{b} \boxed{c}", "d"]),
        (r"{ \boxed{1} } } \boxed{2}", ["1", "2"]),
        (r"{ \boxed{1} { \boxed{2}", ["1", "2"]),
        (r"\boxed5 \boxed{}", ["5", ""]),
        (r"\boxed\text{Yes}", [r"\text{Yes}"]),
        ("an inbox{x} and a toolbox", []),
        (r"use \boxed or \boxes", []),
    ],
)
def test_find_boxes(text: str, contents: list[str]) -> None:
    boxes = find_boxes(text)
    assert [box.content for box in boxes] == contents
    assert all(text[box.start : box.end].endswith((box.content, box.content + "}")) for box in boxes)


def test_an_open_box_ends_with_its_line_and_hides_no_closed_one() -> None:
    boxes = find_boxes("so $\\boxed{12$ holds\nand \\boxed{5}")
    assert [(box.content, box.closed) for box in boxes] == [("12", False), ("5", True)]


def test_a_box_longer_than_any_answer_is_none() -> None:
    assert find_boxes("\\boxed{" + "1" * 6000 + "}") == []


@pytest.mark.parametrize("gap", [", ", " and ", r" \text{ or } ", "", r" \quad ", "$ and $y = ", " papers and "])
def test_boxes_joined_into_one_list(gap: str) -> None:
    found = boxed_answer(rf"\boxed{{1}}{gap}\boxed{{2}}", cut_off=False)
    assert found is not None
    assert (found.text, found.single) == ("1, 2", False)


@pytest.mark.parametrize("gap", [" so ", ". Then ", " = ", "\n\n", " no, it is ", " not ", ", which gives ", " x" * 30])
def test_boxes_of_which_the_last_is_the_answer(gap: str) -> None:
    text = rf"\boxed{{1}}{gap}\boxed{{2}}"
    found = boxed_answer(text, cut_off=False)
    assert found is not None
    assert (found.text, found.single, text[found.start : found.end]) == ("2", True, r"\boxed{2}")


def test_many_joined_boxes_stay_one_long_list() -> None:
    found = boxed_answer(", ".join(rf"\boxed{{{n}}}" for n in range(5000)), cut_off=False)
    assert found is not None
    assert found.text.count(",") == 4999
