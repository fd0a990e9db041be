"""What others wrote does not steer the terminal of whoever looks at it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genesys.cli import main
from genesys.printable import printable

EVIL = "evil\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\u202etxt"


def test_controls_are_written_out_as_json_has_them() -> None:
    assert printable(EVIL) == "evil\\u001b[2J\\u001b]52;c;aGk=\\u0007\\u009b31m\\u202etxt"
    assert json.loads(f'"{printable(EVIL)}"') == EVIL


def test_lines_tabs_and_letters_stay() -> None:
    assert printable("a\tb\nπ ≤ 数 👍🏽") == "a\tb\nπ ≤ 数 👍🏽"


def test_a_records_own_words_reach_the_terminal_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = {"problem_id": "p", "task_type": EVIL, "llm_response": "x", "verification_info": {}}
    path = tmp_path / "out_evil.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    main(["verify", "--file", str(path)])
    shown = "".join(capsys.readouterr())
    assert "evil\\u001b[2J" in shown
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_so_do_answers_of_responses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        {
            "problem_id": "p",
            "source": "s",
            "in_source_id": None,
            "hf_dataset_name": None,
            "gold_standard_solution": None,
            "metadata": {},
            "response_id": f"r{number}",
            "task_type": "verifiable_math",
            "prompt": f"How many? {EVIL}",
            "llm_response": f"Way {number} gives \\boxed{{5}}.",
            "verification_info": {"ground_truth": "4"},
            "model_name": EVIL,
        }
        for number in range(5)
    ]
    path = tmp_path / "out_evil.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    main(["verify", "--file", str(path)])
    main(["disputes", "--file", str(tmp_path / "out_evil_verified.jsonl")])
    shown = "".join(capsys.readouterr())
    assert "\\u001b" in shown
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
