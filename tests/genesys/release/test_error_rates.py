"""``dataset/error_rates``: verifiers that are wrong in a known way get the rates they deserve, each once."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from genesys.calls.journal import Journal
from genesys.faults import GenesysError, InfrastructureFault
from genesys.release import error_rates
from genesys.release.error_rates import make_error_rates
from genesys.release.proof.leaves import leaf
from genesys.settings import Settings
from genesys.tables.columns import ERROR_RATES, PROVEN, RAW
from genesys.tables.lake import WHOLE, Lake, Part
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.math_verifier import MathVerifier
from tests.support.local_code_verifier import LocalCodeVerifier
from tests.support.published import Trace, trace

Row = dict[str, Any]
MATH, CODE, OUTPUT = "verifiable_math", "verifiable_code", "code_output_prediction"
JUDGED = "llm_judgeable_groundtruth_similarity"


class Lenient:
    """Accepts whatever it gets."""

    version = "lenient"
    seen: ClassVar[list[str]] = []

    def verify(self, result: Any) -> Row:
        self.seen.append(result["llm_response"])
        return {"score": 1.0, "verification_result_info": {"rule": "any"}}


class Strict(Lenient):
    """Rejects whatever it gets."""

    version = "strict"

    def verify(self, result: Any) -> Row:
        return super().verify(result) | {"score": 0.0}


class Broken(Lenient):
    """A machine that lacks something."""

    version = "broken"

    def verify(self, result: Any) -> Row:
        raise InfrastructureFault("no engine here", final=True)


def math(count: int, accepted: bool = True, start: int = 0) -> list[Trace]:
    """Each with a gold of its own; right answers, or ones that are one too many."""
    numbers = range(start, start + count)
    said = [(n, n if accepted else n + 1) for n in numbers]
    return [
        trace(n, MATH, f"\\boxed{{{answer}}}", {"ground_truth": str(n)}, float(accepted), lane="math")
        for n, answer in said
    ]


def publish(lake: Lake, traces: Sequence[Trace]) -> None:
    chosen = sorted(traces, key=lambda each: each[0]["response_id"])
    proven = [lineage | {"leaf": leaf(row, lineage)} for row, lineage in chosen]
    rows = [row for row, _ in chosen]
    part = Part(
        data=lake.write(error_rates.RAW, WHOLE, RAW, rows[1:]),
        companions={
            "test": lake.write(error_rates.RAW, WHOLE, RAW, rows[:1]),
            "lineage": lake.write(error_rates.RAW, WHOLE, PROVEN, proven),
        },
        fingerprint="made by hand",
        made_at=time.time(),
    )
    lake.publish(error_rates.RAW, WHOLE, {"all": part})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def make(lake: Lake, sample: int = 100, **registry: type[Any]) -> Part:
    settings = Settings(folder=str(lake.root), release={"error_rates": {"sample": sample}})
    with Journal(f"{lake.root}-journal") as journal:
        return asyncio.run(make_error_rates(lake, [], journal, settings, registry=registry))


def rates(lake: Lake) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Trials, errors and what nothing could be said of, by kind and method."""
    rows = list(lake.rows(error_rates.ASSET))
    assert all(list(row) == ERROR_RATES.names for row in rows)
    return {(row["kind"], row["method"]): (row["trials"], row["errors"], row["unsaid"]) for row in rows}


def test_a_verifier_that_accepts_everything_is_shown_by_mutants_and_swapped_golds(lake: Lake) -> None:
    publish(lake, math(8))
    make(lake, **{MATH: Lenient})
    assert rates(lake) == {
        ("wrong accept", "mutants"): (8, 8, 0),
        ("wrong accept", "swapped golds"): (8, 8, 0),
        ("wrong accept", "second opinion"): (8, 0, 0),
        ("wrong reject", "golds"): (8, 0, 0),
    }
    row = next(row for row in lake.rows(error_rates.ASSET) if row["method"] == "mutants")
    assert (row["lane"], row["task_type"], row["rate"], row["high"]) == ("math", MATH, 1.0, 1.0)
    assert row["low"] == pytest.approx(0.6756, abs=1e-4)
    assert len(row["examples"]) == 5


def test_a_verifier_that_rejects_everything_is_shown_by_golds(lake: Lake) -> None:
    publish(lake, math(8))
    make(lake, **{MATH: Strict})
    assert rates(lake)["wrong reject", "golds"] == (8, 8, 0)
    assert rates(lake)["wrong accept", "mutants"] == (8, 0, 0)


def test_a_second_opinion_shows_published_verdicts_that_are_wrong_both_ways(lake: Lake) -> None:
    wrongly_accepted = [trace(90, MATH, "\\boxed{5}", {"ground_truth": "6"}, 1.0, lane="math")]
    wrongly_rejected = [trace(91, MATH, "\\boxed{6}", {"ground_truth": "6"}, 0.0, lane="math")]
    publish(lake, [*math(3), *math(4, False, 20), *wrongly_accepted, *wrongly_rejected])
    make(lake, **{MATH: MathVerifier})
    assert rates(lake)["wrong accept", "second opinion"] == (4, 1, 0)
    assert rates(lake)["wrong reject", "second opinion"] == (5, 1, 0)
    examples = {row["kind"]: row["examples"] for row in lake.rows(error_rates.ASSET) if row["method"][0] == "s"}
    assert examples["wrong reject"] == [wrongly_rejected[0][0]["response_id"]]


def test_golds_that_are_the_same_in_other_words_are_no_wrong_accept(lake: Lake) -> None:
    golds = ["1/2", "0.5", "\\frac{2}{4}"]
    publish(
        lake, [trace(n, MATH, f"\\boxed{{{g}}}", {"ground_truth": g}, 1.0, lane="math") for n, g in enumerate(golds)]
    )
    make(lake, **{MATH: MathVerifier})
    assert rates(lake)["wrong accept", "swapped golds"] == (0, 0, 3)
    row = next(row for row in lake.rows(error_rates.ASSET) if row["method"] == "swapped golds")
    assert (row["rate"], row["low"], row["high"]) == (None, None, None)


def test_programs_are_tried_by_mutants_other_tests_a_second_execution_and_their_golds(lake: Lake) -> None:
    def program(number: int, body: str, factor: int, score: float, strong: bool = True) -> Trace:
        tests = [{"type": "stdin_stdout", "input": f"{n}\n", "output": str(n * factor)} for n in (3, 5)[: 1 + strong]]
        info = {"language": "python", "test_cases": tests}
        row, lineage = trace(number, CODE, f"```python\n{body}\n```", info, score, lane="coding")
        return row | {"gold_standard_solution": f"```python\nprint(int(input()) * {factor})\n```"}, lineage

    flaky = f"import pathlib\npathlib.Path({str(lake.root)!r}).mkdir(exist_ok=True)\nprint(0)"
    publish(
        lake,
        [
            program(1, "print(int(input()) * 2)", 2, 1.0),
            program(2, "print(int(input()) * 3)", 3, 1.0),
            program(3, flaky, 4, 1.0),
            program(4, "print(1)", 5, 0.0),
        ],
    )
    make(lake, **{CODE: LocalCodeVerifier})
    found = rates(lake)
    assert found["wrong accept", "second execution"] == (3, 1, 0)
    assert found["wrong reject", "second execution"] == (1, 0, 0)
    assert found["wrong reject", "golds"] == (4, 0, 0)
    assert found["wrong accept", "swapped golds"] == (3, 0, 0)
    assert found["wrong accept", "mutants"][1] == 0


def test_outputs_are_tried_by_slips_and_by_strict_reading(lake: Lake) -> None:
    made = [trace(n, OUTPUT, f'{{"output": "[{n}]"}}', {"ground_truth": f"[{n}]"}, 1.0, lane="cu") for n in range(5)]
    loose = trace(9, OUTPUT, '{"output": [1,2]}', {"ground_truth": "[1,2]"}, 1.0, lane="cu")
    publish(lake, [*made, loose])
    make(lake, **{OUTPUT: CodeUnderstandingVerifier})
    found = rates(lake)
    assert found["wrong accept", "second opinion"] == (6, 1, 0)
    assert found["wrong accept", "mutants"] == (6, 0, 0)
    assert found["wrong accept", "swapped golds"] == (6, 0, 0)
    assert found["wrong reject", "golds"] == (6, 0, 0)


def test_judges_are_held_against_their_single_votes_without_asking_anybody(lake: Lake) -> None:
    def judged(number: int, score: float, *votes: float) -> Trace:
        told = {"rule": "judge", "votes": [{"judge": "a", "score": vote} for vote in votes]}
        return trace(number, JUDGED, "text", {}, score, lane="stack", told=told)

    made = [judged(n, 0.9, 1.0, 0.8) for n in range(3)] + [judged(10, 0.9, 0.2, 0.2)]
    made += [judged(20, 0.1, 0.1, 0.1), judged(21, 0.1, 0.9, 0.9), judged(22, 0.1, 0.9)]
    publish(lake, made)
    make(lake)
    assert rates(lake) == {
        ("wrong accept", "single votes"): (4, 1, 0),
        ("wrong reject", "single votes"): (2, 1, 0),
    }


def test_nothing_is_verified_twice_and_the_same_traces_give_the_same_bytes(lake: Lake, tmp_path: Path) -> None:
    publish(lake, math(6))
    Lenient.seen.clear()
    first = make(lake, **{MATH: Lenient})
    verified = len(Lenient.seen)
    assert verified > 0
    assert make(lake, **{MATH: Lenient}) == first
    publish(lake, [*math(6), *math(2, True, 50)])
    second = make(lake, **{MATH: Lenient})
    assert second.data.sha256 != first.data.sha256
    assert len(Lenient.seen) < 2 * verified  # of the first six only those whose neighbour is another one now
    other = Lake(str(tmp_path / "other"))
    publish(other, list(reversed([*math(6), *math(2, True, 50)])))
    assert make(other, **{MATH: Lenient}).data == second.data


def test_a_sample_is_one_trace_a_problem_and_no_larger_than_it_is_told(lake: Lake) -> None:
    same = [(row | {"problem_id": "p"}, lineage | {"problem_id": "p"}) for row, lineage in math(5, True, 200)]
    publish(lake, [*math(9), *same, *math(9, False, 100)])
    make(lake, 100, **{MATH: Strict})
    assert rates(lake)["wrong accept", "second opinion"][0] == 10
    make(lake, 4, **{MATH: Strict})
    assert rates(lake)["wrong accept", "second opinion"][0] == 4
    assert rates(lake)["wrong reject", "second opinion"][0] == 4


def test_what_infrastructure_fails_is_neither_right_nor_wrong_and_tried_again(lake: Lake) -> None:
    publish(lake, math(3))
    part = make(lake, **{MATH: Broken})
    assert rates(lake)["wrong accept", "mutants"] == (0, 0, 3)
    assert part.unfinished
    assert part.counts["errored"] == {"infrastructure": 9}


def test_tasks_that_cannot_be_verified_and_types_that_nobody_knows_are_left_out(lake: Lake) -> None:
    nothing = [trace(1, MATH, "\\boxed{1}", {}, None, lane="math"), trace(2, "tiny_sum", "3", {}, 1.0, lane="sums")]
    publish(lake, [*nothing, *math(2, True, 50)])
    make(lake, **{MATH: Strict})
    assert rates(lake)["wrong reject", "golds"] == (2, 2, 0)
    assert json.dumps([row["lane"] for row in lake.rows(error_rates.ASSET)]).count("sums") == 0


def test_without_raw_it_says_what_is_missing(lake: Lake) -> None:
    with pytest.raises(GenesysError, match="dataset/raw"):
        make(lake)
