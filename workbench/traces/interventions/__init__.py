"""Changes to a model for one run. Adding one: a module with its dataclass, and a line here.

Its flag, sentence, title mark, record and `redraw` follow from the file. Whatever is computed with a changed model is
of a *modified model*.
"""

from collections.abc import Mapping
from dataclasses import fields

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.limits import told
from gemma2_workbench.traces.interventions.ablate import AblateHead, AblateHeads
from gemma2_workbench.traces.interventions.applied import applied
from gemma2_workbench.traces.interventions.causal import SetCausal
from gemma2_workbench.traces.interventions.final_softcap import SetFinalSoftcap
from gemma2_workbench.traces.interventions.intervention import Flag, Intervention
from gemma2_workbench.traces.interventions.patch import Patch
from gemma2_workbench.traces.interventions.softcap import SetSoftcap
from gemma2_workbench.traces.interventions.window import SetWindow

INTERVENTIONS: list[type[Intervention]] = [SetSoftcap, SetWindow, SetFinalSoftcap, SetCausal, AblateHeads, Patch]


def as_data(change: Intervention) -> JsonObject:
    """An intervention as JSON can hold it: its kind and its fields."""
    return change.data


def from_data(data: JsonObject) -> Intervention:
    """The intervention that `as_data` gave.

    Raises:
        ValueError: it is none, one with a value that cannot be, or one of a newer workbench.
    """
    values: JsonObject = dict(data) if isinstance(data, Mapping) else {}
    name = str(values.pop("kind", ""))
    if name == "AblateHead" and values.keys() == {"layer", "head"}:  # as `AblateHeads.data` writes it
        return AblateHead(**values)
    kind = next((kind for kind in INTERVENTIONS if kind.__name__ == name), None)
    if kind is None or values.keys() != {field.name for field in fields(kind)}:
        known = ", ".join(kind.__name__ for kind in INTERVENTIONS)
        raise ValueError(f"{told(data)} is no intervention; known: {known}, each with its own fields")
    return kind(**values)


__all__ = [
    "INTERVENTIONS",
    "AblateHead",
    "AblateHeads",
    "Flag",
    "Intervention",
    "Patch",
    "SetCausal",
    "SetFinalSoftcap",
    "SetSoftcap",
    "SetWindow",
    "applied",
    "as_data",
    "from_data",
]
