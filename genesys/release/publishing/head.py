"""The head of a card: what the hub and ``load_dataset`` read of it, as YAML. Words for people stand in the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genesys.release.publishing.layout import SFT, TEST, TRAIN
from genesys.release.publishing.licensing import License
from genesys.release.publishing.standing import SCHEMAS

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
_CATEGORIES = {"sft": ["text-generation"], "raw": ["text-generation"], "rl": ["reinforcement-learning"]}


@dataclass(frozen=True)
class Head:
    """What stands in it.

    Args:
        title: For people.
        license: Of the whole.
        languages: That people write the texts in, as ISO 639 codes.
        tags: By which it is found.
        rows: For training and for testing, by data set; those without any are not there.
        weights: Bytes of the same without compression.
        files: Bytes of the files, by data set.
    """

    title: str
    license: License
    languages: Sequence[str]
    tags: Sequence[str]
    rows: dict[str, tuple[int, int]]
    weights: dict[str, tuple[int, int]]
    files: dict[str, int]

    def yaml(self) -> str:
        """All of it, without the dashes around it."""
        from huggingface_hub import DatasetCardData

        data = DatasetCardData(
            pretty_name=self.title,
            license=self.license.id,
            license_name=self.license.name,
            language=list(self.languages),
            task_categories=list(dict.fromkeys(name for part in self.rows for name in _CATEGORIES.get(part, ()))),
            tags=list(self.tags),
            size_categories=[_size(max(map(sum, self.rows.values()), default=0))],
            configs=[self._config(name) for name in self.rows],
            dataset_info=[self._info(name) for name in self.rows],
        )
        text: str = data.to_yaml()
        return text

    def _splits(self, name: str) -> list[tuple[str, int]]:
        train, test = self.rows[name]
        return [(split, count) for split, count in ((TRAIN, train), (TEST, test)) if count]

    def _config(self, name: str) -> dict[str, Any]:
        files = [{"split": split, "path": f"{name}/{split}-*.parquet"} for split, _ in self._splits(name)]
        return {"config_name": name, **({"default": True} if name == self._default else {}), "data_files": files}

    @property
    def _default(self) -> str:
        return SFT if SFT in self.rows else next(iter(self.rows), "")

    def _info(self, name: str) -> dict[str, Any]:
        from datasets import DatasetInfo, Features

        info = DatasetInfo(features=Features.from_arrow_schema(SCHEMAS[name]))
        weights = dict(zip((TRAIN, TEST), self.weights[name], strict=True))
        splits = [
            {"name": split, "num_bytes": weights[split], "num_examples": count} for split, count in self._splits(name)
        ]
        sizes = {"download_size": self.files[name], "dataset_size": sum(self.weights[name])}
        return {"config_name": name, **info._to_yaml_dict(), "splits": splits, **sizes}


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "n>100M")
