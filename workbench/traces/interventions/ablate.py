"""Heads switched off: their output set to zero, or to its mean over the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.limits import short, told, whole
from gemma2_workbench.traces.interventions import intervention as base

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gemma2_workbench.model.hooks import Hook
    from gemma2_workbench.models.source import Source

FILLS = {"zero": "zero", "mean": "their mean over the text"}


@dataclass(frozen=True)
class AblateHeads(base.Intervention):
    """The outputs of some heads, before the output projection, set to zero or to their mean over the positions.

    Attributes:
        heads: (layer, head) of each.
        fill: "zero" or "mean".
    """

    heads: tuple[tuple[int, int], ...]
    fill: str = "zero"

    FLAG: ClassVar = base.Flag(
        "--ablate",
        "L.H",
        "head H of layer L set to zero; 5.2,5.3: several; 5.2:mean: to its mean over the text",
        several=True,
    )

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        if self.fill not in FILLS:
            raise ValueError(f"fill {told(self.fill)} is not allowed; choose {' or '.join(FILLS)}")
        base.keep(self, heads=_checked(self.heads))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        places = [
            f"layer {layer} head{'s' if len(heads) > 1 else ''} {', '.join(map(str, heads))}"
            for layer, heads in self._by_layer()
        ]
        alone = self.fill == "mean" and len(self.heads) == 1
        return f"{' and '.join(places)} set to {'its mean over the text' if alone else FILLS[self.fill]}"

    @property
    def data(self) -> JsonObject:
        """See `Intervention.data`; one head set to zero is written as in version 0.1."""
        heads = list(self.heads)
        if len(heads) > 1 or self.fill != "zero":
            return super().data
        layer, head = heads[0]
        return {"kind": AblateHead.__name__, "layer": layer, "head": head}

    @property
    def places(self) -> tuple[tuple[int, int | None], ...]:
        """See `Intervention.places`."""
        return self.heads

    def apply(self, changed: Source, original: Source) -> None:
        """See `Intervention.apply`."""
        from gemma2_workbench.model.hooks import points

        for layer, heads in self._by_layer():
            (out,) = points(changed.model, changed.point(layer, "head_out")).values()
            out.register_forward_hook(_filled(heads, self.fill))

    def silences(self, layer: int, head: int) -> bool:
        """See `Intervention.silences`."""
        return (layer, head) in self.heads

    @property
    def spelled(self) -> str:
        """The value of its flag."""
        names = ",".join(f"{layer}.{head}" for layer, head in self.heads)
        return names if self.fill == "zero" else f"{names}:{self.fill}"

    @classmethod
    def parse(cls, text: str) -> AblateHeads:
        """See `Intervention.parse`."""
        names, colon, fill = text.partition(":")
        pairs = [name.split(".") for name in names.split(",")]
        numbers = [part for pair in pairs for part in pair]
        if any(len(pair) != 2 for pair in pairs) or not all(map(base.is_index, numbers)):
            raise ValueError(
                f"{cls.FLAG.name} {short(text)} is not allowed; write layer.head, for example 1.2 or 1.2,3.0:mean"
            )
        return cls(tuple((int(layer), int(head)) for layer, head in pairs), fill if colon else "zero")

    def _by_layer(self) -> list[tuple[int, list[int]]]:
        groups = groupby(sorted(self.heads), key=lambda pair: pair[0])
        return [(layer, [head for _, head in pairs]) for layer, pairs in groups]


def AblateHead(layer: int, head: int) -> AblateHeads:
    """One head's output set to zero at every position."""
    return AblateHeads(((layer, head),))


def ablated(out_BNTH: Tensor, heads: Sequence[int], fill: str = "zero") -> Tensor:
    """The outputs of the heads of a layer [B, N, T, H], those of some heads set to zero or to their mean over T."""
    filled = out_BNTH.clone()
    filled[:, heads] = 0 if fill == "zero" else out_BNTH[:, heads].mean(2, keepdim=True)
    return filled


def _filled(heads: list[int], fill: str) -> Hook:
    def hook(_module: nn.Module, _args: object, out: Tensor) -> Tensor:
        return ablated(out, heads, fill)

    return hook


def _checked(given: object) -> tuple[tuple[int, int], ...]:
    """Pairs of ints, each once."""
    pairs = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    if not pairs or not all(isinstance(pair, Sequence) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"heads {told(given)} must be pairs of layer and head, for example ((5, 2), (5, 3))")
    return tuple(dict.fromkeys((whole("layer", layer, 0), whole("head", head, 0)) for layer, head in pairs))
