"""Direct contributions: which heads and MLPs wrote the logit of one token at one position.

The last residual stream is a sum: the embedding, what every head adds, what every MLP adds. The final norm divides it
by its rms and the unembedding reads it along one direction per token, so the token's logit before the final cap is the
same sum, exactly: logit = sum of part . (1 + w_final) E_v / rms_final. A head's part is W_O z (1 + w_post) / rms_post,
its share of the attention branch after the post-norm. What rounding leaves is stated as the remainder.

Direct means: through the residual stream only. Setting a head to zero (`AblateHead`) changes the logit by another
number, because later layers read what the head wrote and react, and because both norms then divide by another rms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gemma2_workbench.figures.spec import Bars, HeadGrid, Panels, Scale
from gemma2_workbench.figures.ticks import tick_text
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

COLUMNS = (
    *("position", "token", "chosen_token", "part", "layer", "kind", "head", "kv_head", "value"),
    *("logit", "logit_capped"),
)
UNIT = "contribution (logits)"


def table(trace: Trace, position: int | None) -> pd.DataFrame:
    """One row per part of the logit of the chosen token at `position` (None: after the last token).

    `part` is embedding, head, mlp, bias (where an output projection, the final norm or the head has one) or remainder;
    `layer`, `head` and `kv_head` are empty where they do not apply. The values sum to `logit`.
    """
    import pandas as pd

    from gemma2_workbench.traces.readers.contributions import Contributions
    from gemma2_workbench.traces.readers.lens import Lens

    lens, parts = trace.reading("lens", Lens), trace.reading("contributions", Contributions)
    at = len(trace.tokens) - 1 if position is None else position
    shared = trace.heads // trace.kv_heads
    layers = range(len(trace.layers))
    rows: list[tuple[str, int | None, int | None, float]] = [("embedding", None, None, float(parts.embedding[at]))]
    for layer in layers:
        rows += [("head", layer, head, float(parts.heads[layer, head, at])) for head in range(trace.heads)]
        rows += [("bias", layer, None, float(parts.biases[layer, at]))] if bool(parts.biases.any()) else []
        rows.append(("mlp", layer, None, float(parts.mlps[layer, at])))
    rows += [] if parts.constants is None else [("bias", None, None, float(parts.constants[at]))]
    rows.append(("remainder", None, None, float(parts.remainder[at])))
    frame = pd.DataFrame(rows, columns=["part", "layer", "head", "value"]).astype({"layer": "Int64", "head": "Int64"})
    frame = frame.assign(
        position=at,
        token=trace.tokens.display[at],
        chosen_token=lens.names[int(parts.ids[at])],
        kind=[None if layer is pd.NA else trace.layers[layer].kind for layer in frame["layer"]],
        kv_head=frame["head"] // shared,
        logit=float(parts.logits[at]),
        logit_capped=float(parts.capped[at]),
    )
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Panels:
    """The heads as a grid around zero; everything else as bars."""
    heads = frame.loc[frame["part"] == "head"]
    wide = heads.pivot(index="layer", columns="head", values="value").to_numpy(dtype=float)
    others = frame.loc[frame["part"] != "head"]
    grid = HeadGrid(
        values=wide,
        kinds=tuple(heads.drop_duplicates("layer")["kind"]),
        group=wide.shape[1] // heads["kv_head"].nunique(),
        scale=Scale.of(np.append(wide, 1e-9), UNIT, "diverging"),
        title=f"heads {tick_text(round(float(heads['value'].sum()), 3))}",
        text=wide.shape[1] <= 8,
    )
    named = zip(others["part"], others["layer"].to_numpy(dtype=object, na_value=None), strict=True)
    written = float(others.loc[others["part"] != "remainder", "value"].sum())
    remainder = float(others.loc[others["part"] == "remainder", "value"].sum())
    bars = Bars(
        names=tuple(part if layer is None else f"{part.replace('mlp', 'MLP')} {layer}" for part, layer in named),
        values=others["value"].to_numpy(dtype=float),
        label=UNIT,
        title=f"rest {tick_text(round(written, 3))}, remainder {tick_text(float(f'{remainder:.0e}'))}",
    )
    return Panels((grid, bars), columns=2, title=sentence(frame))


def sentence(frame: pd.DataFrame) -> str:
    """What is taken apart, in words."""
    row: dict[str, Any] = frame.iloc[0].to_dict()
    return (
        f"logit of {row['chosen_token']} after {row['token']} (position {row['position']}): "
        f"{tick_text(row['logit'])} before the cap, {tick_text(row['logit_capped'])} after it"
    )


VIEW = View(
    name="contributions",
    title="Direct contributions",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("position", "Position", "token", None, none="last position"),),
    make_table=table,
    figure=figure,
    needs=("lens", "contributions"),
)
