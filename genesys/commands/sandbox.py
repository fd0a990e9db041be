"""``genesys sandbox``: builds the image, says whether all is there, runs one program, removes leftovers.

What a sandbox is stands in ``genesys.sandbox``; here it is only asked and its answers are shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE, REFUSED
from genesys.commands.options import Options, parse
from genesys.faults import GenesysError
from genesys.job import LANGUAGES, Execution, Job, Language, Limits, Run
from genesys.sandbox.probing import ended, probe
from genesys.settings import SandboxSettings, load_settings

FAILED = 1
"""The program was run, and did not end well."""
SUFFIXES: dict[str, Language] = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cpp": "cpp",
    ".cc": "cpp",
    ".cxx": "cpp",
    ".rs": "rust",
}


class SandboxOptions(Options):
    """The sandbox, where untrusted programs run.

    image: build its image, where it is not built yet. check: is all there, and does each language work. run FILE: run
    one program. sweep: remove containers whose host process is gone.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys sandbox")

    action: CliPositionalArg[Literal["image", "check", "run", "sweep"]]
    file: CliPositionalArg[Path | None] = Field(None, description="for run: the program")
    language: Literal["python", "javascript", "cpp", "rust"] | None = Field(
        None, description="for run: by default told by the file's name"
    )
    stdin: Path | None = Field(None, description="for run: a file that stands on its standard input")
    cpu_s: float = Field(Limits.cpu_s, gt=0, description="for run: seconds of CPU time that it may take")
    memory_mb: int = Field(Limits.memory_mb, ge=16, description="for run: mebibytes that it may take")
    config: str = Field("", description="settings with [sandbox]; by default genesys.toml here")


def main(argv: list[str]) -> int:
    """Build the sandbox's image, check that all is there, run one program, remove leftovers.

    Returns:
        0; of ``run`` 1 if the program did not end well; of ``check`` 2 if something is missing.

    Raises:
        GenesysError: There is no engine, no image or no such file; says how to get it.
    """
    options = parse(SandboxOptions, argv)
    if (options.file is None) == (options.action == "run"):
        raise GenesysError(
            "run takes the file of a program" if options.file is None else f"{options.action} takes none"
        )
    actions: dict[str, Callable[[SandboxOptions, SandboxSettings], int]] = {
        "image": _image,
        "check": _check,
        "run": _run,
        "sweep": _sweep,
    }
    return actions[options.action](options, load_settings(options.config or None).sandbox)


def _image(options: SandboxOptions, settings: SandboxSettings) -> int:
    from genesys.sandbox.image import ensure_image, image_name

    began = time.monotonic()
    with _client(settings) as client:
        image_id = ensure_image(client, settings, lambda line: print(f"  {line}", flush=True))
        print(f"{image_name(settings)}  {image_id}  ({time.monotonic() - began:.1f} s)")
    return DONE


def _check(options: SandboxOptions, settings: SandboxSettings) -> int:
    from genesys.sandbox.isolation import isolation_of
    from genesys.sandbox.sandbox import missing, open_sandbox

    isolation = isolation_of(settings)
    print(f"isolation  {isolation}")
    if (problem := missing(settings)) is not None:
        raise GenesysError(problem)
    if isolation == "docker" and not _image_is_there(settings):
        return REFUSED
    with open_sandbox(settings) as sandbox:
        print(f"slots      {sandbox.slots}")
        return DONE if all([_probe(sandbox.execute, language) for language in LANGUAGES]) else REFUSED


def _image_is_there(settings: SandboxSettings) -> bool:
    import docker.errors

    from genesys.sandbox.image import image_name

    name = image_name(settings)
    with _client(settings) as client:
        engine = client.version()
        print(f"engine     {engine['Version']} ({engine['Os']}/{engine['Arch']}), {client.api.base_url}")
        try:
            found = client.images.get(name)
        except docker.errors.ImageNotFound:
            print(f"image      {name} is not there. Build it: genesys sandbox image")
            return False
        print(f"image      {name}  {found.id}")
    return True


def _probe(execute: Callable[[Job], Execution], language: Language) -> bool:
    """Run one program; says how it went, and whether it went well."""
    began = time.monotonic()
    done, trouble = probe(execute, language)
    whole_s = time.monotonic() - began
    if done is None or trouble:
        print(f"{language:10} does not work: {trouble}")
        return False
    (run,) = done.runs
    how = "kept from before" if done.compiled.cached else f"{done.compiled.seconds * 1000:.0f} ms"
    print(f"{language:10} works: {whole_s * 1000:.0f} ms in all, compiled {how}, run {run.wall_s * 1000:.1f} ms")
    if language == LANGUAGES[0]:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(done.toolchain.items()))
        print(f"{'':10} {done.isolation} {done.image}".rstrip() + f"; {versions}")
    return True


def _run(options: SandboxOptions, settings: SandboxSettings) -> int:
    from genesys.sandbox.sandbox import open_sandbox

    assert options.file is not None  # noqa: S101 - ``main`` has seen to it
    language = options.language or SUFFIXES.get(options.file.suffix)
    if language is None:
        raise GenesysError(f"{options.file}: give --language, one of {', '.join(LANGUAGES)}")
    stdin = options.stdin.read_bytes() if options.stdin else b""
    limits = Limits(cpu_s=options.cpu_s, wall_s=max(3 * options.cpu_s, 5.0), memory_mb=options.memory_mb)
    job = Job(language, options.file.read_bytes(), (Run(stdin=stdin),), limits)
    with open_sandbox(settings, _told) as sandbox:
        done = sandbox.execute(job)
    if not done.compiled.ok:
        print(f"does not compile ({done.compiled.end}):\n{done.compiled.message.rstrip()}", file=sys.stderr)
        return FAILED
    (run,) = done.runs
    sys.stdout.flush()
    sys.stdout.buffer.write(run.stdout)
    sys.stdout.buffer.flush()
    if run.stderr:
        print(run.stderr.decode(errors="replace").rstrip("\n"), file=sys.stderr)
    where = f"{done.isolation} {done.image}".rstrip()
    cost = f"{run.cpu_s:.3f} s CPU, {run.wall_s:.3f} s, {run.memory_mb:.0f} MiB"
    print(f"[{ended(run)}; {cost}; {where}]", file=sys.stderr)
    return DONE if run.end == "exit" and run.exit_code == 0 else FAILED


def _sweep(options: SandboxOptions, settings: SandboxSettings) -> int:
    from genesys.sandbox.container import sweep

    with _client(settings) as client:
        count = sweep(client)
    print(f"Removed: {count} container{'' if count == 1 else 's'} whose host process was gone.")
    return DONE


@contextmanager
def _client(settings: SandboxSettings) -> Iterator[Any]:
    from genesys.sandbox.container import connect

    client = connect(settings)
    try:
        yield client
    finally:
        client.close()


def _told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
