"""Jobs in a few words, and a sandbox in each form that this machine has."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest

from genesys.job import Job, Language, Limits, Run
from genesys.sandbox.sandbox import Sandbox, missing, open_sandbox
from genesys.settings import SandboxSettings

QUICK = Limits(cpu_s=1.0, wall_s=3.0, memory_mb=256)
DOUBLE = {
    "python": "print(int(input()) * 2)",
    "javascript": "console.log(Number(require('fs').readFileSync(0, 'utf8')) * 2)",
    "cpp": "#include <bits/stdc++.h>\nint main() { long long n; std::cin >> n; std::cout << n * 2 << '\\n'; }",
    "rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap(); "
    'println!("{}", s.trim().parse::<i64>().unwrap() * 2); }',
}
"""One program in each language: reads a number, prints its double."""


def job(language: Language, source: str | bytes, *inputs: str, limits: Limits = QUICK) -> Job:
    """A job of one run an input."""
    text = source.encode() if isinstance(source, str) else source
    return Job(language, text, tuple(Run(one.encode()) for one in inputs or ("",)), limits)


def settings(isolation: str, **more: object) -> SandboxSettings:
    """Settings for tests: the image's build goes where the environment says."""
    network = os.environ.get("GENESYS__SANDBOX__BUILD_NETWORK", "host")
    return SandboxSettings.model_validate({"isolation": isolation, "build_network": network, **more})


@contextlib.contextmanager
def opened(isolation: str, **more: object) -> Iterator[Sandbox]:
    """A sandbox, or a skipped test where there is no engine."""
    chosen = settings(isolation, **more)
    if isolation == "docker" and (reason := missing(chosen)):
        pytest.skip(reason)
    with open_sandbox(chosen) as sandbox:
        yield sandbox


def has(language: str) -> bool:
    """Whether this machine itself can run a language."""
    return (
        shutil.which({"python": "python3", "javascript": "node", "cpp": "g++", "rust": "rustc"}[language]) is not None
    )
