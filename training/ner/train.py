"""Fine-tunes the embedded language model into a named-entity tagger.

Run: `python -m training.ner.train --checkpoint model/checkpoints/tiny --out FOLDER --variant echo --minutes 10`;
stop it at any time and go on with `--resume`. Needs the data of `training.ner.silver`. The learning rate follows the
budget: a short rise, then a line to zero at the end of the minutes (or of `--steps`).
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.nn import functional

from gemma2_workbench.atomic import make_folder, replacing, write
from gemma2_workbench.classification.choices import VARIANTS
from gemma2_workbench.classification.conll import Sentence, read_conll
from gemma2_workbench.classification.inputs import IGNORED, encode
from gemma2_workbench.classification.scores import entity_scores
from training.data_parallel import DataParallel, run_parallel
from training.ner.batches import batches
from training.ner.labeller import FOLDER
from training.ner.labels import TAGS, TYPES
from training.ner.tagger import new_tagger, predict, write_tagger

RISE = 100
DEV_SENTENCES = 400


@dataclass(frozen=True)
class Options:
    """How to train.

    Attributes:
        checkpoint: folder of the language model to start from.
        out: folder for the tagger; its training state is kept in the cache under the same name.
        variant: one of `VARIANTS`.
        minutes: wall-clock budget.
        steps: budget in steps instead of minutes.
        seed: of the head, the order of the data and dropout.
        rate: highest learning rate (AdamW).
        tokens: most tokens of a batch of one process, padding included.
        decay: weight decay.
        entity_weight: weight of words inside entities in the loss, others 1.
        limit: train on the first so many sentences only; 0 for all.
    """

    checkpoint: Path
    out: Path
    variant: str = "causal"
    minutes: float = 10.0
    steps: int | None = None
    seed: int = 0
    rate: float = 1e-3
    tokens: int = 2048
    decay: float = 0.05
    entity_weight: float = 1.0
    limit: int = 0


class Trainer:
    """A tagger, its optimiser and how far it is.

    Args:
        options: how to train.
        train: sentences to learn.
        dev: sentences to measure on.
        group: the processes that share every step; each takes a batch of its own.
    """

    def __init__(self, options: Options, train: list[Sentence], dev: list[Sentence], group: DataParallel | None = None):
        self.options = options
        self.group = group or DataParallel()
        self.model, self.tokenizer = new_tagger(options.checkpoint, options.variant, options.seed)
        torch.manual_seed(options.seed + self.group.rank)
        self.dev = dev
        ids = {tag: at for at, tag in enumerate(TAGS)}
        encoded = encode([s.words for s in train], self.tokenizer, options.variant == "echo")
        self.rows = [(row, [ids[tag] for tag in s.tags]) for row, s in zip(encoded, train, strict=True)]
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=options.decay
        )
        self.weights = torch.tensor([1.0] + [options.entity_weight] * (len(TAGS) - 1))
        self.step, self.seconds, self.history = 0, 0.0, []

    def spent(self) -> float:
        """Share of the budget that is used up, 0 to 1."""
        limit = self.options.steps
        return min(1.0, self.step / limit if limit else self.seconds / (60 * self.options.minutes))

    def update(self, batch: dict[str, Any]) -> float:
        """Does one optimiser step and returns its loss, nats per word."""
        factor = min(1.0, (self.step + 1) / RISE) * (1.0 - self.spent())
        for group in self.optimiser.param_groups:
            group["lr"] = self.options.rate * factor
        labels = batch.pop("labels")
        self.model.train()
        # bfloat16 products, float32 weights: twice as fast where the CPU multiplies bfloat16
        with torch.autocast("cpu", torch.bfloat16):
            logits_BTC = self.model(**batch, use_cache=False).logits
        flat = logits_BTC.float().flatten(0, 1)
        loss = functional.cross_entropy(flat, labels.flatten(), self.weights, ignore_index=IGNORED)
        loss.backward()
        self.group.average(list(self.model.parameters()))
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return loss.item()

    def measure(self) -> float:
        """Entity F1 on the dev sentences."""
        tags = predict(self.model, self.tokenizer, [sentence.words for sentence in self.dev])
        return entity_scores(self.dev, tags, TYPES)["ALL"]["f1"]

    def run(self, state: Path, every: float = 120.0) -> None:
        """Trains until the budget is spent; measures, logs and saves the state every so many seconds."""
        started, before, losses = time.monotonic(), self.seconds, []
        logged = started
        drawn = batches(self.rows, self.options.tokens, self.options.seed)
        mine = islice(drawn, self.step * self.group.size + self.group.rank, None, self.group.size)
        for epoch, place, batch in mine:
            losses.append(self.update(batch))
            now = time.monotonic()
            self.seconds = self._agreed(before + now - started)
            done = self.spent() >= 1.0
            if self.group.rank == 0 and (now - logged >= every or done):
                line = {"step": self.step, "epoch": epoch, "batch": place, "seconds": round(self.seconds)}
                line |= {"loss": round(sum(losses) / len(losses), 4), "dev_f1": round(self.measure(), 4)}
                self.history.append(line)
                print(json.dumps(line), flush=True)
                self.save(state)
                logged, losses = time.monotonic(), []
                # measuring is not training: its time is not part of the budget
                started += logged - now
            if done:
                return

    def _agreed(self, seconds: float) -> float:
        """The clock of the first process, so that all follow one schedule and stop together."""
        if self.group.size == 1:
            return seconds
        told = torch.tensor([seconds], dtype=torch.float64)
        distributed.broadcast(told, src=0)
        return told.item()

    def save(self, state: Path) -> None:
        """Writes everything that `restore` needs, atomically."""
        make_folder(state.parent)
        content = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "counters": (self.step, self.seconds, self.history),
        }
        with replacing(state) as partial:
            torch.save(content, partial)

    def restore(self, state: Path) -> None:
        """Goes on from a saved state.

        Raises:
            FileNotFoundError: there is none.
        """
        if not state.exists():
            raise FileNotFoundError(f"no state {state} to resume from; start without --resume")
        content = torch.load(state, weights_only=True)
        self.model.load_state_dict(content["model"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.step, self.seconds, self.history = content["counters"]

    def export(self) -> None:
        """Writes the tagger, its tokenizer and how it was trained."""
        out = self.options.out
        write_tagger(self.model, self.options.checkpoint / "tokenizer.model", out)
        told = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self.options).items()}
        log = {"options": told, "workers": self.group.size, "sentences": len(self.rows), "history": self.history}
        write(out / "training.json", json.dumps(log, indent=1) + "\n")


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.ner.train", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("model/checkpoints/tiny"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variant", choices=VARIANTS, default="causal")
    parser.add_argument("--minutes", type=float, default=10.0, help="wall-clock budget")
    parser.add_argument("--steps", type=int, help="budget in steps instead of minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--tokens", type=int, default=2048, help="most tokens of a batch")
    parser.add_argument("--decay", type=float, default=0.05, help="weight decay")
    parser.add_argument("--entity-weight", type=float, default=1.0)
    parser.add_argument("--limit", type=int, default=0, help="train on the first so many sentences only")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder with train.conll and dev.conll")
    parser.add_argument("--workers", type=int, default=2, help="processes that share each step")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each process")
    parser.add_argument("--resume", action="store_true", help="go on from the saved state")
    return parser


def work(group: DataParallel, given: dict[str, Any]) -> None:
    """Trains as one process of several; the first writes the tagger."""
    torch.set_num_threads(given["threads"])
    options = Options(**{field.name: given[field.name] for field in fields(Options)})
    train = read_conll(given["data"] / "train.conll")[: options.limit or None]
    trainer = Trainer(options, train, read_conll(given["data"] / "dev.conll")[:DEV_SENTENCES], group)
    state = FOLDER / f"{options.out.name}.pt"
    if given["resume"]:
        trainer.restore(state)
    trainer.run(state)
    if group.rank == 0:
        trainer.export()


def main() -> None:
    """Reads the command line, trains and writes the tagger."""
    given = vars(arguments().parse_args())
    run_parallel(given["workers"], work, given)


if __name__ == "__main__":
    main()
