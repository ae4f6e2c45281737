"""`Findings`: what the library finds out about a question of the page."""

import time
from collections.abc import Callable
from functools import lru_cache

from apps.token_classification.asked import Asked
from workbench import LoadedModel, SetCausal, applied
from workbench.classification.labelled import Classification, Labelled, classify
from workbench.classification.reasons.deletion import Deletion, alone, deletions
from workbench.classification.reasons.gradients import Saliency, saliency
from workbench.classification.reasons.heads import HeadEffects, head_effects
from workbench.classification.reasons.masks import MaskCost, mask_cost
from workbench.classification.reasons.target import Target, target_of

KEPT = 64


class Findings:
    """Labels and reasons of the classifiers that `models` gives by name; the latest labels are kept.

    A question holds all it is about, so there is no state of a reader: a page that was open before the server was
    started anew goes on. Every method raises ValueError where the text, the word or the classes are not there, and what
    `models` raises where the model is not.

    Args:
        models: the loaded model of this name.
    """

    def __init__(self, models: Callable[[str], LoadedModel]) -> None:
        self.models = models
        self._timed = lru_cache(maxsize=KEPT)(self._classify)

    def labels(self, asked: Asked) -> tuple[Classification, float]:
        """The labels of the whole text under the mask that is asked for, and the seconds that they took."""
        return self._timed(asked.model, asked.text, asked.mask)

    def labelled(self, asked: Asked) -> Labelled:
        """The sentence that is asked about."""
        sentences = self.labels(asked)[0].sentences
        if asked.sentence >= len(sentences) or asked.word >= len(sentences[asked.sentence].reading.words):
            raise ValueError(f"the text has no word {asked.word} in sentence {asked.sentence}; click a word of it")
        return sentences[asked.sentence]

    def target(self, asked: Asked) -> Target:
        """Why one label rather than the other at the word."""
        labelled = self.labelled(asked)
        for at in (asked.label, asked.against):
            if at >= len(labelled.classes):
                raise ValueError(f"there is no class {at}; the model has {len(labelled.classes)}, from 0")
        label, against = (labelled.classes[at] if at >= 0 else None for at in (asked.label, asked.against))
        return target_of(labelled, asked.word, label, against)

    def saliency(self, asked: Asked) -> Saliency:
        """What each token adds to the score of the label."""
        loaded, target = self.models(asked.model), self.target(asked)
        with applied(loaded, changes(loaded, asked.mask)) as changed:
            return saliency(changed, target, asked.method)

    def heads(self, asked: Asked) -> HeadEffects:
        """What the score loses without each head, and where the deciding token looks."""
        loaded, target = self.models(asked.model), self.target(asked)
        with applied(loaded, changes(loaded, asked.mask)) as changed:
            return head_effects(changed, target)

    def removals(self, asked: Asked) -> tuple[tuple[Deletion, ...], Deletion | None]:
        """The label without each other word, and without all of them."""
        loaded, target = self.models(asked.model), self.target(asked)
        with applied(loaded, changes(loaded, asked.mask)) as changed:
            return deletions(changed, target), alone(changed, target)

    def masks(self, asked: Asked) -> MaskCost:
        """The labels under both masks."""
        return mask_cost(self.models(asked.model), asked.text)

    def _classify(self, model: str, text: str, mask: str) -> tuple[Classification, float]:
        loaded = self.models(model)
        since = time.perf_counter()
        found = classify(loaded, text, interventions=changes(loaded, mask))
        return found, time.perf_counter() - since


def changes(loaded: LoadedModel, mask: str) -> tuple[SetCausal, ...]:
    """What a mask ("own", "causal", "bidirectional") changes in a model: nothing where it is the model's own."""
    own = own_mask(loaded)
    return () if mask in ("own", own) else (SetCausal(mask == "causal"),)


def own_mask(loaded: LoadedModel) -> str:
    """The mask of the checkpoint: "causal" or "bidirectional"."""
    return "bidirectional" if loaded.config.sees_later else "causal"
