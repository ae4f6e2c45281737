"""One colour scale for all panels that show the same quantity, so that their colours can be compared."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels
from gemma2_workbench.json_types import JsonObject

_Quantity = tuple[type[Panel], str, str, float]


def with_shared_scales(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Panels of one kind and one quantity take the widest of their ranges; categories and plots stay as they are."""
    widest: dict[_Quantity, Scale] = {}
    for panel in panels:
        scale = _scale(panel)
        if scale is not None:
            known = widest.setdefault(_quantity(panel, scale), scale)
            wide = replace(scale, low=min(known.low, scale.low), high=max(known.high, scale.high))
            widest[_quantity(panel, scale)] = wide
    return tuple(_rescaled(panel, widest) for panel in panels)


def _rescaled(panel: Panel, widest: dict[_Quantity, Scale]) -> Panel:
    scale = _scale(panel)
    return panel if scale is None else replace(panel, scale=widest[_quantity(panel, scale)])


def _scale(panel: Panel) -> Scale | None:
    """The panel's colour scale, if it is one of numbers."""
    scale: Scale | None = getattr(panel, "scale", None)
    return None if scale is None or scale.kind == "categorical" else scale


def _quantity(panel: Panel, scale: Scale) -> _Quantity:
    return type(panel), scale.kind, scale.label, scale.power


def scales_of(figure: FigureSpec) -> list[JsonObject | None]:
    """The colour scale of every panel as JSON can hold it; None for panels without one."""
    panels = figure.figures if isinstance(figure, Panels) else (figure,)
    scales: list[Scale | None] = [getattr(panel, "scale", None) for panel in panels]
    return [None if scale is None else asdict(scale) | {"names": list(scale.names)} for scale in scales]
