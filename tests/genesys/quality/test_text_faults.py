"""What is wrong with the form of a response: labelled texts, legitimate ones that look alike, and hostile ones."""

import itertools
import json
from typing import Any

import pytest

from genesys.quality.text_faults import KINDS, faults_of, findings_of, parted
from genesys.settings.release import FormatSettings
from tests.support.shared_data import FOLDER, needs_shared_data

PLAIN = FormatSettings()
LONG = (
    "First we count the ways to seat the guests. There are five chairs and three guests, so the first has five to "
    "choose from, the second four and the third three. That makes sixty. "
)
CHINESE = "所以我们需要先计算这个多项式的导数，然后令它等于零。"
RUSSIAN = "Сначала вычислим производную этого многочлена и приравняем её к нулю."


def faults_in(
    prompt: str, text: str, finish: str | None, settings: FormatSettings, *, tokens: int | None = None
) -> list[str]:
    """Of a response as it is published: thinking in its marks, then the answer."""
    return faults_of(prompt, *parted(text), finish, settings, tokens=tokens)


def faults(answer: str, prompt: str = "How many?", finish: str | None = "stop", **settings: Any) -> list[str]:
    return faults_in(prompt, answer, finish, FormatSettings(**settings))


def kinds(*args: Any, **more: Any) -> list[str]:
    return [fault.partition(": ")[0] for fault in faults(*args, **more)]


def lines(form: str, count: int) -> str:
    return "\n".join(form.format(n=n, square=n * n, triple=3 * n) for n in range(1, count + 1))


SOUND = {
    "plain": "So there are 60 ways. The answer is \\boxed{60}.",
    "long prose": "\n\n".join(f"{LONG}Step {word}." for word in ("one", "two", "three")),
    "table of sums": lines("{n} x 3 = {triple}", 300),
    "enumeration": lines("For n = {n} the square is {square}, which is not prime.", 200),
    "Markdown table": "| n | square |\n|---|---|\n" + lines("| {n} | {square} |", 200),
    "many cells": "| a | b | c | d |\n|:--|:-:|--:|---|\n" + "| x | x | x | x |\n" * 30,
    "rule": "Above\n" + "-" * 400 + "\nbelow",
    "digits": "The decimals are 0." + "142857" * 100,
    "code with similar lines": "```python\n" + lines("assert solve({n}) == {square}, 'case'", 120) + "\n```",
    "code with equal lines": "```cpp\n" + "    {0, 0, 0, 0, 0},\n" * 30 + "```",
    "formulas": r"We have \(x^2\) and \[y = 2\] and $$z = 3$$, so \begin{aligned}a &= b \\[2pt] c\end{aligned}.",
    "brackets in code": "Use `\\(` in it:\n```python\nre.compile(r'\\[(')\n```",
    "dollars": "It costs $5, and $$ is the id of a shell's process.",
    "formulas side by side": "Since $x,$$y$ and $z$ are positive\n$$xyz = 2.$$",
    "code within code": "````markdown\n```python\nx\n```\n````",
    "indented code": "1. So:\n   ```python\n   x = 1\n   ```\n2. Done",
    "symbols": "∑ α β γ ≤ π, θ → ∞ and αβγδ, Δx, naïve café",
    "names": "The mathematician Пафнутий Чебышёв, and the word 你好 (nǐ hǎo).",
    "quoted": f"The sign says “{CHINESE[:20]}” in red.",
    "strings in code": f'```python\nprint("{CHINESE * 3}")\n```',
    "HTML": "Use <s>this</s> and `<|im_end|>` as it is.",
    "comparison": "if a <| b |> c then",
}


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_a_sound_answer_has_no_fault(text: str) -> None:
    assert faults(text) == []
    assert faults(f"<think>\n{text}\n</think>\nIt is 3.") == []


BROKEN = {
    "nothing": ("", "empty answer"),
    "white space": (" \n\t", "empty answer"),
    "thinking alone": ("<think>\nWell.\n</think>\n", "empty answer"),
    "the same sentence": ("Wait, let me check this once more. " * 20, "goes round in a loop"),
    "the same sentence after others": (LONG * 2 + "I will try again from the start. " * 40, "goes round in a loop"),
    "the same line": ("So the answer is seven, since it is prime.\n" * 15, "goes round in a loop"),
    "the same paragraph": ((LONG + "\n\n") * 6, "goes round in a loop"),
    "a long paragraph": ((LONG * 8 + "But is that so? ") * 5, "goes round in a loop"),
    "a counter in it": (
        lines("Attempt {n}: let me think about this problem again from the very start.", 60),
        "goes round in a loop",
    ),
    "one word": ("the " * 500, "goes round in a loop"),
    "one sign": ("!" * 5_000, "goes round in a loop"),
    "one sentence everywhere": (
        "\n".join(
            f"{word}. Let us look at the next case and see whether it holds." for word in map(str, range(90, 9000, 97))
        ),
        "goes round in a loop",
    ),
    "in code": ("```python\n" + "    total = total + values[i]\n" * 60 + "```", "goes round in a loop"),
    "end of a turn": ("It is 3.<|im_end|>", "marks of a chat template"),
    "next turn": ("It is 3.\n<|im_start|>user\nAnd now?", "marks of a chat template"),
    "other templates": ("It is 3.<|eot_id|><|start_header_id|>user", "marks of a chat template"),
    "wide signs": ("It is 3.<｜end▁of▁sentence｜>", "marks of a chat template"),
    "end of a text": ("It is 3.</s>", "marks of a chat template"),
    "end within code": ("```python\nx = 1\n```<|endoftext|>", "marks of a chat template"),
    "instruction": ("It is 3. [/INST] [INST] And now?", "marks of a chat template"),
    "Chinese": (f"We take the derivative. {CHINESE} So it is 3.", "mixed scripts"),
    "Russian": (f"We take the derivative. {RUSSIAN} So it is 3.", "mixed scripts"),
    "Chinese words here and there": (
        "So 因此 we get 三角形 and 所以 it is 正方形, 我们 see 结果是 it, 答案为三.",
        "mixed scripts",
    ),
    "Japanese": ("So we see それでは次の式を計算しましょう and it is 3.", "mixed scripts"),
    "Arabic": ("So إذن نحسب مشتقة كثيرة الحدود ثم نساويها بالصفر", "mixed scripts"),
    "Greek": ("So Επομένως υπολογίζουμε πρώτα την παράγωγο του πολυωνύμου it is", "mixed scripts"),
    "open code block": ("So:\n```python\nx = 1\n", "broken Markdown"),
    "code block closed by less": ("````python\nx = 1\n```\n", "broken Markdown"),
    "open formula": ("So \\[ x = 1 and that is it", "broken Markdown"),
    "closed formula": ("So x = 1 \\) and that is it", "broken Markdown"),
    "open dollars": ("So\n$$\nx = 1\nand that is it", "broken Markdown"),
    "open environment": ("So \\begin{cases} x \\\\ y and", "broken Markdown"),
    "open box": ("So \\boxed{\\frac{1}{2}", "broken Markdown"),
    "table": ("| a | b |\n|---|---|---|\n| 1 | 2 |", "broken Markdown"),
}


@pytest.mark.parametrize(("text", "fault"), BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_has_its_fault_and_no_other(text: str, fault: str) -> None:
    assert kinds(text) == [fault]


@pytest.mark.parametrize("name", ["the same sentence", "Chinese", "next turn"])
def test_thinking_is_looked_at_like_the_answer(name: str) -> None:
    text, fault = BROKEN[name]
    assert kinds(f"<think>\n{text}\n</think>\nIt is 3.") == [fault]


def test_thinking_is_no_markdown() -> None:
    assert faults("<think>\nSo \\[ x\n```\n</think>\nIt is 3.") == []


@pytest.mark.parametrize(
    ("text", "finish", "told"),
    [
        ("It is", "length", "cut off: at the token limit"),
        ("It is", "content_filter", "cut off: by a content filter"),
        ("So:\n```python\nx =", None, "cut off: in a code block"),
        ("So \\[ x =", None, "cut off: in a formula"),
        ("So \\[ x =", "length", "cut off: at the token limit"),
    ],
)
def test_an_answer_that_was_cut_off_says_how(text: str, finish: str | None, told: str) -> None:
    assert faults(text, finish=finish) == [told]


def test_an_answer_that_ends_whole_is_not_cut_off_where_nothing_is_known() -> None:
    assert faults("It is 3.", finish=None) == []


@pytest.mark.parametrize("finish", ["stop", "length", None])
def test_thinking_that_never_ends_is_no_answer(finish: str | None) -> None:
    found = kinds("<think>\nWell, let me see", finish=finish)
    assert "thinking never ends" in found
    assert "empty answer" in found
    assert ("cut off" in found) == (finish == "length")


@pytest.mark.parametrize(
    ("text", "has_thought"),
    [
        ("It is 3.", False),
        ("<think>\n\n</think>\nIt is 3.", False),
        ("<think>\nWell.\n</think>\nIt is 3.", True),
        ("Well.\n</think>\nIt is 3.", True),
    ],
)
def test_thinking_is_asked_for_by_the_settings(text: str, has_thought: bool) -> None:
    assert faults(text, thinking=True) == ([] if has_thought else ["no thinking"])
    assert faults(text) == []


def test_thinking_that_the_endpoint_gave_apart_counts() -> None:
    assert faults_of("How many?", "Well.", "It is 3.", "stop", FormatSettings(thinking=True)) == []


def test_lengths_are_those_of_the_settings() -> None:
    assert faults("It is", least_chars=6) == ["too short: 5 characters"]
    assert faults("It is.", least_chars=6) == []
    settings = FormatSettings(most_tokens=100)
    assert faults_in("How many?", "It is 3.", "stop", settings, tokens=101) == ["too long: 101 tokens"]
    assert faults_in("How many?", "It is 3.", "stop", settings, tokens=100) == []
    assert faults_in("How many?", "It is 3.", "stop", settings) == []


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("求这个多项式的导数的零点，并说明每一步的理由，谢谢。", CHINESE),
        ("Translate into Chinese: we take the derivative.", CHINESE),
        ("Write it in Russian.", RUSSIAN),
        ("Найдите нули производной этого многочлена.", f"{RUSSIAN} So it is 3."),
        ("この多項式の導関数の零点を求め、理由も説明しなさい。", CHINESE),
    ],
)
def test_a_script_that_the_prompt_asks_for_is_no_mixture(prompt: str, answer: str) -> None:
    assert faults(answer, prompt=prompt) == []


def test_a_loop_without_letters_of_ours_is_one() -> None:
    prompt = "求这个多项式的导数的零点，并说明每一步的理由，谢谢。"
    assert kinds("所以答案是七，因为它是质数。" * 30, prompt=prompt) == ["goes round in a loop"]


def test_a_name_in_the_prompt_does_not_ask_for_its_script() -> None:
    assert kinds(RUSSIAN, prompt="What did Чебышёв prove about primes between n and 2n, and how did he do it?") == [
        "mixed scripts"
    ]


def test_marks_that_the_prompt_is_about_are_none_that_were_left() -> None:
    assert faults("It writes <|im_end|> last, as in <|im_end|>", prompt="What does <|im_end|> mean?") == []


def test_the_fault_that_is_told_first_is_the_first_in_order() -> None:
    told = [fault.partition(": ")[0] for fault in faults("<think>\n" + "again and again " * 50, finish="length")]
    assert told == ["cut off", "empty answer", "thinking never ends", "goes round in a loop"]
    assert told == sorted(told, key=KINDS.index)


def test_no_fault_holds_words_of_the_text() -> None:
    secret = "my password is tiger and nobody must know it at all. "
    assert "tiger" not in str(faults(secret * 30))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000_000,
        "ab\n" * 3_000_000,
        "1 " * 1_500_000,
        "`" * 3_000_000,
        "```\n" * 700_000,
        "$$" * 1_500_000,
        "\\[" * 1_500_000,
        "\\boxed{" * 400_000,
        "{" * 3_000_000,
        "|-" * 1_500_000,
        "|---|\n" * 500_000,
        "| " * 1_500_000 + "\n" + "|-" * 1_500_000,
        "<|" * 1_500_000,
        "<｜" * 1_500_000,
        "<think>" * 400_000,
        "“" * 3_000_000,
        "你 “好 " * 1_000_000,
        "\ud800" * 1_000_000,
        "ά " * 600_000,
        " " * 3_000_000,
        "\n" * 3_000_000,
        " \t" * 1_500_000 + "x",
    ],
    ids=range(22),
)
@pytest.mark.timeout(60)
def test_hostile_texts_take_no_longer_than_others(text: str) -> None:
    faults(text)


def test_lone_surrogates_are_read() -> None:
    assert faults(f"It is \ud83d 3. {CHINESE}") == ["mixed scripts: Chinese in its answer"]
    assert kinds("Let me check \udc00 this once more. " * 20) == ["goes round in a loop"]


@pytest.mark.parametrize("text", ["<think>\na\n</think>\nb", "b", "", "<think>\na", "a</think>"])
def test_the_parts_of_a_response_are_the_response(text: str) -> None:
    assert "".join(parted(text)) == text


def test_findings_are_kinds_and_never_what_was_found() -> None:
    text = "Write to jane.doe@mailbox.org or set key = AKIAQ3EGRWZ7KD5PLM2X, else jane.roe@mailbox.org"
    assert findings_of("How?", text) == ["personal: e-mail address", "secret: AWS key"]
    assert findings_of("How?", "Write to user@example.com.") == []


def test_what_the_prompt_holds_is_no_finding_of_its_responses() -> None:
    prompt = "Mail goes to Jane.Doe@mailbox.org. Parse the address."
    assert findings_of(prompt, "It is jane.doe@mailbox.org.") == []
    assert findings_of(prompt, "Not john.doe@mailbox.org.") == ["personal: e-mail address"]


@needs_shared_data
def test_labelled_responses_of_the_samples_are_sound() -> None:
    rows = itertools.chain.from_iterable(
        map(json.loads, path.read_text().splitlines())
        for path in sorted((FOLDER / "cases").glob("*.jsonl"))
        if path.name not in ("math_authored.jsonl", "math_mvtests.jsonl")  # these break what can be broken
    )
    found = [row["problem_id"] for row in rows if faults_in(row["prompt"] or "", row["llm_response"], "stop", PLAIN)]
    assert found == []
