"""``genesys generate`` at its edges: what stands in the files, that nothing is lost or asked twice, and its faults."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from genesys.cli import main
from genesys.faults import InfrastructureFault
from genesys.schemas import Response
from genesys.teachers.vllm_engine import PYTHON_VARIABLE
from tests.genesys.commands.runs import (
    REPO,
    contents,
    environment,
    genesys,
    journalled,
    outputs,
    read,
    started,
    task,
    wait_for,
    write,
)
from tests.support.openai_server import OpenAIServer

GENESYS_FIELDS = (
    ("problem_id", "source", "task_type", "in_source_id", "prompt", "gold_standard_solution", "verification_info")
    + ("metadata", "llm_response", "response_id", "model_name", "generation_config")
)  # fmt: skip


def generate(server: OpenAIServer, *words: object) -> int:
    """Run the command in this process, in the working directory."""
    return main(["generate", "--name_model", "m", "--base_url", server.base_url, *map(str, words)])


class TestFiles:
    def test_one_line_a_response_in_the_order_of_tasks_and_samples(self, here: Path, server: OpenAIServer) -> None:
        write(here / "tasks.jsonl", [task(i) for i in range(5)])
        words = ("--data.path", "tasks.jsonl", "--data.num_responses_per_question", 2, "--sample_per_file", 4)
        assert generate(server, *words, "--temperature", 0.7, "--top_p", 0.9, "--max_tokens", 500) == 0
        files = outputs(here / "output")
        assert [len(read(file)) for file in files] == [4, 4, 2], "the rest of the last file is not lost"
        assert all(file.name.startswith("out_") for file in files)
        records = [record for file in files for record in read(file)]
        assert [(r["problem_id"], r["sample_index"]) for r in records] == [
            (f"p{i}", j) for i in range(5) for j in (0, 1)
        ]
        assert len({r["response_id"] for r in records}) == len({r["llm_response"] for r in records}) == 10
        first = records[0]
        assert set(GENESYS_FIELDS) <= first.keys()
        assert {**task(0), "verification_info": {"ground_truth": "1"}}.items() <= first.items()
        assert first["model_name"] == first["teacher_id"] == "m"
        sampling = first["generation_config"]
        assert {name: sampling[name] for name in ("temperature", "top_p", "max_tokens")} == {
            "temperature": 0.7,
            "top_p": 0.9,
            "max_tokens": 500,
        }
        assert first["finish_reason"] == "stop"
        assert first["completion_tokens"] > 0
        assert [message["role"] for message in first["messages"]] == ["user", "assistant"]
        Response.model_validate(first)

    def test_sampling_goes_to_the_endpoint_as_it_is_given(self, here: Path, server: OpenAIServer) -> None:
        write(here / "tasks.jsonl", [task(0)])
        words = ("--data.path", "tasks.jsonl", "--data.num_responses_per_question", 3, "--temperature", 0.2, 1)
        more = ("--sampling", "top_k=20", "--sampling", 'chat_template_kwargs={"enable_thinking": false}')
        assert generate(server, *words, *more, "--sampling", "reasoning_effort=high") == 0
        configs = [record["generation_config"] for record in read(outputs(here / "output")[0])]
        assert [config["temperature"] for config in configs] == [0.2, 1.0, 0.2]
        for config in configs:
            assert (config["top_k"], config["reasoning_effort"]) == (20, "high")
            assert config["chat_template_kwargs"] == {"enable_thinking": False}

    def test_a_response_has_its_prefill_and_is_continued_where_it_was_cut(
        self, here: Path, server: OpenAIServer
    ) -> None:
        write(here / "tasks.jsonl", [task(0)])
        words = ("--data.path", "tasks.jsonl", "--max_tokens", 3, "--system_prompt", "Be brief.")
        assert generate(server, *words, "--prefill", "Well, ") == 0
        assert generate(server, *words, "--prefill", "Well, ", "--continue_cut", 2) == 0
        once, further = sorted(
            (read(file)[0] for file in outputs(here / "output")), key=lambda r: len(r["llm_response"])
        )
        assert further["llm_response"].startswith(once["llm_response"])
        assert once["llm_response"].startswith("Well, ")
        assert [message["role"] for message in further["messages"]] == ["system", "user", "assistant"]
        assert (once["completion_tokens"], further["completion_tokens"]) == (3, 9)
        assert "cut_call_keys" not in once
        assert further["cut_call_keys"][0] == once["call_key"], "the first piece is not asked again"
        assert len(server.log()) == 3

    def test_seeds_make_answers_and_the_same_seed_the_same_ones(self, here: Path, server: OpenAIServer) -> None:
        write(here / "tasks.jsonl", [task(i) for i in range(3)])
        words = ("--data.path", "tasks.jsonl", "--data.num_responses_per_question", 3)
        for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
            assert generate(server, *words, "--seed", seed, "--path_output", folder) == 0
        assert contents(here / "a") == contents(here / "b")
        said = {name: [r["llm_response"] for r in read(outputs(here / name)[0])] for name in "ac"}
        assert not set(said["a"]) & set(said["c"])
        seeds = [r["generation_config"]["seed"] for name in "ac" for r in read(outputs(here / name)[0])]
        assert len(set(seeds)) == 18

    def test_every_upstream_form_is_read_and_the_published_one_written(self, here: Path, server: OpenAIServer) -> None:
        info, literal = '{"ground_truth": "1"}', "{'ground_truth': '1', 'flag': True}"
        tasks = [
            task(0, verification_info=info, metadata=literal, extra={"kept": [1]}),
            task(1, verification_info=None, metadata="", score=1.0, llm_response="of an earlier teacher"),
            {name: value for name, value in task(2).items() if name not in ("in_source_id", "metadata")},
            task(3, problem_id=33, metadata={"big": 2**70}),
        ]
        write(here / "tasks.jsonl", tasks)
        assert generate(server, "--data.path", "tasks.jsonl") == 0
        first, second, third, fourth = read(outputs(here / "output")[0])
        assert first["verification_info"] == {"ground_truth": "1"}
        assert first["metadata"] == {"ground_truth": "1", "flag": True}
        assert first["extra"] == {"kept": [1]}
        assert second["verification_info"] == second["metadata"] == {}
        assert "score" not in second
        assert "earlier" not in second["llm_response"]
        assert (third["in_source_id"], third["metadata"]) == (None, {})
        assert (fourth["problem_id"], fourth["metadata"]) == ("33", {"big": 2**70})

    def test_broken_rows_stay_in_their_place(
        self, here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = [task(0), '{"problem_id": "p1", "torn', "", "[1, 2]", {"problem_id": "p3", "source": "own"}, task(4)]
        rows += [task(5, verification_info="neither JSON nor Python")]
        write(here / "tasks.jsonl", rows)
        words = ("--data.path", "tasks.jsonl", "--data.num_responses_per_question", 2)
        assert generate(server, *words) == 3
        assert "4 errored: broken row" in capsys.readouterr().out
        records = read(outputs(here / "output")[0])
        assert [r.get("problem_id", r.get("line")) for r in records] == ["p0", "p0", 2, 4, 5, "p4", "p4", 7]
        broken = [r for r in records if "error" in r]
        assert [set(r) for r in broken] == [{"error", "line", "raw"}] * 4
        assert broken[0]["raw"] == '{"problem_id": "p1", "torn'
        assert "tasks.jsonl:5: task_type: " in broken[2]["error"]
        assert "verification_info: is neither JSON nor a Python literal" in broken[3]["error"]
        seen = server.stats()["requests"]
        assert generate(server, *words) == 3, "what is broken stays broken, and asks nobody"
        assert server.stats()["requests"] == seen

    def test_a_source_in_other_columns_is_an_error_that_names_them(
        self, here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(here / "tasks.jsonl", [{"problem": "1+1", "solution": "2", "source": "own"}] * 3)
        assert generate(server, "--data.path", "tasks.jsonl") == 2
        assert "tasks.jsonl has no column problem_id, prompt, task_type;" in capsys.readouterr().err
        assert server.stats()["requests"] == 0

    def test_an_empty_file_and_an_absent_one(
        self, here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (here / "tasks.jsonl").write_text("")
        assert generate(server, "--data.path", "tasks.jsonl") == 0
        assert "0 responses in 0 files" in capsys.readouterr().out
        assert generate(server, "--data.path", "none.jsonl") == 2
        assert "none.jsonl: there is no such file" in capsys.readouterr().err


class TestAgain:
    def test_the_same_command_finds_its_files_and_asks_nothing(self, here: Path, server: OpenAIServer) -> None:
        write(here / "tasks.jsonl", [task(i) for i in range(4)])
        words = ("--data.path", "tasks.jsonl", "--sample_per_file", 3)
        assert generate(server, *words) == 0
        before, times = contents(here / "output"), [p.stat().st_mtime_ns for p in outputs(here / "output")]
        assert generate(server, *words, "--concurrency", 3, "--data.batch_size", 2) == 0, "how it is run names no file"
        assert contents(here / "output") == before
        assert [p.stat().st_mtime_ns for p in outputs(here / "output")] == times
        assert server.stats()["requests"] == 4

    def test_a_finished_command_needs_no_teacher(
        self, here: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(here / "tasks.jsonl", [task(i) for i in range(4)])
        words = ("--name_model", "m", "--data.path", "tasks.jsonl", "--sample_per_file", "3")
        assert main(["generate", "--base_url", server.base_url, *words]) == 0
        monkeypatch.setenv(PYTHON_VARIABLE, "/nowhere/python")
        assert main(["generate", *words]) == 0, "no engine is started"
        outputs(here / "output")[1].unlink()
        assert main(["generate", *words]) == 2

    def test_a_lost_file_is_made_again_from_the_journal(self, here: Path, server: OpenAIServer) -> None:
        write(here / "tasks.jsonl", [task(i) for i in range(4)])
        words = ("--data.path", "tasks.jsonl", "--sample_per_file", 3)
        assert generate(server, *words) == 0
        before = contents(here / "output")
        outputs(here / "output")[0].unlink()
        assert generate(server, *words) == 0
        assert contents(here / "output") == before
        assert server.stats()["requests"] == 4

    @pytest.mark.parametrize(("number", "left"), [(0, "2 lines"), (2, "1 line"), (2, "half a line"), (1, "nothing")])
    def test_a_file_that_was_cut_is_made_again_from_the_journal(
        self, here: Path, server: OpenAIServer, number: int, left: str
    ) -> None:
        """By a full disk as it was copied, or an editor: the last file too, which may be shorter than the others."""
        write(here / "tasks.jsonl", [task(i) for i in range(10)])
        words = ("--data.path", "tasks.jsonl", "--sample_per_file", 4)
        assert generate(server, *words) == 0
        before, asked = contents(here / "output"), server.stats()["completed"]
        file = outputs(here / "output")[number]
        lines = file.read_bytes().splitlines(keepends=True)
        cut = {"2 lines": lines[:2], "1 line": lines[:1], "half a line": [lines[0], lines[1][:-1]], "nothing": []}
        file.write_bytes(b"".join(cut[left]))
        assert generate(server, *words) == 0
        assert contents(here / "output") == before
        assert server.stats()["completed"] == asked

    def test_more_tasks_cost_only_what_is_new(
        self, here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(here / "tasks.jsonl", [task(i) for i in range(4)])
        assert generate(server, "--data.path", "tasks.jsonl", "--data.max_samples", 2) == 0
        assert generate(server, "--data.path", "tasks.jsonl") == 0
        assert server.stats()["requests"] == 4
        assert "2 calls made, 2 answered from the journal" in capsys.readouterr().out
        assert len(outputs(here / "output")) == 2, "other data, another file"

    def test_rows_that_infrastructure_failed_are_tried_again(
        self, here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tasks = [task(i, prompt=f"Question {i} {'[[dead]]' if i in (1, 6) else ''}", extra=i) for i in range(8)]
        write(here / "tasks.jsonl", tasks)
        words = ("--data.path", "tasks.jsonl", "--sample_per_file", 3, "--attempts", 1)
        assert generate(server, *words) == 3
        told = capsys.readouterr().out
        assert "6 responses in 3 files" in told
        assert "2 errored: infrastructure" in told
        assert "the same command tries them again" in told
        failed = read(outputs(here / "output")[0])[1]
        assert failed["problem_id"] == "p1"
        assert "answered 500" in failed["error"]
        assert (failed["try_again"], failed["extra"]) == (True, 1)
        assert "llm_response" not in failed
        seen = server.stats()
        server.control(always_fail=None)
        assert generate(server, *words) == 0
        records = [r for file in outputs(here / "output") for r in read(file)]
        assert [r["problem_id"] for r in records] == [f"p{i}" for i in range(8)]
        assert not any("error" in r for r in records)
        assert server.stats()["requests"] == seen["requests"] + 2, "only what failed was asked again"

    def test_a_request_that_is_refused_is_an_end(
        self, here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        server.control(context_tokens=50)
        write(here / "tasks.jsonl", [task(0), task(1, prompt="long " * 100), task(2)])
        assert generate(server, "--data.path", "tasks.jsonl") == 0
        assert "1 rejected: task fault" in capsys.readouterr().out
        refused = read(outputs(here / "output")[0])[1]
        assert "maximum context length" in refused["error"]
        assert refused["try_again"] is False
        seen = server.stats()["requests"]
        assert generate(server, "--data.path", "tasks.jsonl") == 0
        assert "1 rejected: task fault" in capsys.readouterr().out
        assert server.stats()["requests"] == seen

    def test_files_appear_while_later_rows_run(self, tmp_path: Path, server: OpenAIServer) -> None:
        server.control(latency_min=0.1, latency_max=0.2)
        tasks = write(
            tmp_path / "tasks.jsonl", [task(i, prompt=f"{i} [[dead]]" if i == 1 else f"{i}") for i in range(60)]
        )
        words = ("generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", tasks)
        words += ("--sample_per_file", 6, "--concurrency", 4, "--attempts", 1)
        with started(*words, cwd=tmp_path) as process:
            wait_for(lambda: len(list((tmp_path / "output").glob("*.jsonl"))) >= 3)
            assert process.poll() is None
            whole = [read(path) for path in (tmp_path / "output").glob("*.jsonl")]
            assert all(len(records) == 6 for records in whole)
            assert not any(record["problem_id"] == "p1" for records in whole for record in records)
            assert process.wait(60) == 3
        assert len(outputs(tmp_path / "output")) == 10


class TestSources:
    def test_shares_hold_at_any_point_and_to_the_end(self, here: Path, server: OpenAIServer) -> None:
        write(here / "a.jsonl", [task(i) for i in range(50)])
        write(here / "b.jsonl", [task(100 + i) for i in range(6)])
        words = ("--data.path", "a.jsonl", "b.jsonl", "--data.ratio", 3, 1)
        assert generate(server, *words) == 0
        ids = [int(r["problem_id"][1:]) for r in read(outputs(here / "output")[0])]
        of_b = [i for i in ids if i >= 100]
        assert of_b == list(range(100, 106)), "all of the source that is used up first"
        assert [i for i in ids if i < 100] == list(range(len(ids) - 6))
        for end in range(1, len(ids) + 1):
            assert abs(sum(i >= 100 for i in ids[:end]) - end / 4) <= 1

    def test_without_ratio_one_after_the_other(self, here: Path, server: OpenAIServer) -> None:
        write(here / "b.jsonl", [task(i) for i in range(3)])
        write(here / "a.jsonl", [task(3 + i) for i in range(3)])
        assert generate(server, "--data.path", "b.jsonl,a.jsonl") == 0
        assert [r["problem_id"] for r in read(outputs(here / "output")[0])] == [f"p{i}" for i in range(6)]

    def test_shuffled_by_the_seed_and_nothing_lost(self, here: Path, server: OpenAIServer) -> None:
        import polars as pl

        pl.DataFrame([task(i, verification_info="{}", metadata="{}") for i in range(15)]).write_parquet(
            here / "a.parquet"
        )
        write(here / "b.jsonl", [task(i) for i in range(15, 30)])
        orders = {}
        for name, seed in (("one", 1), ("same", 1), ("two", 2)):
            words = ("--data.path", "a.parquet", "b.jsonl", "--data.shuffle", "--seed", seed, "--path_output", name)
            assert generate(server, *words) == 0
            orders[name] = [int(r["problem_id"][1:]) for r in read(next((here / name).glob("*.jsonl")))]
        assert orders["one"] == orders["same"]
        assert orders["one"] != orders["two"]
        assert sorted(orders["one"]) == sorted(orders["two"]) == list(range(30))
        assert any(i < 15 for i in orders["one"][15:]), "over both sources"
        assert sum(a < b for a, b in pairwise(orders["one"])) < 25

    def test_shuffled_and_mixed(self, here: Path, server: OpenAIServer) -> None:
        write(here / "a.jsonl", [task(i) for i in range(20)])
        write(here / "b.jsonl", [task(100 + i) for i in range(20)])
        words = ("--data.path", "a.jsonl", "b.jsonl", "--data.ratio", 1, 1, "--data.shuffle", "--data.max_samples", 30)
        assert generate(server, *words) == 0
        ids = [int(r["problem_id"][1:]) for r in read(next((here / "output").glob("*.jsonl")))]
        assert sum(i >= 100 for i in ids) == 15
        assert len(set(ids)) == 30
        assert [i for i in ids if i < 100] != sorted(i for i in ids if i < 100)

    def test_options_of_the_readme_from_a_file(self, here: Path, server: OpenAIServer) -> None:
        write(here / "tasks.jsonl", [task(i) for i in range(20)])
        debug = str(REPO / "configs" / "debug.toml")
        assert main(["generate", "@", debug, "--base_url", server.base_url, "--data.path", "tasks.jsonl"]) == 0
        records = [r for file in outputs(here / "output") for r in read(file)]
        assert len(records) == 16
        assert {r["model_name"] for r in records} == {"Qwen/Qwen2.5-Coder-0.5B"}

    @pytest.mark.parametrize("config", sorted((REPO / "configs").glob("*.toml")), ids=lambda path: path.name)
    def test_the_files_in_configs_hold_options_that_there_are(
        self, here: Path, server: OpenAIServer, config: Path
    ) -> None:
        write(here / "tasks.jsonl", [task(0)])
        assert main(["generate", f"@{config}", "--base_url", server.base_url, "--data.path", "tasks.jsonl"]) == 0

    def test_ratios_that_do_not_fit(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["generate", "--name_model", "m", "--data.path", "a.jsonl", "--data.ratio", "1", "2"]) == 2
        assert "ratio takes a number above 0 for each of the 1 paths" in capsys.readouterr().err


class TestEndpoints:
    def test_several_endpoints_share_the_work(self, here: Path, server: OpenAIServer) -> None:
        server.control(latency_min=0.02, latency_max=0.05)
        write(here / "tasks.jsonl", [task(i) for i in range(30)])
        with OpenAIServer(latency_min=0.02, latency_max=0.05, answer_chars=120) as other:
            words = ("--base_url", other.base_url, "--data.path", "tasks.jsonl", "--concurrency", 2)
            assert generate(server, *words) == 0
            shares = [server.stats()["requests"], other.stats()["requests"]]
        assert sum(shares) == 30
        assert min(shares) >= 8

    def test_the_environment_names_the_endpoint(
        self, here: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        write(here / "tasks.jsonl", [task(0)])
        assert main(["generate", "--name_model", "m", "--data.path", "tasks.jsonl"]) == 0
        assert server.stats()["requests"] == 1

    def test_without_an_endpoint_an_engine_is_started_here(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv(PYTHON_VARIABLE, "/nowhere/python")
        write(here / "tasks.jsonl", [task(0)])
        assert main(["generate", "--name_model", "m", "--data.path", "tasks.jsonl"]) == 2
        told = capsys.readouterr().err
        assert "cannot run /nowhere/python" in told
        assert "--base_url" in told

    def test_an_endpoint_that_is_down(self, tmp_path: Path, server: OpenAIServer) -> None:
        server.stop()
        tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(20)])
        words = ("--base_url", server.base_url, "--data.path", tasks, "--patience", 0.5, "--attempts", 2)
        run = genesys("generate", "--name_model", "m", *words, cwd=tmp_path)
        assert run.returncode == 3
        assert "20 errored: infrastructure" in run.stdout
        assert "Traceback" not in run.stderr
        server.start()
        run = genesys("generate", "--name_model", "m", *words, cwd=tmp_path)
        assert (run.returncode, run.stderr) == (0, "")

    def test_secrets_are_nowhere(self, tmp_path: Path, server: OpenAIServer) -> None:
        secret = "sk-very-secret-0123456789"
        server.control(api_key="another")
        tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(3)])
        words = ("--base_url", server.base_url, "--data.path", tasks, "--attempts", 1, "--api_key_env", "MY_KEY")
        refused = genesys("generate", "--name_model", "m", *words, cwd=tmp_path, env=environment(MY_KEY=secret))
        assert refused.returncode == 3
        server.control(api_key=secret)
        run = genesys("generate", "--name_model", "m", *words, cwd=tmp_path, env=environment(MY_KEY=secret))
        assert run.returncode == 0
        assert secret not in refused.stdout + refused.stderr + run.stdout + run.stderr
        written = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(written) > 3
        assert not any(secret.encode() in path.read_bytes() for path in written)
        entries = journalled(tmp_path / "output" / ".journal")
        assert len(entries) == 3
        assert secret not in json.dumps([entry.model_dump() for entry in entries])

    def test_no_tasks_are_named(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["generate", "--name_model", "m"]) == 2
        assert "give --data.path" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["--base_url", "http://me:secret-word@host/v1"], "--api_key_env"),
            (["--api_key_env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE, which is not set"),
            (["--path_output", "s3://bucket/out"], "folders of this machine"),
            (["--out_file_prefix", "a/b"], "--path_output"),
            (["--name_model", ""], "--name_model"),
        ],
    )
    def test_options_that_cannot_be(
        self, here: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(here / "tasks.jsonl", [task(0)])
        assert main(["generate", "--name_model", "m", "--data.path", "tasks.jsonl", *words]) == 2
        err = capsys.readouterr().err
        assert told in err
        assert "secret-word" not in err
        assert err.count("\n") == 1


class TestHub:
    @pytest.fixture(autouse=True)
    def hub(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A hub data set of 40 tasks, which can only be read from its beginning."""
        rows = [task(i) for i in range(40)]
        monkeypatch.setattr("genesys.sources.hub.revision_of", lambda source: "c0ffee" * 6 + "c0ff")
        monkeypatch.setattr("genesys.sources.hub.stream_of", lambda source, revision: iter(rows))

    def test_rows_carry_where_they_come_from(self, here: Path, server: OpenAIServer) -> None:
        assert generate(server, "--data.path", "PrimeIntellect/verifiable-math", "--data.max_samples", 2) == 0
        records = read(outputs(here / "output")[0])
        assert [r["problem_id"] for r in records] == ["p0", "p1"]
        assert {r["hf_dataset_name"] for r in records} == {"PrimeIntellect/verifiable-math"}
        assert {r["revision"] for r in records} == {"c0ffee" * 6 + "c0ff"}

    def test_a_stream_is_shuffled_within_a_window(
        self, here: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("genesys.commands.tasks.SHUFFLE_WINDOW", 8)
        orders = []
        for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
            words = ("--data.path", "some/tasks", "--data.shuffle", "--seed", seed, "--path_output", folder)
            assert generate(server, *words) == 0
            orders.append([int(r["problem_id"][1:]) for r in read(next((here / folder).glob("*.jsonl")))])
        assert orders[0] == orders[1] != orders[2]
        assert sorted(orders[0]) == sorted(orders[2]) == list(range(40))
        assert orders[0] != list(range(40))
        assert all(number <= place + 8 for place, number in enumerate(orders[0])), "no row is read long before its turn"

    def test_a_hub_that_is_not_reached(
        self, here: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def unreachable(source: object) -> str:
            raise InfrastructureFault("some/tasks could not be read from the hub: no network", final=True)

        monkeypatch.setattr("genesys.sources.hub.revision_of", unreachable)
        assert generate(server, "--data.path", "some/tasks") == 2
        assert capsys.readouterr().err == "genesys generate: some/tasks could not be read from the hub: no network\n"
