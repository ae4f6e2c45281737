"""Another direction of the mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gemma2_workbench.limits import short, told
from gemma2_workbench.traces.interventions import intervention as base

if TYPE_CHECKING:
    from gemma2_workbench.models.source import Source


@dataclass(frozen=True)
class SetCausal(base.Intervention):
    """Another direction of the mask: causal hides later keys, otherwise each query sees both sides."""

    causal: bool

    FLAG: ClassVar = base.Flag("--causal", "on|off", "off: every token sees both sides")

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        if not isinstance(self.causal, bool):
            raise ValueError(f"causal {told(self.causal)} must be True or False")

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"{'causal' if self.causal else 'bidirectional'} mask"

    def apply(self, changed: Source, original: Source) -> None:
        """See `Intervention.apply`."""
        changed.set_causal(self.causal)

    @property
    def spelled(self) -> str:
        """The value of its flag."""
        return "on" if self.causal else "off"

    @classmethod
    def parse(cls, text: str) -> SetCausal:
        """See `Intervention.parse`."""
        if text not in ("on", "off"):
            raise ValueError(f"{cls.FLAG.name} {short(text)} is not allowed; write on or off")
        return cls(text == "on")
