"""``genesys reverify``: what a stranger is told of a published data set, sound or tampered with."""

import json
import signal
import socket
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import s3fs

from genesys.commands import reverify as command
from genesys.faults import GenesysError
from genesys.release.proof.leaves import leaf
from genesys.release.proof.tree import is_below
from tests.genesys.commands.runs import started, wait_for
from tests.support.published import CODE, changed, manifest_changed, sealed, trace, traces, write
from tests.support.s3 import s3_bucket

RAW = "raw/train-00000-of-00002.parquet"
SECOND = "raw/train-00001-of-00002.parquet"
LINEAGE = "lineage/lineage-00000-of-00001.parquet"


@pytest.fixture
def published(here: Path) -> Path:
    return write(here / "tiny-0123456789ab", traces())


def said(capsys: pytest.CaptureFixture[str], expected: int, *words: object) -> str:
    assert command.main([str(word) for word in words]) == expected
    return capsys.readouterr().out


def found(capsys: pytest.CaptureFixture[str], expected: int, *words: object) -> Any:
    return json.loads(said(capsys, expected, "--json", *words))


def proof(capsys: pytest.CaptureFixture[str], folder: Path, expected: int = 1, *words: object) -> Any:
    """The proof alone, of all traces."""
    return found(capsys, expected, folder, "--sample", "100%", "--no-verdicts", *words)


def findings(told: Any) -> set[tuple[str, str]]:
    return {(each["kind"], each["where"]) for each in told["findings"]}


def ids(folder: Path, path: str) -> list[str]:
    return [str(each) for each in pq.read_table(folder / path)["response_id"].to_pylist()]


def test_a_sound_data_set_is_proven_and_its_deterministic_verdicts_come_out_as_published(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = found(capsys, 0, published, "--sample", "100%", "--isolation", "process")
    assert (told["sampled"], told["proven"], told["found"], told["disagreed"]) == (22, 22, 0, 0)
    assert told["root"] == told["root_promised"]
    by_type = {group["task_type"]: group for group in told["groups"]}
    counts = {kind: (group["rows"], group["agree"], group["judged"]) for kind, group in by_type.items()}
    assert counts == {
        "verifiable_math": (15, 15, 0),
        "verifiable_code": (2, 2, 0),
        "code_output_prediction": (3, 3, 0),
        "llm_judgeable_groundtruth_similarity": (2, 0, 2),
    }
    code = by_type["verifiable_code"]
    assert (code["language"], code["toolchains_then"]) == ("python", {"process:0123": 2})
    assert all(name.startswith("process:") for name in code["toolchains_now"])
    assert all(name.startswith("CodeVerifier@") and name.endswith("-process") for name in code["verifiers_now"])
    assert (code["agreement"], code["high"]) == (1.0, 1.0)
    assert code["low"] == pytest.approx(0.3424, abs=1e-4)


def test_a_person_reads_what_holds_and_what_was_not_told_again(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, 0, published, "--sample", "100%", "--isolation", "process")
    assert "22 traces (100%), 22 of them proven" in text
    assert "Nothing was found that does not hold." in text
    assert "2 verdicts of llm_judgeable_groundtruth_similarity are a judge's word, and were not told again." in text
    assert any(line.split()[:5] == ["verifiable_math", "15", "15", "15", "0"] for line in text.splitlines())


def test_a_tampered_row_is_found_and_named_though_its_file_has_the_hash_that_the_manifest_gives(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def tamper(rows: list[dict[str, Any]]) -> None:
        rows[2]["prompt"] += " "

    changed(published / RAW, tamper)
    told = proof(capsys, published)
    assert findings(told) == {("file", RAW), ("leaf", ids(published, RAW)[2])}
    told = proof(capsys, sealed(published))
    assert findings(told) == {("leaf", ids(published, RAW)[2])}
    assert told["proven"] == 21


def test_a_tampered_verdict_is_found_by_its_leaf_and_by_telling_it_again(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = next(row["response_id"] for row, _ in traces() if row["problem_id"] == "problem-20")
    path = next(each for each in (RAW, SECOND, "raw/test-00000-of-00001.parquet") if wrong in ids(published, each))

    def tamper(rows: list[dict[str, Any]]) -> None:
        next(row for row in rows if row["response_id"] == wrong)["score"] = 1.0

    changed(published / path, tamper)
    told = found(capsys, 1, sealed(published), "--sample", "100%", "--isolation", "process")
    assert findings(told) == {("leaf", wrong)}
    (one,) = told["disagreements"]
    assert (one["response_id"], one["score_then"], one["score_now"]) == (wrong, 1.0, 0.0)
    text = said(capsys, 1, published, "--sample", "100%", "--isolation", "process")
    assert f"{wrong}  verifiable_math: published 1 (as published); here 0 (boxed/number: 5)" in text


def test_whoever_makes_leaves_and_root_anew_is_found_by_the_root_that_is_known_from_elsewhere(
    published: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = json.loads((published / "manifest.json").read_text())["merkle"]["root"]
    others = [trace(1000, "verifiable_math", "\\boxed{1}", {"ground_truth": "1"}, 1.0), *traces()[1:]]
    forged = write(here / "forged", sorted(others, key=lambda each: each[0]["response_id"]))
    assert proof(capsys, forged, 0)["found"] == 0
    assert findings(proof(capsys, forged, 1, "--root", known)) == {("root", "manifest.json")}
    assert proof(capsys, published, 0, "--root", known.upper())["found"] == 0


@pytest.mark.parametrize("sample", ["100%", "0.0001%"])
def test_a_removed_row_is_found_whatever_the_sample(
    published: Path, sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = ids(published, RAW)[3]
    changed(published / RAW, lambda rows: rows[:3] + rows[4:])
    told = found(capsys, 1, sealed(published), "--sample", sample, "--no-verdicts")
    assert findings(told) == {("row", gone)}
    changed(published / LINEAGE, lambda rows: [row for row in rows if row["response_id"] != gone])
    told = found(capsys, 1, sealed(published), "--sample", sample, "--no-verdicts")
    assert findings(told) == {("root", "lineage")}
    assert told["proven"] == 0
    assert "21 leaves, the manifest says 22" in told["findings"][0]["what"]


def test_an_added_row_is_found(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extra, _ = trace(999, "verifiable_math", "x", {}, 1.0)
    changed(published / SECOND, lambda rows: sorted([*rows, extra], key=lambda row: str(row["response_id"])))
    assert findings(proof(capsys, sealed(published))) == {("row", extra["response_id"])}


def test_a_swapped_pair_is_found_by_order_and_by_leaves(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = ids(published, RAW)[:2]

    def swap_texts(rows: list[dict[str, Any]]) -> None:
        rows[0]["llm_response"], rows[1]["llm_response"] = rows[1]["llm_response"], rows[0]["llm_response"] + "!"

    changed(published / RAW, lambda rows: [rows[1], rows[0], *rows[2:]])
    told = proof(capsys, sealed(published))
    assert ("order", first) in findings(told)
    changed(published / RAW, lambda rows: [rows[1], rows[0], *rows[2:]])
    assert proof(capsys, sealed(published), 0)["found"] == 0
    changed(published / RAW, swap_texts)
    assert findings(proof(capsys, sealed(published))) == {("leaf", first), ("leaf", second)}


def test_swapped_leaves_make_another_root(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def swap(rows: list[dict[str, Any]]) -> None:
        rows[0]["leaf"], rows[1]["leaf"] = rows[1]["leaf"], rows[0]["leaf"]

    changed(published / LINEAGE, swap)
    first, second = ids(published, LINEAGE)[:2]
    assert findings(proof(capsys, sealed(published))) == {("leaf", first), ("leaf", second), ("root", "lineage")}


def test_a_changed_manifest_is_found(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (published / "manifest.json").read_text()
    changed_by_itself = ("manifest", "manifest.json")
    manifest_changed(published, lambda told: told["merkle"].update(root="0" * 64))
    assert findings(proof(capsys, published)) == {("root", "lineage"), changed_by_itself}
    (published / "manifest.json").write_text(before)
    manifest_changed(published, lambda told: told["merkle"].update(leaves=3))
    assert findings(proof(capsys, published)) == {("root", "lineage"), changed_by_itself}
    (published / "manifest.json").write_text(before)
    manifest_changed(published, lambda told: told["counts"].update(rows=10**6))
    assert findings(proof(capsys, published)) == {changed_by_itself}
    (published / "manifest.json").write_text(before)
    manifest_changed(published, lambda told: told.update(version="0123456789ab"))
    assert findings(proof(capsys, published)) == {changed_by_itself}
    (published / "manifest.json").write_text(before)
    manifest_changed(published, lambda told: told["files"]["README.md"].update(sha256="0" * 64))
    assert findings(proof(capsys, published)) == {("file", "README.md")}
    (published / "manifest.json").write_text(before)
    manifest_changed(published, lambda told: told["files"].pop(RAW))
    assert ("file", RAW) in findings(proof(capsys, published))


def test_missing_broken_and_foreign_files_are_named_and_the_rest_goes_on(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (published / "README.md").unlink()
    (published / RAW).write_bytes(b"PAR1 no more PAR1")
    pq.write_table(pq.read_table(published / SECOND).drop_columns(["score"]), published / SECOND)
    told = proof(capsys, published)
    assert {("file", "README.md"), ("file", RAW), ("file", SECOND)} <= findings(told)
    assert told["sampled"] == 5  # those of the test split
    assert "has other columns" in str(told["findings"])


def test_what_infrastructure_keeps_from_being_told_is_no_disagreement(
    published: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GENESYS__SANDBOX__DOCKER_HOST", f"tcp://127.0.0.1:{taken.getsockname()[1]}")
        told = found(capsys, 3, published, "--sample", "100%")
    code = next(group for group in told["groups"] if group["task_type"] == "verifiable_code")
    assert (code["not_run"], code["recomputed"], code["agreement"]) == (2, 0, None)
    assert told["disagreed"] == 0
    assert next(group for group in told["groups"] if group["task_type"] == "verifiable_math")["agree"] == 15


def test_a_task_type_that_nobody_here_verifies_is_not_told_again(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(here / "odd", [trace(1, "verified_by_moonlight", "x", {}, 1.0)])
    told = found(capsys, 3, folder, "--sample", "100%")
    (group,) = told["groups"]
    assert group["not_run"] == 1
    assert "No verifier is registered" in next(iter(group["not_run_because"]))


def test_a_row_whose_mappings_cannot_be_read_is_told_and_the_rest_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row, lineage = trace(1, "verifiable_math", "\\boxed{1}", {"ground_truth": "1"}, 1.0)
    row["verification_info"] = "[" * 100_000
    whole = trace(2, "verifiable_math", "\\boxed{1}", {"ground_truth": "1"}, 1.0)
    chosen = sorted([(row, lineage), whole], key=lambda each: each[0]["response_id"])
    told = found(capsys, 3, write(here / "odd", chosen), "--sample", "100%")
    (group,) = told["groups"]
    assert (group["agree"], group["not_run"], told["found"]) == (1, 1, 0)


@pytest.mark.docker
def test_a_hostile_response_harms_nobody_who_tells_its_verdict_again(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it could reach of this machine stays as it is, and what it says does not steer the terminal."""
    bait = here / "bait"
    bait.write_text("untouched")
    hostile = (
        "import os, socket\n"
        f"try:\n    open({str(bait)!r}, 'w').write('gone')\nexcept OSError:\n    pass\n"
        f"os.system('rm -rf {here}/*')\n"
        "try:\n    socket.create_connection(('127.0.0.1', 80), 1)\n    print('out')\nexcept OSError:\n    print(6)\n"
    )
    info = {"language": "python", "test_cases": [{"type": "stdin_stdout", "input": "3\n", "output": "6"}]}
    made = trace(1, "verifiable_code", f"```python\n{hostile}```", info, 0.0, told={"reason": "\x1b[2Jgone"})
    folder = write(here / "hostile", [made])
    (here / "genesys.toml").write_text('[sandbox]\nisolation = "process"\n')  # for programs of one's own
    text = said(capsys, 1, folder, "--sample", "100%")
    assert bait.read_text() == "untouched"
    assert folder.is_dir()
    assert "\x1b" not in text
    assert "published 0 (\\u001b[2Jgone); here 1 (passed)" in text


@pytest.mark.parametrize("path", ["../outside.parquet", "/etc/passwd", "raw/../../x.parquet", "raw\\..\\x", "c:/x"])
def test_a_manifest_cannot_lead_out_of_its_data_set(published: Path, path: str) -> None:
    manifest_changed(published, lambda told: told["files"].update({path: {"sha256": "0" * 64, "bytes": 1}}))
    with pytest.raises(GenesysError, match="leads out of the data set"):
        command.main([str(published)])


def test_the_sample_is_the_same_each_time_and_another_for_another_seed(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def sampled(*words: str) -> list[tuple[str, int]]:
        told = found(capsys, 0, published, "--sample", "40%", "--isolation", "process", *words)
        return [(group["task_type"], group["rows"]) for group in told["groups"]]

    assert sampled() == sampled()
    assert len({tuple(sampled("--seed", seed)) for seed in ("a", "b", "c", "d")}) > 1


def test_one_trace_is_proven_by_its_path_alone(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ids(published, SECOND)[1]
    told = json.loads(said(capsys, 0, published, "--prove", chosen))
    row, lineage = next(each for each in traces() if each[0]["response_id"] == chosen)
    root = json.loads((published / "manifest.json").read_text())["merkle"]["root"]
    assert told["leaf"] == leaf(row, lineage)
    assert is_below(told["leaf"], told["index"], told["leaves"], told["path"], root)
    with pytest.raises(GenesysError, match="has no trace nothing"):
        command.main([str(published), "--prove", "nothing"])

    def tamper(rows: list[dict[str, Any]]) -> None:
        rows[1]["llm_response"] = "another"

    changed(published / SECOND, tamper)
    assert json.loads(said(capsys, 1, sealed(published), "--prove", chosen))["holds"] is False


@pytest.mark.s3
def test_object_storage_is_read_as_a_folder_is(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with s3_bucket() as bucket:
        fs = s3fs.S3FileSystem(**bucket.options)
        fs.put(f"{published}/", f"{bucket.url}/sets/tiny/", recursive=True)
        options = "".join(f"{name} = {json.dumps(bucket.options[name])}\n" for name in ("key", "secret"))
        endpoint = json.dumps(bucket.options["client_kwargs"]["endpoint_url"])
        Path("s3.toml").write_text(
            f"[release.publish.storage_options]\n{options}client_kwargs = {{endpoint_url = {endpoint}}}\n"
        )
        words = (f"{bucket.url}/sets/tiny/", "--config", "s3.toml", "--sample", "100%", "--no-verdicts")
        told = found(capsys, 0, *words)
        assert (told["proven"], told["found"], told["files"]) == (22, 0, 5)
        fs.rm(f"{bucket.url}/sets/tiny/{RAW}")
        assert ("file", RAW) in findings(found(capsys, 1, *words))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give the data set"),
        (["no/such/folder/here"], "there is no such folder"),
        (["./nothing"], "there is no such folder"),
        (["hub:one-word"], "owner/name"),
        ([".", "--sample", "0%"], "--sample 0%"),
        ([".", "--sample", "120%"], "--sample 120%"),
        ([".", "--sample", "17"], "--sample 17"),
        (["."], "has no manifest.json"),
    ],
)
def test_what_cannot_be_done_says_why(here: Path, words: list[str], message: str) -> None:
    with pytest.raises(GenesysError, match=message):
        command.main(words)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"format": 2}', "is of format 2"),
        ('{"format": 1, "name": "x"}', "version: Field required"),
        ("[]", "manifest.json: "),
    ],
)
def test_a_manifest_that_cannot_be_read_says_what_is_wrong_with_it(published: Path, content: str, message: str) -> None:
    (published / "manifest.json").write_text(content)
    with pytest.raises(GenesysError, match=message):
        command.main([str(published)])


def test_leaves_that_are_made_in_an_unknown_way_are_refused(published: Path) -> None:
    manifest_changed(published, lambda told: told["merkle"].update(algorithm="md5"))
    with pytest.raises(GenesysError, match="its leaves are made by 'md5'"):
        command.main([str(published), "--no-verdicts"])


def test_no_settings_are_needed(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not Path("genesys.toml").exists()
    assert found(capsys, 0, published.name, "--sample", "100%", "--no-verdicts")["proven"] == 22


def test_ctrl_c_ends_it_with_all_that_it_started(here: Path) -> None:
    forever = [trace(n, "verifiable_code", "```python\nwhile True: pass\n```", CODE, 0.0) for n in range(8)]
    folder = write(here / "busy", sorted(forever, key=lambda each: str(each[0]["response_id"])))
    with started("reverify", folder, "--sample", "100%", "--isolation", "process", cwd=here) as process:
        wait_for(lambda: bool(_children(process.pid)))
        workers = _children(process.pid)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped" in errors
    assert "Traceback" not in errors
    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def _children(pid: int) -> list[str]:
    """Of all threads of a process."""
    return [child for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
