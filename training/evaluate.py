"""Measures a checkpoint: held-out loss, attention heads, softcaps, and what it writes.

Run: `python -m training.evaluate CHECKPOINT --out evaluation.json` (about a minute on one core).
CHECKPOINT is a folder that `training.export` wrote. The JSON feeds the model card.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer

from gemma2_workbench.atomic import write
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.model import Gemma2ForCausalLM
from training.batches import SOURCE_SHARES, held_out_rows, plain_pieces
from training.corpus import load_corpus
from training.recipe import SHAPE
from training.scores import induction_score, previous_token_score, repeats, sink_score
from training.softcap import attention_cap_use, final_cap_use
from training.tokenizer import load_tokenizer

BOS = SHAPE["bos_token_id"]
CONTEXT = 256
PERIODS = (8, 16, 24, 32, 48, 64, 128)
REPEATS_SEED = 7_777_777
PROMPTS = (
    "My fellow Americans,",
    "It is a truth universally acknowledged, that",
    "The captain looked at the whale and",
    "pond:",
    "In 1941, the United States",
)


@torch.no_grad()
def held_out_loss(model: Gemma2ForCausalLM, rows: Tensor, batch: int = 16) -> float:
    """Mean next-token loss in nats over rows of BOS and text, shape (rows, 1 + tokens)."""
    total = 0.0
    for part in rows.split(batch):
        logits = model(input_ids=part[:, :-1]).logits
        loss = functional.cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten())
        total += loss.item() * len(part)
    return total / len(rows)


def losses(model: Gemma2ForCausalLM, held_out: dict[str, Tensor]) -> dict[str, float]:
    """Held-out loss by source; `mix` weighs the sources as training does, `all` by tokens."""
    found = {name: held_out_loss(model, rows) for name, rows in held_out.items()}
    counts = {name: rows.shape[0] for name, rows in held_out.items()}
    weights = {"mix": SOURCE_SHARES, "all": counts}
    means = {
        mean: sum(found[name] * share[name] for name in found) / sum(share[name] for name in found)
        for mean, share in weights.items()
    }
    return means | found


@torch.no_grad()
def head_scores(model: Gemma2ForCausalLM, text: Tensor, plain: Tensor) -> JsonObject:
    """Every head's scores, layer by head: on held-out text, and on fresh random repeats."""
    maps = model(input_ids=text, output_attentions=True).attentions
    found: JsonObject = {
        "previous_token": [previous_token_score(m).tolist() for m in maps],
        "bos_sink": [sink_score(m).tolist() for m in maps],
        "induction": {},
    }
    for period in PERIODS:
        ids = repeats(plain, period, 32, BOS, REPEATS_SEED)
        maps = model(input_ids=ids, output_attentions=True).attentions
        found["induction"][str(period)] = [induction_score(m, period).tolist() for m in maps]
    return found


@torch.no_grad()
def repeat_losses(model: Gemma2ForCausalLM, plain: Tensor) -> dict[str, tuple[float, float]]:
    """Loss in the first and in the second copy of fresh random repeats, in nats per token."""
    found = {}
    for period in PERIODS:
        ids = repeats(plain, period, 32, BOS, REPEATS_SEED)
        logits = model(input_ids=ids[:, :-1]).logits.transpose(1, 2)
        loss = functional.cross_entropy(logits, ids[:, 1:], reduction="none")
        first, second = loss[:, :period].mean().item(), loss[:, period + 1 :].mean().item()
        found[str(period)] = (first, second)
    return found


def samples(model: Any, folder: Path) -> list[dict[str, str]]:
    """What the checkpoint writes after each of `PROMPTS`: one fixed draw, not a chosen one."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    written = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        torch.manual_seed(0)
        out = model.generate(ids, max_new_tokens=50, do_sample=True, temperature=0.7, top_k=40)
        text = tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
        written.append({"prompt": prompt, "continuation": text})
    return written


def best(table: list[list[float]], layers: list[int]) -> JsonObject:
    """The highest value of a layer-by-head table among some layers, and where it stands."""
    score, layer, head = max((v, i, j) for i in layers for j, v in enumerate(table[i]))
    return {"layer": layer, "head": head, "score": score}


def evaluate(folder: Path, rows: int | None = None) -> JsonObject:
    """Measures a checkpoint folder and returns plain numbers, ready for JSON.

    Args:
        folder: the checkpoint.
        rows: held-out rows per source; all by default.
    """
    model = Gemma2ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = load_tokenizer(folder / "tokenizer.model")
    _, held_out = load_corpus(tokenizer)
    cut = {name: held_out_rows(v, BOS, CONTEXT, rows) for name, v in held_out.items()}
    text = torch.cat([held_out_rows(v, BOS, CONTEXT - 1, 4) for v in held_out.values()])
    plain = torch.from_numpy(plain_pieces(tokenizer))
    heads = head_scores(model, text, plain)
    layers = list(range(model.config.num_hidden_layers))
    full = [i for i in layers if model.config.layer_types[i] == "full_attention"]
    with torch.no_grad():
        final = final_cap_use(model(input_ids=text).logits, model.config.final_logit_softcapping)
    return {
        "parameters": model.num_parameters(),
        "context": CONTEXT,
        "held_out_tokens": {name: int(r.shape[0]) * CONTEXT for name, r in cut.items()},
        "loss": losses(model, cut),
        "best_previous_token": best(heads["previous_token"], layers),
        "best_induction": {p: best(t, layers) for p, t in heads["induction"].items()},
        "best_induction_global": {p: best(t, full) for p, t in heads["induction"].items()},
        "repeat_loss": repeat_losses(model, plain),
        "heads": heads,
        "attention_softcap": attention_cap_use(model, [text]).table(),
        "final_softcap": final,
        "samples": samples(model, folder),
    }


def table(found: JsonObject) -> str:
    """The main figures as lines of text."""
    lines = [f"loss on held-out {k:8} {v:6.3f} nats/token" for k, v in found["loss"].items()]
    head = found["best_previous_token"]
    lines.append(f"previous-token head  L{head['layer']}H{head['head']} {head['score']:.2f}")
    for period, head in found["best_induction"].items():
        other = found["best_induction_global"][period]
        lines.append(
            f"induction, {int(period) - 1:3} tokens back  L{head['layer']}H{head['head']} "
            f"{head['score']:.2f}; global layers L{other['layer']}H{other['head']} "
            f"{other['score']:.2f}"
        )
    cap = found["attention_softcap"]
    largest = max(map(max, cap["largest_logit_before_cap"]))
    lines.append(f"largest attention logit before the cap {largest:.1f}")
    for name in ("share_beyond_half_cap", "share_beyond_0.9_cap"):
        for layer, shares in enumerate(cap[name]):
            lines.append(f"{name} layer {layer}: " + " ".join(f"{s:7.2%}" for s in shares))
    return "\n".join(lines)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--rows", type=int, help="held-out rows per source (default: all)")
    options = parser.parse_args()
    found = evaluate(options.checkpoint, options.rows)
    sys.stdout.write(table(found) + "\n")
    if options.out:
        write(options.out, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
