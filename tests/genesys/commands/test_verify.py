"""``genesys verify`` at its edges: what is added and kept, rows without a verdict, a user's verifier, measures."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest

from genesys.cli import main
from genesys.verifiers.registry import VERIFIER_REGISTRY
from tests.genesys.commands.runs import environment, genesys, journalled, read, response, task, write
from tests.support.shared_data import FOLDER, needs_shared_data

LENGTH_VERIFIER = """
from genesys.schemas import Response
from genesys.verifiers.base_verifier import BaseVerifier

class LengthVerifier(BaseVerifier):
    max_parallel = 30
    timeout = 10

    def verify(self, result: Response):
        length = len(result["llm_response"])
        small = result["verification_info"]["length_threshold_small"]
        large = result["verification_info"]["length_threshold_large"]
        score = 1.0 if length > large else 0.5 if length > small else 0.0
        return dict(score=score, verification_result_info={})
"""
REGISTERED = (
    LENGTH_VERIFIER
    + """
from genesys.verifiers.registry import VERIFIER_REGISTRY
VERIFIER_REGISTRY["length_adherance"] = LengthVerifier
"""
)


def right(number: int, **fields: Any) -> dict[str, Any]:
    return response(number, f"So it is \\boxed{{{number + 1}}}.", **fields)


def wrong(number: int, **fields: Any) -> dict[str, Any]:
    return response(number, f"So it is \\boxed{{{number + 900}}}.", **fields)


def verify(*words: object) -> int:
    return main(["verify", "--file", "out.jsonl", *map(str, words)])


class TestRecords:
    def test_a_verdict_is_added_and_all_else_keeps_its_form(self, here: Path) -> None:
        records = [
            right(0, verification_info='{"ground_truth": "1"}', metadata="{'a': (1, 2)}", extra={"b": [None]}),
            wrong(1, verification_info={"ground_truth": ["2", "two"]}, problem_id=17, in_source_id=None),
            right(2, metadata=None, score=0.25, verification_result_info={"old": True}, text="é\u2028 \\u00e9"),
        ]
        write(here / "out.jsonl", records)
        before = (here / "out.jsonl").read_bytes()
        assert verify() == 0
        verified = read(here / "out_verified.jsonl")
        assert [record["score"] for record in verified] == [1.0, 0.0, 1.0]
        assert verified[0]["verification_result_info"]["extracted_answer"] == "1"
        added = ("score", "verification_result_info")
        for given, made in zip(records, verified, strict=True):
            kept = {name: value for name, value in given.items() if name not in added}
            assert {name: value for name, value in made.items() if name not in added} == kept
            assert list(made)[: len(kept)] == [name for name in given if name in kept] or "score" in given
        assert "old" not in verified[2]["verification_result_info"]
        assert (here / "out.jsonl").read_bytes() == before
        assert sorted(path.name for path in here.iterdir()) == [".journal", "out.jsonl", "out_verified.jsonl"]

    def test_rows_without_a_verdict_stay_and_are_told(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        failed = task(3) | {"error": "the endpoint answered 500", "try_again": True, "sample_index": 0}
        broken = {"error": "tasks.jsonl:9: line: not JSON", "line": 9, "raw": "{"}
        no_response = {name: value for name, value in right(5).items() if name != "llm_response"}
        rows = [right(0), '{"torn', "", right(1, task_type="no_such_type"), broken, failed, no_response, wrong(2)]
        rows += [right(6, verification_info="neither"), right(7, task_type=None)]
        write(here / "out.jsonl", rows)
        assert verify() == 3
        verified = read(here / "out_verified.jsonl")
        assert len(verified) == 9
        assert verified[0]["score"] == 1.0
        assert verified[1] == {"error": verified[1]["error"], "line": 2, "raw": '{"torn'}
        unknown = verified[2]
        assert unknown["score"] is None
        assert "'no_such_type'" in unknown["verification_result_info"]["error"]
        assert "verifiable_math" in unknown["verification_result_info"]["error"], "which there are"
        assert verified[3] == broken
        assert verified[4] == failed | {
            "score": None,
            "verification_result_info": {"error": "the endpoint answered 500"},
        }
        assert "llm_response" in verified[5]["verification_result_info"]["error"]
        assert verified[6]["score"] == 0.0
        assert "verification_info" in verified[7]["verification_result_info"]["error"]
        assert "task_type" in verified[8]["verification_result_info"]["error"]
        told = capsys.readouterr().out
        for line in ("2 errored: broken row", "1 errored: no response", "1 errored: unknown task_type"):
            assert line in told
        assert "3 errored: incomplete record" in told
        assert "The same command tries again" in told

    def test_a_fault_of_the_task_is_a_verdict_without_a_score(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(here / "out.jsonl", [right(0), right(1, verification_info={})])
        assert verify() == 0
        assert "1 rejected: task fault" in capsys.readouterr().out
        verified = read(here / "out_verified.jsonl")[1]
        assert verified["score"] is None
        assert "ground_truth" in verified["verification_result_info"]["fault"]

    def test_the_same_command_verifies_nothing_again(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        calls: list[str] = []

        class Once:
            version = "1"

            def verify(self, result: Any) -> dict[str, Any]:
                calls.append(result["response_id"])
                if result["response_id"] == "r1" and len(calls) < 3:
                    raise OSError("the network is down")
                return {"score": 1.0, "verification_result_info": {}}

        monkeypatch.setitem(VERIFIER_REGISTRY, "once", Once)
        write(here / "out.jsonl", [right(i, task_type="once") for i in range(2)])
        assert verify() == 0, "what failed is tried again at the end"
        assert sorted(calls) == ["r0", "r1", "r1"]
        made = (here / "out_verified.jsonl").read_bytes()
        assert verify() == 0
        assert len(calls) == 3
        assert (here / "out_verified.jsonl").read_bytes() == made
        Once.version = "2"
        assert verify() == 0
        assert len(calls) == 5, "another version of the verifier is another verdict"

    def test_what_is_missing_for_a_type_is_said_once_and_the_others_go_on(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Programs:
            missing: ClassVar[str | None] = None

            def ready(self) -> str | None:
                return self.missing

            def verify(self, result: Any) -> dict[str, Any]:
                return {"score": 1.0, "verification_result_info": {"measured": {"cpu_s": [0.1]}}}

        monkeypatch.setitem(VERIFIER_REGISTRY, "programs", Programs)
        write(here / "out.jsonl", [right(0), right(1, task_type="programs")])
        assert verify() == 0
        measured = {"measured": {"cpu_s": [0.1]}}
        assert read(here / "out_verified.jsonl")[1]["verification_result_info"] == measured, "a file keeps everything"

        Programs.missing = "no Docker engine answers; get one: apt-get install docker.io"
        write(here / "out.jsonl", [right(0), *(right(n, task_type="programs") for n in range(1, 5)), right(5)])
        capsys.readouterr()
        assert verify() == 3
        told = capsys.readouterr().out
        assert told.count(Programs.missing) == 1
        assert f"Not run: programs: {Programs.missing}" in told
        assert [row["score"] for row in read(here / "out_verified.jsonl")] == [1.0, 1.0, None, None, None, 1.0]

    def test_a_verifier_that_fails_makes_an_errored_row_and_why_says_why(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Down:
            is_down = True

            def verify(self, result: Any) -> dict[str, Any]:
                if self.is_down:
                    raise OSError("the network is down")
                return {"score": 1.0, "verification_result_info": {}}

        monkeypatch.setitem(VERIFIER_REGISTRY, "down", Down)
        write(here / "out.jsonl", [right(0, task_type="down"), right(1)])
        assert verify() == 3
        down, fine = read(here / "out_verified.jsonl")
        assert (down["score"], fine["score"]) == (None, 1.0)
        assert "the network is down" in down["verification_result_info"]["error"]
        capsys.readouterr()
        assert main(["calls", "why", "out.jsonl:1", "--journal", ".journal"]) == 0
        assert "the network is down" in capsys.readouterr().out
        Down.is_down = False
        assert verify() == 0
        assert read(here / "out_verified.jsonl")[0]["score"] == 1.0

    def test_parquet_is_read_too(self, here: Path) -> None:
        import polars as pl

        texts = {"metadata": "{}", "generation_config": "{}"}
        records = [right(0, **texts), wrong(1, **texts)]
        pl.DataFrame(records).write_parquet(here / "out.parquet")
        assert main(["verify", "--file", "out.parquet"]) == 0
        assert [record["score"] for record in read(here / "out_verified.jsonl")] == [1.0, 0.0]

    def test_progress_without_a_terminal_is_a_line_now_and_then(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        import time

        class Slow:
            def verify(self, result: Any) -> dict[str, Any]:
                time.sleep(0.3)
                return {"score": 1.0, "verification_result_info": {}}

        monkeypatch.setattr("genesys.commands.progress.LINE_EVERY_S", 0.1)
        monkeypatch.setitem(VERIFIER_REGISTRY, "slow", Slow)
        write(here / "out.jsonl", [right(i, task_type="slow") for i in range(20)])
        assert verify() == 0
        lines = capsys.readouterr().err.splitlines()
        assert 2 < len(lines) < 40
        assert "of 20 records, pass rate 100.0%" in lines[-1]
        assert "labelled" not in lines[-1]

    def test_progress_says_how_verdicts_agree_with_labels(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        import time

        class Slow:
            def verify(self, result: Any) -> dict[str, Any]:
                time.sleep(0.2)
                return {"score": 1.0, "verification_result_info": {}}

        monkeypatch.setattr("genesys.commands.progress.LINE_EVERY_S", 0.1)
        monkeypatch.setitem(VERIFIER_REGISTRY, "slow", Slow)
        write(here / "out.jsonl", [right(i, task_type="slow", expected_score=float(i % 2)) for i in range(32)])
        assert verify() == 0
        lines = [line for line in capsys.readouterr().err.splitlines() if "labelled" in line]
        assert lines
        assert re.search(r"pass rate 100\.0%, of \d+ labelled: agreement \d+\.\d%, precision \d", lines[-1])

    def test_records_keep_their_order_whenever_their_verdicts_come(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import time

        class Late:
            max_parallel = 50

            def verify(self, result: Any) -> dict[str, Any]:
                time.sleep(0.3 if result["response_id"] in ("r0", "r7") else 0)
                return {"score": 1.0, "verification_result_info": {"of": result["response_id"]}}

        monkeypatch.setitem(VERIFIER_REGISTRY, "late", Late)
        write(here / "out.jsonl", [right(i, task_type="late") for i in range(1200)])
        assert verify() == 0
        verified = read(here / "out_verified.jsonl")
        assert [record["response_id"] for record in verified] == [f"r{i}" for i in range(1200)]
        assert all(record["verification_result_info"]["of"] == record["response_id"] for record in verified)


class TestVerifiers:
    def records(self, here: Path) -> None:
        info = {"length_threshold_small": 3, "length_threshold_large": 10}
        said = ["", "four", "much longer than ten"]
        given = [response(i, s, task_type="length_adherance", verification_info=info) for i, s in enumerate(said)]
        write(here / "out.jsonl", given)

    @pytest.mark.parametrize("named", ["lengths.py", "lengths"])
    def test_a_users_verifier_from_a_file_or_module(self, tmp_path: Path, named: str) -> None:
        self.records(tmp_path)
        (tmp_path / "lengths.py").write_text(REGISTERED)
        run = genesys("verify", "--file", "out.jsonl", "--verifiers", named, cwd=tmp_path)
        assert (run.returncode, run.stderr) == (0, "")
        assert [record["score"] for record in read(tmp_path / "out_verified.jsonl")] == [0.0, 0.5, 1.0]

    def test_a_users_verifier_from_an_entry_point(self, tmp_path: Path) -> None:
        self.records(tmp_path)
        info = tmp_path / "site" / "lengths-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lengths\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[genesys.verifiers]\nlength_adherance = lengths:LengthVerifier\n")
        (tmp_path / "site" / "lengths.py").write_text(LENGTH_VERIFIER)
        env = environment()
        env["PYTHONPATH"] += f":{tmp_path / 'site'}"
        run = genesys("verify", "--file", "out.jsonl", cwd=tmp_path, env=env)
        assert (run.returncode, run.stderr) == (0, "")
        assert [record["score"] for record in read(tmp_path / "out_verified.jsonl")] == [0.0, 0.5, 1.0]

    def test_a_file_of_verifiers_that_is_broken(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.records(here)
        (here / "bad.py").write_text("import nothing_like_that")
        for named in ("bad.py", "absent.py", "absent_module"):
            assert verify("--verifiers", named) == 2
            told = capsys.readouterr().err
            assert f"--verifiers {named} cannot be loaded" in told
            assert told.count("\n") == 1


class TestMeasures:
    def test_precision_and_recall_where_records_are_labelled(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        labelled = [right(i, expected_score=1.0) for i in range(3)]
        labelled += [
            wrong(3, expected_score=1.0),
            right(4, expected_score=0.0),
            right(5, task_type="x", expected_score=1),
        ]
        write(here / "out.jsonl", [*labelled, wrong(6)])
        assert verify() == 3
        told = capsys.readouterr().out
        assert "Against expected_score: 5 labelled records with a verdict, 1 errored and not counted" in told
        assert "agreement  0.6000 (3 of 5, 95 % interval 0.2307 to 0.8824; 2 verdicts differ)" in told
        assert "precision  0.7500 (3 of 4, 95 % interval 0.3006 to 0.9544; 1 wrongly accepted)" in told
        assert "recall     0.7500 (3 of 4, 95 % interval 0.3006 to 0.9544; 1 wrongly rejected)" in told
        assert "66.7%" in told, "4 of 6 verdicts; nothing is known of the errored row"

    def test_a_verifier_never_sees_the_label(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        class Nosy:
            def verify(self, result: Any) -> dict[str, Any]:
                return {"score": 0.0, "verification_result_info": {"fields": sorted(result)}}

        monkeypatch.setitem(VERIFIER_REGISTRY, "nosy", Nosy)
        write(here / "out.jsonl", [right(0, task_type="nosy", expected_score=1.0, score=1.0)])
        assert verify() == 0
        fields = read(here / "out_verified.jsonl")[0]["verification_result_info"]["fields"]
        assert not {"expected_score", "score", "verification_result_info"} & set(fields)

    def test_the_judges_least_score_comes_from_the_settings(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Half:
            def verify(self, result: Any) -> dict[str, Any]:
                return {"score": 0.5, "verification_result_info": {}}

        monkeypatch.setitem(VERIFIER_REGISTRY, "half", Half)
        (here / "mine.toml").write_text("acceptance = { by_task_type = { half = 0.5 } }")
        write(here / "out.jsonl", [right(0, task_type="half")])
        assert verify() == 0
        assert "  0.0%" in capsys.readouterr().out
        assert verify("--config", "mine.toml") == 0
        assert "100.0%" in capsys.readouterr().out

    @needs_shared_data
    def test_the_labelled_gsm8k_answers(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        shutil.copy(FOLDER / "cases" / "math_gsm8k.jsonl", here / "out.jsonl")
        assert verify() == 0
        told = capsys.readouterr().out
        assert "precision  1.0000 (504 of 504, 95 % interval 0.9924 to 1.0000; 0 wrongly accepted)" in told
        assert "recall     1.0000 (504 of 504, 95 % interval 0.9924 to 1.0000; 0 wrongly rejected)" in told
        given, verified = read(here / "out.jsonl"), read(here / "out_verified.jsonl")
        assert [r["response_id"] for r in given] == [r["response_id"] for r in verified]
        assert [r["score"] for r in verified] == [r["expected_score"] for r in given]
        entries = journalled(here / ".journal")
        assert len(entries) <= len(given)
        assert not any("llm_response" in json.dumps(entry.payload) for entry in entries), "the file has the texts"
