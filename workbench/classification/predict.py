"""Tags for sentences of words: the best class at each word's last sub-token, made valid BIO."""

from typing import Any

import torch

from model import Gemma2ForTokenClassification
from workbench.classification.inputs import collate, encode
from workbench.classification.labels import repaired


@torch.no_grad()
def predict(
    model: Gemma2ForTokenClassification, tokenizer: Any, sentences: list[list[str]], rows: int = 32
) -> list[list[str]]:
    """Returns one valid BIO tag per word: the most probable class, an orphaned I- turned into a B-.

    Args:
        model: a checkpoint made by `training.ner.train`; its config says whether it reads a sentence twice.
        tokenizer: its tokenizer.
        sentences: words of each sentence.
        rows: sentences per forward pass.
    """
    model.eval()
    names = {int(at): tag for at, tag in (model.config.id2label or {}).items()}
    encoded = encode(sentences, tokenizer, getattr(model.config, "workbench_input", "plain") == "echo")
    order = sorted(range(len(encoded)), key=lambda at: len(encoded[at].ids))
    tags: list[list[str]] = [[] for _ in encoded]
    for start in range(0, len(order), rows):
        chosen = order[start : start + rows]
        batch = collate([encoded[at] for at in chosen], tokenizer.pad_token_id)
        best_BT = model(**batch, use_cache=False).logits.argmax(-1)
        for row, at in enumerate(chosen):
            tags[at] = repaired([names[int(best_BT[row, place])] for place in encoded[at].read])
    return tags
