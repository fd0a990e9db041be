"""How a release looks on disk: names of its folders and files, and of the tables that they come from. Nothing is read.

``<to>/<name>-<version>/`` holds README.md (the card), manifest.json, report.html, and a folder for each data set, for
where its traces came from (``lineage``), for what was left out (``ends``) and for whom to name (``attribution``).
"""

from __future__ import annotations

FORMAT = 1
CARD, MANIFEST, REPORT = "README.md", "manifest.json", "report.html"
FILTERED = "dataset/filtered"
RAW, SFT, PREFERENCE, RL = "raw", "sft", "preference", "rl"
CONFIGS = {RAW: "dataset/raw", SFT: "dataset/sft", PREFERENCE: "dataset/preference", RL: "dataset/rl"}
"""The data sets by the names that ``load_dataset`` knows them by, and their tables."""
TRAIN, TEST = "train", "test"
LINEAGE, ENDS, ATTRIBUTION = "lineage", "ends", "attribution"
"""Folders beside the data sets; the first two are companions of tables, too."""
FOLDERS = (*CONFIGS, LINEAGE, ENDS, ATTRIBUTION)
MOST_BYTES = 450_000_000
"""A file that is larger is cut: the hub and whoever downloads prefer files below 500 MB."""


def file_name(folder: str, stem: str, number: int, of: int) -> str:
    """A file's path in a release, numbered as the hub has it."""
    return f"{folder}/{stem}-{number:05d}-of-{of:05d}.parquet"
