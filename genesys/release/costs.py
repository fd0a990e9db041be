"""What the traces of a data set cost: all that was paid for the tables it was made of, by lane and by who was paid.

Told from manifests: they know what their rows used, and each call stands in one of them only. Prices come to it when it
is shown, so that no table and no fingerprint hangs on them. What was paid besides (for tables that were made again
since, for rows that never ended) the journal's account knows: ``genesys forecast``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from genesys.calls.usage import Payee, Usage
from genesys.release.filtered import ASSET as FILTERED
from genesys.release.publishing.markdown import finalized
from genesys.settings.prices import Prices, money
from genesys.tables.lake import WHOLE, Lake, Manifest, Part

STAGES = ("tasks", "generations", "verifications")
Paid = dict[Payee, Usage]


@dataclass
class Costs:
    """What was paid, and for how many verified traces."""

    paid: Paid = field(default_factory=dict)
    traces: int = 0

    def add(self, other: Costs) -> None:
        """Count what another one counted too."""
        for payee, used in other.paid.items():
            self.paid.setdefault(payee, Usage()).add(used)
        self.traces += other.traces

    @property
    def used(self) -> Usage:
        """Over all who were paid."""
        return sum(self.paid.values(), Usage())

    def by_teacher(self) -> dict[str, Paid]:
        """The same by who was paid."""
        found: dict[str, Paid] = {}
        for payee, used in sorted(self.paid.items()):
            found.setdefault(payee.teacher_id, {})[payee] = used
        return found

    def per_trace(self, prices: Prices) -> tuple[float, float] | None:
        """Tokens and money for each verified trace; None where there is none."""
        return (self.used.tokens / self.traces, prices.total(self.paid) / self.traces) if self.traces else None


def paid_in(manifests: Iterable[Manifest]) -> Paid:
    """What was paid for the rows of these partitions."""
    costs = Costs()
    for manifest in manifests:
        for part in manifest.parts.values():
            costs.add(Costs(dict(_paid(manifest.asset, part))))
    return costs.paid


def _paid(asset: str, part: Part) -> Iterator[tuple[Payee, Usage]]:
    if not part.paid and any(part.figures.get(name) for name in ("prompt_tokens", "completion_tokens")):
        # Made before manifests knew who was paid.
        payee = Payee(asset.rpartition("/")[2], "", str(part.settings.get("teacher_id", "")), "")
        yield payee, Usage.from_dict({name: int(part.figures.get(name, 0)) for name in _TOKENS})
    for row in part.paid:
        yield Payee(*(str(row[name]) for name in Payee._fields)), Usage.from_dict(row)


_TOKENS = ("prompt_tokens", "completion_tokens")


def shard_costs(lake: Lake, lane: str, shard: str) -> Costs:
    """What was paid for one shard, and how many of its responses were accepted."""
    return _costs(lake, lane, [shard])


def lane_costs(lake: Lake, lane: str) -> Costs:
    """The same for all shards of a lane."""
    shards = {shard for stage in STAGES for shard in lake.partitions(f"{lane}/{stage}")}
    return _costs(lake, lane, sorted(shards))


def _costs(lake: Lake, lane: str, shards: Iterable[str]) -> Costs:
    costs = Costs()
    for shard in shards:
        found = [lake.manifest(f"{lane}/{stage}", shard) for stage in STAGES]
        costs.add(Costs(paid_in(manifest for manifest in found if manifest is not None)))
        verdicts = found[-1]
        costs.traces += verdicts.counts.accepted if verdicts else 0
    return costs


def dataset_costs(lake: Lake, lanes: Iterable[str]) -> dict[str, Costs]:
    """By lane, all that was paid for it, over those of its traces that were chosen for the data sets."""
    chosen = lake.frame(FILTERED, WHOLE, ["lane"]) if lake.manifest(FILTERED) else None
    found = {}
    for lane in lanes:
        costs = lane_costs(lake, lane)
        costs.traces = int((chosen["lane"] == lane).sum()) if chosen is not None and chosen.width else 0
        found[lane] = costs
    return found


def total(costs: Mapping[str, Costs]) -> Costs:
    """All lanes together."""
    both = Costs()
    for one in costs.values():
        both.add(one)
    return both


HEADER = ("lane", "for", "model", "calls", "prompt tokens", "completion tokens", "cost")


def table_rows(costs: Mapping[str, Costs], prices: Prices) -> list[tuple[object, ...]]:
    """By lane, stage and model, as ``HEADER`` names the columns; a model without prices has no cost."""
    rows: list[tuple[object, ...]] = []
    for lane, one in costs.items():
        merged: dict[tuple[str, str], Paid] = {}
        for payee, used in sorted(one.paid.items()):
            merged.setdefault((payee.stage, payee.teacher_id), {})[payee] = used
        for (stage, teacher_id), paid in sorted(merged.items(), key=lambda item: (_order(item[0][0]), item[0][1])):
            used = sum(paid.values(), Usage())
            cost = money(prices.total(paid)) if teacher_id in prices.roles else ""
            rows.append((lane, stage, teacher_id, used.calls, used.prompt_tokens, used.completion_tokens, cost))
    return rows


def _order(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def costs_section(costs: Mapping[str, Costs], prices: Prices) -> str:
    """A section of a data set's card, in Markdown; empty where nothing was paid for."""
    whole = total(costs)
    if not whole.paid:
        return ""
    lines = ["## What it cost", ""]
    each = whole.per_trace(prices)
    if each is not None:
        told = f"{each[0]:,.0f} tokens" + (f" and {money(each[1])}" if prices.any else "")
        lines += [
            f"{told} for each of {whole.traces:,} verified traces: all that was paid, rejected responses, curation and "
            "judging included" + (" (in the currency of the prices)." if prices.any else "."),
            "",
        ]
    lines.append("| " + " | ".join(HEADER) + " |")
    lines.append("| " + " | ".join("---" for _ in HEADER) + " |")
    for row in table_rows(costs, prices):
        lines.append("| " + " | ".join(map(finalized, row)) + " |")
    if estimated := whole.used.estimated:
        lines += ["", f"Of {estimated:,} calls the endpoint told no tokens; they are taken from the texts' lengths."]
    return "\n".join(lines) + "\n"
