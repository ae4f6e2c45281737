"""Another cap on the final logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gemma2_workbench.traces.interventions import intervention as base

if TYPE_CHECKING:
    from gemma2_workbench.models.source import Source


@dataclass(frozen=True)
class SetFinalSoftcap(base.Intervention):
    """Another cap on the final logits, or None for no cap."""

    cap: float | None

    FLAG: ClassVar = base.Flag("--final-softcap", "X", "cap on the final logits, or off")

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        base.keep(self, cap=base.checked_cap("final softcap", self.cap))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"final softcap {'off' if self.cap is None else f'{self.cap:g}'}"

    def apply(self, changed: Source, original: Source) -> None:
        """See `Intervention.apply`."""
        base.check_held(self.cap, changed, "final softcap")
        changed.set_final_softcap(self.cap)

    @property
    def spelled(self) -> str:
        """The value of its flag."""
        return base.spelled_number(self.cap)

    @classmethod
    def parse(cls, text: str) -> SetFinalSoftcap:
        """See `Intervention.parse`."""
        return base.parsed(cls.FLAG, text, float, cls)
