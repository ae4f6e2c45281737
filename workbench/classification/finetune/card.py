"""What a run was, said while it runs and written beside its result: README.md (model card) and training.json."""

import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gemma2_workbench.atomic import write
from gemma2_workbench.classification.finetune.data import Data
from gemma2_workbench.classification.finetune.division import Division
from gemma2_workbench.classification.finetune.settings import Settings
from gemma2_workbench.classification.finetune.start import RANK, Start
from gemma2_workbench.classification.scores import COLUMNS, Scores
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.gemma2.source import LoadedModel

CARD = """---
library_name: transformers
pipeline_tag: {pipeline}
tags: [gemma2, gemma2-workbench]
---
# {title}

`{architecture}`, fine-tuned with gemma2-workbench.

| | |
|---|---|
| started from | `{base}`{revision}{base_sha} |
| head | {head} |
| data | `{data}`, sha256 `{sha}`: {count} to learn, {words} labels |
| labels | {labels} |
| where a label is read | {place} |
| input | variant {variant} (`is_causal`, `workbench_input`, `workbench_label_token` in config.json) |
| trained | {how} |
| settings | {epochs} epochs, batches of {batch}, AdamW with weight decay 0.01, seed {seed} |
| learning rate | {rate:.3g}, reached after a tenth of the steps, then a line to 0 |
| took | {seconds:.0f} s on {device} |
| versions | {versions} |

## Measured

On {measured_on}. {meaning}

{table}

The last epoch's weights, in float32. Learning rate and number of epochs were not searched for.

```
gemma2-workbench classify "..." --model FOLDER
```
"""
MEANINGS = {
    "entity F1": "An entity counts only with its exact words and its type (seqeval, strict); ALL is the micro average.",
    "macro F1": "ALL is the mean over the classes.",
}


@dataclass(frozen=True)
class Run:
    """Everything that decides a result.

    Attributes:
        settings: the user's choices.
        data: the labelled file.
        division: what of it is learned and what is measured on.
        loaded: the checkpoint it starts from.
        start: the classifier made of it.
        rate: highest learning rate.
    """

    settings: Settings
    data: Data
    division: Division
    loaded: LoadedModel
    start: Start
    rate: float

    @property
    def identity(self) -> JsonObject:
        """What must be the same when a run is resumed; JSON."""
        settings = self.settings
        return {
            "data": self.data.sha256,
            "held out": settings.dev is None,
            "model": self.loaded.weights_sha256 or self.loaded.source,
            "variant": self.start.variant,
            "label token": self.start.label_token,
            "lora": settings.lora,
            "epochs": settings.epochs,
            "batch": settings.batch,
            "rate": self.rate,
            "seed": settings.seed,
        }

    @property
    def head(self) -> str:
        """Where the head comes from."""
        if self.start.fresh:
            return f"new, {len(self.start.names)} classes"
        return f"that of the checkpoint, which has the same {len(self.start.names)} labels"

    @property
    def reads(self) -> str:
        """Where labels are learned and read."""
        if self.data.kind == "sequence":
            return "labels at the last token of the text"
        if self.start.label_token == "mean":
            return "labels as the mean of the logits of a word's sub-tokens (each learns the label)"
        return f"labels at the {self.start.label_token} sub-token of each word"

    @property
    def how(self) -> str:
        """Which weights learn."""
        return f"LoRA of rank {RANK} on all matrices, and the head" if self.settings.lora else "all weights"

    @property
    def sentences(self) -> list[str]:
        """What was found and decided, before training."""
        data = self.data
        return [
            *data.notes,
            *self.start.notes,
            f"{data.path}: {len(self.division.train)} to learn, labels {', '.join(self.start.names)}",
            f"measured on {self.division.measured_on}",
            f"{self.loaded.name}: head {self.head}; variant {self.start.variant}; {self.reads}; {self.how}; "
            f"rate {self.rate:.3g}",
        ]


def write_card(
    run: Run, folder: Path, scores: Scores, figure: str, history: list[dict[str, float]], seconds: float
) -> None:
    """Writes README.md and training.json into `folder`, where the rest of the checkpoint is put together."""
    kind = run.data.kind
    versions = {name: version(name) for name in ("gemma2-workbench", "torch", "transformers")}
    versions |= {"peft": version("peft")} if run.settings.lora else {}
    versions["python"] = platform.python_version()
    record = {
        **run.identity,
        "model": run.loaded.source,
        "model_sha256": run.loaded.weights_sha256,
        "model_revision": run.loaded.revision,
        "data": {"name": run.data.path.name, "sha256": run.data.sha256, "learned": len(run.division.train)},
        "labels": run.start.names,
        "notes": run.data.notes,
        "measured_on": run.division.measured_on,
        "scores": scores,
        "history": history,
        "seconds": round(seconds, 1),
        "versions": versions,
    }
    write(folder / "training.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    page = CARD.format(
        pipeline="token-classification" if kind == "token" else "text-classification",
        title=run.settings.out.resolve().name,
        architecture=type(run.start.model).__name__,
        base=run.loaded.source,
        revision=f" at `{run.loaded.revision}`" if run.loaded.revision else "",
        base_sha=f", sha256 `{run.loaded.weights_sha256}`" if run.loaded.weights_sha256 else "",
        head=run.head,
        data=run.data.path.name,
        sha=run.data.sha256,
        count=len(run.division.train),
        words=sum(len(row.labels) for row in run.division.train),
        labels=", ".join(f"`{name}`" for name in run.start.names),
        place=run.reads.removeprefix("labels "),
        variant=run.start.variant,
        how=run.how,
        epochs=run.settings.epochs,
        batch=run.settings.batch,
        rate=run.rate,
        seed=run.settings.seed,
        seconds=seconds,
        device=run.loaded.device,
        versions=", ".join(f"{name} {number}" for name, number in versions.items()),
        measured_on=run.division.measured_on,
        meaning=MEANINGS[figure],
        table=_table(scores),
    )
    write(folder / "README.md", page)


def _table(scores: Scores) -> str:
    """Precision, recall, F1 and support of every type or class as a markdown table."""
    lines = ["| | precision | recall | F1 | support |", "|---|---:|---:|---:|---:|"]
    for name, row in scores.items():
        cells = [f"{row[key]:.3f}" for key in COLUMNS[:3]]
        lines.append(f"| {name} | {' | '.join(cells)} | {row['support']:.0f} |")
    return "\n".join(lines)
