"""`Findings`: what the library finds out about a question of the page."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from statistics import median

from gemma2_workbench import LoadedModel, SetCausal, applied
from gemma2_workbench.apps.page.cache import Kept
from gemma2_workbench.apps.token_classification.asked import Asked
from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.explanations.head_ablation import HeadEffects, head_effects
from gemma2_workbench.classification.explanations.leave_one_out import LeaveOneOut, leave_one_out
from gemma2_workbench.classification.explanations.masks import MaskCost, mask_cost
from gemma2_workbench.classification.explanations.saliency import Saliency, saliency
from gemma2_workbench.classification.explanations.target import Target, target_of
from gemma2_workbench.classification.predictions import Predictions

# Passes of a model that say how fast it is here.
LATEST = 9


class Findings:
    """Labels and reasons of the classifiers that `models` gives by name; the latest labels are kept.

    A question holds all it is about, so there is no state of a reader: a page that was open before the server was
    started anew goes on. Every method raises ValueError where the text, the word or the classes are not there, and what
    `models` raises where the model is not.

    Args:
        models: the loaded model of this name.
        kept: where labels are kept; default: a place of their own.
    """

    def __init__(self, models: Callable[[str], LoadedModel], kept: Kept | None = None) -> None:
        self.models = models
        self._kept = Kept() if kept is None else kept
        self._paces: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=LATEST))

    def labels(self, asked: Asked) -> Classification:
        """The labels of the whole text under the mask that is asked for."""
        key = ("labels", asked.model, asked.text, asked.mask)
        return self._kept.get(key, lambda: self._classify(asked))

    def pace(self, asked: Asked) -> float:
        """Seconds of work that the model needs for one token of a text like this one, by its latest passes."""
        paces = self._paces[asked.model]
        # The first pass of a process is no measure: memory is fetched and kernels are chosen then.
        while len(paces) < 2:
            self._classify(asked)
        return median(sorted(paces)[: len(paces) // 2 + 1])

    def predicted(self, asked: Asked) -> Predictions:
        """The sentence that is asked about."""
        sentences = self.labels(asked).sentences
        if asked.sentence >= len(sentences) or asked.word >= len(sentences[asked.sentence].reading.words):
            raise ValueError(f"the text has no word {asked.word} in sentence {asked.sentence}; click a word of it")
        return sentences[asked.sentence]

    def target(self, asked: Asked) -> Target:
        """Why one label rather than the other at the word."""
        predicted = self.predicted(asked)
        for at in (asked.label, asked.against):
            if at >= len(predicted.classes):
                raise ValueError(f"there is no class {at}; the model has {len(predicted.classes)}, from 0")
        label, against = (predicted.classes[at] if at >= 0 else None for at in (asked.label, asked.against))
        return target_of(predicted, asked.word, label, against)

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

    def removals(self, asked: Asked) -> LeaveOneOut:
        """The label without each other word, and without all of them."""
        loaded, target = self.models(asked.model), self.target(asked)
        with applied(loaded, changes(loaded, asked.mask)) as changed:
            return leave_one_out(changed, target)

    def masks(self, asked: Asked) -> MaskCost:
        """The labels under both masks."""
        return mask_cost(self.models(asked.model), asked.text)

    def _classify(self, asked: Asked) -> Classification:
        loaded = self.models(asked.model)
        # The time of this thread: what it waits for another reader's question says nothing about the model.
        since = time.thread_time()
        found = classify(loaded, asked.text, interventions=changes(loaded, asked.mask))
        tokens = sum(len(predicted.reading.tokens) for predicted in found.sentences)
        self._paces[asked.model].append((time.thread_time() - since) / tokens)
        return found


def changes(loaded: LoadedModel, mask: str) -> tuple[SetCausal, ...]:
    """What a mask ("own", "causal", "bidirectional") changes in a model: nothing where it is the model's own."""
    own = own_mask(loaded)
    return () if mask in ("own", own) else (SetCausal(mask == "causal"),)


def own_mask(loaded: LoadedModel) -> str:
    """The mask of the checkpoint: "causal" or "bidirectional"."""
    return "causal" if loaded.causal else "bidirectional"
