"""Writes a trained state as a checkpoint folder in the format of google/gemma-2-2b, with its card.

Run: `python -m training.export model/checkpoints/tiny` (it evaluates, about a minute or two).
"""

import argparse
import json
import logging
import shutil
from pathlib import Path

import torch
import transformers

from gemma2_workbench.atomic import filling, write
from gemma2_workbench.json_types import JsonObject
from training.card import write_card
from training.evaluate import evaluate, table
from training.recipe import SHAPE
from training.sources import CACHE
from training.state import read
from training.tokenizer import TOKENIZER, write_tokenizer_config
from training.train import LOG

log = logging.getLogger("training")
EVALUATION = "evaluation.json"


def write_weights(weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Writes config.json, generation_config.json and model.safetensors (bfloat16).

    transformers' own classes write them, so that the files are what every other tool expects.

    Args:
        weights: state dict of a Gemma2ForCausalLM of the recipe's shape.
        folder: where the files go; `export` gives them the usual permissions.
    """
    model = transformers.Gemma2ForCausalLM(transformers.Gemma2Config(**SHAPE))
    model.load_state_dict(weights)
    model.generation_config = transformers.GenerationConfig(
        **{key: SHAPE[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    )
    model.bfloat16().save_pretrained(folder)


def export(state_file: Path, tokenizer: Path, folder: Path) -> JsonObject:
    """Writes weights, tokenizer and the log of the run into `folder`; returns the run's counters."""
    state = read(state_file)
    with filling(folder) as part:
        write_weights(state["model"], part)
        shutil.copyfile(tokenizer, part / "tokenizer.model")
        if (history := state_file.with_name(LOG)).exists():
            shutil.copyfile(history, part / LOG)
        write_tokenizer_config(part, SHAPE["max_position_embeddings"])
    return state["progress"]


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--state", type=Path, default=CACHE / "run/state.pt")
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--rows", type=int, help="held-out rows per source (default: all)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    progress = export(options.state, options.tokenizer, options.folder)
    found = evaluate(options.folder, options.rows) | {"run": progress}
    write(options.folder / EVALUATION, json.dumps(found, indent=1) + "\n")
    write_card(options.folder)
    log.info("%s", table(found))


if __name__ == "__main__":
    main()
