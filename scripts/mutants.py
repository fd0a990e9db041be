"""Would the tests notice a mistake? Makes small ones in a module (mutants), and shows those with which all tests pass.

    make mutants ARGS="genesys/calls/engine.py"                    every mutant of a module
    make mutants ARGS="genesys/calls --sample 40"                  40 of each module of a folder, always the same ones
    make mutants ARGS="genesys/tables/lake.py --tests tests/genesys/tables/test_lake.py"
    make mutants ARGS="genesys/calls/parts.py --with s3"            tests of this marker, too
    make mutants ARGS="genesys/calls/engine.py --only genesys.calls.engine.x_end_of__mutmut_3"

mutmut does the work, in the folder mutants/; this chooses for it what its command line cannot: modules, tests, a sample
of the mutants. What else it is told stands in pyproject.toml.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = ("docker", "s3", "browser", "vllm", "slow")
"""Markers of tests that need much: some time, or a thing that a machine may not have."""

LEFT = ("survived", "no tests")

MUTANTS = Path("mutants")


def main() -> int:
    """Run it."""
    asked = _arguments()
    modules = sorted({module for path in asked.paths for module in _modules(path)})
    tests = asked.tests or sorted({str(test) for module in modules for test in _mirror(module)})

    from mutmut import configuration

    config = configuration.config()
    config.only_mutate = [str(module) for module in modules]
    config.pytest_add_cli_args_test_selection = tests
    left_out = [f"not {marker}" for marker in LEFT_OUT if marker not in asked.markers]
    config.pytest_add_cli_args = [*config.pytest_add_cli_args, "-m", " and ".join(left_out)]
    if asked.but:
        config.pytest_add_cli_args += ["-k", f"not ({asked.but})"]

    import mutmut.__main__ as mutmut

    print(f"{len(modules)} modules; tests: {' '.join(tests)}\n", flush=True)
    _begin_anew_for(modules)
    with _choosing(mutmut, asked.sample, asked.seed):
        mutmut._run(tuple(asked.only), asked.workers)
    if asked.thorough:
        _try_again(mutmut, asked.only, [*tests, *config.pytest_add_cli_args])
    _report(mutmut, asked.only)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path, help="modules, or folders of modules")
    parser.add_argument("--sample", type=int, help="mutants of each module (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="another sample (default: 0)")
    parser.add_argument("--tests", nargs="+", help="tests to pass (default: those beside the module's)")
    parser.add_argument("--but", metavar="WORDS", help='not the tests of these names, as pytest reads them: "a or b"')
    parser.add_argument(
        "--with", nargs="+", default=[], dest="markers", choices=LEFT_OUT, help="tests that are left out"
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="MUTANT", help="try these (again), by name or pattern")
    parser.add_argument(
        "--thorough", action="store_true", help="pass all tests with a mutant before saying that none fails it"
    )
    parser.add_argument("--workers", type=int, default=1, help="mutants tried at once")
    return parser.parse_args()


def _modules(path: Path) -> list[Path]:
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    if not found or not all(module.is_file() and module.suffix == ".py" for module in found):
        sys.exit(f"no module here: {path}")
    return [module for module in found if module.name != "__init__.py" or module == path]


def _mirror(module: Path) -> list[Path]:
    """The tests beside that of a module; those of the nearest folder above, where its folder has none."""
    for folder in module.parents:
        if found := list(("tests" / folder).glob("test_*.py")):
            return found
    sys.exit(f"no tests mirror {module}: name some with --tests")


def _begin_anew_for(modules: list[Path]) -> None:
    """Keep what an earlier question has found out, if it was about these modules, too.

    Of a module that it has copied as it is, mutmut makes no mutants later, nor does it learn which tests come there.
    """
    asked, names = MUTANTS / "asked.txt", [str(module) for module in modules]
    if not asked.is_file() or not set(names) <= set(asked.read_text("utf-8").splitlines()):
        shutil.rmtree(MUTANTS, ignore_errors=True)
        MUTANTS.mkdir()
    asked.write_text("\n".join(names), "utf-8")


@contextlib.contextmanager
def _choosing(mutmut: object, sample: int | None, seed: int) -> Iterator[None]:
    """Have a run leave out what is not in the sample, which is drawn by module: a large one crowds out no other."""
    collect = mutmut.collect_source_file_mutation_data

    def sampled(*, mutant_names: tuple[str, ...]) -> tuple[list, dict]:
        mutants, by_path = collect(mutant_names=mutant_names)
        by_module = collections.defaultdict(list)
        for mutant in mutants:
            by_module[str(mutant[0].path)].append(mutant)
        chosen = []
        for path, of_module in sorted(by_module.items()):
            of_module.sort(key=lambda mutant: mutant[1])
            few = sample is None or len(of_module) <= sample
            chosen += of_module if few else random.Random(f"{seed} {path}").sample(of_module, sample)
        return chosen, by_path

    mutmut.collect_source_file_mutation_data = sampled
    try:
        yield
    finally:
        mutmut.collect_source_file_mutation_data = collect


def _try_again(mutmut: object, only: list[str], words: list[str]) -> None:
    """Pass all tests with what is left: those that come to a function in a process that they start are not known to."""
    mutants, _ = mutmut.collect_source_file_mutation_data(mutant_names=tuple(only))
    left = [(data, name) for data, name, exit_code in mutants if mutmut.status_by_exit_code[exit_code] in LEFT]
    for number, (data, name) in enumerate(left, 1):
        print(f"again, {number} of {len(left)}: {name}", flush=True)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", *words]
        environment = os.environ | {"MUTANT_UNDER_TEST": name}
        done = subprocess.run(command, cwd=MUTANTS, env=environment, stdout=subprocess.DEVNULL)
        data.exit_code_by_key[name] = done.returncode
        data.save()


def _report(mutmut: object, only: list[str]) -> None:
    """What was found out so far of these modules: each mutant that no test failed, and a table."""
    table = []
    mutants, _ = mutmut.collect_source_file_mutation_data(mutant_names=tuple(only))
    ends = collections.defaultdict(collections.Counter)
    for data, name, exit_code in mutants:
        end = mutmut.status_by_exit_code[exit_code]
        ends[str(data.path)][end] += 1
        if end not in ("killed", "timeout", "not checked"):
            print(f"\n== {name}: {end}")
            print("\n".join(mutmut.get_diff_for_mutant(name, path=data.path).splitlines()[2:]))
    for path, counts in sorted(ends.items()):
        tried = counts.total() - counts["not checked"]
        caught = counts["killed"] + counts["timeout"]
        table.append((path, counts.total(), tried, caught, counts["survived"], counts["no tests"]))
    print(f"\n{'module':48} {'mutants':>8} {'tried':>6} {'caught':>7} {'survived':>9} {'untested':>9}")
    for path, *numbers in table:
        print(f"{path:48} {numbers[0]:8} {numbers[1]:6} {numbers[2]:7} {numbers[3]:9} {numbers[4]:9}")


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    sys.exit(main())
