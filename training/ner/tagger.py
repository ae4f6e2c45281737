"""A tagger as a checkpoint: made from the language model, written and read in Hugging Face format."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from gemma2_workbench.atomic import filling
from gemma2_workbench.classification.inputs import at_words, encode, settings
from gemma2_workbench.classification.logits import class_logits
from gemma2_workbench.classification.schemes import as_bio
from gemma2_workbench.model import Gemma2Config, Gemma2ForTokenClassification
from gemma2_workbench.models.gemma2.scores import token_scores
from training.ner.labels import TAGS
from training.tokenizer import write_tokenizer_config


def new_tagger(checkpoint: Path, variant: str, seed: int) -> tuple[Gemma2ForTokenClassification, Any]:
    """Returns the language model with a fresh tag head, in float32, and its tokenizer."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    names: dict[str, Any] = {"id2label": dict(enumerate(TAGS)), "label2id": {tag: at for at, tag in enumerate(TAGS)}}
    config = Gemma2Config.from_pretrained(checkpoint, **names)
    # transformers only takes keys that a configuration already has
    for key, value in settings(variant).items():
        setattr(config, key, value)
    model = Gemma2ForTokenClassification.from_pretrained(checkpoint, config=config, dtype=torch.float32)
    return model, tokenizer


def write_tagger(model: Gemma2ForTokenClassification, tokenizer_file: Path, folder: Path) -> None:
    """Writes a tagger and its tokenizer, weights in bfloat16; `model` is in bfloat16 afterwards."""
    with filling(folder) as part:
        model.bfloat16().save_pretrained(part)
        shutil.copyfile(tokenizer_file, part / "tokenizer.model")
        write_tokenizer_config(part, model.config.max_position_embeddings)


def predict(model: Gemma2ForTokenClassification, tokenizer: Any, sentences: list[list[str]]) -> list[list[str]]:
    """Returns one valid BIO tag per word of every sentence, as `workbench.classification` reads them."""
    model.eval()
    names = {int(at): tag for at, tag in (model.config.id2label or {}).items()}
    echo = getattr(model.config, "workbench_input", "plain") == "echo"
    encoded = encode(sentences, tokenizer, echo, getattr(model.config, "workbench_label_token", "last"))
    logits = class_logits(partial(token_scores, model), encoded, tokenizer.pad_token_id)
    rows = zip(encoded, logits, strict=True)
    return [as_bio([names[int(at)] for at in at_words(logits_TC, row.read).argmax(-1)]) for row, logits_TC in rows]


def load_tagger(folder: Path) -> tuple[Gemma2ForTokenClassification, Any]:
    """Returns a tagger in float32 and its tokenizer."""
    model = Gemma2ForTokenClassification.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(folder)
