"""What an attack is, as data, and how one tells from outside whether it was contained. Which: ``attack_cases``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genesys.job import End, Execution, FunctionCall, Job, Language, Limits, Run, RunResult

FOLDER = Path(__file__).parent / "attacks"
SUFFIXES: dict[Language, str] = {"python": ".py", "javascript": ".js", "cpp": ".cpp", "rust": ".rs"}
BRIEF = Limits(cpu_s=1.0, wall_s=2.0, memory_mb=256, output_bytes=1 << 16)
_PRELUDE = {
    "python": (re.compile(r"^from prelude import .*$", re.M), "prelude.py"),
    "javascript": (re.compile(r"^.*require\(\"./prelude.js\"\);$", re.M), "prelude.js"),
    "cpp": (re.compile(r"^#include \"prelude.hpp\"$", re.M), "prelude.hpp"),
}
_SHADOW = re.compile(rb"^\w+:[*!x$][^:]*:\d+:\d+:", re.M)
# What stands in a program's environment by right; everything else in it came from somewhere.
_OWN_ENVIRONMENT = {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONHASHSEED", "PWD", "SHLVL", "_"}


@dataclass(frozen=True)
class Scene:
    """What stands ready for an attack to find, and what it is told.

    Args:
        port: Of a listener on this machine.
        addresses: Of this machine.
        file: A file that only whoever runs programs should read.
        planted: Secrets by name, each a text that must come out of no program that was not given it.
    """

    port: int = 0
    addresses: tuple[str, ...] = ()
    file: str = "/nonexistent"
    planted: dict[str, str] = field(
        default_factory=lambda: {
            name: f"PLANTED-{secrets.token_hex(16)}"
            for name in ("environment", "file", "expected", "first", "second", "third", "previous")
        }
    )


Runs = Callable[[Scene], tuple[Run, ...]]
Check = Callable[[Scene, Execution], Iterable[str]]


@dataclass(frozen=True)
class Attack:
    """One misbehaving program and what must come of it.

    Args:
        name: Of its file, without the suffix; with ``text``, of nothing else.
        language: Of the program.
        ends: How each of its runs may end.
        exits: Exit codes that are right for runs that end by themselves, a signal as its negative; empty: any.
        prints: What its runs must print, where that is certain: evidence that the attack took place.
        compiles: Whether it does; None if either is right.
        runs: Its runs.
        limits: Its limits.
        text: The source, where it is no file.
        may: Attempts that may succeed, since they harm nobody.
        check: Further conditions, each that is broken told in words.
        before: An attack that has to take place just before this one.
        shown: How the same attack shows outside the sandbox: the beginning of a broken condition; empty if it is not
            safe to let it.
        within_s: Seconds for everything.
        slow: Whether it takes more than a few seconds.
    """

    name: str
    language: Language
    ends: tuple[End, ...] = ("exit",)
    exits: tuple[int, ...] = ()
    prints: str = ""
    compiles: bool | None = True
    runs: Runs = lambda scene: (Run(),)
    limits: Limits = BRIEF
    text: Callable[[], bytes] | None = None
    may: tuple[str, ...] = ()
    check: Check = lambda scene, execution: ()
    before: Attack | None = None
    shown: str = ""
    within_s: float = 30.0
    slow: bool = False

    @property
    def id(self) -> str:
        """Name and language."""
        return f"{self.name}-{self.language}"

    def source(self) -> bytes:
        """The program, with what it shares with others put in."""
        if self.text is not None:
            return self.text()
        text = (FOLDER / (self.name + SUFFIXES[self.language])).read_text(encoding="utf-8")
        if self.language in _PRELUDE:
            pattern, name = _PRELUDE[self.language]
            text = pattern.sub(lambda match: (FOLDER / name).read_text(encoding="utf-8"), text, count=1)
        return text.encode()

    def job(self, scene: Scene) -> Job:
        """What the sandbox is asked."""
        return Job(self.language, self.source(), self.runs(scene), self.limits)

    def violations(self, scene: Scene, execution: Execution) -> list[str]:
        """Everything in the result that is not as it must be, in words; empty if the attack was contained."""
        job = self.job(scene)
        compiled = execution.compiled
        found = []
        if self.compiles is not None and compiled.ok != self.compiles:
            found.append(f"compiled: {compiled.ok}, {compiled.message[:500]}")
        if len(execution.runs) != (len(job.runs) if compiled.ok else 0):
            found.append(f"runs: {len(execution.runs)} results of {len(job.runs)}")
        found += _leaks(scene, compiled.message.encode(), (), "the compiler's message")
        for run, result in zip(job.runs, execution.runs, strict=False):
            found += [f"run {result.index}: {what}" for what in self._of_run(scene, run, result)]
        return found + list(self.check(scene, execution))

    def _of_run(self, scene: Scene, run: Run, result: RunResult) -> list[str]:
        found = []
        if result.end not in self.ends:
            found.append(
                f"end: {result.end}, exit {result.exit_code}, signal {result.signal}, {result.stderr[-300:]!r}"
            )
        code = -result.signal if result.signal else result.exit_code
        if result.end == "exit" and self.exits and code not in self.exits:
            found.append(f"exit: {code}, {result.stderr[-500:]!r}")
        if self.prints and self.prints.encode() not in result.stdout:
            found.append(f"printed: {result.stdout[:200]!r}, not {self.prints!r}; {result.stderr[-500:]!r}")
        said = b"\n".join((result.stdout, result.stderr, (result.value or "").encode(errors="replace")))
        said += b"\n".join(result.files.values())
        for line in re.findall(rb"^DID (.*)$", said, re.M):
            if not line.decode(errors="replace").startswith(self.may):
                found.append(f"did: {line[:200].decode(errors='replace')}")
        found += [f"environment: {name!r}" for name in _strange_variables(said)]
        return found + _leaks(scene, said, _given(run), "its output")


def _strange_variables(said: bytes) -> set[str]:
    names = {name.decode() for name in re.findall(rb"^environment (\w+) ", said, re.M)}
    return names - _OWN_ENVIRONMENT


def _given(run: Run) -> tuple[bytes, ...]:
    """What a run may know: its own input."""
    return (run.stdin, *run.files.values(), repr(run.call).encode(), repr(run.argv).encode())


def _leaks(scene: Scene, said: bytes, given: Sequence[bytes], where: str) -> list[str]:
    found = []
    for name, secret in scene.planted.items():
        if secret.encode() in said and not any(secret.encode() in known for known in given):
            found.append(f"secret: {name} stands in {where}")
    if _SHADOW.search(said):
        found.append(f"secret: the password file stands in {where}")
    return found


def good_job(language: Language, salt: str = "") -> Job:
    """A plain program that gives the sum of its input, on its output and in a file; ``salt`` makes it a new one."""
    return Job(language, GOOD[language].replace("SALT", salt).encode(), GOOD_RUNS, Limits(5.0, 15.0, 256, 1 << 16))


def faults_of_good(execution: Execution) -> list[str]:
    """What is wrong with the result of ``good_job``."""
    found = [] if execution.compiled.ok else [f"good job: not compiled: {execution.compiled.message[:500]}"]
    got = [(run.end, run.exit_code, run.stdout.strip(), dict(run.files)) for run in execution.runs]
    right = [("exit", 0, b"6", {"out.txt": b"6"}), ("exit", 0, b"3000000", {"out.txt": b"3000000"})]
    if got != right:
        found.append(f"good job: {got}, not {right}; {[run.stderr[-300:] for run in execution.runs]}")
    return found


def call_job(language: Language) -> Job:
    """A plain function call, with the value ``[6, "é"]``."""
    return Job(language, CALLED[language].encode(), (Run(call=FunctionCall("total", ([1, 2, 3], "é"))),))


GOOD_RUNS = (Run(stdin=b"1 2 3\n", collect=("out.txt",)), Run(stdin=b"1000000 2000000\n", collect=("out.txt",)))
GOOD: dict[Language, str] = {
    "python": "import os, sys, json\nassert os.listdir() == [], os.listdir()\n"
    "s = sum(map(int, sys.stdin.read().split()))\n"
    "open('out.txt', 'w').write(str(s))\nprint(json.loads(str(s)))  # SALT\n",
    "javascript": "const fs = require('fs');\nif (fs.readdirSync('.').length) throw new Error('not empty');\n"
    "const s = fs.readFileSync(0, 'utf8').trim().split(/\\s+/).reduce((a, b) => a + Number(b), 0);\n"
    "fs.writeFileSync('out.txt', String(s));\nconsole.log(JSON.parse(JSON.stringify(s)));  // SALT\n",
    "cpp": "#include <bits/stdc++.h>\nusing namespace std;\nint main() { long s = 0, x; while (cin >> x) s += x;\n"
    'ofstream("out.txt") << s; cout << s << endl; }  // SALT\n',
    "rust": "use std::io::Read;\n"
    "fn main() { let mut t = String::new(); std::io::stdin().read_to_string(&mut t).unwrap();\n"
    "let s: i64 = t.split_whitespace().map(|w| w.parse::<i64>().unwrap()).sum();\n"
    'std::fs::write("out.txt", s.to_string()).unwrap(); println!("{}", s); }  // SALT\n',
}
CALLED: dict[Language, str] = {
    "python": "def total(values, word):\n    return [sum(values), word]\n",
    "javascript": "function total(values, word) { return [values.reduce((a, b) => a + b), word]; }\n",
}
