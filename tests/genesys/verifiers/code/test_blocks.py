"""Which block of a response is its program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys.verifiers.code.blocks import extract_program, fenced_blocks, language_of

PROGRAM = {
    "python": "n = int(input())\nprint(n * 2)\n",
    "javascript": "const n = Number(require('fs').readFileSync(0));\nconsole.log(n * 2);\n",
    "cpp": "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << n * 2; }\n",
    "rust": 'use std::io;\nfn main() { println!("{}", 2); }\n',
}
LABELS = {
    "python": 'python|py|python3|Python3|Python 3|PY|{python}|{.python .numberLines}|python title="x"|python3.11|pypy3|'
    "solution.py|python:main.py|language-python|{code-cell} ipython3|  python|python\t",
    "javascript": "javascript|js|JavaScript|node|nodejs|node.js|mjs|cjs|main.js|js {1,3}|javascript=",
    "cpp": "cpp|c++|C++|C++17|c++20|cc|cxx|CPP|h++|cpp17|gnu++20|src/main.cpp|C++ 17",
    "rust": "rust|rs|Rust|rust,ignore|rust,edition2021|main.rs",
}


def source(response, language="python", function=None):
    found = extract_program(response, language, function)
    return found and found.source


def rule(response, language="python", function=None):
    found = extract_program(response, language, function)
    return found and found.rule


@pytest.mark.parametrize(
    ("language", "label"), [(lang, one) for lang, all_ in LABELS.items() for one in all_.split("|")]
)
def test_every_spelling_of_a_label_is_read(language, label):
    response = f"Here:\n```{label}\n{PROGRAM[language]}```\nDone."
    assert (source(response, language), rule(response, language)) == (PROGRAM[language], "labelled")
    assert source(response.replace("```", "~~~~"), language) == PROGRAM[language]


@pytest.mark.parametrize("label", ["c", "json", "text", "bash", "pycon", "java", "", "typescript", "csharp", "r", "cs"])
def test_other_labels_mean_none_of_the_languages(label):
    assert language_of(label) is None


@pytest.mark.parametrize(
    "response",
    [
        "```python\r\nprint(1)\r\n```\r\n",
        "```python   \nprint(1)\n```   \n",
        "   ```python\n   print(1)\n   ```",
        "1. So:\n\n    ```python\n    print(1)\n    ```\n",
        "- ```python\n  print(1)\n  ```\n",
        "\t```python\n\tprint(1)\n\t```",
        "   ```python\nprint(1)\n   ```",
        "> ```python\n> print(1)\n> ```\nthe quote has ended",
        "> ```python\n> print(1)\nthe quote has ended and its block with it",
        "`````python\nprint(1)\n`````",
        "````markdown\nSolution:\n```python\nprint(1)\n```\n````",
        "```markdown\nSolution:\n```python\nprint(1)\n```\n```\n",
        "Draft:\n```python\nprint(0)\nNow the solution:\n```python\nprint(1)\n```",
        "```python\nprint(1)\n```This reads a number.\nExample:\n```\n5\n```\n",
        "```python\nprint(1)",
    ],
)
def test_a_fence_is_found_in_whatever_form_it_comes(response):
    assert source(response) == "print(1)\n"


def test_a_closing_fence_that_was_forgotten_ends_no_block_too_many():
    """The fence of the output closes the program; what stands after the output is prose, whatever it begins with."""
    response = "```\nprint(1)\n```output\n1\n```\nimport this into your file.\n"
    assert [block.text for block in fenced_blocks(response)] == ["print(1)\n", "1\n"]
    assert source(response) == "print(1)\n"


def test_a_fence_that_is_indented_deeper_than_the_program_takes_nothing_of_it():
    assert source("1. So:\n   ```python\nif 1:\n    print(1)\n   ```\n") == "if 1:\n    print(1)\n"


def test_indentation_of_the_program_is_kept():
    assert source("- a\n  ```py\n  if 1:\n  \tprint(1)\n\n      # deep\n  ```") == "if 1:\n\tprint(1)\n\n    # deep\n"


def test_the_last_block_after_the_thinking_counts():
    response = "<think>\n```python\nprint(0)\n```\n</think>\n```python\nprint(1)\n```\nor\n```py\nprint(2)\n```"
    assert source(response) == "print(2)\n"
    assert source("<think>```python\nprint(0)\n```") is None
    assert source("<think>\n```python\nprint(0)\n```\n</think>\nI give up.") is None
    assert source(None) is None


@pytest.mark.parametrize(
    "after",
    [
        "```\n3\n```",
        "```\nInput: 3\nprint the double\nOutput: 6\n```",
        "```text\nprint(3)\n```",
        "```bash\npython solution.py <<< 3\n```",
        '```json\n{"output": 6}\n```',
        "```python\n>>> f(3)\n6\n```",
        "```python\n\n```",
        "```cpp\nint main() {}\n```",
        "```output\n6\n```",
        "Use `print(3)` or ```print(4)``` in a line.",
    ],
)
@pytest.mark.parametrize("label", ["python", ""])
def test_an_example_after_the_solution_is_never_taken_for_it(label, after):
    response = f"```{label}\n{PROGRAM['python']}```\nExample:\n{after}\n"
    assert source(response) == PROGRAM["python"]
    assert rule(response) == ("labelled" if label else "unlabelled")


@pytest.mark.parametrize("language", list(PROGRAM))
def test_without_a_label_it_is_the_last_block_with_signs_of_a_program(language):
    response = f"```\n{PROGRAM[language]}```\nInput:\n```\n3\n1 2 3\n```\nOutput:\n```\nYES\n```\n"
    assert (source(response, language), rule(response, language)) == (PROGRAM[language], "unlabelled")


def test_a_label_goes_before_signs():
    assert source("```py\nexit()\n```\n```\nimport sys\nprint(1)\n```") == "exit()\n"
    assert source("```java\nclass A {}\n```\n```\n3\n```\nprint(1)") is None


def test_labelled_c_is_taken_for_a_cpp_program():
    assert rule("```c\nint main() {}\n```\n", "cpp") == "related"
    assert rule("```c\nint main() {}\n```\n```cpp\nint main() {}\n```\n```c\nvoid f();\n```", "cpp") == "labelled"


@pytest.mark.parametrize(
    ("language", "label", "definition", "use"),
    [
        ("python", "python", "def solve(a):\n    return a", "print(solve([1]))"),
        ("python", "python", "class Solution:\n    def solve(self, a: int): return a", "Solution().solve(1)"),
        ("python", "", "def solve(a):\n    return a", "print(solve([1]))"),
        ("javascript", "js", "function solve(a) { return a; }", "console.log(solve(1));"),
        ("javascript", "js", "const solve = (a) => a;", "solve(1);"),
        ("javascript", "js", "class Solution {\n  solve(a) { return a; }\n}", "new Solution().solve(1)\nif (1) { }"),
        ("cpp", "cpp", "vector<int> solve(vector<int>& a)\n{ return a; }", "int main() { solve({1}); }"),
        ("rust", "rust", "impl S {\n  pub fn solve(a: i32) -> i32 { a }\n}", "fn main() { solve(1); }"),
    ],
)
def test_an_example_call_after_the_function_is_not_taken_for_it(language, label, definition, use):
    response = f"```{label}\n{definition}\n```\nUse it like this:\n```{label}\n{use}\n```\n"
    assert source(response, language, "solve") == definition + "\n"
    assert source(response, language, "other") == use + "\n"


def test_a_fence_in_a_docstring_does_not_end_the_program():
    program = 'def f():\n    """\n    ```\n    f()\n    ```\n    """\n    return 1\n'
    assert source(f"```python\n{program}```") == program
    longer = 's = """\n```\n"""\n'
    assert source(f"````python\n{longer}````\n") == longer


def test_an_unclosed_fence_is_told():
    assert rule("```python\nprint(1)") == "labelled/unclosed"
    assert rule("```\nprint(1)") == "unlabelled/unclosed"


@given(st.text(alphabet="`~>-*1. \t\npyc+{}a:=(", max_size=200), st.sampled_from(list(PROGRAM)))
def test_every_text_can_be_read(text, language):
    found = extract_program(text, language, "f")
    assert found is None or found.source.strip()
    for block in fenced_blocks(text):
        assert block.text.endswith("\n")


@pytest.mark.parametrize(
    "text",
    ["```x\n" * 30_000, "> " * 200_000 + "```", "- " * 200_000 + "```py\n1", "```\n" + "class a " * 200_000]
    + ["```\n" + "f(" * 300_000, "```\n" + "int " * 300_000, "```\n" + "f g(\n" * 100_000, "`" * 1_000_000 + "a`"],
)
@pytest.mark.timeout(60)
def test_a_hostile_text_costs_no_more_than_its_length(text):
    for language in PROGRAM:
        extract_program(text, language, "f")
