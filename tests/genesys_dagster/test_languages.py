"""A lane with languages that reads another lane, through Dagster: a partition is one language of one shard."""

import asyncio
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.testclient import TestClient

from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import GenesysError, InfrastructureFault
from genesys.forecast.assumed import Assumed
from genesys.forecast.outlook import forecast
from genesys.garbage.found import Removable
from genesys.garbage.journals import in_journals
from genesys.lane_source import TASK_COLUMNS
from genesys.lanes import LANES
from genesys.ledger import update_ledger
from genesys.lineage.audit import audit
from genesys.partition import Partition
from genesys.settings import LaneSettings, Settings
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stores import open_journal
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys_dagster.commands import run as run_command
from genesys_dagster.commands.summary import Summary
from genesys_dagster.definitions import build_defs
from genesys_dagster.partitions import key_of
from genesys_dagster.pipeline import Pipeline, RunEnd
from genesys_dagster.sensors import new_shards
from tests.genesys_dagster.conftest import Graph, sums_settings
from tests.support.spoken_lane import LANGUAGES, OF_SUMS, spoken_answers, spoken_lane
from tests.support.tiny_lane import ASKED, REGISTRY, ROWS, TinyTeacher, TinyVerifier, sums_lane, write_rows

SUMS = ["sums-00000", "sums-00001"]
SHARDS = ["spoken-00000", "spoken-00001"]
NAMES = [f"{shard}-{language}" for shard in SHARDS for language in LANGUAGES]
TABLES = ("tasks", "generations", "verifications")
NEW_ROW = {"id": 9, "question": "4+4", "answer": "8"}
TASKS = 3
"""That the sums lane keeps."""


def spoken_settings(folder: Path, **changes: Any) -> Settings:
    """Sums, and a lane that reads them, which is named first: what comes first is for the settings to find out."""
    settings = sums_settings(folder)
    spoken = LaneSettings(sources=(OF_SUMS,), shard_size=2, **changes)
    return settings.model_copy(update={"lanes": {"spoken": spoken, **settings.lanes}})


def graph_at(folder: Path, instance: dg.DagsterInstance) -> Graph:
    """Three sums become six tasks: two shards of the sums lane, and two in two languages of the lane that reads it."""
    teacher, curator = TinyTeacher(answer=spoken_answers), TinyTeacher(answer=spoken_answers)
    return Graph(folder, spoken_settings(folder), instance, teacher, curator)


@pytest.fixture
def spoken(sums: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANES, "spoken", spoken_lane())


@pytest.fixture
def graph(spoken: None, tmp_path: Path) -> Iterator[Graph]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield graph_at(tmp_path, instance)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Graph, list[RunEnd]]]:
    """Everything was run once; to be looked at, and not to be changed."""
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        for task_type, verifier in REGISTRY.items():
            patch.setitem(VERIFIER_REGISTRY, task_type, verifier)
        for lane in (spoken_lane(), sums_lane()):
            patch.setitem(LANES, lane.name, lane)
        graph = graph_at(tmp_path_factory.mktemp("spoken"), instance)
        yield graph, graph.run()


def in_one_shard(graph: Graph) -> Graph:
    """Both lanes in shards of four, where nothing hangs on there being several."""
    lanes = graph.settings.lanes.items()
    return graph.with_settings(lanes={name: lane.model_copy(update={"shard_size": 4}) for name, lane in lanes})


def with_languages(graph: Graph, *languages: str) -> Graph:
    lanes = graph.settings.lanes
    return graph.with_settings(lanes={**lanes, "spoken": lanes["spoken"].model_copy(update={"languages": languages})})


def run(graph: Graph, *lanes: str, languages: tuple[str, ...] | None = None) -> list[str]:
    """Run lanes; gives the partitions that were run, all of which went well."""
    with Pipeline(graph.settings, graph.instance, resource_overrides=graph.overrides()) as pipeline:
        ends = list(pipeline.runs(lanes or None, languages))
    assert [end for end in ends if not end.success or end.problems] == []
    return [end.partition for end in ends if end.partition is not None]


def spoken_made(graph: Graph) -> list[str]:
    return graph.lake.partitions("spoken/verifications")


def languages_in(graph: Graph) -> list[str]:
    """Of the responses that a release holds, by the prompts that were asked."""
    rows = graph.lake.rows("dataset/sft")
    asked = [row["messages"][0]["content"] for row in rows]
    return sorted({one.removeprefix("In ").partition(":")[0] for one in asked if one.startswith("In ")})


# What a run of everything makes


def test_a_lane_runs_after_the_one_it_reads_in_all_its_languages(ran: tuple[Graph, list[RunEnd]]) -> None:
    graph, ends = ran
    assert [end for end in ends if not end.success or end.problems] == []
    assert [(end.job, end.partition) for end in ends] == [
        ("sums_ledger", None),
        *(("sums", shard) for shard in SUMS),
        ("spoken_ledger", None),
        *(("spoken", name) for name in NAMES),
        ("dataset", None),
    ]
    for table in TABLES:
        assert graph.lake.partitions(f"spoken/{table}") == NAMES
        assert graph.lake.partitions(f"sums/{table}") == SUMS, "a lane without languages keeps its names"
    with open_journal(graph.settings, readonly=True) as journal:
        lanes = [*(f"spoken/{name}" for name in NAMES), *(f"sums/{shard}" for shard in SUMS)]
        assert journal.names() == sorted(["dataset/error_rates", *lanes])


def test_each_language_has_its_own_tasks_of_the_same_rows(ran: tuple[Graph, list[RunEnd]]) -> None:
    graph, _ = ran
    tasks = {name: list(graph.lake.rows("spoken/tasks", name)) for name in NAMES}
    cobol, latin = tasks[NAMES[0]], tasks[NAMES[1]]
    assert [json.loads(task["metadata"])["language"] for task in (*cobol, *latin)] == ["cobol"] * 2 + ["latin"] * 2
    assert [task["row_id"] for task in cobol] == [task["row_id"] for task in latin]
    assert {task["problem_id"] for task in cobol}.isdisjoint(task["problem_id"] for task in latin)
    roots = {task["problem_id"]: task for shard in SUMS for task in graph.lake.rows("sums/tasks", shard)}
    for task in (*cobol, *latin):
        root = roots[task["family_id"]]
        assert (task["license"], task["source"]) == (root["license"], "lane:sums") == ("cc0-1.0", "lane:sums")


def test_the_ledger_reads_the_kept_tasks_of_the_other_lane(ran: tuple[Graph, list[RunEnd]]) -> None:
    graph, _ = ran
    rows = list(graph.lake.rows("spoken/ledger"))
    kept = [task for shard in SUMS for task in graph.lake.rows("sums/tasks", shard)]
    assert [row["upstream_key"] for row in rows] == [task["problem_id"] for task in kept]
    assert {row["file"] for row in rows} == {f"sums/tasks/{shard}" for shard in SUMS}
    upstream = json.loads(rows[0]["upstream_row"])
    assert upstream["verification_info"] == {"ground_truth": "3"}
    assert upstream["metadata"] == {"kind": "sum"}


def test_releases_hold_all_languages_and_each_trace_is_audited(ran: tuple[Graph, list[RunEnd]]) -> None:
    graph, _ = ran
    assert languages_in(graph) == sorted(LANGUAGES)
    rows = list(graph.lake.rows("dataset/filtered"))
    assert {row["shard"] for row in rows} == {*NAMES, *SUMS}
    settings, released = graph.settings, next(row for row in rows if row["shard"] == NAMES[-1])
    with open_journal(settings, readonly=True) as journal:
        found = audit(
            graph.lake,
            journal,
            LANES.values(),
            released["response_id"],
            sources=[settings.source(one) for lane in settings.lanes.values() for one in lane.sources],
            replay=True,
            settings=settings,
        )
    assert found.agrees, found.findings
    assert found.shard == NAMES[-1]
    agreed = {(link.step, check.what) for link in found.links for check in link.checks if check.result == "agrees"}
    assert {("source row", "row 1 of sums/tasks/sums-00001"), ("task", f"input spoken/ledger/{SHARDS[-1]}")} <= agreed
    assert {("task", "replay prompt"), ("generation", f"input spoken/tasks/{NAMES[-1]}")} <= agreed


def test_journals_of_finished_partitions_can_go_and_nothing_is_left_to_forecast(
    ran: tuple[Graph, list[RunEnd]],
) -> None:
    graph, _ = ran
    with open_journal(graph.settings, readonly=True) as journal:
        found = list(in_journals(graph.lake, journal, graph.settings, time.time() + 1))
    spoken = {f"spoken/{name}" for name in NAMES}
    assert {one.name for one in found if isinstance(one, Removable)} >= spoken
    outlook = asyncio.run(forecast(graph.settings, Assumed()))
    assert outlook.trouble == []
    of_spoken = {one.stage: (one.rows, one.rows_left) for one in outlook.stages if one.lane == "spoken"}
    assert of_spoken["tasks"] == (2 * TASKS, 0)
    assert of_spoken["generations"] == (2 * TASKS * 4, 0)
    fewer = asyncio.run(forecast(with_languages(graph, "latin").settings, Assumed()))
    assert [one.rows for one in fewer.stages if (one.lane, one.stage) == ("spoken", "tasks")] == [TASKS]


def test_nothing_is_stale_after_it_all_and_the_data_set_is_current(ran: tuple[Graph, list[RunEnd]]) -> None:
    graph, _ = ran
    assert graph.stale() == {}
    result = graph.run_checks("dataset/filtered", "current")
    [evaluation] = result.get_asset_check_evaluations()
    assert evaluation.passed
    assert evaluation.metadata["shards_missing"].value == 0


def test_the_graph_shows_who_reads_whom(ran: tuple[Graph, list[RunEnd]]) -> None:
    assets = build_defs(ran[0].settings).resolve_asset_graph()
    ledger = assets.get(dg.AssetKey(["spoken", "ledger"]))
    assert {key.to_user_string() for key in ledger.parent_keys} == {"sums/ledger", "sums/tasks"}
    upstream = {key.to_user_string() for key in assets.get_all_asset_keys() if key.path[0] == "upstream"}
    assert upstream == {"upstream/tiny-sums"}, "tasks of a lane are looked at by nobody else"


SHOWN: list[Graph] = []
"""What the code location of ``ask_ui`` is made of: it is loaded in this process, from a file that looks here."""


def ask_ui(graph: Graph, query: str) -> Any:
    """What the webserver answers, as a page of the UI asks it."""
    file = graph.folder / "shown.py"
    file.write_text(
        "from genesys_dagster.definitions import build_defs\n"
        "from tests.genesys_dagster.test_languages import SHOWN\n"
        "defs = build_defs(SHOWN[-1].settings)\n"
    )
    SHOWN.append(graph)
    target = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(LoadableTargetOrigin(python_file=str(file))))
    with WorkspaceProcessContext(graph.instance, target) as context:
        client = TestClient(DagsterWebserver(context).create_asgi_app())
        answer = client.post("/graphql", json={"query": query}).json()
    assert "errors" not in answer, answer
    return answer["data"]


# One after another


def test_one_language_alone_and_the_other_later(graph: Graph) -> None:
    fewer = with_languages(graph, "latin")
    assert run(graph, languages=("latin",)) == [*SUMS, NAMES[1], NAMES[3]]
    assert spoken_made(graph) == [NAMES[1], NAMES[3]]
    assert languages_in(graph) == ["latin"]
    check = graph.run_checks("dataset/filtered", "current").get_asset_check_evaluations()[0]
    assert check.metadata["shards_missing"].value == 2, "the other language"
    waiting = {(f"spoken/{table}", f"cobol|{shard}") for table in TABLES for shard in SHARDS}
    assert (set(graph.stale()), fewer.stale()) == (waiting, {})

    before = {name: graph.lake.need("spoken/verifications", name).data_version for name in spoken_made(graph)}
    graph.asked()
    assert run(graph, "spoken", languages=("cobol",)) == [NAMES[0], NAMES[2]]
    assert graph.asked() == TASKS * (1 + 4), "what stood was not asked again"
    assert {name: graph.lake.need("spoken/verifications", name).data_version for name in before} == before
    assert languages_in(graph) == sorted(LANGUAGES)

    assert run(fewer) == [*SUMS, NAMES[1], NAMES[3]]
    assert graph.asked() == 0
    assert (graph.stale(), fewer.stale()) == ({}, {})
    assert languages_in(fewer) == sorted(LANGUAGES), "what stands is released, also where it is chosen no more"


def test_a_partition_of_the_ui_is_one_language_of_one_shard(graph: Graph) -> None:
    graph.run_job("sums_ledger")
    graph.run_job("sums", SUMS[0])
    graph.run_job("spoken_ledger")
    end = graph.run_job("spoken", Partition(SHARDS[0], "latin"))
    assert (end.success, end.partition) == (True, NAMES[1])
    assert spoken_made(graph) == [NAMES[1]]
    made = graph.materialization("spoken/tasks", f"latin|{SHARDS[0]}")
    assert made.metadata["dagster/uri"].value == graph.lake.uri("spoken/tasks", NAMES[1], "manifest.json")
    assert dict(made.tags or {})["dagster/data_version"] == graph.lake.need("spoken/tasks", NAMES[1]).made_version
    stale = {partition for table, partition in graph.stale() if table == "spoken/tasks"}
    assert stale == {f"cobol|{SHARDS[0]}"}, "the other language waits, and nothing else"


def test_new_rows_of_the_one_lane_make_a_new_shard_of_the_other_and_nothing_else_stale(graph: Graph) -> None:
    graph = in_one_shard(graph)
    run(graph)
    write_rows(graph.source_file, [*ROWS, NEW_ROW])
    graph.run_job("sums_ledger")
    graph.run_job("sums", SUMS[1])
    assert ("spoken/ledger", None) in graph.stale()
    graph.run_job("spoken_ledger")
    new = {(f"spoken/{table}", f"{language}|{SHARDS[1]}") for table in TABLES for language in LANGUAGES}
    assert set(graph.stale()) == new | {("dataset/filtered", None)}
    graph.asked()
    assert run(graph) == [*SUMS, *NAMES]
    assert graph.asked() == 2 * (1 + 4), "the new row, in each language: once the curator, four times the teacher"
    assert graph.stale() == {}


def test_a_task_that_changes_or_goes_is_superseded_or_removed_in_the_lane_that_reads_it(graph: Graph) -> None:
    graph = in_one_shard(graph)
    run(graph)
    first, second, *_, last = ROWS
    write_rows(graph.source_file, [first | {"question": "2+1"}, second])
    run(graph)
    root = {row["upstream_key"]: row["problem_id"] for row in graph.lake.rows("sums/ledger")}
    status = {row["problem_id"]: row["status"] for row in graph.lake.rows("spoken/withdrawn")}
    of_root = {row["upstream_key"]: row["problem_id"] for row in graph.lake.rows("spoken/ledger")}
    assert status == {of_root[root["1"]]: "superseded", of_root[root[str(last["id"])]]: "removed"}
    asked = {row["messages"][0]["content"] for row in graph.lake.rows("dataset/sft")}
    spoken = {f"In {language}: What is {question}?" for language in LANGUAGES for question in ("2+1", "20+22")}
    assert asked == spoken | {"What is 2+1?", "What is 20+22?"}


def test_a_task_that_is_made_anew_and_is_the_same_supersedes_nothing(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a prompt of which one word was changed: other calls, and the same task."""
    graph.run_job("sums_ledger")
    graph.run_job("sums", SUMS[0])
    graph.run_job("spoken_ledger")
    before = graph.lake.need("spoken/ledger").data_version, graph.lake.need("sums/tasks", SUMS[0]).data_version
    monkeypatch.setitem(LANES, "sums", sums_lane(ASKED.replace("judge", "weigh")))
    graph.run_job("sums", SUMS[0])
    graph.run_job("spoken_ledger")
    after = graph.lake.need("spoken/ledger").data_version, graph.lake.need("sums/tasks", SUMS[0]).data_version
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)
    assert list(graph.lake.rows("spoken/withdrawn")) == []


def test_tasks_that_are_to_be_tried_again_are_left_for_the_next_reading(graph: Graph) -> None:
    healthy = graph.curator

    def sometimes(request: ChatRequest) -> ChatAnswer:
        if "20+22" in request.messages[-1].content:
            raise InfrastructureFault("the endpoint is out", final=True)
        return spoken_answers(request)

    graph.curator = TinyTeacher(answer=sometimes)
    graph.run_job("sums_ledger")
    graph.run_job("sums", SUMS[0])
    graph.run_job("spoken_ledger")
    assert [row["row"] for row in graph.lake.rows("spoken/ledger")] == [1]
    graph.curator = healthy
    graph.run_job("sums", SUMS[0])
    graph.run_job("spoken_ledger")
    assert [(row["shard"], row["row"]) for row in graph.lake.rows("spoken/ledger")] == [(SHARDS[0], 1), (SHARDS[1], 2)]


# What is missing


class NoCobol(TinyVerifier):
    """There is no compiler here for one of the languages."""

    def lacks(self, language: str) -> str | None:
        return "there is no cobol compiler here: install one" if language == "cobol" else None


def test_a_language_that_this_machine_lacks_is_not_run_and_holds_up_no_other(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VERIFIER_REGISTRY, "tiny_sum", NoCobol)
    ends = graph.run()
    spoken = [end for end in ends if end.job == "spoken"]
    # Its further shards are left alone.
    assert [(end.partition, end.success, end.not_run) for end in spoken] == [
        (NAMES[0], False, "there is no cobol compiler here: install one"),
        (NAMES[1], True, ""),
        (NAMES[3], True, ""),
    ]
    assert all(end.success for end in ends if end.job != "spoken")
    asked = [request.messages[0].content for request in (*graph.curator.asked, *graph.teacher.asked)]
    assert any("latin" in text for text in asked)
    assert not any("cobol" in text for text in asked), "nothing was paid for"
    said = io.StringIO()
    Summary(graph.settings, ends, 1.0).print(said)
    assert "Not run        spoken in cobol: there is no cobol compiler here: install one" in said.getvalue()
    assert spoken_made(graph) == [NAMES[1], NAMES[3]]
    assert graph.lake.partitions("spoken/tasks") == [NAMES[1], NAMES[3]], "nothing was made of it, nor any verdict"


# The sensor


def requested(result: Any) -> list[str]:
    return [request.run_key for request in result.run_requests]


def read_ledger(graph: Graph, count: int) -> None:
    """The ledger of so many tasks, as if the other lane had kept them."""
    empty = dict.fromkeys(TASK_COLUMNS)
    tasks = [empty | {"problem_id": str(number), "prompt": f"{number}"} for number in range(count)]
    source = Source(path=str(write_rows(graph.folder / "tasks.jsonl", tasks)), name="tasks")
    update_ledger(graph.lake, spoken_lane(), [open_source(source)], shard_size=1)


@pytest.fixture
def read(spoken: None, tmp_path: Path) -> Iterator[Graph]:
    """A ledger of two shards, of which Dagster does not know. On disk: the daemon opens the instance by its address."""
    with dg.instance_for_test() as instance:
        graph = graph_at(tmp_path, instance)
        read_ledger(graph, 2)
        yield graph


def test_a_tick_requests_each_language_of_each_shard_once(read: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_shards, "BUDGET", 3)
    first = read.tick("spoken", None)
    assert requested(first) == NAMES[:3]
    assert [request.partition_key for request in first.run_requests[:2]] == [
        f"{language}|{SHARDS[0]}" for language in LANGUAGES
    ]
    [request] = first.dynamic_partitions_requests
    assert (request.partitions_def_name, list(request.partition_keys)) == ("spoken_shards", SHARDS)
    second = read.tick("spoken", first.cursor)
    assert requested(second) == NAMES[3:]
    assert requested(read.tick("spoken", second.cursor)) == []
    read_ledger(read, 3)
    assert requested(read.tick("spoken", second.cursor)) == ["spoken-00002-cobol", "spoken-00002-latin"]


def test_a_language_that_comes_later_gets_all_shards(read: Graph) -> None:
    latin = with_languages(read, "latin").tick("spoken", None)
    assert requested(latin) == [NAMES[1], NAMES[3]]
    assert requested(read.tick("spoken", latin.cursor)) == [NAMES[0], NAMES[2]]


def test_a_partition_with_verdicts_or_a_run_under_way_is_passed_over(read: Graph) -> None:
    read.lake.publish("spoken/verifications", NAMES[0], {})
    read.instance.create_run_for_job(
        build_defs(read.settings).resolve_job_def("spoken"),
        status=dg.DagsterRunStatus.NOT_STARTED,
        tags={"dagster/partition": f"latin|{SHARDS[1]}"},
    )
    assert requested(read.tick("spoken", None)) == [NAMES[1], NAMES[2]]


# Size, and settings that cannot be


def test_the_ui_shows_five_languages_of_four_hundred_shards_quickly(
    spoken: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    languages, shards = ["c1", "c2", "c3", "c4", "c5"], [f"spoken-{number:05d}" for number in range(400)]
    monkeypatch.setitem(LANES, "spoken", spoken_lane(tuple(languages)))
    query = """{ assetNodeOrError(assetKey: {path: ["spoken", "tasks"]}) { ... on AssetNode {
        partitionKeysByDimension { name partitionKeys } staleStatus
        partitionStats { numMaterialized numPartitions numFailed } } } }"""
    with dg.instance_for_test() as instance:
        graph = graph_at(tmp_path, instance)
        instance.add_dynamic_partitions("spoken_shards", shards)
        made = str(key_of(Partition(shards[7], "c2")))
        instance.report_runless_asset_event(dg.AssetMaterialization(["spoken", "tasks"], partition=made))
        began = time.monotonic()
        found = ask_ui(graph, query)["assetNodeOrError"]
        seconds = time.monotonic() - began
    dimensions = {one["name"]: one["partitionKeys"] for one in found["partitionKeysByDimension"]}
    assert dimensions == {"language": languages, "shard": shards}
    assert found["partitionStats"] == {"numMaterialized": 1, "numPartitions": 2000, "numFailed": 0}
    assert seconds < 30, "one, where nothing else runs"


def test_a_language_that_the_lane_has_not_is_refused_with_those_it_has(graph: Graph) -> None:
    with pytest.raises(GenesysError, match=r"\[lanes.spoken\] languages: the lane has no greek; it has cobol, latin"):
        build_defs(with_languages(graph, "latin", "greek").settings)
    lanes = {"sums": graph.settings.lanes["sums"].model_copy(update={"languages": ("latin",)})}
    with pytest.raises(GenesysError, match="no latin; its partitions are shards alone"):
        build_defs(graph.settings.model_copy(update={"lanes": lanes}))


def test_a_command_for_a_language_that_no_lane_has_says_which_there_are(
    spoken: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = '[lanes.sums]\n[lanes.spoken]\n[[lanes.spoken.sources]]\npath = "lane:sums"\n'
    Path("genesys.toml").write_text(text)
    with pytest.raises(GenesysError, match="--language greek: no lane that is run has it; they have cobol, latin"):
        run_command.main(["--language", "latin", "--language", "greek"])
    with pytest.raises(GenesysError, match="--language latin: .*; none of these lanes has languages"):
        run_command.main(["--lane", "sums", "--language", "latin"])
