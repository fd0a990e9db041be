"""Comments go and strings stay, in four languages; what does not end is refused."""

# ruff: noqa: E501 - programs on their lines

from __future__ import annotations

import pytest

from genesys.curation.code_understanding.lexing import tokens, without_comments

CASES = [
    ("python", "x = 1  # gone\ny = '# stays'\n", "x = 1\ny = '# stays'\n"),
    ("python", "# gone\n\n\n\ndef f(s):\n    # gone\n    # too\n    return s\n", "def f(s):\n    return s\n"),
    ("python", 'def f(s):\n    """Gone.\n\n    # all of it\n    """\n    return s\n', "def f(s):\n    return s\n"),
    ("python", 'def f(s):\n    """All there is."""\n\n\ndef g(s):\n    return s\n',
     "def f(s):\n    pass\n\ndef g(s):\n    return s\n"),
    ("python", 'def f(s):\n    x = """\n # stays\n"""\n    return (\n        "a"\n        "b"\n    ) + x\n',
     'def f(s):\n    x = """\n # stays\n"""\n    return (\n        "a"\n        "b"\n    ) + x\n'),
    ("python", "x = f'{s!r:>10}#' + rb'\\'#'.decode()  # gone\n", "x = f'{s!r:>10}#' + rb'\\'#'.decode()\n"),
    ("python", "x = 1 + \\\n    2  # gone\n", "x = 1 + \\\n    2\n"),
    ("python", "if s:\n    'gone'\nelse:\n    'gone'\n    x = 1\n", "if s:\n    pass\nelse:\n    x = 1\n"),
    ("javascript", "let a = b / c / d; // gone\n", "let a = b / c / d;\n"),
    ("javascript", "let r = /[/*]\"\\//g, t = s.split(/\\/\\//); /* gone */\n", "let r = /[/*]\"\\//g, t = s.split(/\\/\\//);\n"),
    ("javascript", "let t = `// ${f(`/* ${a} */`, {b: 1})} '`; // gone", "let t = `// ${f(`/* ${a} */`, {b: 1})} '`;\n"),
    ("javascript", "f('it\\'s // not', \"/* nor this */\")/* gone */;", "f('it\\'s // not', \"/* nor this */\") ;\n"),
    ("javascript", "return/x/.test(a)?1:2 // gone", "return/x/.test(a)?1:2\n"),
    ("rust", "/* a /* b */ c */ let c = '\"'; // gone\nlet d: &'static str = \"//\";", "let c = '\"';\nlet d: &'static str = \"//\";\n"),
    ("rust", "let r = r#\"a \"// b\"#; let l = '\\''; 'o: loop { break 'o; } /// gone\n",
     "let r = r#\"a \"// b\"#; let l = '\\''; 'o: loop { break 'o; }\n"),
    ("rust", "let x = 1..2; let y = '\\u{1F600}'; let b = b'/'; //! gone", "let x = 1..2; let y = '\\u{1F600}'; let b = b'/';\n"),
    ("cpp", "int n = 1'000'000; char c = '\\''; // gone\n", "int n = 1'000'000; char c = '\\'';\n"),
    ("cpp", "auto r = R\"x(// )\" )x\"; /* gone\n * too */ int b;", "auto r = R\"x(// )\" )x\"; int b;\n"),
    ("cpp", "int a;/**/int b;", "int a; int b;\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "written", "kept"), CASES)
def test_comments_go_and_strings_stay(language: str, written: str, kept: str) -> None:
    assert without_comments(language, written) == kept
    assert without_comments(language, kept) == kept, "nothing is left to go"
    assert "".join(token.text for token in tokens(language, written)) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("python", "x = 'never\n"),
        ("python", 'x = """never\n'),
        ("javascript", "let t = `never ${a}"),
        ("javascript", "let t = `never ${`a`"),
        ("javascript", "f() /* never"),
        ("rust", "fn f() { /* never /* twice */ }"),
        ("rust", 'let s = "never'),
        ("cpp", 'std::string s = "never\n";'),
        ("cpp", "int a; /* never"),
    ],
)
def test_what_does_not_end_is_refused(language: str, written: str) -> None:
    with pytest.raises(ValueError, match="does not end"):
        without_comments(language, written)
