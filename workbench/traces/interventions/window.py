"""Another window in the local layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gemma2_workbench.limits import whole
from gemma2_workbench.traces.interventions import intervention as base

if TYPE_CHECKING:
    from gemma2_workbench.models.source import Source


@dataclass(frozen=True)
class SetWindow(base.Intervention):
    """Another window in the local layers: keys that a query sees including itself, or None for all."""

    window: int | None
    layers: tuple[int, ...] | None = None

    FLAG: ClassVar = base.Flag("--window", "N", "window of the local layers, or off; N@0,2: in layers 0 and 2")

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        window = None if self.window is None else whole("window", self.window, 1, otherwise=base.OR_OFF)
        base.keep(self, window=window, layers=base.checked_layers(self.layers))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"sliding window {'off' if self.window is None else self.window}{base.where(self.layers)}"

    @property
    def places(self) -> tuple[tuple[int, int | None], ...]:
        """See `Intervention.places`."""
        return tuple((layer, None) for layer in self.layers or ())

    def apply(self, changed: Source, original: Source) -> None:
        """See `Intervention.apply`."""
        local = [layer.index for layer in changed.layers if layer.window is not None]
        others = [index for index in self.layers or () if index not in local]
        if others or not local:
            named = f"layer {others[0]} is global" if others else "every layer is global"
            raise ValueError(
                f"{named} and has no window to change; local layers: {', '.join(map(str, local)) or 'none'}"
            )
        for layer in self.layers or local:
            changed.set_window(layer, self.window)

    @property
    def spelled(self) -> str:
        """The value of its flag."""
        return base.spelled_at(self.window, self.layers)

    @classmethod
    def parse(cls, text: str) -> SetWindow:
        """See `Intervention.parse`."""
        value, layers = base.parsed_at(cls.FLAG, text)
        return base.parsed(cls.FLAG, value, int, lambda number: cls(number, layers))
