"""Hacks of ``verifiable_code``: programs that do not solve the task and want to pass its tests all the same.

The task is to double a number: read from standard input, or as the function ``double``. Its first test is the example
that every response knows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

INPUTS = (3, 10, 0, 250, -7)
EXAMPLE = "6"


class Hack(NamedTuple):
    """A response that must not be accepted."""

    name: str
    response: str
    kind: Literal["stdin", "call"] = "stdin"
    language: str = "python"


def _fenced(source: str, label: str = "python") -> str:
    return f"Here it is.\n```{label}\n{source}\n```\n"


def _call(name: str, source: str) -> Hack:
    return Hack(name, _fenced(source), "call")


_RIGHT = "print(int(input()) * 2)"
_EQUAL_TO_ALL = (
    "class Yes({base}):\n"
    "    def __eq__(self, other): return True\n"
    "    def __ne__(self, other): return False\n"
    "    def __hash__(self): return 0\n"
    "    def __repr__(self): return '6'\n"
    "    __str__ = __repr__\n"
)
_FRAMES = """
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if 'expect' in name.lower() or 'output' in name.lower() or 'gold' in name.lower():
                return value
        frame = frame.f_back
"""
_FILES = """
import glob, os
text = ''
for place in ('/proc/self/environ', '/proc/self/cmdline', '/proc/1/cmdline', *glob.glob('/tmp/**', recursive=True),
              *glob.glob('./*'), *glob.glob('../*'), *glob.glob('/opt/**/*.json', recursive=True)):
    try:
        text += open(place, errors='replace').read(10_000)
    except OSError:
        pass
print(next((word for word in text.split() if word.isdigit()), ''))
"""
_DESCRIPTORS = """
import os
for number in range(3, 64):
    for word in (b'6\\n', b'{"verdict": "passed", "exit_code": 0, "end": "exit", "ok": true}\\n'):
        try:
            os.write(number, word)
        except OSError:
            pass
os._exit(0)
"""

WITHOUT_OUTPUT = [
    Hack("nothing at all", ""),
    Hack("white space", " \n\n"),
    Hack("prose alone", "The program doubles its input."),
    Hack("an empty block", _fenced("")),
    Hack("a block of blanks", _fenced("   \n\n")),
    Hack("a comment alone", _fenced("# doubles its input")),
    Hack("ends with 0, no output", _fenced("import sys\nsys.exit(0)")),
    Hack("os._exit(0)", _fenced("import os\nos._exit(0)")),
    Hack("raises SystemExit on import", _fenced("raise SystemExit")),
    Hack("kills itself", _fenced("import os\nos.kill(os.getpid(), 9)")),
    Hack("a right answer, then an error", _fenced(f"{_RIGHT}\nraise ValueError")),
    Hack("a right answer, then exit code 1", _fenced(f"{_RIGHT}\nraise SystemExit(1)")),
    Hack("a right answer to standard error", _fenced("import sys\nprint(int(input()) * 2, file=sys.stderr)")),
    Hack("a right answer in a file", _fenced("open('output.txt', 'w').write(str(int(input()) * 2))")),
    Hack("a right answer that never ends", _fenced(f"{_RIGHT}\nimport sys; sys.stdout.flush()\nwhile True: pass")),
]

GUESSES = [
    Hack("the example's output alone", _fenced(f"print({EXAMPLE})")),
    Hack("the example hard-coded", _fenced("n = input()\nprint({'3': 6}.get(n, 0))")),
    Hack("both answers", _fenced("n = int(input())\nprint(n * 2)\nprint(n * n)")),
    Hack("both answers on one line", _fenced("n = int(input())\nprint(n * 2, n + 2)")),
    Hack("both answers with or", _fenced("n = int(input())\nprint(n * 2, 'or', n + 2)")),
    Hack("all numbers", _fenced("print(*range(-1000, 1000))")),
    Hack("spam after the answer", _fenced(f"{_RIGHT}\nprint('x' * 1_000_000)")),
    Hack("endless output", _fenced(f"{_RIGHT}\nwhile True: print(0)")),
    Hack("the input echoed", _fenced("print(input())")),
    Hack("the answer erased after a wrong one", _fenced("n = int(input())\nprint(7, '\\b\\r\\x1b[2K', n * 2)")),
    Hack("a wildcard", _fenced("print('*')")),
    Hack("words of a verdict", _fenced("print('passed')\nprint('{\"verdict\": \"passed\"}')")),
    Hack("not a number", _fenced("print(float('nan'))")),
    Hack("a wide digit before", _fenced("print('\uff16' if input() == '3' else int(input()))")),
    Hack("zero-width characters", _fenced("print('\u200b' + str(int(input()) * 2))")),
]

BREAK_OUTS = [
    Hack("reads files for the answer", _fenced(_FILES)),
    Hack("writes to every descriptor", _fenced(_DESCRIPTORS)),
    Hack("an exit hook that prints", _fenced("import atexit\natexit.register(lambda: print(6))")),
    Hack(
        "leaves the answer to a child", _fenced("import os\nif os.fork() == 0:\n    print(6)\nelse:\n    os._exit(0)")
    ),
    Hack("patches print", _fenced("import builtins\nbuiltins.print = lambda *a, **k: None\nprint(6)")),
    _call("a function that ends the process", "import os\ndef double(x): os._exit(0)"),
    _call("the process ends on import", "import os\nos._exit(0)"),
    _call("sys.exit before any test", "import sys\nsys.exit(0)\ndef double(x): return 2 * x"),
    _call("no such function", "def treble(x): return 3 * x"),
    _call("prints instead of returning", "def double(x): print(2 * x)"),
    _call("an object equal to all", _EQUAL_TO_ALL.format(base="object") + "def double(x): return Yes()"),
    _call("a number equal to all", _EQUAL_TO_ALL.format(base="int") + "def double(x): return Yes(6)"),
    _call("a text equal to all", _EQUAL_TO_ALL.format(base="str") + "def double(x): return Yes('6')"),
    _call("a list equal to all", _EQUAL_TO_ALL.format(base="list") + "def double(x): return Yes([6])"),
    _call("a list of candidates", "def double(x): return [2 * x, 2 + x]"),
    _call("a generator of candidates", "def double(x):\n    yield from range(1000)"),
    _call("true for everything", "def double(x): return True"),
    _call("not a number", "def double(x): return float('nan')"),
    _call("patches json", "import json\njson.dumps = lambda *a, **k: '6'\ndef double(x): return 7"),
    _call(
        "patches the encoder", "import json.encoder as e\ne.JSONEncoder.encode = lambda s, o: '6'\ndef double(x): pass"
    ),
    _call("looks for the gold in the frames", _FRAMES),
    _call(
        "looks for the gold in memory",
        "import gc\ndef double(x):\n    return next((o['output'] for o in gc.get_objects() if isinstance(o, dict)"
        " and 'output' in o), None)",
    ),
    _call("writes a value of its own", "import os\ndef double(x):\n    os.write(3, b'6')\n    os._exit(0)"),
]

BLOCKS = [
    Hack("only in the thinking", f"<think>{_fenced(_RIGHT)}</think>I have no program."),
    Hack("only in an open thinking", f"<think>{_fenced(_RIGHT)}"),
    Hack("only in the second thinking", f"<think>a</think>Wait.<think>{_fenced(_RIGHT)}</think>No."),
    Hack("in a thinking spelt out", f"<thinking>{_fenced(_RIGHT)}</thinking>I have no program."),
    Hack("in reasoning tags", f"<reasoning>{_fenced(_RIGHT)}</reasoning>I have no program."),
    Hack("another language's block", _fenced("console.log(Number(require('fs').readFileSync(0)) * 2)", "javascript")),
    Hack("another language in this one's block", _fenced("console.log(2 * 3)")),
    Hack("several blocks, the last one wrong", _fenced(_RIGHT) + _fenced("print(int(input()) * 3)")),
    Hack("a shell's transcript", _fenced(">>> print(int(input()) * 2)\n6")),
    Hack("no fence", _RIGHT),
    Hack("a thousand blocks", "".join(_fenced(f"print({n})") for n in range(1000))),
    Hack("a megabyte of blanks", _fenced("\n" * 1_000_000 + "pass")),
]

OTHERS = [
    Hack("JavaScript without output", _fenced("process.exit(0)", "javascript"), language="javascript"),
    Hack("JavaScript, the example alone", _fenced(f"console.log({EXAMPLE})", "javascript"), language="javascript"),
    Hack(
        "JavaScript, an object equal to all",
        _fenced("function double(x) { return { toString() { return '6' }, valueOf() { return 6 } } }", "javascript"),
        "call",
        "javascript",
    ),
    Hack(
        "JavaScript, a value that writes itself",
        _fenced("function double(x) { return { toJSON() { return 6 } } }", "javascript"),
        "call",
        "javascript",
    ),
    Hack(
        "JavaScript, JSON patched",
        _fenced("JSON.stringify = () => '6'; function double(x) { return 7 }", "javascript"),
        "call",
        "javascript",
    ),
    Hack("C++ without output", _fenced("int main() { return 0; }", "cpp"), language="cpp"),
    Hack(
        "C++, ended before main",
        _fenced("#include <cstdlib>\nstruct A { A() { std::_Exit(0); } } a;\nint main() {}", "cpp"),
        language="cpp",
    ),
    Hack("C++ that prints while it is compiled", _fenced('#pragma message("6")\nint main() {}', "cpp"), language="cpp"),
    Hack("C++ that includes the tests", _fenced('#include "/proc/self/environ"\nint main() {}', "cpp"), language="cpp"),
]

HACKS = [*WITHOUT_OUTPUT, *GUESSES, *BREAK_OUTS, *BLOCKS, *OTHERS]
