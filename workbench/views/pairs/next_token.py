"""Next token: what the model predicts after the text, before and after the change, and how far apart that is.

The likeliest tokens of both runs with both probabilities. KL(before || after) is what is lost, in nats, by believing
the changed model where the other is the truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Bars, Panels
from gemma2_workbench.figures.ticks import tick_text
from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.views.view import View, help_of

if TYPE_CHECKING:
    import pandas as pd

TOP = 10
COLUMNS = ("id", "token", "p_before", "p_after", "logit_before", "logit_after", "divergence")


def table(pair: Pair) -> pd.DataFrame:
    """The `TOP` likeliest tokens of either run, likeliest before first; logits are after the final softcap."""
    import pandas as pd
    import torch

    from gemma2_workbench.traces.readers.prediction import Prediction

    before, after = (trace.reading("prediction", Prediction) for trace in (pair.before, pair.after))
    tops = [one.capped.topk(min(TOP, len(one.capped))).indices for one in (before, after)]
    ids = torch.cat(tops).unique()
    names = dict(before.pieces) | dict(after.pieces)
    frame = pd.DataFrame(
        {
            "id": ids.tolist(),
            "token": [names[id] for id in ids.tolist()],
            "p_before": before.log_probs[ids].double().exp().numpy(),
            "p_after": after.log_probs[ids].double().exp().numpy(),
            "logit_before": before.capped[ids].double().numpy(),
            "logit_after": after.capped[ids].double().numpy(),
            "divergence": after.divergence_from(before),
        }
    )
    order = np.lexsort((-frame["p_after"], -frame["p_before"]))
    return frame.iloc[order].reset_index(drop=True).reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Panels:
    """Both probabilities of every token as bars."""
    names = tuple(frame["token"])
    sides = (("p_before", "Before"), ("p_after", "After"))
    bars = tuple(Bars(names, frame[column].to_numpy(), "probability", title) for column, title in sides)
    divergence = tick_text(float(f"{frame['divergence'].iloc[0]:.3g}"))
    return Panels(bars, columns=2, title=f"Next token: KL(before || after) {divergence} nats")


VIEW = View(
    name="next_token",
    title="Next token",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(),
    make_table=table,
    figure=figure,
    needs=("prediction",),
)
