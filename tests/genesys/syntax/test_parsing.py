"""Whether files parse: each language with a parser, those without, and what is made to fell a parser."""

import pytest

from genesys.syntax import parsing
from genesys.syntax.languages import LANGUAGES, language_of, named
from genesys.syntax.parsing import parse

SOUND = {
    "python": "import os\n\n\ndef size(path):\n    return os.path.getsize(path)\n",
    "javascript": "export const twice = (n) => {\n  return `${n * 2}`;\n};\n",
    "typescript": "export function twice(n: number): number {\n  return n * 2;\n}\n",
    "tsx": "export const Row = ({ n }: { n: number }) => <li key={n}>{n}</li>;\n",
    "java": "class Twice {\n    int of(int n) {\n        return n * 2;\n    }\n}\n",
    "go": "package twice\n\nfunc Of(n int) int {\n\treturn n * 2\n}\n",
    "rust": "pub fn twice(n: u32) -> u32 {\n    n * 2\n}\n",
    "c": "#include <stdio.h>\n\nint twice(int n) {\n    return n * 2;\n}\n",
    "cpp": "#include <vector>\n\ntemplate <class T> T twice(T n) {\n    return n * 2;\n}\n",
    "csharp": "using System;\n\nclass Twice {\n    int Of(int n) { return n * 2; }\n}\n",
    "ruby": "def twice(n)\n  n * 2\nend\n",
    "php": "<?php\n\nfunction twice(int $n): int {\n    return $n * 2;\n}\n",
    "shell": 'twice() {\n  echo $(( $1 * 2 ))\n}\ntwice "$@"\n',
}


def test_every_language_with_a_parser_is_tried_here():
    assert set(SOUND) == {language.name for language in LANGUAGES if language.has_parser}


@pytest.mark.parametrize("language", SOUND)
def test_a_sound_file_parses_and_one_cut_off_in_a_block_does_not(language):
    text = SOUND[language]
    assert parse(text, language).state == "parses"
    closing = {"ruby": "end", "python": "    return os.path.getsize(path)", "tsx": "</li>"}.get(language, "}")
    broken = "".join(text.rpartition(closing)[::2])
    found = parse(broken, language)
    assert found.state == "broken"
    assert found.why.startswith("line ")


@pytest.mark.parametrize(
    "text",
    ["return 1\n", "if x:\n", "def f(:\n    pass\n", "  x = 1\n", "x = (1,\n", "print 'two'\n", "a = 1\n\tb = 2\n"],
)
def test_what_pythons_compiler_refuses_is_broken(text):
    assert parse(text, "python").state == "broken"


def test_a_language_without_parser_is_not_judged():
    assert parse("fun f( {", "kotlin").state == "no-parser"
    assert parse("anything", "brainfuck").state == "no-parser"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("java", "a<" * 60_000),
        ("csharp", "a<b<" * 30_000),
        ("python", "(" * 100_000),
        ("python", "-" * 200_000 + "1"),
        ("javascript", "x" * (parsing.LONGEST + 1)),
    ],
)
def test_hostile_text_ends_no_process_of_ours_and_the_next_file_is_parsed(language, text):
    assert parse(text, language).state in ("gave-up", "broken")
    assert parse(SOUND[language], language).state == "parses"


def test_half_characters_and_marks_of_byte_order_are_no_trouble():
    assert parse("x = '\ud800'\n", "python").state == "broken"
    assert parse("\ufeffx = 1\n", "python").state == "parses"


@pytest.mark.parametrize(
    ("path", "said", "name"),
    [
        ("src/App.tsx", "TypeScript", "tsx"),
        ("lib/stack.h", "C++", "cpp"),
        ("lib/stack.h", "", "c"),
        ("lib/stack.h", "Objective-C", "c"),
        ("bin/deploy", "Shell", "shell"),
        ("main.PY", "", "python"),
        ("README.md", "Python", None),
        ("a.b/Makefile", "", None),
    ],
)
def test_a_files_language_is_told_by_its_ending_and_then_by_upstream(path, said, name):
    found = language_of(path, said)
    assert (found.name if found else None) == name


def test_labels_of_blocks_name_languages():
    assert [named(word).name for word in ("C#", "golang", "sh", "TS", "python3")] == [
        "csharp",
        "go",
        "shell",
        "typescript",
        "python",
    ]
