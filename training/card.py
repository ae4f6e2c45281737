"""Writes the model card of a checkpoint folder; every figure comes from its evaluation.json.

Run: `python -m training.card model/checkpoints/tiny` (the evaluation must be there).
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from gemma2_workbench.atomic import write
from training.batches import SOURCE_SHARES
from training.recipe import SHAPE, Recipe
from training.sources import SOURCES, Source

PAGE = """# A tiny Gemma 2, trained from scratch

A language model of {parameters} M parameters with every part of Gemma 2: alternating local and
global layers, grouped-query attention, both softcaps, four norms per layer, GeGLU, tied embeddings.
It is made to be *looked at*: it has the attention heads that the literature describes, and it is
small enough to ship. It is no useful writer, it knows no facts, and it is not by Google: no weight
or token of Google's Gemma is in it.

```python
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("model/checkpoints/tiny")
model = AutoModelForCausalLM.from_pretrained("model/checkpoints/tiny", attn_implementation="eager")
```

| | |
|---|---|
| layers | {layers}, local (window {window}) and global in turn, local first |
| width, MLP, vocabulary | {hidden}, {mlp}, {vocab} |
| heads | {heads} of width {head_dim}, {kv_heads} key/value heads |
| softcaps | attention {attention_cap}, final {final_cap} |
| weights | bfloat16 in `model.safetensors`; figures below are computed in float32 |
| tokenizer | sentencepiece BPE with byte fallback, trained on the training text |
| context | trained on rows of 32, 128 and 256 tokens; longer texts run but were never seen |

## Measured

By `python -m training.evaluate model/checkpoints/tiny` on the files of this folder;
all figures are in `evaluation.json`.

**Loss** on documents that were held out whole (rows of {context} tokens), nats per token:

{losses}

*mix* weighs the sources as training does, *all* by their held-out tokens.

**Heads.** A score is the mean attention from a query to the one key in question.

| head | where | score |
|---|---|---|
{heads_table}

Induction is measured on fresh random repeats (tokens uniform over the vocabulary): a local layer
sees {reach} tokens back at most, so beyond that only global layers can find the source.
In the second copy of a repeat of {repeat_period} tokens the loss falls from {repeat_first} to
{repeat_second} nats per token.

**Attention softcap ({attention_cap}).** Logits before the cap, over all visible places of held-out
text. Per head: share beyond half the cap / beyond 0.9 of the cap / largest size. The largest of all is
{largest_logit}, which the cap bends to {largest_score}: on ordinary text this model stays where the cap
is nearly a straight line.

{cap_table}

**Final softcap ({final_cap}).** {final_half} of the final logits lie beyond half the cap,
{final_most} beyond 0.9 of it; the largest is {final_largest} before the cap.

**What it writes** (temperature 0.7, top 40, one fixed draw):

{samples}

## Training

{tokens} M tokens in {steps} steps and {minutes} minutes of two shared CPU cores, by
`python -m training.train` (recipe and history: `training/README.md`).

**Part of the training data is artificial, on purpose.** *Copy sequences* are rows in which a segment
of 4 to 128 tokens comes again, near or far: one third running text, one third single words at their
natural frequency, one third uniform random tokens. They were everything until minute
{warmup_minutes} (short ones), {bridge_copies} of the rows in the stage that ended at minute
{bridge_minutes}, and {copies_first} falling to {copies_last} of the rows otherwise. They make
previous-token and induction heads appear in a model so small; do not take the early or clean
appearance of these heads for a finding about natural text.

| source | share of text rows | licence | package |
|---|---|---|---|
{sources}

Held out: about 3 % of the documents of each source, chosen by a checksum of their text.
Some of them are in `held_out.txt` (the novels' chapters, every third paragraph of the speeches; public domain), which
`python -m training.held_out` writes.
Headings, tables, transcribers' notes, stage directions and calls from the audience are removed.

## Limits

- It continues phrases in the manner of its sources (presidents, Austen, Melville, a dictionary).
  What it says is not true, and may be as old-fashioned and unjust as its sources.
- English only; other scripts fall apart into bytes.
- Positions beyond {longest} tokens were never trained.
- Its heads are few and sharply cut because they were trained for; a large model's are not.

## Licence

The weights, like the code of this project, are under the Apache License 2.0. The WordNet text among
the training data comes with this notice:

> {wordnet}
"""

WORDNET_NOTICE = """This software and database is being provided to you, the LICENSEE, by Princeton
University under the following license. By obtaining, using and/or copying this software and
database, you agree that you have read, understood, and will comply with these terms and conditions.
Permission to use, copy, modify and distribute this software and database and its documentation for
any purpose and without fee or royalty is hereby granted, provided that you agree to comply with the
following copyright notice and statements, including the disclaimer, and that the same appear on ALL
copies of the software, database and documentation, including modifications that you make for
internal use or for distribution. WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved.
THIS SOFTWARE AND DATABASE IS PROVIDED "AS IS" AND PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR
WARRANTIES, EXPRESS OR IMPLIED. BY WAY OF EXAMPLE, BUT NOT LIMITATION, PRINCETON UNIVERSITY MAKES NO
REPRESENTATIONS OR WARRANTIES OF MERCHANTABILITY OR FITNESS FOR ANY PARTICULAR PURPOSE OR THAT THE
USE OF THE LICENSED SOFTWARE, DATABASE OR DOCUMENTATION WILL NOT INFRINGE ANY THIRD PARTY PATENTS,
COPYRIGHTS, TRADEMARKS OR OTHER RIGHTS. The name of Princeton University or Princeton may not be
used in advertising or publicity pertaining to distribution of the software and/or database. Title
to copyright in this software, database and any associated documentation shall at all times remain
with Princeton University and LICENSEE agrees to preserve same."""


def _losses(found: dict[str, Any]) -> str:
    names = list(found["loss"])
    rows = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    rows.append("| " + " | ".join(f"{found['loss'][name]:.2f}" for name in names) + " |")
    counts = found["held_out_tokens"]
    rows.append("\nHeld-out tokens: " + ", ".join(f"{k} {v:,}" for k, v in counts.items()) + ".")
    return "\n".join(rows)


def _place(head: dict[str, Any]) -> str:
    kind = "global" if "full" in SHAPE["layer_types"][head["layer"]] else "local"
    return f"layer {head['layer']} ({kind}), head {head['head']} | {head['score']:.2f}"


def _heads(found: dict[str, Any]) -> str:
    rows = [f"| previous token, held-out text | {_place(found['best_previous_token'])} |"]
    for period, head in found["best_induction"].items():
        rows.append(f"| induction, source {int(period) - 1} tokens back | {_place(head)} |")
    return "\n".join(rows)


def _caps(use: dict[str, list[list[float]]]) -> str:
    columns = range(SHAPE["num_attention_heads"])
    rows = ["| layer | " + " | ".join(f"head {j}" for j in columns) + " |"]
    rows.append("|" + "---|" * (len(columns) + 1))
    for layer in range(SHAPE["num_hidden_layers"]):
        half, most, largest = (
            use[key][layer] for key in ("share_beyond_half_cap", "share_beyond_0.9_cap", "largest_logit_before_cap")
        )
        cells = [f"{half[j]:.2%} / {most[j]:.2%} / {largest[j]:.0f}" for j in columns]
        rows.append(f"| {layer} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _samples(found: dict[str, Any]) -> str:
    return "\n".join(f"> **{s['prompt']}**{s['continuation']}".replace("\n", "\n> ") + "\n" for s in found["samples"])


def _source(name: str, source: Source) -> str:
    share = SOURCE_SHARES[name] / sum(SOURCE_SHARES.values())
    package = f"{source.registry}: {source.package} {source.version}"
    return f"| {source.title} | {share:.0%} | {source.licence} | {package} |"


def card(found: dict[str, Any]) -> str:
    """Returns the page for one evaluation (as `training.export` writes it)."""
    run, recipe, final = found["run"], Recipe(), found["final_softcap"]
    period, cap = "64", SHAPE["attn_logit_softcapping"]
    largest = max(map(max, found["attention_softcap"]["largest_logit_before_cap"]))
    return PAGE.format(
        parameters=f"{found['parameters'] / 1e6:.2f}",
        layers=SHAPE["num_hidden_layers"],
        window=SHAPE["sliding_window"],
        reach=SHAPE["sliding_window"] - 1,
        hidden=SHAPE["hidden_size"],
        mlp=SHAPE["intermediate_size"],
        vocab=SHAPE["vocab_size"],
        heads=SHAPE["num_attention_heads"],
        head_dim=SHAPE["head_dim"],
        kv_heads=SHAPE["num_key_value_heads"],
        attention_cap=f"{SHAPE['attn_logit_softcapping']:g}",
        final_cap=f"{SHAPE['final_logit_softcapping']:g}",
        context=found["context"],
        longest=found["context"],
        losses=_losses(found),
        heads_table=_heads(found),
        repeat_period=period,
        repeat_first=f"{found['repeat_loss'][period][0]:.1f}",
        repeat_second=f"{found['repeat_loss'][period][1]:.1f}",
        largest_logit=f"{largest:.1f}",
        largest_score=f"{cap * math.tanh(largest / cap):.1f}",
        cap_table=_caps(found["attention_softcap"]),
        final_half=f"{final['share_beyond_half_cap']:.2%}",
        final_most=f"{final['share_beyond_0.9_cap']:.3%}",
        final_largest=f"{final['largest_logit_before_cap']:.1f}",
        samples=_samples(found),
        tokens=f"{run['tokens'] / 1e6:.1f}",
        steps=run["step"],
        minutes=f"{run['seconds'] / 60:.0f}",
        warmup_minutes=f"{run['ended'][0] / 60:.0f}",
        bridge_minutes=f"{run['ended'][1] / 60:.0f}",
        bridge_copies=f"{recipe.stages[1].plan.copies:.0%}",
        copies_first=f"{recipe.copies_first:.0%}",
        copies_last=f"{recipe.copies_last:.0%}",
        sources="\n".join(_source(name, source) for name, source in SOURCES.items()),
        wordnet=WORDNET_NOTICE.replace("\n", "\n> "),
    )


def write_card(folder: Path) -> None:
    """Writes README.md beside the evaluation.json of a checkpoint folder."""
    found = json.loads((folder / "evaluation.json").read_text())
    write(folder / "README.md", card(found))


if __name__ == "__main__":
    write_card(Path(sys.argv[1]))
