"""After kill -9, a full disk or another process beside it, the same command ends as an uninterrupted one would have."""

import os
import random
import resource
import signal
from pathlib import Path

import pytest

from tests.genesys.commands.runs import (
    Watch,
    contents,
    genesys,
    journalled,
    kill_when,
    outputs,
    read,
    response,
    started,
    task,
    write,
)
from tests.support.openai_server import OpenAIServer

KILLS = int(os.environ.get("GENESYS_KILLS", "3"))
"""How often each run is killed; the work grows with it, so that no kill comes after the last call."""

SLOW = '''
"""Verifiers of a test: each call is written down, so that one that is made twice is seen."""
import hashlib, os, time
from genesys.verifiers.registry import VERIFIER_REGISTRY

class Slow:
    max_parallel = 4
    version = "1"
    def verify(self, result):
        with open(os.environ.get("CALLS", "calls.log"), "a") as log:
            log.write(result["response_id"] + "\\n")
        time.sleep(0.01 + int(hashlib.sha256(result["response_id"].encode()).hexdigest()[:4], 16) / 65536 * 0.04)
        return {"score": float(len(result["llm_response"]) % 2), "verification_result_info": {"seen": True}}

VERIFIER_REGISTRY["slow"] = Slow
'''


def generate_words(server: OpenAIServer, tasks: Path) -> tuple[object, ...]:
    words = ("generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", tasks)
    return (*words, "--data.num_responses_per_question", 3, "--sample_per_file", 25, "--concurrency", 8)


def arrived(server: OpenAIServer) -> int:
    return server.log_path.read_bytes().count(b'"arrived"')


def lines_in(log: Path) -> int:
    return log.read_bytes().count(b"\n")


@pytest.mark.slow
@pytest.mark.timeout(240 + 30 * KILLS)
def test_generate_after_kills(tmp_path: Path, server: OpenAIServer) -> None:
    server.control(latency_min=0.01, latency_max=0.15, faults={"rate_limit": 0.05, "cut": 0.05}, retry_after=0.05)
    tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(15 * KILLS)])
    words, killed, dice = generate_words(server, tasks), tmp_path / "killed", random.Random(5)
    killed.mkdir()
    watch, before = Watch(server, killed / "output" / ".journal"), (set[str](), 0)
    kills = 0
    while kills < KILLS:
        # Between the first and the last call of each run, wherever that is.
        enough = arrived(server) + dice.randrange(12, 32)
        if not kill_when(lambda enough=enough: arrived(server) >= enough, *words, cwd=killed):
            break
        kills += 1
        watch.assert_not_seen_again(before)
        before = watch.durable()
    assert kills == KILLS
    assert 0 < len(before[0]) < 45 * KILLS, "the kills were between the first and the last call"
    assert genesys(*words, cwd=killed).returncode == 0
    watch.assert_not_seen_again(before)

    whole = tmp_path / "whole"
    whole.mkdir()
    server.control(faults={})
    assert genesys(*words, cwd=whole).returncode == 0
    assert contents(killed / "output") == contents(whole / "output")
    records = [record for file in outputs(killed / "output") for record in read(file)]
    rows = [(f"p{i}", j) for i in range(15 * KILLS) for j in range(3)]
    assert [(r["problem_id"], r["sample_index"]) for r in records] == rows
    assert len({record["response_id"] for record in records}) == 45 * KILLS
    assert not list((killed / "output").glob("*.tmp")) + list((killed / "output").glob(".*.tmp"))


def verify_words(folder: Path) -> tuple[object, ...]:
    return ("verify", "--file", folder / "answers.jsonl", "--verifiers", folder / "slow.py")


def make_answers(folder: Path, count: int) -> Path:
    folder.mkdir()
    (folder / "slow.py").write_text(SLOW)
    records = [response(i, "x" * (i % 7), task_type="slow") for i in range(count)]
    write(folder / "answers.jsonl", [*records[:3], '{"torn', *records[3:]])
    return folder


@pytest.mark.slow
@pytest.mark.timeout(240 + 30 * KILLS)
def test_verify_after_kills(tmp_path: Path) -> None:
    count = 60 * KILLS
    killed, whole = (make_answers(tmp_path / name, count) for name in ("killed", "whole"))
    dice = random.Random(6)
    log, target = killed / "calls.log", killed / "answers_verified.jsonl"
    log.touch()
    durable, seen, kills = set[str](), 0, 0
    while kills < KILLS:
        enough = lines_in(log) + dice.randrange(10, 50)
        if not kill_when(lambda enough=enough: lines_in(log) >= enough, *verify_words(killed), cwd=killed):
            break
        kills += 1
        assert not target.exists(), "all of it or nothing"
        lines = log.read_text().splitlines()
        assert not durable & set(lines[seen:]), "a verdict that was durable is not reached again"
        rows = {f"answers.jsonl:{i + 1 + (i >= 3)}": f"r{i}" for i in range(count)}
        durable, seen = {rows[entry.row_id] for entry in journalled(killed / ".journal")}, len(lines)
    assert kills == KILLS
    assert 0 < len(durable) < count, "the kills were between the first and the last call"
    assert genesys(*verify_words(killed), cwd=killed).returncode == 3, "one line is broken"
    assert not durable & set(log.read_text().splitlines()[seen:])
    assert genesys(*verify_words(whole), cwd=whole).returncode == 3
    assert contents(killed)["answers_verified.jsonl"] == contents(whole)["answers_verified.jsonl"]
    ids = [record.get("response_id") for record in read(target)]
    assert ids == [*(f"r{i}" for i in range(3)), None, *(f"r{i}" for i in range(3, count))]


def test_two_at_once_share_the_calls(tmp_path: Path, server: OpenAIServer) -> None:
    server.control(latency_min=0.02, latency_max=0.1)
    tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(40)])
    words = generate_words(server, tasks)
    with started(*words, cwd=tmp_path) as other:
        assert genesys(*words, cwd=tmp_path).returncode == 0
        assert other.wait(60) == 0
    assert server.stats()["requests"] == 120
    assert [len(read(file)) for file in outputs(tmp_path / "output")] == [25, 25, 25, 25, 20]


@pytest.mark.parametrize("limit", [200_000, 120_000])
def test_a_full_disk(tmp_path: Path, server: OpenAIServer, limit: int) -> None:
    """Files may not grow over a limit, which looks to the run as a disk that is full."""
    server.control(answer_chars=4000)
    tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(60)])
    words = generate_words(server, tasks)

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    run = genesys(*words, cwd=tmp_path, preexec_fn=small_files)
    assert run.returncode == 2
    assert run.stderr.startswith("genesys generate: ")
    assert "could not be written" in run.stderr
    assert "run the same command again" in run.stderr
    assert run.stderr.count("\n") == 1
    watch = Watch(server, tmp_path / "output" / ".journal")
    before = watch.durable()
    assert genesys(*words, cwd=tmp_path).returncode == 0
    watch.assert_not_seen_again(before)
    assert sum(len(read(file)) for file in outputs(tmp_path / "output")) == 180
