"""`Outline`: what the configuration of a model alone tells of its attention; a mask needs no weights."""

from collections.abc import Sequence
from dataclasses import dataclass

from gemma2_workbench.model import Gemma2Config

_KINDS = {"sliding_attention": "local", "full_attention": "global"}


@dataclass(frozen=True)
class Outline:
    """What decides the masks and the tokens of a model.

    Attributes:
        layers: the kind of each layer.
        window: that of its local layers, None where there is none to be had.
        causal: whether later keys are hidden.
        vocabulary: rows of its embeddings.
    """

    layers: tuple[str, ...]
    window: int | None
    causal: bool
    vocabulary: int

    @classmethod
    def of(cls, config: Gemma2Config) -> "Outline":
        """The outline in a configuration."""
        layers = tuple(_KINDS[kind] for kind in config.layer_types or ())
        return cls(layers, config.sliding_window, not config.sees_later, config.vocab_size)


def cache_config(layers: Sequence[str], window: int) -> Gemma2Config:
    """A configuration from which transformers makes the caches of layers of these kinds."""
    names = {kind: name for name, kind in _KINDS.items()}
    types = [names[kind] for kind in layers]
    return Gemma2Config(num_hidden_layers=len(layers), layer_types=types, sliding_window=window)
