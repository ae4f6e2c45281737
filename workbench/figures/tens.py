"""Small and large numbers in grids of heads: in powers of ten, named with the quantity, so that cells can be read."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeVar

from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec import FigureSpec, HeadGrid, Panels

_LEAST, _MOST = 0.1, 1e5  # from here to there cells have room for the digits that their colours show
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Spec = TypeVar("Spec", bound=FigureSpec)


def in_tens(spec: Spec) -> Spec:
    """`spec` with every head grid whose scale ends below 0.1 or above 100,000 in units of the power of ten of that end.

    Panels of one scale keep one scale.
    """
    if isinstance(spec, Panels):
        return replace(spec, figures=tuple(in_tens(panel) for panel in spec.figures))
    if not isinstance(spec, HeadGrid) or spec.scale.kind == "categorical":
        return spec
    power = exponent(spec.scale)
    if not power:
        return spec
    ends = {"low": spec.scale.low / 10.0**power, "high": spec.scale.high / 10.0**power}
    scale = replace(spec.scale, **ends, label=_named(spec.scale.label, power))
    return replace(spec, values=spec.values / 10.0**power, scale=scale)


def exponent(scale: Scale) -> int:
    """The power of ten in whose units the numbers of a scale are short: 0 for ordinary ones."""
    end = max(abs(scale.low), abs(scale.high))
    return 0 if _LEAST <= end < _MOST or end == 0 else math.floor(math.log10(end))


def _named(label: str, power: int) -> str:
    """The quantity with the power of ten before its unit, which stands in brackets at the end if there is one."""
    tens = f"10{str(power).translate(_RAISED)}"
    start = label.rfind(" (")
    if start < 0 or not label.endswith(")"):
        return f"{label} ({tens})"
    return f"{label[: start + 2]}{tens} {label[start + 2 :]}"
