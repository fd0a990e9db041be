"""What drifted between two versions of the data sets, as checks of ``dataset/diversity`` that warn and never block.

What is compared and when it warns stands in ``genesys.quality.drift``.
"""

from collections.abc import Sequence

import dagster as dg

from genesys.quality.drift import QUESTIONS, Drift
from genesys.release.diversity import Compared
from genesys_dagster.markdown import markdown_table

DESCRIPTIONS = {
    "diversity": "Words, openings and phrases are as varied as in the version before.",
    "self_similarity": "Texts are no more alike than in the version before.",
    "lengths": "Thinking and answers are as long as in the version before.",
    "pass_rates": "Teachers are right as often as in the version before, by lane, source, language and teacher.",
}
SHOWN = 30


def drift_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """One check for each question."""
    return [dg.AssetCheckSpec(name, asset=key, description=DESCRIPTIONS[name], blocking=False) for name in QUESTIONS]


def drift_results(key: dg.AssetKey, found: Compared) -> list[dg.AssetCheckResult]:
    """Their answers."""
    return [_result(key, name, found) for name in QUESTIONS]


def _result(key: dg.AssetKey, question: str, found: Compared) -> dg.AssetCheckResult:
    drifts = [drift for drift in found.drifts if drift.question == question]
    warns = [drift for drift in drifts if drift.warns]
    more = f" and {len(warns) - 3} more" if len(warns) > 3 else ""
    told = "; ".join(map(str, warns[:3])) + more
    nothing = None if found.before else "nothing to compare with yet"
    return dg.AssetCheckResult(
        passed=not warns,
        asset_key=key,
        check_name=question,
        severity=dg.AssetCheckSeverity.WARN,
        description=told or nothing,
        metadata={
            "version": found.version,
            "compared_with": found.before or "none",
            "compared": len(drifts),
            "moved_too_far": len(warns),
            "figures": _figures(drifts),
        },
    )


def _figures(drifts: Sequence[Drift]) -> dg.MarkdownMetadataValue:
    header = ("measure", "of", "groups", "group", "before", "now", "moved by", "limit", "warns")
    return markdown_table(
        header,
        (
            (one.measure, one.of, one.scope, one.group, one.before, one.now, round(one.moved, 4), one.limit, one.warns)
            for one in drifts[:SHOWN]
        ),
    )
