"""Pictures of the reasons, from their tables: coloured text, the grid of heads, bars of removed words.

Red is for the label, blue against it (for its rival); bars to the right are for it, bars to the left against it. What
is explained is a difference of two logits, which axes and colour bars name as `label − rival`.
"""

import numpy as np
import pandas as pd

from gemma2_workbench.figures.spec import Bars, HeadGrid, Scale, TokenStrip
from gemma2_workbench.traces.stages import STAGES

_METHODS = {"integrated_gradients": "integrated gradients", "gradient_x_input": "gradient × input"}


def saliency_figure(frame: pd.DataFrame) -> TokenStrip:
    """The text of a `saliency_table`, each token or word coloured by its value."""
    values = frame["value"].to_numpy(dtype=float)
    scale = Scale.of(values, f"{_score(frame)} (logits)", "diverging")
    title = f"{_title(frame)}, {_METHODS[frame['method'].iloc[0]]}"
    return TokenStrip(tuple(frame["text"]), values, scale, title)


def attention_figure(frame: pd.DataFrame) -> TokenStrip:
    """The text of an `attention_table`, coloured by the attention that is paid; keys the mask hides have no colour."""
    weights = frame["weight"].to_numpy(dtype=float)
    first, stage = frame.iloc[0], STAGES["attn_probs"]
    scale = Scale("sequential", 0.0, float(weights.max()) or 1.0, stage.label, power=0.5)
    title = f"{_title(frame)}, attention of layer {first['layer']} ({first['kind']}) head {first['head']}"
    return TokenStrip(tuple(frame["token"]), np.where(weights > 0, weights, np.nan), scale, title)


def head_figure(frame: pd.DataFrame) -> HeadGrid:
    """The effect of every head of a `head_table`."""
    wide = frame.pivot(index="layer", columns="head", values="effect").to_numpy(dtype=float)
    return HeadGrid(
        values=wide,
        kinds=tuple(frame.drop_duplicates("layer").sort_values("layer")["kind"]),
        group=wide.shape[1] // frame["kv_head"].nunique(),
        scale=Scale.of(wide, f"effect on {_score(frame)} (logits)", "diverging"),
        title=f"{_title(frame)}, each head switched off",
        text=wide.shape[1] <= 8,
    )


def deletion_figure(frame: pd.DataFrame, most: int = 20) -> Bars:
    """The `most` words of a `deletion_table` with the largest effects, in the order of the text, with new labels.

    Raises:
        ValueError: no word was removed.
    """
    removed = frame.loc[frame["removed"].notna()]
    if removed.empty:
        raise ValueError("there is no word to remove: the sentence has only the word that is asked about")
    shown = removed.loc[removed["effect"].abs().nlargest(most).index].sort_values("removed")
    names = tuple(f"{row.text} → {row.label_after}" if row.changed else str(row.text) for row in shown.itertuples())
    effects = shown["effect"].to_numpy(dtype=float)
    return Bars(names, effects, f"effect on {_score(frame)} (logits)", f"{_title(frame)}, each word taken out")


def _title(frame: pd.DataFrame) -> str:
    asked, label, against = (str(frame[name].iloc[0]) for name in ("asked", "label", "against"))
    return f"{asked if len(asked) <= 40 else asked[:39] + '…'}: {label} rather than {against}"


def _score(frame: pd.DataFrame) -> str:
    return f"{frame['label'].iloc[0]} − {frame['against'].iloc[0]}"
