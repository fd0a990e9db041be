"""What materializations show of money and tokens; it is counted in ``genesys.release.costs``."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from genesys.calls.usage import Usage
from genesys.release.costs import HEADER, Costs, dataset_costs, paid_in, shard_costs, table_rows, total
from genesys.settings.prices import Prices
from genesys.tables.lake import Lake, Manifest
from genesys_dagster.markdown import markdown_table

VERDICTS = "verifications"


def stage_costs(lake: Lake, manifest: Manifest, prices: Prices) -> dict[str, Any]:
    """Of one partition of a stage: what its own rows cost; with its verdicts, what each trace of the shard did."""
    lane, _, stage = manifest.asset.partition("/")
    own = Costs(paid_in([manifest]))
    found = {"cost": round(prices.total(own.paid), 6), "costs": _table({lane: own}, prices)}
    if stage == VERDICTS:
        return found | _per_trace(shard_costs(lake, lane, manifest.partition), prices)
    rows = manifest.counts.accepted
    if stage == "generations" and rows:
        found["tokens_per_response"] = round(sum(own.paid.values(), Usage()).tokens / rows, 1)
        found["cost_per_response"] = round(prices.total(own.paid) / rows, 6)
    return found


def set_costs(lake: Lake, lanes: list[str], prices: Prices) -> dict[str, Any]:
    """Of a data set: all that was paid for its lanes, over the traces in it."""
    costs = dataset_costs(lake, lanes)
    whole = total(costs)
    return {"cost": round(prices.total(whole.paid), 6), "costs": _table(costs, prices)} | _per_trace(whole, prices)


def _per_trace(costs: Costs, prices: Prices) -> dict[str, Any]:
    each = costs.per_trace(prices)
    return {} if each is None else {"tokens_per_trace": round(each[0], 1), "cost_per_trace": round(each[1], 6)}


def _table(costs: Mapping[str, Costs], prices: Prices) -> dg.MarkdownMetadataValue:
    return markdown_table(HEADER, table_rows(costs, prices))
