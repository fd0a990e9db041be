"""What a materialization of verdicts on programs shows besides what all verdicts do: how the tests ended.

Reads the verdicts as the table keeps them; what they mean stands with ``genesys.verifiers.code_test_verifier``.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from genesys.tables.lake import Lake, Manifest
from genesys_dagster import plots
from genesys_dagster.markdown import below_limit, markdown_table

NOT_STARTED = ("compile error", "no code")
"""Reasons of verdicts on programs that no test was run of."""


@dataclass
class Tally:
    """Verdicts on programs, counted."""

    tests: Counter[str] = field(default_factory=Counter)
    """Tests of the programs that ran, by verdict, as far as verdicts list them."""
    not_started: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    total: int = 0
    isolation: Counter[str] = field(default_factory=Counter)
    shares: list[float] = field(default_factory=list)
    """Of tests passed, a program each."""

    def add(self, score: float | None, info: dict[str, Any]) -> None:
        """Count one verdict; one that no tests were part of (a fault of the task) says nothing here."""
        if score is None or not {"passed", "total"} <= info.keys():
            return
        self.passed += info["passed"]
        self.total += info["total"]
        self.shares.append(score)
        if (reason := info.get("reason")) in NOT_STARTED:
            self.not_started[reason] += 1
        else:
            self.tests.update(test["verdict"] for test in info.get("tests", ()))
        if "isolation" in info:
            self.isolation[info["isolation"]] += 1


def programs_metadata(lake: Lake, manifest: Manifest) -> dict[str, Any]:
    """Tests by verdict, programs that did not compile, the share of tests passed, and who kept the programs in."""
    tally = Tally()
    for score, info in _verdicts(lake, manifest):
        tally.add(score, info)
    tests = tally.tests.total()
    rows = [(verdict.replace("_", " "), f"{n:,}", f"{n / tests:.1%}") for verdict, n in tally.tests.most_common()]
    return {
        "test_verdicts": markdown_table(("test ended as", "tests", "share"), rows),
        "compile_errors": tally.not_started["compile error"],
        "without_code": tally.not_started["no code"],
        "tests_passed_rate": round(tally.passed / tally.total, 6) if tally.total else 0.0,
        "isolation": dg.MetadataValue.json(dict(tally.isolation)),
        "shares_plot": dg.MetadataValue.md(below_limit(plots.shares_plot(tally.shares))),
    }


def _verdicts(lake: Lake, manifest: Manifest) -> Iterator[tuple[float | None, dict[str, Any]]]:
    for row in lake.rows(manifest.asset, manifest.partition, ["score", "verification_result_info"]):
        yield row["score"], json.loads(row["verification_result_info"])
