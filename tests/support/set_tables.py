"""The tables of data sets, written by hand in the columns that a release is made of: a few problems of two lanes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from genesys.hashing import digest
from genesys.outcomes import Counts
from genesys.release.proof.leaves import leaf
from genesys.tables import columns
from genesys.tables.lake import WHOLE, File, Lake, Part

Row = dict[str, Any]
TEACHERS = ("big/teacher", "small|teacher")
CHAT = [{"role": "user", "content": "?"}]


@dataclass
class SetTables:
    """Problems, each with four responses: two right, one wrong, and one that holds a secret and may not be published.

    Args:
        lake: Where they go.
        problems: How many; every fourth is held back for testing.
        odd: What some task has in place of the usual, by column.
    """

    lake: Lake
    problems: int = 8
    odd: Row = field(default_factory=dict)
    text: str = "It is 42."

    def write(self) -> None:
        """All of them."""
        filtered = self._publish(
            "dataset/filtered",
            (columns.FILTERED, self._filtered()),
            {
                "ends": (columns.ENDS, self._ends()),
                "problems": (columns.PROBLEMS, sorted(self._problems(), key=lambda row: row["problem_id"])),
            },
            {},
            Counts(self.problems * 4, self.problems * 2).as_dict(),
        )
        inputs = {f"dataset/filtered/{WHOLE}": filtered}
        lineage = [{**row, "leaf": leaf(raw, row)} for raw, row in zip(self._raw(), self._lineage(3), strict=True)]
        self._set("raw", columns.RAW, self._raw(), inputs, (columns.PROVEN, lineage))
        self._set("sft", columns.SFT, self._sft(), inputs, (columns.LINEAGE, self._lineage(2)))
        self._set("preference", columns.PREFERENCE, self._preference(), inputs, (columns.LINEAGE, []))
        self._set("rl", columns.RL, self._rl(), inputs, (columns.LINEAGE, []))

    def _set(
        self,
        name: str,
        schema: pa.Schema,
        rows: list[Row],
        inputs: dict[str, str],
        lineage: tuple[pa.Schema, list[Row]],
    ) -> None:
        held = {self.problem_id(number) for number in range(self.problems) if self.split(number) == "test"}
        train = [row for row in rows if row["problem_id"] not in held]
        test = [row for row in rows if row["problem_id"] in held]
        counts = Counts(len(rows), len(train), records=len(train)).as_dict()
        self._publish(f"dataset/{name}", (schema, train), {"test": (schema, test), "lineage": lineage}, inputs, counts)

    def _publish(
        self,
        asset: str,
        data: tuple[pa.Schema, Iterable[Row]],
        companions: dict[str, tuple[pa.Schema, Iterable[Row]]],
        inputs: dict[str, str],
        counts: Row,
    ) -> str:
        def file(table: tuple[pa.Schema, Iterable[Row]]) -> File:
            return self.lake.write(asset, WHOLE, *table)

        part = Part(
            data=file(data),
            companions={name: file(table) for name, table in companions.items()},
            fingerprint=digest([asset, inputs]),
            inputs=inputs,
            versions={asset.split("/")[1]: "1"},
            settings={"some": "setting"},
            counts=counts,
            figures={"disputed_tasks": 1.0},
            run_id="a run",
            made_at=1.0,
        )
        return self.lake.publish(asset, WHOLE, {"all": part}).data_version

    @staticmethod
    def problem_id(number: int) -> str:
        return digest(["problem", number], 24)

    @staticmethod
    def split(number: int) -> str:
        return "test" if number % 4 == 3 else "train"

    def task(self, number: int) -> Row:
        is_code = number % 2 == 1
        return {
            "problem_id": self.problem_id(number),
            "lane": "coding" if is_code else "stackexchange",
            "shard": "shard-0",
            "task_type": "verifiable_code" if is_code else "llm_judgeable_groundtruth_similarity",
            "language": "python" if is_code else None,
            "source": "BAAI/TACO" if is_code else "HuggingFaceH4/stack-exchange-preferences",
            "license": "Apache-2.0" if is_code else "CC-BY-SA-4.0",
            "attribution": None if is_code else f"Ann & Bob {number}",
            "source_url": None if is_code else f"https://example.org/{number}",
            "family_id": digest(["family", number], 24),
            **(self.odd if number == 0 else {}),
        }

    def responses(self, most: int) -> list[tuple[int, int, str]]:
        """Number of the problem, of the sample, and response_id, of the first samples; by response_id."""
        found = [
            (number, sample, self.response_id(number, sample))
            for number in range(self.problems)
            for sample in range(most)
        ]
        return sorted(found, key=lambda response: response[2])

    @staticmethod
    def response_id(number: int, sample: int) -> str:
        return digest(["response", number, sample], 24)

    def _filtered(self) -> list[Row]:
        names = ("problem_id", "lane", "shard", "task_type")
        return [
            {
                "response_id": response_id,
                **{name: self.task(number)[name] for name in names},
                "campaign": "c",
                "split": self.split(number),
                "teacher_id": TEACHERS[sample % 2],
                "score": 1.0,
                "chars": 9,
            }
            for number, sample, response_id in self.responses(2)
        ]

    def _ends(self) -> list[Row]:
        ends: dict[int, Row] = {
            2: {"step": "verdict", "reason": "not accepted: wrong | answer", "detail": "said 41", "for_all": False},
            3: {
                "step": "secrets and personal data",
                "reason": "secret",
                "detail": "an AWS key AKIA12",
                "for_all": True,
            },
        }
        names = ("problem_id", "lane", "shard")
        return [
            {
                "response_id": response_id,
                "campaign": "c",
                **{name: self.task(number)[name] for name in names},
                **ends.get(sample, {"step": None, "reason": None, "detail": None, "for_all": None}),
            }
            for number, sample, response_id in self.responses(4)
        ]

    def _problems(self) -> list[Row]:
        names = ("problem_id", "lane", "shard", "task_type", "language", "source", "license", "family_id")
        return [
            {
                **{name: self.task(number)[name] for name in names},
                "cluster": self.task(number)["family_id"],
                "split": self.split(number),
                "responses": 4,
                "accepted": 2,
                "pass_rate": 0.5,
                "teachers": json.dumps({TEACHERS[0]: [2, 1], TEACHERS[1]: [2, 1]}),
                "band": "kept",
                "publishable": True,
                "chosen": 2,
            }
            for number in range(self.problems)
        ]

    def _raw(self) -> list[Row]:
        names = ("problem_id", "source", "task_type")
        return [
            {
                "response_id": response_id,
                **{name: self.task(number)[name] for name in names},
                "in_source_id": str(number),
                "hf_dataset_name": None,
                "prompt": f"What is {number}?",
                "gold_standard_solution": None,
                "llm_response": self.text,
                "verification_info": "{}",
                "score": 1.0 if sample < 2 else 0.0,
                "verification_result_info": "{}",
                "metadata": "{}",
            }
            for number, sample, response_id in self.responses(3)
        ]

    def _lineage(self, most: int) -> list[Row]:
        names = ("problem_id", "lane", "shard", "source", "source_url", "license", "attribution", "family_id")
        usual = {name: None for name in columns.LINEAGE.names}
        return [
            {
                **usual,
                "response_id": response_id,
                **{name: self.task(number)[name] for name in names},
                "row_id": self.problem_id(number),
                "row_hash": digest(number),
                "prompt_hashes": ["code_task:4ecaf559062dce23"],
                "teacher_id": TEACHERS[sample % 2],
                "model_name": "model",
                "campaign": "c",
                "sample_index": sample,
                "verifier": "CodeVerifier",
                "verifier_version": "1",
                "toolchain": "container:94a17d68" if number % 2 else None,
            }
            for number, sample, response_id in self.responses(most)
        ]

    def _sft(self) -> list[Row]:
        return [
            {
                "response_id": response_id,
                "problem_id": self.problem_id(number),
                "task_type": self.task(number)["task_type"],
                "score": 1.0,
                "messages": [*CHAT, {"role": "assistant", "content": self.text}],
            }
            for number, _, response_id in self.responses(2)
        ]

    def _preference(self) -> list[Row]:
        return [
            {
                "pair_id": digest(["pair", number], 24),
                "problem_id": self.problem_id(number),
                "task_type": self.task(number)["task_type"],
                "prompt": CHAT,
                "chosen": [{"role": "assistant", "content": "42"}],
                "rejected": [{"role": "assistant", "content": "41"}],
                "chosen_response_id": self.response_id(number, 0),
                "rejected_response_id": self.response_id(number, 2),
                "score_chosen": 1.0,
                "score_rejected": 0.0,
            }
            for number in range(self.problems)
        ]

    def _rl(self) -> list[Row]:
        names = ("problem_id", "source", "task_type")
        return [
            {
                **{name: self.task(number)[name] for name in names},
                "prompt": CHAT,
                "verification_info": "{}",
                "metadata": "{}",
                "responses": 4,
                "pass_rate": 0.5,
                "pass_rates": "{}",
            }
            for number in range(self.problems)
        ]
