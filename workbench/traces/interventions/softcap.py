"""Another cap on the attention logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gemma2_workbench.traces.interventions import intervention as base

if TYPE_CHECKING:
    from gemma2_workbench.models.source import Source


@dataclass(frozen=True)
class SetSoftcap(base.Intervention):
    """Another cap on the attention logits: a positive number, or None for no cap; in all layers or in some."""

    cap: float | None
    layers: tuple[int, ...] | None = None

    FLAG: ClassVar = base.Flag("--softcap", "X", "cap on the attention logits, or off; X@0,2: in layers 0 and 2 only")

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        base.keep(self, cap=base.checked_cap("softcap", self.cap), layers=base.checked_layers(self.layers))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"attention softcap {'off' if self.cap is None else f'{self.cap:g}'}{base.where(self.layers)}"

    @property
    def places(self) -> tuple[tuple[int, int | None], ...]:
        """See `Intervention.places`."""
        return tuple((layer, None) for layer in self.layers or ())

    def apply(self, changed: Source, original: Source) -> None:
        """See `Intervention.apply`."""
        base.check_held(self.cap, changed, "softcap")
        for layer in base.chosen(changed, self.layers):
            changed.set_softcap(layer, self.cap)

    @property
    def spelled(self) -> str:
        """The value of its flag."""
        return base.spelled_at(self.cap, self.layers)

    @classmethod
    def parse(cls, text: str) -> SetSoftcap:
        """See `Intervention.parse`."""
        value, layers = base.parsed_at(cls.FLAG, text)
        return base.parsed(cls.FLAG, value, float, lambda number: cls(number, layers))
