"""Partitions: one definition a lane, shared by all its stages: each is one shard all along, or one language of it.

Which shards there are is the ledger's to say (``genesys.ledger``); its asset brings their names here. Dagster's keys
and the library's partitions (``genesys.partition``) are made into one another here and nowhere else. Where a lane has
languages, a key has two dimensions, as in ``rust|translated_coding-00000``.
"""

from collections.abc import Iterable

import dagster as dg

from genesys.lane import Lane
from genesys.partition import Partition, partitions_of
from genesys_dagster import internals

LANGUAGE, SHARD = "language", "shard"
"""Dimensions. Dagster sorts them by name, in keys too."""


def shards_name(lane: str) -> str:
    """Name of a lane's definition of shards."""
    return f"{lane}_shards"


def shards_def(lane: Lane) -> dg.DynamicPartitionsDefinition:
    """The lane's shards. Definitions of one name share one set of keys, so that this may be called again and again."""
    return dg.DynamicPartitionsDefinition(name=shards_name(lane.name))


def partitions_def(lane: Lane) -> dg.PartitionsDefinition:
    """The partitions of the lane's stages."""
    if not lane.languages:
        return shards_def(lane)
    languages = dg.StaticPartitionsDefinition(list(lane.languages))
    return dg.MultiPartitionsDefinition({LANGUAGE: languages, SHARD: shards_def(lane)})


def shards_mapping(lane: Lane) -> dg.PartitionMapping | None:
    """How the lane's partitions rest on its shards, where they are not the same."""
    if not lane.languages:
        return None
    with internals.unsettled_features():
        return dg.MultiToSingleDimensionPartitionMapping(partition_dimension_name=SHARD)


def key_of(partition: Partition) -> str:
    """Dagster's key of a partition."""
    if partition.language is None:
        return partition.shard
    return dg.MultiPartitionKey({LANGUAGE: partition.language, SHARD: partition.shard})


def from_key(lane: Lane, key: str) -> Partition:
    """The partition that a key of Dagster's means."""
    language, separator, shard = key.partition("|")
    return Partition(shard, language) if lane.languages and separator else Partition(key)


def partition_of(context: dg.OpExecutionContext | dg.AssetCheckExecutionContext, lane: Lane) -> Partition:
    """The partition of a run, which a person may have forgotten to choose.

    Raises:
        dg.Failure: The run has no partition.
    """
    if not context.has_partition_key:
        what = "a shard of the lane" + (" and a language" if lane.languages else "")
        raise dg.Failure(f"This run has no partition: choose one, {what}.", allow_retries=False)
    return from_key(lane, context.partition_key)


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


def known_partitions(instance: dg.DagsterInstance, lane: Lane) -> list[Partition]:
    """All partitions that the lane has, in order."""
    return partitions_of(lane, sorted(instance.get_dynamic_partitions(shards_name(lane.name))))


def made_partitions(instance: dg.DagsterInstance, lane: Lane, key: dg.AssetKey) -> set[Partition]:
    """Partitions of a table that were materialized, without shards that a person took out of the lane's partitions."""
    known = set(instance.get_dynamic_partitions(shards_name(lane.name)))
    made = {from_key(lane, made) for made in instance.get_materialized_partitions(key)}
    return {partition for partition in made if partition.shard in known}
