"""What a data set's traces cost is told from its manifests, each call once, whatever the prices are today."""

from __future__ import annotations

from pathlib import Path

from genesys.calls.usage import Payee, Usage
from genesys.release.costs import Costs, costs_section, dataset_costs, lane_costs, shard_costs, table_rows
from genesys.release.filtered import make_filtered
from genesys.settings.prices import Prices
from genesys.settings.roles import RoleSettings
from tests.support.tiny_lane import World

PRICES = Prices.of(
    {
        "teacher": RoleSettings(
            kind="openai", model="tiny", price_per_million_prompt_tokens=1e6, price_per_million_completion_tokens=1e6
        )
    }
)


def test_all_that_was_paid_counts_over_the_traces_that_came_of_it(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update(shard_size=2)
    world.run()
    make_filtered(world.lake, [world.lane])
    curation, sampling = 4 * (5 + 4), 3 * 4 * (10 + 4)  # the curator tells no completion tokens: estimated
    costs = lane_costs(world.lake, "sums")
    assert (costs.used.calls, costs.used.tokens, costs.traces) == (4 + 12, curation + sampling, 9)
    assert PRICES.total(costs.paid) == curation + sampling
    chosen = dataset_costs(world.lake, ["sums"])
    assert chosen["sums"].traces == 3, "the chosen ones alone"
    assert chosen["sums"].per_trace(PRICES) == ((curation + sampling) / 3,) * 2
    shards = [shard_costs(world.lake, "sums", shard).used.tokens for shard in world.shards()]
    assert sum(shards) == curation + sampling
    assert [row[1:4] for row in table_rows(chosen, PRICES)] == [("tasks", "tiny", 4), ("generations", "tiny", 12)]


def test_the_cards_section_says_what_a_trace_cost_and_to_whom(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run()
    make_filtered(world.lake, [world.lane])
    section = costs_section(dataset_costs(world.lake, ["sums"]), PRICES)
    assert "68 tokens and 68.00 for each of 3 verified traces" in section
    assert "| sums | generations | tiny | 12 | 120 | 48 | 168.00 |" in section
    unpriced = costs_section(dataset_costs(world.lake, ["sums"]), Prices({}))
    assert "68 tokens for each of 3 verified traces" in unpriced
    assert costs_section({}, PRICES) == ""


def test_a_models_name_stays_in_its_cell() -> None:
    paid = {Payee("generations", "", "a | b\n| <img>", ""): Usage(calls=1, prompt_tokens=2, completion_tokens=3)}
    section = costs_section({"sums": Costs(paid, traces=1)}, Prices({}))
    assert "| sums | generations | a \\| b \\| \\<img\\> | 1 | 2 | 3 |" in section


def test_a_manifest_of_before_tells_its_tokens_all_the_same(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run()
    [shard] = world.shards()
    for stage in ("tasks", "generations"):
        manifest = world.lake.need(f"sums/{stage}", shard)
        parts = {name: part.model_copy(update={"paid": []}) for name, part in manifest.parts.items()}
        world.lake.publish(f"sums/{stage}", shard, parts)
    assert lane_costs(world.lake, "sums").used.tokens == 4 * 5 + 3 * 4 * (10 + 4), "as the endpoint told"
