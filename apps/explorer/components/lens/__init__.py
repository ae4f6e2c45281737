"""The logit lens as a grid of layers and positions, with the top tokens of one cell beside it."""

from gemma2_workbench.apps.explorer.components.lens.component import lens_value, lens_view

__all__ = ["lens_value", "lens_view"]
