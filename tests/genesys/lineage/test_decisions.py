"""What is told of the calls that a curation made, of every kind that there is."""

from typing import Any

import pytest

from genesys.calls.entry import Entry
from genesys.lineage.decisions import decision, told
from tests.support.tiny_lane import sums_lane


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            {"compiled": True, "runs": [{"end": "exit"}, {"end": "exit"}, {"end": "cpu_limit"}]},
            "3 runs: 1 cpu_limit, 2 exit (container, toolchain abc)",
        ),
        ({"compiled": False, "runs": []}, "does not compile (container)"),
        ({"fault": "the files have no room"}, "fault: the files have no room"),
    ],
)
def test_a_program_that_a_curation_ran_is_told_by_its_ends(result: dict[str, Any], said: str) -> None:
    """An audit of a task whose gold was run must not fail at that call."""
    kept = result | {"isolation": "container", "toolchain": "abc", "measured": {}}
    entry = Entry(key="k" * 64, kind="execution", name="cpp", row_id="r", payload={}, result=kept)
    facts = decision(sums_lane(), entry, {})
    assert facts["answer"] == said
    assert told(facts) == f"cpp -> {said} (call {'k' * 12})"
