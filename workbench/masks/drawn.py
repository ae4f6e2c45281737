"""`MaskFigure`: masks to look at: as text, in a notebook, on the screen, on paper."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma2_workbench.brief import brief
from gemma2_workbench.display import InNotebooks, OnPaper
from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.masks.figure import kinds_of, masks_figure
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.marks import Page
from gemma2_workbench.masks.origin import Given, Origin
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.text import maps_text
from gemma2_workbench.masks.words import heading

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True, eq=False)
class MaskFigure(InNotebooks):
    """The masks of a model in a situation.

    Attributes:
        setting: the situation.
        origin: the model.
        given: the text; None where there are token names, or positions only.
        names: what the tokens are called; None for positions.
        layer: the layer that is shown; None is one of each kind.
        whole: how many tokens there are, which may be more than are shown.
    """

    setting: Setting
    origin: Origin
    given: Given | None
    names: tuple[str, ...] | None
    layer: int | None
    whole: int

    @property
    def sentence(self) -> str:
        """The model and the situation in a line."""
        return f"{self._name}: {heading(self.setting)}"

    @property
    def _name(self) -> str:
        """The model, and what of the situation is not its own or not shown."""
        changes, shown = self.origin.changes(self.setting), self.setting.tokens
        changed = f" (modified model: {'; '.join(changes)})" if changes else ""
        return f"{self.origin.name}{changed}" + (f", the first {shown} of {self.whole} tokens" * (self.whole > shown))

    @property
    def text(self) -> str:
        """The masks as plain text."""
        return self.on(Page(folds=True))

    @property
    def spec(self) -> FigureSpec:
        """The masks as a figure, a panel for each layer and pass."""
        layers = kinds_of(self.setting) if self.layer is None else (self.layer,)
        known = [layer_masks(self.setting, layer) for layer in layers]
        masks = [mask for step in zip(*known, strict=True) for mask in step]
        tables = [mask.table(self.names) for mask in masks]
        return masks_figure(masks, tables, self.names is not None, len(layers))

    def on(self, page: Page) -> str:
        """The masks as text on a page."""
        return f"{self._name}: {maps_text(self.setting, self.names, self.layer, page)}"

    def show(self, *, dark: bool = False) -> "Figure":
        """A plotly figure, which a notebook displays; `dark` has colours for a dark page."""
        from gemma2_workbench.figures import screen

        return screen.render(self.spec, dark)

    def on_paper(self, *, venue: str | None = None, width: str | float = "single") -> OnPaper:
        """The figure as it stands in a paper; arguments as of `save_figure`.

        Raises:
            ValueError: no such venue or width.
        """
        from gemma2_workbench.export import as_bytes

        return OnPaper(as_bytes(self.spec, ".svg", venue=venue, width=width))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return brief(self, self.sentence)
