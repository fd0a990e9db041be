"""What the way to a teacher costs beside others that ask the same: vLLM's own benchmark, the bare ``openai`` client.

Expected before it was measured:
- ``engine``: tokens a second of our whole way (calls, journal, teacher) at least 95 % of what vLLM's own serving
  benchmark gets from the same engine, with as many calls at once, short and long answers mixed, streamed by both;
- ``tokens``: 50,000 tokens a second by one process, from an endpoint that streams long answers, one token an event;
- ``calls``: over 100,000 calls the same memory, less than 1 ms of processor time a call beyond that of the bare client,
  and at least 95 % of its calls a second, with the same number at once.

    python benchmarks/teacher.py [engine] [tokens] [calls]            all by default; about half an hour
    GENESYS_VLLM_PYTHON=.venv-vllm/bin/python python benchmarks/teacher.py engine
    ... python benchmarks/teacher.py engine --model Qwen/Qwen3-8B --gpus 1 --concurrency 256 --questions 2048

``engine`` starts vLLM by the Python that GENESYS_VLLM_PYTHON names, which needs what the benchmark of vLLM needs
(``pip install "vllm[bench]"``); with no ``--model`` a tiny one with random weights is made, for the CPU. Without that
variable it is skipped. For ``tokens`` and ``calls`` the answers are bytes made once: what is measured is the client.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, Self

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from benchmarks.teacher_parts.askers import Asker, Bare, Ours, Question, Spent
from benchmarks.teacher_parts.replay_server import ReplayServer
from benchmarks.teacher_parts.serving_benchmark import tokens_a_second
from genesys.teachers.vllm_engine import PYTHON_VARIABLE, VllmEngine

# Against the same engine ----------------------------------------------------------------------------------------------

LENGTHS = (16, 64, 256, 1024)
"""Tokens of the answers, in turns."""
ON_A_CPU = {
    "engine_args": {"enforce_eager": True, "max_model_len": 2048, "enable_chunked_prefill": False},
    "env": {"VLLM_CPU_KVCACHE_SPACE": "1"},
}


def engine_questions(round_number: int, who: str, count: int) -> list[Question]:
    """As many tokens to ask and to answer for everybody, and nothing that a cache of prefixes would know."""
    return [
        Question(
            f"{round_number}{who}{number:05}: what is the sum of {number} and {number + 1}? Explain each step.",
            {"max_completion_tokens": LENGTHS[number % len(LENGTHS)], "temperature": 0.7, "ignore_eos": True},
        )
        for number in range(count)
    ]


@contextlib.contextmanager
def running_engine(options: argparse.Namespace, python: str) -> Iterator[tuple[VllmEngine, str]]:
    """An engine, and what its tokenizer is found by."""
    with tempfile.TemporaryDirectory() as folder:
        model, more = options.model, {}
        if model is None:
            model, more = f"{folder}/tiny", ON_A_CPU
            subprocess.run([python, str(REPO / "tests/support/tiny_model.py"), model], check=True, capture_output=True)
        settings: dict[str, Any] = {**more, "num_gpus": options.gpus, "served_name": "m", "python": python}
        with VllmEngine(model, log_path=f"{folder}/vllm.log", start_timeout=1800.0, **settings) as running:
            yield running, model


def engine(options: argparse.Namespace) -> None:
    """Tokens a second against vLLM's own serving benchmark, in turns."""
    python = os.environ.get(PYTHON_VARIABLE)
    if not python:
        print(f"engine: skipped, {PYTHON_VARIABLE} is not set")
        return
    python = str(Path(python).absolute())
    print(f"tokens a second, answers of {LENGTHS} tokens in turns, {options.questions} calls, "
          f"{options.concurrency} at once, streamed; vLLM's benchmark, ours, ratio", flush=True)  # fmt: skip
    theirs: list[float] = []
    mine: list[float] = []
    with running_engine(options, python) as (running, tokenizer), tempfile.TemporaryDirectory() as folder:
        for number in range(-1, options.rounds):  # the first round warms up
            lots = [engine_questions(number % 10, who, options.questions) for who in "to"]
            both = [
                (theirs, lambda lot=lots[0]: _of_vllm(python, running, tokenizer, lot, options)),
                (mine, lambda lot=lots[1], place=Path(folder) / str(number): _of_ours(running, place, lot, options)),
            ]
            for found, measure in both if number % 2 else reversed(both):  # neither has the better place in a round
                found.append(measure())
            if number >= 0:
                print(f"  {theirs[-1]:>9,.0f}  {mine[-1]:>9,.0f}  {mine[-1] / theirs[-1]:.3f}", flush=True)
    theirs, mine = theirs[1:], mine[1:]
    print(f"  {median(theirs):>9,.0f}  {median(mine):>9,.0f}  {median(mine) / median(theirs):.3f}  medians")


def _of_vllm(
    python: str, running: VllmEngine, tokenizer: str, lot: list[Question], options: argparse.Namespace
) -> float:
    return tokens_a_second(
        python, running.base_url, tokenizer, "m", lot, concurrency=options.concurrency, key=running.api_key
    )


def _of_ours(running: VllmEngine, folder: Path, lot: list[Question], options: argparse.Namespace) -> float:
    asker = Ours(running.base_url, folder, concurrency=options.concurrency, stream=True, api_key=running.api_key)
    spent = asyncio.run(_after_warming_up(asker, lot))
    assert spent.tokens == sum(question.sampling["max_completion_tokens"] for question in lot)
    return spent.tokens / spent.seconds


# Long answers, streamed -----------------------------------------------------------------------------------------------

STREAMS = 256
OFFERED = 64_000
"""Tokens a second that an endpoint with steps writes, if it has the processor to itself."""


def tokens(options: argparse.Namespace) -> None:
    """Tokens a second by one process."""
    print(f"{STREAMS} answers of {options.tokens:,} tokens at once; tokens a second, and per second of processor time")
    for per_event, paced in ((1, False), (1, True), (4, False), (4, True)):
        step = STREAMS * per_event / OFFERED if paced else 0.0
        how = f"{OFFERED:,} a second offered, step by step" if paced else "as fast as it takes them"
        for name in ("ours", "bare") if not paced else ("ours",):
            count = STREAMS if name == "ours" else 8
            with (
                ReplayServer(tokens_per_event=per_event, step=step) as server,
                tempfile.TemporaryDirectory() as folder,
            ):
                asker = _asker(name, server.base_url, Path(folder), STREAMS, stream=True)
                spent = asyncio.run(_after_warming_up(asker, _long_questions(count, options.tokens)))
            print(f"  {per_event} an event, {how:<40} {name:<5} {spent.tokens / spent.seconds:>9,.0f} "
                  f"{spent.tokens / spent.processor_seconds:>9,.0f}", flush=True)  # fmt: skip


def _long_questions(count: int, length: int) -> list[Question]:
    return [Question(f"Question {number}", {"max_tokens": length, "temperature": 0.7}) for number in range(count)]


async def _after_warming_up(asker: Asker, questions: list[Question]) -> Spent:
    async with asker:
        await asker.ask([Question(f"Warming up {number}", {"max_tokens": 64}) for number in range(8)])
        return await asker.timed(questions)


def _asker(name: str, url: str, folder: Path, concurrency: int, *, stream: bool) -> Asker:
    if name == "ours":
        return Ours(url, folder, concurrency=concurrency, stream=stream)
    return Bare(url, concurrency=concurrency, stream=stream, aiohttp=name == "bare, aiohttp")


# Many calls -----------------------------------------------------------------------------------------------------------

PARTS = 10
CONTENDERS = ("ours", "bare", "bare, aiohttp")
LENGTH = 400
"""Tokens of an answer, some 2,000 characters."""


class Apart:
    """One who asks, in a process of its own that stays: so that its memory can be looked at."""

    def __init__(self, name: str, url: str, folder: str, options: argparse.Namespace) -> None:
        """Start it."""
        command = [sys.executable, __file__, "apart", "--name", name, "--url", url, "--folder", folder,
                   "--concurrency", str(options.concurrency), *(["--stream"] if options.stream else [])]  # fmt: skip
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, first: int, count: int) -> tuple[Spent, float]:
        """Have it ask some questions; what they took, and the megabytes that the process has then."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{first} {count}\n")
        self._process.stdin.flush()
        spent, megabytes = json.loads(self._process.stdout.readline())
        return Spent(**spent), megabytes

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """It ends by itself when nothing more can be asked of it."""
        self._process.communicate()


def calls(options: argparse.Namespace) -> None:
    """Memory, processor time and calls a second over many calls, beside the bare client's in turns."""
    size, theirs = options.calls // PARTS, max(options.calls // PARTS // 5, 1)
    print(f"{options.calls:,} calls, answers of {LENGTH} tokens {'streamed' if options.stream else 'in one'}, "
          f"{options.concurrency} at once, the bare client a fifth as many between; ms of processor time per call and "
          f"calls a second: {'; '.join(CONTENDERS)}; memory of ours")  # fmt: skip
    found: dict[str, list[Spent]] = {name: [] for name in CONTENDERS}
    with (
        ReplayServer(tokens_per_event=4) as server,
        tempfile.TemporaryDirectory() as folder,
        contextlib.ExitStack() as stack,
    ):
        apart = {n: stack.enter_context(Apart(n, server.base_url, folder, options)) for n in CONTENDERS}
        for name in CONTENDERS:
            apart[name].ask(-100, 100)
        for part in range(PARTS):
            megabytes = {}
            for name in CONTENDERS:
                count = size if name == "ours" else theirs
                spent, megabytes[name] = apart[name].ask(part * count, count)
                found[name].append(spent)
            told = "; ".join(f"{s[-1].ms_a_call:.2f} {s[-1].calls / s[-1].seconds:,.0f}/s" for s in found.values())
            print(f"  {(part + 1) * size:>7,}: {told}; {megabytes['ours']:.0f} MB", flush=True)
    for name in CONTENDERS[1:]:
        pairs = list(zip(found["ours"], found[name], strict=True))
        more = median(ours.ms_a_call - bare.ms_a_call for ours, bare in pairs)
        ratio = median(ours.calls / ours.seconds / (bare.calls / bare.seconds) for ours, bare in pairs)
        print(f"  ours beside {name}: {more:+.2f} ms of processor time a call, {ratio:.2f} times its calls a second")


def apart(options: argparse.Namespace) -> None:
    """Ask what stdin says, and tell what it took."""

    async def run() -> None:
        asker = _asker(options.name, options.url, Path(options.folder), options.concurrency, stream=options.stream)
        async with asker:
            for line in sys.stdin:
                first, count = map(int, line.split())
                sampling = {"max_tokens": LENGTH, "temperature": 0.7}
                lot = [Question(f"Question {n}", {**sampling, "seed": n}) for n in range(first, first + count)]
                spent = await asker.timed(lot)
                print(json.dumps([asdict(spent), _megabytes()]), flush=True)

    asyncio.run(run())


def _megabytes() -> float:
    """What this process holds now, not at its peak."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Parse the words of the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["engine", "tokens", "calls"])
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--model", help="engine: a model's name or folder; by default a tiny one is made, for the CPU")
    parser.add_argument("--gpus", type=int, default=0, help="engine: over how many GPUs the model is spread")
    parser.add_argument("--questions", type=int, default=256, help="engine: calls a round")
    parser.add_argument("--rounds", type=int, default=5, help="engine: rounds of each")
    parser.add_argument("--tokens", type=int, default=4000, help="tokens: tokens of an answer")
    parser.add_argument("--calls", type=int, default=100_000, help="calls: how many")
    parser.add_argument("--stream", action="store_true", help="calls: answers are streamed, four tokens an event")
    parser.add_argument("--name", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        for what in options.what:
            {"engine": engine, "tokens": tokens, "calls": calls, "apart": apart}[what](options)


if __name__ == "__main__":
    main()
