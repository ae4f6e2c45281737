"""`Asked`: what the page asks about. It comes from a browser, so every part of it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gemma2_workbench.apps.serving.limits import checked_text
from gemma2_workbench.model.kinds import kind, kinds

MASKS = ("own", "causal", "bidirectional")
METHODS = {"integrated_gradients": "integrated gradients", "gradient_x_input": "gradient × input"}


@dataclass(frozen=True)
class Asked:
    """A text, a classifier under a mask, one of the text's words, and the two labels that are weighed there.

    Attributes:
        model: name, folder or hub id of the classifier.
        text: the text.
        mask: "own" is the model's, "causal" and "bidirectional" may be another one.
        sentence, word: which word; a sequence classifier has one, the whole text.
        label, against: classes by index; -1 is the best class and the best of the others.
        method: how the saliency is computed, a key of `METHODS`.
        layer, head: the head whose attention is shown; -1 is the one with the largest effect.
    """

    model: str = ""
    text: str = ""
    mask: str = "own"
    sentence: int = 0
    word: int = 0
    label: int = -1
    against: int = -1
    method: str = "integrated_gradients"
    layer: int = -1
    head: int = -1

    def __post_init__(self) -> None:
        """Check types and choices; ValueError says which part is wrong."""
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not type(field.default):
                raise ValueError(f"{field.name} must be {kinds(type(field.default))}, got {kind(value)}")
        checked_text(self.text)
        for name, allowed in (("mask", MASKS), ("method", tuple(METHODS))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} {getattr(self, name)!r} is unknown; choose from {', '.join(allowed)}")
        if min(self.sentence, self.word, self.label + 1, self.against + 1, self.layer + 1, self.head + 1) < 0:
            raise ValueError("sentence, word, label, against, layer and head are indices from 0")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Asked":
        """The question that a page asks; what it says beyond this is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in given.items() if name in known})
