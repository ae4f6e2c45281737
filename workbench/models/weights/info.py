"""`WeightsInfo`: what is to be said of the weights that a model computes with, beyond where their files are."""

from dataclasses import dataclass
from typing import Literal

# What a checksum is of: whole files; their headers, sizes and some blocks; none, since the weights are not the files'.
Hashed = Literal["files", "samples", "memory"]
METHODS = ("int8", "int4")


@dataclass(frozen=True)
class Shift:
    """How far quantised weights move a model's numbers: largest and mean absolute differences on a test text.

    Attributes:
        tokens: length of the text.
        dtype: that of the unquantised model.
        output_max, output_mean: of the logits (of a model without them: its normed last states).
        probs_max, probs_mean: of the attention probabilities that the mask leaves, of all layers and heads.
    """

    tokens: int
    dtype: str
    output_max: float
    output_mean: float
    probs_max: float
    probs_mean: float


@dataclass(frozen=True)
class Quantized:
    """How weights are rounded.

    Attributes:
        method: one of `METHODS`, or what a configuration of the caller's own says, in words.
        library: what computes with them, with its version.
        shift: against the unquantised model; None where that was not held in memory.
    """

    method: str
    library: str
    shift: Shift | None = None

    @property
    def again(self) -> str | None:
        """What makes them so once more, as `quantize=` of `load`; None where a configuration is needed for it."""
        return self.method if self.method in METHODS else None

    @property
    def sentence(self) -> str:
        """What it means for the numbers."""
        start = f"approximate weights: {self.method} ({self.library})"
        if self.shift is None:
            return f"{start}, not compared with the unquantised model"
        shift = self.shift
        return (
            f"{start}; against the unquantised {shift.dtype} model, on a test text of {shift.tokens} tokens, outputs "
            f"move by up to {shift.output_max:.2g} (mean {shift.output_mean:.2g}) and attention probabilities by up to "
            f"{shift.probs_max:.2g} (mean {shift.probs_mean:.2g})"
        )


@dataclass(frozen=True)
class Adapter:
    """Low-rank weights (peft) on those of a base model.

    Attributes:
        source: its folder or hub id.
        base: the model it is on.
        sha256: over its weight file.
    """

    source: str
    base: str
    sha256: str | None = None

    @property
    def sentence(self) -> str:
        """Which it is."""
        return f"adapter {self.source} on {self.base}"


@dataclass(frozen=True)
class WeightsInfo:
    """See above.

    Attributes:
        hashed: what the checksum of the weights is of.
        quantized: how they are rounded; None is not at all.
        adapter: what was added to them; None is nothing.
    """

    hashed: Hashed = "files"
    quantized: Quantized | None = None
    adapter: Adapter | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reader of the numbers has to know."""
        told = [part.sentence for part in (self.quantized, self.adapter) if part is not None]
        return (*told, *(["weights changed in memory: no file holds them"] if self.hashed == "memory" else []))
