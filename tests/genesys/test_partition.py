"""Partitions have one name outside Dagster, by which both of their halves are found again."""

import pytest

from genesys.faults import GenesysError
from genesys.partition import Partition, partitions_of
from tests.support.spoken_lane import spoken_lane
from tests.support.tiny_lane import sums_lane


def test_without_languages_a_partition_is_its_shard() -> None:
    assert [one.name for one in partitions_of(sums_lane(), ["sums-00000", "sums-00001"])] == [
        "sums-00000",
        "sums-00001",
    ]
    assert Partition.of(sums_lane(), "sums-00000") == Partition("sums-00000")


def test_with_languages_it_is_one_of_them() -> None:
    lane, shards = spoken_lane(), ["spoken-00009", "spoken-00010", "spoken-100000"]
    found = partitions_of(lane, shards)
    assert [one.name for one in found[:3]] == ["spoken-00009-cobol", "spoken-00009-latin", "spoken-00010-cobol"]
    assert [Partition.of(lane, one.name) for one in found] == found
    assert sorted(one.name for one in found[:4]) == [one.name for one in sorted(found[:4])]


def test_a_language_that_is_chosen_no_more_is_still_read() -> None:
    assert Partition.of(spoken_lane(("latin",)), "spoken-00000-cobol") == Partition("spoken-00000", "cobol")


def test_a_shard_alone_names_no_partition_of_a_lane_with_languages() -> None:
    with pytest.raises(GenesysError, match=r"say which one, as in spoken-00000-cobol"):
        Partition.of(spoken_lane(), "spoken-00000")


def test_a_language_has_to_be_a_name() -> None:
    with pytest.raises(ValueError, match=r"\['c\+\+'\] cannot be names of languages"):
        spoken_lane(("latin", "c++"))
