"""What holds for every test. Fixtures that only one package needs belong beside its tests.

GENESYS_REQUIRE=docker,s3,browser names markers whose tests must run here: one that is skipped fails instead.
CI sets it, so that a missing engine cannot pass for a green run.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

REQUIRED = frozenset(filter(None, os.environ.get("GENESYS_REQUIRE", "").split(",")))


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
