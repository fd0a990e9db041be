"""``<lane>/shards``: how the ledger hands its rows on, shard by shard. Made by nobody: a reading tells of them.

The ledger is one table with one data version, which every new row changes. Its shards never change once they are cut;
each is a partition here with a version of its own, so that new rows make no shard stale that was there before. All
languages of a lane rest on the same shards.
"""

import dagster as dg

from genesys.lane import Lane
from genesys.ledger import ledger_asset
from genesys.tables.lake import Lake, Part
from genesys_dagster import internals
from genesys_dagster.partitions import shards_def

SHARDS = "shards"


def shards_key(lane: Lane) -> dg.AssetKey:
    """``<lane>/shards``."""
    return dg.AssetKey([lane.name, SHARDS])


def shards_asset(lane: Lane) -> dg.AssetSpec:
    """The external asset of one lane."""
    return dg.AssetSpec(
        shards_key(lane),
        deps=[dg.AssetKey([lane.name, "ledger"])],
        partitions_def=shards_def(lane),
        group_name=lane.name,
        description="The ledger's rows, shard by shard; a data version is the hash of the shard's part.",
    )


def observations(instance: dg.DagsterInstance, lake: Lake, lane: Lane) -> list[dg.AssetObservation]:
    """What Dagster does not know yet of the shards: at a later reading, the new ones."""
    known = internals.observed_versions(instance, shards_key(lane))
    return [
        shard_observation(lane, shard, part)
        for shard, part in lake.need(ledger_asset(lane)).parts.items()
        if known.get(shard) != part.data.sha256
    ]


def shard_observation(lane: Lane, shard: str, part: Part) -> dg.AssetObservation:
    """What there is to say of one shard: the hash of its part."""
    return dg.AssetObservation(shards_key(lane), partition=shard, tags={internals.DATA_VERSION: part.data.sha256})
