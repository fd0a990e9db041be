"""Whether a language can be run where the sandbox is: by running a program of it, since nothing less tells.

A compiler may be there and yet not for the user as whom programs run, or lack its linker or its headers.
"""

from __future__ import annotations

from collections.abc import Callable

from genesys.faults import InfrastructureFault
from genesys.job import LANGUAGES, Execution, Job, Language, Run, RunResult

PROBES: dict[Language, bytes] = {
    "python": b"print(int(input()) + 1)\n",
    "javascript": b"console.log(Number(require('fs').readFileSync(0, 'utf8')) + 1)\n",
    "cpp": b"#include <bits/stdc++.h>\nint main() { long n; std::cin >> n; std::cout << n + 1 << std::endl; }\n",
    "rust": b"fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap();\n"
    b'    println!("{}", s.trim().parse::<i64>().unwrap() + 1); }\n',
}
"""Each adds one to the number that it reads."""
NEEDS: dict[Language, str] = {"python": "python3", "javascript": "node", "cpp": "g++", "rust": "rustc"}
"""What runs or compiles it, as Debian's package and as a command."""


def probe(execute: Callable[[Job], Execution], language: Language) -> tuple[Execution | None, str]:
    """Run the language's program; what came of it, and what went wrong, empty if nothing did."""
    try:
        done = execute(Job(language, PROBES[language], (Run(stdin=b"41\n"),)))
    except InfrastructureFault as fault:
        return None, str(fault).splitlines()[0]
    if not done.compiled.ok:
        return done, done.compiled.message.strip()
    (run,) = done.runs
    if (run.end, run.exit_code, run.stdout.split()) != ("exit", 0, [b"42"]):
        return done, f"{ended(run)}; {run.stderr.decode(errors='replace').strip()}"
    return done, ""


def lacking(execute: Callable[[Job], Execution], language: str) -> str | None:
    """Why programs of a language cannot be run here, and how that is mended; None if they can."""
    named = next((known for known in LANGUAGES if known == language), None)
    if named is None:
        return f"the sandbox runs no {language}; it runs {', '.join(LANGUAGES)}"
    done, trouble = probe(execute, named)
    if not trouble:
        return None
    what = f"{language} programs cannot be run here: {trouble.splitlines()[0][:300]}"
    if done is None or done.isolation != "process":
        return what
    return (
        f"{what}\nWith plain processes {NEEDS[named]} has to be on this machine's PATH, for all users where genesys "
        'runs as root: install it, or have programs run in containers: [sandbox] isolation = "docker"'
    )


def ended(run: RunResult) -> str:
    """How a run ended, in words."""
    if run.end != "exit":
        return run.end.replace("_", " ")
    return f"signal {run.signal}" if run.signal is not None else f"exit {run.exit_code}"
