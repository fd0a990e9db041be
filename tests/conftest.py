"""What holds for every test. Fixtures that only one package needs belong beside its tests.

GENESYS_REQUIRE=docker,s3,browser names markers whose tests must run here: one that is skipped fails instead.
CI sets it, so that a missing engine cannot pass for a green run.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

os.environ["GENESYS__BENCHMARKS__DEFAULT"] = "false"
"""No test fetches the public test sets; processes that tests start have this too."""

REQUIRED = frozenset(filter(None, os.environ.get("GENESYS_REQUIRE", "").split(",")))

LONG = (
    "genesys_dagster/test_commands.py",
    "genesys/verifiers/test_code_verifier.py",
    "genesys/sandbox/test_attacks.py",
    "genesys/sandbox/test_node_launcher.py",
    "genesys/sandbox/test_killed.py",
    "genesys_dagster/test_killed_runs.py",
    "genesys_dagster/test_run_command.py",
    "genesys_dagster/test_s3.py",
    "genesys/sandbox/test_endurance.py",
    "genesys/calls/test_killed.py",
    "packaging/test_wheel.py",
)
"""Modules that keep a worker for half a minute or more. They come first: begun last, one would run alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long modules before all others; the order within a module stays."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test whose marker is required. An expected failure is no skip."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _fail_if_required(report, REQUIRED & {mark.name for mark in item.iter_markers()})
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a module that skips itself while it is read: its marks are not known yet, so its text tells."""
    report = yield
    if report.skipped and REQUIRED and isinstance(collector, pytest.Module):
        text = Path(collector.path).read_text(encoding="utf-8")
        _fail_if_required(report, {name for name in REQUIRED if f"mark.{name}" in text})
    return report


def _fail_if_required(report: pytest.TestReport | pytest.CollectReport, names: set[str] | frozenset[str]) -> None:
    if names:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{', '.join(sorted(names))} must not be skipped here (GENESYS_REQUIRE): {reason}"
