"""Where the final answer is read from: the last box, else an announced answer, else the end of the final sentence."""

import time

import pytest

from genesys.verifiers.math.answer import extract_answer, gold_answer, gold_answers
from genesys.verifiers.thinking import after_thinking


def read(response, **options):
    answer = extract_answer(response, **options)
    return (answer.source, answer.text) if answer else None


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (r"Thus \boxed{42}.", "42"),
        (r"\boxed{7}. No: \boxed{8}", "8"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{ \text{if } x \in \{0\} }", r"\text{if } x \in \{0\}"),
        (r"\fbox{3}", "3"),
        (r"\boxed 5", "5"),
        ("\\boxed{\n5\n}", "5"),
        (r"The answer is 3, that is \boxed{4}. So the answer is 5.", "4"),
        # several boxes that make one answer
        (r"\boxed{1} and \boxed{2} and \boxed{3}", "1, 2, 3"),
        (r"$x=\boxed{1}$ or $x=\boxed{2}$", "1, 2"),
        (r"$\boxed{(98, 2)} \quad \text{and} \quad \boxed{(99, 503)}$", "(98, 2), (99, 503)"),
        (r"\boxed{1} papers and \boxed{2} bins", "1, 2"),
        # several boxes that do not
        (r"\boxed{3} and so the sum is \boxed{7}", "7"),
        (r"Since \boxed{3}. Then, \boxed{7}", "7"),
        ("$\\boxed{1/2}$\n\n$\\boxed{0.5}$", "0.5"),
        (r"\boxed{5}, \boxed{5}", "5"),
        (r"\boxed{5} \boxed{}", "5"),
    ],
)
def test_boxes(response, answer):
    assert read(response) == ("boxed", answer)


def test_a_box_that_was_never_closed_is_read_only_where_nothing_can_be_missing():
    assert read(r"so \boxed{\frac{1}{2}") == ("boxed", r"\frac{1}{2}")
    assert read(r"so $\boxed{12$ holds") == ("boxed", "12")
    assert read(r"so \boxed{12") is None  # might become 125
    assert read(r"so \boxed{\frac{1}{2}", cut_off=True) is None
    assert read(r"First \boxed{5}. Then \boxed{7") is None  # the last box is lost, an earlier one is not the answer
    assert read(r"\boxed{}") is None


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("The answer is 7", "7"),
        ("The answer is $7$.", "7"),
        ("The final answer is: **12**", "12"),
        ("Final Answer: The largest $n$ is 34. I hope it is correct.", "34"),
        ("The answer is 12 since 3 groups have 4 each.", "12"),
        ("Some reasoning with 5.\n#### 1,234", "1,234"),
        ("**Final Answer**\n\n3", "3"),
        ("The correct answer is (B) because 5 > 3.", "B"),
        ("Answer: C", "C"),
        ("The answer is B because 5 > 3.", "B"),
        ("The answer is $A = 5$.", "A = 5"),
        ("The answer is A = 5.", "A = 5"),
        ("Answer: Yes", "Yes"),
        ("The answer is $12$ and $13$.", "12, 13"),
        ("The answer is 28 percent.", r"28\%"),
        ("The answer is 3. Check: 2 + 2 = 4.", "3"),
        ("The answer is 3. Wait, the answer is 4.", "4"),
        ("The answer is either 3 or 4.", "3, 4"),
        ("The answer is 5 apples and 3 pears.", "5, 3"),
        ("The answer is 5 km and 3 kg.", r"5\text{ km}, 3\text{ kg}"),
        ("The answer is A or B", "A or B"),
        ("The answer is $x$ = 5.", "x = 5"),
        ("The answer is (x, y) = (1, 2).", "(x, y) = (1, 2)"),
        ("The answer we get is 5.", "5"),
        ("The answer should be 5.", "5"),
        ("ans: 5", "5"),
        ("**Answer:** 5", "5"),
        ("## Answer\n5", "5"),
        ("### Final Answer\n\nThe number of ways is 12.", "12"),
        ("### Final Answer:\n\\[\nx = 2\n\\]\nThis is the answer.", "x = 2"),
        ("**Final Answer**\n- $x=1$\n- $y=2$", "x=1, y=2"),
        ("<answer>The value is 12</answer>\nIt took 3 steps.", "12"),
        ("The answer is $\\textbf{(B)}\\ 245$", "B"),
        ("The answer is **B**.", "B"),
        ("Option (C) is correct.", "C"),
        ("So (B) is the correct answer.", "B"),
        ("Answer (C).", "C"),
        ("La respuesta es 5.", "5"),
        ("Réponse : 5", "5"),
        ("Ответ: 7.", "7"),
        ("故选：B", "B"),
        ("所以答案是 5。", "5"),
    ],
)
def test_announced_answers(response, answer):
    assert read(response) == ("phrase", answer)


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("7,425,000", "7,425,000"),
        ("We have 3 cats. So there are 12 legs", "12"),
        ("She makes $18 every day.", "18"),
        ("We get $3+4$ apples, $x = 7$.", "x = 7"),
        ("The area is $$\\frac{1}{2}$$", r"\frac{1}{2}"),
        ("So it is \\( x^2 \\).\n\nI hope this helps! Let me know if 2 or 3 things are unclear.", "x^2"),
        ("Then \\begin{align*} f &= 2 \\\\ &= 3x \\end{align*}", "= 3x"),
        ("The length is 5 km.", r"5\text{ km}"),
        ("There are 12 sequences.<|im_end|><|im_start|>user What about 99?", "12"),
        ("Even", "Even"),
        ("Then \\[ \\begin{aligned} f &= 2 \\\\ &= 3x \\end{aligned} \\]", "= 3x"),
        ("The area is 12 sq. cm.", r"12\text{ sq. cm}"),
        ("It takes 2 hours 30 minutes.", r"2\text{ hours} 30\text{ minutes}"),
        ("Thus $n = 12$, where $k = 3$.", "n = 12"),
        ("There are 12 since 3*4 = 12 and 5 > 3.", "12"),
        ("The area is $3\\sqrt{2}$, or approximately 4.24.", r"3\sqrt{2}"),
        ("With 3 groups it is approximately 5.", "5"),
        ("So k = 3 (mod 7).", "k = 3 (mod 7)"),
        ("It is $6\\text{ cm}$ long.", r"6\text{ cm}"),
        ("The solutions are:\n\n* $x = 1$\n* $x = 2$\n\nI hope this helps!", "x = 1, x = 2"),
        ("We get 12. Q.E.D.", "12"),
        ("Prices rise by 5 percentage points.", "5"),
    ],
)
def test_the_end_of_the_final_sentence(response, answer):
    assert read(response) == ("last", answer)


@pytest.mark.parametrize(
    "response",
    [
        "",
        None,
        "   \n",
        "I cannot say.",
        "There are 3 cases. None of them works out.",  # only the final sentence counts
        "<think>It is 42, so \\boxed{42}",
        "<think>\\boxed{42}</think>",
        "<think>\\boxed{42}</think>I cannot say.",
        "It is 5, or <think>6",
    ],
)
def test_no_answer(response):
    assert read(response) is None


def test_the_thinking_is_not_the_answer():
    assert read(r"<think>\boxed{41}, or 43</think>It is $42$") == ("last", "42")
    assert read(r"no opening tag, \boxed{41}</think>\boxed{42}") == ("boxed", "42")
    assert after_thinking("<think>a</think>b<think>c</think>d") == "d"


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("42", "42"),
        (r"\boxed{5}", "5"),
        (r"We see that $1+1=2$. Hence $x = \boxed{\frac{1}{2}}$ as claimed.", r"\frac{1}{2}"),
        ("He sold 6 * 2 = 12 toys.\n#### 12", "12"),
        (r"Adding gives $3x$. Dividing, we find that the total is $14\pi$.", r"14\pi"),
        ("(1, 2), (3, 4)", "(1, 2), (3, 4)"),
        ("The sum is less than zero.", "The sum is less than zero."),
        ("  ", ""),
        (r"\boxed{}", ""),
        ("We find $x = 5$. This question examines the theorem of Bezout.", "x = 5"),
        ("Daher ist $x = 7$ die kleinste. Antwort: 7", "7"),
        ("The answer is: B", "B"),
        (r"The answer is $\boxed{\textbf{(B)}\ 337.5}$.", r"\textbf{(B)}\ 337.5"),
        (r"$$\boxed{\text{Yes, one can form it.}}$$", r"\text{Yes, one can form it.}"),
        (
            r"volume \( \boxed{8\pi} \) in^3, its area is \( \boxed{2\pi} \) square inches.",
            r"2\pi\text{ square inches}",
        ),
        (r"\boxed{4}, which took 3 steps and 10 minutes", "4"),
        ("\text{Any odd number}", r"\text{Any odd number}"),
        ("60^\textcirc", r"60^\textcirc"),
        ("\x0crac{1}{2}", r"\frac{1}{2}"),
    ],
)
def test_golds_are_short_answers_or_whole_solutions(gold, answer):
    assert gold_answer(gold) == answer


PIECES = [
    "\\boxed{", "{", "}", "$", "$1 ", "$$", "answer is ", "\\", "\\(", "\\[", "1", "1,", "a ", "\n", "\\boxed{1} and ",
    "\\boxed{1},", "+ ", "(", "(x,", "*", "#", " ", ".", "\t", "\x08", "\\text{", "\\begin{align}", "5 cm ",
    "5 km and ", "Option ", "(A) is ", "<answer>", "answer to ", "approximately 5 ", ":\n- 1\n", "答案",
]  # fmt: skip


@pytest.mark.parametrize("read_it", [extract_answer, gold_answer])
@pytest.mark.parametrize("piece", PIECES)
def test_texts_made_to_be_slow_cost_no_more_than_their_length(piece, read_it):
    def seconds(length):
        text = piece * (length // len(piece))
        times = []
        for _ in range(2):
            start = time.perf_counter()
            read_it(text)
            times.append(time.perf_counter() - start)
        return min(times)

    # The constant covers what a text of any length may cost; a quadratic step would pass the factor by far.
    assert seconds(200_000) < 16 * seconds(25_000) + 0.2


def test_a_megabyte_of_braces_and_boxes_is_read_at_once():
    assert read("\\boxed{" * 140_000) is None
    assert read("{" * 1_000_000 + "\\boxed{5}") == ("boxed", "5")
    assert read("\\boxed{1}\n" * 100_000 + "\\boxed{5}") == ("boxed", "5")


@pytest.mark.parametrize("text", ["so there are 5 apples, and 7", "The answer is 1", "Adding up gives\n\n$12$"])
def test_where_a_cut_off_response_happened_to_stop_is_no_answer(text: str) -> None:
    assert extract_answer(text, cut_off=True) is None
    assert extract_answer(text, cut_off=False) is not None


def test_what_a_cut_off_response_had_said_before_counts() -> None:
    found = extract_answer("The answer is 12. To check this, we", cut_off=True)
    assert found is not None
    assert (found.text, found.source) == ("12", "phrase")


@pytest.mark.parametrize(
    ("gold", "answers"),
    [
        ("42", ("42",)),
        (r"\boxed{3} is \boxed{3}", ("3",)),
        (r"\boxed{3} and \boxed{4}", ("3, 4",)),
        ("(1) It is \\boxed{3}.\n(2) So it is \\boxed{4}.", ("4", "3, 4")),
    ],
)
def test_a_solution_in_parts_allows_its_last_result_and_all_of_them(gold, answers):
    assert gold_answers(gold) == answers
