"""`LayerInfo`, the numbers of one layer's attention, and `Shape`, the sizes of a model: data that outlives the pass."""

from dataclasses import dataclass

from gemma2_workbench.model.masks import Mask

# Kinds of layers by who sees whom: a sliding window, everything, chunks; and layers that have no softmax (linear
# attention, convolution, state space).
KINDS = ("local", "global", "chunked", "linear")


@dataclass(frozen=True)
class LayerInfo:
    """The numbers of one layer's attention.

    Attributes:
        index: the layer.
        kind: its name, one of `KINDS`; in Gemma 2 "local" (sliding window) or "global".
        window: keys that a query of a local layer sees, itself included (each side of it where not causal, itself
            not counted); None in a global one.
        softcap: the cap on its logits; None is off.
        scale: what q.k is multiplied with.
        causal: whether later keys are hidden.
        chunk: tokens of a chunk, of which a query sees its own; None where there are none.
        sinks: the logit of each head's learned sink, which takes a share of every row but is no key; None without.
        softmax: whether the layer has attention maps at all; a linear or recurrent layer has none.
        staged: whether all stages are known; else the probabilities alone, as the model itself gives them.
        prefix: positions before this one see one another, as in a prefix language model; None without a prefix.
    """

    index: int
    kind: str
    window: int | None
    softcap: float | None
    scale: float
    causal: bool
    chunk: int | None = None
    sinks: tuple[float, ...] | None = None
    softmax: bool = True
    staged: bool = True
    prefix: int | None = None

    @property
    def mask(self) -> Mask:
        """The model's own rule for an unpadded text."""
        return Mask(self.window, causal=self.causal, chunk=self.chunk, prefix=self.prefix)


@dataclass(frozen=True)
class Shape:
    """The sizes of a model.

    Attributes:
        layers, heads, kv_heads: L, N and G; head n reads key/value head n // (N / G).
        head_width, width, mlp_width: H, D and the width inside the MLP.
        longest: tokens of the longest text.
        trained: tokens beyond which the rotary angles of all depend on their number; None where they never do.
    """

    layers: int
    heads: int
    kv_heads: int
    head_width: int
    width: int
    mlp_width: int
    longest: int
    trained: int | None = None
