"""What a materialization of judged verdicts shows besides what all verdicts do: how far judges agree, what sways them.

Reads the verdicts as the table keeps them; the figures stand in ``genesys.quality.judge_agreement``.
"""

import json
from typing import Any

from genesys.quality.judge_agreement import JudgeTally
from genesys.tables.lake import Lake, Manifest
from genesys_dagster.markdown import markdown_table


def judged_metadata(lake: Lake, manifest: Manifest) -> dict[str, Any]:
    """Agreement between judges; nothing where no verdict is a judge's."""
    tally = JudgeTally()
    for row in lake.rows(manifest.asset, manifest.partition, ["score", "rule", "verification_result_info"]):
        if str(row["rule"] or "").startswith("judge"):
            tally.add(row["score"], json.loads(row["verification_result_info"]))
    if not tally.verdicts:
        return {}
    rows = [(model, len(scores), round(sum(scores) / len(scores), 4)) for model, scores in sorted(tally.scores.items())]
    return {
        **tally.figures(),
        "judgements": markdown_table(("verdict reached by", "responses"), tally.ends.most_common()),
        "judges": markdown_table(("judge", "votes", "mean score"), rows),
    }
