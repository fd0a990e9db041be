"""From verified responses to data sets: seconds and memory of each step, over synthetic lanes of several sizes.

What is in the lanes, and how it is distributed, stands in `release_parts/texts.py` and `release_parts/lanes.py`. Each
step runs in a process of its own; its memory is that of all its processes together. After them it is shown whether what
was planted was found. Give it a folder with room: a trace of 2 kB takes about 6 kB on the disk, all data sets included.

    python -m benchmarks.release --traces 20000 60000 --folder /tmp/release
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.release_parts import lanes as synthetic
from benchmarks.release_parts.finding import found
from benchmarks.release_parts.running import watched
from benchmarks.release_parts.texts import BYTES_A_WORD
from genesys.lanes import LANES
from genesys.quality.same_answers import SameAnswers
from genesys.release.filtered import make_filtered
from genesys.release.measured import inputs_of, measure, shards_of
from genesys.release.preference import make_preference
from genesys.release.processes import in_processes
from genesys.release.raw import make_raw
from genesys.release.rl import make_rl
from genesys.release.sft import make_sft
from genesys.release.text_measures import TextMeasures
from genesys.settings import Settings
from genesys.settings.benchmarks import Benchmark, BenchmarkSettings
from genesys.settings.release import ReleaseSettings
from genesys.tables.lake import Lake

STEPS = ("make", "measured", "filtered", "raw", "sft", "preference", "rl")


def parsed() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, nargs="+", default=[20_000, 60_000, 180_000])
    parser.add_argument("--bytes", type=int, default=2000, help="mean size of a response's text")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", help="where the tables go; kept, if it is given")
    parser.add_argument("--step", choices=[*STEPS, "found"], help=argparse.SUPPRESS)
    return parser.parse_args()


def settings_of(options: argparse.Namespace, folder: Path) -> Settings:
    """The defaults, with one benchmark."""
    benchmark = Benchmark(path=str(folder / "benchmark.jsonl"), name="synthetic", column="text", key="id")
    return Settings(
        folder=str(folder),
        state=str(folder),
        benchmarks=BenchmarkSettings(default=False, further=(benchmark,)),
        release=ReleaseSettings(workers=options.workers),
    )


def step(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One step, in this process and its children."""
    settings = settings_of(options, folder)
    lake = Lake(folder / "lake")
    lanes = [LANES[name] for name in synthetic.LANES]
    if options.step == "make":
        return make(options, folder)
    if options.step == "found":
        return found(lake, folder, settings)
    if options.step == "measured":
        with SameAnswers(settings=settings) as same:
            measures, shards = TextMeasures(settings, settings.disputes), shards_of(lake, lanes)
            inputs, revisions = inputs_of(lake, shards), measures.revisions()
            return {
                "rows": sum(
                    m.part.data.rows for m in measure(lake, shards, inputs, measures, same, revisions=revisions)
                )
            }
    part = {
        "filtered": lambda: make_filtered(lake, lanes, settings=settings),
        "raw": lambda: make_raw(lake, lanes),
        "sft": lambda: make_sft(lake, lanes),
        "preference": lambda: make_preference(lake, lanes, preference=settings.release.preference),
        "rl": lambda: make_rl(lake, lanes),
    }[options.step]()
    return {"rows": part.data.rows, "dropped": part.counts.get("dropped", {})}


def make(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The lanes."""
    (folder / "planted").mkdir(parents=True, exist_ok=True)
    held = [{"id": str(n), "text": synthetic.benchmark_text(options.seed, n)} for n in range(synthetic.BENCHMARK)]
    (folder / "benchmark.jsonl").write_text("".join(json.dumps(row) + "\n" for row in held))
    # The median of a log-normal is below its mean by the half square of its spread.
    words = round(options.bytes / BYTES_A_WORD / 1.28)
    plan = synthetic.Plan(str(folder), options.seed, words)
    places = synthetic.shards_for(options.traces[0])
    sums = [0, 0]
    for _, (traces, size) in in_processes(synthetic.make_shard, plan, places, options.workers):
        sums = [sums[0] + traces, sums[1] + size]
    return {"rows": sums[0], "bytes": sums[1]}


def main() -> None:
    """Run it."""
    options = parsed()
    if options.step:
        print(json.dumps(step(options, Path(options.folder))))
        return
    print(f"{'traces':>10} {'text':>9}  {'step':<11} {'seconds':>8} {'of cores':>8} {'peak':>9}  rows")
    for traces in options.traces:
        folder = Path(options.folder or tempfile.mkdtemp(prefix="release-")).absolute() / str(traces)
        given = ["--traces", str(traces), "--bytes", str(options.bytes), "--workers", str(options.workers)]
        given += ["--seed", str(options.seed), "--folder", str(folder)]
        total, text = 0.0, 0
        for name in STEPS:
            if name == "make" and (folder / "benchmark.jsonl").exists():
                continue
            told = watched([*given, "--step", name])
            text = told.get("bytes", text)
            total += told["seconds"] if name != "make" else 0
            print(
                f"{traces:>10,} {text / 1e6:>6,.0f} MB  {name:<11} {told['seconds']:>8.1f} "
                f"{told['cpu']:>8.1f} "
                f"{told['peak'] / 1e6:>6,.0f} MB  {told['rows']:,}",
                flush=True,
            )
        print(f"{traces:>10,} {text / 1e6:>6,.0f} MB  {'all but make':<11} {total:>7.1f}")
        for name, told in watched([*given, "--step", "found"]).items():
            print(f"{'':>10} {name}: {told}")
        if not options.folder:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
