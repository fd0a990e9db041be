"""Which lane reads which: lanes in an order in which each comes after those whose tasks are its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from genesys.sources import Source


def lanes_in_order(sources: Mapping[str, Iterable[Source]]) -> list[str]:
    """The lanes, each after those that it reads, and else in their own order.

    Args:
        sources: Of each lane.

    Raises:
        ValueError: A lane reads one that is not among them, or in the end itself.
    """
    reads = {name: [source.lane for source in of if source.lane is not None] for name, of in sources.items()}
    for name, others in reads.items():
        for other in others:
            if other not in reads:
                raise ValueError(
                    f'[lanes.{name}] reads "lane:{other}", and there is no [lanes.{other}] in these settings; there '
                    f"are {', '.join(sorted(reads))}"
                )
    ordered: list[str] = []
    for name in reads:
        _visit(name, reads, (), ordered)
    return ordered


def _visit(name: str, reads: Mapping[str, list[str]], way: tuple[str, ...], ordered: list[str]) -> None:
    if name in way:
        circle = " -> ".join([*way[way.index(name) :], name])
        raise ValueError(f"[lanes.{name}] reads its own tasks in the end ({circle}): take one of these sources out")
    if name not in ordered:
        for other in reads[name]:
            _visit(other, reads, (*way, name), ordered)
        ordered.append(name)
