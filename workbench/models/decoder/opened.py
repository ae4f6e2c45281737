"""`Opened`: what a transformers model is as a `Source`, whether its stages are shown or its maps alone."""

import threading
from dataclasses import dataclass, field
from typing import Any

import transformers

from gemma2_workbench.brief import cut
from gemma2_workbench.models.layers import Shape
from gemma2_workbench.models.weights.info import WeightsInfo


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Opened:
    """A transformers model in eval mode; what is not said here is said in `Source`.

    Attributes:
        name, source, revision, weights_sha256, weights: as of `Source`.
        model: the transformers model.
        tokenizer: its tokenizer.
        shape: its sizes.
        text_token: as of `Classifier`.
        changes: what was changed in it, in words.
        lock: held while hooks are attached.
    """

    name: str
    source: str
    revision: str | None
    weights_sha256: str | None
    weights: WeightsInfo
    model: Any
    tokenizer: Any
    shape: Shape
    text_token: str = "last"
    changes: tuple[str, ...] = ()
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def dtype(self) -> str:
        """Name of the dtype of the weights, for example `float32`."""
        return str(self.model.dtype).removeprefix("torch.")

    @property
    def device(self) -> str:
        """Where the weights live, for example `cpu`."""
        return str(self.model.device)

    @property
    def kind(self) -> str:
        """The name of its class."""
        return type(self.model).__name__

    @property
    def reference_name(self) -> str:
        """See `Source`."""
        return f"transformers {transformers.__version__} eager {self.model.config.model_type}"

    @property
    def _about(self) -> tuple[str, str, str]:
        """Its first words."""
        return cut(self.name, 60), self.kind, f"{self.shape.layers} layers x {self.shape.heads} heads"
