"""Lanes whose verifiers run programs: where their ops go, and what happens where an engine is missing."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import pytest

from genesys.lanes import LANES
from genesys.settings import LaneSettings, SandboxSettings, Settings
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys_dagster.commands.live import Live
from genesys_dagster.commands.summary import Summary
from genesys_dagster.definitions import build_defs
from genesys_dagster.markdown import LIMIT
from genesys_dagster.pipeline import Pipeline, RunEnd
from tests.genesys_dagster.conftest import Graph, sums_settings
from tests.support.tiny_lane import TinyVerifier, sums_lane

MISSING = "no Docker engine answers at unix:///var/run/docker.sock\nGet one: apt-get install docker.io"


class Programs(TinyVerifier):
    """Stands for a verifier that runs programs, on a machine that may lack what it needs."""

    executes = True
    missing: ClassVar[str | None] = None

    def ready(self) -> str | None:
        return self.missing

    def verify(self, result: Any) -> dict[str, Any]:
        """Both tests passed, one of two, or nothing compiled where the answer was cut off."""
        right = super().verify(result)["score"] == 1.0
        info = {"rule": "tests", "total": 2, "isolation": "container"}
        if result["finish_reason"] == "length":
            tests, reason = ["not_run", "not_run"], "compile error"
        else:
            tests, reason = ["passed", "passed" if right else "wrong_answer"], "passed" if right else "wrong answer"
        passed = tests.count("passed")
        info |= {"passed": passed, "reason": reason, "tests": [{"verdict": verdict} for verdict in tests]}
        return {"score": passed / 2, "verification_result_info": info}


@pytest.fixture
def programs(sums: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """Two lanes alike, of which the second one's verifier runs programs."""

    async def curate(row: Any, calls: Any) -> Any:
        outcome = await sums_lane().curate(row, calls)
        return replace(outcome, records=tuple(record | {"task_type": "tiny_program"} for record in outcome.records))

    lane = replace(sums_lane(name="programs"), curate=curate, task_types=("tiny_program",))
    monkeypatch.setitem(LANES, "programs", lane)  # type: ignore[arg-type]
    monkeypatch.setitem(VERIFIER_REGISTRY, "tiny_program", Programs)
    monkeypatch.setattr(Programs, "missing", None)
    settings = sums_settings(tmp_path)
    chosen = settings.lanes["sums"]
    other = LaneSettings(
        sources=tuple(source.model_copy(update={"name": "tiny/programs"}) for source in chosen.sources)
    )
    # Programs first: what is missing for it must not keep the lane after it from its work.
    lanes = {"programs": other.model_copy(update={"shard_size": 2}), "sums": chosen}
    with dg.DagsterInstance.ephemeral() as instance:
        yield Graph(tmp_path, settings.model_copy(update={"lanes": lanes}), instance)


def ops_of(settings: Settings, job: str) -> dict[str, dg.OpDefinition]:
    return {op.name: op for op in build_defs(settings).resolve_job_def(job).graph.iterate_op_defs()}


def placement(settings: Settings, lane: str) -> dict[str, tuple[str | None, str | None]]:
    """Pool and device of each op of a lane."""
    ops = ops_of(settings, lane)
    return {
        name.removeprefix(f"{lane}__"): (op.pool, op.tags.get("genesys/device"))
        for name, op in ops.items()
        if name.endswith(("__run", "__seal"))
    }


def test_what_runs_programs_has_a_pool_of_its_own_and_wants_docker(programs: Graph) -> None:
    assert placement(programs.settings, "programs") == {
        "tasks__run": ("sandbox", "docker"),
        "tasks__seal": (None, None),
        "generations__run": ("teacher", "cpu"),
        "generations__seal": (None, None),
        "verifications__run": ("sandbox", "docker"),
        "verifications__seal": (None, None),
    }
    others = placement(programs.settings, "sums")
    assert (others["tasks__run"], others["verifications__run"]) == (("curator", "cpu"), ("verifier", "cpu"))


def test_runs_are_routed_as_their_ops_are_and_the_graph_shows_it(programs: Graph) -> None:
    defs = build_defs(programs.settings)
    tags = {name: defs.resolve_job_def(name).tags for name in ("programs", "sums", "programs_ledger")}
    assert tags["programs"]["genesys/device"] == "docker"
    assert tags["sums"]["genesys/device"] == "cpu"
    assert "genesys/device" not in tags["programs_ledger"]
    graph = defs.resolve_asset_graph()
    badges = {key.to_user_string(): graph.get(key).kinds for key in graph.get_all_asset_keys()}
    assert "docker" in badges["programs/tasks"]
    assert badges["programs/verifications"] == {"parquet", "docker"}
    assert badges["sums/verifications"] == {"parquet"}


def test_without_containers_no_docker_is_asked_for_and_programs_still_take_turns(programs: Graph) -> None:
    plain = programs.settings.model_copy(update={"sandbox": SandboxSettings(isolation="process")})
    assert placement(plain, "programs")["verifications__run"] == ("sandbox", "cpu")
    assert build_defs(plain).resolve_job_def("programs").tags["genesys/device"] == "cpu"


def finished(graph: Graph) -> dict[str, int]:
    """Shards with verdicts, by lane."""
    return {lane: len(graph.lake.partitions(f"{lane}/verifications")) for lane in ("sums", "programs")}


def test_a_lane_for_which_something_is_missing_is_not_run_and_the_others_go_on(
    programs: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Programs, "missing", MISSING)
    ends = programs.run()
    assert [(end.job, end.partition) for end in ends if end.not_run] == [("programs", "programs-00000")], "said once"
    assert all(end.success for end in ends if not end.not_run)
    assert finished(programs) == {"sums": 2, "programs": 0}
    assert [end.not_run for end in ends if end.not_run] == [MISSING]
    assert len(list(programs.lake.rows("dataset/sft"))) == 3

    monkeypatch.setattr(Programs, "missing", None)
    assert [end for end in programs.run() if not end.success or end.problems] == []
    assert finished(programs) == {"sums": 2, "programs": 2}


def test_the_verdicts_tests_are_shown(programs: Graph) -> None:
    programs.run()
    metadata = programs.materialization("programs/verifications", "programs-00000").metadata
    # Two tasks of four samples each: two right, one wrong in one of two tests, one that does not compile.
    assert metadata["compile_errors"].value == 2
    assert metadata["tests_passed_rate"].value == pytest.approx(10 / 16)
    assert "| passed | 10 | 83.3% |" in str(metadata["test_verdicts"].value)
    assert "| wrong answer | 2 | 16.7% |" in str(metadata["test_verdicts"].value)
    assert metadata["isolation"].value == {"container": 8}
    assert "data:image/png;base64," in str(metadata["shares_plot"].value)
    assert max(len(str(value.value).encode()) for value in metadata.values()) < LIMIT
    assert "test_verdicts" not in programs.materialization("sums/verifications", "sums-00000").metadata


def test_the_summary_says_what_was_not_run_and_how_to_get_it(
    programs: Graph, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Programs, "missing", MISSING)
    stream = io.StringIO()
    ends = []
    with (
        Live(stream) as live,
        Pipeline(
            programs.settings, programs.instance, resource_overrides=programs.overrides(), started=live.started
        ) as pipeline,
    ):
        for end in pipeline.runs():
            live.ended(end)
            ends.append(end)
    [line] = [line for line in stream.getvalue().splitlines() if "programs-00000" in line]
    assert line.startswith("- ")
    assert line.endswith("not run")
    Summary(programs.settings, ends, 1.0).print(stream)
    text = stream.getvalue()
    assert "Not run        programs: no Docker engine answers" in text
    assert "Get one: apt-get install docker.io" in text
    assert "Pass rate      programs: no verdict yet" in text
    assert "Failed:" not in text


def test_what_the_journal_holds_needs_no_engine(programs: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    programs.run()
    before = programs.lake.need("programs/verifications", "programs-00000").data_version
    monkeypatch.setattr(Programs, "missing", MISSING)
    for table in ("tasks", "verifications"):
        for path in (Path(programs.lake.root) / "programs" / table).rglob("*.*"):
            path.unlink()
    ends: list[RunEnd] = programs.run()
    assert [end for end in ends if not end.success] == []
    assert programs.lake.need("programs/verifications", "programs-00000").data_version == before


def test_new_rows_need_it_again(programs: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    programs.run()
    monkeypatch.setattr(Programs, "missing", MISSING)
    ends = replace(programs, settings=programs.settings.model_copy(update={"samples": 6})).run()
    assert {end.partition for end in ends if end.not_run} == {"programs-00000"}


def test_programs_of_a_type_that_the_lane_does_not_name_never_run_in_the_wrong_pool(
    programs: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANES, "programs", replace(LANES["programs"], task_types=("tiny_sum",)))
    assert placement(programs.settings, "programs")["verifications__run"] == ("verifier", "cpu")
    programs.run_job("programs_ledger")
    end = programs.run_job("programs", "programs-00000")
    assert [problem.partition(": ")[2] for problem in end.problems if "tiny_program" in problem] != []
    assert not end.success
    assert finished(programs)["programs"] == 0
