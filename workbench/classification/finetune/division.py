"""Which examples are learned and which are measured on."""

import random
from dataclasses import dataclass

from gemma2_workbench.classification.finetune.data import Data
from gemma2_workbench.classification.finetune.example import Example

# With fewer examples a tenth is one sentence or none, and its F1 says nothing.
FEWEST = 20


@dataclass(frozen=True)
class Division:
    """The data in two parts.

    Attributes:
        train: examples to learn.
        dev: examples to measure on.
        measured_on: what `dev` is, in words.
    """

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    measured_on: str


def divided(data: Data, dev: Data | None, seed: int) -> Division:
    """The examples to learn, and those of `dev` or a held-out tenth to measure on.

    Raises:
        ValueError: the data has a single label, or `dev` holds labels that it lacks.
    """
    things = "sentences" if data.kind == "token" else "texts"
    if len(data.labels) < 2:
        only = ", ".join(map(repr, data.labels))
        raise ValueError(f"{data.path}: every label is {only}; a classifier needs at least two different labels")
    every = data.examples
    if dev is not None:
        _check_labels(data, dev)
        known = {row.text for row in every}
        seen = sum(row.text in known for row in dev.examples)
        note = f", {seen} of them also in the training file" if seen else ""
        return Division(every, dev.examples, f"{len(dev.examples)} {things} of {dev.path.name}{note}")
    if len(every) < FEWEST:
        note = "too few to hold a tenth out, so this is memory, not skill"
        return Division(every, every, f"the {len(every)} training {things} themselves ({note})")
    held = set(random.Random(seed).sample(range(len(every)), round(len(every) / 10)))
    train = tuple(row for at, row in enumerate(every) if at not in held)
    return Division(
        train, tuple(every[at] for at in sorted(held)), f"{len(held)} held-out {things}, a tenth of the file"
    )


def _check_labels(data: Data, dev: Data) -> None:
    for row in dev.examples:
        for at, label in enumerate(row.labels):
            if label not in data.labels:
                raise ValueError(
                    f"{row.place(at)}: the label {label!r} does not occur in {data.path.name}, and cannot be learned; "
                    f"its labels are {', '.join(data.labels)}"
                )
