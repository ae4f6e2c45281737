"""Fine-tunes the embedded language model into a named-entity tagger.

Run: `python -m training.ner.train --checkpoint model/checkpoints/tiny --out FOLDER --variant echo --minutes 10`;
stop it at any time and go on with `--resume`. Needs the data of `training.ner.silver`. The learning rate follows the
budget: a short rise, then a line to zero at the end of the minutes (or of `--steps`).
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoTokenizer

from model import Gemma2Config, Gemma2ForTokenClassification
from training.ner.conll import Sentence, read_conll
from training.ner.inputs import IGNORED, VARIANTS, Encoded, collate, encode, settings
from training.ner.labeller import FOLDER
from training.ner.labels import TAGS
from training.ner.predict import predict
from training.ner.scores import entity_scores
from training.tokenizer import write_tokenizer_config

RISE = 100
DEV_SENTENCES = 600


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
        tokens: most tokens of a batch, padding included.
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


def new_tagger(options: Options) -> tuple[Gemma2ForTokenClassification, Any]:
    """Returns the language model with a fresh tag head, in float32, and its tokenizer."""
    torch.manual_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(options.checkpoint)
    names = {"id2label": dict(enumerate(TAGS)), "label2id": {tag: at for at, tag in enumerate(TAGS)}}
    config = Gemma2Config.from_pretrained(options.checkpoint, **names)
    # transformers only takes keys that a configuration already has
    for key, value in settings(options.variant).items():
        setattr(config, key, value)
    model = Gemma2ForTokenClassification.from_pretrained(options.checkpoint, config=config, dtype=torch.float32)
    return model, tokenizer


def batches(rows: list[tuple[Encoded, list[int]]], tokens: int, seed: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yields (epoch, place in the epoch, batch) for ever; sentences of like length share a batch.

    The order depends on the seed alone, so a resumed run skips to where it was.
    """
    epoch = 0
    while True:
        rng = random.Random(f"{seed}-{epoch}")
        order = sorted(range(len(rows)), key=lambda at: len(rows[at][0].ids) + rng.random() * 8)
        groups: list[list[int]] = [[]]
        for at in order:
            if (len(groups[-1]) + 1) * (len(rows[at][0].ids) + 8) > tokens and groups[-1]:
                groups.append([])
            groups[-1].append(at)
        rng.shuffle(groups)
        for place, group in enumerate(groups):
            chosen = [rows[at] for at in group]
            yield epoch, place, collate([row for row, _ in chosen], 0, [tags for _, tags in chosen])
        epoch += 1


class Trainer:
    """A tagger, its optimiser and how far it is.

    Args:
        options: how to train.
        train: sentences to learn.
        dev: sentences to measure on.
    """

    def __init__(self, options: Options, train: list[Sentence], dev: list[Sentence]):
        self.options = options
        self.model, self.tokenizer = new_tagger(options)
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
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return loss.item()

    def measure(self) -> float:
        """Entity F1 on the dev sentences."""
        tags = predict(self.model, self.tokenizer, [sentence.words for sentence in self.dev])
        return entity_scores(self.dev, tags)["ALL"]["f1"]

    def run(self, state: Path, every: float = 90.0) -> None:
        """Trains until the budget is spent; measures, logs and saves the state every so many seconds."""
        started, before, losses = time.monotonic(), self.seconds, []
        logged, first = started, self.step
        for number, (epoch, place, batch) in enumerate(batches(self.rows, self.options.tokens, self.options.seed)):
            if number < first:
                continue
            losses.append(self.update(batch))
            now = time.monotonic()
            self.seconds = before + now - started
            done = self.spent() >= 1.0
            if now - logged >= every or done:
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

    def save(self, state: Path) -> None:
        """Writes everything that `restore` needs, atomically."""
        state.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "counters": (self.step, self.seconds, self.history),
        }
        torch.save(content, state.with_suffix(".partial"))
        state.with_suffix(".partial").rename(state)

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
        """Writes the tagger in Hugging Face format, weights in bfloat16, with tokenizer and training log."""
        out = self.options.out
        self.model.to(torch.bfloat16).save_pretrained(out)
        model_file = Path(self.options.checkpoint) / "tokenizer.model"
        (out / "tokenizer.model").write_bytes(model_file.read_bytes())
        write_tokenizer_config(out, self.model.config.max_position_embeddings)
        told = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self.options).items()}
        log = {"options": told, "sentences": len(self.rows), "history": self.history}
        (out / "training.json").write_text(json.dumps(log, indent=1) + "\n")


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
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on from the saved state")
    return parser


def main() -> None:
    """Reads the command line, trains and writes the tagger."""
    given = vars(arguments().parse_args())
    data, threads, resume = (given.pop(name) for name in ("data", "threads", "resume"))
    torch.set_num_threads(threads)
    options = Options(**given)
    train = read_conll(data / "train.conll")
    trainer = Trainer(options, train[: options.limit or None], read_conll(data / "dev.conll")[:DEV_SENTENCES])
    state = FOLDER / f"{options.out.name}.pt"
    if resume:
        trainer.restore(state)
    trainer.run(state)
    trainer.export()


if __name__ == "__main__":
    main()
