"""The program in a response: which fenced block it is, and by which rule. Nothing is run or judged here.

Fences are read as CommonMark has them, with what models really write on top: any indentation, list items and quotes,
a fence that is not closed before the next one begins, labels such as ``Python3``, ``{python}`` or ``main.cpp``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genesys.job import Language
from genesys.verifiers.thinking import after_thinking

_NAMES: dict[Language, str] = {
    "python": "python py pypy cpython ipython pyodide",
    "javascript": "javascript js node nodejs node.js node-js mjs cjs ecmascript",
    "cpp": "cpp c++ cc cxx cplusplus h++ hpp hxx hh g++ gnu++ clang++",
    "rust": "rust rs",
}
_LANGUAGES: dict[str, Language] = {name: language for language, names in _NAMES.items() for name in names.split()}
# Almost every C program is a C++ program, and a model that is asked for C++ may label it so.
_RELATED = {"cpp": "c"}
_NO_LABEL = frozenset({"", "code", "program", "solution", "source"})
_WRAPPERS = frozenset({"markdown", "md"})
_DIRECTIVES = frozenset({"code-block", "code-cell", "code", "sourcecode"})
_LABEL = re.compile(r"[\s{.]*(?:lang(?:uage)?[-=:])?[\"']?([a-z_][a-z0-9_+#/.-]*)[\s}\"']*([a-z][a-z0-9_+#.-]*)?")

_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})(.*)$", re.DOTALL)
# Where a block may begin: after quote marks and list markers. Each repetition has a mark of its own, hence linear.
_PREFIX = re.compile(r"(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)]))*[ \t]*")
_QUOTE = re.compile(r"[ \t]{0,3}>[ \t]?")
_LEADING = re.compile(r"[ \t]*")

# What no example of input and output and no shell session has at the beginning of a line. Matched against the first
# characters of each line, and without overlapping repetitions: a response of a megabyte costs milliseconds.
_SIGNS: dict[Language, re.Pattern[str]] = {
    "python": re.compile(
        r"(?:import|from)[ \t]+\w|(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(|class[ \t]+\w+[^:]*:|print[ \t]*\(|"
        r"(?:for|while|if|with)\b[^#]+:[ \t]*(?:#.*)?$|(?:sys\.)?stdout\.write[ \t]*\(|\w[\w, \t]*=[^=]*\binput[ \t]*\("
    ),
    "javascript": re.compile(
        r"(?:const|let|var)[ \t]+[\w$\[{]|(?:async[ \t]+)?function\b|console\.\w+[ \t]*\(|process\.std|"
        r"class[ \t]+\w+[^{]*\{|import[ \t{*]|require[ \t]*\(|[\w$.]+[ \t]*=[^=]*=>"
    ),
    "cpp": re.compile(
        r"#[ \t]*include\b|using[ \t]+namespace\b|template[ \t]*<|(?:class|struct)[ \t]+\w+|\w+[ \t]+main[ \t]*\(|"
        r"(?:[A-Za-z_][\w:<>,]*[ \t&*]+){1,4}\w+[ \t]*\([^;{}]*\{"
    ),
    "rust": re.compile(
        r"(?:pub[ \t]+)?(?:(?:unsafe|const|async)[ \t]+){0,3}fn[ \t]+\w|use[ \t]+[\w:{]+|#!?\[|"
        r"(?:pub[ \t]+)?(?:struct|enum|impl|mod|trait)[ \t<]"
    ),
}
_LINE_START = 200
# How a function's name is led up to, and what follows it, where it is defined and not called.
_DECLARED = re.compile(r"\b(?:def|fn|function[ \t]*\*?|const|let|var)[ \t]+$")
_ASSIGNED = re.compile(r"[ \t]*[:=][ \t]*(?:async\b|function\b|lambda\b|\(|\w+[ \t]*=>)")
_TYPED = re.compile(r"[ \t]*(?!(?:return|else|await|print|if|while|for)\b)[\w:<>,&*\[\] \t]*$")
_BODY = re.compile(r"[ \t]*\([^;{}\n]*\)\s*(?:const\s*)?\{")
_NOT_A_PROGRAM = re.compile(
    r"\s*(?:>>>|In[ \t]*\[\d*\]:|Traceback \(most recent call last\)|\$[ \t]|[\w@~:/-]*[\w~][$%][ \t])"
)


@dataclass(frozen=True)
class Program:
    """A program found in a response.

    Args:
        source: Its text; lines end with LF.
        rule: How it was found: ``labelled`` (a block of the task's language), ``labelled/defines`` (the last of them
            that defines the function asked for), ``related`` (labelled C, for C++), ``unlabelled`` (no block carries
            the label; the last one without any that has signs of a program), each with ``/unclosed`` where the text
            ended before the fence did.
    """

    source: str
    rule: str


@dataclass(frozen=True)
class Block:
    """A fenced block: what its fence says, its text without indentation of the fence, whether it was closed."""

    label: str
    language: Language | None
    text: str
    closed: bool


def extract_program(response: str | None, language: Language, function: str | None = None) -> Program | None:
    """The program of a response: the last block of the language after the thinking.

    A transcript (``>>> f(1)``) and an empty block are no programs. For a task that calls a function, a later block of
    the language that does not define it is an example of its use, and the last one that does define it counts.
    A block that the end of the text left open counts too: an endpoint whose stop text is the fence cuts it off, and
    CommonMark reads it to the end as well; if it was the token limit, a half program fails its tests by itself.

    Args:
        response: The model's whole text.
        language: The task's language.
        function: The function that the tests call, if they do.

    Returns:
        The program, or ``None`` where there is none.
    """
    blocks = [b for b in fenced_blocks(after_thinking(response)) if b.text.strip() and not _NOT_A_PROGRAM.match(b.text)]
    labelled = [block for block in blocks if block.language == language]
    if labelled:
        return _last(labelled, "labelled", function)
    related = [block for block in blocks if block.label == _RELATED.get(language)]
    if related:
        return _last(related, "related", function)
    unlabelled = [block for block in blocks if block.label in _NO_LABEL and _has_signs(block.text, language)]
    return _last(unlabelled, "unlabelled", function) if unlabelled else None


def language_of(label: str) -> Language | None:
    """The language that a name of it means (``C++17``, ``py``, ``{.rust}``, ``main.js``), or None for all others."""
    return _language(_word(label))


def fenced_blocks(text: str) -> list[Block]:
    """All fenced blocks of a text, in order. A block of Markdown is replaced by the blocks that it holds."""
    found: list[Block] = []
    for block in _blocks(text.replace("\r\n", "\n").split("\n")):
        if block.label in _WRAPPERS:
            found.extend(_blocks(block.text.split("\n")))
        else:
            found.append(block)
    return found


def _last(blocks: Sequence[Block], rule: str, function: str | None) -> Program:
    chosen = blocks[-1]
    if function:
        defining = [block for block in blocks if _defines(block.text, function)]
        if defining and defining[-1] is not chosen:
            chosen, rule = defining[-1], f"{rule}/defines"
    return Program(chosen.text, rule if chosen.closed else f"{rule}/unclosed")


def _has_signs(text: str, language: Language) -> bool:
    """Whether an unlabelled block can be a program at all, rather than an example of input and output."""
    sign = _SIGNS[language].match
    return any(sign(line.lstrip(" \t")[:_LINE_START]) for line in text.split("\n"))


def _defines(text: str, function: str) -> bool:
    """Whether a text defines a function, by the forms that the four languages have for it."""
    name = re.escape(function)
    for match in re.finditer(rf"(?<![\w$.]){name}(?![\w$])", text):
        before = text[max(0, match.start() - _LINE_START) : match.start()].rpartition("\n")[2]
        after = text[match.end() : match.end() + 10 * _LINE_START]
        if _DECLARED.search(before) or _ASSIGNED.match(after) or (_TYPED.match(before) and _BODY.match(after)):
            return True
    return False


def _word(info: str) -> str:
    """The word of a fence's label that names what it holds, in lower case; empty where there is none."""
    match = _LABEL.match(info.strip().lower())
    if match is None:
        return ""
    first, second = match.groups()
    return second if first in _DIRECTIVES and second else first


def _language(word: str) -> Language | None:
    """The language of a label's word: a name, one with a version (``c++20``), or a file's ending (``src/main.rs``)."""
    for name in (word, word.rstrip("0123456789.-_"), word.rpartition(".")[2]):
        if name in _LANGUAGES:
            return _LANGUAGES[name]
    return None


@dataclass(frozen=True)
class _Fence:
    mark: str
    indent: int
    quotes: int
    info: str

    def ends_at(self, line: str) -> str | None:
        """What stands behind the fence on a line that ends this block; None for a line of its content.

        A fence that is indented four columns more belongs to the content: it stands in a docstring.
        """
        match = _FENCE.match(line.lstrip(" \t"))
        if match is None or not match.group(1).startswith(self.mark) or _columns(line) > self.indent + 3:
            return None
        return match.group(2).strip()


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    fence: _Fence | None = None
    content: list[str] = []
    for whole in lines:
        if fence is None:
            fence = _opening(whole)
            continue
        line, in_quote = _without_quotes(whole, fence.quotes)
        behind = fence.ends_at(line) if in_quote else ""
        if behind is None:
            content.append(line)
            continue
        yield _block(fence, content, closed=True)
        # A closing fence has nothing behind it. A label there begins the next block, the closing fence having been
        # forgotten; a sentence there is prose that was not put on a line of its own.
        begins = behind and (len(behind.split()) == 1 or _language(_word(behind)))
        content, fence = [], _opening(whole) if begins else None
    if fence is not None:
        yield _block(fence, content, closed=False)


def _opening(line: str) -> _Fence | None:
    if "```" not in line and "~~~" not in line:
        return None
    prefix = _PREFIX.match(line)
    start = prefix.end() if prefix else 0
    match = _FENCE.match(line, start)
    if match is None:
        return None
    before = line[:start]
    return _Fence(
        mark=match.group(1),
        indent=len(before.rpartition(">")[2].expandtabs(4)),
        quotes=before.count(">"),
        info=match.group(2),
    )


def _block(fence: _Fence, content: Sequence[str], *, closed: bool) -> Block:
    word = _word(fence.info)
    first = next((line for line in content if line.strip()), "")
    indent = fence.indent if _columns(first) >= fence.indent else 0  # the fence is indented, the program is not
    text = "\n".join(_dedent(line, indent) for line in content)
    return Block(label=word, language=_language(word), text=text + "\n", closed=closed)


def _without_quotes(line: str, quotes: int) -> tuple[str, bool]:
    """A line without its quote marks, and whether it had them all."""
    for _ in range(quotes):
        match = _QUOTE.match(line)
        if match is None:
            return line, False
        line = line[match.end() :]
    return line, True


def _columns(line: str) -> int:
    """Columns of white space before a line's text; a tab goes to the next multiple of four."""
    match = _LEADING.match(line)
    return len(match.group().expandtabs(4)) if match else 0


def _dedent(line: str, indent: int) -> str:
    """A line without the first ``indent`` columns of its white space; the rest stays as it is, tabs too."""
    if indent == 0:
        return line
    at = columns = 0
    while columns < indent and line[at : at + 1] in (" ", "\t"):
        columns += 1 if line[at] == " " else 4 - columns % 4
        at += 1
    return line[at:]
