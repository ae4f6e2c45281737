"""`Predictions`: what a classifier says of one sentence; `label` asks it about many.

Letters: T tokens, W words, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gemma2_workbench.brief import brief, cut, some
from gemma2_workbench.classification.classifier import class_names
from gemma2_workbench.classification.inputs import at_words
from gemma2_workbench.classification.labels import Entity, entities
from gemma2_workbench.classification.logits import Progress, class_logits
from gemma2_workbench.classification.reading import Reading
from gemma2_workbench.classification.schemes import as_bio, scheme_of
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.interventions import Intervention, applied


@dataclass(frozen=True, eq=False)
class Predictions:
    """One reading with what the model says of it.

    Attributes:
        reading: tokens and words.
        logits: float32 [T, C], the class scores of every token; those at `reading.read` make the labels.
        classes: the C names.
        of_tokens: whether the scores are each token's own; else all are those of the text.
    """

    reading: Reading
    logits: Tensor
    classes: tuple[str, ...]
    of_tokens: bool = True

    def __repr__(self) -> str:
        words = (f"{cut(self.reading.word(at))} {tag}" for at, tag in enumerate(self.tags))
        return brief(self, f"{len(self.reading.words)} words: {some(words, 8)}")

    @cached_property
    def word_logits(self) -> Tensor:
        """Class scores of every word, float32 [W, C]."""
        return at_words(self.logits, self.reading.read)

    @cached_property
    def probs(self) -> Tensor:
        """Probability of every class of every word, float32 [W, C]."""
        return torch.softmax(self.word_logits, dim=-1)

    @cached_property
    def best(self) -> tuple[int, ...]:
        """Index of the most probable class of each word."""
        return tuple(self.probs.argmax(-1).tolist())

    @property
    def tags(self) -> tuple[str, ...]:
        """The label of each word; valid BIO where the classes are tags of a scheme (BIO, BIOES, ...)."""
        names = [self.classes[at] for at in self.best]
        return tuple(as_bio(names) if scheme_of(self.classes) else names)

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        """Type, first word and word after the last of each entity; none where the classes are no tags of a scheme."""
        return tuple(entities(list(self.tags))) if scheme_of(self.classes) else ()

    @property
    def confidence(self) -> Tensor:
        """Probability of each word's most probable class, [W]."""
        return self.probs.amax(-1)

    @property
    def margin(self) -> Tensor:
        """Probability of each word's most probable class minus that of the next best, [W]."""
        two = self.probs.topk(2, dim=-1).values
        return two[:, 0] - two[:, 1]

    def runner_up(self, word: int) -> int:
        """Index of the second most probable class of a word."""
        return int(self.probs[word].topk(2).indices[1])


def label(
    loaded: Classifier,
    rows: Sequence[Reading],
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
) -> tuple[Predictions, ...]:
    """Run readings through the model, those of like length together."""
    classes = class_names(loaded)
    with applied(loaded, interventions) as changed:
        logits = class_logits(
            changed.token_scores, [row.encoded for row in rows], loaded.tokenizer.pad_token_id, progress
        )
    own = loaded.scores_tokens
    return tuple(Predictions(row, logits_TC, classes, own) for row, logits_TC in zip(rows, logits, strict=True))
