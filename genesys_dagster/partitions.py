"""Partitions: one dynamic definition a lane, shared by all its stages: a partition is one shard all along.

Which shards there are is the ledger's to say (``genesys.ledger``); its asset brings their names here.
"""

from collections.abc import Iterable

import dagster as dg


def shards_name(lane: str) -> str:
    """Name of a lane's partition definition."""
    return f"{lane}_shards"


def shards_of(lane: str) -> dg.DynamicPartitionsDefinition:
    """The lane's shards. Definitions of one name share one set of keys, so that this may be called again and again."""
    return dg.DynamicPartitionsDefinition(name=shards_name(lane))


def shard_of(context: dg.OpExecutionContext | dg.AssetCheckExecutionContext) -> str:
    """The shard of a run, which a person may have forgotten to choose.

    Raises:
        dg.Failure: The run has no partition.
    """
    if not context.has_partition_key:
        raise dg.Failure("This run has no partition: choose one, a shard of the lane.", allow_retries=False)
    return context.partition_key


def add_shards(instance: dg.DagsterInstance, lane: str, shards: Iterable[str]) -> list[str]:
    """Make partitions of shards that are none yet.

    Returns:
        Those that were added. All shards of the ledger are to be given, not the newest only: the tables may be older
        than this Dagster instance.
    """
    known = set(instance.get_dynamic_partitions(shards_name(lane)))
    new = [shard for shard in shards if shard not in known]
    if new:
        instance.add_dynamic_partitions(shards_name(lane), new)
    return new


def made_shards(instance: dg.DagsterInstance, lane: str, key: dg.AssetKey) -> set[str]:
    """Shards of a table that were materialized, without those that a person took out of the lane's partitions."""
    return instance.get_materialized_partitions(key) & set(instance.get_dynamic_partitions(shards_name(lane)))
