"""Masks in a notebook: the situation, and the figure as a picture."""

from gemma2_workbench.masks.drawn import MaskFigure
from gemma2_workbench.notebook.frame import frame


def masks_html(drawn: MaskFigure) -> str:
    """The page of some masks."""
    kinds = dict.fromkeys(drawn.setting.layers)
    facts = [
        f"{kind}: layers {', '.join(str(at) for at, one in enumerate(drawn.setting.layers) if one == kind)}"
        for kind in kinds
    ]
    return frame(drawn.sentence, facts, drawn.on_paper(width="double" if len(kinds) > 1 else "single")._repr_html_())
