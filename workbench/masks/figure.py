"""Masks as a figure: a panel for each layer in each pass, as the mask view draws it."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from gemma2_workbench.figures.spec import FigureSpec, Panels, TokenMap
from gemma2_workbench.masks.layers import LayerMask
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.views.mask import figure


def kinds_of(setting: Setting) -> tuple[int, ...]:
    """The first layer of each kind."""
    return tuple(setting.layers.index(kind) for kind in dict.fromkeys(setting.layers))


def masks_figure(
    masks: Sequence[LayerMask], tables: Sequence[pd.DataFrame], named: bool, columns: int, note: str = ""
) -> FigureSpec:
    """The figure of some masks.

    Args:
        masks: the mask of each panel.
        tables: the table of each mask.
        named: whether the tokens have names; else positions stand for them.
        columns: panels in a row.
        note: what the title ends with.
    """
    figures = [figure(frame) if named else _numbered(figure(frame)) for frame in tables]
    if len(figures) == 1:
        (mask,), several = masks, len(masks[0].setting.passes) > 1
        return replace(figures[0], title=f"{figures[0].title}{f', {mask.call.label}' * several}{note}")
    panels = [replace(each, title=caption_of(mask)) for each, mask in zip(figures, masks, strict=True)]
    return Panels(tuple(panels), columns, f"Masks{note}")


def caption_of(mask: LayerMask) -> str:
    """Layer and pass, for example `local layer 0, prefill`; a prefill of the whole prompt needs no positions."""
    whole = mask.call.name == "prefill" and len(mask.call.rows) == mask.setting.prompt
    return f"{mask.setting.layers[mask.layer]} layer {mask.layer}, {mask.call.name if whole else mask.call.label}"


def _numbered(drawn: TokenMap) -> TokenMap:
    """Positions where there are no tokens to name."""
    rows, columns = (
        tuple(name or str(at) for at, name in enumerate(names, start))
        for names, start in ((drawn.rows, drawn.row_start), (drawn.columns, drawn.column_start))
    )
    return replace(drawn, rows=rows, columns=columns)
