"""The ``genesys`` command: finds commands by entry points, and turns how they end into exit codes. No command in here.

A command is an entry point of the group ``genesys.commands``: a callable ``main(argv) -> int`` whose docstring's first
line is its help. Exit codes: 0 done; 2 it cannot be done so (the message says why); 3 done, but some rows errored;
130 and 143 stopped by Ctrl-C and by SIGTERM.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib.util
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from types import FrameType

GROUP = "genesys.commands"
DISTRIBUTION = "genesys-dagster"
DONE, REFUSED, ROWS_ERRORED = 0, 2, 3
NOBODY_READS = 128 + signal.SIGPIPE
STOPPED = "stopped. What was finished is kept: run the same command again."


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Its name and its arguments; by default those of the process.

    Returns:
        The exit code. What a user can mend is one line on stderr; an exception from here is a mistake of ours.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    commands = {point.name: point for point in entry_points(group=GROUP)}
    try:
        if not words or words[0] in ("-h", "--help", "help"):
            print(_help(commands))
            return DONE if words else REFUSED
        if words[0] in ("-V", "--version"):
            print(f"genesys {_version()}")
            return DONE
        if words[0] not in commands:
            return _say(words[0], _unknown(words[0], commands))
        return _run(commands[words[0]], words[1:])
    except KeyboardInterrupt:  # before the command itself, or its orderly end, could hear of it
        return _say(words[0] if words else "", STOPPED, 128 + signal.SIGINT)
    except BrokenPipeError:
        # The interpreter would try once more to write at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS


def _run(point: EntryPoint, words: list[str]) -> int:
    import asyncio

    from genesys.faults import GenesysError

    with _log_to_stderr(), _stopped_by_signals() as signals:
        try:
            try:
                command = point.load()
            except ImportError as error:
                what = f"{point.value} cannot be loaded: {error}. Install the project again: make install"
                return _say(point.name, what)
            return int(command(words))
        except GenesysError as error:
            return _say(point.name, str(error))
        except SystemExit as end:  # how the option parser says that it has said all
            return end.code if isinstance(end.code, int) else _say(point.name, end.code) if end.code else DONE
        except BrokenPipeError:
            raise
        except OSError as error:
            return _say(point.name, str(error))
        except (KeyboardInterrupt, asyncio.CancelledError):
            number = signals[-1] if signals else signal.SIGINT
            return _say(point.name, STOPPED, 128 + number)


def _say(name: str, what: object, code: int = REFUSED) -> int:
    print(f"genesys {name}: {what}", file=sys.stderr)
    return code


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[list[int]]:
    """Make SIGTERM stop a command as Ctrl-C does, asyncio's orderly way included; gives the signals that came."""
    came: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        as_ctrl_c = signal.getsignal(signal.SIGINT)
        if callable(as_ctrl_c):
            as_ctrl_c(signal.SIGINT, frame)
        else:  # ignored, as in a background job of a shell script, and so unknown to asyncio too
            _cancel_all()

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever started it stops it
        yield came
        return
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)


def _cancel_all() -> None:
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise KeyboardInterrupt from None
    loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])


@contextlib.contextmanager
def _log_to_stderr() -> Iterator[None]:
    """Show what the library reports on the way (an engine that loads for minutes)."""
    logger, handler = logging.getLogger("genesys"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _help(commands: Mapping[str, EntryPoint]) -> str:
    if not commands:
        return f"genesys {_version()}: no command is installed. From a checkout: make install"
    width = max(map(len, commands))
    lines = [f"  {name:{width}}  {_first_line(point)}" for name, point in sorted(commands.items())]
    return "\n".join(
        [
            "usage: genesys COMMAND ...     genesys COMMAND --help says what a command takes",
            "",
            *lines,
            "",
            "  --version  which version this is",
        ]
    )


def _first_line(point: EntryPoint) -> str:
    """What a command does, read from its source: importing all commands would take seconds."""
    try:
        spec = importlib.util.find_spec(point.module)
        source = Path(spec.origin).read_text("utf-8") if spec and spec.origin else ""
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == point.attr:
                return (ast.get_docstring(node) or "").partition("\n")[0]
        return (point.load().__doc__ or "").partition("\n")[0]
    except Exception as error:  # noqa: BLE001 - one broken plug-in must not take the help away
        return f"(cannot be loaded: {error})"


def _unknown(name: str, commands: Mapping[str, EntryPoint]) -> str:
    near = difflib.get_close_matches(name, commands, 1)
    return "no such command. " + (f"Did you mean `genesys {near[0]}`?" if near else "`genesys --help` lists them.")


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
