"""What TRL makes of the data sets: a script for the environment that has it, with nothing of ours in it.

    .venv-trl/bin/python tests/trl/training.py FILES MODEL FOLDER

``FILES`` is JSON, the Parquet file of each data set by its name; ``MODEL`` the folder of a tiny chat model; ``FOLDER``
for what the trainers write. Each line it prints is JSON: a name, and what was found.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from datasets import Dataset, load_dataset
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
from trl.data_utils import apply_chat_template, extract_prompt, is_conversational

STEPS: dict[str, Any] = {
    "max_steps": 2,
    "per_device_train_batch_size": 2,
    "report_to": [],
    "save_strategy": "no",
    "logging_steps": 1,
    "use_cpu": True,
    "bf16": False,
    "disable_tqdm": True,
}


def tell(name: str, found: Any) -> None:
    """One line of what was found."""
    print(json.dumps([name, found]), flush=True)


def formats(sets: dict[str, Dataset], tokenizer: Any) -> None:
    """What TRL's own functions say of a row of each."""
    for name, data in sets.items():
        row = dict(data[0])
        tell(f"{name} conversational", is_conversational(row))
        kept = {key: row[key] for key in ("messages", "prompt", "chosen", "rejected") if key in row}
        tell(f"{name} templated", apply_chat_template(kept, tokenizer))
    implicit = {side: sets["preference"][0]["prompt"] + sets["preference"][0][side] for side in ("chosen", "rejected")}
    tell("preference prompt", extract_prompt(implicit)["prompt"] == sets["preference"][0]["prompt"])


def losses(trainer: Any) -> list[float]:
    """The loss of each step."""
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def train(sets: dict[str, Dataset], model: str, folder: str) -> None:
    """A few steps with each trainer, on the tables as they are."""
    sft = SFTTrainer(model, SFTConfig(f"{folder}/sft", max_length=512, **STEPS), train_dataset=sets["sft"])
    tell("sft losses", losses(sft))
    dpo = DPOTrainer(model, args=DPOConfig(f"{folder}/dpo", max_length=512, **STEPS), train_dataset=sets["preference"])
    tell("preference losses", losses(dpo))
    seen: list[str] = []

    def reward(completions: list[Any], verification_info: list[str], **columns: Any) -> list[float]:
        seen.extend(verification_info)
        return [float(len(one[0]["content"]) % 7) for one in completions]

    options = GRPOConfig(f"{folder}/grpo", num_generations=2, max_completion_length=8, **STEPS)
    grpo = GRPOTrainer(model, reward_funcs=reward, args=options, train_dataset=sets["rl"])
    tell("rl losses", losses(grpo))
    tell("rl rewarded by", sorted(set(seen)))


def main(files: str, model: str, folder: str) -> None:
    """Load, look, train."""
    found = {name: load_dataset("parquet", data_files=file, split="train") for name, file in json.loads(files).items()}
    formats(found, AutoTokenizer.from_pretrained(model))
    train(found, model, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
