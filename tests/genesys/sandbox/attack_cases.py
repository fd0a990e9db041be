"""The attacks, as data: which program, what it is given, what must come of it. The programs stand in ``attacks/``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from genesys.job import Execution, FunctionCall, Limits, Run
from tests.genesys.sandbox.attacking import BRIEF, Attack, Check, Runs, Scene

STOPPED = ("cpu_limit", "wall_limit", "memory_limit", "output_limit")
ROOMY = replace(BRIEF, cpu_s=5.0, wall_s=8.0)
PATIENT = replace(BRIEF, wall_s=20.0)
CHATTY = replace(ROOMY, output_bytes=1 << 20)


def told(*inputs: str, collect: tuple[str, ...] = ()) -> Runs:
    """One run for each input."""
    return lambda scene: tuple(Run(stdin=f"{text}\n".encode(), collect=collect) for text in inputs)


def handed(*names: str) -> Runs:
    """One run for each secret, with that secret as its input."""
    return lambda scene: tuple(Run(stdin=f"{scene.planted[name]}\n".encode()) for name in names)


def called(name: str, *arguments: object) -> Runs:
    """One call for each argument."""
    return lambda scene: tuple(Run(call=FunctionCall(name, (argument,))) for argument in arguments)


def aimed(scene: Scene) -> tuple[Run, ...]:
    """Where the listener is, as JSON."""
    return (Run(stdin=json.dumps({"addresses": scene.addresses, "port": scene.port}).encode()),)


def aimed_words(scene: Scene) -> tuple[Run, ...]:
    """Where the listener is, as words."""
    places = (f"[{host}]:{scene.port}" if ":" in host else f"{host}:{scene.port}" for host in scene.addresses)
    return (Run(stdin=" ".join(places).encode()),)


def prints_only(*texts: bytes) -> Check:
    """Each run's standard output is exactly this."""
    return lambda scene, execution: [
        f"result: run {run.index} printed {run.stdout[:100]!r}, not {text!r}"
        for run, text in zip(execution.runs, texts, strict=False)
        if run.stdout != text
    ]


def prints_at_most(count: int) -> Check:
    """No run's outputs are longer than its limit and what is kept of standard error."""
    return lambda scene, execution: [
        f"result: {len(run.stdout)} and {len(run.stderr)} bytes came out"
        for run in execution.runs
        if len(run.stdout) > count or len(run.stderr) > 1 << 20
    ]


def dies_as(*facts: tuple[int, bytes]) -> Check:
    """Each run's exit code (a signal as its negative) and standard output."""

    def check(scene: Scene, execution: Execution) -> Iterable[str]:
        for run, fact in zip(execution.runs, facts, strict=False):
            got = (-run.signal if run.signal else run.exit_code, run.stdout)
            if got != fact:
                yield f"result: run {run.index} ended as {got}, not {fact}; {run.stderr[-200:]!r}"

    return check


def values(*texts: str | None) -> Check:
    """Each call's value; ``...`` for any, None for none."""
    return lambda scene, execution: [
        f"result: call {run.index} gave {str(run.value)[:100]}, not {text}; {run.stderr[-300:]!r}"
        for run, text in zip(execution.runs, texts, strict=False)
        if text != "..." and run.value != text
    ]


def collects_nothing(*names: str) -> Check:
    """Of these files none came back."""
    return lambda scene, execution: [
        f"result: {name} was collected: {run.files[name][:80]!r}"
        for run in execution.runs
        for name in names
        if name in run.files
    ]


def burnt(seconds: float) -> Check:
    """The runs' CPU time was counted."""
    return lambda scene, execution: [
        f"result: {run.cpu_s} s of CPU time counted" for run in execution.runs if run.cpu_s < seconds
    ]


def worked_at_most(seconds: float) -> Check:
    """The runs were ended before all their processes together had used more CPU time."""
    return lambda scene, execution: [
        f"result: {run.cpu_s} s of CPU time used" for run in execution.runs if run.cpu_s > seconds
    ]


def tells(text: str) -> Check:
    """The compiler's message names what was wrong."""
    return lambda scene, execution: (
        [] if text in execution.compiled.message else [f"message: {execution.compiled.message[:300]}"]
    )


LINKS = ("shadow", "environ", "own", "planted", "loop", "folder", "descriptor", "hard", "missing")
LINK_RUNS: Runs = lambda scene: (Run(stdin=f"{scene.file}\n".encode(), collect=LINKS),)  # noqa: E731
INPUT_RUNS: Runs = lambda scene: (  # noqa: E731
    Run(stdin=b"leave\n"),
    Run(stdin=b"look\n", files={"next.txt": b"true input"}),
)
PYTHON_DEATHS = (
    "exit in the middle|exit 7|abort|segfault|kill|kill the group|hang up|exit text|exit 256|raise at the end"
)
CPP_DEATHS = "exit in the middle|exit 7|abort|segfault|throw|divide|illegal|kill|alarm|pipe"
PLANTS = Attack("plants_everywhere", "python", prints="planted", runs=handed("previous"))
PLANTS_FILES = replace(
    PLANTS, runs=lambda scene: (Run(stdin=f"{scene.planted['previous']}\n/tmp /var/tmp /dev/mqueue /run\n".encode()),)
)
LEAVES_QUEUES = Attack("leaves_queues", "python", prints="tried", runs=handed("previous"))
LEAVES_IPC = Attack("ipc_left_behind", "cpp", prints="left", runs=handed("previous"))
GARBAGE = "text|bytes|many|frame|deep|long number|nothing|nan|surrogate|cycle|object|bytes key|huge|nested|exit|endless"
JS_GARBAGE = "nan|undefined|function|bigint|surrogate|huge|throws|promise|null throw|exit|cycle|proxy|endless|raw"

PYTHON = (
    Attack("fork_bomb", "python", ends=STOPPED),
    Attack("double_fork_daemon", "python", prints="left", shown="process left"),
    Attack("zombie_maker", "python", ends=("exit", *STOPPED), prints="", limits=ROOMY),
    Attack("memory_hog", "python", ends=("memory_limit",), limits=ROOMY),
    Attack("memory_hog_of_children", "python", ends=("memory_limit", "wall_limit", "cpu_limit")),
    Attack("stderr_endless", "python", ends=("output_limit", "cpu_limit", "wall_limit"), check=prints_at_most(1 << 16)),
    Attack("disk_filler", "python", ends=("exit", *STOPPED), limits=ROOMY),
    Attack("inode_filler", "python", ends=("exit", *STOPPED)),
    Attack("ignores_signals", "python", ends=("wall_limit",), prints="deaf"),
    Attack("signals_to_the_runner", "python", prints="alive", limits=CHATTY, shown="runs"),
    Attack("proc_of_others", "python", limits=CHATTY, shown="did: read environ"),
    Attack("environment_and_descriptors", "python", prints="looked", shown="secret: environment"),
    Attack(
        "collects_a_link",
        "python",
        runs=LINK_RUNS,
        prints="linked",
        shown="secret: file",
        check=collects_nothing(*LINKS),
    ),
    Attack(
        "collects_a_fifo",
        "python",
        prints="made",
        runs=lambda scene: (Run(collect=("fifo", "socket", "sparse", "closed")),) * 2,
        check=collects_nothing("fifo", "socket"),
    ),
    Attack(
        "input_is_a_link",
        "python",
        runs=INPUT_RUNS,
        check=lambda scene, execution: (
            [] if execution.runs[1].stdout == b"False False true input\n" else [f"result: {execution.runs[1].stdout!r}"]
        ),
        shown="result",
    ),
    Attack("reads_what_was_left", "python", runs=handed("second"), prints="looked", before=PLANTS_FILES, limits=ROOMY),
    Attack(
        "reads_what_was_left",
        "python",
        runs=handed("second"),
        prints="looked",
        before=PLANTS,
        shown="secret: previous",
        limits=ROOMY,
    ),
    Attack(
        "overwrites_itself", "python", runs=told("1", "2"), check=prints_only(*[b"honest answer\n"] * 2), shown="result"
    ),
    Attack("replaces_tools", "python", limits=CHATTY),
    Attack(
        "forges_frames",
        "python",
        runs=told("1", "2"),
        limits=CHATTY,
        check=prints_only(*[b"honest\n"] * 2),
        shown="result",
    ),
    Attack(
        "searches_memory",
        "python",
        runs=handed("first", "second", "third"),
        prints="searched",
        limits=CHATTY,
        shown="secret: first",
    ),
    Attack("searches_files", "python", runs=handed("first", "second"), prints="searched True", limits=CHATTY),
    Attack("network", "python", runs=aimed, prints="tried", limits=CHATTY, shown="did: tcp to 127.0.0.1"),
    Attack("devices", "python", limits=CHATTY),
    Attack("deep_and_odd_files", "python", runs=told("1", "2"), prints="levels", limits=ROOMY),
    Attack("closes_everything", "python", exits=(0,), check=prints_only(b"half an ans")),
    Attack(
        "dies",
        "python",
        runs=told(*PYTHON_DEATHS.split("|")),
        limits=ROOMY,
        check=dies_as(*((code, b"begun") for code in (0, 7, -6, -11, -9, -15, -1, 1, 0)), (0, b"begun and ended\n")),
    ),
    Attack("dies", "python", runs=told("recursion"), ends=("exit", *STOPPED)),
    Attack("dies", "python", runs=told("stop"), ends=("wall_limit",), check=prints_only(b"begun")),
    Attack(
        "call_garbage_value",
        "python",
        runs=called("answer", *GARBAGE.split("|")),
        ends=("exit", "output_limit", "memory_limit", "cpu_limit"),
    ),
    Attack("call_patches_harness", "python", runs=called("answer", 1, 2), ends=("exit", "wall_limit", "cpu_limit")),
    Attack(
        "call_searches_memory",
        "python",
        runs=lambda scene: called("answer", *(scene.planted[name] for name in ("first", "second", "third")))(scene),
        limits=CHATTY,
        check=values("[]", "[]", "[]"),
    ),
    Attack("call_leaves_exit_hooks", "python", runs=called("answer", 0.3, 0.4), check=burnt(0.3)),
    Attack("chmod_chown", "python", prints="setuid copy ran as"),
    Attack(
        "replaces_own_folder",
        "python",
        runs=told("/opt/genesys", "/sandbox/programs"),
        prints="tried",
        may=("move its", "link its"),
    ),
    Attack("kernel_files", "python", limits=CHATTY),
    Attack("docker_socket", "python", limits=ROOMY),
    Attack("rewrites_its_input", "python", runs=told("same", "same", "same"), check=prints_only(*[b"same\n"] * 3)),
    Attack("child_keeps_output", "python", runs=told("1", "2"), check=lambda scene, execution: late_output(execution)),
    Attack("hidden_work", "python", ends=("wall_limit", "cpu_limit")),
    Attack("relays_its_work", "python", ends=("cpu_limit",), limits=PATIENT, check=burnt(1.0)),
    Attack(
        "stands_in_its_own_line",
        "python",
        ends=("wall_limit",),
        limits=replace(BRIEF, cpu_s=30.0),
        # Its wall time is over when its children have worked that long, however little of a core they all were given.
        # Not counted, they would work for 9 s on a core of their own; and the first process alone, counted, for 0.5 s.
        check=lambda scene, execution: (*burnt(0.65)(scene, execution), *worked_at_most(5.0)(scene, execution)),
    ),
    Attack("memory_in_few_children", "python", ends=("memory_limit",), limits=ROOMY),
    Attack("finds_queues", "python", prints="looked", before=LEAVES_QUEUES),
)


def late_output(execution: Execution) -> Iterable[str]:
    """A child's words may stand behind its own parent's, and nowhere else."""
    for run in execution.runs:
        lines = run.stdout.decode().splitlines()
        if lines.count("parent") != 1 or set(lines) - {"parent", "child"} or lines[0] != "parent":
            yield f"result: run {run.index} printed {run.stdout[:200]!r}"
        if run.wall_s > 1.5:
            yield f"result: run {run.index} was waited for {run.wall_s} s, though it ended at once"


JAVASCRIPT = (
    Attack("fork_bomb", "javascript", ends=("exit", *STOPPED)),
    Attack("memory_hog", "javascript", ends=("memory_limit",), limits=ROOMY),
    Attack("output_ten_gb", "javascript", ends=("output_limit",), check=prints_at_most(1 << 16)),
    Attack("never_ends", "javascript", ends=("wall_limit",), prints="waiting"),
    Attack("worker_flood", "javascript", ends=("exit", *STOPPED)),
    Attack("network", "javascript", runs=aimed, limits=ROOMY),
    Attack("signals_to_the_runner", "javascript", prints="alive"),
    Attack(
        "reads_others",
        "javascript",
        runs=handed("first", "second"),
        prints="looked",
        limits=replace(CHATTY, memory_mb=1024),
    ),
    Attack("forges_frames", "javascript", runs=told("1", "2"), check=prints_only(*[b"honest\n"] * 2)),
    Attack("replaces_modules", "javascript", prints="tried"),
    Attack(
        "call_prototype_pollution", "javascript", runs=called("answer", 1, 2), ends=("exit", "wall_limit", "cpu_limit")
    ),
    Attack("call_garbage_value", "javascript", runs=called("answer", *JS_GARBAGE.split("|")), ends=("exit", *STOPPED)),
    Attack(
        "dies",
        "javascript",
        runs=told(*["exit in the middle", "exit 7", "abort", "kill", "rejection", "throw"]),
        check=dies_as(*((code, b"begun") for code in (0, 7, -6, -9, 1, 1))),
    ),
    Attack("dies", "javascript", runs=told("recursion"), ends=("exit", *STOPPED), exits=(1, -11)),
    Attack("slow_expression", "javascript", ends=("cpu_limit",)),
)

CPP = (
    Attack("fork_bomb", "cpp", ends=STOPPED),
    Attack("output_ten_gb", "cpp", ends=("output_limit",), check=prints_at_most(1 << 16)),
    Attack("sparse_output", "cpp", runs=told("1", "2"), ends=("exit", "output_limit"), check=prints_at_most(1 << 16)),
    Attack("ptrace", "cpp", prints="tried"),
    Attack("hinders_the_runner", "cpp", runs=told(*"12345"), prints="ends"),
    Attack("namespaces_and_mounts", "cpp", prints="tried", limits=CHATTY),
    Attack("becomes_root", "cpp", prints="tried"),
    Attack("system_calls", "cpp", prints="tried"),
    Attack("ipc_found", "cpp", prints="looked", before=LEAVES_IPC),
    Attack("raises_limits", "cpp", prints="tried"),
    Attack("sets_clocks", "cpp", prints="tried"),
    Attack("core_dump", "cpp", runs=handed("first"), exits=(-6,)),
    Attack("overwrites_itself", "cpp", runs=told("1", "2"), check=prints_only(*[b"honest answer\n"] * 2)),
    Attack(
        "dies",
        "cpp",
        runs=told(
            *[
                "exit in the middle",
                "exit 7",
                "abort",
                "segfault",
                "throw",
                "divide",
                "illegal",
                "kill",
                "alarm",
                "pipe",
            ]
        ),
        limits=ROOMY,
        check=dies_as(*((code, b"begun") for code in (0, 7, -6, -11, -6, -8, -4, -9, -14, -13))),
    ),
    Attack("dies", "cpp", runs=told("recursion"), ends=("exit", "memory_limit"), exits=(-11,)),
    Attack("shared_memory_hog", "cpp", ends=("memory_limit", "wall_limit", "cpu_limit", "exit"), limits=ROOMY),
    Attack("holds_places", "cpp", ends=("wall_limit", "cpu_limit"), prints="holding"),
)

RUST = (
    Attack("sleeps_forever", "rust", ends=("wall_limit",), prints="asleep"),
    Attack("thread_flood", "rust", ends=("cpu_limit", "wall_limit")),
    Attack("memory_hog", "rust", ends=("memory_limit",), limits=ROOMY),
    Attack("stops_itself", "rust", ends=("wall_limit",), prints="stopping"),
    Attack("network", "rust", runs=aimed_words, prints="refused name"),
)

COMPILER = (
    Attack("template_bomb", "cpp", compiles=None, slow=True, within_s=60),
    Attack("macro_bomb", "cpp", compiles=False),
    Attack("constexpr_bomb", "cpp", compiles=None),
    Attack("includes_files", "cpp", compiles=False),
    Attack("includes_zero", "cpp", compiles=False),
    Attack("includes_stdin", "cpp", compiles=None),
    Attack("includes_itself", "cpp", compiles=False),
    Attack("assembles_files", "cpp", compiles=False),
    Attack("assembles_without_end", "cpp", compiles=False),
    Attack("huge_binary", "cpp", compiles=False),
    Attack("includes_files", "rust", compiles=False),
    Attack("takes_environment", "rust", compiles=None, prints="environment"),
    Attack("includes_zero", "rust", compiles=False),
    Attack("modules_of_others", "rust", compiles=False),
    Attack("macro_bomb", "rust", compiles=False),
    Attack("const_bomb", "rust", compiles=False, slow=True, within_s=60),
    Attack("no_program", "rust", compiles=None),
    Attack("links_anything", "rust", compiles=None),
)


def large(before: str, line: str, after: str, size: int = 50 << 20):
    """A source of ``size`` bytes."""
    return lambda: (before + line * (size // len(line)) + after).encode()


TEXTS = (
    Attack("source_of_50_mb", "python", text=large("", "# a comment, and no end of it\n", "print(1)\n"), compiles=None),
    Attack(
        "source_of_50_mb_of_code",
        "python",
        text=large("", "x = [1, 2, 3]\n", "print(1)\n"),
        compiles=None,
        slow=True,
        within_s=60,
    ),
    Attack(
        "source_of_50_mb",
        "javascript",
        text=large("", "// a comment, and no end of it\n", "console.log(1)\n"),
        compiles=None,
    ),
    Attack(
        "source_of_50_mb", "cpp", text=large("", "// a comment, and no end of it\n", "int main() {}\n"), compiles=None
    ),
    Attack(
        "source_of_50_mb", "rust", text=large("", "// a comment, and no end of it\n", "fn main() {}\n"), compiles=None
    ),
    Attack(
        "source_of_huge_constants",
        "python",
        text=lambda: b"\n".join(b"a='%s'*4096" % chr(0x10400 + number).encode() for number in range(8400)),
        compiles=False,
        check=tells("too large"),
    ),
    Attack(
        "source_that_fills_the_folder",
        "python",
        text=large("", "# a comment, and no end of it\n", "print(1)\n", 140 << 20),
        compiles=False,
        check=tells("could not be written"),
        slow=True,
        within_s=60,
    ),
    Attack("source_that_is_no_utf8", "python", text=lambda: b"print('\xff\xfe')\n", compiles=False),
    Attack("source_that_is_no_utf8", "javascript", text=lambda: b"console.log('\xff\xfe'.length)\n", compiles=None),
    Attack(
        "source_that_is_no_utf8",
        "cpp",
        text=lambda: b'#include <cstdio>\nint main() { puts("\xff\xfe"); }\n',
        compiles=None,
    ),
    Attack("source_that_is_no_utf8", "rust", text=lambda: b'fn main() { println!("\xff\xfe"); }\n', compiles=False),
    Attack("source_with_nul", "python", text=lambda: b"print(1)\0\nprint(2)\n", compiles=False),
    Attack("source_with_nul", "javascript", text=lambda: b"console.log(1)\0\n", compiles=None, exits=(0, 1)),
    Attack("source_with_nul", "cpp", text=lambda: b"int main() {}\0\n", compiles=None),
    Attack("source_that_is_empty", "python", text=lambda: b"", exits=(0,), check=prints_only(b"")),
    Attack("source_that_is_empty", "cpp", text=lambda: b"", compiles=False),
    Attack("source_nested_deeply", "python", text=lambda: b"(" * 100_000 + b")" * 100_000, compiles=False),
    Attack("source_of_one_long_sum", "python", text=lambda: b"x = " + b"-" * 1_000_000 + b"1\n", compiles=None),
    Attack(
        "source_nested_deeply",
        "javascript",
        text=lambda: b"[" * 1_000_000,
        compiles=None,
        ends=("exit", *STOPPED),
        exits=(1, -6, -11),
    ),
    Attack(
        "source_nested_deeply",
        "cpp",
        text=lambda: b"int main() { return " + b"(" * 20_000 + b"1",
        compiles=False,
        within_s=60,
    ),
    Attack("source_nested_deeply", "rust", text=lambda: b"fn main() { " + b"(" * 100_000, compiles=False, within_s=60),
    Attack(
        "source_that_folds_constants",
        "python",
        text=lambda: (
            b"x = (2 ** 60) ** 2 * 10 ** 10\ny = 'a' * 10 ** 10\n"
            b"z = ((((1,) * 200,) * 200,) * 200,) * 200\nprint(1 << 10 ** 11)\n"
        ),
        ends=("exit", "memory_limit", "cpu_limit"),
    ),
    Attack(
        "output_that_is_no_text",
        "python",
        text=lambda: b"import sys\nb = sys.stdin.buffer.read()\nsys.stdout.buffer.write(b + bytes(range(256)))\n",
        runs=lambda scene: (Run(stdin=b"\0\xff\xfe\r\n\x1a\x04"),),
        check=prints_only(b"\0\xff\xfe\r\n\x1a\x04" + bytes(range(256))),
    ),
    Attack(
        "output_that_is_no_text",
        "cpp",
        text=lambda: (
            b"#include <bits/stdc++.h>\nint main() { int c; while ((c = getchar()) >= 0) putchar(c);\n"
            b"for (c = 0; c < 256; c++) putchar(c); }\n"
        ),
        runs=lambda scene: (Run(stdin=b"\0\xff\xfe\r\n\x1a\x04"),),
        check=prints_only(b"\0\xff\xfe\r\n\x1a\x04" + bytes(range(256))),
    ),
    Attack(
        "input_of_64_mb",
        "python",
        text=lambda: b"import sys\nprint(len(sys.stdin.buffer.read()))\n",
        runs=lambda scene: (Run(stdin=b"i" * (64 << 20)), Run(stdin=b"i")),
        limits=Limits(5.0, 10.0, 512, 1 << 16),
        check=prints_only(b"%d\n" % (64 << 20), b"1\n"),
    ),
    Attack(
        "never_reads_its_input",
        "python",
        text=lambda: b"print('done')\n",
        runs=lambda scene: (Run(stdin=b"i" * (8 << 20)), Run(stdin=b"i")),
        check=prints_only(b"done\n", b"done\n"),
    ),
)

ATTACKS: tuple[Attack, ...] = (*PYTHON, *JAVASCRIPT, *CPP, *RUST, *COMPILER, *TEXTS)
SHOWN = tuple(attack for attack in ATTACKS if attack.shown)
