"""What a user may choose about fine-tuning. Imports nothing heavy: the command line reads it to declare its flags."""

import math
from dataclasses import dataclass
from pathlib import Path

from gemma2_workbench.classification.columns import Columns
from gemma2_workbench.limits import whole

TASKS = ("token", "sequence")


@dataclass(frozen=True)
class Settings:
    """How to fine-tune.

    Attributes:
        data: labelled file to learn from.
        out: folder for the result; everything is written there and nowhere else.
        model: embedded name, folder or hub id to start from; None is the embedded language model.
        dev: labelled file to measure on; None holds out a tenth of `data`.
        task: "token" or "sequence"; None takes what the file holds.
        variant: "causal", "echo" or "bidirectional"; None keeps that of a classifier, and for a language model takes
            bidirectional for words (a causal model labels a word before it has read what follows) and causal for texts.
        lora: train low-rank adapters (arXiv 2106.09685) and the head, and merge them at the end.
        epochs: passes over the data.
        rate: highest learning rate; None follows from the width of the model.
        batch: sentences per step.
        seed: of the head, the order of the data, dropout and the held-out tenth.
        device: cpu, cuda or mps; None takes the best there is.
        label_token: the sub-token of a word where its label is learned and read: "first", "last" or "mean" (all carry
            it in training, and the mean of their logits is read); None keeps that of a classifier, else it is "last".
        many_columns: read CoNLL files of more than two columns: the first is the token, the last the tag.
        token_column, tag_column: which columns are the token and the tag, see `Columns`.
        resume: go on from the newest checkpoint in `out`.

    Raises:
        ValueError: a number that cannot work.
    """

    data: Path
    out: Path
    model: str | None = None
    dev: Path | None = None
    task: str | None = None
    variant: str | None = None
    lora: bool = False
    epochs: int = 5
    rate: float | None = None
    batch: int = 16
    seed: int = 0
    device: str | None = None
    label_token: str | None = None
    many_columns: bool = False
    token_column: str | None = None
    tag_column: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        """Check the numbers before anything is read."""
        for name in ("epochs", "batch"):
            whole(f"--{name}", getattr(self, name), 1)
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"--rate {self.rate} must be a number above 0, such as 0.0002")
        if not 0 <= self.seed < 1 << 32:
            raise ValueError(f"--seed {self.seed} must lie in 0..{(1 << 32) - 1}")

    @property
    def columns(self) -> Columns | None:
        """Where words and tags are in CoNLL files; None for TOKEN<TAB>TAG lines."""
        return Columns.of(self.token_column, self.tag_column, self.many_columns)

    def rate_for(self, width: int) -> float:
        """The learning rate: that which was given, or 0.2 / width, five times that for LoRA.

        The best rate of Adam falls with the width of the model (arXiv 2203.03466); 0.2 is what served the embedded
        tagger (0.001 at width 192), and gives 9e-5 (LoRA 4e-4) for google/gemma-2-2b.
        """
        if self.rate is not None:
            return self.rate
        return (5 if self.lora else 1) * 0.2 / width
