"""Several specifications in one figure."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase

from gemma2_workbench.figures.checks import freeze
from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec.bars import Bars
from gemma2_workbench.figures.spec.curves import Curve, Scatter
from gemma2_workbench.figures.spec.head_grid import HeadGrid
from gemma2_workbench.figures.spec.histogram import Histogram
from gemma2_workbench.figures.spec.token_grid import TokenGrid
from gemma2_workbench.figures.spec.token_links import TokenLinks
from gemma2_workbench.figures.spec.token_map import TokenMap
from gemma2_workbench.figures.spec.token_strip import TokenStrip

Panel = TokenMap | TokenLinks | TokenGrid | HeadGrid | Curve | Scatter | Bars | Histogram | TokenStrip


@dataclass(frozen=True)
class Panels:
    """Several specifications in one figure, row by row; panels that share one scale share one colour bar."""

    figures: tuple[Panel, ...]
    columns: int
    title: str = ""

    def __post_init__(self) -> None:
        """At least one panel, none of them Panels again, at least one column."""
        freeze(self, figures=tuple(self.figures))
        if not self.figures or self.columns < 1:
            raise ValueError(
                f"Panels need a figure and a column; got {len(self.figures)} figures, {self.columns} columns"
            )
        for figure in self.figures:
            if not isinstance(figure, Panel):
                raise ValueError(f"Panels hold single figures; got {type(figure).__name__}")

    def shared_tokens(self) -> TokenMap | None:
        """The first panel, if all panels are maps of the same rows and columns; else None."""
        maps = [figure for figure in self.figures if isinstance(figure, TokenMap)]
        axes = {(m.rows, m.columns, m.row_start, m.column_start) for m in maps}
        return maps[0] if len(maps) == len(self.figures) and len(axes) == 1 else None

    def shared_scale(self) -> Scale | None:
        """The colour scale that all panels have in common, else None."""
        scales = [getattr(figure, "scale", None) for figure in self.figures]
        return scales[0] if all(scale == scales[0] for scale in scales) else None

    def letter(self, i: int) -> str:
        """How panel `i` is called in a text: (a), (b), ..., (z), (aa), ...; nothing for a panel that stands alone."""
        if len(self.figures) == 1:
            return ""
        return f"({ascii_lowercase[i // 26 - 1] if i >= 26 else ''}{ascii_lowercase[i % 26]})"


FigureSpec = Panel | Panels
