"""Head view: each token twice, with a line from every query to the keys it attends to.

The left column holds the queries, the right one the keys; a line is as strong as the probability with which the query
attends to the key, and has the colour and the dash of its head. Lines below the threshold are left out. Words merge
their tokens: a word attends with the mean of its tokens and is attended to with their sum, so its probabilities still
sum to 1. Hiding `<bos>`, the first token, takes away where heads rest that look for nothing; renormalised, what is left
of every query is divided by its sum. After BertViz's head view (Vig 2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import TokenLinks
from gemma2_workbench.models.tokens import SPACE
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views.units import UNITS, starts_of, summed
from gemma2_workbench.views.view import LONGEST, Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

BOS = ("shown", "hidden", "renormalised")
COLUMNS = ("layer", "head", "unit", "bos", "query", "key", "query_text", "key_text", "weight", "threshold")


def table(
    trace: Trace, layer: int, heads: tuple[int, ...], unit: str, bos: str, threshold: float, positions: range
) -> pd.DataFrame:
    """One row per head, query and key; `query` and `key` are the positions where the token or the word begins.

    `weight` is NaN where the mask hides the key and where <bos> is hidden. All links are in the table, those below the
    threshold too.

    Raises:
        ValueError: more cells than a table holds.
    """
    if len(heads) * len(positions) ** 2 > LONGEST**2:
        raise ValueError(
            f"{len(heads)} heads of {len(positions)} x {len(positions)} tokens are too many links for a table; choose "
            f"fewer heads, or a part of the text, for example positions=0:{int(LONGEST / len(heads) ** 0.5)}"
        )
    starts = starts_of(trace.tokens.words[positions.start : positions.stop], unit)
    maps_NTT = [trace.stage(layer, head, "attn_probs", positions, positions).double().numpy() for head in heads]
    weights_NWW = np.stack([summed(probs_TT, starts, starts) for probs_TT in maps_NTT])
    if bos != "shown" and positions.start == 0:
        weights_NWW[:, :, 0] = np.nan
    if bos == "renormalised":
        total_NW1 = np.nansum(weights_NWW, -1, keepdims=True)
        weights_NWW /= np.where(total_NW1 > 0, total_NW1, 1)
    first = [positions[start] for start in starts]
    frame = tidy({"weight": weights_NWW.astype(np.float32)}, {"head": heads, "query": first, "key": first})
    texts = np.empty(len(trace.tokens), dtype=object)
    texts[first] = _texts(trace, positions, starts)
    frame = frame.assign(
        layer=layer,
        unit=unit,
        bos=bos,
        query_text=texts[frame["query"]],
        key_text=texts[frame["key"]],
        threshold=threshold,
    )
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> TokenLinks:
    """Both columns and the links of all heads of the table."""
    first = frame.iloc[0]
    heads = frame["head"].unique().tolist()
    names = frame.drop_duplicates("query")["query_text"]
    size = len(names)
    left_out = {"shown": "", "hidden": ", without <bos>", "renormalised": ", without <bos>, renormalised"}[first["bos"]]
    who = f"head{'s' if len(heads) > 1 else ''} {', '.join(map(str, heads))}"
    label = STAGES["attn_probs"].label
    return TokenLinks(
        weights=frame["weight"].to_numpy().reshape(len(heads), size, size),
        heads=tuple(f"head {head}" for head in heads),
        rows=tuple(names),
        columns=tuple(names),
        label=label,
        threshold=float(first["threshold"]),
        looks=tuple(heads),
        title=f"Layer {first['layer']}, {who}: {label} between {first['unit']}{left_out}",
    )


def _texts(trace: Trace, positions: range, starts: np.ndarray) -> list[str]:
    """What to show for each token or word; inside a word a token's mark of a space is left away."""
    shown = trace.tokens.display[positions.start : positions.stop]
    stops = np.append(starts, len(positions))[1:]
    return [
        shown[start] + "".join(part.removeprefix(SPACE) for part in shown[start + 1 : stop])
        for start, stop in zip(starts, stops, strict=True)
    ]


VIEW = View(
    name="heads",
    title="Head view",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("heads", "Heads", "heads", None),
        Option("unit", "Between", "choice", "tokens", UNITS),
        Option("bos", "<bos>", "choice", "shown", BOS),
        Option("threshold", "From", "share", "0.1"),
        Option("positions", "Tokens", "range", None),
    ),
    make_table=table,
    figure=figure,
)
