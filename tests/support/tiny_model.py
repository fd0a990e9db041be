"""A tiny random chat model in the Hugging Face layout, for tests of a real vLLM engine without a download or a GPU.

Here belongs what writes that model's folder, and nothing that talks to an engine. It needs torch, transformers and
tokenizers, which the main environment does not have, so it also runs as a script in the environment that holds vLLM:

    .venv-vllm/bin/python tests/support/tiny_model.py FOLDER

What the model says is noise: valid tokens, often not valid UTF-8, now and then ended by its end-of-text token.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

END, USER, ASSISTANT, SYSTEM = "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"
CONTEXT = 2048
"""Longest prompt and answer together, in tokens; a prompt over it must be refused by the engine."""
VOCABULARY = 512
"""At most. Small weights make all tokens about equally likely, so an answer of 64 tokens in eight ends by itself."""
SENTENCES = (
    "A train leaves at noon and travels sixty kilometres in one hour; how far has it come by half past two?",
    "Let x be a positive integer such that 3x + 7 = 22. Then x = 5, and the answer is \\boxed{5}.",
    "The sum of two numbers is twelve and their difference is four, so the larger one is eight.",
    "Write a program that reads n integers and prints the largest of them.",
    "First we factor the expression, then we set each factor to zero: (x - 2)(x + 3) = 0.",
    "She had fifteen apples, gave away a third of them, and bought four more: 15 - 5 + 4 = 14.",
)
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def _write_tokenizer(folder: Path) -> tuple[int, int]:
    """Train a byte-level BPE tokenizer on SENTENCES and write it; return its size and the id of END."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END, USER, ASSISTANT, SYSTEM],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    # Repeated, because a pair of tokens is merged only if it occurs more than once.
    tokenizer.train_from_iterator(SENTENCES * 2, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END,
        extra_special_tokens=[USER, ASSISTANT, SYSTEM],
        model_max_length=CONTEXT,
        chat_template=CHAT_TEMPLATE,
    )
    wrapped.save_pretrained(folder)
    return tokenizer.get_vocab_size(), tokenizer.token_to_id(END)


def make_tiny_model(folder: str | Path, *, seed: int = 0) -> Path:
    """Write a two-layer Qwen2 of 128 hidden units (head size 64, the least that vLLM's CPU attention takes).

    Args:
        folder: Where to write; made if missing, overwritten if it holds a model.
        seed: Of the random weights; the same seed gives the same weights.

    Returns:
        The folder, to be given to an engine as the model's name.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    size, end = _write_tokenizer(folder)
    config = Qwen2Config(
        vocab_size=size,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=end,
    )
    torch.manual_seed(seed)
    Qwen2ForCausalLM(config).to(torch.float32).save_pretrained(folder)
    # Greedy defaults would be taken over by the engine for every request that names no temperature.
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": end, "pad_token_id": end}))
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: tiny_model.py FOLDER")
    print(make_tiny_model(sys.argv[1]))
