"""Lanes that read lanes: in which order, and what the settings may not say."""

from pathlib import Path

import pytest

from genesys.faults import GenesysError
from genesys.settings import Settings, load_settings


def settings_of(folder: Path, **reads: tuple[str, ...]) -> Settings:
    lines = []
    for lane, paths in reads.items():
        lines.append(f"[lanes.{lane}]")
        for path in paths:
            lines += [f"[[lanes.{lane}.sources]]", f'path = "{path}"']
    (folder / "genesys.toml").write_text("\n".join(lines))
    return load_settings(folder / "genesys.toml")


def test_a_lane_comes_after_those_it_reads_and_else_where_it_was_named(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path, last=("lane:middle", "lane:first"), middle=("x.jsonl", "lane:first"), first=(), own=()
    )
    assert found.lane_order == ["first", "middle", "last", "own"]
    assert found.source(found.lanes["last"].sources[0]).path == "lane:middle", "no path of a file"


@pytest.mark.parametrize(
    ("reads", "message"),
    [
        ({"a": ("lane:a",)}, r"\[lanes.a\] reads its own tasks in the end \(a -> a\)"),
        (
            {"a": ("lane:b",), "b": ("lane:c",), "c": ("lane:b",)},
            r"\[lanes.b\] reads its own tasks in the end \(b -> c -> b\): take one of these sources out",
        ),
        (
            {"a": ("lane:coding",)},
            r'\[lanes.a\] reads "lane:coding", and there is no \[lanes.coding\] in these settings',
        ),
        ({"a": ("lane:",)}, r"there is no \[lanes.\]"),
    ],
)
def test_what_cannot_be_ordered_is_refused(tmp_path: Path, reads: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(GenesysError, match=message):
        settings_of(tmp_path, **reads)
